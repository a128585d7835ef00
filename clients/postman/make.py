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

from particulars import (
    ENDS,
    FIRST,
    KEPT,
    LAST,
    NEEDED,
    NOT_TESTED,
    OWN,
    PARTING,
    PARTS_COMPANY,
    PLACES,
    QUERY,
    REFUSED,
    RENAMED,
    VARIABLES,
    WITH_CODE,
)
from scripts import CHOSEN, ENCODED, ESCAPED, MAY_END, WORKED, event, held_back

HERE = Path(__file__).parent
COLLECTION = HERE / "users-api.postman_collection.json"
ENVIRONMENT = HERE / "users-api.postman_environment.json"

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

METHODS = ["get", "head", "post", "put", "delete"]

# A file is chosen by whoever sends it.
NO_FILE: dict[str, Any] = {}


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


def header_row(parameter: dict[str, Any]) -> dict[str, Any]:
    """A header that may be sent."""
    return {"key": parameter["name"], "value": "", "description": parameter["description"], "disabled": True}


def json_body(operation: dict[str, Any]) -> str:
    """The example of a body, with variables for what is somebody's own."""
    example = dict(content(operation)["application/json"]["example"])
    if operation["operationId"] == "openUpload":
        # The size is a number, so that no quotes stand around its variable.
        return '{\n  "path": "{{path_json}}",\n  "size": {{size}}\n}'
    if operation["operationId"] in WITH_CODE:
        example["code"] = ""
    renamed = RENAMED.get(operation["operationId"], {})
    own = {name: "{{" + renamed.get(name, name) + "_json}}" for name in OWN if name in example}
    return json.dumps(example | own, indent=2)


def request(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The request of an operation, with its example."""
    place = "{{folder_encoded}}" if "multipart/form-data" in content(operation) else "{{path_encoded}}"
    below = path.replace("{path}", place).replace("{id}", "{{" + PLACES.get(path, "id") + "}}")
    made: dict[str, Any] = {
        "method": method.upper(),
        "header": [header_row(it) for it in operation["parameters"] if it.get("in") == "header"],
        "url": address(below, [query_row(it) for it in operation["parameters"] if it.get("in") == "query"]),
        "description": operation.get("description", operation["summary"]),
    }
    if "application/json" in content(operation):
        made["header"].append({"key": "Content-Type", "value": "application/json"})
        made["body"] = {"mode": "raw", "raw": json_body(operation)}
    elif "multipart/form-data" in content(operation):
        made["body"] = {"mode": "formdata", "formdata": [{"key": "file", "type": "file", "src": []}]}
    elif "application/octet-stream" in content(operation):
        made["header"].append({"key": "Content-Type", "value": "application/octet-stream"})
        made["body"] = {"mode": "file", "file": NO_FILE}
    return made


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
    if name == "completeUpload":
        lines.append("if (pm.response.code < 400) pm.collectionVariables.set('upload_id', '');")
    kept = [
        f"pm.collectionVariables.set('{it}', pm.response.json().{field});" for it, field in KEPT.get(name, {}).items()
    ]
    return [*lines, "if (pm.response.code < 400) {", *kept, "}"] if kept else lines


def before(operation: dict[str, Any]) -> list[str]:
    """What is looked at before an operation is asked for: better nothing is sent than something that was not meant."""
    name = operation["operationId"]
    lines = []
    if name in NOT_TESTED:
        lines.append("if (pm.variables.get('whole_run')) pm.execution.skipRequest();")
    if name in ENDS:
        lines += MAY_END
    for variable in NEEDED.get(name, ()):
        text = f"Not sent: set the variable {variable} first. {VARIABLES[variable][1]}"
        lines += held_back(f"!pm.variables.get('{variable}')", text)
    return lines + (CHOSEN if "application/octet-stream" in content(operation) else [])


def item(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """One request of the collection."""
    made: dict[str, Any] = {
        "name": operation["summary"],
        "request": request(path, method, operation),
        "event": [event("test", tests(operation))],
    }
    if lines := before(operation):
        made["event"].insert(0, event("prerequest", lines))
    return made


def variation(
    name: str, method: str, below: str, query: dict[str, str], description: str, first: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What an operation is also used for, as a request of its own; `first` is looked at before it is sent."""
    rows = [{"key": key, "value": value} for key, value in query.items()]
    made = {"method": method, "header": [], "url": address(below, rows), "description": description}
    events = [event("prerequest", list(first))] if first else []
    return {"name": name, "request": made, "event": [*events, event("test", WORKED)]}


def send_part() -> dict[str, Any]:
    """The request that sends a part straight to the bucket."""
    made = {
        "method": "PUT",
        "header": [],
        "url": "{{part_url}}",
        "body": {"mode": "file", "file": NO_FILE},
        "auth": {"type": "noauth"},
        "description": "The bytes of one part, without cookie or key, and no others: cut the file into pieces of "
        "`partSize` bytes before (`split -b 8388608 year.eso part.`; Postman does not cut), and choose the piece of "
        "that number. An answer with SignatureDoesNotMatch says that the piece has another size. Send “What has "
        "arrived of a file in parts” before each: it sets `part_url` to the next one that is missing. The console "
        "and `usersapi put` do all that by themselves.",
    }
    done = "All parts have arrived: send “Put a file in parts in its place”. Or begin a file in parts first."
    missing = held_back("!pm.variables.get('part_url')", done)
    return {
        "name": "Send a part",
        "request": made,
        "event": [event("prerequest", [*missing, *CHOSEN]), event("test", WORKED)],
    }


def with_key(name: str, method: str, below: str, test: str, description: str) -> dict[str, Any]:
    """A request that a script would make: with a key, and without the cookie, which would count before the key."""
    made = {
        "method": method,
        "header": [],
        "url": address(below, []),
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{key}}", "type": "string"}]},
        "description": description,
    }
    missing = held_back("!pm.variables.get('key')", "Not sent: make an API key first.")
    return {
        "name": name,
        "request": made,
        "event": [event("prerequest", missing), event("test", [test])],
        "protocolProfileBehavior": {"disableCookies": True},
    }


# By the operation that they follow.
VARIATIONS = {
    "createKey": [
        with_key(
            "List files with the key",
            "GET",
            "/files",
            "pm.test('the key may read', () => pm.expect(pm.response.code).to.equal(200));",
            "As a script asks that has no password.",
        ),
        with_key(
            "Write with the key",
            "POST",
            "/files/{{folder_encoded}}/made-with-the-key?mkdir",
            "const may = (pm.variables.get('scope') || '').includes('files:write');"
            " pm.test('it may if its scope says so', () => pm.expect(pm.response.code).to.equal(may ? 200 : 403));",
            "Makes a folder if the key has the scope `files:write`, and is refused otherwise.",
        ),
    ],
    "upload": [
        variation(
            "Make a folder", "POST", "/files/{{folder_encoded}}/new", {"mkdir": ""}, "It stays when it is empty."
        ),
        variation(
            "Copy a file or folder",
            "POST",
            "/files/{{path_encoded}}",
            {"copy": "{{to_encoded}}"},
            "To where nothing is.",
        ),
        variation(
            "Move or rename a file or folder",
            "POST",
            "/files/{{to_encoded}}",
            {"move": "{{folder_encoded}}/moved.idf"},
            "To where nothing is.",
        ),
    ],
    "read": [
        variation(
            "Download a folder as a zip",
            "GET",
            "/files/{{folder_encoded}}",
            {"format": "zip"},
            "Use “Send and Download”.",
        )
    ],
    "showUpload": [send_part()],
    "delete": [
        variation(
            "Delete a folder", "DELETE", "/files/{{folder_encoded}}", {}, "With everything in it.", tuple(MAY_END)
        )
    ],
}


def items(operations: list[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The requests of operations."""
    return [
        it for operation in operations for it in [item(*operation), *VARIATIONS.get(operation[2]["operationId"], [])]
    ]


def folders(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A folder for each tag, and a last one."""
    tags = [(tag, operations(document, tag["name"])) for tag in document["tags"]]
    parting = sorted(
        (it for _, found in tags for it in found if it[2]["operationId"] in PARTS_COMPANY),
        key=lambda it: PARTS_COMPANY.index(it[2]["operationId"]),
    )
    made = [
        {
            "name": tag["name"],
            "description": tag["description"],
            "item": items([it for it in found if it not in parting]),
        }
        for tag, found in tags
    ]
    last = {"name": PARTING, "description": "What ends log-ons, or the account.", "item": items(parting)}
    return [*made, last]


def collection(document: dict[str, Any]) -> dict[str, Any]:
    """The collection of a description."""
    info = document["info"]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "event": [event("prerequest", [*ENCODED, *ESCAPED])],
        "item": folders(document),
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
