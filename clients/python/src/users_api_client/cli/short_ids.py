"""Ids of sessions and keys, which are long: shown by so many letters as tell them apart, taken by their beginnings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .. import remote_path
from ..errors import UsersApiError

SHOWN = 8
FEWEST = 4


def of(items: Sequence[dict[str, Any]]) -> list[str]:
    """The short ids of all items of a list; no two of them are alike."""
    ids = [str(item["id"]) for item in items]
    length = SHOWN
    while len({one[:length] for one in ids}) < len(set(ids)):
        length += 1
    return [one[:length] for one in ids]


def whole(beginning: str, items: Iterable[dict[str, Any]]) -> str:
    """The id of the item that is meant, or the beginning itself if there is none.

    Raises `UsersApiError` when several may be meant.
    """
    remote_path.quoted(beginning)
    meant = [str(item["id"]) for item in items if str(item["id"]).startswith(beginning)]
    if not meant or beginning in meant:
        return beginning
    if len(beginning) < FEWEST:
        raise UsersApiError(f"{beginning} is too short for an id: write {FEWEST} letters of it or more.")
    if len(meant) > 1:
        raise UsersApiError(
            f"{beginning} is the beginning of several ids: write more of the one that you mean, {' or '.join(meant)}."
        )
    return meant[0]
