"""The part of the client that is about the user: session, passwords, second factor, profile, keys, mail."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union

from . import profile, receiving, remote_path
from .errors import (
    AlreadyThere,
    CodeNeeded,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    Refused,
    UsersApiError,
    WrongPassword,
)
from .report import NobodyWatches, Watcher
from .session_token import KEY_PREFIX, is_key
from .token_store import Login, TokenStore
from .transport import Answer, Transport

Local = Union[str, "os.PathLike[str]"]
Self = TypeVar("Self", bound="AccountClient")

WRONG_PASSWORD = "No matching username"
WRONG_PRESENT_PASSWORD = "The present password is not right"
CODE_NEEDED = "A code is needed"
WRONG_CODE = ("The code is wrong", "The code is not right")
CODE_TEXT = "A code of your authenticator app, or a recovery code, is needed: give it too, as with `--code`."


class AccountClient:
    """One user of one service: sign-on and account. `Client` adds the files."""

    def __init__(
        self,
        api: str,
        key: Optional[str] = None,
        store: Optional[TokenStore] = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        api = api.rstrip("/")
        self._store = None if key else store
        login = self._store.load(api) if self._store else None
        self._transport = Transport(api, key or (login.token if login else None), self._store, clock)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections; the session goes on."""
        self._transport.close()

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a token or key; it may have ended."""
        return self._transport.token is not None

    @property
    def has_key(self) -> bool:
        """Whether the client is logged in by an API key."""
        return (self._transport.token or "").startswith(KEY_PREFIX)

    @property
    def api(self) -> str:
        """The address of the service."""
        return self._transport.api

    # The session

    def log_in(self, email: str, password: str, code: Optional[str] = None) -> str:
        """Begins a session; `code` is that of the second factor. Says where the token is kept, or `memory`.

        A session that was kept there is ended.
        Raises `WrongPassword`, `CodeNeeded`, and `TooManyRequests` after too many wrong passwords.
        """
        wish = {"email": email, "password": password, **({"code": code} if code else {})}
        self._transport.token = None
        try:
            response = self._transport.send("POST", "auth", patient=False, json=wish)
        except NotLoggedIn as error:
            raise _no_login(error.said, code) from None
        answer = self._transport.json(response)
        if answer.get("ok") is not True:
            raise _no_login(str(answer.get("status")), code)
        token = self._transport.adopt(response)
        if not token:
            raise self._transport.other_version()
        return self._keep(str(answer.get("email") or email), token)

    def log_in_with_key(self, key: str) -> str:
        """Goes on with an API key, if the service knows it. Says where it is kept, or `memory`.

        Raises `WrongPassword` for what is no key, and `NotLoggedIn` for one that the service does not know.
        """
        if not is_key(key):
            raise WrongPassword(
                f"That is no API key: keys begin with {KEY_PREFIX}. Make one with `usersapi keys create`."
            )
        email = "API key"
        # The key may be good without the scope for this.
        with AccountClient(self.api, key=key) as owner, contextlib.suppress(NotAllowed):
            email = str(owner.profile().get("email") or email)
        self._transport.token = key
        return self._keep(email, key)

    def log_out(self) -> None:
        """Ends the session for every process that uses it, and forgets the token. A key is only forgotten."""
        if not self.has_key:
            with contextlib.suppress(NotLoggedIn):
                self._transport.call("POST", "logout")
        self._transport.token = None
        if self._store:
            self._store.forget(self.api)

    def _keep(self, email: str, token: str) -> str:
        if not self._store:
            return "memory"
        before = self._store.load(self.api)
        kept_in = self._store.save(self.api, Login(email, token))
        # The new token is stored by then, so that processes which use the old one find it.
        if before and before.token != token:
            with contextlib.suppress(UsersApiError), AccountClient(self.api) as replaced:
                replaced._transport.token = before.token
                replaced.log_out()
        return kept_in

    def sessions(self) -> list[dict[str, Any]]:
        """Where the account is logged in: `id`, `current`, `created`, `last_used`, `device` and `network` of each."""
        return list(self._transport.call("GET", "sessions")["data"])

    def end_session(self, session_id: str) -> str:
        """Ends one session; what the service says. Raises `NotFound`."""
        return self._end("sessions", session_id, f"There is no session {session_id}, or it has ended")

    def end_other_sessions(self) -> str:
        """Ends all sessions but this one; what the service says."""
        return str(self._transport.call("DELETE", "sessions")["status"])

    # Passwords

    def register(self, email: str, password: str) -> str:
        """Asks for an account, which there is once the link in a mail has been followed. What the service says."""
        return self._tell("POST", "register", {"email": email, "password": password})

    def forgot_password(self, email: str) -> str:
        """Has a link mailed that sets a new password, if there is such an account. What the service says."""
        return self._tell("POST", "password/forgot", {"email": email})

    def change_password(self, password: str, new_password: str, code: Optional[str] = None) -> str:
        """Sets a new password, and ends all other sessions; what the service says. Raises as `log_in`."""
        return self._tell("POST", "password", {"password": password, "new_password": new_password, "code": code})

    def delete_account(self, password: str, code: Optional[str] = None) -> str:
        """Deletes the account with all its files, keys and sessions; what the service says. Raises as `log_in`."""
        status = self._tell("DELETE", "user", {"password": password, "code": code})
        self._transport.token = None
        if self._store:
            self._store.forget(self.api)
        return status

    # The second factor

    def second_factor(self) -> dict[str, Any]:
        """Whether codes are asked for at a login: `enabled`, and `recovery_codes_left`."""
        return dict(self._transport.call("GET", "totp")["data"])

    def begin_second_factor(self, password: str) -> dict[str, str]:
        """Makes a secret for an authenticator app: `secret`, and the `uri` with which apps take it over.

        No code is asked for before `confirm_second_factor`. Raises `WrongPassword`, and `AlreadyThere` if it is on.
        """
        try:
            return dict(self._prove("POST", "totp", {"password": password})["data"])
        except AlreadyThere:
            raise AlreadyThere(
                "The second factor is on already: switch it off first, with `usersapi totp off`."
            ) from None

    def confirm_second_factor(self, code: str) -> list[str]:
        """Switches the second factor on with a first code of the app, and ends all other sessions; the recovery codes.

        Each of them is good once in the place of a code, and they are told this once. Raises `CodeNeeded` for a wrong
        code.
        """
        return list(self._prove("POST", "totp/confirm", {"code": code})["data"]["recovery_codes"])

    def end_second_factor(self, password: str, code: Optional[str] = None) -> str:
        """Switches the second factor off, and ends all other sessions; what the service says. Raises as `log_in`."""
        try:
            return self._tell("DELETE", "totp", {"password": password, "code": code})
        except AlreadyThere:
            raise Refused("The second factor is off already: nothing was changed.") from None

    def _tell(self, method: str, path: str, wish: dict[str, Optional[str]]) -> str:
        return str(self._prove(method, path, wish)["status"])

    def _prove(self, method: str, path: str, wish: Mapping[str, Optional[str]]) -> Answer:
        given = {name: value for name, value in wish.items() if value is not None}
        try:
            return self._transport.call(method, path, patient=False, json=given)
        except NotLoggedIn as error:
            if error.said.startswith(WRONG_CODE):
                raise CodeNeeded(error.said) from None
            raise
        except Refused as error:
            if str(error).startswith((CODE_NEEDED, *WRONG_CODE)):
                raise _code_needed(str(error), given.get("code")) from None
            if str(error).startswith(WRONG_PRESENT_PASSWORD):
                raise WrongPassword("The password is wrong, and nothing was changed: try it once more.") from None
            raise

    # The account

    def profile(self) -> dict[str, Any]:
        """The account: names, address, company and so on."""
        return dict(self._transport.call("GET", "user")["data"])

    def update_profile(self, fields: Mapping[str, Any]) -> str:
        """Changes some fields of the account; an empty text empties a field. What the service says.

        Raises `UsersApiError` for a name that is no field.
        """
        profile.refuse_unknown(fields, self.api)
        return str(self._transport.call("POST", "user", json=dict(fields))["status"])

    def usage(self) -> dict[str, int]:
        """What is stored, what may be, and the room that is kept for uploads that have not ended.

        `bytes_used`, `bytes_limit`, `bytes_kept`, and the same of `files`.
        """
        return dict(self._transport.call("GET", "usage")["data"])

    def uploads(self) -> list[dict[str, Any]]:
        """The large files that were not sent wholly: `id`, `path`, `size`, `expires` of each, which keeps its room."""
        return list(self._transport.call("GET", "uploads")["data"])

    def end_upload(self, upload_id: str) -> str:
        """Gives an upload up, and its room back; what the service says. Raises `NotFound`."""
        return self._end("uploads", upload_id, f"There is no upload {upload_id}")

    def keys(self) -> list[dict[str, Any]]:
        """The API keys: `id`, `name`, `scope`, `created`, `last_used` and `expires` of each; never the secret."""
        return list(self._transport.call("GET", "keys")["data"])

    def create_key(self, name: str, scopes: Iterable[str], expires: Optional[str] = None) -> tuple[str, str]:
        """A new key for a script, and its id. The key is shown this once. `expires` is a day such as `2027-06-30`."""
        wish = {"name": name, "scope": " ".join(scopes), "expires": expires}
        answer = self._transport.call("POST", "keys", json=wish)
        return str(answer["key"]), str(answer["id"])

    def revoke_key(self, key_id: str) -> str:
        """Ends a key at once; what the service says. Raises `NotFound`."""
        return self._end("keys", key_id, f"There is no key {key_id}")

    def _end(self, kind: str, its_id: str, missing: str) -> str:
        """Ends a session, an upload or a key, as the API and the command line call them."""
        try:
            return str(self._transport.call("DELETE", f"{kind}/{remote_path.quoted(its_id)}")["status"])
        except NotFound:
            raise NotFound(f"{missing}: `usersapi {kind}` lists them.") from None

    def send_mail(self, title: str, message: str, email: Optional[str] = None) -> str:
        """Mails the user; `email` counts for administrators only. What the service says."""
        wish = {"title": title, "message": message, **({"email": email} if email else {})}
        return str(self._transport.call("POST", "send", json=wish)["status"])

    def export(self, local: Local, watcher: Optional[Watcher] = None) -> int:
        """Writes everything that the service holds on the user into a zip; its size in bytes."""
        return receiving.receive_zip(self._transport, "user/export", Path(local), watcher or NobodyWatches(), {})


def _no_login(said: str, code: Optional[str]) -> UsersApiError:
    """Why a login failed, by what the service says."""
    if said.startswith((CODE_NEEDED, *WRONG_CODE)):
        return _code_needed(said, code)
    if said.startswith(WRONG_PASSWORD):
        return WrongPassword("The address or the password is wrong: check both, and log in again.")
    return Refused(said)


def _code_needed(said: str, code: Optional[str]) -> CodeNeeded:
    """That a code is missing or, in the words of the service, what is wrong with the one that was given."""
    return CodeNeeded(said if code else CODE_TEXT)
