"""What is particular about single operations in the collection, beyond what the service says of itself."""

from __future__ import annotations

# In each folder these come first, because they make what the others need, and these last, because they end it.
FIRST = ["logOn", "put", "upload", "uploadRoot", "openUpload", "showUpload", "createKey", "beginSecondFactor"]
LAST = ["delete", "abortUpload", "revokeKey"]

# The name of the last folder, for what a run of a folder must not do by the way.
PARTING = "parting"
PARTS_COMPANY = ["endOtherSessions", "endSession", "deleteAccount", "logOff"]

# What is gone for good afterwards: only with a word of whoever runs it.
ENDS = ["delete", "endOtherSessions", "endSession", "endSessionsOf", "deleteAccount"]

# What cannot be asked for without these variables, which only a mail, an app, a list or the user gives.
NEEDED = {
    **dict.fromkeys(["showNewAddress", "confirmNewAddress", "showAddressUndo", "undoAddress"], ("token",)),
    **dict.fromkeys(["showReset", "showVerification", "verify"], ("token",)),
    "resetPassword": ("token", "new_password"),
    "changePassword": ("new_password",),
    "changeAddress": ("new_email",),
    "register": ("new_email",),
    "findAccount": ("account_email",),
    **dict.fromkeys(["showUpload", "completeUpload", "abortUpload"], ("upload_id",)),
    **dict.fromkeys(["confirmSecondFactor", "endSecondFactor"], ("code",)),
    **dict.fromkeys(["readAccountOf", "changeAccountOf", "readEventsOf", "endSessionsOf", "endSession"], ("id",)),
}

# What the tests of the service leave out when they run all, and what they expect to be refused then.
NOT_TESTED = ["changePassword", "changeAddress", "deleteAccount", "logOnByItsOtherName", "endOtherSessions"]
REFUSED = [
    *("showNewAddress", "confirmNewAddress", "showAddressUndo", "undoAddress", "showReset", "resetPassword"),
    *("showVerification", "verify", "confirmSecondFactor", "endSecondFactor"),
    *("findAccount", "readAccountOf", "changeAccountOf", "readEventsOf", "endSessionsOf", "endSession"),
]

# What an answer gives to the requests after it.
KEPT = {
    "createKey": {"key_id": "id", "key": "key"},
    "openUpload": {"upload_id": "id", "part_url": "parts[0].url"},
    "showUpload": {"part_url": "parts[0]?.url ?? ''"},
}

# What a run needs to know, what it is unless somebody says otherwise, and what it is for. The service that hands the
# collection out puts its own address in the place of `api`.
VARIABLES = {
    "api": ("http://localhost:9000/users/api", "Where the service is."),
    "email": ("demo@example.org", "Who you are."),
    "password": ("demo-password-1", "Your password. Write the new one here after “Change the password”."),
    "code": (
        "",
        "Six digits of your authenticator app, if the account has one. Write the present ones before a request.",
    ),
    "new_email": ("", "The address to register, or to change to."),
    "account_email": ("", "Of the account that an administrator looks for."),
    "firstname": ("", "Of whom you register; it may stay empty."),
    "new_password": ("", "The password to set."),
    "folder": ("postman", "A folder, written as it is."),
    "path": ("postman/model.idf", "A file or folder, written as it is, with blanks and all."),
    "to": ("postman/copy.idf", "Where something is moved or copied."),
    "size": ("13", "Bytes of the whole file that is sent in parts."),
    "token": ("", "What stands behind token= in a mail."),
    "id": ("", "Of an account or a log-on, from a list."),
    "scope": (
        "files:read",
        "What the key may do that “Make an API key” makes: files:read files:write send account:read",
    ),
    "key": ("", "Set by “Make an API key”, used by “List files with the key” and “Write with the key”."),
    "key_id": ("", "Set by “Make an API key”."),
    "upload_id": ("", "Set by “Begin a file in parts”: of the file that is on its way."),
    "part_url": ("", "Set by “Begin a file in parts” and “What has arrived of a file in parts”: the next part."),
    "may_end": (
        "",
        "yes lets requests through that end something for good: “Delete a file, or a folder with its contents”, "
        "“Delete a folder”, “End all other log-ons”, “End a log-on”, “End all log-ons of an account”, “Delete the "
        "account”.",
    ),
}

# The variable for what stands in braces in a path.
PLACES = {"/keys/{id}": "key_id", "/uploads/{id}": "upload_id", "/uploads/{id}/complete": "upload_id"}

# Fields of examples that are somebody's own.
OWN = ["email", "firstname", "password", "new_password", "scope", "token", "code"]

# Bodies in which a code stands beside the password: an empty one counts as none.
WITH_CODE = [
    "logOn",
    "logOnByItsOtherName",
    "confirm",
    "changePassword",
    "changeAddress",
    "beginSecondFactor",
    "deleteAccount",
]

# Those where a field is about what is to come.
RENAMED = {
    "register": {"email": "new_email"},
    "changeAddress": {"email": "new_email"},
    "resetPassword": {"password": "new_password"},
}

# The variables that stand between quotes in bodies, as their names with `_json`.
IN_JSON = [*OWN, "new_email", "path"]

# Values for what a query may say.
QUERY = {
    "email": "{{account_email}}",
    "token": "{{token}}",
    "move": "{{to_encoded}}",
    "copy": "{{to_encoded}}",
    "format": "zip",
}
