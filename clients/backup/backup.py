"""Keeps a copy of all accounts and files in a folder, and brings them back into an empty deployment.

    python clients/backup/backup.py keep FOLDER
    python clients/backup/backup.py restore FOLDER [--go-on]

The deployment is found by `TABLE_NAME` and `BUCKET_NAME`, AWS by whatever boto3 is told. A copy is made again in the
same folder: only what is new is fetched. The folder holds

- `records.jsonl`: what lasts of the table, a record on each line in DynamoDB's own JSON
- `objects.jsonl`: the key of each file, its metadata, and the SHA-256 of its content
- `content/`: the contents, each once, named by their SHA-256

Sessions, tokens in mails, letters on their way and counts of guesses are not kept: what has ended would be alive again.
The keys that sign tokens are not kept either; without them everybody logs on anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

Record = dict[str, Any]

# What is on its way to a file, and zips that are fetched within minutes.
STAGING = ".staging/"

# How many objects are on their way at the same time: boto3 keeps ten connections.
PARALLEL = 10

PIECE_BYTES = 1 << 20


class Unusable(Exception):
    """Something that whoever runs the program can do something about."""


def lasts(record: Record) -> bool:
    """Whether a record is to be there again: accounts, owners of addresses, keys, trails, counts, deletions."""
    owner, name = record["pk"]["S"], record["sk"]["S"]
    if owner.startswith("USER#"):
        return name in ("PROFILE", "FILES") or name.startswith(("KEY#", "AUDIT#"))
    return name == "OWNER" or owner in ("DELETION", "UNDELIVERABLE")


def settled(record: Record) -> Record:
    """A count of files without the operations that were under way."""
    if record["sk"]["S"] != "FILES":
        return record
    return {name: value for name, value in record.items() if not name.startswith(("operation_", "ticket_"))}


class Copy:
    """The folder with the copy."""

    def __init__(self, folder: Path):
        self.records, self.objects, self.contents = (
            folder / "records.jsonl",
            folder / "objects.jsonl",
            folder / "content",
        )

    def known(self) -> dict[tuple[str, str], Record]:
        """What is known of objects, by key and entity tag."""
        if not self.objects.exists():
            return {}
        return {(it["key"], it["etag"]): it for it in lines(self.objects)}

    def content(self, digest: str) -> Path:
        """Where a content is."""
        return self.contents / digest[:2] / digest

    def add(self, stream: Any) -> str:
        """Takes a content in, and gives its SHA-256. It has its name once it is whole."""
        self.contents.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self.contents, delete=False) as file:
            for piece in stream.iter_chunks(PIECE_BYTES):
                digest.update(piece)
                file.write(piece)
        path = self.content(digest.hexdigest())
        path.parent.mkdir(exist_ok=True)
        os.replace(file.name, path)
        return digest.hexdigest()


def lines(path: Path) -> Iterator[Record]:
    """The records of a file."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def write(path: Path, records: Iterator[Record]) -> int:
    """Writes a file that is there whole or not at all, and readable for its owner only; how many records."""
    count = 0
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
            count += 1
    os.replace(file.name, path)
    return count


class Deployment:
    """The table and the bucket of a stack."""

    def __init__(self, table: str, bucket: str):
        self.table, self.bucket = table, bucket
        self.dynamodb, self.s3 = boto3.client("dynamodb"), boto3.client("s3")

    def records(self) -> Iterator[Record]:
        """Everything in the table."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        for page in pages:
            yield from page["Items"]

    def objects(self) -> Iterator[Record]:
        """Everything in the bucket."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            yield from ({"Key": it["Key"], "ETag": it["ETag"]} for it in page.get("Contents", []))

    def put(self, records: list[Record]) -> None:
        """Writes at most 25 records."""
        left: dict[str, Any] = {self.table: [{"PutRequest": {"Item": record}} for record in records]}
        while left:
            left = self.dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]


def keep(deployment: Deployment, folder: Path) -> str:
    """Fetches what is new. Files first: an account whose files came later has them in the next copy."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    copy = Copy(folder)
    known, fetched = copy.known(), 0

    def fetch(listed: Record) -> Record | None:
        nonlocal fetched
        key = listed["Key"]
        before = known.get((key, listed["ETag"]))
        if before and copy.content(before["sha256"]).exists():
            return before
        try:
            answer = deployment.s3.get_object(Bucket=deployment.bucket, Key=key)
        except deployment.s3.exceptions.NoSuchKey:
            return None  # It was deleted meanwhile.
        fetched += 1
        return {"key": key, "etag": answer["ETag"], "metadata": answer["Metadata"], "sha256": copy.add(answer["Body"])}

    wanted = (it for it in deployment.objects() if not it["Key"].startswith(STAGING))
    with ThreadPoolExecutor(PARALLEL) as threads:
        files = write(copy.objects, (it for it in threads.map(fetch, wanted) if it))
    records = write(copy.records, (settled(it) for it in deployment.records() if lasts(it)))
    return f"{records} records and {files} files are kept in {folder}, {fetched} of them fetched now"


def restore(deployment: Deployment, folder: Path, goes_on: bool = False) -> str:
    """Brings everything back. Files first: nobody finds an account without them. What was done before is done again."""
    copy = Copy(folder)
    if not (copy.records.exists() and copy.objects.exists()):
        raise Unusable(f"{folder} holds no copy that was finished")
    if not goes_on and any(record["sk"]["S"] == "PROFILE" for record in deployment.records()):
        raise Unusable(
            f"the table {deployment.table} has accounts already: restore into a new deployment, or, if they are from a"
            " restore that was cut off, with --go-on"
        )

    def send(it: Record) -> None:
        path = copy.content(it["sha256"])
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != it["sha256"]:
                raise Unusable(f"the content of {it['key']} in {path} has been damaged")
            file.seek(0)
            deployment.s3.upload_fileobj(file, deployment.bucket, it["key"], ExtraArgs={"Metadata": it["metadata"]})

    with ThreadPoolExecutor(PARALLEL) as threads:
        files = sum(1 for _ in threads.map(send, lines(copy.objects)))
    records: list[Record] = []
    count = 0
    for record in lines(copy.records):
        records.append(record)
        count += 1
        # As many as one call takes (BatchWriteItem).
        if len(records) == 25:
            deployment.put(records)
            records = []
    if records:
        deployment.put(records)
    return f"{count} records and {files} files are back"


def main() -> int:
    """What the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("command", choices=["keep", "restore"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--go-on", action="store_true", help="goes on with a restore that was cut off")
    arguments = parser.parse_args()
    missing = [name for name in ("TABLE_NAME", "BUCKET_NAME") if not os.environ.get(name)]
    if missing:
        print(f"set {' and '.join(missing)}: the outputs of the stack name them", file=sys.stderr)
        return 2
    deployment = Deployment(os.environ["TABLE_NAME"], os.environ["BUCKET_NAME"])
    try:
        if arguments.command == "keep":
            print(keep(deployment, arguments.folder))
        else:
            print(restore(deployment, arguments.folder, arguments.go_on))
    except (Unusable, OSError, BotoCoreError, ClientError) as error:
        print(f"Nothing more was done: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
