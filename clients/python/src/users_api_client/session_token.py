"""The session token: a JWT that is good for a day, and what a client may read in it without its key."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Optional

KEY_PREFIX = "uapi_"
KEY = re.compile(rf"{KEY_PREFIX}\w*", re.ASCII)


@dataclass(frozen=True)
class Lifetime:
    """When a token was issued and when it ends, in seconds since 1970."""

    issued: float
    ends: float

    def is_half_over(self, now: float) -> bool:
        """Whether it is time for a new token. The old one is still good, so no other process is disturbed."""
        return now > (self.issued + self.ends) / 2


def is_key(text: str) -> bool:
    """Whether a text has the form of an API key; the service knows whether it is one."""
    return KEY.fullmatch(text) is not None


def lifetime(token: str) -> Optional[Lifetime]:
    """The times that a session token claims; None for an API key, and for what is no token.

    Nothing is verified: that is for the service.
    """
    try:
        claims = _claims(token)
        return Lifetime(float(claims["iat"]), float(claims["exp"]))
    except (KeyError, TypeError, ValueError):
        return None


def account(token: str) -> Optional[str]:
    """The account that a session token claims to be of; None for an API key, and for what is no token."""
    subject = _claims(token).get("sub")
    return subject if isinstance(subject, str) else None


def _claims(token: str) -> dict[str, Any]:
    if token.startswith(KEY_PREFIX):
        return {}
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
