"""Whether a local file is what the service holds, told by size and ETag.

The service stores files in S3 and passes on the ETag that S3 gives: the MD5 of the content, or, of a file that was
sent in parts, the MD5 of the parts' MD5s, a hyphen and their number. So equal tags mean equal content. The tag is no
promise of the API: where it is something else (S3 with keys of KMS), no tag is equal, and files are sent again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 20
SMALLEST_PART = 8 << 20


def matches(file: Path, tag: str) -> bool:
    """Whether a file's content is what an ETag stands for. Reads the whole file."""
    digest, _, parts = tag.strip('"').partition("-")
    with file.open("rb") as content:
        if not parts:
            return _md5(content, -1).hexdigest() == digest
        size = file.stat().st_size
        part_size = _part_size(size, int(parts)) if parts.isdigit() else 0
        if not part_size:
            return False
        digests = b"".join(_md5(content, part_size).digest() for _ in range(int(parts)))
        return hashlib.md5(digests, usedforsecurity=False).hexdigest() == digest


def _part_size(size: int, parts: int) -> int:
    """How large the parts of a file were: 8 MiB doubled until so many make up the file; 0 if none do."""
    part = SMALLEST_PART
    while part < size and -(-size // part) > parts:
        part *= 2
    return part if -(-size // part) == parts else 0


def _md5(content: BinaryIO, limit: int) -> hashlib._Hash:
    """The digest of the next so many bytes; of all the rest with -1."""
    # It tells content apart and protects nothing; machines in FIPS mode allow it for that only.
    digest = hashlib.md5(usedforsecurity=False)
    while limit:
        piece = content.read(PIECE if limit < 0 else min(PIECE, limit))
        if not piece:
            break
        digest.update(piece)
        limit -= len(piece) if limit > 0 else 0
    return digest
