"""Logging in and out, and staying logged in."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import stat
import struct
import threading
import time

import pytest
import requests
from conftest import EMAIL, logged_in, new_account
from people import PASSWORDS
from terminal import at_a_terminal

from users_api_client import Client, CodeNeeded, NotAllowed, NotLoggedIn, UsersApiError, WrongPassword
from users_api_client.cli import short_ids


def test_whoever_logs_in_is_known_to_the_next_command(stranger):
    assert "Logged in to" in stranger.does("login", EMAIL, stdin=PASSWORDS[EMAIL])
    assert stranger.does("whoami").startswith(EMAIL)
    del stranger.environment["USERS_API_URL"]
    assert json.loads(stranger.does("whoami", "--json"))["api"] == stranger.api, "the last service is remembered"


def test_the_token_is_in_a_file_for_its_owner_alone_where_there_is_no_keyring(person):
    files = [file for file in person.store.folder.iterdir() if file.suffix == ".json"]
    assert len(files) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(person.store.folder.stat().st_mode) == 0o700


KEYRING = """
import json, pathlib
from keyring.backend import KeyringBackend

class OneFile(KeyringBackend):
    priority = 1
    file = pathlib.Path.home() / "ring"

    def _all(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def get_password(self, service, user):
        return self._all().get(f"{service} {user}")

    def set_password(self, service, user, password):
        self.file.write_text(json.dumps({**self._all(), f"{service} {user}": password}))

    def delete_password(self, service, user):
        self.file.write_text(json.dumps({k: v for k, v in self._all().items() if k != f"{service} {user}"}))
"""


def test_where_there_is_a_keyring_the_token_is_there_and_in_no_file(stranger):
    (stranger.home / "one_file.py").write_text(KEYRING)
    stranger.environment["PYTHONPATH"] += f":{stranger.home}"
    stranger.environment["PYTHON_KEYRING_BACKEND"] = "one_file.OneFile"
    told = json.loads(stranger.does("login", EMAIL, "--json", stdin=PASSWORDS[EMAIL]))
    assert told["kept_in"] == "keyring"
    token = next(iter(json.loads((stranger.home / "ring").read_text()).values()))
    assert all(token not in file.read_text() for file in stranger.store.folder.iterdir())
    assert stranger.does("whoami").startswith(EMAIL)
    stranger.does("logout")
    assert (stranger.home / "ring").read_text() == "{}"


def test_a_wrong_password_is_told_and_nothing_is_kept(stranger):
    done = stranger.run("login", EMAIL, stdin="wrong")
    assert (done.returncode, done.stdout) == (3, "")
    assert "The address or the password is wrong" in done.stderr
    assert not stranger.store.folder.exists()
    with Client(stranger.api) as client, pytest.raises(WrongPassword):
        client.log_in(EMAIL, "wrong")


def test_without_a_login_every_command_says_how_to_log_in(stranger):
    for words in (["ls"], ["whoami"], ["put", "x"], ["get", "x"], ["sessions"], ["keys"], ["profile"], ["usage"]):
        done = stranger.run(*words)
        assert done.returncode == 3
        assert "usersapi login" in done.stderr
    done = stranger.run("ls", "--json")
    assert json.loads(done.stdout)["error"] == "not_logged_in"
    assert done.stderr == ""


def test_after_logging_out_the_token_is_gone_and_good_for_nothing(person):
    token = person.store.load(person.api).token
    assert person.does("logout") == "Logged out.\n"
    assert person.store.load(person.api) is None
    assert status_of(person, token) == 401
    assert person.run("whoami").returncode == 3


def test_a_session_that_was_ended_elsewhere_is_told(person, service):
    with logged_in(service) as elsewhere:
        elsewhere.end_other_sessions()
    done = person.run("ls")
    assert done.returncode == 3
    assert "your session has ended" in done.stderr
    assert "usersapi login" in done.stderr


def test_a_session_is_renewed_before_it_ends_and_the_old_token_stays_good(person):
    old = person.store.load(person.api).token
    with Client(person.api, store=person.store, clock=lambda: time.time() + 13 * 3600) as client:
        client.usage()
    new = person.store.load(person.api).token
    assert new != old
    for token in (old, new):
        assert status_of(person, token) == 200, "no process is logged out by another"


def test_two_processes_of_one_user_go_on_side_by_side(person):
    with Client(person.api, store=person.store) as one, Client(person.api, store=person.store) as other:
        one.usage()
        person.does("login", EMAIL, stdin=PASSWORDS[EMAIL])
        # The session that these two began with has ended; the newer one is in the store.
        assert one.usage() == other.usage()


def test_a_process_does_not_go_on_as_somebody_else_who_has_logged_in_meanwhile(person):
    with Client(person.api, store=person.store) as begun:
        begun.usage()
        person.does("login", "admin@example.org", stdin=PASSWORDS["admin@example.org"])
        with pytest.raises(NotLoggedIn):
            begun.usage()


def test_another_login_ends_the_session_that_it_replaces(person):
    token = person.store.load(person.api).token
    person.does("login", EMAIL, stdin=PASSWORDS[EMAIL])
    assert status_of(person, token) == 401
    token = person.store.load(person.api).token
    key = person.does("keys", "create", "laptop", "files:read").strip()
    assert person.run("login", EMAIL, stdin="wrong").returncode == 3
    assert status_of(person, token) == 200, "a login that fails ends nothing"
    person.does("login", "--key", stdin=key)
    assert status_of(person, token) == 401


def status_of(person, token):
    """How the service answers to a token."""
    return requests.get(f"{person.api}/user", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_script_needs_nothing_but_a_key(person, stranger):
    made = json.loads(person.does("keys", "create", "nightly build", "files:read", "--json"))
    stranger.environment["USERS_API_KEY"] = made["key"]
    assert "empty" in stranger.does("ls")
    done = stranger.run("mkdir", "x")
    assert done.returncode == 3
    assert "files:write" in done.stderr
    assert "nightly build" in person.does("keys")
    person.does("keys", "revoke", made["id"])
    done = stranger.run("ls")
    assert done.returncode == 3
    assert "wrong, expired or revoked" in done.stderr
    assert made["key"] not in done.stderr


@pytest.mark.parametrize("text", ["bad", "uapi_two words", "uapi_schlüssel", "uapi_a-b", "ey.ey.x"])
def test_a_text_that_is_no_key_is_told_as_such_and_how_a_key_is_made(person, text):
    done = person.run("ls", USERS_API_KEY=text)
    assert done.returncode == 3
    assert "What USERS_API_KEY holds is no API key, which begins with uapi_: set another one" in done.stderr
    assert "After `unset USERS_API_KEY` and a login, `usersapi keys create` makes one" in done.stderr
    assert text not in done.stderr, "it may be a secret of something else"
    assert person.run("login", "--key", stdin=text).returncode == 3
    person.does("login", EMAIL, stdin=PASSWORDS[EMAIL], USERS_API_KEY=text)


def test_blanks_around_a_key_do_no_harm(person):
    key = person.does("keys", "create", "ci", "files:read").strip()
    person.does("ls", USERS_API_KEY=f" {key}\n")


def test_a_key_can_be_logged_in_with(person, stranger):
    key = person.does("keys", "create", "laptop", "files:read", "account:read").strip()
    stranger.does("login", "--key", stdin=key)
    assert stranger.does("whoami").startswith(EMAIL)
    with Client(person.api, key=key) as client, pytest.raises(NotAllowed):
        client.sessions()
    stranger.does("logout")
    assert stranger.run("login", "--key", stdin="no key").returncode == 3
    with Client(person.api, key="uapi_" + "a" * 90) as client, pytest.raises(NotLoggedIn):
        client.usage()


def test_logging_out_ends_the_session_although_a_key_is_set_and_says_that_it_is(person):
    token = person.store.load(person.api).token
    key = person.does("keys", "create", "ci", "files:read").strip()
    told = person.does("logout", USERS_API_KEY=key)
    assert told.startswith("Logged out.")
    assert "USERS_API_KEY is still set" in told
    assert "USERS_API_KEY is still set" in person.does("login", EMAIL, stdin=PASSWORDS[EMAIL], USERS_API_KEY=key)
    person.does("logout", USERS_API_KEY=key)
    assert status_of(person, token) == 401
    assert status_of(person, key) != 401
    assert person.store.load(person.api) is None
    done = person.run("logout", USERS_API_KEY=key)
    assert done.returncode == 3
    assert "unset it" in done.stderr


def test_a_client_with_a_key_leaves_the_stored_session_alone(person):
    before = person.store.load(person.api)
    with Client(person.api, key="uapi_x", store=person.store) as client:
        client.log_out()
    assert person.store.load(person.api) == before


def test_only_a_key_that_the_service_knows_is_logged_in_with(person, stranger):
    before = person.store.load(person.api)
    for key in ("uapi_" + "a" * 90, "uapi_", "no key"):
        for who in (person, stranger):
            done = who.run("login", "--key", stdin=key)
            assert (done.returncode, done.stdout) == (3, "")
    assert person.store.load(person.api) == before
    assert not stranger.store.folder.exists()
    key = person.does("keys", "create", "mail", "send").strip()
    stranger.does("login", "--key", stdin=key)
    assert stranger.does("whoami") == f"An API key, at {stranger.api}\n"
    assert json.loads(stranger.does("whoami", "--json"))["email"] is None


def test_where_a_key_is_not_enough_the_user_is_told_to_unset_it_and_log_in(person, stranger):
    key = person.does("keys", "create", "ci", "files:read").strip()
    for words in (["sessions"], ["keys"], ["export"], ["profile", "set", "company=x"]):
        done = person.run(*words, USERS_API_KEY=key)
        assert done.returncode == 3
        assert "unset USERS_API_KEY and log in with `usersapi login`" in done.stderr
    stranger.does("login", "--key", stdin=key)
    done = stranger.run("sessions")
    assert "An API key is not enough for this: log in with `usersapi login`" in done.stderr


def test_the_hint_at_the_login_is_the_whole_command(stranger):
    def hint(*words, **more):
        return re.search("`(.*?)`", stranger.run(*words, "ls", **more).stderr)[1]

    assert hint() == "usersapi login"
    assert hint("--api", stranger.api) == "usersapi login"
    other = stranger.api.replace("localhost", "127.0.0.1")
    assert hint("--api", other) == f"usersapi --api {other} login"
    assert hint(USERS_API_URL=other) == "usersapi login"
    stranger.does("--api", other, "login", EMAIL, stdin=PASSWORDS[EMAIL])
    with Client(other, store=stranger.store) as client:
        client.end_session(next(it["id"] for it in client.sessions() if it["current"]))
    assert hint("--api", other) == f"usersapi --api {other} login"
    assert hint(USERS_API_URL="") == "usersapi login"


def test_what_is_not_listed_cannot_be_ended(person):
    for words, listing in (
        (["sessions", "end", "none"], "usersapi sessions"),
        (["keys", "revoke", "none"], "usersapi keys"),
    ):
        done = person.run(*words)
        assert done.returncode == 4
        assert f"`{listing}` lists them" in done.stderr


def test_a_session_or_key_is_named_by_the_beginning_of_its_id(person, service):
    with logged_in(service) as elsewhere:
        (mine,) = (it["id"] for it in elsewhere.sessions() if it["current"])
        assert f"{mine[:8]}  " in person.does("sessions")
        assert mine not in person.does("sessions")
        assert mine in person.does("sessions", "--json")
        done = person.run("sessions", "end", mine[:3])
        assert done.returncode == 1
        assert "write 4 letters of it or more" in done.stderr
        person.does("sessions", "end", mine[:6])
        with pytest.raises(NotLoggedIn):
            elsewhere.usage()
    key_id = json.loads(person.does("keys", "create", "ci", "send", "--json"))["id"]
    assert f"{key_id[:8]}  ci" in person.does("keys")
    person.does("keys", "revoke", key_id[:8])
    assert key_id not in person.does("keys", "--json")


def test_the_beginning_of_several_ids_is_refused_and_names_them():
    several = [{"id": "12345678aa"}, {"id": "12345678ab"}, {"id": "9999999999"}]
    assert short_ids.of(several) == ["12345678aa", "12345678ab", "9999999999"]
    assert short_ids.of(several[1:]) == ["12345678", "99999999"]
    with pytest.raises(UsersApiError, match=r"several ids: .* 12345678aa or 12345678ab"):
        short_ids.whole("12345678", several)
    assert short_ids.whole("9999", several) == "9999999999"
    assert short_ids.whole("12345678aa", several) == "12345678aa"
    assert short_ids.whole("none", several) == "none"


def test_sessions_are_listed_and_ended(person, service):
    with logged_in(service) as elsewhere:
        shown = person.does("sessions")
        assert len(re.findall(r" this one$", shown, re.MULTILINE)) == 1
        assert re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d  ", shown)
        assert "True" not in shown
        mine = json.loads(person.does("sessions", "--json"))["sessions"]
        assert [it["device"] for it in mine if it["current"]] == ["users-api-client/0.1.0"]
        person.does("sessions", "end", "--others")
        assert len(json.loads(person.does("sessions", "--json"))["sessions"]) == 1
        with pytest.raises(NotLoggedIn):
            elsewhere.usage()


# A second factor


def with_second_factor(service):
    """A new account with a second factor; its address, password and recovery codes."""
    email, password = new_account(service)
    session = requests.Session()
    assert session.post(f"{service.api}/auth", json={"email": email, "password": password}).json()["ok"]
    secret = session.post(f"{service.api}/totp", json={"password": password}).json()["data"]["secret"]
    codes = session.post(f"{service.api}/totp/confirm", json={"code": one_time_code(secret)}).json()
    return email, password, codes["data"]["recovery_codes"]


def one_time_code(secret):
    """What an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_whoever_has_a_second_factor_is_asked_for_a_code(service, stranger):
    email, password, codes = with_second_factor(service)
    done = stranger.run("login", email, stdin=password)
    assert done.returncode == 3
    assert "code" in done.stderr
    stranger.does("login", email, "--code", codes[0], stdin=password)
    assert stranger.does("whoami").startswith(email)
    screen = at_a_terminal(stranger, ["login", email], [("Password:", password), ("Code:", codes[1])])
    assert "Logged in to" in screen
    assert password not in screen, "a password is not shown"
    done = stranger.run("delete-account", "--yes", stdin=password)
    assert done.returncode == 3
    assert "--code" in done.stderr
    stranger.does("delete-account", "--yes", "--code", codes[2], stdin=password)


class Refuser(http.server.BaseHTTPRequestHandler):
    """A service that answers every login with one refusal."""

    code, text = 200, ""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(json.dumps({"ok": False, "status": self.text}).encode())

    def log_message(self, *_):
        pass


WRONG_CODE = "The code is wrong or was used already: wait for the next one."


@pytest.mark.parametrize("text", [WRONG_CODE, "A code is needed: send the six digits."])
@pytest.mark.parametrize("code", [200, 401])
def test_whoever_gives_a_wrong_code_reads_what_the_service_says(stranger, code, text):
    handler = type("Handler", (Refuser,), {"code": code, "text": text})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api = f"http://127.0.0.1:{server.server_address[1]}/users/api"
        done = stranger.run("--api", api, "login", EMAIL, "--code", "123456", stdin="x")
        server.shutdown()
    assert (done.returncode, done.stderr) == (3, f"usersapi: {text}\n")


def test_a_second_factor_is_switched_on_and_off(service, stranger):
    email, password = new_account(service)
    stranger.does("login", email, stdin=password)
    assert "is off: `usersapi totp on`" in stranger.does("totp")
    assert stranger.run("totp", "on", stdin="wrong").returncode == 3
    done = stranger.run("totp", "on", stdin=f"{password}\n")
    assert done.returncode == 1
    assert "No code was given" in done.stderr
    assert "is off" in stranger.does("totp"), "nothing is on without a first code"
    process = stranger.start("totp", "on")
    process.stdin.write(f"{password}\n")
    process.stdin.flush()
    secret = re.search(r"authenticator app: (\w+)$", process.stderr.readline())[1]
    assert f"secret={secret}" in process.stderr.readline()
    out, errors = process.communicate(f"{one_time_code(secret)}\n", timeout=30)
    codes = out.split()
    assert (process.returncode, len(codes)) == (0, 10)
    assert "Keep these recovery codes" in errors
    assert stranger.does("totp") == "The second factor is on. Recovery codes left: 10.\n"
    assert json.loads(stranger.does("totp", "--json"))["enabled"] is True
    done = stranger.run("totp", "on", stdin=password)
    assert done.returncode == 5
    assert "`usersapi totp off`" in done.stderr
    assert stranger.run("totp", "off", stdin=password).returncode == 3
    done = stranger.run("totp", "off", "--code", "aaaaa-aaaaa", stdin=password)
    assert done.returncode == 3
    assert "The code is" in done.stderr
    stranger.does("totp", "off", "--code", codes[0], stdin=password)
    assert "is off" in stranger.does("totp")
    assert stranger.run("totp", "off", stdin=password).returncode == 1


def test_whoever_mistypes_the_first_code_is_asked_once_more(service, stranger):
    email, password = new_account(service)
    stranger.does("login", email, stdin=password)
    screen = at_a_terminal(
        stranger, ["totp", "on"], [("Password:", password), ("Code:", "000000"), ("Code:", read_code)]
    )
    assert "The code is" in screen
    assert "Keep these recovery codes" in screen


def read_code(screen):
    return one_time_code(re.search(r"authenticator app: (\w+)", screen)[1])


def test_the_library_switches_a_second_factor_on_and_off(service):
    email, password = new_account(service)
    with Client(service.api) as client:
        client.log_in(email, password)
        secret = client.begin_second_factor(password)["secret"]
        with pytest.raises(CodeNeeded, match="The code is"):
            client.confirm_second_factor("000000")
        codes = client.confirm_second_factor(one_time_code(secret))
        assert client.second_factor() == {"enabled": True, "recovery_codes_left": len(codes)}
        client.end_second_factor(password, codes[0])
        assert client.second_factor()["enabled"] is False
