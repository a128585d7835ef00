"""Local files and folders, as they are found and read for sending."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import remote_path
from .errors import FileChanged, UsersApiError

READ_TRIES = 3


@dataclass(frozen=True)
class Stamp:
    """What changes when a file is written to."""

    size: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, file: Path) -> Stamp:
        """The stamp of a file as it is now."""
        state = file.stat()
        return cls(state.st_size, state.st_mtime_ns, state.st_ino)


def is_changed(file: Path, stamp: Stamp) -> bool:
    """Whether the file was written to since the stamp was taken, or is gone."""
    return not file.exists() or Stamp.of(file) != stamp


def refuse_if_changed(file: Path, stamp: Stamp) -> None:
    """Raises `FileChanged` if the file was written to since the stamp was taken, or is gone."""
    if is_changed(file, stamp):
        raise FileChanged(
            f"{file} was changed while it was sent, so nothing of it was stored. Send it again when whatever writes it "
            "is done."
        )


def read_whole(file: Path) -> tuple[bytes, Stamp]:
    """The content of a small file, all of one moment, and the stamp of then.

    Raises `FileChanged` when it is written to all the time.
    """
    for _ in range(READ_TRIES):
        stamp = Stamp.of(file)
        content = file.read_bytes()
        if len(content) == stamp.size and Stamp.of(file) == stamp:
            return content, stamp
    raise FileChanged(f"{file} is being written to. Send it again when whatever writes it is done.")


@dataclass(frozen=True)
class Found:
    """A local file or folder that is to be sent, and the path where it goes."""

    local: Path
    path: str
    is_folder: bool = False


def walk(source: Path, target: str) -> Iterator[Found]:
    """All files below a folder, and its empty folders, with their places below `target`. Links are followed.

    A folder that contains itself through a link is entered once.
    """
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(source, followlinks=True, onerror=_unreadable):
        identity = os.stat(folder)
        if (identity.st_dev, identity.st_ino) in seen:
            folders.clear()
            continue
        seen.add((identity.st_dev, identity.st_ino))
        folders.sort()
        below = Path(folder).relative_to(source).as_posix()
        place = target if below == "." else remote_path.join(target, below)
        if not names and not folders:
            yield Found(Path(folder), place, is_folder=True)
        for name in sorted(names):
            yield Found(Path(folder, name), remote_path.join(place, name))


def why_not_sendable(found: Found) -> str:
    """Why a file cannot be sent at all; empty if it can."""
    try:
        found.path.encode()
    except UnicodeEncodeError:
        return "its name is not Unicode: rename it"
    if "\\" in found.path:
        return "its name holds a backslash, which the service does not take: rename it"
    try:
        mode = found.local.stat().st_mode
    except OSError as error:
        return f"{error.strerror}: make it readable, or leave it out"
    return "" if stat.S_ISREG(mode) else "it is no regular file: leave it out"


def _unreadable(error: OSError) -> None:
    raise UsersApiError(f"{error.filename} cannot be read ({error.strerror}). Make it readable, or leave it out.")
