"""Commands that change files within the service: `rm`, `mv`, `cp`, `mkdir`."""

from __future__ import annotations

import typer

from .. import remote_path
from ..errors import UsersApiError
from .output import AS_JSON, show

REMOTE = typer.Argument(..., metavar="PATH", help="Path from your root folder in the service.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    for command in (rm, mv, cp, mkdir):
        app.command()(command)


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
    return new_path + remote_path.split(path)[1] if new_path.endswith("/") else new_path
