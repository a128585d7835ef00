"""Large files, in parts straight to the bucket. What has arrived is not sent again, also by a later run.

While a file is on its way, a note in the user's cache folder holds the id of its upload and the stamp of the file. An
upload that is not gone on with is ended: it would keep its room for a day.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Optional

import httpx
import platformdirs

from . import remote_path
from .errors import AlreadyThere, ConnectionFailed, FileChanged, NotFound, Refused
from .local_files import Stamp, refuse_if_changed
from .patience import Tries
from .report import FileProgress
from .transport import Answer, Transport, connection_failed

PARTS_AT_ONCE = 4
PIECE = 1 << 20

Advance = Callable[[int], None]


def send_large(transport: Transport, local: Path, path: str, progress: FileProgress, checksum: bool = False) -> None:
    """Stores a file that is too large for one request, or goes on with storing it.

    With `checksum` the service compares the SHA-256 of what has arrived before it stores it; that takes both longer.
    An upload that is ended elsewhere is begun anew, once. Raises `FileChanged` if the file is written to
    meanwhile; then nothing is stored.
    """
    stamp = Stamp.of(local)
    wish: dict[str, Any] = {"path": remote_path.clean(path), "size": stamp.size}
    if checksum:
        wish["sha256"] = _sha256(local)
    try:
        _send(transport, local, wish, stamp, progress)
    except NotFound:
        progress.begin_anew()
        try:
            _send(transport, local, wish, stamp, progress)
        except NotFound:
            raise NotFound(
                f"The upload of {local} has expired, or was ended elsewhere: do the same again. It was begun anew once."
            ) from None


def is_any_left_over() -> bool:
    """Whether an earlier run has left an upload, of whatever file."""
    return any(_notes().glob("*.json"))


def end_left_over(transport: Transport, local: Path, path: str, goes_on: bool) -> None:
    """Ends the upload that an earlier run has left of a file, so that it keeps no room.

    If the file is to be sent as a large one, the upload `goes_on` when the file is as it was then.
    """
    note = _note(transport.api, local, path)
    begun = _read(note)
    if begun and not (goes_on and local.exists() and begun["stamp"] == _known(Stamp.of(local))):
        _end(transport, begun["id"], note)


def _send(transport: Transport, local: Path, wish: dict[str, Any], stamp: Stamp, progress: FileProgress) -> None:
    """Stores a file. When that cannot become anything, the upload is ended, so that it keeps no room."""
    note = _note(transport.api, local, wish["path"])
    upload = _find_or_open(transport, wish, stamp, note)
    if upload["received"]:
        progress.go_on(sum(part["size"] for part in upload["received"]))
    try:
        _send_all(transport, upload, local, stamp, progress.advance)
        refuse_if_changed(local, stamp)
        transport.call("POST", f"uploads/{upload['id']}/complete")
    except (FileChanged, NotFound):
        # Also what the service does not find may keep its room: the parts are gone, and not the record.
        _end(transport, upload["id"], note)
        raise
    note.unlink(missing_ok=True)


def _find_or_open(transport: Transport, wish: dict[str, Any], stamp: Stamp, note: Path) -> Answer:
    """The upload that was begun before, if it is still of this file, or else a new one."""
    known = {"wish": wish, "stamp": _known(stamp)}
    begun = _read(note)
    if begun:
        # Gone, or complete without the answer having arrived.
        with contextlib.suppress(NotFound, AlreadyThere):
            if {"wish": begun["wish"], "stamp": begun["stamp"]} == known:
                return transport.call("GET", f"uploads/{begun['id']}")
        _end(transport, begun["id"], note)
    upload = transport.call("POST", "uploads", json=wish)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"id": upload["id"], **known}), "utf-8")
    return upload


def _end(transport: Transport, upload_id: str, note: Path) -> None:
    """Ends an upload that is not gone on with. One that is complete, or gone, is left as it is."""
    with contextlib.suppress(Refused):
        transport.call("DELETE", f"uploads/{upload_id}")
    note.unlink(missing_ok=True)


def _read(note: Path) -> Optional[dict[str, Any]]:
    """What a note says: the `id` of an upload, its `wish`, and the `stamp` of the file. None if there is none."""
    try:
        begun = json.loads(note.read_text("utf-8"))
        return {name: begun[name] for name in ("id", "wish", "stamp")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _known(stamp: Stamp) -> list[int]:
    """A stamp as a note holds it."""
    return [stamp.size, stamp.modified_ns, stamp.inode]


def _send_all(transport: Transport, upload: Answer, local: Path, stamp: Stamp, advance: Advance) -> None:
    """Sends the missing parts, several at once, in rounds: an address may have expired, a connection been lost.

    Gives up when no part has arrived for so long as patience lasts.
    """
    tries = Tries(transport.patience)
    while True:
        failure = _send_round(transport, upload, local, stamp, advance)
        if failure is None:
            return
        tries.again(failure)
        before = len(upload["received"])
        upload = transport.call("GET", f"uploads/{upload['id']}")
        if len(upload["received"]) > before:
            tries.went_on()


def _send_round(
    transport: Transport, upload: Answer, local: Path, stamp: Stamp, advance: Advance
) -> Optional[ConnectionFailed]:
    """Sends each missing part once. The first failure is handed back if another round may help."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(PARTS_AT_ONCE)
    jobs = [pool.submit(_send_part, transport, upload, part, local, stamp, advance, stop) for part in upload["parts"]]
    try:
        failures = [failure for failure in map(Future.result, jobs) if failure]
    finally:
        # Also on Ctrl-C: what has not begun does not begin, and what has ends soon.
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    return failures[0] if failures else None


def _send_part(
    transport: Transport,
    upload: Answer,
    part: dict[str, Any],
    local: Path,
    stamp: Stamp,
    advance: Advance,
    stop: threading.Event,
) -> Optional[ConnectionFailed]:
    refuse_if_changed(local, stamp)
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        with local.open("rb") as content:
            content.seek((part["number"] - 1) * upload["partSize"])
            while sent < part["size"] and not stop.is_set():
                piece = content.read(min(PIECE, part["size"] - sent))
                if not piece:
                    refuse_if_changed(local, stamp)
                    return
                yield piece
                sent += len(piece)
                advance(len(piece))

    try:
        answer = transport.bucket.put(part["url"], content=pieces(), headers={"Content-Length": str(part["size"])})
    except httpx.TransportError as error:
        advance(-sent)
        return connection_failed(transport.api, error)
    if answer.is_success:
        return None
    advance(-sent)
    return ConnectionFailed(
        f"The store of the service at {transport.api} did not take a part of {local.name} (HTTP {answer.status_code}). "
        "Do the same again in a minute: it goes on where it stopped."
    )


def _note(api: str, local: Path, path: str) -> Path:
    """Where the id of the upload of a file to a path is kept."""
    name = hashlib.sha256(json.dumps([api, os.fspath(local.resolve()), path]).encode()).hexdigest()
    return _notes() / f"{name[:32]}.json"


def _notes() -> Path:
    return Path(platformdirs.user_cache_dir("users-api-client", appauthor=False)) / "uploads"


def _sha256(local: Path) -> str:
    digest: Any = hashlib.sha256()
    with local.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return str(digest.hexdigest())
