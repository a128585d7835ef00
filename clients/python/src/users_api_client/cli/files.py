"""Commands about files: `ls`, `tree`, `put`, `get`, `sync`, `rm`, `mv`, `cp`, `mkdir`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import typer

from ..errors import UsersApiError
from ..report import Report
from .output import AS_JSON, readable, show, show_report
from .progress import bars

if TYPE_CHECKING:
    from ..files import Entry

REMOTE = typer.Argument(..., metavar="PATH", help="Path from your root folder in the service.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    for command in (ls, tree, put, get, sync, rm, mv, cp, mkdir):
        app.command()(command)


def ls(
    context: typer.Context,
    folder: str = typer.Argument("", metavar="[FOLDER]", help="Folder in the service; your root folder if missing."),
    as_json: bool = AS_JSON,
) -> None:
    """List what lies in a folder."""
    with context.obj.logged_in() as client:
        found = list(client.list_folder(folder))
    lines = [f"{'' if entry.is_folder else readable(entry.size):>12}  {_label(entry)}" for entry in found]
    show("\n".join(lines) or "The folder is empty.", as_json, entries=[_as_data(entry) for entry in found])


def tree(
    context: typer.Context,
    folder: str = typer.Argument("", metavar="[FOLDER]", help="Folder in the service; your root folder if missing."),
    depth: Optional[int] = typer.Option(None, min=1, help="Show so many levels."),
    as_json: bool = AS_JSON,
) -> None:
    """Show a folder with all that lies below it."""
    with context.obj.logged_in() as client:
        root = client.tree(folder, depth)
    lines = [f"/{root.path}"]
    _draw(root, "", lines)
    show("\n".join(lines), as_json, tree=_as_data(root))


def _draw(folder: Entry, margin: str, lines: list[str]) -> None:
    for entry in folder.children:
        is_last = entry is folder.children[-1]
        size = "" if entry.is_folder else f" ({readable(entry.size)})"
        lines.append(f"{margin}{'└── ' if is_last else '├── '}{_label(entry)}{size}")
        _draw(entry, margin + ("    " if is_last else "│   "), lines)


def _label(entry: Entry) -> str:
    return f"{entry.name}/" if entry.is_folder else entry.name


def _as_data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"path": entry.path, "size": entry.size, "is_folder": entry.is_folder}
    if entry.children:
        data["children"] = [_as_data(child) for child in entry.children]
    return data


def put(
    context: typer.Context,
    sources: list[Path] = typer.Argument(..., metavar="FILE_OR_FOLDER...", help="What to send."),
    to: str = typer.Option(
        "", "--to", "-t", help="Folder in the service; made as needed. Your root folder if missing."
    ),
    name: Optional[str] = typer.Option(None, "--as", help="Path in the service for a single file, instead of --to."),
    checksum: bool = typer.Option(False, help="Let the service compare the SHA-256 of large files: safer and slower."),
    as_json: bool = AS_JSON,
) -> None:
    """Send files and folders. What is there already is skipped; large files go on where they stopped.

    Existing files of the same name are replaced. Zips stay zips.
    """
    if name is not None and (to or len(sources) != 1 or sources[0].is_dir()):
        raise typer.BadParameter("--as is for a single file, and not beside --to.")
    with context.obj.logged_in() as client, bars("Sending", as_json) as watcher:
        if name is None:
            report = client.put(sources, to, watcher, checksum)
        else:
            report = client.put_file(sources[0], name, watcher, checksum)
    show_report(report, as_json)


def get(
    context: typer.Context,
    paths: list[str] = typer.Argument(..., metavar="PATH...", help="Files and folders in the service."),
    to: Path = typer.Option(Path(), "--to", "-t", help="Local folder; made as needed. This one if missing."),
    name: Optional[Path] = typer.Option(None, "--as", help="Local path for a single file or folder, instead of --to."),
    as_zip: bool = typer.Option(False, "--zip", help="Get a folder as one zip."),
    as_json: bool = AS_JSON,
) -> None:
    """Get files and folders. What is here already is skipped; large files go on where they stopped.

    Local files of the same name are replaced.
    """
    if name is not None and (to != Path() or len(paths) != 1):
        raise typer.BadParameter("--as is for a single path, and not beside --to.")
    report = Report()
    with context.obj.logged_in() as client, bars("Getting", as_json) as watcher:
        for path in paths:
            place = name or to / (_last_name(path) + (".zip" if as_zip else ""))
            if as_zip:
                size = client.get_zip(path, place, watcher)
                show(f"{place} ({readable(size)})", as_json, local=str(place), size=size)
            else:
                report.files += client.get(path, place, watcher).files
    if not as_zip:
        show_report(report, as_json)


def sync(
    context: typer.Context,
    local: Path = typer.Argument(..., metavar="LOCAL_FOLDER", help="Folder on this machine."),
    folder: str = typer.Argument(..., metavar="FOLDER", help="Folder in the service."),
    down: bool = typer.Option(False, "--down", help="From the service to this machine, instead of the other way."),
    delete: bool = typer.Option(False, "--delete", help="Delete what the side that is read does not have."),
    as_json: bool = AS_JSON,
) -> None:
    """Make a folder in the service hold what a local folder holds, or with --down the other way round.

    Only what is new or different is moved. Nothing is deleted without --delete, nor after a failure.
    """
    with context.obj.logged_in() as client, bars("Comparing", as_json) as watcher:
        if down:
            report = client.sync_down(folder, local, delete, watcher)
        else:
            report = client.sync_up(local, folder, delete, watcher)
    show_report(report, as_json)


def rm(
    context: typer.Context,
    paths: list[str] = typer.Argument(..., metavar="PATH...", help="Files and folders in the service."),
    recursive: bool = typer.Option(False, "--recursive", "-r", help="Delete folders with all their contents."),
    as_json: bool = AS_JSON,
) -> None:
    """Delete files, or with -r folders."""
    with context.obj.logged_in() as client:
        for path in paths:
            if not path.strip("/"):
                raise UsersApiError("The root folder cannot be deleted. Name what is in it: `usersapi ls` shows it.")
            if not recursive and client.is_folder(path):
                raise UsersApiError(f"{path} is a folder. Delete it with all its contents by `usersapi rm -r`.")
            client.remove(path)
    show(f"Deleted: {', '.join(paths)}", as_json, deleted=paths)


def mv(
    context: typer.Context,
    path: str = REMOTE,
    new_path: str = typer.Argument(..., help="Where nothing is yet; ends in a slash if it is the folder to move into."),
    as_json: bool = AS_JSON,
) -> None:
    """Move or rename a file or folder within the service."""
    with context.obj.logged_in() as client:
        place = client.move(path, _completed(new_path, path))
    show(f"Moved to {place}", as_json, path=place)


def cp(
    context: typer.Context,
    path: str = REMOTE,
    new_path: str = typer.Argument(..., help="Where nothing is yet; ends in a slash if it is the folder to copy into."),
    as_json: bool = AS_JSON,
) -> None:
    """Copy a file or folder within the service."""
    with context.obj.logged_in() as client:
        place = client.copy(path, _completed(new_path, path))
    show(f"Copied to {place}", as_json, path=place)


def mkdir(context: typer.Context, path: str = REMOTE, as_json: bool = AS_JSON) -> None:
    """Make an empty folder; those above it are made as needed."""
    with context.obj.logged_in() as client:
        place = client.make_folder(path)
    show(f"Made {place}", as_json, path=place)


def _completed(new_path: str, path: str) -> str:
    return new_path + _last_name(path) if new_path.endswith("/") else new_path


def _last_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
