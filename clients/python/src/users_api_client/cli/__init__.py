"""The command `usersapi`."""

from __future__ import annotations

import signal
import sys
from typing import Any, NoReturn

# What a shell makes of a process that SIGTERM has ended.
TERMINATED = 128 + signal.SIGTERM


class Termination:
    """SIGTERM, which ends a command as Ctrl-C does."""

    def __init__(self) -> None:
        self.has_come = False
        signal.signal(signal.SIGTERM, self._interrupt)

    def _interrupt(self, *_: Any) -> NoReturn:
        self.has_come = True
        raise KeyboardInterrupt


def main() -> None:
    """Runs one command, and ends with 0, or with the exit code of the error, or of SIGTERM."""
    termination = Termination()
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
    except SystemExit:
        if termination.has_come:
            sys.exit(TERMINATED)
        raise
