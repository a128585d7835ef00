"""What a transfer has done, file by file."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Protocol

from .errors import TransferFailed, UsersApiError

# So many failures are told in the text of an error.
NAMED = 3


class Outcome(str, enum.Enum):
    """What became of one file."""

    SENT = "sent"
    RECEIVED = "received"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True)
class Moved:
    """One file of a transfer: where it is here and there, its size in bytes, what became of it, and why not more.

    If it `replaces` something, another content was in its place.
    """

    path: str
    local: Path
    size: int
    outcome: Outcome
    reason: Optional[str] = None
    replaces: bool = False


@dataclass
class Report:
    """All files of a transfer that were looked at; when `is_plan`, what would become of them."""

    files: list[Moved] = field(default_factory=list)
    is_plan: bool = False

    def of(self, outcome: Outcome) -> list[Moved]:
        """The files with this outcome."""
        return [file for file in self.files if file.outcome is outcome]

    def failures(self) -> str:
        """How many files failed, as a sentence."""
        return f"{len(self.of(Outcome.FAILED))} of {len(self.files)} files failed."

    def raise_for_failures(self, stopped_by: Optional[UsersApiError] = None) -> None:
        """Does nothing if all went well.

        Raises the error that has ended the transfer, or else `TransferFailed` if some files failed; the error has this
        report.
        """
        failed = self.of(Outcome.FAILED)
        if stopped_by is None and failed:
            reasons = "; ".join(f"{file.path}: {file.reason}" for file in failed[:NAMED])
            more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
            stopped_by = TransferFailed(f"{self.failures()} {reasons}{more}")
        if stopped_by is not None:
            stopped_by.report = self
            raise stopped_by


class Watcher(Protocol):
    """Who is told how a transfer goes on. Called from several threads."""

    def expect(self, size: int) -> None:
        """A file of so many bytes is part of the transfer, as it turns out."""

    def advance(self, path: str, size: int, total: int) -> None:
        """So many more of the `total` bytes of a file were moved; fewer than none when some have to be moved again."""

    def go_on(self, path: str, size: int, total: int) -> None:
        """So many of the `total` bytes of a file were moved by an earlier run, and are not moved again."""

    def wait(self, text: str) -> None:
        """The service is away, and is waited for, as the text says; called once."""

    def finish(self, file: Moved) -> None:
        """A file is done."""


class NobodyWatches:
    """The watcher of those who want none."""

    def expect(self, size: int) -> None:
        """Tells nobody."""

    def advance(self, path: str, size: int, total: int) -> None:
        """Tells nobody."""

    def go_on(self, path: str, size: int, total: int) -> None:
        """Tells nobody."""

    def wait(self, text: str) -> None:
        """Tells nobody."""

    def finish(self, file: Moved) -> None:
        """Tells nobody."""


class FileProgress:
    """How one file goes on, for its watcher. When `interrupted` is set, it goes no further."""

    def __init__(self, watcher: Watcher, path: str, total: int, interrupted: Optional[threading.Event] = None) -> None:
        self._watcher = watcher
        self._path = path
        self._total = total
        self._interrupted = interrupted
        self._moved = 0
        self._lock = threading.Lock()

    def advance(self, size: int) -> None:
        """So many more bytes were moved. Raises `KeyboardInterrupt`, as in the main thread, after Ctrl-C."""
        if self._interrupted and self._interrupted.is_set():
            raise KeyboardInterrupt
        with self._lock:
            self._moved += size
        self._watcher.advance(self._path, size, self._total)

    def go_on(self, size: int) -> None:
        """So many bytes were moved by an earlier run."""
        self._watcher.go_on(self._path, size, self._total)
        self.advance(size)

    def begin_anew(self) -> None:
        """All that was moved so far has to be moved again."""
        self.advance(-self._moved)
