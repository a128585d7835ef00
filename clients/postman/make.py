"""Makes the Postman collection from the service's own description.

    python clients/postman/make.py http://localhost:9000/users/api

The collection holds every operation, in an order in which it can be run from top to bottom: it logs on first and ends
what it began last. Where the service is, who uses it and what is worked on are variables of the collection; an
environment, such as the one beside it, may say other values.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COLLECTION = HERE / "users-api.postman_collection.json"
ENVIRONMENT = HERE / "users-api.postman_environment.json"

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

METHODS = ["get", "head", "post", "put", "delete"]

# In each folder these come first, because they make what the others need, and these last, because they end it.
FIRST = ["logOn", "put", "upload", "uploadRoot", "openUpload", "showUpload", "createKey", "beginSecondFactor"]
LAST = ["delete", "abortUpload", "revokeKey", "endSession", "logOff", "deleteAccount"]

# What a run of the whole collection must not do to whoever runs it.
NOT_RUN = ["changePassword", "changeAddress", "deleteAccount", "endSession", "logOff", "logOnByItsOtherName"]

# What only a mail, an app or an administrator gives, and an upload that has been completed: a run of the whole
# collection expects that these are refused.
REFUSED = [
    *("showNewAddress", "confirmNewAddress", "showAddressUndo", "undoAddress", "showReset", "resetPassword"),
    *("showVerification", "verify", "confirmSecondFactor", "endSecondFactor", "abortUpload"),
    *("findAccount", "readAccountOf", "changeAccountOf", "readEventsOf", "endSessionsOf"),
]

# What an answer gives to the requests after it.
KEPT = {
    "createKey": {"key_id": "id", "key": "key"},
    "openUpload": {"upload_id": "id", "part_url": "parts[0].url"},
    "showUpload": {"part_url": "parts[0].url"},
}

# What a run needs to know, what it is unless somebody says otherwise, and what it is for. The service that hands the
# collection out puts its own address in the place of `api`.
VARIABLES = {
    "api": ("http://localhost:9000/users/api", "Where the service is."),
    "email": ("demo@example.org", "Who you are."),
    "password": ("demo-password-1", "Your password."),
    "new_password": ("", "The password to set."),
    "folder": ("models", "A folder. Percent-encode blanks and other signs."),
    "path": ("models/model.idf", "A file or folder. Percent-encode blanks and other signs."),
    "to": ("models/copy.idf", "Where something is moved or copied."),
    "size": ("13", "Bytes of the file that is sent in parts."),
    "token": ("what a link in a mail holds", "What stands behind token= in a mail."),
    "code": ("000000", "Of the authenticator app."),
    "id": ("0" * 32, "Of an account or a log-on, from a list."),
    "key": ("", "Set by “Make an API key”. It counts as Bearer in a request without the cookie."),
    "key_id": ("0" * 32, "Set by “Make an API key”."),
    "upload_id": ("0" * 32, "Set by “Begin a file in parts”."),
    "part_url": ("", "Set by “Begin a file in parts” and “What has arrived of a file in parts”."),
}

# The variable for what stands in braces in a path.
PLACES = {"/keys/{id}": "key_id", "/uploads/{id}": "upload_id", "/uploads/{id}/complete": "upload_id"}

# Fields of examples that are somebody's own.
OWN = ["email", "password", "new_password", "token", "code"]

# Values for what a query may say.
QUERY = {"email": "{{email}}", "token": "{{token}}", "move": "{{to}}", "copy": "{{to}}", "format": "zip"}

MODEL = {"src": "model.idf"}


def operations(document: dict[str, Any], tag: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The operations of a tag as (path, method, description), in the order in which they are run."""
    found = [
        (path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item and item[method]["tags"] == [tag]
    ]

    def place(operation: tuple[str, str, dict[str, Any]]) -> tuple[int, int]:
        name = operation[2]["operationId"]
        if name in FIRST:
            return 0, FIRST.index(name)
        return (2, LAST.index(name)) if name in LAST else (1, 0)

    return sorted(found, key=place)


def content(operation: dict[str, Any]) -> dict[str, Any]:
    """What an operation is sent, by its type."""
    sent: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return sent


def address(below: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    """An address of the service, as Postman writes it. What is disabled in the query is shown and not sent."""
    sent = "&".join(f"{row['key']}={row['value']}" for row in query if not row.get("disabled"))
    made: dict[str, Any] = {
        "raw": "{{api}}" + below + ("?" + sent if sent else ""),
        "host": ["{{api}}"],
        "path": below.strip("/").split("/"),
    }
    if query:
        made["query"] = query
    return made


def query_row(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter of a query."""
    name = parameter["name"]
    row = {"key": name, "value": QUERY.get(name, ""), "description": parameter["description"]}
    return row if parameter.get("required") else row | {"disabled": True}


def json_body(operation: dict[str, Any]) -> str:
    """The example of a body, with variables for what is somebody's own."""
    example = dict(content(operation)["application/json"]["example"])
    if operation["operationId"] == "openUpload":
        # The size is a number, so that no quotes stand around its variable.
        return '{\n  "path": "{{path}}",\n  "size": {{size}}\n}'
    return json.dumps(example | {name: "{{" + name + "}}" for name in OWN if name in example}, indent=2)


def request(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The request of an operation, with its example."""
    place = "{{folder}}" if "multipart/form-data" in content(operation) else "{{path}}"
    below = path.replace("{path}", place).replace("{id}", "{{" + PLACES.get(path, "id") + "}}")
    made: dict[str, Any] = {
        "method": method.upper(),
        "header": [],
        "url": address(below, [query_row(it) for it in operation["parameters"] if it.get("in") == "query"]),
        "description": operation.get("description", operation["summary"]),
    }
    if "application/json" in content(operation):
        made["header"] = [{"key": "Content-Type", "value": "application/json"}]
        made["body"] = {"mode": "raw", "raw": json_body(operation)}
    elif "multipart/form-data" in content(operation):
        made["body"] = {"mode": "formdata", "formdata": [{"key": "file", "type": "file", **MODEL}]}
    elif "application/octet-stream" in content(operation):
        made["header"] = [{"key": "Content-Type", "value": "application/octet-stream"}]
        made["body"] = {"mode": "file", "file": MODEL}
    return made


WORKED = [
    "pm.test('it worked', () => {",
    " pm.expect(pm.response.code).to.be.below(400);",
    " const type = pm.response.headers.get('content-type') || '';",
    " const json = type.startsWith('application/json') && pm.response.text();",
    " if (json) pm.expect(JSON.parse(json).ok).to.not.equal(false);",
    "});",
]


def tests(operation: dict[str, Any]) -> list[str]:
    """What is looked at in an answer."""
    name = operation["operationId"]
    statuses = ", ".join(sorted(operation["responses"]))
    lines = [
        f"pm.test('the status is documented', () => pm.expect(pm.response.code).to.be.oneOf([{statuses}]));",
        "pm.test('nothing is wrong with the service', () => pm.expect(pm.response.code).to.be.below(500));",
    ]
    if name in REFUSED:
        refused = "pm.test('it is refused', () => pm.expect(pm.response.code).to.be.within(400, 499));"
        lines += ["if (pm.variables.get('whole_run')) {", refused, "} else {", *WORKED, "}"]
    else:
        lines += WORKED
    if name == "logOn":
        lines.append(
            "pm.test('the session is in the cookie', () => pm.expect(pm.cookies.has('session_token')).to.equal(true));"
        )
    if name == "put":
        lines.append("pm.test('a file was chosen', () => pm.expect(pm.response.json().fileSize).to.be.above(0));")
    for variable, field in KEPT.get(name, {}).items():
        lines.append(f"pm.collectionVariables.set('{variable}', pm.response.json().{field});")
    return lines


def event(listen: str, lines: list[str]) -> dict[str, Any]:
    """A script of a request."""
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def item(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """One request of the collection."""
    made: dict[str, Any] = {
        "name": operation["summary"],
        "request": request(path, method, operation),
        "event": [event("test", tests(operation))],
    }
    if operation["operationId"] in NOT_RUN:
        skip = [
            "// A run of the whole collection leaves this out; send it by itself.",
            "if (pm.variables.get('whole_run')) { pm.execution.skipRequest(); }",
        ]
        made["event"].insert(0, event("prerequest", skip))
    return made


def variation(name: str, method: str, below: str, query: dict[str, str], description: str) -> dict[str, Any]:
    """What an operation is also used for, as a request of its own."""
    rows = [{"key": key, "value": value} for key, value in query.items()]
    made = {"method": method, "header": [], "url": address(below, rows), "description": description}
    return {"name": name, "request": made, "event": [event("test", WORKED)]}


def send_part() -> dict[str, Any]:
    """The request that sends a part straight to the bucket."""
    made = {
        "method": "PUT",
        "header": [],
        "url": "{{part_url}}",
        "body": {"mode": "file", "file": MODEL},
        "auth": {"type": "noauth"},
        "description": "The bytes of one part, without cookie or key. For a file of several parts send “What has "
        "arrived of a file in parts” before each: it sets `part_url` to the next one that is missing.",
    }
    return {"name": "Send a part", "request": made, "event": [event("test", WORKED)]}


# By the operation that they follow.
VARIATIONS = {
    "upload": [
        variation("Make a folder", "POST", "/files/{{folder}}/new", {"mkdir": ""}, "It stays when it is empty."),
        variation("Copy a file or folder", "POST", "/files/{{path}}", {"copy": "{{to}}"}, "To where nothing is."),
        variation(
            "Move or rename a file or folder",
            "POST",
            "/files/{{to}}",
            {"move": "{{folder}}/moved.idf"},
            "To where nothing is.",
        ),
    ],
    "read": [
        variation(
            "Download a folder as a zip", "GET", "/files/{{folder}}", {"format": "zip"}, "Use “Send and Download”."
        )
    ],
    "showUpload": [send_part()],
    "delete": [variation("Delete a folder", "DELETE", "/files/{{folder}}", {}, "With everything in it.")],
}


def items(document: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    """All requests of a tag."""
    return [
        it
        for operation in operations(document, tag)
        for it in [item(*operation), *VARIATIONS.get(operation[2]["operationId"], [])]
    ]


def collection(document: dict[str, Any]) -> dict[str, Any]:
    """The collection of a description."""
    info = document["info"]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "item": [
            {"name": tag["name"], "description": tag["description"], "item": items(document, tag["name"])}
            for tag in document["tags"]
        ],
        "variable": [{"key": name, "value": value, "description": what} for name, (value, what) in VARIABLES.items()],
    }


def environment(api: str) -> dict[str, Any]:
    """Where the service is, and who uses it: as on one's own machine."""
    values = {"api": api, "email": "demo@example.org", "password": "demo-password-1"}
    return {
        "name": "Users API, local",
        "values": [{"key": key, "value": value, "enabled": True} for key, value in values.items()],
    }


def written(value: dict[str, Any]) -> str:
    """JSON as it lies in the files."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes both files."""
    api = sys.argv[1]
    with urllib.request.urlopen(f"{api}/openapi.json", timeout=30) as answer:
        document = json.load(answer)
    COLLECTION.write_text(written(collection(document)), encoding="utf-8")
    ENVIRONMENT.write_text(written(environment("http://localhost:9000/users/api")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
