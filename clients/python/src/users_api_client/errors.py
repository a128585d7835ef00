"""What can go wrong. The text of each error is a sentence for people: what happened, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Optional

if TYPE_CHECKING:
    from .report import Report


class UsersApiError(Exception):
    """Whatever this package reports.

    `kind` is its name for programs, as in the output of `usersapi --json`, and `exit_code` what `usersapi` ends with.
    After an error that `ends_transfer` the files that are still to come would fail in the same way. `report` is what a
    transfer has done until then.
    """

    report: Optional[Report] = None

    kind: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1
    ends_transfer: ClassVar[bool] = False


class Refused(UsersApiError):
    """The service does not do this; the text is its own."""

    kind = "refused"


class NotLoggedIn(UsersApiError):
    """There is no session and no key, or it has ended. `said` is what the service says."""

    said = ""

    kind = "not_logged_in"
    exit_code = 3
    ends_transfer = True


class WrongPassword(UsersApiError):
    """No account has this address and password."""

    kind = "wrong_password"
    exit_code = 3


class CodeNeeded(UsersApiError):
    """The password is right, and a code of the second factor is missing or wrong."""

    kind = "code_needed"
    exit_code = 3


class NotAllowed(Refused):
    """The key lacks a scope, or the role does not suffice (HTTP 403)."""

    kind = "not_allowed"
    exit_code = 3
    ends_transfer = True


class SessionNeeded(NotAllowed):
    """The service does this for a session only, not for an API key."""


class NotFound(Refused):
    """There is no such file or folder, session or key."""

    kind = "not_found"
    exit_code = 4


class AlreadyThere(Refused):
    """Something else is in the place, or is being changed (HTTP 409 and 412)."""

    kind = "already_there"
    exit_code = 5


class NotAFolder(Refused):
    """A file is where a folder is needed."""

    kind = "not_a_folder"


class NotAFile(Refused):
    """A folder is where a file is needed."""

    kind = "not_a_file"


class TooLarge(Refused):
    """The service takes no file of that size (HTTP 413)."""


class NoRoom(Refused):
    """The account's quota of bytes or files is used up (HTTP 413). `free` says how much room there is."""

    kind = "no_room"
    exit_code = 6
    ends_transfer = True

    def __init__(self, free: str, what: str = "this") -> None:
        super().__init__(f"There is no room for {what}: {free}")
        self.free = free


class ConnectionFailed(UsersApiError):
    """The service cannot be reached, or the connection was lost again and again.

    When it `is_final`, trying once more does not help: it was tried long enough, or the address is wrong.
    """

    is_final = False

    kind = "no_connection"
    exit_code = 7
    ends_transfer = True


class ServiceFailed(UsersApiError):
    """The service cannot do its work at the moment, or has a defect (HTTP 5xx)."""

    kind = "service_failed"
    exit_code = 7
    ends_transfer = True


class TooManyRequests(UsersApiError):
    """The service wants to be left alone for `wait_seconds` (HTTP 429)."""

    kind = "too_many_requests"
    exit_code = 7
    ends_transfer = True

    def __init__(self, text: str, wait_seconds: float) -> None:
        super().__init__(text)
        self.wait_seconds = wait_seconds


class OtherVersion(UsersApiError):
    """What answers is no Users API, or one of a version that this client does not know."""

    kind = "other_version"
    exit_code = 8
    ends_transfer = True


class FileChanged(UsersApiError):
    """A local file was written to while it was sent. Nothing of it is stored."""

    kind = "file_changed"


class TransferFailed(UsersApiError):
    """Some files have not arrived; `report` has each of them with its reason, and those that have."""

    kind = "transfer_failed"
