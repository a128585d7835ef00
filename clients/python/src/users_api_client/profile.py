"""The fields of an account that its owner may change."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import UsersApiError

FIELDS = (
    "title",
    "firstname",
    "middlename",
    "surname",
    "nickname",
    "position",
    "company",
    "tel",
    "address",
    "postcode",
    "country",
    "website",
    "twitter",
    "linkedin",
    "use_jess",
)


def refuse_unknown(names: Iterable[str], api: str) -> None:
    """Raises `UsersApiError` for a name that is no field: the service at `api` would ignore it."""
    for name in names:
        if name == "email":
            raise UsersApiError(f"The address has to be confirmed: change it in the console, {api}/console/.")
        if name not in FIELDS:
            raise UsersApiError(f"There is no field {name}. Nothing was changed. The fields are: {', '.join(FIELDS)}.")
