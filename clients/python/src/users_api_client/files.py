"""What lies in the user's folder: listing it, and changes that move no bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Optional

import httpx

from . import remote_path
from .errors import NotAFolder, NotFound, Refused
from .transport import Answer, Transport

PAGE = 1000
# With the ETag of each file: one list instead of a request for each file that may be unchanged.
DETAILS = {"details": "true"}


@dataclass(frozen=True)
class Entry:
    """A file or folder: its path from the root folder, its size in bytes (0 for a folder), and what lies in it.

    Of a file also its ETag, which changes with the content, and when it was stored, such as `2026-11-27T09:30:00Z`; as
    far as the service tells them.
    """

    path: str
    size: int
    is_folder: bool
    children: tuple[Entry, ...] = ()
    tag: str = ""
    stored: str = ""

    @property
    def name(self) -> str:
        """The last name of the path."""
        return remote_path.split(self.path)[1]

    def below(self) -> Iterator[Entry]:
        """All files and folders below this entry."""
        for child in self.children:
            yield child
            yield from child.below()

    def files(self) -> Iterator[Entry]:
        """All files at and below this entry."""
        return (entry for entry in (self, *self.below()) if not entry.is_folder)


@dataclass(frozen=True)
class State:
    """What the service says of a file without its bytes: size, ETag, when it was stored. Of a folder that it is one."""

    is_folder: bool
    size: Optional[int] = None
    tag: str = ""
    stored: str = ""


def tree(transport: Transport, folder: str, depth: Optional[int] = None) -> Entry:
    """A folder with all that lies below it, or `depth` levels of it. Raises `NotFound`, and `NotAFolder` for a file."""
    params = {**DETAILS, **({} if depth is None else {"depth": str(depth)})}
    return _entry(transport, remote_path.clean(folder), _read_folder(transport, folder, params))


def entries(transport: Transport, folder: str) -> Iterator[Entry]:
    """What lies directly in a folder, read page by page, so that folders of any size can be listed."""
    after: Optional[str] = None
    while True:
        params = {**DETAILS, "limit": str(PAGE), **({"after": after} if after else {})}
        page = _read_folder(transport, folder, params)
        yield from _entry(transport, remote_path.clean(folder), page).children
        after = page.get("next")
        if not after:
            return


def state(transport: Transport, path: str) -> State:
    """Whether a path is a file or a folder, and its state. Raises `NotFound`."""
    try:
        headers = transport.send("HEAD", remote_path.url(path)).headers
    except NotFound:
        # The answer to a HEAD has no text.
        raise NotFound(
            f"{remote_path.clean(path) or 'The root folder'} is not there. `usersapi ls` shows what is."
        ) from None
    if "ETag" not in headers:
        return State(is_folder=True)
    # Gateways of AWS move the length aside.
    size = headers.get("Content-Length") or headers.get("x-amzn-remapped-content-length")
    stored = _iso_time(headers.get("Last-Modified", ""))
    return State(is_folder=False, size=int(size) if size else None, tag=headers["ETag"], stored=stored)


def entry(transport: Transport, path: str) -> Entry:
    """The file or folder at a path; of a folder without what lies in it. Raises `NotFound`."""
    found = state(transport, path)
    return Entry(remote_path.clean(path), found.size or 0, found.is_folder, tag=found.tag, stored=found.stored)


def make_folder(transport: Transport, path: str) -> str:
    """Makes an empty folder that stays; the folders above are made as needed."""
    return str(transport.call("POST", remote_path.url(path), params={"mkdir": ""})["fileHandle"])


def move(transport: Transport, path: str, new_path: str) -> str:
    """Moves or renames a file or folder to a path where nothing is."""
    return str(
        transport.call("POST", remote_path.url(path), params={"move": remote_path.checked(new_path)})["fileHandle"]
    )


def copy(transport: Transport, path: str, new_path: str) -> str:
    """Copies a file or folder to a path where nothing is."""
    return str(
        transport.call("POST", remote_path.url(path), params={"copy": remote_path.checked(new_path)})["fileHandle"]
    )


def remove(transport: Transport, path: str) -> None:
    """Deletes a file, or a folder with all its contents. Raises `NotFound`."""
    try:
        transport.call("DELETE", remote_path.url(path))
    except Refused as error:
        if type(error) is not Refused:
            raise
        raise NotFound(
            f"{remote_path.clean(path)} is not there, or cannot be deleted. `usersapi ls` shows what is."
        ) from None


def _iso_time(time: str) -> str:
    """A time of HTTP as the lists of the service have it; empty if it is none."""
    try:
        return f"{parsedate_to_datetime(time):%Y-%m-%dT%H:%M:%SZ}"
    except (TypeError, ValueError):
        return ""


def _read_folder(transport: Transport, folder: str, params: dict[str, str]) -> Answer:
    """What the service lists of a folder. The bytes of a file, which it would send for one, are not read."""

    def refuse_a_file(head: httpx.Response) -> None:
        if "ETag" in head.headers:
            raise NotAFolder(f"{remote_path.clean(folder)} is a file, not a folder.")

    return transport.json(transport.send("GET", remote_path.url(folder), check=refuse_a_file, params=params))


def _entry(transport: Transport, path: str, node: dict[str, Any]) -> Entry:
    """A node of the service's tree, whose names are checked: they become names of files here."""
    try:
        children = []
        for child in node["children"]:
            if not remote_path.is_safe_name(child["fileName"]):
                raise ValueError
            children.append(_entry(transport, remote_path.join(path, child["fileName"]), child))
        details = (str(node.get(name) or "") for name in ("etag", "lastModified"))
        return Entry(path, int(node["fileSize"]), bool(node["open"]), tuple(children), *details)
    except (KeyError, TypeError, ValueError):
        raise transport.other_version() from None
