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
import particulars  # noqa: E402

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
                written = json.dumps(it["request"])
                assert "{{" + name + "}}" in written or "{{" + name + "_json}}" in written, (it["name"], name)


def test_a_variable_between_quotes_in_a_body_is_escaped_and_every_escaped_one_is_set():
    collection = json.loads(make.COLLECTION.read_text(encoding="utf-8"))
    bodies = [it["request"]["body"]["raw"] for it in requests_of(collection["item"]) if raw_body(it)]
    assert not re.findall(r'"{{\w+(?<!_json)}}', "".join(bodies))
    names = {name.removesuffix("_json") for name in re.findall(r"{{(\w+_json)}}", "".join(bodies))}
    assert names == set(particulars.IN_JSON)


def raw_body(it):
    return isinstance(it["request"], dict) and it["request"].get("body", {}).get("mode") == "raw"


def test_the_variable_that_lets_requests_through_names_them_all_and_no_others():
    collection = json.loads(make.COLLECTION.read_text(encoding="utf-8"))
    held = [it["name"] for it in requests_of(collection["item"]) if "may_end" in json.dumps(it["event"])]
    (told,) = (it["description"] for it in collection["variable"] if it["key"] == "may_end")
    assert sorted(re.findall("“(.*?)”", told)) == sorted(held)


def with_files(collection, name):
    """The collection after somebody has chosen a file wherever one is sent."""
    return collection.replace('"src": []', f'"src": "{name}"').replace('"file": {}', f'"file": {{"src": "{name}"}}')


def newman(service, place, given, names=()):
    """Runs the collection, or the named requests of it, with the given variables: how it ended, and what it reports."""
    collection = place / "collection.json"
    collection.write_text(with_files(make.COLLECTION.read_text(encoding="utf-8"), "model.idf"), encoding="utf-8")
    (place / "model.idf").write_text("Version,9.6;\n")
    command = [TOOLS / "newman", "run", collection, "--environment", make.ENVIRONMENT, "--color", "off"]
    command += ["--working-dir", place, "--reporters", "cli,json", "--reporter-json-export", place / "run.json"]
    for name in names:
        command += ["--folder", name]
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


def test_a_log_on_is_ended_once_whoever_has_it_says_that_it_may(service, tmp_path):
    client = logged_on(service)
    (mine,) = (it["id"] for it in client.get(f"{service.api}/sessions").json()["data"] if it["current"])
    given = pair() | {"id": mine}
    done, _ = newman(service, tmp_path, given, ["Log on", "End a log-on"])
    assert done.returncode == 0 and "Not sent: this ends something for good" in done.stdout, done.stdout
    assert client.get(f"{service.api}/user").status_code == 200
    done, _ = newman(service, tmp_path, given | {"may_end": "yes"}, ["Log on", "End a log-on"])
    assert done.returncode == 0, done.stdout
    assert client.get(f"{service.api}/user").status_code == 401


# What would end a text in JSON, and what a careless replacement would take for its own.
ODD_PASSWORD = 'grey "herons" \\ at\\night $& é'


def mails_to(service, email):
    return [mail["text"] for mail in requests.get(f"{service.mail}/mail", timeout=30).json() if email in mail["to"]]


def test_somebody_registers_without_a_name_and_logs_on_with_whatever_letters_a_password_has(service, tmp_path):
    email = "quoted@example.org"
    given = {"password": ODD_PASSWORD, "new_email": email}
    done, _ = newman(service, tmp_path, given, ["Register"])
    assert done.returncode == 0 and "Not sent" not in done.stdout, done.stdout
    token = re.search(r"verify\?token=([\w-]+)", mails_to(service, email)[-1])[1]
    given = {"email": email, "password": ODD_PASSWORD, "token": token}
    for names in (["Confirm an address"], ["Log on", "Prove once more who you are", "Read the account"]):
        done, ran = newman(service, tmp_path, given, names)
        assert done.returncode == 0 and ran["stats"]["requests"]["total"] == len(names), done.stdout
    client = requests.Session()
    assert client.post(f"{service.api}/auth", json={"email": email, "password": ODD_PASSWORD}).json()["ok"] is True
    assert not client.get(f"{service.api}/user").json()["data"]["firstname"]


def test_a_linter_finds_nothing_wrong_with_the_description(service, tmp_path):
    document = requests.get(f"{service.api}/openapi.json", timeout=30).json()
    # Of a local service it would say that nobody else can reach it.
    document["servers"] = [{"url": "https://users.service.example/users/api"}]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = run(TOOLS / "redocly", "lint", "openapi.json", "--format", "json", folder=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["totals"]["warnings"] == 0, done.stdout[-3_000:] + done.stderr
