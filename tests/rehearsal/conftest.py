"""A deployment without AWS: `sam deploy` of what `sam build` has made to ministack, which makes its tables, roles and routes
and runs the functions as processes under the policies of their roles.

What ministack cannot do is taken out of the template before, and tested otherwise:

- CodeDeploy, which it does not know (tests/template says what it is told);
- routes that stream, which its gateway does not find (tests/api has streamed answers). They are made as others, and what
  the files function streams is taken apart here. Its gateway hands texts on, so only files of text pass it whole;
- the conditions of SendEmail, of which it knows neither the resources nor the sender (tests/template);
- the bucket's refusal of whatever does not come over TLS, because here nothing does (tests/template);
- processors of another kind: the functions are built for those of this machine.
"""

import json
import os
import platform
import re
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import boto3
import pytest
import requests
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
# What `make functions` leaves.
BUILD = ROOT / ".aws-sam" / "build"
# As `make functions` has it.
ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
STACK = "users-api-rehearsal"
SENDER = "users-api@example.org"
PUBLIC_URL = "https://api.example.org/users/api"
# A page that may use the API beside its own, as in tests/api.
PAGE = "https://app.example.org"
KEYS = "/rehearsal/signing-keys"
REGION = "eu-west-2"
# Of every member.
PASSWORD = "seven grey herons"
# The pause that a start may take, and the longest request, in seconds.
PATIENCE = 60


class Deployment:
    """A stack that was deployed: `api` is its address behind the gateway, and `outputs` are the stack's."""

    build = BUILD
    public_url = PUBLIC_URL
    sender = SENDER

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    @property
    def outputs(self):
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @property
    def api(self):
        gateway = self.outputs["ApiUrl"].removeprefix("https://").split(".")[0]
        return f"{self.endpoint}/restapis/{gateway}/live/_user_request_/users/api"

    def mails(self):
        answer = requests.get(f"{self.endpoint}/_ministack/ses/messages", timeout=PATIENCE).json()
        return [mail for mails in answer["messages"].values() for mail in mails]

    def ask(self, method, path, token=None, **request):
        """Status and body of an answer; the cookie of a session is sent by hand, since this is no HTTPS."""
        headers = request.pop("headers", {}) | ({"Cookie": f"session_token={token}"} if token else {})
        answer = requests.request(method, f"{self.api}/{path}", headers=headers, timeout=PATIENCE, **request)
        return parse(answer)

    def post(self, path, body, token=None):
        """Sends JSON. Headers and content of an answer, which is a success."""
        status, headers, text = self.ask("POST", path, token, json=body)
        assert status == 200, (path, status, text)
        return headers, json.loads(text)

    def log_on(self, email):
        """The token of a new session of a member."""
        headers, answer = self.post("auth", {"email": email, "password": PASSWORD})
        assert answer["ok"] is True, answer
        return re.search(r"session_token=([^;]+)", headers["set-cookie"])[1]


def parse(answer):
    """The status, headers and text of an answer, also of one that the gateway should have streamed."""
    head, streamed, body = answer.text.partition("\0" * 8)
    if not streamed:
        return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text
    head = json.loads(head)
    return head["statusCode"], head["headers"] | {"set-cookie": "\n".join(head["cookies"])}, body


def rendered(folder):
    """The template as `sam build` leaves it, for ministack."""
    template = yaml_parse((BUILD / "template.yaml").read_text(encoding="utf-8"))
    resources = template["Resources"]
    del resources["BucketPolicy"]
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        properties["CodeUri"] = str(BUILD / name)
        del properties["DeploymentPreference"]
        for policy in properties.get("Policies", []):
            for statement in policy["Statement"]:
                if statement["Action"] == "ses:SendEmail":
                    statement["Resource"] = "*"
                    del statement["Condition"]
        for event in properties["Events"].values():
            if event["Type"] == "Api":
                event["Properties"].pop("ResponseTransferMode", None)
                event["Properties"].pop("TimeoutInMillis", None)
    path = folder / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    return path


def start(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "AUTH": "true", "IOT_MTLS_ENABLED": "false", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "MINISTACK_REGION": REGION,
        # It keeps the functions it has unpacked there, and leaves them.
        "TMPDIR": str(folder),
    }
    with open(folder / "ministack.log", "wb") as log:
        process = subprocess.Popen([ROOT / ".venv/bin/ministack"], env=environment, stdout=log, stderr=log, cwd=folder)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(f"{endpoint}/_ministack/health", timeout=PATIENCE).raise_for_status()
            return process, endpoint
        except requests.ConnectionError:
            assert process.poll() is None and time.monotonic() < until, (folder / "ministack.log").read_text()
            time.sleep(0.1)


def sam(endpoint, *arguments):
    run(endpoint, ROOT / ".venv/bin/sam", *arguments, "--stack-name", STACK)


def run(endpoint, *command):
    """Runs a program that finds AWS by its environment."""
    environment = os.environ | {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION, "AWS_CONFIG_FILE": os.devnull, "SAM_CLI_TELEMETRY": "0",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsal")
    process, endpoint = start(folder)
    try:
        deployment = Deployment(endpoint)
        run(endpoint, sys.executable, ROOT / "clients/signing_keys/rotate.py", KEYS, "--first")
        deployment.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        build = folder / "build"
        build.mkdir()
        sam(
            endpoint, "deploy", "--template-file", rendered(build), "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset", "--parameter-overrides", f"PublicBaseUrl={PUBLIC_URL}", f"AllowedOrigins={PAGE}",
            f"SigningKeysParameter={KEYS}", f"MailSender={SENDER}", f"Architecture={ARCHITECTURE}",
        )
        yield deployment
        sam(endpoint, "delete", "--no-prompts", "--region", REGION)
        tables = deployment.client("dynamodb").list_tables()["TableNames"]
        assert deployment.client("lambda").list_functions()["Functions"] == [] and len(tables) == 1, "the users' data stay"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def member(deployment):
    """An account that has come about by its mail: address and token."""
    email = f"grace.{uuid.uuid4().hex}@example.org"
    deployment.post("register", {"email": email, "password": PASSWORD, "firstname": "Grace"})
    (mail,) = [mail for mail in deployment.mails() if mail["To"] == [email]]
    deployment.post("verify", {"token": re.search(r"verify\?token=([\w-]+)", mail["BodyText"])[1]})
    return email, deployment.log_on(email)


@pytest.fixture(scope="session")
def password():
    """That of every member."""
    return PASSWORD
