"""The Postman collection: as the service describes itself, and run from top to bottom. And what a linter says of that."""

import json
import subprocess
import sys

import requests

from local_stack import WORKSPACE
from people import PASSWORDS

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


def test_the_collection_runs_from_top_to_bottom(service, tmp_path):
    (tmp_path / "model.idf").write_text("Version,9.6;\n")
    given = {
        "api": service.api,
        "email": "pro@example.org",
        "password": PASSWORDS["pro@example.org"],
        "whole_run": "yes",
    }
    command = [TOOLS / "newman", "run", make.COLLECTION, "--environment", make.ENVIRONMENT, "--color", "off"]
    command += ["--working-dir", tmp_path, "--reporters", "cli,json", "--reporter-json-export", tmp_path / "run.json"]
    for name, value in given.items():
        command += ["--env-var", f"{name}={value}"]
    done = run(*command, folder=tmp_path)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr
    stats = json.loads((tmp_path / "run.json").read_text())["run"]["stats"]
    assert stats["requests"]["total"] > 45 and stats["assertions"]["total"] > 100, stats


def test_a_linter_finds_nothing_wrong_with_the_description(service, tmp_path):
    document = requests.get(f"{service.api}/openapi.json", timeout=30).json()
    # Of a local service it would say that nobody else can reach it.
    document["servers"] = [{"url": "https://users.service.example/users/api"}]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = run(TOOLS / "redocly", "lint", "openapi.json", "--format", "json", folder=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["totals"]["warnings"] == 0, done.stdout[-3_000:] + done.stderr
