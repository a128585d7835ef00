"""The local stack as a person runs it: data stay, mistakes are named, and nothing is left running."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest
import requests

from local_stack import LocalStack, free_port
from people import logged_on, pair

# Every test here starts a stack of its own, some of them twice, and the functions may have to be compiled first.
SECONDS_PER_TEST = 40 * 60

FUNCTIONS = {"info", "account", "files", "send", "auth"}


@pytest.fixture
def data(tmp_path):
    """A new folder for data. Its name is one that people have, with a space and an umlaut."""
    return tmp_path / "Meine Büros"


def kill(process_ids):
    for process_id in process_ids:
        os.kill(process_id, signal.SIGKILL)


def running(stack):
    """What the stack consists of at the moment, by the names of its programs."""
    programs = {"ministack", "cargo-lambda", *FUNCTIONS}
    return {name for name in programs if stack.descendants(name)}


def mails(stack):
    return requests.get(f"{stack.mail}/mail", timeout=10).json()


# Data stay


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_everything_is_there_again_after_a_restart(data, how):
    stack = LocalStack(data).start()
    try:
        client = logged_on(stack)
        cookies = client.cookies.get_dict()
        account = client.get(f"{stack.api}/user").json()["data"] | {"company": "Häuser & Söhne", "use_jess": True}
        client.post(f"{stack.api}/user", json=account)
        content = os.urandom(2_000_000)
        client.post(f"{stack.api}/files/Büro/today", files={"file": ("Grüße #1.epw", content)})
        client.post(f"{stack.api}/files/replaced", files={"file": ("a.idf", b"old")})
        client.post(f"{stack.api}/files/replaced", files={"file": ("a.idf", b"new")})
        client.post(f"{stack.api}/files/deleted", files={"file": ("a.idf", b"x")})
        assert client.delete(f"{stack.api}/files/deleted").json()["ok"] is True
        client.post(f"{stack.api}/files/emptied", files={"file": ("a.idf", b"x")})
        assert client.delete(f"{stack.api}/files/emptied/a.idf").json()["ok"] is True
        listing = client.get(f"{stack.api}/files").json()
        assert [node["fileName"] for node in listing["children"]] == ["Büro", "emptied", "replaced"]
        ended = logged_on(stack)
        ended_cookies = ended.cookies.get_dict()
        assert ended.post(f"{stack.api}/logout").json()["ok"] is True
        client.post(f"{stack.api}/send", json={"title": "Before the restart", "message": "Grüße"})
        sent = mails(stack)
        assert [mail["subject"] for mail in sent] == ["Before the restart"]
        page = requests.get(f"{stack.api}/console/", timeout=10)
    finally:
        code, left = stack.stop(how)
    assert left == []
    assert code == (-signal.SIGKILL if how == signal.SIGKILL else 0)

    stack = LocalStack(data, stack.port, stack.mail_port).start()
    try:
        user = requests.get(f"{stack.api}/user", cookies=cookies, timeout=10)
        assert user.json()["data"] == account
        assert requests.get(f"{stack.api}/user", cookies=ended_cookies, timeout=10).status_code == 401
        assert requests.post(f"{stack.api}/auth", json=pair(), timeout=10).json()["ok"] is True
        assert requests.get(f"{stack.api}/files", cookies=cookies, timeout=10).json() == listing
        path = f"{stack.api}/files/B%C3%BCro/today/Gr%C3%BC%C3%9Fe%20%231.epw"
        assert requests.get(path, cookies=cookies, timeout=10).content == content
        path = f"{stack.api}/files/replaced/a.idf"
        assert requests.get(path, cookies=cookies, timeout=10).content == b"new"
        assert mails(stack) == sent
        # A page that stayed open may still send to the bucket.
        policy = requests.get(f"{stack.api}/console/", timeout=10).headers["Content-Security-Policy"]
        assert policy == page.headers["Content-Security-Policy"]
        requests.post(
            f"{stack.api}/send", json={"title": "After it", "message": "x"}, cookies=cookies, timeout=10
        )
        assert [mail["subject"] for mail in mails(stack)] == ["Before the restart", "After it"]
    finally:
        stack.stop()


def test_everything_is_there_again_after_the_machine_has_lost_its_power(data):
    stack = LocalStack(data).start()
    try:
        client = logged_on(stack)
        cookies = client.cookies.get_dict()
        client.post(f"{stack.api}/user", json={"company": "Häuser & Söhne"})
        client.post(f"{stack.api}/files/job", files=[("file", (f"{n}.idf", str(n).encode())) for n in range(20)])
        assert client.delete(f"{stack.api}/files/job/7.idf").json()["ok"] is True
        listing = client.get(f"{stack.api}/files").json()
    finally:
        stack.kill_what_is_left()

    stack = LocalStack(data).start()
    try:
        # The address is another one now, and a token is good for one address only.
        assert requests.get(f"{stack.api}/user", cookies=cookies, timeout=10).status_code == 401
        client = logged_on(stack)
        assert client.get(f"{stack.api}/user").json()["data"]["company"] == "Häuser & Söhne"
        assert client.get(f"{stack.api}/files").json() == listing
        assert client.get(f"{stack.api}/files/job/8.idf").content == b"8"
    finally:
        stack.stop()


def test_a_mail_that_is_sent_right_before_the_end_is_kept(data):
    stack = LocalStack(data).start()
    try:
        body = {"title": "At the last moment", "message": "x"}
        client = logged_on(stack)
        for _ in range(5):
            assert client.post(f"{stack.api}/send", json=body).json()["ok"] is True
    finally:
        stack.stop()
    stack = LocalStack(data).start()
    try:
        assert [mail["subject"] for mail in mails(stack)] == ["At the last moment"] * 5
    finally:
        stack.stop()


# Mistakes are named


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("option", ["--port", "--mail-port"])
def test_a_busy_port_is_named_and_nothing_is_started(data, option, address):
    with socket.create_server((address, 0)) as other:
        busy = other.getsockname()[1]
        ports = {"port": busy} if option == "--port" else {"mail_port": busy}
        stack = LocalStack(data, **ports)
        stack.launch()
        code, left = stack.end()
    assert code not in (0, None)
    assert left == []
    assert f"port {busy} is in use" in stack.output()
    assert f"{option} N" in stack.output()
    assert "The API is ready" not in stack.output()


def test_after_a_busy_port_is_free_again_the_same_command_works(data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        stack = LocalStack(data, other.getsockname()[1])
        stack.launch()
        assert stack.end() != (0, [])
    stack = LocalStack(data, stack.port).start()
    try:
        assert requests.get(f"{stack.api}/info", timeout=10).status_code == 200
    finally:
        assert stack.stop() == (0, [])


def test_one_port_for_both_purposes_is_named_as_the_mistake(data):
    port = free_port()
    stack = LocalStack(data, port, port)
    stack.launch()
    try:
        code, left = stack.end()
    finally:
        stack.kill_what_is_left()
    assert code not in (0, None)
    assert left == []
    assert f"port {port}" in stack.output()
    assert "The API is ready" not in stack.output()


# Nothing is left running


def test_ctrl_c_ends_everything_that_was_started(data):
    stack = LocalStack(data).start()
    try:
        assert running(stack) == {"ministack", "cargo-lambda", *FUNCTIONS}
    finally:
        # A terminal sends Ctrl-C to the whole process group.
        os.killpg(stack.process.pid, signal.SIGINT)
        code, left = stack.end()
        stack.kill_what_is_left()
    assert (code, left) == (0, [])


def test_kill_9_leaves_nothing_running(data):
    stack = LocalStack(data).start()
    try:
        assert running(stack) == {"ministack", "cargo-lambda", *FUNCTIONS}
    finally:
        code, left = stack.stop(signal.SIGKILL)
    assert (code, left) == (-signal.SIGKILL, [])
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{stack.api}/info", timeout=10)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("program", ["ministack", "cargo-lambda"])
def test_a_stack_that_is_ended_while_it_starts_leaves_nothing_running(data, program, how):
    stack = LocalStack(data)
    stack.launch()
    deadline = time.monotonic() + 60
    while not stack.descendants(program) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stack.descendants(program)
    assert "The API is ready" not in stack.output()
    _, left = stack.stop(how)
    assert left == []


@pytest.mark.parametrize(
    ("program", "said"), [("ministack", "ministack has ended"), ("cargo-lambda", "cargo lambda watch has ended")]
)
def test_a_stack_that_loses_a_process_stops_with_a_message(data, program, said):
    stack = LocalStack(data).start()
    try:
        (victim,) = stack.descendants(program)
        kill([victim])
        code, left = stack.end()
    finally:
        stack.kill_what_is_left()
    assert code not in (0, None)
    assert left == []
    assert said in stack.output()
    assert str(data / "log") in stack.output()


# Nobody is left waiting


@pytest.mark.parametrize("program", sorted(FUNCTIONS))
def test_a_function_that_is_killed_is_there_again(data, program):
    stack = LocalStack(data).start()
    try:
        client = logged_on(stack)
        endpoint = {"info": "info", "account": "user", "files": "files", "send": "user", "auth": "checkin"}[program]
        method = "POST" if program == "auth" else "GET"
        kill(stack.descendants(program))
        # It is started again after a second; a request before that waits for it.
        time.sleep(3)
        answer = client.request(method, f"{stack.api}/{endpoint}", timeout=20)
        assert answer.status_code == 200
        if program == "send":
            mail = {"title": "Again", "message": "It works."}
            assert client.post(f"{stack.api}/send", json=mail, timeout=20).json()["ok"] is True
    finally:
        _, left = stack.stop()
    assert left == []


def test_one_folder_of_data_serves_one_stack(data):
    stack = LocalStack(data).start()
    try:
        second = LocalStack(data)
        second.launch()
        assert second.end() == (1, [])
        assert f"another local stack uses the data in {data}" in second.output()
        assert requests.get(f"{stack.api}/info", timeout=10).status_code == 200
    finally:
        stack.stop()


def test_a_client_that_leaves_in_the_middle_of_a_download_harms_nobody(data):
    stack = LocalStack(data).start()
    try:
        client = logged_on(stack)
        client.post(f"{stack.api}/files", files={"file": ("large.bin", bytes(4_000_000))}, timeout=10)
        for _ in range(100):
            with client.get(f"{stack.api}/files/large.bin", stream=True, timeout=10) as answer:
                assert answer.status_code == 200
                assert next(answer.iter_content(1)) == b"\0"
            assert client.get(f"{stack.api}/files", timeout=10).status_code == 200
    finally:
        stack.stop()


def test_asking_for_the_head_of_an_answer_harms_nobody(data):
    stack = LocalStack(data).start()
    try:
        for _ in range(100):
            requests.head(f"{stack.api}/files", timeout=10)
            assert requests.get(f"{stack.api}/files", timeout=10).status_code == 401
    finally:
        stack.stop()


# What the person sees


def test_the_printed_lines_work_as_they_are(data, tmp_path):
    stack = LocalStack(data).start()
    try:
        _, lines = stack.output().split("Try it:\n")
        result = subprocess.run(["bash", "-e"], input=lines, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        answers = result.stdout.replace("}{", "}\n{").splitlines()
        answers = [json.loads(answer) for answer in answers]
        assert [answer.get("status") for answer in answers] == [
            None,
            "Logged in successfully!",
            "File(s) uploaded successfully",
            None,
            "test has been deleted",
            "Email has been sent to demo@example.org",
            "Logged out successfully!",
        ]
        assert answers[0]["Title"] == "Users Web API"
        assert answers[3]["children"][0]["fileName"] == "test"
        assert (tmp_path / "copy.idf").read_bytes() == (tmp_path / "model.idf").read_bytes() == b"Version,9.6;\n"
        for account in ("demo@example.org / demo-password-1", "pro@example.org / pro-password-1"):
            assert account in stack.output()
    finally:
        assert stack.stop() == (0, [])


def test_mail_is_shown_as_a_page_that_runs_nothing(service):
    client = logged_on(service)
    body = {"title": "<script>alert(1)</script> & \"more\"", "message": "<b>Grüße</b>\nsecond line"}
    assert client.post(f"{service.api}/send", json=body).json()["ok"] is True
    answer = requests.get(f"{service.mail}/", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;" in answer.text
    assert "&lt;b&gt;Grüße&lt;/b&gt;\nsecond line" in answer.text
    assert "<script" not in answer.text and "<b>" not in answer.text


def test_mail_can_be_read_as_json_oldest_first(service):
    client = logged_on(service)
    before = len(mails(service))
    begin = time.time()
    for title in ("first", "second", "third"):
        assert client.post(f"{service.api}/send", json={"title": title, "message": "text"}).json()["ok"] is True
    new = mails(service)[before:]
    assert [mail["subject"] for mail in new] == ["first", "second", "third"]
    for mail in new:
        assert begin <= mail["at"] <= time.time()
        assert mail["from"] == "users-api@example.org"
        assert (mail["to"], mail["text"], mail["html"]) == (["pro@example.org"], "text", "")
