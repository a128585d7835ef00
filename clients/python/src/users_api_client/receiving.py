"""`get`: files and folders, from the service. What is here already, by size and content, is not read again."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Optional

import httpx

from . import content_tag, files
from .download import PIECE, Download, cut, is_stream, read_into
from .errors import AlreadyThere, UsersApiError
from .files import Entry
from .parallel import for_each
from .report import FileProgress, Moved, Outcome, Report, Watcher
from .transport import Transport, connection_failed

ADVICE = {
    errno.ENOSPC: "make room, or choose another place",
    errno.EDQUOT: "make room, or choose another place",
    errno.ENOENT: "its folder does not exist and cannot be made, so choose another place",
    errno.EEXIST: "a file is where a folder is needed, so rename it, or choose another place",
    errno.ENOTDIR: "a file is where a folder is needed, so rename it, or choose another place",
    errno.EISDIR: "a folder is where the file is to be, so rename it, or choose another place",
    errno.EACCES: "get the right to write there, or choose another place",
    errno.EPERM: "get the right to write there, or choose another place",
    errno.ENAMETOOLONG: "its name is too long for this machine, so give it a shorter one with `--as`",
}


class Receiving:
    """One transfer from the service.

    With `keep`, local files that differ stay as they are. A dry run only finds out what would be read.
    """

    def __init__(self, transport: Transport, watcher: Watcher, keep: bool = False, dry_run: bool = False) -> None:
        self.report = Report(is_plan=dry_run)
        self._keep = keep
        self._transport = transport
        self._watcher = watcher
        self._lock = threading.Lock()
        self._interrupted = transport.patience.interrupted

    def receive(self, wanted: Iterable[tuple[Entry, Path]]) -> Report:
        """Reads each file into its local place, unless it is there.

        Raises at the end if something failed: see `Report.raise_for_failures`.
        """
        stopped_by: Optional[UsersApiError] = None
        pairs = list(wanted)
        for entry, _ in pairs:
            self._watcher.expect(entry.size)
        try:
            for_each(pairs, lambda pair: self._receive(*pair), self._interrupted)
        except UsersApiError as error:
            stopped_by = error
        self.report.raise_for_failures(stopped_by)
        return self.report

    def _receive(self, entry: Entry, local: Path) -> None:
        progress = FileProgress(self._watcher, entry.path, entry.size, self._interrupted)
        try:
            if self._is_here(entry, local):
                progress.advance(entry.size)
                self._note(entry, local, Outcome.UNCHANGED)
                return
            replaces = local.is_file()
            if replaces and self._keep:
                progress.advance(entry.size)
                self._note(entry, local, Outcome.KEPT)
                return
            if not self.report.is_plan:
                self._read(entry, local, progress)
        except (UsersApiError, OSError) as error:
            if isinstance(error, UsersApiError) and error.ends_transfer:
                raise
            reason = str(error) if isinstance(error, UsersApiError) else _local_reason(error)
            self._note(entry, local, Outcome.FAILED, reason)
            return
        self._note(entry, local, Outcome.RECEIVED, replaces=replaces)

    def _read(self, entry: Entry, local: Path, progress: FileProgress) -> None:
        if is_stream(local):
            with local.open("wb") as target:
                read_into(self._transport, entry.path, entry.size, target, progress)
        else:
            Download(self._transport, entry.path, entry.size, local, progress).run()

    def _is_here(self, entry: Entry, local: Path) -> bool:
        if not local.is_file() or local.stat().st_size != entry.size:
            return False
        # An older service does not tell it in a list.
        return content_tag.matches(local, entry.tag or files.state(self._transport, entry.path).tag)

    def _note(
        self, entry: Entry, local: Path, outcome: Outcome, reason: Optional[str] = None, replaces: bool = False
    ) -> None:
        moved = Moved(entry.path, local, entry.size, outcome, reason, replaces)
        with self._lock:
            self.report.files.append(moved)
        self._watcher.finish(moved)


def find(transport: Transport, path: str) -> Entry:
    """The file, or the folder with all that lies below it. Raises `NotFound`."""
    entry = files.entry(transport, path)
    return files.tree(transport, path) if entry.is_folder else entry


def places(entry: Entry, target: Path) -> list[tuple[Entry, Path]]:
    """Each file of an entry with its local place, where `target` is that of the entry itself."""
    if not entry.is_folder:
        return [(entry, target)]
    return [pair for child in entry.children for pair in places(child, target / child.name)]


def make_folders(entry: Entry, target: Path) -> None:
    """Makes the local folders of an entry, also the empty ones."""
    try:
        if entry.is_folder:
            target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsersApiError(f"{_local_reason(error)}. Nothing was received.") from None
    for child in entry.children:
        make_folders(child, target / child.name)


def receive_zip(transport: Transport, url: str, local: Path, watcher: Watcher, params: dict[str, str]) -> int:
    """Reads an answer that is made while it is sent, such as a folder as one zip; its size in bytes.

    It cannot be gone on with. The local file is replaced when all has arrived.
    """
    if local.is_dir():
        raise AlreadyThere(f"{local} is a folder: name a file that is to be written.")
    if is_stream(local):
        with local.open("wb") as target:
            return read_zip_into(transport, url, target, watcher, params)
    place = Path(os.path.realpath(local))
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=place.parent, prefix=f".{cut(place.name)}.")
    try:
        with os.fdopen(handle, "wb") as target:
            size = read_zip_into(transport, url, target, watcher, params)
        # mkstemp keeps others out; the zip is as readable as any other file.
        os.chmod(new, 0o666 & ~_umask())
        os.replace(new, place)
    finally:
        if os.path.exists(new):
            os.unlink(new)
    return size


def read_zip_into(transport: Transport, url: str, target: BinaryIO, watcher: Watcher, params: dict[str, str]) -> int:
    """Writes such an answer into a stream as it comes; its size in bytes."""
    arrived = 0
    try:
        with transport.stream("GET", url, params=params) as answer:
            total = int(answer.headers.get("Content-Length", "0"))
            for piece in answer.iter_raw(PIECE):
                target.write(piece)
                arrived += len(piece)
                watcher.advance(url, len(piece), total)
    except httpx.TransportError as error:
        raise connection_failed(transport.api, error) from None
    return arrived


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _local_reason(error: OSError) -> str:
    advice = ADVICE.get(error.errno or 0, "choose another place")
    return f"{error.filename or 'the file'} cannot be written ({error.strerror}): {advice}"
