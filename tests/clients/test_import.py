"""Those who run the service bring accounts and files of another one along."""

import hashlib
import json
import os
import subprocess
import uuid

import pytest
import requests

from local_stack import WORKSPACE
from test_pages import link_in, mail_to

PASSWORD = "seven grey herons"

# bcrypt, argon2i and argon2id of other programs, all of `PASSWORD`; the last in the form of Django.
BCRYPT = "$2y$05$pHlg8r9SY/OIchem395OaegtngCSWNiSFL0jwPo6Uu5UXW.HNtJwC"
ARGON2I = "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$9To2tgnL5KP8Zm333tObLw"
DJANGO = "argon2$argon2id$v=16$m=64,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Um273WRMAbXqFhNxbyOC/6SAzvQNbQk3C2R2oZbkZT4"


@pytest.fixture
def bring(service, tmp_path):
    """Runs the program over the accounts in a list, and gives its exit code and what it says."""
    lines = (service.data / "aws.env").read_text().splitlines()
    environment = os.environ | dict(line.split("=", 1) for line in lines)

    def run(accounts, *options, name="accounts.json"):
        listed = tmp_path / name
        listed.write_text(accounts if isinstance(accounts, str) else json.dumps(accounts))
        command = [WORKSPACE / "target/debug/import", listed, "--report", tmp_path / "report.jsonl", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
        return done.returncode, done.stdout + done.stderr

    return run


def address(name):
    return f"{name}.{uuid.uuid4().hex}@example.org"


def log_on(service, email):
    client = requests.Session()
    answer = client.post(f"{service.api}/auth", json={"email": email, "password": PASSWORD}, timeout=30).json()
    return client if answer["ok"] else None


def test_who_had_a_password_elsewhere_logs_on_with_it_and_finds_profile_role_and_room(service, bring):
    ada, grace, joan = address("Ada"), address("grace"), address("joan")
    rows = f"""email,password_hash,firstname,surname,role,quota_bytes,created,company,shoe_size
{ada},{BCRYPT},Ada,Lovelace,pro,5000000,2019-03-04,"Engines, Ltd",38
{grace},"{ARGON2I}",Grace,,,,,,
{joan},"{DJANGO}",,,,,,,
"""
    code, said = bring(rows, name="accounts.csv")
    assert code == 0 and "3 accounts imported" in said and "shoe_size" in said, said
    client = log_on(service, ada)
    account = client.get(f"{service.api}/user").json()["data"]
    assert (account["firstname"], account["surname"], account["company"]) == ("Ada", "Lovelace", "Engines, Ltd")
    assert account["email"] == ada
    answer = client.post(f"{service.api}/auth", json={"email": ada, "password": PASSWORD}).json()
    assert answer["role"] == "pro"
    assert client.get(f"{service.api}/usage").json()["data"]["bytes_limit"] == 5_000_000
    events = client.get(f"{service.api}/audit").json()["data"]
    happened = sorted((event["event"], event["by"]) for event in events)
    assert happened == [("imported", "operator"), ("logged_on", "owner"), ("logged_on", "owner")]
    # The hash was made anew at the log-on; the password is the same.
    assert log_on(service, ada) and log_on(service, grace) and log_on(service, joan)
    wrong = requests.post(f"{service.api}/auth", json={"email": joan, "password": "eight grey herons"}, timeout=30)
    assert wrong.json()["ok"] is False


def test_who_had_none_is_asked_by_mail_to_set_one(service, bring):
    email = address("grace")
    code, said = bring([{"email": email, "firstname": "Grace", "password_hash": None}])
    assert code == 0, said
    assert log_on(service, email) is None
    requests.post(f"{service.api}/password/forgot", json={"email": email}, timeout=30)
    token = link_in(mail_to(service, email, "Set a new password")).split("token=")[1]
    reset = {"token": token, "password": PASSWORD}
    assert requests.post(f"{service.api}/password/reset", json=reset, timeout=30).json()["ok"] is True
    assert log_on(service, email).get(f"{service.api}/user").json()["data"]["firstname"] == "Grace"
    # What the service does every minute.
    tick = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    requests.post(f"http://localhost:{service.port}/2015-03-31/functions/send/invocations", json=tick, timeout=30)
    moved = mail_to(service, email, "Your account has moved")
    assert link_in(moved).endswith("/password/forgot")


def test_files_arrive_byte_for_byte_the_large_ones_too_and_a_second_run_sends_nothing_twice(service, bring, tmp_path):
    email = address("ada")
    folder = tmp_path / "files" / "17"
    (folder / "models/2024").mkdir(parents=True)
    contents = {
        "weather Bath #1.epw": os.urandom(1000),
        "models/2024/Größe.idf": b"Version,9.6;",
        "models/empty": b"",
        "results.eso": os.urandom(9_000_000),
    }
    for path, content in contents.items():
        (folder / path).write_bytes(content)
    (folder / "elsewhere").symlink_to("/etc/hostname")
    accounts = [{"email": email, "password_hash": ARGON2I, "folder": "17"}]
    files = ("--files", tmp_path / "files")
    code, said = bring(accounts, *files, "--dry-run")
    assert code == 1 and "1 accounts would be imported" in said and "4 files of 9001012 bytes" in said, said
    assert log_on(service, email) is None, "a dry run changes nothing"
    code, said = bring(accounts, *files)
    assert code == 1 and "4 files of 9001012 bytes imported" in said, said
    assert "elsewhere: it is neither a file nor a folder" in said
    client = log_on(service, email)
    for path, content in contents.items():
        arrived = client.get(f"{service.api}/files/{requests.utils.quote(path)}").content
        assert hashlib.sha256(arrived).digest() == hashlib.sha256(content).digest(), path
    usage = client.get(f"{service.api}/usage").json()["data"]
    assert (usage["bytes_used"], usage["files_used"]) == (9_001_012, 4)
    assert client.get(f"{service.api}/keys").json()["data"] == [], "the key of the program is revoked"
    code, said = bring(accounts, *files)
    assert "0 accounts imported, 1 were there" in said and "0 files of 0 bytes imported, 4 were there" in said, said
    (folder / "models/empty").write_bytes(b"no more")
    code, said = bring(accounts, *files)
    assert "1 files of 7 bytes imported, 3 were there" in said, said


def test_a_run_that_was_cut_off_is_gone_on_with_under_the_same_account(service, bring, tmp_path):
    email = address("ada")
    accounts = [{"email": email, "password_hash": ARGON2I}]
    assert bring(accounts)[0] == 0
    report = tmp_path / "report.jsonl"
    begun = report.read_text().splitlines()[0]
    assert json.loads(begun)["outcome"] == "begun"
    # As if the program had ended between making the account and saying so, in the middle of a line.
    report.write_text(begun + '\n{"outcome":"impo')
    code, said = bring(accounts)
    assert code == 0 and "1 were there from a run before" in said, said


def test_what_cannot_be_brought_along_is_named_with_the_reason_and_the_rest_comes(service, bring, tmp_path):
    good, twice = address("ada"), address("grace")
    (tmp_path / "files" / good).mkdir(parents=True)
    (tmp_path / "files" / good / "a\\b").write_bytes(b"x")
    accounts = [
        {"email": good, "password_hash": ARGON2I},
        {"email": "demo@example.org", "password_hash": ARGON2I},
        {"email": twice},
        {"email": twice.upper()},
        {"email": "no address"},
        {"firstname": "Nobody"},
        {"email": address("a"), "password_hash": "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"},
        {"email": address("b"), "role": "admin"},
        {"email": address("c"), "quota_bytes": "much", "disabled": "perhaps"},
        {"email": address("d"), "folder": "../else"},
    ]
    code, said = bring(accounts, "--files", tmp_path / "files")
    assert code == 1 and "3 accounts imported" in said and "9 refused" in said, said
    for reason in [
        "demo@example.org: the address has an account already",
        "the address stands in the list twice",
        "entry 6: it has no address",
        "the password hash is none of argon2",
        "an administrator is made by hand",
        '"perhaps" is neither true nor false; "much" is no whole number',
        '"../else" is no name of a folder',
    ]:
        assert reason in said, f"{reason} is not in {said}"
    refused = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert sum(line["outcome"] == "refused" for line in refused) == 9
    assert log_on(service, good)


def test_lists_that_are_none_are_refused_before_anything_is_done(bring):
    for text, reason in [
        ('{"email": ', "is no JSON"),
        ("[1]", "neither a list nor one object"),
        ("name\nAda\n", "no field `email`"),
        (f"email,password\n{address('ada')},secret\n", "passwords are not read"),
        ("email,firstname\na@example.org\n", "is no CSV"),
    ]:
        code, said = bring(text)
        assert code == 2 and reason in said, said
        assert "secret" not in said


def test_a_table_that_is_not_there_is_said_with_what_to_look_at(bring):
    code, said = bring([{"email": address("ada")}], "--table", "nowhere")
    assert code == 2 and "Look at the name of the table" in said, said
