"""Those who run the service keep a copy of it, lose everything, and bring it back."""

import os
import subprocess
import sys
import uuid

import boto3
import pytest
import requests

from local_stack import WORKSPACE, LocalStack
from people import PASSWORDS, logged_on

# A second stack is started and stopped.
SECONDS_PER_TEST = 300

CONTENTS = {
    "weather Bath #1.epw": os.urandom(1000),
    "models/2024/Größe.idf": b"Version,9.6;",
    "models/2024/the same again.idf": b"Version,9.6;",
    "models/empty": b"",
}


def run(service, *arguments, **environment):
    """The program beside a stack: its exit code, and what it says."""
    lines = (service.data / "aws.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    variables["AWS_DEFAULT_REGION"] = variables["AWS_REGION"]
    command = [sys.executable, WORKSPACE / "clients/backup/backup.py", *arguments]
    done = subprocess.run(
        command, env=os.environ | variables | environment, capture_output=True, text=True, timeout=100
    )
    return done.returncode, done.stdout + done.stderr


def member(service):
    """Somebody with files, a key, and a session."""
    client = logged_on(service)
    home = f"kept-{uuid.uuid4().hex}"
    for path, content in CONTENTS.items():
        url = f"{service.api}/files/{home}/{requests.utils.quote(path)}"
        answer = client.put(url, data=content, headers={"Content-Type": "application/x-model"}, timeout=30)
        assert answer.json()["ok"] is True, answer.text
    assert client.post(f"{service.api}/files/{home}/nothing yet?mkdir", timeout=30).json()["ok"] is True
    key = client.post(f"{service.api}/keys", json={"name": "nightly", "scope": "files:read"}, timeout=30).json()
    return client, home, key["key"]


def stored(session, service, home):
    files = {}
    for path in CONTENTS:
        answer = session.get(f"{service.api}/files/{home}/{requests.utils.quote(path)}", timeout=30)
        assert answer.headers["content-type"] == "application/x-model"
        files[path] = answer.content
    return files


def test_a_copy_brings_everything_back_but_what_had_ended(service, tmp_path):
    client, home, key = member(service)
    usage = client.get(f"{service.api}/usage", timeout=30).json()["data"]
    before = len(client.get(f"{service.api}/audit?limit=1000", timeout=30).json()["data"])
    code, said = run(service, "keep", tmp_path / "copy")
    assert code == 0 and "are kept" in said, said
    code, said = run(service, "keep", tmp_path / "copy")
    assert code == 0 and ", 0 of them fetched now" in said, said
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0

    again = LocalStack(tmp_path / "again").start()
    try:
        code, said = run(again, "restore", tmp_path / "copy")
        assert code == 1 and "has accounts already" in said, said
        forget_the_accounts(again)
        contents = [path for path in (tmp_path / "copy/content").rglob("*") if path.is_file()]
        whole = contents[0].read_bytes()
        contents[0].write_bytes(whole + b"x")
        code, said = run(again, "restore", tmp_path / "copy")
        assert code == 1 and "has been damaged" in said, said
        contents[0].write_bytes(whole)
        for options in [(), ("--go-on",)]:
            code, said = run(again, "restore", tmp_path / "copy", *options)
            assert code == 0 and "are back" in said, said
        session = logged_on(again)
        assert stored(session, again, home) == CONTENTS
        assert "nothing yet" in session.get(f"{again.api}/files/{home}", timeout=30).text
        with_key = requests.Session()
        with_key.headers["Authorization"] = f"Bearer {key}"
        assert stored(with_key, again, home) == CONTENTS
        assert session.get(f"{again.api}/usage", timeout=30).json()["data"] == usage
        assert len(session.get(f"{again.api}/sessions", timeout=30).json()["data"]) == 1, "old sessions do not live again"
        events = session.get(f"{again.api}/audit?limit=1000", timeout=30).json()["data"]
        assert len(events) == before + 1
    finally:
        again.stop()


def forget_the_accounts(stack):
    """The accounts to try are in every local stack, and in no new deployment."""
    lines = (stack.data / "aws.env").read_text().splitlines()
    at = dict(line.split("=", 1) for line in lines)
    table = boto3.resource(
        "dynamodb",
        endpoint_url=at["AWS_ENDPOINT_URL_DYNAMODB"],
        region_name=at["AWS_REGION"],
        aws_access_key_id=at["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=at["AWS_SECRET_ACCESS_KEY"],
    ).Table(at["TABLE_NAME"])
    for record in table.scan()["Items"]:
        table.delete_item(Key={"pk": record["pk"], "sk": record["sk"]})
    answer = requests.post(
        f"{stack.api}/auth", json={"email": "pro@example.org", "password": PASSWORDS["pro@example.org"]}, timeout=30
    )
    assert answer.json()["ok"] is False


def test_a_folder_without_a_copy_is_not_brought_back(service, tmp_path):
    code, said = run(service, "restore", tmp_path)
    assert code == 1 and "no copy that was finished" in said, said


@pytest.mark.parametrize("name", ["TABLE_NAME", "BUCKET_NAME"])
def test_what_is_not_said_is_asked_for(service, tmp_path, name):
    code, said = run(service, "keep", tmp_path / "copy", **{name: ""})
    assert code == 2 and name in said, said
    assert not (tmp_path / "copy").exists()
