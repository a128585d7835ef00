"""Finding files by their names."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from .files import Entry


def find(folder: Entry, pattern: str) -> Iterator[Entry]:
    """All that lies below a folder and is named so: by a part of the name, or by *, ? and [ for the whole.

    Letter case makes no difference. A pattern with a slash is compared with the path instead.
    """
    wanted = pattern.casefold()
    for entry in folder.below():
        name = (entry.path if "/" in wanted else entry.name).casefold()
        if fnmatch.fnmatchcase(name, wanted) if any(sign in wanted for sign in "*?[") else wanted in name:
            yield entry
