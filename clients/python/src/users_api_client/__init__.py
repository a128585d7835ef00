"""Client of the Users API: sign-on, account, files and mail, as a library and as the command `usersapi`.

    from users_api_client import Client

    with Client("http://localhost:9000/users/api") as client:
        client.log_in("demo@example.org", "demo-password-1")
        client.put(["models"], to="today")

Everything that goes wrong is a `UsersApiError`, whose text says what happened and what to do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import Client
    from .errors import (
        AlreadyThere,
        CodeNeeded,
        ConnectionFailed,
        FileChanged,
        NoRoom,
        NotAFile,
        NotAFolder,
        NotAllowed,
        NotFound,
        NotLoggedIn,
        OtherVersion,
        Refused,
        ServiceFailed,
        SessionNeeded,
        TooLarge,
        TooManyRequests,
        TransferFailed,
        UsersApiError,
        WrongPassword,
    )
    from .files import Entry
    from .report import Moved, Outcome, Report
    from .token_store import TokenStore

__version__ = "0.1.0"

__all__ = [
    "AlreadyThere",
    "Client",
    "CodeNeeded",
    "ConnectionFailed",
    "Entry",
    "FileChanged",
    "Moved",
    "NoRoom",
    "NotAFile",
    "NotAFolder",
    "NotAllowed",
    "NotFound",
    "NotLoggedIn",
    "OtherVersion",
    "Outcome",
    "Refused",
    "Report",
    "ServiceFailed",
    "SessionNeeded",
    "TokenStore",
    "TooLarge",
    "TooManyRequests",
    "TransferFailed",
    "UsersApiError",
    "WrongPassword",
]

_MODULES = {
    "Client": "client",
    "Entry": "files",
    "Moved": "report",
    "Outcome": "report",
    "Report": "report",
    "TokenStore": "token_store",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: `usersapi --version` needs none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES.get(name, 'errors')}", __name__), name)
