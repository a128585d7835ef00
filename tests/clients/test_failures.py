"""What clients hear when something is wrong: always JSON, always `ok` false, never a redirect."""

import base64
import json
import socket

import pytest
import requests

from people import logged_on, new_token, pair

TOKEN_ENDPOINTS = [
    ("POST", "checkin"),
    ("POST", "logout"),
    ("POST", "confirm"),
    ("GET", "user"),
    ("POST", "user"),
    ("GET", "files"),
    ("GET", "files/"),
    ("GET", "files/a.idf"),
    ("POST", "files"),
    ("POST", "files/folder"),
    ("DELETE", "files/a.idf"),
    ("POST", "send"),
]

JSON_ENDPOINTS = ["logon", "auth", "confirm", "user", "send"]

METHODS = {
    "info": {"GET"},
    "logon": {"POST"},
    "auth": {"POST"},
    "checkin": {"POST"},
    "logout": {"POST"},
    "confirm": {"POST"},
    "user": {"GET", "POST", "DELETE"},
    "files": {"GET", "HEAD", "POST"},
    "files/a.idf": {"GET", "HEAD", "POST", "PUT", "DELETE"},
    "uploads": {"GET", "POST"},
    "usage": {"GET"},
    "send": {"POST"},
}

MODEL = b"Version,9.6;\n"


def assert_secure(answer):
    """No browser sniffs, frames, caches or tells others of the answer."""
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def assert_failure(answer, status):
    """The failure has this status and is told in JSON: `ok` is false and `status` says why."""
    assert answer.status_code == status, answer.text
    assert answer.history == [] and "Location" not in answer.headers
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"ok", "status"}
    assert body["ok"] is False
    assert isinstance(body["status"], str) and body["status"].strip()
    assert "Set-Cookie" not in answer.headers
    assert_secure(answer)


# 401


def forged(token):
    """The same claims without any signature."""
    header = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"none"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def with_another_account(token):
    """The same signature under claims of another account."""
    header, claims, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "==="))
    claims["sub"] = "0" * len(claims["sub"])
    claims = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return ".".join([header, claims, signature])


def with_one_letter_changed(token):
    """The token with one letter of its signature changed."""
    at = len(token) - 40
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


BAD_TOKENS = {
    "empty": lambda token: "",
    "no token at all": lambda token: "outdated",
    "three dots": lambda token: "x.y.z",
    "one letter changed": with_one_letter_changed,
    "cut off": lambda token: token[:-1],
    "without signature": forged,
    "of another account": with_another_account,
}


@pytest.mark.parametrize(("method", "path"), TOKEN_ENDPOINTS)
def test_without_a_token_the_answer_is_401(service, method, path):
    assert_failure(requests.request(method, f"{service.api}/{path}"), 401)


@pytest.mark.parametrize("kind", BAD_TOKENS)
@pytest.mark.parametrize(("method", "path"), TOKEN_ENDPOINTS)
def test_with_a_bad_token_the_answer_is_401(service, method, path, kind):
    token = BAD_TOKENS[kind](new_token(service))
    cookie = {"Cookie": f"session_token={token}"}
    assert_failure(requests.request(method, f"{service.api}/{path}", headers=cookie), 401)
    bearer = {"Authorization": f"Bearer {token}"}
    assert_failure(requests.request(method, f"{service.api}/{path}", headers=bearer), 401)


@pytest.mark.parametrize(("method", "path"), TOKEN_ENDPOINTS)
def test_after_a_log_off_the_answer_is_401(service, method, path):
    client = logged_on(service)
    cookies = client.cookies.get_dict()
    assert client.post(f"{service.api}/logout").json()["ok"] is True
    assert_failure(requests.request(method, f"{service.api}/{path}", cookies=cookies), 401)


def test_a_token_under_another_name_or_scheme_does_not_count(service):
    token = new_token(service)
    for headers in (
        {"Cookie": f"token={token}"},
        {"Cookie": f"xsession_token={token}"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": token},
        {"X-Session-Token": token},
    ):
        assert_failure(requests.get(f"{service.api}/user", headers=headers), 401)
    assert_failure(requests.get(f"{service.api}/user?session_token={token}"), 401)


# 404


@pytest.mark.parametrize("path", ["files/none", "files/none/", "files/none/a.idf", "files/gr%C3%BC%C3%9Fe"])
def test_a_file_or_folder_that_does_not_exist_is_a_404(service, path):
    assert_failure(logged_on(service).get(f"{service.api}/{path}"), 404)


def test_there_is_nothing_below_a_file(service):
    client = logged_on(service)
    client.post(f"{service.api}/files/no-folder", files={"file": ("a.idf", MODEL)})
    assert_failure(client.get(f"{service.api}/files/no-folder/a.idf/b"), 404)
    assert client.delete(f"{service.api}/files/no-folder").json()["ok"] is True


@pytest.mark.parametrize("path", ["", "/", "/none", "/Info", "/info/more", "/user/1", "/logon/x", "//files"])
def test_an_endpoint_that_does_not_exist_is_a_404(service, path):
    assert_failure(logged_on(service).get(f"{service.api}{path}"), 404)


# 405


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"])
@pytest.mark.parametrize("path", METHODS)
def test_a_method_that_a_path_does_not_take_is_a_405_that_names_those_it_takes(service, path, method):
    client = logged_on(service)
    for slash in ("", "/"):
        answer = client.request(method, f"{service.api}/{path}{slash}")
        if method in METHODS[path]:
            assert answer.status_code in (200, 400, 404, 415)
        else:
            assert_failure(answer, 405)
            assert METHODS[path] <= set(answer.headers["Allow"].split(", "))
            assert method not in answer.headers["Allow"].split(", ")
        client = logged_on(service)  # The session may have been logged off.


# 415


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
)
@pytest.mark.parametrize("path", JSON_ENDPOINTS)
def test_a_body_that_is_not_sent_as_json_is_a_415(service, path, content_type):
    answer = logged_on(service).post(
        f"{service.api}/{path}", data=json.dumps(pair()), headers={"Content-Type": content_type}
    )
    assert_failure(answer, 415)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/octet-stream", "multipart/mixed; boundary=B"]
)
def test_files_that_are_not_sent_as_a_form_are_a_415(service, content_type):
    client = logged_on(service)
    assert_failure(client.post(f"{service.api}/files/x", data=MODEL, headers={"Content-Type": content_type}), 415)
    assert_failure(client.post(f"{service.api}/files/x", data=MODEL), 415)
    assert client.get(f"{service.api}/files/x").status_code == 404


# 400

MALFORMED = {
    "nothing": b"",
    "half an object": b'{"email": "pro@example.org"',
    "words": b"email=pro@example.org",
    "a list": b'["pro@example.org", "pro-password-1"]',
    "null": b"null",
    "a text": b'"pro@example.org"',
    "a trailing comma": b'{"email": "pro@example.org",}',
    "single quotes": b"{'email': 'pro@example.org'}",
    "too deep": b'{"a":' * 100_000,
    "two objects": b"{}{}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("path", JSON_ENDPOINTS)
def test_a_body_that_is_no_json_object_is_a_400(service, path, body):
    answer = logged_on(service).post(
        f"{service.api}/{path}", data=body, headers={"Content-Type": "application/json"}
    )
    assert_failure(answer, 400)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("auth", {}),
        ("auth", {"email": "pro@example.org"}),
        ("auth", {"password": "pro-password-1"}),
        ("auth", {"email": 1, "password": 2}),
        ("auth", {"email": None, "password": None}),
        ("confirm", {}),
        ("confirm", {"email": ["pro@example.org"], "password": "x"}),
        ("user", {"tel": 5}),
        ("user", {"company": {"name": "x"}}),
        ("user", {"use_jess": "yes"}),
        ("user", {"company": "x" * 1001}),
        ("user", {"company": "\x00"}),
        ("send", {}),
        ("send", {"title": "no message"}),
        ("send", {"message": "no title"}),
        ("send", {"title": "", "message": "x"}),
        ("send", {"title": "x", "message": ""}),
        ("send", {"title": 1, "message": "x"}),
        ("send", {"title": "Hi\r\nBcc: eve@example.org", "message": "x"}),
        ("send", {"title": "Hi\nBcc: eve@example.org", "message": "x"}),
        ("send", {"title": "x" * 1000, "message": "x"}),
        ("send", {"title": "Hi", "message": "\x00"}),
        ("send", {"title": "Hi", "message": "x", "email": "nowhere"}),
        ("send", {"title": "Hi", "message": "x", "email": "eve@example.org\r\nBcc: x@example.org"}),
    ],
)
def test_a_body_with_the_wrong_fields_is_a_400_and_changes_nothing(service, path, body):
    client = logged_on(service, "admin@example.org")
    account = client.get(f"{service.api}/user").json()["data"]
    mails = requests.get(f"{service.mail}/mail").json()
    assert_failure(client.post(f"{service.api}/{path}", json=body), 400)
    assert client.get(f"{service.api}/user").json()["data"] == account
    assert requests.get(f"{service.mail}/mail").json() == mails


def test_a_failure_does_not_repeat_the_password(service):
    for body in ('{"email": "pro@example.org", "password": "s3cret" x}', '{"email": 5, "password": "s3cret"}'):
        answer = requests.post(f"{service.api}/auth", data=body, headers={"Content-Type": "application/json"})
        assert_failure(answer, 400)
        assert "s3cret" not in answer.text


def part(disposition):
    return f"--B\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--B--\r\n".encode()


GOOD_PART = part('form-data; name="file"; filename="a.idf"')
FORM = "multipart/form-data; boundary=B"

MALFORMED_FORMS = {
    "nothing": (FORM, b""),
    "no part": (FORM, b"--B--\r\n"),
    "no boundary": ("multipart/form-data", GOOD_PART),
    "another boundary": ("multipart/form-data; boundary=C", GOOD_PART),
    "cut off": (FORM, GOOD_PART[:-8]),
    "another field": (FORM, part('form-data; name="upload"; filename="a.idf"')),
    "no file name": (FORM, part('form-data; name="file"')),
    "empty file name": (FORM, part('form-data; name="file"; filename=""')),
    "dots": (FORM, part('form-data; name="file"; filename=".."')),
    "a folder": (FORM, part('form-data; name="file"; filename="a/"')),
    "a control character": (FORM, part('form-data; name="file"; filename="a\x07.idf"')),
    "too long a name": (FORM, part(f'form-data; name="file"; filename="{"x" * 256}"')),
    "words": (FORM, b"Version,9.6;"),
}


@pytest.mark.parametrize(("content_type", "body"), MALFORMED_FORMS.values(), ids=MALFORMED_FORMS)
def test_a_form_that_holds_no_usable_file_is_a_400_and_stores_nothing(service, content_type, body):
    client = logged_on(service)
    answer = client.post(f"{service.api}/files/forms400", data=body, headers={"Content-Type": content_type})
    assert_failure(answer, 400)
    assert client.get(f"{service.api}/files/forms400").status_code == 404


def test_the_good_part_of_these_forms_is_good(service):
    client = logged_on(service)
    answer = client.post(f"{service.api}/files/forms200", data=GOOD_PART, headers={"Content-Type": FORM})
    assert answer.json()["fileHandle"] == "forms200"
    assert client.get(f"{service.api}/files/forms200/a.idf").content == b"x"
    assert client.delete(f"{service.api}/files/forms200").json()["ok"] is True


def test_a_good_file_beside_a_bad_one_is_not_stored_either(service):
    client = logged_on(service)
    files = [("file", ("good.idf", MODEL)), ("file", ("..", MODEL))]
    assert_failure(client.post(f"{service.api}/files/half", files=files), 400)
    assert client.get(f"{service.api}/files/half").status_code == 404


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", b"PK\x05\x06" + bytes(17)])
def test_a_damaged_zip_is_a_400_and_stores_nothing(service, content):
    client = logged_on(service)
    assert_failure(client.post(f"{service.api}/files/zip400", files={"file": ("job.zip", content)}), 400)
    assert client.get(f"{service.api}/files/zip400").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    ["a//b", "/a", "../user", "a/./b", "%2e%2e", "%2e", "a%2fb", "a%5cb", "a\\b", "a%00", "a%0a", "%ff", "%zz", "100%"],
)
def test_a_path_that_is_not_plain_is_a_400(service, path, method):
    cookie = f"session_token={new_token(service)}"
    status, headers, body = raw_request(service, f"{method} /users/api/files/{path} HTTP/1.1", f"Cookie: {cookie}")
    assert status == 400, body
    assert headers["content-type"] == "application/json"
    assert body["ok"] is False


def raw_request(service, *lines):
    """Sends these lines as they are, which no client library does; status, headers and the JSON of the answer."""
    with socket.create_connection(("localhost", service.port)) as connection:
        lines = [*lines, "Host: localhost", "Content-Length: 0", "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    headers = dict(header.lower().split(": ", 1) for header in headers)
    return int(status.split()[1]), headers, json.loads(body[body.index("{") : body.rindex("}") + 1])


# 409


def test_a_file_cannot_take_the_place_of_a_folder_nor_a_folder_that_of_a_file(service):
    client = logged_on(service)
    client.post(f"{service.api}/files/clash/folder", files={"file": ("a.idf", MODEL)})
    answer = client.post(f"{service.api}/files/clash", files={"file": ("folder", MODEL)})
    assert_failure(answer, 409)
    answer = client.post(f"{service.api}/files/clash/folder/a.idf", files={"file": ("b.idf", MODEL)})
    assert_failure(answer, 409)
    assert client.get(f"{service.api}/files/clash/folder/a.idf").content == MODEL
    assert client.delete(f"{service.api}/files/clash").json()["ok"] is True


# 413


@pytest.mark.parametrize("path", ["auth", "confirm", "user", "send", "checkin", "files"])
def test_a_body_above_4_mib_is_a_413_wherever_it_is_sent(service, path):
    body = b'{"email": "' + b"x" * 4_194_304 + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = logged_on(service).post(f"{service.api}/{path}", data=body, headers=headers)
    assert_failure(answer, 413)
    assert "4194304" in answer.json()["status"]


# Failures that are told with 200


@pytest.mark.parametrize("path", ["none", "none/", "none/a.idf", "gr%C3%BC%C3%9Fe"])
def test_deleting_what_is_not_there_is_a_200_that_is_not_ok(service, path):
    answer = logged_on(service).delete(f"{service.api}/files/{path}")
    assert_failure(answer, 200)
    name = requests.utils.unquote(path)
    assert answer.json()["status"] == f"{name} is not found or cannot be deleted"


@pytest.mark.parametrize("path", ["auth", "logon"])
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("pro@example.org", "wrong-password"),
        ("pro@example.org", "pro-password-1 "),
        ("pro@example.org", ""),
        ("pro@example.org", "x" * 100_000),
        ("nobody@example.org", "pro-password-1"),
        ("admin@example.org", "pro-password-1"),
        ("no address", "pro-password-1"),
        ("", ""),
    ],
)
def test_a_wrong_pair_is_a_200_that_is_not_ok(service, path, email, password):
    answer = requests.post(f"{service.api}/{path}", json={"email": email, "password": password})
    assert_failure(answer, 200)
    assert answer.json()["status"] == "No matching username and password pair was found!"
    logged_on(service)  # The right password makes the slip undone; too many of them would have to be waited for.


def test_confirming_the_wrong_pair_is_a_200_that_is_not_ok(service):
    body = {"email": "pro@example.org", "password": "wrong-password"}
    answer = logged_on(service).post(f"{service.api}/confirm", json=body)
    assert_failure(answer, 200)
    assert answer.json()["status"] == "User does not match the existing session"


# Browsers


def test_good_answers_are_secure_too(service):
    client = logged_on(service)
    for answer in (
        client.get(f"{service.api}/info"),
        client.post(f"{service.api}/auth", json=pair()),
        client.post(f"{service.api}/checkin"),
        client.get(f"{service.api}/user"),
        client.get(f"{service.api}/files"),
        client.post(f"{service.api}/logout"),
    ):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert_secure(answer)


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_cannot_change_anything_with_a_visitors_cookie(service, headers):
    client = logged_on(service)
    client.post(f"{service.api}/files/origin", files={"file": ("a.idf", MODEL)})
    account = client.get(f"{service.api}/user").json()["data"]
    for method, path, body in (
        ("POST", "auth", {"json": pair()}),
        ("POST", "checkin", {}),
        ("POST", "confirm", {"json": pair()}),
        ("POST", "user", {"json": {"company": "evil"}}),
        ("POST", "files/origin", {"files": {"file": ("a.idf", b"evil")}}),
        ("DELETE", "files/origin/a.idf", {}),
        ("POST", "send", {"json": {"title": "evil", "message": "evil"}}),
        ("POST", "logout", {}),
    ):
        assert_failure(client.request(method, f"{service.api}/{path}", headers=headers, **body), 403)
    assert client.get(f"{service.api}/user").json()["data"] == account
    assert client.get(f"{service.api}/files/origin/a.idf").content == MODEL
    assert client.delete(f"{service.api}/files/origin").json()["ok"] is True


def test_a_foreign_page_that_reads_cannot_see_the_answer(service):
    answer = logged_on(service).get(f"{service.api}/user", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_page_of_the_service_itself_may_change_things(service):
    origin = service.api.removesuffix("/users/api")
    client = logged_on(service)
    for headers in ({"Origin": origin}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert client.post(f"{service.api}/checkin", headers=headers).json()["ok"] is True


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "script.js", "model.idf", "data.json", "paper.pdf"])
def test_a_download_is_kept_as_a_file_and_never_runs_as_a_page(service, name):
    client, content = logged_on(service), b"<html><script>alert(1)</script></html>"
    client.post(f"{service.api}/files/pages", files={"file": (name, content, "text/html")})
    answer = client.get(f"{service.api}/files/pages/{name}")
    assert answer.content == content
    headers = answer.headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-cache"
    assert client.delete(f"{service.api}/files/pages").json()["ok"] is True
