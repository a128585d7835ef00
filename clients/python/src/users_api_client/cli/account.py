"""Commands about the account: `usage`, `uploads`, `profile`, `keys`, `send`, `export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Optional

import typer

from ..profile import FIELDS
from ..sizes import readable
from . import short_ids
from .output import AS_JSON, local_time, show, table
from .progress import bars

keys = typer.Typer(help="API keys for scripts.", invoke_without_command=True)
uploads = typer.Typer(help="Large files that were not sent wholly.", invoke_without_command=True)
profile = typer.Typer(help="Your account.", invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the app."""
    for command in (usage, send, export):
        app.command()(command)
    app.add_typer(keys, name="keys")
    app.add_typer(uploads, name="uploads")
    app.add_typer(profile, name="profile")


def usage(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Show how much you have stored, and how much you may."""
    with context.obj.logged_in() as client:
        data = client.usage()
    text = (
        f"{readable(data['bytes_used'])} of {readable(data['bytes_limit'])}, "
        f"{data['files_used']:,} of {data['files_limit']:,} files"
    )
    if data.get("bytes_kept"):
        text += f"; {readable(data['bytes_kept'])} are kept for uploads that have not ended (usersapi uploads)"
    show(text, as_json, **data)


def send(
    context: typer.Context,
    title: str = typer.Argument(..., help="Subject of the mail."),
    message: Optional[str] = typer.Argument(None, help="Text of the mail; standard input if it is missing."),
    email: Optional[str] = typer.Option(None, help="Whom to mail; for administrators. All others mail themselves."),
    as_json: bool = AS_JSON,
) -> None:
    """Mail yourself, for example when a job is done."""
    with context.obj.logged_in() as client:
        status = client.send_mail(title, sys.stdin.read() if message is None else message, email)
    show(status, as_json, status=status)


def export(
    context: typer.Context,
    file: Path = typer.Argument(Path("export.zip"), help="The zip that is written."),
    as_json: bool = AS_JSON,
) -> None:
    """Get everything that the service holds on you as one zip: account, sessions, keys, audit trail, files."""
    with context.obj.logged_in() as client, bars("Getting", as_json, goes_on=False) as watcher:
        size = client.export(file, watcher)
    show(f"{file} ({readable(size)})", as_json, local=str(file), size=size)


@uploads.callback()
def show_uploads(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List the large files that were not sent wholly: `usersapi put` goes on with them. They keep room for a day."""
    if context.invoked_subcommand:
        return
    with context.obj.logged_in() as client:
        found = client.uploads()
    rows = [
        (upload_id, one["path"], readable(one["size"]), local_time(one["expires"]))
        for upload_id, one in zip(short_ids.of(found), found)
    ]
    show(table(("id", "path", "size", "kept until"), rows), as_json, uploads=found)


@uploads.command("end")
def end_upload(
    context: typer.Context,
    upload_id: str = typer.Argument(..., help="Id of the upload, or its beginning, as `usersapi uploads` shows it."),
    as_json: bool = AS_JSON,
) -> None:
    """Give an upload up, and its room back."""
    with context.obj.logged_in() as client:
        status = client.end_upload(short_ids.whole(upload_id, client.uploads()))
    show(status, as_json, status=status)


@keys.callback()
def show_keys(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List your API keys; never their secrets."""
    if context.invoked_subcommand:
        return
    with context.obj.logged_in() as client:
        found = client.keys()
    rows = [
        [key_id, one["name"], one["scope"], *(local_time(one[name]) for name in ("created", "last_used", "expires"))]
        for key_id, one in zip(short_ids.of(found), found)
    ]
    show(table(("id", "name", "scope", "made", "last used", "ends"), rows), as_json, keys=found)


@keys.command("create")
def create_key(
    context: typer.Context,
    name: str = typer.Argument(..., help="What the key is for, such as `nightly build`."),
    scopes: list[str] = typer.Argument(..., help="files:read, files:write, send, account:read"),
    expires: Optional[str] = typer.Option(None, help="Last day, such as 2027-06-30; a year from now if missing."),
    as_json: bool = AS_JSON,
) -> None:
    """Make a key for a script. It is shown this once."""
    with context.obj.logged_in() as client:
        key, key_id = client.create_key(name, scopes, expires)
    if not as_json:
        typer.echo("Keep the key: it is not shown again. Scripts take it from the variable USERS_API_KEY.", err=True)
    show(key, as_json, key=key, id=key_id)


@keys.command("revoke")
def revoke_key(
    context: typer.Context,
    key_id: str = typer.Argument(..., help="Id of the key, or its beginning, as `usersapi keys` shows it."),
    as_json: bool = AS_JSON,
) -> None:
    """End a key at once."""
    with context.obj.logged_in() as client:
        status = client.revoke_key(short_ids.whole(key_id, client.keys()))
    show(status, as_json, status=status)


@profile.callback()
def show_profile(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """Show your account."""
    if context.invoked_subcommand:
        return
    with context.obj.logged_in() as client:
        found = client.profile()
    rows = [(name, value) for name, value in found.items() if value not in (None, "")]
    show(table(("field", "value"), rows), as_json, profile=found)


@profile.command("set")
def set_profile(
    context: typer.Context,
    fields: list[str] = typer.Argument(
        ...,
        metavar="FIELD=VALUE...",
        help=f"Such as company=ENSIMS; an empty value empties. The fields: {', '.join(FIELDS)}.",
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Change some fields of your account."""
    changes = dict(map(_change, fields))
    with context.obj.logged_in() as client:
        status = client.update_profile(changes)
    show(status, as_json, status=status)


def _change(field: str) -> tuple[str, str | bool]:
    name, sign, value = field.partition("=")
    if not sign:
        raise typer.BadParameter(f"{field} is no change: write FIELD=VALUE.")
    if name != "use_jess":
        return name, value
    if value not in ("true", "false"):
        raise typer.BadParameter("use_jess is either true or false.")
    return name, value == "true"
