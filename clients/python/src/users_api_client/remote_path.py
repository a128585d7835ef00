"""Paths in the service: names joined by slashes, from the user's root folder, without a slash at either end."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from .errors import UsersApiError


def clean(path: str) -> str:
    """The path without slashes at its ends; the root folder is the empty text."""
    return path.strip("/")


def checked(path: str) -> str:
    """The path without slashes at its ends. Raises `UsersApiError` for one that the service has no place for.

    In a URL `..` would lead out of the user's files to another endpoint.
    """
    names = clean(path).split("/") if clean(path) else []
    if "." in names or ".." in names:
        raise UsersApiError(f"{path!r} holds the name `.` or `..`: write the whole path from your root folder.")
    if "" in names:
        raise UsersApiError(f"{path!r} holds an empty name: write one slash between two names.")
    if any(unicodedata.category(letter) in ("Cc", "Cs") or letter == "\\" for letter in path):
        raise UsersApiError(
            f"{path!r} holds a backslash, a control character or what is not Unicode: write it without."
        )
    return clean(path)


def join(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"{clean(folder)}/{name}" if clean(folder) else name


def split(path: str) -> tuple[str, str]:
    """The folder of a path, and its last name."""
    folder, _, name = clean(path).rpartition("/")
    return folder, name


def url(path: str) -> str:
    """The path as part of a URL: `files/` and the names, percent-encoded once. Raises as `checked`."""
    return f"files/{quote(checked(path))}"


def quoted(name: str) -> str:
    """A single name, such as the id of a session, as part of a URL."""
    if name in ("", ".", ".."):
        raise UsersApiError(f"{name!r} is no id: write it as it is listed.")
    return quote(name, safe="")


def is_safe_name(name: str) -> bool:
    """Whether a name that the service tells can be a file here, and lead nowhere else."""
    return name not in ("", ".", "..") and not any(c in "/\\\0" for c in name)
