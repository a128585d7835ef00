"""Commands that ask for a password, or for a new one: `register`, `forgot`, `password`, `delete-account`."""

from __future__ import annotations

from typing import Optional

import typer

from ..errors import UsersApiError
from .asking import new_secret, secret, with_code
from .output import AS_JSON, show

CODE = typer.Option(None, help="Code of your authenticator app, or a recovery code.")
EMAIL = typer.Argument(..., help="Your address.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    for command in (register, forgot, password):
        app.command()(command)
    app.command("delete-account")(delete_account)


def register(context: typer.Context, email: str = EMAIL, as_json: bool = AS_JSON) -> None:
    """Get an account. The password is asked for, or read from standard input."""
    with context.obj.client(with_key=False) as client:
        status = client.register(email, new_secret("Password"))
        login = context.obj.login_command(client.api)
    text = (
        f"A mail to {email} is under way. Open the link in it, and give a password on its page: that one counts. Then "
        f"log in with `{login} {email}`."
    )
    show(text, as_json, status=status)


def forgot(context: typer.Context, email: str = EMAIL, as_json: bool = AS_JSON) -> None:
    """Get a mail with a link that sets a new password."""
    with context.obj.client(with_key=False) as client:
        status = client.forgot_password(email)
    show(status, as_json, status=status)


def password(context: typer.Context, code: Optional[str] = CODE, as_json: bool = AS_JSON) -> None:
    """Change your password; all other sessions end.

    The old one and the new one are asked for, or are the first two lines of standard input.
    """
    with context.obj.logged_in() as client:
        old, new = secret("Old password"), new_secret("New password")
        status = with_code(lambda code: client.change_password(old, new, code), code)
    show(status, as_json, status=status)


def delete_account(
    context: typer.Context,
    yes: bool = typer.Option(False, "--yes", help="Do not ask for the address once more."),
    code: Optional[str] = CODE,
    as_json: bool = AS_JSON,
) -> None:
    """Delete your account with all its files, keys and sessions, for ever.

    Your address and password are asked for. With --yes, for scripts, only the password is, or it is read from standard
    input.
    """
    with context.obj.logged_in() as client:
        if not yes:
            _confirm(str(client.profile()["email"]))
        known = secret("Password")
        status = with_code(lambda code: client.delete_account(known, code), code)
    show(status, as_json, status=status)


def _confirm(email: str) -> None:
    typer.echo(f"The account {email} will be deleted with all its files, keys and sessions, for ever.", err=True)
    typed = typer.prompt("Type its address to go on", err=True)
    if typed.strip().lower() != email.lower():
        raise UsersApiError(f"That is not {email}. Nothing was deleted.")
