"""Commands that show what is there: `ls`, `tree`, `find`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import typer

from ..errors import NotAFolder, NotFound
from ..sizes import readable
from .output import AS_JSON, local_time, show

if TYPE_CHECKING:
    from ..files import Entry


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    for command in (ls, tree, find):
        app.command()(command)


def ls(
    context: typer.Context,
    path: str = typer.Argument(
        "", metavar="[PATH]", help="Folder in the service, or a file; your root folder if missing."
    ),
    is_long: bool = typer.Option(False, "--long", "-l", help="Show also when each file was stored."),
    as_json: bool = AS_JSON,
) -> None:
    """List what lies in a folder; of a file the file itself."""
    with context.obj.logged_in() as client:
        try:
            found = list(client.list_folder(path))
        except NotAFolder:
            found = [client.entry(path)]
    lines = [f"{_size(entry):>12}  {_stored(entry) if is_long else ''}{_label(entry)}" for entry in found]
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
    show("\n".join(lines), as_json, tree=_as_tree(root))


def find(
    context: typer.Context,
    pattern: str = typer.Argument(..., help="Part of a name; or with *, ? or [ the whole name, such as '*.idf'."),
    folder: str = typer.Argument("", metavar="[FOLDER]", help="Folder in the service; your root folder if missing."),
    as_json: bool = AS_JSON,
) -> None:
    """Find files and folders by their names, in a folder and all below it. Letter case makes no difference."""
    with context.obj.logged_in() as client:
        found = list(client.find(pattern, folder))
    if not found:
        raise NotFound(f"Nothing is named {pattern}. `usersapi tree` shows what is there.")
    lines = [f"{entry.path}/" if entry.is_folder else entry.path for entry in found]
    show("\n".join(lines), as_json, entries=[_as_data(entry) for entry in found])


def _draw(folder: Entry, margin: str, lines: list[str]) -> None:
    for entry in folder.children:
        is_last = entry is folder.children[-1]
        size = "" if entry.is_folder else f" ({readable(entry.size)})"
        lines.append(f"{margin}{'└── ' if is_last else '├── '}{_label(entry)}{size}")
        _draw(entry, margin + ("    " if is_last else "│   "), lines)


def _size(entry: Entry) -> str:
    return "" if entry.is_folder else readable(entry.size)


def _stored(entry: Entry) -> str:
    return f"{'' if entry.is_folder else local_time(entry.stored or None):16}  "


def _label(entry: Entry) -> str:
    return f"{entry.name}/" if entry.is_folder else entry.name


def _as_data(entry: Entry) -> dict[str, Any]:
    told = {"path": entry.path, "size": entry.size, "is_folder": entry.is_folder}
    return {**told, "stored": entry.stored} if entry.stored else told


def _as_tree(entry: Entry) -> dict[str, Any]:
    children = [_as_tree(child) for child in entry.children]
    return {**_as_data(entry), **({"children": children} if children else {})}
