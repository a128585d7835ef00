"""Every function is permitted what it does, and nothing else: an action that is taken from its role is missed at once.

The signing keys are read when a process starts, so `ssm:GetParameter` has a test of its own. `s3:DeleteObjectVersion` takes back
what a change has stored before it failed; ministack asks for `s3:DeleteObject` instead, so the stories show that it is used.
"""

import contextlib
import io
import json
import re
import uuid
import zipfile

import pytest

SEEN_APART = {"ssm:GetParameter", "s3:DeleteObjectVersion"}


UNKNOWN_EVENT = "this function is told nothing by other services"
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


def invoke(deployment, function, event, version):
    """What goes wrong when a version of a function is given an event."""
    aws = deployment.client("lambda")
    (name,) = [it["FunctionName"] for it in aws.list_functions()["Functions"] if f"-{function}-" in it["FunctionName"]]
    answer = aws.invoke(FunctionName=name, Qualifier=version, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())["errorMessage"] if answer.get("FunctionError") else ""


class Role:
    """The role of a function, whose policy can be another one for a while."""

    def __init__(self, deployment, function):
        self.iam = deployment.client("iam")
        (self.name,) = [it["RoleName"] for it in self.iam.list_roles()["Roles"] if f"-{function}Role-" in it["RoleName"]]
        (self.policy,) = self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        self.statements = self.iam.get_role_policy(RoleName=self.name, PolicyName=self.policy)["PolicyDocument"]["Statement"]

    def put(self, statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_role_policy(RoleName=self.name, PolicyName=self.policy, PolicyDocument=document)

    @contextlib.contextmanager
    def without(self, action):
        fewer = [
            statement | {"Action": [it for it in as_list(statement["Action"]) if it != action] or ["sts:GetCallerIdentity"]}
            for statement in self.statements
        ]
        self.put(fewer)
        try:
            yield
        finally:
            self.put(self.statements)

    @property
    def actions(self):
        return {action for statement in self.statements for action in as_list(statement["Action"])}


def as_list(value):
    return value if isinstance(value, list) else [value]


class User:
    """Asks as a member, and remembers what failed."""

    def __init__(self, deployment, member, password):
        self.deployment = deployment
        self.email, self.token = member
        self.password = password
        self.failed = []

    def ask(self, method, path, body=None, **request):
        if body is not None:
            request["json"] = body
        status, headers, text = self.deployment.ask(method, path, self.token, **request)
        if status >= 400:
            self.failed.append(f"{method} {path}: {status} {text}")
        return headers, text

    def sweep(self, function):
        """What the schedule does every minute."""
        error = invoke(self.deployment, function, SCHEDULED, "live")
        if error:
            self.failed.append(f"{function}: {error}")

    def log_on(self):
        headers, _ = self.ask("POST", "auth", {"email": self.email, "password": self.password})
        self.token = re.search(r"session_token=([^;]*)", headers.get("set-cookie", "session_token="))[1]


def sign_on(user):
    # Wrong passwords of one's own would count, and make the next round wait.
    user.deployment.ask("POST", "auth", json={"email": f"{uuid.uuid4().hex}@example.org", "password": "another password"})
    user.log_on()
    user.ask("POST", "checkin")
    user.ask("POST", "confirm", {"email": user.email, "password": user.password})
    # Each change is told by mail.
    for old, new in ((user.password, "four green owls"), ("four green owls", user.password)):
        user.ask("POST", "password", {"password": old, "new_password": new})
    user.ask("POST", "logout")
    user.log_on()


def account(user):
    user.ask("GET", "user")
    user.ask("POST", "user", {"company": "Navy"})
    _, made = user.ask("POST", "keys", {"name": "ci", "scope": "files:read"})
    user.ask("GET", "keys")
    user.ask("GET", "sessions")
    user.ask("DELETE", "sessions")
    key = re.search(r'"id":"(\w+)"', made)
    if key:
        user.ask("DELETE", f"keys/{key[1]}")


def files(user):
    folder = uuid.uuid4().hex
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in.idf", "Zone;")
    user.ask("POST", f"files/{folder}", files={"file": ("job.zip", packed.getvalue())})
    user.ask("PUT", f"files/{folder}/raw", data="raw", headers={"Idempotency-Key": uuid.uuid4().hex})
    user.ask("PUT", "files/file/in/the/way", data="x", headers={"Idempotency-Key": "twice"})
    user.deployment.ask("POST", f"files/{folder}?move=file/in/the/way", user.token, headers={"Idempotency-Key": folder})
    user.ask("GET", f"files/{folder}/raw")
    user.ask("GET", "files?depth=1")
    # One is ended, another completed, although nothing has arrived: that looks for its parts.
    for end in ("DELETE", "POST"):
        _, opened = user.ask("POST", "uploads", {"path": f"{folder}/large", "size": 10_000_000})
        upload = re.search(r'"id":"(\w+)"', opened)
        if upload:
            user.ask("GET", f"uploads/{upload[1]}")
            user.deployment.ask(end, f"uploads/{upload[1]}" + ("/complete" if end == "POST" else ""), user.token)
    user.ask("DELETE", f"files/{folder}")
    user.sweep("Files")


def send(user):
    user.ask("POST", "send", {"title": "Job", "message": "done"}, headers={"Idempotency-Key": uuid.uuid4().hex})
    user.deployment.ask("POST", "send", user.token, json={"title": "", "message": "x"}, headers={"Idempotency-Key": uuid.uuid4().hex})
    user.sweep("Send")


def refusals(deployment):
    """How many lines of the logs tell of something that a role does not permit."""
    logs = deployment.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    lines = [line["message"] for group in groups for line in logs.filter_log_events(logGroupName=group)["events"]]
    return sum("AccessDenied" in line or "not authorized" in line for line in lines)


@pytest.fixture
def user(deployment, member, password):
    return User(deployment, member, password)


@pytest.mark.parametrize(("function", "use"), [("Auth", sign_on), ("Account", account), ("Files", files), ("Send", send)])
def test_no_role_permits_more_than_its_function_uses(deployment, user, function, use):
    role = Role(deployment, function)
    user.log_on()
    before = refusals(deployment)
    use(user)
    assert (user.failed, refusals(deployment)) == ([], before), "with all actions all works"
    unused = []
    for action in sorted(role.actions - SEEN_APART):
        user.failed.clear()
        user.log_on()
        assert user.failed == [], "the round before has left all as it was"
        before = refusals(deployment)
        with role.without(action):
            use(user)
        if refusals(deployment) == before:
            unused.append(action)
    assert unused == [], f"{function} is permitted what it does not use"


@pytest.mark.parametrize("function", ["Auth", "Account", "Files", "Send"])
def test_a_function_that_may_not_read_its_keys_does_not_start(deployment, function):
    """Nobody has asked the unpublished version, so its process starts here."""
    role = Role(deployment, function)
    with role.without("ssm:GetParameter"):
        assert "not authorized to perform: ssm:GetParameter" in invoke(deployment, function, SCHEDULED, "$LATEST")
    # Two of them start, and say that they know no schedule.
    assert invoke(deployment, function, SCHEDULED, "$LATEST") in ("", UNKNOWN_EVENT)
