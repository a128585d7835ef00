"""The client: everything a user can do with the service, as methods."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Optional

from . import download, files, finding, receiving, remote_path, sending, syncing
from .account import AccountClient, Local
from .errors import NotAFile, NotAFolder, NotFound
from .files import Entry
from .report import FileProgress, NobodyWatches, Report, Watcher
from .transport import Transport

ZIPPED = {"format": "zip"}


class Client(AccountClient):
    """One user of one service.

    `api` is the address of the service, such as `http://localhost:9000/users/api`. With `key` the client is logged in
    by that API key, and leaves the `store` alone. With `store` it is logged in as the last run was, and keeps the token
    there. Without either, call `log_in`.

    Paths are those of the user's files: names joined by slashes, from the root folder, which is `""`. Every method
    raises a `UsersApiError` when it fails. A client may be used from several threads. It checks in by itself when half
    of its token's life is over; the old token stays good, so clients do not log each other out.
    """

    def list_folder(self, folder: str = "") -> Iterator[Entry]:
        """What lies directly in a folder. Raises `NotFound`, and `NotAFolder` for a file."""
        return files.entries(self._transport, folder)

    def tree(self, folder: str = "", depth: Optional[int] = None) -> Entry:
        """A folder with all that lies below it, or `depth` levels of it. Raises as `list_folder`."""
        return files.tree(self._transport, folder, depth)

    def entry(self, path: str) -> Entry:
        """The file or folder at a path; of a folder without what lies in it. Raises `NotFound`."""
        return files.entry(self._transport, path)

    def is_folder(self, path: str) -> bool:
        """Whether a path is a folder; False for a file. Raises `NotFound`."""
        return self.entry(path).is_folder

    def find(self, pattern: str, folder: str = "") -> Iterator[Entry]:
        """All files and folders below a folder whose name holds a text, in whatever letter case.

        With *, ? or [ it is a pattern for the whole name, and with a slash for the whole path. Raises as `list_folder`.
        """
        return finding.find(files.tree(self._transport, folder), pattern)

    def make_folder(self, path: str) -> str:
        """Makes an empty folder that stays; its path."""
        return files.make_folder(self._transport, path)

    def move(self, path: str, new_path: str) -> str:
        """Moves or renames a file or folder to a path where nothing is; its new path. Raises `AlreadyThere`."""
        return files.move(self._transport, path, new_path)

    def copy(self, path: str, new_path: str) -> str:
        """Copies a file or folder to a path where nothing is; its path. Raises `AlreadyThere`."""
        return files.copy(self._transport, path, new_path)

    def remove(self, path: str) -> None:
        """Deletes a file, or a folder with all its contents. Raises `NotFound`."""
        files.remove(self._transport, path)

    def put(
        self,
        sources: Iterable[Local],
        to: str = "",
        watcher: Optional[Watcher] = None,
        checksum: bool = False,
        dry_run: bool = False,
    ) -> Report:
        """Sends files and folders into the folder `to`, which is made as needed; folders keep their names below it.

        What is there already, by size and content, is not sent again. Large files are gone on with after a break. A zip
        stays a zip. With `checksum` the service compares the SHA-256 of large files before it stores them. A `dry_run`
        changes nothing: the report is what would be done. A service that is away is waited for, for a minute.

        Raises `TransferFailed` after all others have been sent if some files failed, and at once what would stop every
        file, such as `NoRoom` or `NotLoggedIn`. The same call then goes on.
        """
        chosen = [Path(source) for source in sources]
        found = sending.places(chosen, to)
        watcher, transport = self._for_transfer(watcher)
        there: dict[str, Entry] = {}
        for source in chosen:
            if source.is_dir():
                there |= sending.files_below(transport, remote_path.join(to, source.name or source.resolve().name))
        if not all(source.is_dir() for source in chosen):
            there |= sending.files_in(transport, to)
        return sending.Sending(transport, watcher, checksum, dry_run).send(found, there)

    def put_file(
        self,
        local: Local,
        path: str,
        watcher: Optional[Watcher] = None,
        checksum: bool = False,
        dry_run: bool = False,
    ) -> Report:
        """Sends one file to a path, where it may have another name, or into the folder before a last slash.

        Otherwise as `put`.
        """
        if path.endswith("/"):
            path = remote_path.join(path, Path(local).name)
        found = sending.found_file(Path(local), path)
        watcher, transport = self._for_transfer(watcher)
        try:
            there = {found.path: files.entry(transport, path)}
        except NotFound:
            there = {}
        return sending.Sending(transport, watcher, checksum, dry_run).send([found], there)

    def get(
        self,
        path: str,
        local: Local,
        watcher: Optional[Watcher] = None,
        keep: bool = False,
        dry_run: bool = False,
    ) -> Report:
        """Reads a file or folder into the local path `local`, which is the new place of the file or folder itself.

        A file goes into the folder `local` if that ends in a slash, and into what is there if that is a pipe or device.
        What is here already, by size and content, is not read again. Large files are gone on with after a break. Local
        files are replaced when all of the new content has arrived; with `keep` those that differ stay. A `dry_run`
        changes nothing: the report is what would be done. Raises like `put`, and `NotFound`.
        """
        watcher, transport = self._for_transfer(watcher)
        entry = receiving.find(transport, path)
        into_folder = not entry.is_folder and os.fspath(local).endswith(("/", os.sep))
        target = Path(local, entry.name) if into_folder else Path(local)
        if not dry_run:
            receiving.make_folders(entry, target)
        return receiving.Receiving(transport, watcher, keep, dry_run).receive(receiving.places(entry, target))

    def read_into(self, path: str, target: BinaryIO, watcher: Optional[Watcher] = None) -> int:
        """Writes the bytes of a file into an open stream, such as `sys.stdout.buffer`; how many. Raises `NotFound`."""
        watcher, transport = self._for_transfer(watcher)
        entry = files.entry(transport, path)
        if entry.is_folder:
            raise NotAFile(f"{path or 'The root'} is a folder: name a file in it, or get the folder as one zip.")
        download.read_into(transport, path, entry.size, target, FileProgress(watcher, entry.path, entry.size))
        return entry.size

    def get_zip(self, folder: str, local: Local, watcher: Optional[Watcher] = None) -> int:
        """Reads a folder as one zip into a local file; its size in bytes. Raises `NotFound` and `NotAFolder`."""
        url = self._folder_url(folder)
        return receiving.receive_zip(self._transport, url, Path(local), watcher or NobodyWatches(), ZIPPED)

    def read_zip_into(self, folder: str, target: BinaryIO, watcher: Optional[Watcher] = None) -> int:
        """Writes a folder as one zip into an open stream; its size in bytes. Raises `NotFound` and `NotAFolder`."""
        url = self._folder_url(folder)
        return receiving.read_zip_into(self._transport, url, target, watcher or NobodyWatches(), ZIPPED)

    def sync_up(
        self,
        local: Local,
        folder: str,
        delete: bool = False,
        watcher: Optional[Watcher] = None,
        dry_run: bool = False,
    ) -> Report:
        """Makes a folder of the service hold what a local folder holds; with `delete`, nothing else.

        A `dry_run` changes nothing: the report is what would be done.
        """
        watcher, transport = self._for_transfer(watcher)
        return syncing.sync_up(transport, Path(local), folder, watcher, delete, dry_run)

    def sync_down(
        self,
        folder: str,
        local: Local,
        delete: bool = False,
        watcher: Optional[Watcher] = None,
        dry_run: bool = False,
    ) -> Report:
        """Makes a local folder hold what a folder of the service holds; with `delete`, nothing else.

        A `dry_run` changes nothing: the report is what would be done.
        """
        watcher, transport = self._for_transfer(watcher)
        return syncing.sync_down(transport, folder, Path(local), watcher, delete, dry_run)

    def _for_transfer(self, watcher: Optional[Watcher]) -> tuple[Watcher, Transport]:
        """Who watches a transfer, and a transport that waits for a service that is away."""
        watcher = watcher or NobodyWatches()
        return watcher, self._transport.for_transfer(watcher.wait)

    def _folder_url(self, folder: str) -> str:
        if not files.entry(self._transport, folder).is_folder:
            raise NotAFolder(f"{folder} is a file, and only folders come as a zip: get it as it is.")
        return remote_path.url(folder)
