"""Paths in the service: names joined by slashes, from the user's root folder, without a slash at either end."""

from __future__ import annotations

from urllib.parse import quote


def clean(path: str) -> str:
    """The path without slashes at its ends; the root folder is the empty text."""
    return path.strip("/")


def join(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"{clean(folder)}/{name}" if clean(folder) else name


def split(path: str) -> tuple[str, str]:
    """The folder of a path, and its last name."""
    folder, _, name = clean(path).rpartition("/")
    return folder, name


def url(path: str) -> str:
    """The path as part of a URL: `files/` and the names, percent-encoded once."""
    return f"files/{quote(clean(path))}"


def quoted(name: str) -> str:
    """A single name, such as the id of a session, as part of a URL."""
    return quote(name, safe="")


def is_safe_name(name: str) -> bool:
    """Whether a name that the service tells can be a file here, and lead nowhere else."""
    return name not in ("", ".", "..") and not any(c in "/\\\0" for c in name)
