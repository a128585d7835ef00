"""`put`: files and folders, to the service. What is there already, by size and content, is not sent again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Optional

from . import content_tag, files, remote_path
from .batches import LARGEST_SMALL_FILE, SmallFile, batches, send_batch
from .errors import FileChanged, NoRoom, NotFound, TooLarge, UsersApiError
from .files import Entry
from .large_upload import end_left_over, is_any_left_over, send_large
from .local_files import Found, walk, why_not_sendable
from .parallel import AT_ONCE, Item, for_each
from .patience import pause
from .report import FileProgress, Moved, Outcome, Report, Watcher
from .sizes import readable
from .transport import Transport

# How often a file that is written to meanwhile is sent again.
SETTLING_TRIES = 3


@dataclass(frozen=True)
class File:
    """A local file that can be sent, its place, its size in bytes, and what is in that place, if anything."""

    local: Path
    path: str
    size: int
    there: Optional[Entry]

    @property
    def replaces(self) -> bool:
        """Whether another content is in that place."""
        return self.there is not None


def places(sources: Iterable[Path], to: str) -> list[Found]:
    """What is to be sent: each file into the folder `to`, each folder with its name below it."""
    found: list[Found] = []
    for source in sources:
        # The path of a folder may be `.`, which is no name.
        target = remote_path.join(to, source.name or source.resolve().name)
        if source.is_dir():
            found += walk(source, target)
        else:
            found.append(found_file(source, target))
    paths = [one.path for one in found]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise UsersApiError(f"Two of the files would become {twice}: send them to different folders. Nothing was sent.")
    return found


def found_file(source: Path, path: str) -> Found:
    """One file that is to be sent to a path."""
    if not source.exists():
        raise UsersApiError(f"{source} is not there: check its name. Nothing was sent.")
    return Found(source, remote_path.clean(path))


def files_below(transport: Transport, folder: str) -> dict[str, Entry]:
    """All files below a folder of the service, by path; empty if there is no such folder."""
    try:
        return {entry.path: entry for entry in files.tree(transport, folder).files()}
    except NotFound:
        return {}


def files_in(transport: Transport, folder: str) -> dict[str, Entry]:
    """The files directly in a folder of the service, by path; empty if there is no such folder."""
    try:
        return {entry.path: entry for entry in files.entries(transport, folder) if not entry.is_folder}
    except NotFound:
        return {}


class Sending:
    """One transfer to the service."""

    def __init__(self, transport: Transport, watcher: Watcher, checksum: bool = False, dry_run: bool = False) -> None:
        self.report = Report(is_plan=dry_run)
        self._transport = transport
        self._watcher = watcher
        self._checksum = checksum
        self._lock = threading.Lock()
        self._new: list[File] = []

    def send(self, found: Iterable[Found], there: dict[str, Entry]) -> Report:
        """Sends what is not there yet; `there` has the files that are, by path, as far as they matter.

        In a dry run it only finds out what that would be.
        Raises at the end if something failed: see `Report.raise_for_failures`.
        """
        stopped_by: Optional[UsersApiError] = None
        known = [self._examine(one, there) for one in found]
        sendable = [file for file in known if file]
        try:
            if not self.report.is_plan:
                self._for_each((one.path for one in found if one.is_folder), self._make_folder)
            self._for_each(sendable, self._compare)
            if self.report.is_plan:
                self._plan()
            else:
                self._end_left_over(sendable)
                self._send_new()
        except UsersApiError as error:
            stopped_by = error
        self.report.raise_for_failures(stopped_by)
        return self.report

    def _examine(self, found: Found, there: dict[str, Entry]) -> Optional[File]:
        if found.is_folder:
            return None
        reason = why_not_sendable(found)
        if reason:
            self._note(File(found.local, found.path, 0, None), Outcome.FAILED, reason)
            return None
        file = File(found.local, found.path, found.local.stat().st_size, there.get(found.path))
        self._watcher.expect(file.size)
        return file

    def _for_each(self, items: Iterable[Item], work: Callable[[Item], None]) -> None:
        for_each(items, work, self._transport.patience.interrupted)

    def _plan(self) -> None:
        for file in self._new:
            self._note(file, Outcome.SENT)

    def _end_left_over(self, files: Iterable[File]) -> None:
        """Ends the uploads of earlier runs that are not gone on with, before anything needs their room."""
        if not is_any_left_over():
            return
        large = {file.path for file in self._new if file.size > LARGEST_SMALL_FILE}
        for file in files:
            end_left_over(self._transport, file.local, file.path, goes_on=file.path in large)

    def _send_new(self) -> None:
        small = [
            SmallFile(it.local, it.path, it.size, it.replaces) for it in self._new if it.size <= LARGEST_SMALL_FILE
        ]
        self._for_each(batches(small, AT_ONCE), self._send_batch)
        for file in self._new:
            if file.size > LARGEST_SMALL_FILE:
                self._send_large(file)

    def _make_folder(self, path: str) -> None:
        files.make_folder(self._transport, path)

    def _compare(self, file: File) -> None:
        """Finds out whether the file is there already."""
        if file.there and file.there.size == file.size and self._is_content_of(file.there, file.local):
            self._watcher.advance(file.path, file.size, file.size)
            self._note(file, Outcome.UNCHANGED)
        else:
            with self._lock:
                self._new.append(file)

    def _is_content_of(self, there: Entry, local: Path) -> bool:
        try:
            # An older service does not tell it in a list.
            return content_tag.matches(local, there.tag or files.state(self._transport, there.path).tag)
        except (OSError, NotFound):
            return False

    def _send_batch(self, batch: list[SmallFile]) -> None:
        """Stores a batch; one that is refused is sent file by file, so that each of the others arrives."""
        try:
            with _named(batch[0]):
                changed = send_batch(self._transport, batch)
        except (UsersApiError, OSError) as error:
            # Some of several may have room.
            is_over = not (isinstance(error, NoRoom) and len(batch) > 1)
            if isinstance(error, UsersApiError) and error.ends_transfer and is_over:
                raise
            if len(batch) > 1:
                for file in batch:
                    self._send_batch([file])
            elif isinstance(error, FileChanged):
                self._settle(batch[0], is_stored=False)
            else:
                self._note(batch[0], Outcome.FAILED, str(error))
            return
        for file in batch:
            self._watcher.advance(file.path, file.size, file.size)
            if file in changed:
                self._settle(file, is_stored=True)
            else:
                self._note(file, Outcome.SENT)

    def _settle(self, file: SmallFile, is_stored: bool) -> None:
        """Sends a file that was written to meanwhile once more, and so on until it holds still."""
        for tries in range(1, SETTLING_TRIES + 1):
            self._transport.patience.rest(pause(tries))
            try:
                file = replace(file, size=file.local.stat().st_size)
                with _named(file):
                    is_sent = self._is_sent_still(file)
                if is_sent:
                    self._note(file, Outcome.SENT)
                    return
                is_stored = True
            except FileChanged:
                continue
            except (UsersApiError, OSError) as error:
                if isinstance(error, UsersApiError) and error.ends_transfer:
                    raise
                self._note(
                    file, Outcome.FAILED, f"{error}{' (An earlier state of it is stored.)' if is_stored else ''}"
                )
                return
        self._note(file, Outcome.FAILED, _still_written_to(is_stored))

    def _is_sent_still(self, file: SmallFile) -> bool:
        """Stores a file that may have become large; whether it was not written to meanwhile."""
        if file.size <= LARGEST_SMALL_FILE:
            return not send_batch(self._transport, [file])
        self._watcher.expect(file.size)
        progress = FileProgress(self._watcher, file.path, file.size)
        send_large(self._transport, file.local, file.path, progress, self._checksum)
        return True

    def _send_large(self, file: File) -> None:
        progress = FileProgress(self._watcher, file.path, file.size)
        try:
            with _named(file):
                send_large(self._transport, file.local, file.path, progress, self._checksum)
        except (UsersApiError, OSError) as error:
            if isinstance(error, UsersApiError) and error.ends_transfer:
                raise
            self._note(file, Outcome.FAILED, str(error))
            return
        self._note(file, Outcome.SENT)

    def _note(self, file: File | SmallFile, outcome: Outcome, reason: Optional[str] = None) -> None:
        replaces = file.replaces and outcome is Outcome.SENT
        moved = Moved(file.path, file.local, file.size, outcome, reason, replaces)
        with self._lock:
            self.report.files.append(moved)
        self._watcher.finish(moved)


@contextlib.contextmanager
def _named(file: File | SmallFile) -> Iterator[None]:
    """What the service says of a file that it does not take says also which file that is, or what to do with it."""
    try:
        yield
    except NoRoom as error:
        raise NoRoom(error.free, f"{file.path} ({readable(file.size)})") from None
    except TooLarge as error:
        raise TooLarge(f"{error} Split it, compress it, or leave it out.") from None


def _still_written_to(is_stored: bool) -> str:
    what = "an earlier state" if is_stored else "nothing"
    return (
        f"it was written to each time it was sent, so {what} of it is stored: send it again when whatever writes it is "
        "done"
    )
