"""Where the token is kept between two runs: in the keyring of the operating system, or in a file for the owner alone.

One file for each service, in the user's configuration folder, tells who is logged on and holds the token, unless the
keyring has it. The file `current` names the service that was logged on to last. Each file is replaced as a whole, so
that processes which run at the same time never see half a token.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional
from urllib.parse import quote

import platformdirs

from .errors import UsersApiError

KEYRING_SERVICE = "users-api-client"


@dataclass(frozen=True)
class Login:
    """Whose token it is: an address, or a text for a key whose owner is not known."""

    email: str
    token: str


class TokenStore:
    """The tokens of this user of this machine.

    `folder` is `users-api-client` in the user's configuration folder if it is not given. With `use_keyring=False` new
    tokens go into files although there is a keyring.
    """

    def __init__(self, folder: Optional[Path] = None, use_keyring: bool = True) -> None:
        self.folder = folder or Path(platformdirs.user_config_dir("users-api-client", appauthor=False))
        self.use_keyring = use_keyring

    def current_api(self) -> Optional[str]:
        """The address of the service that was logged on to last."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self.folder / "current").read_text("utf-8").strip() or None
        return None

    def load(self, api: str) -> Optional[Login]:
        """The token for a service, if there is one."""
        try:
            kept = json.loads(self._file(api).read_text("utf-8"))
            token = kept["token"] if kept["token"] is not None else _from_keyring(api)
            return Login(str(kept["email"]), token) if token else None
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise UsersApiError(f"The file {self._file(api)} is damaged. Delete it and log in again.") from None

    def save(self, api: str, login: Login) -> str:
        """Keeps a token in the place of the one before; says where: `keyring` or the path of a file."""
        in_keyring = self.use_keyring and _to_keyring(api, login.token)
        kept = {"email": login.email, "token": None if in_keyring else login.token}
        self._replace(self._file(api), json.dumps(kept))
        self._replace(self.folder / "current", api)
        return "keyring" if in_keyring else str(self._file(api))

    def renew(self, api: str, old: str, new: str) -> None:
        """Keeps a renewed token where the old one was, unless another process has logged on or off meanwhile."""
        kept = self.load(api)
        if kept is None or kept.token != old:
            return
        in_keyring = json.loads(self._file(api).read_text("utf-8"))["token"] is None
        if not (in_keyring and _to_keyring(api, new)):
            self._replace(self._file(api), json.dumps({"email": kept.email, "token": new}))

    def forget(self, api: str) -> None:
        """Drops the token for a service."""
        with contextlib.suppress(FileNotFoundError):
            if json.loads(self._file(api).read_text("utf-8")).get("token") is None:
                _drop_from_keyring(api)
        with contextlib.suppress(FileNotFoundError):
            self._file(api).unlink()

    def _file(self, api: str) -> Path:
        return self.folder / f"{quote(api, safe='')}.json"

    def _replace(self, file: Path, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The file that mkstemp makes is readable for its owner alone, from its beginning.
        handle, new = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        with os.fdopen(handle, "w", encoding="utf-8") as content:
            content.write(text)
        os.replace(new, file)


def _to_keyring(api: str, token: str) -> bool:
    """Whether the keyring has taken the token: a machine without a desktop has none."""
    try:
        # It takes longer to import than most commands take.
        import keyring

        keyring.set_password(KEYRING_SERVICE, api, token)
        return keyring.get_password(KEYRING_SERVICE, api) == token
    except Exception:  # The back ends raise what they like; without one the token goes into a file.
        return False


def _from_keyring(api: str) -> Optional[str]:
    try:
        import keyring

        return keyring.get_password(KEYRING_SERVICE, api)
    except Exception as error:
        raise UsersApiError(
            f"The keyring does not give the token ({type(error).__name__}). "
            "Unlock it, or log in with `usersapi login --no-keyring`."
        ) from None


def _drop_from_keyring(api: str) -> None:
    with contextlib.suppress(Exception):
        import keyring

        keyring.delete_password(KEYRING_SERVICE, api)
