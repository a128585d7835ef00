"""Makes and replaces the keys that sign session tokens, in Parameter Store.

    python clients/signing_keys/rotate.py NAME            the next step, if it is time for one; run it every day
    python clients/signing_keys/rotate.py NAME --first    makes the parameter, which must not be there yet
    python clients/signing_keys/rotate.py NAME --leaked   one new key at once: everybody logs on again

A key is named by the day on which it was made. It is published for a day before it signs, so that everybody who
verifies tokens has it; it signs for a month; and it verifies for eight more days, in which its last tokens and links in
mails expire. Nobody is logged off. Days on which the program did not run make nothing worse.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Key = dict[str, str]

# Functions and sibling services keep public keys for five minutes; a day is far more than that.
PUBLISHED = datetime.timedelta(days=1)
SIGNS = datetime.timedelta(days=30)
# What lives longest of what a key has signed or sealed: the link that undoes a change of address, for seven days.
VERIFIES = datetime.timedelta(days=8)


class Unusable(Exception):
    """Something that whoever runs the program can do something about."""


def new_key(day: datetime.date) -> Key:
    """A key on the curve P-256, in the form that the functions read."""
    private = ec.generate_private_key(ec.SECP256R1())
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {"kid": day.isoformat(), "pkcs8": base64.b64encode(der).decode()}


def made_on(key: Key) -> datetime.date:
    """The day in the name of a key; long ago for a key with another name."""
    try:
        return datetime.date.fromisoformat(key["kid"][:10])
    except ValueError:
        return datetime.date.min


def next_step(keys: list[Key], today: datetime.date) -> tuple[list[Key], str]:
    """The keys as they should be today, and what was done to them. The first of them signs."""
    signing, others = keys[0], keys[1:]
    coming = [key for key in others if made_on(key) > made_on(signing)]
    if coming:
        if today - made_on(coming[0]) < PUBLISHED:
            return keys, f"{coming[0]['kid']} is published and signs from tomorrow on"
        others = [key for key in keys if key is not coming[0]]
        return [
            coming[0] | {"signs_since": today.isoformat()},
            *others,
        ], f"{coming[0]['kid']} signs now, {signing['kid']} still verifies"
    if others and "signs_since" not in signing:
        # The list was changed by hand: the others may have signed until today.
        return [
            signing | {"signs_since": today.isoformat()},
            *others,
        ], f"{signing['kid']} signs, the others still verify"
    if others and today - datetime.date.fromisoformat(signing["signs_since"]) >= VERIFIES:
        return [signing], f"{', '.join(key['kid'] for key in others)} verifies no more"
    if today - made_on(signing) >= SIGNS:
        new = new_key(today)
        return [*keys, new], f"{new['kid']} was made and is published"
    return keys, f"{signing['kid']} signs, and nothing has to be done"


def read(ssm: Any, name: str) -> list[Key]:
    """The keys in the parameter."""
    text = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    try:
        keys: list[Key] = json.loads(text)["keys"]
        kids = [key["kid"] + key["pkcs8"] for key in keys]
    except (ValueError, KeyError, TypeError):
        raise Unusable(f"{name} does not hold signing keys") from None
    if not kids:
        raise Unusable(f"{name} holds no key")
    return keys


def write(ssm: Any, name: str, keys: list[Key], overwrite: bool) -> None:
    """Puts the keys into the parameter, encrypted."""
    ssm.put_parameter(Name=name, Type="SecureString", Value=json.dumps({"keys": keys}), Overwrite=overwrite)


def rotate(ssm: Any, name: str, today: datetime.date, first: bool, leaked: bool) -> str:
    """Does what was asked for; what that was."""
    if first:
        write(ssm, name, [new_key(today)], overwrite=False)
        return f"{name} holds its first key, {today}"
    keys = read(ssm, name)
    if leaked:
        kid = next(text for text in names(today) if text not in [key["kid"] for key in keys])
        write(ssm, name, [new_key(today) | {"kid": kid}], overwrite=True)
        return f"{kid} is the only key now: within five minutes everybody has to log on again"
    after, done = next_step(keys, today)
    if after != keys:
        write(ssm, name, after, overwrite=True)
    return done


def names(today: datetime.date) -> list[str]:
    """Names for a key of that day, of which the first is the usual one: a key that has leaked may be of today."""
    return [today.isoformat(), *(f"{today.isoformat()}-{number}" for number in range(2, 100))]


def main() -> int:
    """What the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", help="the parameter, such as /users-api-dev/signing-keys")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--first", action="store_true", help="makes the parameter")
    how.add_argument("--leaked", action="store_true", help="replaces all keys at once")
    arguments = parser.parse_args()
    today = datetime.datetime.now(datetime.timezone.utc).date()
    try:
        print(rotate(boto3.client("ssm"), arguments.name, today, arguments.first, arguments.leaked))
    except (Unusable, BotoCoreError, ClientError) as error:
        print(f"Nothing was changed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
