"""Commands about the session: `login`, `logout`, `whoami`, `sessions`."""

from __future__ import annotations

from typing import Any, Optional

import typer

from ..errors import NotAllowed
from . import short_ids
from .asking import secret, with_code
from .connection import KEY
from .output import AS_JSON, local_time, show, table

sessions = typer.Typer(help="Where you are logged in.", invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)
    app.add_typer(sessions, name="sessions")


def login(
    context: typer.Context,
    email: Optional[str] = typer.Argument(None, help="Your address. Asked for if it is missing."),
    key: bool = typer.Option(False, "--key", help="Log in with an API key instead of address and password."),
    code: Optional[str] = typer.Option(None, help="Code of your authenticator app, or a recovery code."),
    keyring: bool = typer.Option(True, help="Keep the token in the keyring of the system, if there is one."),
    as_json: bool = AS_JSON,
) -> None:
    """Log in with your password or an API key, which is asked for, or read from standard input.

    The token is kept in the keyring of the system, or else in a file for you alone. It is renewed while you use it.
    """
    with context.obj.client(use_keyring=keyring, with_key=False) as client:
        if key:
            kept_in = client.log_in_with_key(secret("API key"))
        else:
            known = str(email or typer.prompt("Email", err=True))
            password = secret("Password")
            kept_in = with_code(lambda code: client.log_in(known, password, code), code)
        text = f"Logged in to {client.api}. The token is in: {kept_in}"
        show(text + _key_hint(context), as_json, api=client.api, kept_in=kept_in)


def _key_hint(context: typer.Context) -> str:
    if not context.obj.key:
        return ""
    return f"\n{KEY} is still set, and all commands use that key: unset it if they are not to."


def logout(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """End the session, also for other programs that use its token."""
    with context.obj.logged_in(with_key=False) as client:
        client.log_out()
        show("Logged out." + _key_hint(context), as_json, api=client.api)


def whoami(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Show who is logged in, and where."""
    with context.obj.logged_in() as client:
        try:
            profile = client.profile()
        except NotAllowed:
            show(f"An API key, at {client.api}", as_json, email=None, name=None, api=client.api)
            return
        name = " ".join(profile[part] for part in ("firstname", "surname") if profile.get(part))
        who = f"{profile['email']} ({name})" if name else profile["email"]
        show(f"{who} at {client.api}", as_json, email=profile["email"], name=name, api=client.api)


@sessions.callback()
def show_sessions(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List where you are logged in."""
    if context.invoked_subcommand:
        return
    with context.obj.logged_in() as client:
        found = client.sessions()
    show(
        table(("id", "since", "last used", "device", "network", ""), map(_row, short_ids.of(found), found)),
        as_json,
        sessions=found,
    )


def _row(session_id: str, session: dict[str, Any]) -> list[Any]:
    times = [local_time(session[name]) for name in ("created", "last_used")]
    return [session_id, *times, session["device"], session["network"], "this one" if session["current"] else ""]


@sessions.command("end")
def end_session(
    context: typer.Context,
    session_id: Optional[str] = typer.Argument(
        None, help="Id of the session, or its beginning, as `usersapi sessions` shows it."
    ),
    others: bool = typer.Option(False, "--others", help="End all sessions but this one."),
    as_json: bool = AS_JSON,
) -> None:
    """End one session, or all others."""
    if others == (session_id is not None):
        raise typer.BadParameter("Name one session, or say --others.")
    with context.obj.logged_in() as client:
        if session_id is None:
            status = client.end_other_sessions()
        else:
            status = client.end_session(short_ids.whole(session_id, client.sessions()))
        show(status, as_json, status=status)
