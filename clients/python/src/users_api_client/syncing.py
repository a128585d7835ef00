"""`sync`: makes a folder of one side hold what a folder of the other side holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from . import files, remote_path
from .errors import NotFound, UsersApiError
from .local_files import walk
from .receiving import Receiving, places
from .report import Moved, Outcome, Report, Watcher
from .sending import Sending, files_below
from .transport import Transport


def sync_up(transport: Transport, local: Path, folder: str, watcher: Watcher, delete: bool) -> Report:
    """Sends what is new or different in a local folder. With `delete` the service's folder then loses all others.

    Nothing is deleted when something has failed.
    """
    if not local.is_dir():
        raise UsersApiError(f"{local} is no folder: name the folder that is to be sent.")
    found = list(walk(local, remote_path.clean(folder)))
    there = files_below(transport, folder)
    report = Sending(transport, watcher).send(found, there)
    if delete:
        kept = {one.path for one in found}
        for path in sorted(set(there) - kept):
            _remove_unless_gone(transport, path)
            report.files.append(Moved(path, local, there[path].size, Outcome.DELETED))
    return report


def sync_down(transport: Transport, folder: str, local: Path, watcher: Watcher, delete: bool) -> Report:
    """Reads what is new or different in a folder of the service. With `delete` the local folder then loses all others.

    Nothing is deleted when something has failed.
    """
    wanted = places(files.tree(transport, folder), local)
    report = Receiving(transport, watcher).receive(wanted)
    if delete:
        report.files += _delete_others(local, {place for _, place in wanted})
    return report


def _remove_unless_gone(transport: Transport, path: str) -> None:
    # Somebody else may have been quicker.
    with contextlib.suppress(NotFound):
        files.remove(transport, path)


def _delete_others(local: Path, kept: Iterable[Path]) -> list[Moved]:
    deleted = []
    for found in [one for one in walk(local, "") if not one.is_folder and one.local not in kept]:
        size = found.local.lstat().st_size
        found.local.unlink()
        deleted.append(Moved(found.path, found.local, size, Outcome.DELETED))
    return deleted
