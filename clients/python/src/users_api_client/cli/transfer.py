"""Commands that move bytes: `put`, `get`, `cat`, `sync`."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Optional

import typer

from .. import remote_path
from ..errors import NotAFolder, NotFound, UsersApiError
from ..report import Report
from ..sizes import readable
from .output import AS_JSON, show, show_report
from .progress import Lines, bars

DRY_RUN = typer.Option(False, "--dry-run", "-n", help="Say of each file what would become of it, and change nothing.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    for command in (put, get, cat, sync):
        app.command()(command)


def put(
    context: typer.Context,
    sources: list[Path] = typer.Argument(..., metavar="FILE_OR_FOLDER...", help="What to send."),
    to: str = typer.Option(
        "", "--to", "-t", help="Folder in the service; made as needed. Your root folder if missing."
    ),
    name: Optional[str] = typer.Option(None, "--as", help="Path in the service for a single file, instead of --to."),
    checksum: bool = typer.Option(False, help="Let the service compare the SHA-256 of large files: safer and slower."),
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Send files and folders. What is there already is skipped; large files go on where they stopped.

    Existing files of the same name are replaced. Zips stay zips.
    """
    if name is not None and (to or len(sources) != 1 or sources[0].is_dir()):
        raise typer.BadParameter("--as is for a single file, and not beside --to.")
    with context.obj.logged_in() as client, bars("Sending", as_json) as watcher:
        if name is None:
            report = client.put(sources, to, watcher, checksum, dry_run)
        else:
            report = client.put_file(sources[0], name, watcher, checksum, dry_run)
    show_report(report, as_json)


def get(
    context: typer.Context,
    paths: list[str] = typer.Argument(..., metavar="PATH...", help="Files and folders in the service."),
    to: Path = typer.Option(Path(), "--to", "-t", help="Local folder; made as needed. This one if missing."),
    name: Optional[str] = typer.Option(
        None, "--as", help="Local path for a single file or folder, instead of --to; - is standard output."
    ),
    as_zip: bool = typer.Option(False, "--zip", help="Get a folder as one zip."),
    keep: bool = typer.Option(False, "--keep", help="Leave local files that differ as they are, and name them."),
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Get files and folders. What is here already is skipped; large files go on where they stopped.

    Local files of the same name are replaced, also those that you have changed, unless you say --keep; --dry-run tells
    beforehand which. Pipes and devices are written into.
    """
    if name is not None and (to != Path() or len(paths) != 1):
        raise typer.BadParameter("--as is for a single path, and not beside --to.")
    is_printed = name is not None and _is_standard_output(name)
    if (keep or dry_run) and (as_zip or is_printed):
        raise typer.BadParameter("--keep and --dry-run are for files and folders, and not beside --zip or --as -.")
    if name is not None and is_printed:
        if as_json:
            raise typer.BadParameter("--json would be printed into the file: leave it out, or name another place.")
        return _print_file(context, paths[0], as_zip)
    report = Report(is_plan=dry_run)
    with context.obj.logged_in() as client, bars("Getting", as_json, goes_on=not as_zip) as watcher:
        for path in paths:
            last_name = remote_path.split(path)[1]
            if as_zip:
                place = name or to / f"{last_name or 'files'}.zip"
                size = client.get_zip(path, place, watcher)
                show(f"{place} ({readable(size)})", as_json, local=str(place), size=size)
            else:
                report.files += client.get(path, name or to / last_name, watcher, keep, dry_run).files
    if not as_zip:
        show_report(report, as_json)


def _is_standard_output(place: str) -> bool:
    """Whether a local path is `-` or what the output goes to, as `/dev/stdout` is."""
    if place == "-":
        return True
    with contextlib.suppress(OSError, ValueError):
        return os.path.samestat(os.stat(place), os.fstat(sys.stdout.fileno()))
    return False


def _print_file(context: typer.Context, path: str, as_zip: bool) -> None:
    with context.obj.logged_in() as client, bars("Getting", as_json=False, goes_on=False) as watcher:
        read = client.read_zip_into if as_zip else client.read_into
        size = read(path, sys.stdout.buffer, watcher)
        sys.stdout.buffer.flush()
    typer.echo(f"{path} ({readable(size)})", err=True)


def cat(
    context: typer.Context,
    paths: list[str] = typer.Argument(..., metavar="FILE...", help="Files in the service."),
) -> None:
    """Print files to standard output, byte for byte."""
    with context.obj.logged_in() as client:
        for path in paths:
            client.read_into(path, sys.stdout.buffer, Lines())
        sys.stdout.buffer.flush()


def sync(
    context: typer.Context,
    local: Path = typer.Argument(..., metavar="LOCAL_FOLDER", help="Folder on this machine."),
    folder: str = typer.Argument(..., metavar="FOLDER", help="Folder in the service."),
    down: bool = typer.Option(False, "--down", help="From the service to this machine, instead of the other way."),
    delete: bool = typer.Option(False, "--delete", help="Delete what the side that is read does not have."),
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Make a folder in the service hold what a local folder holds, or with --down the other way round.

    Only what is new or different is moved, and replaces what is in its place. Nothing is deleted without --delete, nor
    after a failure.
    """
    with context.obj.logged_in() as client, bars("Comparing", as_json) as watcher:
        if not down and not local.is_dir():
            raise UsersApiError(f"{local} is no folder on this machine. {_sides(local, folder)}")
        try:
            if down:
                report = client.sync_down(folder, local, delete, watcher, dry_run)
            else:
                report = client.sync_up(local, folder, delete, watcher, dry_run)
        except (NotFound, NotAFolder) as error:
            raise type(error)(f"{folder} is no folder in the service. {_sides(local, folder)}") from None
    show_report(report, as_json)


def _sides(local: Path, folder: str) -> str:
    return (
        f"The first argument ({local}) is the folder on this machine, the second one ({folder}) that in the service: "
        "exchange them if they are the other way round."
    )
