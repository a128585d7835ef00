"""The Postman collection: as the service describes itself, and run from top to bottom. And what a linter says of that."""

import json
import re
import subprocess
import sys

import requests

from local_stack import WORKSPACE
from people import PASSWORDS, logged_on, pair

sys.path.insert(0, str(WORKSPACE / "clients/postman"))
import make  # noqa: E402

TOOLS = WORKSPACE / "tests/npm/node_modules/.bin"
NODE = WORKSPACE / ".venv/bin"


def run(*command, folder):
    environment = {"PATH": f"{NODE}:/usr/bin:/bin", "HOME": str(folder), "REDOCLY_TELEMETRY": "off"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def test_the_collection_is_the_one_that_is_made_from_the_description(service):
    document = requests.get(f"{service.api}/openapi.json", timeout=30).json()
    made = make.written(make.collection(document))
    assert made == make.COLLECTION.read_text(encoding="utf-8"), "make postman makes it anew"


def requests_of(folders):
    return [it for folder in folders for it in folder["item"]]


def test_a_variable_that_holds_a_request_back_is_one_that_the_request_holds():
    for it in requests_of(json.loads(make.COLLECTION.read_text(encoding="utf-8"))["item"]):
        for lines in (e["script"]["exec"] for e in it["event"] if e["listen"] == "prerequest"):
            for name in re.findall(r"!pm\.variables\.get\('(\w+)'\)", "\n".join(lines)):
                assert "{{" + name + "}}" in json.dumps(it["request"]), (it["name"], name)


def with_files(collection, name):
    """The collection after somebody has chosen a file wherever one is sent."""
    return collection.replace('"src": []', f'"src": "{name}"').replace('"file": {}', f'"file": {{"src": "{name}"}}')


def newman(service, place, given):
    """Runs the whole collection with the given variables: how it ended, and what it reports."""
    collection = place / "collection.json"
    collection.write_text(with_files(make.COLLECTION.read_text(encoding="utf-8"), "model.idf"), encoding="utf-8")
    (place / "model.idf").write_text("Version,9.6;\n")
    command = [TOOLS / "newman", "run", collection, "--environment", make.ENVIRONMENT, "--color", "off"]
    command += ["--working-dir", place, "--reporters", "cli,json", "--reporter-json-export", place / "run.json"]
    for name, value in ({"api": service.api} | given).items():
        command += ["--env-var", f"{name}={value}"]
    done = run(*command, folder=place)
    return done, json.loads((place / "run.json").read_text())["run"]


def test_the_collection_runs_from_top_to_bottom(service, tmp_path):
    given = {
        "email": "pro@example.org",
        "password": PASSWORDS["pro@example.org"],
        "new_email": "henry@example.org",
        "firstname": "Henry",
        "new_password": "seven grey herons",
        "token": "none",
        "code": "000000",
        "id": "0" * 32,
        "account_email": "demo@example.org",
        "may_end": "yes",
        "whole_run": "yes",
    }
    done, ran = newman(service, tmp_path, given)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr
    stats = ran["stats"]
    assert stats["requests"]["total"] > 45 and stats["assertions"]["total"] > 100, stats


def test_a_run_ends_nothing_of_whoever_has_not_said_that_it_may(service, tmp_path):
    client = logged_on(service)
    kept = f"{service.api}/files/own/kept.idf"
    assert client.put(kept, data=b"Version,9.6;").status_code == 200
    given = pair() | {"folder": "own", "path": "own/kept.idf", "to": "own/copy.idf"}
    done, _ = newman(service, tmp_path, given)
    assert done.returncode == 0 and "Not sent: this ends something for good" in done.stdout, done.stdout
    # The log-on, the account and the file are still there.
    assert client.get(kept).status_code == 200


def test_a_linter_finds_nothing_wrong_with_the_description(service, tmp_path):
    document = requests.get(f"{service.api}/openapi.json", timeout=30).json()
    # Of a local service it would say that nobody else can reach it.
    document["servers"] = [{"url": "https://users.service.example/users/api"}]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = run(TOOLS / "redocly", "lint", "openapi.json", "--format", "json", folder=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["totals"]["warnings"] == 0, done.stdout[-3_000:] + done.stderr
