"""One file from the service. What has arrived of a large one is not read again, also by a later run.

While a file is on its way it lies beside its place as `.<name>.<ETag>.part`, where a long name is cut; it gets its name
when it is whole. Into a pipe or a device it goes as it comes.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Optional
from urllib.parse import quote, unquote

import httpx

from . import remote_path
from .errors import AlreadyThere, ConnectionFailed, Refused
from .patience import Tries
from .report import FileProgress
from .transport import Transport, connection_failed

PIECE = 1 << 20

# Smaller files are read anew in less time than it takes to look for their beginning.
RESUMED_FROM_BYTES = 8 << 20

# File systems take 255 bytes, some that encrypt names 143. An ETag has up to 38.
LONGEST_NAME_BYTES = 80
# Of a longer name, beside a hash of the whole of it.
BEGINNING_BYTES = 40


def cut(name: str) -> str:
    """What a temporary file is named after: a name itself, or if that is long its beginning and a hash of the whole."""
    whole = os.fsencode(name)
    if len(whole) <= LONGEST_NAME_BYTES:
        return name
    # A letter of several bytes may be cut through.
    beginning = whole[:BEGINNING_BYTES].decode(errors="ignore")
    return f"{beginning}~{hashlib.sha256(whole).hexdigest()[:16]}"


def is_stream(local: Path) -> bool:
    """Whether a path is a pipe or a device, which takes bytes but must not be replaced by a file."""
    return local.exists() and not local.is_file() and not local.is_dir()


def read_into(transport: Transport, path: str, size: int, target: BinaryIO, progress: FileProgress) -> None:
    """Writes the bytes of a file into a stream as they come; after a lost connection it goes on with the next ones.

    Raises `AlreadyThere` if the file is replaced meanwhile, and `ConnectionFailed` when nothing has arrived for so long
    as patience lasts.
    """
    tag, arrived, tries = "", 0, Tries(transport.patience)
    while True:
        before = arrived
        headers = {"Range": f"bytes={arrived}-", "If-Match": tag} if arrived else {}
        try:
            with transport.stream("GET", remote_path.url(path), headers) as answer:
                tag = answer.headers.get("ETag", "")
                for piece in answer.iter_raw(PIECE):
                    target.write(piece)
                    arrived += len(piece)
                    progress.advance(len(piece))
            return
        except httpx.TransportError as error:
            if arrived == size:
                return
            if arrived > before:
                tries.went_on()
            tries.again(connection_failed(transport.api, error))


class Download:
    """The way of one file of the service, of so many bytes, to a local path."""

    def __init__(self, transport: Transport, path: str, size: int, local: Path, progress: FileProgress) -> None:
        self._transport = transport
        self._path = path
        # A link stays; what it leads to is replaced.
        self._local = Path(os.path.realpath(local)) if local.is_symlink() else local
        self._start = f".{cut(self._local.name)}."
        self._is_resumable = size >= RESUMED_FROM_BYTES
        self._progress = progress
        self._told = 0

    def run(self) -> None:
        """Reads the file; a local one of that name is replaced when all has arrived.

        Raises `NotFound`, and `ConnectionFailed` when nothing has arrived for so long as patience lasts.
        """
        self._local.parent.mkdir(parents=True, exist_ok=True)
        tries = Tries(self._transport.patience)
        part = self._part()
        self._told = part.stat().st_size if part else 0
        if self._told:
            self._progress.go_on(self._told)
        while True:
            part = self._part()
            before = part.stat().st_size if part else 0
            self._tell(before)
            try:
                return self._receive(part, before)
            except ConnectionFailed as error:
                part = self._part()
                if part and part.stat().st_size > before:
                    tries.went_on()
                tries.again(error)

    def _receive(self, part: Optional[Path], begun: int) -> None:
        """Reads what is missing, and puts the whole in its place."""
        headers = {"Range": f"bytes={begun}-", "If-Match": self._tag(part)} if part else {}
        try:
            with self._transport.stream("GET", remote_path.url(self._path), headers) as answer:
                file = self._part_file(answer.headers.get("ETag", ""))
                self._gather(answer, file)
        except Refused as error:
            # What has arrived is of an earlier state of the file (412), or all of it (416).
            if part is None or type(error) not in (AlreadyThere, Refused):
                raise
            part.unlink()
            self._tell(0)
            return self._receive(None, 0)
        if part and part != file:
            part.unlink()
        os.replace(file, self._local)

    def _gather(self, answer: httpx.Response, file: Path) -> None:
        resumes = answer.status_code == 206
        if not resumes:
            self._tell(0)
        try:
            with file.open("ab" if resumes else "wb") as content:
                untold = 0
                # Not the bytes after decoding: what is stored is wanted as it is. Nor larger pieces than come in: they
                # would have to be put together first. To tell of each takes time, too.
                for piece in answer.iter_raw():
                    content.write(piece)
                    untold += len(piece)
                    if untold >= PIECE:
                        self._tell(self._told + untold)
                        untold = 0
                self._tell(self._told + untold)
        except BaseException as error:
            if not self._is_resumable:
                file.unlink()
            if isinstance(error, httpx.TransportError):
                raise connection_failed(self._transport.api, error) from None
            raise

    def _tell(self, arrived: int) -> None:
        self._progress.advance(arrived - self._told)
        self._told = arrived

    def _part_file(self, tag: str) -> Path:
        """Where the content with this ETag is gathered."""
        return self._local.with_name(f"{self._start}{quote(tag.strip(chr(34)), safe='')}.part")

    def _tag(self, part: Path) -> str:
        """The ETag of what this is a part of."""
        return f'"{unquote(part.name[len(self._start) : -len(".part")])}"'

    def _part(self) -> Optional[Path]:
        """What an earlier try or run has left."""
        if not self._is_resumable:
            return None
        for file in self._local.parent.iterdir():
            # A dot more would be that of another file's name.
            if (
                file.name.startswith(self._start)
                and file.name.endswith(".part")
                and file.name.count(".") == self._start.count(".") + 1
            ):
                return file
        return None
