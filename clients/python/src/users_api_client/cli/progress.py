"""Bars on the terminal while files are on their way."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from ..report import Moved, NobodyWatches, Watcher
from ..sizes import readable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# A smaller file is there before its bar could be read.
OWN_BAR_BYTES = 8 << 20


class Bars:
    """A bar for all files together, and one for each large file that is on its way."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._all = progress.add_task(what, total=0)
        self._expected = 0
        self._own: dict[str, TaskID] = {}

    def expect(self, size: int) -> None:
        """Makes the common bar longer."""
        with self._lock:
            self._expected += size
            self._progress.update(self._all, total=self._expected)

    def advance(self, path: str, size: int, total: int) -> None:
        """Moves the bars on."""
        self._progress.advance(self._all, size)
        if total < OWN_BAR_BYTES:
            return
        with self._lock:
            if path not in self._own:
                self._own[path] = self._progress.add_task(path, total=total)
        self._progress.advance(self._own[path], size)

    def go_on(self, path: str, size: int, total: int) -> None:
        """Says so above the bars."""
        self._progress.console.print(went_on(path, size, total), markup=False, highlight=False)

    def wait(self, text: str) -> None:
        """Says so above the bars."""
        self._progress.console.print(text, markup=False, highlight=False)

    def finish(self, file: Moved) -> None:
        """Takes the file's own bar away."""
        with self._lock:
            task = self._own.pop(file.path, None)
        if task is not None:
            self._progress.remove_task(task)


class Lines(NobodyWatches):
    """What is worth a line where there is no terminal for bars."""

    def go_on(self, path: str, size: int, total: int) -> None:
        """Says so on standard error."""
        typer.echo(went_on(path, size, total), err=True)

    def wait(self, text: str) -> None:
        """Says so on standard error."""
        typer.echo(text, err=True)


def went_on(path: str, size: int, total: int) -> str:
    """That a file is not moved from its beginning."""
    return f"Going on with {path} after {readable(size)} of {readable(total)}."


@contextlib.contextmanager
def bars(what: str, as_json: bool, goes_on: bool = True) -> Iterator[Watcher]:
    """Bars on standard error, if that is a terminal. Ctrl-C tells whether the same command `goes_on`."""
    try:
        with _watcher(what, as_json) as watcher:
            yield watcher
    except KeyboardInterrupt:
        again = "goes on where this one stopped" if goes_on else "begins anew"
        typer.echo(f"Stopped. The same command {again}.", err=True)
        raise


@contextlib.contextmanager
def _watcher(what: str, as_json: bool) -> Iterator[Watcher]:
    if as_json or not sys.stderr.isatty():
        yield NobodyWatches() if as_json else Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    # Names of files may look like markup.
    name = TextColumn("{task.description}", markup=False)
    with Progress(name, *columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress, what)
