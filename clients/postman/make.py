"""Makes the Postman collection from the service's own description.

    python clients/postman/make.py http://localhost:9000/users/api

The collection holds every operation, in an order in which it can be run from top to bottom: it logs on first and ends
what it began last. `{{api}}`, `{{email}}` and `{{password}}` come from the environment beside it.
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
FIRST = ["logOn", "put", "upload", "uploadRoot", "openUpload", "createKey", "beginSecondFactor"]
LAST = ["delete", "abortUpload", "revokeKey", "endSession", "logOff", "deleteAccount"]

# What a run of the whole collection must not do to whoever runs it.
NOT_RUN = ["changePassword", "changeAddress", "deleteAccount", "endSession", "logOff", "logOnByItsOtherName"]

# What an answer gives to the requests after it.
KEPT = {
    "createKey": ("key_id", "id"),
    "openUpload": ("upload_id", "id"),
}

VARIABLES = {"/keys/{id}": "key_id", "/uploads/{id}": "upload_id", "/uploads/{id}/complete": "upload_id"}


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


def request(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The request of an operation, with its example."""
    place = "models" if "multipart/form-data" in content(operation) else "models/model.idf"
    below = path.replace("{path}", place).replace("{id}", "{{" + VARIABLES.get(path, "id") + "}}")
    query = [
        {"key": it["name"], "value": "{{email}}" if it["name"] == "email" else "{{token}}"}
        for it in operation["parameters"]
        if it.get("in") == "query" and it.get("required")
    ]
    raw = "{{api}}" + below + ("?" + "&".join(f"{it['key']}={it['value']}" for it in query) if query else "")
    url: dict[str, Any] = {"raw": raw, "host": ["{{api}}"], "path": below.strip("/").split("/")}
    if query:
        url["query"] = query
    made: dict[str, Any] = {
        "method": method.upper(),
        "header": [],
        "url": url,
        "description": operation.get("description", operation["summary"]),
    }
    if "application/json" in content(operation):
        example = dict(content(operation)["application/json"]["example"])
        for name in ("email", "password", "token"):
            if name in example:
                example[name] = "{{" + name + "}}"
        made["header"] = [{"key": "Content-Type", "value": "application/json"}]
        made["body"] = {"mode": "raw", "raw": json.dumps(example, indent=2)}
    elif "multipart/form-data" in content(operation):
        made["body"] = {"mode": "formdata", "formdata": [{"key": "file", "type": "file", "src": "model.idf"}]}
    elif "application/octet-stream" in content(operation):
        made["header"] = [{"key": "Content-Type", "value": "application/octet-stream"}]
        made["body"] = {"mode": "file", "file": {"src": "model.idf"}}
    return made


def content(operation: dict[str, Any]) -> dict[str, Any]:
    """What an operation is sent, by its type."""
    sent: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return sent


def tests(operation: dict[str, Any]) -> list[str]:
    """What is looked at in an answer."""
    name = operation["operationId"]
    statuses = ", ".join(sorted(operation["responses"]))
    lines = [
        f"pm.test('the status is documented', () => pm.expect(pm.response.code).to.be.oneOf([{statuses}]));",
        "pm.test('nothing is wrong with the service', () => pm.expect(pm.response.code).to.be.below(500));",
    ]
    answer = operation["responses"]["200"].get("content", {}).get("application/json", {})
    required = answer.get("schema", {}).get("required", [])
    if "ok" in required or answer.get("schema", {}).get("$ref", "").endswith(("Done", "AuthReturn")):
        lines.append(
            "pm.test('it says whether it was done, and what', () => {"
            " const answer = pm.response.json();"
            " pm.expect(answer.ok).to.be.a('boolean'); pm.expect(answer.status).to.be.a('string'); });"
        )
    if name == "logOn":
        lines.append(
            "pm.test('the session is in the cookie', () => pm.expect(pm.cookies.has('session_token')).to.equal(true));"
        )
    if name in KEPT:
        variable, field = KEPT[name]
        lines.append(f"pm.collectionVariables.set('{variable}', pm.response.json().{field});")
    return lines


def item(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """One request of the collection."""
    made: dict[str, Any] = {
        "name": operation["summary"],
        "request": request(path, method, operation),
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": tests(operation)}}],
    }
    if operation["operationId"] in NOT_RUN:
        skip = [
            "// A run of the whole collection leaves this out; send it by itself.",
            "if (pm.environment.get('whole_run')) { pm.execution.skipRequest(); }",
        ]
        made["event"].insert(0, {"listen": "prerequest", "script": {"type": "text/javascript", "exec": skip}})
    return made


def collection(document: dict[str, Any]) -> dict[str, Any]:
    """The collection of a description."""
    folders = [
        {
            "name": tag["name"],
            "description": tag["description"],
            "item": [item(*operation) for operation in operations(document, tag["name"])],
        }
        for tag in document["tags"]
    ]
    info = document["info"]
    variables = [{"key": name, "value": "0" * 32} for name in ["id", "key_id", "upload_id"]]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "item": folders,
        "variable": [*variables, {"key": "token", "value": "what a link in a mail holds"}],
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
