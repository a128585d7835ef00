"""All commands of `usersapi`, and what they have in common: the service and the user."""

from __future__ import annotations

from typing import Optional

import typer

from .. import __version__
from . import account, files, listing, passwords, second_factor, session, transfer
from .connection import Chosen

app = typer.Typer(
    name="usersapi",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"usersapi {__version__}")
        raise typer.Exit


@app.callback()
def choose(
    context: typer.Context,
    api: Optional[str] = typer.Option(
        None,
        envvar="USERS_API_URL",
        help="Address of the service. Otherwise the one that was logged in to last, or http://localhost:9000/users/api.",
    ),
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Your account and files in a Users API: log in once, then put, get and sync files.

    The console, the same on a web page, is at the address of the service followed by /console/, such as
    http://localhost:9000/users/api/console/.

    Scripts need no login: set USERS_API_KEY to an API key, and USERS_API_URL to the address of the service.

    Exit codes: 0 done, 1 failed in part or whole, 2 wrong usage, 3 not logged in or not allowed, 4 not found,
    5 something is in the way, 6 no room, 7 no connection or service busy (try again), 8 service of another version,
    130 Ctrl-C, 143 SIGTERM.
    """
    context.obj = Chosen(api)


for group in (session, passwords, second_factor, listing, transfer, files, account):
    group.add_to(app)
