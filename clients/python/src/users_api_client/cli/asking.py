"""Asking for secrets: at a terminal without an echo, or else line by line from standard input."""

from __future__ import annotations

import sys
from typing import Callable, Optional

import typer

from ..errors import CodeNeeded, UsersApiError


def secret(what: str) -> str:
    """A secret that is known already."""
    return _given(what, typer.prompt(what, hide_input=True, err=True) if sys.stdin.isatty() else _line())


def new_secret(what: str) -> str:
    """A secret that is new: at a terminal it is typed twice."""
    if not sys.stdin.isatty():
        return _given(what, _line())
    return _given(what, typer.prompt(what, hide_input=True, confirmation_prompt=f"{what} once more", err=True))


def with_code(action: Callable[[Optional[str]], str], code: Optional[str]) -> str:
    """What the action says that may need a code of the second factor, which is asked for if it does."""
    try:
        return action(code)
    except CodeNeeded:
        if code or not sys.stdin.isatty():
            raise
    return action(typer.prompt("Code", err=True))


def first_code(action: Callable[[str], list[str]]) -> list[str]:
    """What the action says that needs a code of the app, which is asked for until it is right."""
    if not sys.stdin.isatty():
        return action(_given("Code", _line()))
    while True:
        try:
            return action(typer.prompt("Code", err=True))
        except CodeNeeded as error:
            typer.echo(str(error), err=True)


def _line() -> str:
    return sys.stdin.readline().strip("\r\n")


def _given(what: str, text: str) -> str:
    if not text:
        raise UsersApiError(f"No {what.lower()} was given: type it, or send it to standard input.")
    return text
