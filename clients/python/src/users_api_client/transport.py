"""Requests to the service: with the token, again after a lost connection, and with errors that say what to do."""

from __future__ import annotations

import contextlib
import copy
import ssl
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

import httpx

from . import __version__, sizes
from .errors import (
    AlreadyThere,
    ConnectionFailed,
    NoRoom,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    OtherVersion,
    Refused,
    ServiceFailed,
    SessionNeeded,
    TooLarge,
    TooManyRequests,
    UsersApiError,
)
from .patience import TRANSFER_SECONDS, Patience, Tries, pause
from .session_token import KEY_PREFIX, account, lifetime
from .token_store import TokenStore

COOKIE = "session_token"
MAJOR_VERSION = 1

SESSION_NEEDED = "This endpoint takes no API key"

# Whoever is asked to wait longer than this is told so.
LONGEST_WAIT_SECONDS = 30.0
# The service itself waits up to 20 s for its turn; a large upload takes long to complete.
TIMEOUT = httpx.Timeout(connect=10, read=120, write=60, pool=None)
CONNECTIONS = 16
CHECK_IN_SECONDS = 60.0


class Answer(dict[str, Any]):
    """The JSON object of an answer. A field that is missing is the mark of another version of the service."""

    def __init__(self, fields: dict[str, Any], transport: Transport) -> None:
        super().__init__(fields)
        self._transport = transport

    def __missing__(self, field: str) -> Any:
        raise self._transport.other_version()


@dataclass
class Held:
    """The token, and when it may be renewed next."""

    token: Optional[str]
    check_in_after: float = 0.0
    renewing: threading.Lock = field(default_factory=threading.Lock)


class Transport:
    """Speaks with one service as one user. May be used from several threads."""

    def __init__(
        self, api: str, token: Optional[str], store: Optional[TokenStore], clock: Callable[[], float] = time.time
    ) -> None:
        self.api = api.rstrip("/")
        self.patience = Patience()
        self._held = Held(token)
        self._store = store
        self._clock = clock
        # The certificates take 30 ms to load.
        certificates = httpx.create_ssl_context()
        self._client = _connections(certificates)
        # The bucket is another host, which gets neither token nor cookie.
        self.bucket = _connections(certificates)

    def for_transfer(self, tell: Callable[[str], None]) -> Transport:
        """The same with the patience of a transfer: it waits for a service that is away, and tells so."""
        patient = copy.copy(self)
        patient.patience = Patience(TRANSFER_SECONDS, tell)
        return patient

    @property
    def token(self) -> Optional[str]:
        """What the user is known by."""
        return self._held.token

    @token.setter
    def token(self, token: Optional[str]) -> None:
        self._held.token = token

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()
        self.bucket.close()

    def call(self, method: str, path: str, **request: Any) -> Answer:
        """The JSON of an answer whose `ok` is true, or the error that it stands for.

        `request` goes to httpx. Changes carry an `Idempotency-Key`, so that repeating them does not make them twice.
        """
        response = self.send(method, path, **request)
        body = self.json(response)
        if body.get("ok") is False:
            raise Refused(str(body.get("status")))
        return body

    def send(
        self,
        method: str,
        path: str,
        headers: Optional[Mapping[str, str]] = None,
        patient: bool = True,
        check: Callable[[httpx.Response], None] = lambda head: None,
        **request: Any,
    ) -> httpx.Response:
        """The whole answer, if its status is below 400. Unless `patient`, having to wait is an error.

        `check` sees the head of the answer, and may raise before the body is read.
        """
        keyed = keyed_once(method, headers)
        tries = Tries(self.patience)
        while True:
            try:
                with self.stream(method, path, keyed, patient, **request) as response:
                    check(response)
                    response.read()
                    return response
            except httpx.TransportError as error:
                tries.again(connection_failed(self.api, error))

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, headers: Optional[Mapping[str, str]] = None, patient: bool = True, **request: Any
    ) -> Iterator[httpx.Response]:
        """An answer whose body is still to be read, if its status is below 400. Large ones come from the bucket."""
        self._renew_if_due()
        keyed = keyed_once(method, headers)
        response = self._try(method, f"{self.api}/{path}", keyed, patient, request)
        try:
            if response.status_code >= 400:
                self._read_error(response)
                raise self._error(response)
            yield response
        finally:
            response.close()

    def adopt(self, response: httpx.Response, set_aside: Optional[str] = None) -> Optional[str]:
        """Goes on with the token that an answer has set; the token before is renewed in the store."""
        token = response.cookies.get(COOKIE)
        # The header is enough; a jar would send the token a second time.
        self._client.cookies.clear()
        if token:
            self.token = token
            if self._store and set_aside:
                self._store.renew(self.api, set_aside, token)
        return token

    def _try(
        self, method: str, url: str, headers: dict[str, str], patient: bool, request: dict[str, Any]
    ) -> httpx.Response:
        token, tries = self.token, Tries(self.patience)
        while True:
            authorized = {**headers, "Authorization": f"Bearer {token}"} if token else headers
            try:
                response = self._ask(self._client.build_request(method, url, headers=authorized, **request))
            except ConnectionFailed as error:
                tries.again(error)
                continue
            newer = self._newer_token(token) if response.status_code == 401 else None
            if newer is not None:
                response.close()
                self.token = token = newer
                continue
            wait = wait_seconds(response, tries.failures + 1) if patient else None
            if wait is None or wait > LONGEST_WAIT_SECONDS or not tries.has_more(response.status_code == 409):
                return response
            response.close()
            tries.rest(wait)

    def _ask(self, request: httpx.Request) -> httpx.Response:
        """The answer of the service, or that of the bucket where it leads to."""
        response = self._open(self._client, request)
        if response.status_code != 307:
            return response
        response.close()
        wanted = {name: value for name, value in request.headers.items() if name in ("range", "if-match")}
        bucket = self.bucket.build_request(request.method, response.headers["Location"], headers=wanted)
        return self._open(self.bucket, bucket)

    def _open(self, client: httpx.Client, request: httpx.Request) -> httpx.Response:
        try:
            return client.send(request, stream=True)
        except httpx.TransportError as error:
            raise connection_failed(self.api, error) from None

    def _read_error(self, response: httpx.Response) -> None:
        try:
            response.read()
        except httpx.TransportError as error:
            raise connection_failed(self.api, error) from None

    def _newer_token(self, refused: Optional[str]) -> Optional[str]:
        """The token that another process has stored since, if there is one of the same account."""
        login = self._store.load(self.api) if self._store and refused else None
        if login is None or refused is None or login.token == refused:
            return None
        is_same = account(refused) is not None and account(refused) == account(login.token)
        return login.token if is_same else None

    def _renew_if_due(self) -> None:
        """Checks in when half of the token's life is over. If that fails, the token is good for the other half."""
        with self._held.renewing:
            times = lifetime(self.token) if self.token else None
            if self.token is None or times is None or not times.is_half_over(self._clock()):
                return
            # The clocks of the two may differ by more than the life of a token.
            if time.monotonic() < self._held.check_in_after:
                return
            self._held.check_in_after = time.monotonic() + CHECK_IN_SECONDS
            old = self.token
            authorized = {"Authorization": f"Bearer {old}"}
            with contextlib.suppress(httpx.TransportError):
                self.adopt(self._client.post(f"{self.api}/checkin", headers=authorized), set_aside=old)

    def json(self, response: httpx.Response) -> Answer:
        """The object that an answer holds. Raises `OtherVersion` if it holds none."""
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self.other_version()
        return Answer(body, self)

    def _error(self, response: httpx.Response) -> UsersApiError:
        """What an answer of 400 and above means."""
        code = response.status_code
        try:
            text, ok, data = (response.json().get(name) for name in ("status", "ok", "data"))
        except (ValueError, AttributeError):
            text, ok, data = None, None, None
        if response.request.method == "HEAD":
            text, ok = f"The service says no (HTTP {code}).", False
        if ok is not False or not isinstance(text, str):
            if code in (502, 503, 504):
                return ServiceFailed(
                    f"The service is not available at the moment (HTTP {code}). Try again in a minute."
                )
            return self.other_version()
        if code == 401 and (self.token or "").startswith(KEY_PREFIX):
            return NotLoggedIn("The API key is wrong, expired or revoked. Make a new one with `usersapi keys create`.")
        if code == 401:
            ended = NotLoggedIn(
                "You are not logged in, or your session has ended: log in, then do the same again. It goes on where it "
                "stopped."
            )
            ended.said = text
            return ended
        if code == 403 and text.startswith(SESSION_NEEDED):
            return SessionNeeded("An API key is not enough for this: log in with address and password.")
        if code == 413:
            has_numbers = isinstance(data, dict)
            return NoRoom(sizes.free(Answer(data, self))) if has_numbers else TooLarge(sizes.made_readable(text))
        if code == 429:
            return TooManyRequests(text, float(response.headers.get("Retry-After", "0")))
        if (code == 404 and "no such endpoint" in text) or code == 405:
            return self.other_version()
        if code >= 500:
            return ServiceFailed(text)
        return {403: NotAllowed, 404: NotFound, 409: AlreadyThere, 412: AlreadyThere}.get(code, Refused)(text)

    def other_version(self) -> OtherVersion:
        """Asks the service for its version, to say why it is not understood."""
        try:
            info = self._client.get(f"{self.api}/info").json()
            version = f"{int(info['Major'])}.{int(info['Minor'])}"
        except (httpx.TransportError, ValueError, KeyError, TypeError):
            return OtherVersion(
                f"What answers at {self.api} is no Users API. Check the address: it ends in /users/api, as in "
                "http://localhost:9000/users/api."
            )
        return OtherVersion(
            f"The service at {self.api} has version {version}, and does not answer as this client ({__version__}, for "
            f"version {MAJOR_VERSION}) expects. Install the client for it, with `pip install ./clients/python` in a "
            "checkout of the project or from the wheel of a release, or ask the operators of the service."
        )


def keyed_once(method: str, headers: Optional[Mapping[str, str]]) -> dict[str, str]:
    """The headers of a request, with the key by which a change is made once although it is sent again."""
    key = {} if method in ("GET", "HEAD") else {"Idempotency-Key": str(uuid.uuid4())}
    return {**key, **(headers or {})}


def _connections(certificates: ssl.SSLContext) -> httpx.Client:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    agent = {"User-Agent": f"users-api-client/{__version__}", "Accept-Encoding": "identity"}
    return httpx.Client(timeout=TIMEOUT, limits=limits, headers=agent, verify=certificates)


def connection_failed(api: str, error: httpx.TransportError) -> ConnectionFailed:
    """A lost connection in words. The address in the bucket is a secret, so only the service is named."""
    what = "does not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
    failed = ConnectionFailed(
        f"The service at {api} {what} ({type(error).__name__}). Check the address and your network, then do the same "
        "again: it goes on where it stopped. Another address is given with `usersapi --api` or USERS_API_URL."
    )
    failed.is_final = isinstance(error, httpx.UnsupportedProtocol) or "CERTIFICATE_VERIFY_FAILED" in str(error)
    return failed


def wait_seconds(response: httpx.Response, tries: int) -> Optional[float]:
    """How long to wait before the same request may be answered otherwise; None if it will not be."""
    after = response.headers.get("Retry-After", "")
    if response.status_code in (409, 429, 503) and after.isdigit():
        return float(after)
    return pause(tries) if response.status_code in (502, 503, 504) else None
