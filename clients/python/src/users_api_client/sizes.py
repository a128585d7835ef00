"""Sizes for people, also in what the service says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNITS = ("bytes", "KB", "MB", "GB", "TB")

# Shorter numbers can be read as they are.
RAW = re.compile(r"\b(\d{4,}) bytes\b")


def readable(size: float) -> str:
    """A size for people, in powers of 1,000 as in the service's own labels."""
    unit = 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:,.0f} {UNITS[unit]}" if unit == 0 else f"{size:,.1f} {UNITS[unit]}"


def made_readable(text: str) -> str:
    """A text with its large numbers of bytes as sizes for people."""
    return RAW.sub(lambda found: readable(int(found[1])), text)


def free(usage: Mapping[str, Any]) -> str:
    """How much room an account has, what else keeps some, and what to do, by what the service says of its usage."""
    bytes_free, files_free = (
        max(0, usage[f"{what}_limit"] - usage[f"{what}_used"] - usage.get(f"{what}_kept", 0))
        for what in ("bytes", "files")
    )
    room = f"{readable(bytes_free)} of {readable(usage['bytes_limit'])}"
    kept = usage.get("bytes_kept", 0)
    uploads = (
        f" {readable(kept)} are kept for uploads that have not ended: `usersapi uploads` lists them." if kept else ""
    )
    files = f"{files_free:,} of {usage['files_limit']:,} files"
    return f"{room} and {files} are free.{uploads} Delete something, or ask for more room."
