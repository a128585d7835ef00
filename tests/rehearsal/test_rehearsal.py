"""A user's way through the deployed service: every function, under its own role, with a session, a key and a mail."""

import io
import json
import zipfile
import zlib

# Of each function, in bytes: the time of a cold start grows with what is fetched for it.
MAX_PACKAGE = 2_500_000


def test_no_package_is_so_large_that_a_cold_start_waits_for_it(deployment):
    packages = {path.parent.name: len(zlib.compress(path.read_bytes(), 9)) for path in deployment.build.glob("*/bootstrap")}
    assert sorted(packages) == ["Account", "Auth", "Files", "Info", "Send"]
    assert max(packages.values()) <= MAX_PACKAGE, packages


def test_the_service_is_up_and_well(deployment):
    assert deployment.ask("GET", "info")[0] == 200
    status, _, text = deployment.ask("GET", "health")
    assert (status, json.loads(text)["ok"]) == (200, True), text
    assert '"alg":"ES256","kid":"20' in deployment.ask("GET", ".well-known/jwks.json")[2], "a key named by its day"


def test_a_stranger_learns_nothing(deployment):
    for method, path in [("GET", "user"), ("GET", "files"), ("PUT", "files/x"), ("POST", "send"), ("GET", "sessions")]:
        status, _, text = deployment.ask(method, path)
        assert (status, json.loads(text)["ok"]) == (401, False), (path, text)


def test_a_member_signs_on_renews_confirms_and_reads_the_account(deployment, member, password):
    email, token = member
    for path in ("checkin", "confirm"):
        assert deployment.post(path, {"email": email, "password": password}, token)[1]["ok"] is True, path
    deployment.post("user", {"company": "Navy"}, token)
    assert json.loads(deployment.ask("GET", "user", token)[2])["data"]["company"] == "Navy"
    for path in ("sessions", "audit", "usage", "keys"):
        assert deployment.ask("GET", path, token)[0] == 200, path


def test_files_come_back_as_they_went(deployment, member):
    _, token = member
    ask = deployment.ask
    assert ask("POST", "files/test", token, files={"file": ("a b.idf", "Version,9.6;")})[0] == 200
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("job/in.idf", "Zone;")
    assert ask("POST", "files", token, files={"file": ("job.zip", packed.getvalue())})[0] == 200
    assert ask("PUT", "files/raw.txt", token, data="raw", headers={"Idempotency-Key": "put"})[0] == 200
    assert ask("POST", "files/job?move=moved", token, headers={"Idempotency-Key": "move"})[0] == 200
    for path, content in [("test/a%20b.idf", "Version,9.6;"), ("moved/in.idf", "Zone;"), ("raw.txt", "raw")]:
        status, _, text = ask("GET", f"files/{path}", token)
        assert (status, text) == (200, content), path
    assert "moved" in ask("GET", "files", token)[2]
    assert ask("DELETE", "files/moved", token, headers={"Idempotency-Key": "delete"})[0] == 200
    assert ask("GET", "files/moved", token)[0] == 404


def test_a_large_upload_is_opened_and_ended(deployment, member):
    _, token = member
    _, opened = deployment.post("uploads", {"path": "large.bin", "size": 10_000_000}, token)
    assert deployment.ask("GET", f"uploads/{opened['id']}", token)[0] == 200
    assert deployment.ask("DELETE", f"uploads/{opened['id']}", token)[0] == 200


def test_mail_is_sent_in_the_name_of_the_service(deployment, member):
    email, token = member
    deployment.post("send", {"title": "Job 12", "message": "It is done."}, token)
    (mail,) = [mail for mail in deployment.mails() if mail["Subject"] == "Job 12"]
    assert (mail["Source"], mail["To"]) == (deployment.sender, [email])


def test_a_key_reads_files_and_nothing_else(deployment, member):
    _, token = member
    _, made = deployment.post("keys", {"name": "ci", "scope": ["files:read"], "expires": "2027-06-30"}, token)
    key = {"Authorization": f"Bearer {made['key']}"}
    assert deployment.ask("GET", "files", headers=key)[0] == 200
    assert deployment.ask("PUT", "files/x", headers=key, data="x")[0] == 403


def test_what_has_ended_is_gone(deployment, member, password):
    email, _ = member
    token = deployment.log_on(email)
    deployment.post("password", {"password": password, "new_password": "four green owls"}, token)
    assert deployment.ask("POST", "logout", token)[0] == 200
    assert deployment.ask("GET", "user", token)[0] == 401


def test_no_function_was_refused_anything_by_its_role(deployment, member):
    """Runs last, over what all others have left in the logs."""
    logs = deployment.client("logs")
    lines = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert any('"route":"log_on"' in line for line in lines) and any('"route":"put"' in line for line in lines)
    assert [line for line in lines if "AccessDenied" in line or "not authorized" in line] == []
