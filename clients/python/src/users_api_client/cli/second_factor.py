"""Commands about the second factor: `totp`, `totp on`, `totp off`."""

from __future__ import annotations

from typing import Optional

import typer

from .asking import first_code, secret, with_code
from .output import AS_JSON, show

totp = typer.Typer(help="Codes of an authenticator app at a login.", invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    app.add_typer(totp, name="totp")


@totp.callback()
def show_state(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Show whether a code is asked for at a login."""
    if context.invoked_subcommand:
        return
    with context.obj.logged_in() as client:
        state = client.second_factor()
    left = f"The second factor is on. Recovery codes left: {state['recovery_codes_left']}."
    show(left if state["enabled"] else "The second factor is off: `usersapi totp on` switches it on.", as_json, **state)


@totp.command("on")
def switch_on(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Have a code asked for at each login. All other sessions end.

    Your password is asked for, and a first code of your app; or they are the first two lines of standard input. What
    your app needs goes to standard error, the recovery codes to standard output.
    """
    with context.obj.logged_in() as client:
        begun = client.begin_second_factor(secret("Password"))
        typer.echo(f"Put this secret into your authenticator app: {begun['secret']}", err=True)
        typer.echo(f"Or let it read this address, as a QR code: {begun['uri']}", err=True)
        codes = first_code(client.confirm_second_factor)
    if not as_json:
        typer.echo(
            "From now on a code is asked for at each login, and all other sessions have ended. Keep these recovery "
            "codes where you find them without your app: each is good once in the place of a code, and they are not "
            "shown again.",
            err=True,
        )
    show("\n".join(codes), as_json, recovery_codes=codes)


@totp.command("off")
def switch_off(
    context: typer.Context,
    code: Optional[str] = typer.Option(None, help="Code of your authenticator app, or a recovery code."),
    as_json: bool = AS_JSON,
) -> None:
    """Have no code asked for any more. All other sessions end.

    Your password and a code are asked for. In a script the password is read from standard input.
    """
    with context.obj.logged_in() as client:
        password = secret("Password")
        status = with_code(lambda code: client.end_second_factor(password, code), code)
    show(status, as_json, status=status)
