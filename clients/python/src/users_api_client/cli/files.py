"""Commands that change files within the service: `rm`, `mv`, `cp`, `mkdir`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import typer

from .. import remote_path
from ..errors import AlreadyThere, NotAllowed, NotFound, UsersApiError
from .output import AS_JSON, show

if TYPE_CHECKING:
    from ..client import Client

SOURCES = typer.Argument(..., metavar="PATH...", help="Files and folders in the service.")
TARGET = typer.Argument(
    ..., metavar="TARGET", help="A folder to go into, or for a single path a new path where nothing is."
)


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
    paths: list[str] = SOURCES,
    target: str = TARGET,
    as_json: bool = AS_JSON,
) -> None:
    """Move or rename a file or folder within the service, or move several into a folder."""
    with context.obj.logged_in() as client:
        places = [_carry(client, client.move, *pair) for pair in _places(client, paths, target)]
    show(f"Moved to {', '.join(places)}", as_json, paths=places)


def cp(
    context: typer.Context,
    paths: list[str] = SOURCES,
    target: str = TARGET,
    as_json: bool = AS_JSON,
) -> None:
    """Copy a file or folder within the service, or several into a folder."""
    with context.obj.logged_in() as client:
        places = [_carry(client, client.copy, *pair) for pair in _places(client, paths, target)]
    show(f"Copied to {', '.join(places)}", as_json, paths=places)


def mkdir(
    context: typer.Context,
    path: str = typer.Argument(..., metavar="PATH", help="Path from your root folder in the service."),
    as_json: bool = AS_JSON,
) -> None:
    """Make an empty folder; those above it are made as needed."""
    with context.obj.logged_in() as client:
        is_there = _is_folder(client, path)
        place = remote_path.clean(path) if is_there else client.make_folder(path)
    show(f"{place or 'The root folder'} is there already." if is_there else f"Made {place}", as_json, path=place)


def _places(client: Client, paths: list[str], target: str) -> list[tuple[str, str]]:
    """Each path with the one that it gets: in `target` if that is a folder or ends in a slash, or else `target`."""
    if target.endswith("/") or _is_folder(client, target):
        return [(path, remote_path.join(target, remote_path.split(path)[1])) for path in paths]
    if len(paths) > 1:
        raise UsersApiError(f"{target} is no folder, and several can only go into one: make it with `usersapi mkdir`.")
    return [(paths[0], target)]


def _carry(client: Client, carry: Callable[[str, str], str], path: str, place: str) -> str:
    try:
        return carry(path, place)
    except AlreadyThere:
        if _is_folder(client, place):
            text = f"{place} is there already: delete or rename it first, or choose another place."
            raise AlreadyThere(text) from None
        raise


def _is_folder(client: Client, path: str) -> bool:
    """Whether there is such a folder, as far as may be known: a key may be good for changes only."""
    try:
        return client.is_folder(path)
    except (NotFound, NotAllowed):
        return False
