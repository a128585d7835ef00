"""`sync`: makes a folder of one side hold what a folder of the other side holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from . import files, remote_path
from .errors import NotFound, UsersApiError
from .local_files import walk
from .receiving import Receiving, make_folders, places
from .report import Moved, Outcome, Report, Watcher
from .sending import Sending, files_below
from .transport import Transport


def sync_up(transport: Transport, local: Path, folder: str, watcher: Watcher, delete: bool, dry_run: bool) -> Report:
    """Sends what is new or different in a local folder. With `delete` the service's folder then loses all others.

    Nothing is deleted when something has failed.
    """
    if not local.is_dir():
        raise UsersApiError(f"{local} is no folder: name the folder that is to be sent.")
    found = list(walk(local, remote_path.clean(folder)))
    there = files_below(transport, folder)
    report = Sending(transport, watcher, dry_run=dry_run).send(found, there)
    if delete:
        kept = {one.path for one in found}
        for path in sorted(set(there) - kept):
            if not dry_run:
                _remove_unless_gone(transport, path)
            report.files.append(Moved(path, local, there[path].size, Outcome.DELETED))
    return report


def sync_down(transport: Transport, folder: str, local: Path, watcher: Watcher, delete: bool, dry_run: bool) -> Report:
    """Reads what is new or different in a folder of the service. With `delete` the local folder then loses all others.

    Nothing is deleted when something has failed.
    """
    tree = files.tree(transport, folder)
    wanted = places(tree, local)
    if not dry_run:
        make_folders(tree, local)
    report = Receiving(transport, watcher, dry_run=dry_run).receive(wanted)
    if delete and local.is_dir():
        report.files += _delete_others(local, {place for _, place in wanted}, dry_run)
    return report


def _remove_unless_gone(transport: Transport, path: str) -> None:
    # Somebody else may have been quicker.
    with contextlib.suppress(NotFound):
        files.remove(transport, path)


def _delete_others(local: Path, kept: Iterable[Path], dry_run: bool) -> list[Moved]:
    deleted = []
    for found in [one for one in walk(local, "") if not one.is_folder and one.local not in kept]:
        size = found.local.lstat().st_size
        if not dry_run:
            found.local.unlink()
        deleted.append(Moved(found.path, found.local, size, Outcome.DELETED))
    return deleted
