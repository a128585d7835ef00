"""The client that a command works with, and what to do when it is not logged in."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Optional

from ..errors import NotLoggedIn, SessionNeeded
from ..session_token import KEY_PREFIX, is_key

if TYPE_CHECKING:
    from ..client import Client

DEFAULT_API = "http://localhost:9000/users/api"
KEY = "USERS_API_KEY"


class Chosen:
    """The service that the options name, and the user that is logged in to it."""

    def __init__(self, api: Optional[str]) -> None:
        self._api = api

    @property
    def key(self) -> Optional[str]:
        """The API key of the environment, which goes before what is stored."""
        return os.environ.get(KEY, "").strip() or None

    def client(self, use_keyring: bool = True, with_key: bool = True) -> Client:
        """The client for the service, logged in or not; `with_key` by the key of the environment if there is one."""
        # These take most of the time of a start: `--help` and completion need none of them.
        from ..client import Client
        from ..token_store import TokenStore

        store = TokenStore(use_keyring=use_keyring)
        api = self._api or store.current_api() or DEFAULT_API
        return Client(api, key=self.key if with_key else None, store=store)

    @contextlib.contextmanager
    def logged_in(self, with_key: bool = True) -> Iterator[Client]:
        """The client for the service. Raises `NotLoggedIn` if nobody is, and says how to be."""
        if with_key and self.key and not is_key(self.key):
            raise NotLoggedIn(f"What {KEY} holds is no API key, which begins with {KEY_PREFIX}: {self._another_key()}")
        with self.client(with_key=with_key) as client:
            log_in = f"Log in with `{self.login_command(client.api)}`"
            if not client.is_logged_in:
                hint = f"{KEY} is set: unset it to use that key no more." if self.key else f"{log_in}, or set {KEY}."
                raise NotLoggedIn(f"You are not logged in to {client.api}. {hint}")
            try:
                yield client
            except NotLoggedIn as error:
                error.args = (self._login_has_ended(client, log_in),)
                raise
            except SessionNeeded as error:
                first = f"unset {KEY} and log in" if self.key else "log in"
                error.args = (f"An API key is not enough for this: {first} with `{self.login_command(client.api)}`.",)
                raise

    def login_command(self, api: str) -> str:
        """The command that logs in to this service; it names the address if it has to."""
        from ..token_store import TokenStore

        otherwise = os.environ.get("USERS_API_URL") or TokenStore().current_api() or DEFAULT_API
        return "usersapi login" if api == otherwise.rstrip("/") else f"usersapi --api {shlex.quote(api)} login"

    def _another_key(self) -> str:
        return f"set another one. After `unset {KEY}` and a login, `usersapi keys create` makes one."

    def _login_has_ended(self, client: Client, log_in: str) -> str:
        if client.has_key and self.key:
            return f"The API key in {KEY} is wrong, expired or revoked: {self._another_key()}"
        if client.has_key:
            return f"The API key is wrong, expired or revoked. {log_in}, by password or with another key."
        return (
            f"You are not logged in to {client.api}, or your session has ended. {log_in}, then do the same again: it "
            "goes on where it stopped."
        )
