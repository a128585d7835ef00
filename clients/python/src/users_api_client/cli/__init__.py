"""The command `usersapi`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs one command, and ends with 0, or with the exit code of the error."""
    from ..errors import UsersApiError
    from . import output
    from .app import app

    try:
        app(prog_name="usersapi")
    except UsersApiError as error:
        output.show_error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        output.show_error(UsersApiError(f"{error.filename or 'A file'} cannot be used: {error.strerror}."))
        sys.exit(UsersApiError.exit_code)
