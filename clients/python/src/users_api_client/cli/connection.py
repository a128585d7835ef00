"""The client that a command works with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from ..errors import NotLoggedIn

if TYPE_CHECKING:
    from ..client import Client

DEFAULT_API = "http://localhost:9000/users/api"


class Chosen:
    """The service that the options name, and the user that is logged in to it."""

    def __init__(self, api: Optional[str]) -> None:
        self._api = api

    def client(self, use_keyring: bool = True) -> Client:
        """The client for the service, logged in or not."""
        # These take most of the time of a start: `--help` and completion need none of them.
        from ..client import Client
        from ..token_store import TokenStore

        store = TokenStore(use_keyring=use_keyring)
        api = self._api or store.current_api() or DEFAULT_API
        return Client(api, key=os.environ.get("USERS_API_KEY") or None, store=store)

    def logged_in(self) -> Client:
        """The client for the service. Raises `NotLoggedIn` if nobody is."""
        client = self.client()
        if not client.is_logged_in:
            raise NotLoggedIn(
                f"You are not logged in to {client.api}. Log in with `usersapi login`, or set USERS_API_KEY."
            )
        return client
