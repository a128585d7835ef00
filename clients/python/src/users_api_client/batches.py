"""Small files, several in one request: `POST /files/<folder>` with a form of at most 4 MiB.

The service stores all files of a request or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import remote_path
from .errors import FileChanged
from .local_files import Stamp, is_changed, read_whole
from .transport import Transport

# What one request carries, and what the frame of the form may take of it.
REQUEST_BYTES = 4 << 20
FRAME_BYTES = 1024
LARGEST_SMALL_FILE = REQUEST_BYTES - 4 * FRAME_BYTES

# More would keep the request of an account with a slow bucket from ending in time.
FILES_PER_REQUEST = 100


@dataclass(frozen=True)
class SmallFile:
    """A local file that fits into one request, its place, its size in bytes, and whether another is in that place."""

    local: Path
    path: str
    size: int
    replaces: bool = False


def batches(files: Iterable[SmallFile], requests: int) -> Iterator[list[SmallFile]]:
    """Groups files of one folder each, so that each group fits into one request and `requests` have work."""
    folders: dict[str, list[SmallFile]] = {}
    for file in files:
        folders.setdefault(remote_path.split(file.path)[0], []).append(file)
    for content in folders.values():
        most = max(1, min(FILES_PER_REQUEST, -(-len(content) // requests)))
        batch: list[SmallFile] = []
        room = REQUEST_BYTES
        for file in content:
            needed = _framed(file)
            if batch and (needed > room or len(batch) == most):
                yield batch
                batch, room = [], REQUEST_BYTES
            batch.append(file)
            room -= needed
        if batch:
            yield batch


def _framed(file: SmallFile) -> int:
    return file.size + FRAME_BYTES + 3 * len(os.fsencode(file.local.name))


def send_batch(transport: Transport, batch: list[SmallFile]) -> list[SmallFile]:
    """Stores all files of a batch, or none; those that were written to meanwhile. Zips stay whole.

    Raises `FileChanged` if one cannot be read in one piece, or has become too large.
    """
    folder = remote_path.split(batch[0].path)[0]
    boundary = os.urandom(16).hex()
    pieces: list[bytes] = []
    stamps: list[Stamp] = []
    for file in batch:
        # Every name that a path can hold can be written like this (RFC 5987); in plain quotes it could not.
        name = quote(remote_path.split(file.path)[1], safe="")
        head = f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''{name}\r\n\r\n"
        content, stamp = read_whole(file.local)
        if stamp.size > LARGEST_SMALL_FILE:
            raise FileChanged(f"{file.local} has become large. Send it again.")
        pieces += [head.encode(), content, b"\r\n"]
        stamps.append(stamp)
    pieces.append(f"--{boundary}--\r\n".encode())
    transport.call(
        "POST",
        remote_path.url(folder),
        params={"unpack": "false"},
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        content=b"".join(pieces),
    )
    return [file for file, stamp in zip(batch, stamps) if is_changed(file.local, stamp)]
