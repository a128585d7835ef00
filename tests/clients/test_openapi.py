"""What `GET /openapi.json` says of the service is true: a program that knows nothing else makes requests of it."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import requests

from local_stack import WORKSPACE, running_stack

# A stack of its own, since wrong passwords are sent by the dozen, which slows all guesses from this machine down.
SECONDS_PER_TEST = 600

# Every answer has a status, a type, headers and a shape that the document names, and none of them is a 5xx.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
]

@pytest.fixture(scope="module")
def quiet_service(tmp_path_factory):
    with running_stack(tmp_path_factory.mktemp("described") / "data") as stack:
        yield stack


def test_every_answer_is_as_the_document_says(quiet_service, tmp_path):
    command = [
        WORKSPACE / ".venv/bin/schemathesis", "run", f"{quiet_service.api}/openapi.json",
        "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "3",
        "--generation-deterministic", "--checks", ",".join(CHECKS), "--request-timeout", "60",
        "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert "Tested: 58" in done.stdout, done.stdout[-2_000:]


def test_the_document_says_where_the_service_is_and_pages_may_read_it(service):
    answer = requests.get(f"{service.api}/openapi.json", timeout=30)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    document = answer.json()
    assert document["openapi"] == "3.1.0" and document["servers"] == [{"url": service.api}]
    assert json.loads(answer.text) == document
