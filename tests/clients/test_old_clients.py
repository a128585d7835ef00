"""What the clients of the published API do, each in its own way. They must work as they are."""

import base64
import json
import re
import subprocess
import sys

import pytest
import requests

from people import logged_on, new_token, pair

MODEL = b"Version,9.6;\n"


def who(service, **how):
    """Whose account the service reads when the token is sent in this way; None when it finds no valid token."""
    answer = requests.get(f"{service.api}/user", **how)
    assert answer.status_code in (200, 401)
    return answer.json()["data"]["email"] if answer.json()["ok"] else None


def with_cookie(text):
    """A request that carries exactly this Cookie header."""
    return {"headers": {"Cookie": text}}


def ended_token(service):
    """A token whose session has been logged off."""
    client = logged_on(service)
    token = client.cookies["session_token"]
    client.post(f"{service.api}/logout")
    return token


# The Python notebook


def test_a_notebook_passes_the_cookies_of_its_log_on_to_every_request(service):
    r = requests.post(f"{service.api}/auth", json=pair())
    cookies = r.cookies
    assert cookies
    upload = requests.post(f"{service.api}/files/notebook", files={"file": ("a.idf", MODEL)}, cookies=cookies)
    assert upload.json()["fileHandle"] == "notebook"
    listing = requests.get(f"{service.api}/files/notebook", cookies=cookies)
    assert [node["fileName"] for node in listing.json()["children"]] == ["a.idf"]
    assert requests.get(f"{service.api}/files/notebook/a.idf", cookies=cookies).content == MODEL
    assert requests.delete(f"{service.api}/files/notebook", cookies=cookies).json()["ok"] is True
    assert requests.post(f"{service.api}/logout", cookies=cookies).json()["ok"] is True
    assert requests.get(f"{service.api}/user", cookies=cookies).status_code == 401


# The script that keeps its session in a file


def test_a_script_goes_on_with_the_token_it_has_stored_and_never_saves_the_renewed_one(service, tmp_path):
    stored = tmp_path / "session.json"
    r = requests.post(f"{service.api}/auth", json=pair())
    stored.write_text(json.dumps({"session_token": r.cookies["session_token"]}))
    for _ in range(3):
        cookies = json.loads(stored.read_text())
        renewed = requests.post(f"{service.api}/checkin", cookies=cookies)
        assert renewed.json()["ok"] is True
        assert renewed.cookies["session_token"] != cookies["session_token"]
        assert who(service, cookies=cookies) == "pro@example.org"


# The phone app


def test_the_phone_app_replays_the_whole_set_cookie_text(service):
    r = requests.post(f"{service.api}/auth", json=pair())
    cookie = r.raw.headers.getlist("Set-Cookie")[0]
    assert "; Path=/; " in cookie
    assert who(service, **with_cookie(cookie)) == "pro@example.org"
    r = requests.post(f"{service.api}/checkin", **with_cookie(cookie))
    renewed = r.raw.headers.getlist("Set-Cookie")[0]
    assert renewed != cookie
    assert who(service, **with_cookie(renewed)) == "pro@example.org"


def test_the_phone_app_is_logged_off_when_it_replays_the_cookie_of_the_log_off(service):
    cookie = f"session_token={new_token(service)}"
    r = requests.post(f"{service.api}/logout", **with_cookie(cookie))
    assert who(service, **with_cookie(r.raw.headers.getlist("Set-Cookie")[0])) is None


def test_a_replayed_cookie_may_carry_a_date_with_a_comma(service):
    expires = "Expires=Thu, 01 Jan 2099 00:00:00 GMT"
    cookie = f"session_token={new_token(service)}; Path=/; HttpOnly; Max-Age=86400; {expires}"
    assert who(service, **with_cookie(cookie)) == "pro@example.org"


# The .NET command-line client


@pytest.mark.parametrize("separator", ["; ", ";", ", ", ","])
def test_the_dotnet_client_sends_all_tokens_it_ever_got_in_one_cookie_header(service, separator):
    valid, ended = new_token(service), ended_token(service)
    assert who(service, **with_cookie(f"session_token={ended}")) is None
    for tokens in ([valid, ended], [ended, valid], [valid, valid], [ended, ended, valid], ["", "x.y.z", valid]):
        cookie = separator.join(f"session_token={token}" for token in tokens)
        assert who(service, **with_cookie(cookie)) == "pro@example.org", cookie


@pytest.mark.parametrize("separator", ["; ", ","])
def test_the_dotnet_client_repeats_whole_set_cookie_texts(service, separator):
    tokens = [ended_token(service), new_token(service)]
    texts = [f"session_token={token}; Path=/; HttpOnly; Max-Age=86400" for token in tokens]
    assert who(service, **with_cookie(separator.join(texts))) == "pro@example.org"


def test_any_of_many_tokens_is_enough(service):
    tokens = [ended_token(service) for _ in range(8)] + [new_token(service)]
    cookie = "; ".join(f"session_token={token}" for token in tokens)
    assert who(service, **with_cookie(cookie)) == "pro@example.org"


@pytest.mark.parametrize(
    ("filename", "stored"),
    [
        ("filename=model.idf; filename*=utf-8''model.idf", "model.idf"),
        ("filename=\"my model.idf\"; filename*=utf-8''my%20model.idf", "my model.idf"),
        ("filename=\"=?utf-8?B?R3LDvMOfZS5pZGY=?=\"; filename*=utf-8''Gr%C3%BC%C3%9Fe.idf", "Grüße.idf"),
    ],
)
def test_the_dotnet_client_uploads_with_an_unquoted_name_and_a_quoted_boundary(service, filename, stored):
    client = logged_on(service)
    body = (
        "--4d6e0a5e-boundary\r\n"
        "Content-Type: application/octet-stream\r\n"
        f"Content-Disposition: form-data; name=file; {filename}\r\n"
        "\r\n"
        "Version,9.6;\n\r\n"
        "--4d6e0a5e-boundary--\r\n"
    )
    headers = {"Content-Type": 'multipart/form-data; boundary="4d6e0a5e-boundary"'}
    answer = client.post(f"{service.api}/files/dotnet", data=body, headers=headers)
    assert answer.json()["ok"] is True, answer.text
    listing = client.get(f"{service.api}/files/dotnet").json()
    assert [node["fileName"] for node in listing["children"]] == [stored]
    assert client.get(f"{service.api}/files/dotnet/{stored}").content == MODEL
    assert client.delete(f"{service.api}/files/dotnet").json()["ok"] is True


def test_only_the_last_segment_of_an_uploaded_name_counts(service):
    client = logged_on(service)
    files = [("file", (r"C:\jobs\a.idf", b"a")), ("file", ("../../jobs/b.idf", b"b"))]
    assert client.post(f"{service.api}/files/segments", files=files).json()["ok"] is True
    listing = client.get(f"{service.api}/files/segments").json()
    assert [node["fileName"] for node in listing["children"]] == ["a.idf", "b.idf"]
    assert client.delete(f"{service.api}/files/segments").json()["ok"] is True


# The Streamlit app


def streamlit_log_on(service, email, password):
    r = requests.post(f"{service.api}/auth", json={"email": email, "password": password})
    if not r.cookies:
        return None
    return r.cookies


def test_the_streamlit_app_knows_by_the_empty_jar_that_the_password_was_wrong(service):
    assert streamlit_log_on(service, "pro@example.org", "wrong-password") is None
    assert streamlit_log_on(service, "nobody@example.org", "wrong-password") is None


def test_the_streamlit_app_reads_ok_without_looking_at_the_status(service):
    cookies = streamlit_log_on(service, **pair())
    assert requests.get(f"{service.api}/user", cookies=cookies).json()["ok"] is True
    for cookies in ({}, {"session_token": "outdated"}):
        assert requests.get(f"{service.api}/user", cookies=cookies).json()["ok"] is False
        assert requests.get(f"{service.api}/files", cookies=cookies).json()["ok"] is False
        assert requests.post(f"{service.api}/checkin", cookies=cookies).json()["ok"] is False


# The command-line tools


READ_ACCOUNT = """
import sys, requests
url, token = sys.argv[1:]
print(requests.get(url + "/user", cookies={"session_token": token}).json()["data"]["email"])
"""

PRINT_COOKIES = """
import sys, requests
url, email, password = sys.argv[1:]
for cookie in requests.post(url + "/auth", json={"email": email, "password": password}).cookies:
    print(cookie.value)
"""


def python(script, *arguments):
    """What a Python script prints."""
    return subprocess.check_output([sys.executable, "-c", script, *arguments], text=True, timeout=60)


def test_the_cli_passes_the_token_of_its_cookie_dictionary_on_the_command_line(service):
    r = requests.post(f"{service.api}/auth", json=pair())
    token = dict(r.cookies)["session_token"]
    assert python(READ_ACCOUNT, service.api, token) == "pro@example.org\n"


def test_the_cli_prints_all_cookies_and_uses_the_whole_output_as_the_token(service):
    output = python(PRINT_COOKIES, service.api, "pro@example.org", "pro-password-1")
    assert who(service, cookies={"session_token": output.strip()}) == "pro@example.org"


def test_the_cli_cuts_the_token_out_of_the_set_cookie_text(service):
    r = requests.post(f"{service.api}/auth", json=pair())
    token = r.headers["Set-Cookie"].split("=")[1].split(";")[0]
    assert who(service, cookies={"session_token": token}) == "pro@example.org"


def test_the_cli_puts_the_token_into_the_cookies_of_a_request(service):
    r = requests.Session()
    r.cookies.update({"session_token": new_token(service)})
    assert r.get(f"{service.api}/user").json()["data"]["email"] == "pro@example.org"
    assert r.post(f"{service.api}/checkin").json()["ok"] is True
    assert r.get(f"{service.api}/user").json()["data"]["email"] == "pro@example.org"


# Scripts


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_script_sends_the_token_as_a_bearer_token(service, scheme):
    headers = {"Authorization": f"{scheme} {new_token(service)}"}
    assert who(service, headers=headers) == "pro@example.org"
    assert requests.post(f"{service.api}/checkin", headers=headers).json()["ok"] is True
    assert requests.post(f"{service.api}/logout", headers=headers).json()["ok"] is True
    assert who(service, headers=headers) is None


def test_a_bad_bearer_token_does_not_hide_a_good_cookie(service):
    headers = {"Authorization": "Bearer outdated", "Cookie": f"session_token={new_token(service)}"}
    assert who(service, headers=headers) == "pro@example.org"


# What all of them rely on: logging on


def test_auth_and_logon_are_the_same(service):
    answers = [requests.post(f"{service.api}/{path}", json=pair("admin@example.org")) for path in ("auth", "logon")]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.cookies.keys() == ["session_token"]
        assert answer.json() == {
            "ok": True,
            "status": "Logged in successfully!",
            "jwt": "Session token in cookie",
            "user": "admin",
            "role": "admin",
            "email": "admin@example.org",
        }


def test_a_wrong_password_leaves_the_jar_empty(service):
    client = requests.Session()
    answer = client.post(f"{service.api}/auth", json={"email": "pro@example.org", "password": "wrong-password"})
    assert answer.status_code == 200
    assert answer.json() == {"ok": False, "status": "No matching username and password pair was found!"}
    assert "Set-Cookie" not in answer.headers
    assert not client.cookies


def test_a_wrong_password_leaves_a_session_in_the_jar_as_it_is(service):
    client = logged_on(service)
    before = client.cookies["session_token"]
    client.post(f"{service.api}/auth", json={"email": "pro@example.org", "password": "wrong-password"})
    assert client.cookies["session_token"] == before
    assert client.get(f"{service.api}/user").json()["ok"] is True


def test_a_shared_account_is_logged_on_dozens_of_times_a_minute(service):
    for _ in range(40):
        assert requests.post(f"{service.api}/auth", json=pair()).json()["ok"] is True


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
)
def test_the_content_type_may_be_written_in_any_way(service, content_type):
    headers = {"Content-Type": content_type}
    answer = requests.post(f"{service.api}/auth", data=json.dumps(pair()), headers=headers)
    assert answer.json()["ok"] is True


# What all of them rely on: the cookie and the token


def cookie_of(answer):
    """The value of the one cookie that an answer sets, and its attributes."""
    (cookie,) = answer.raw.headers.getlist("Set-Cookie")
    head, *attributes = cookie.split("; ")
    name, value = head.split("=", 1)
    assert name == "session_token"
    return value, set(attributes)


@pytest.mark.parametrize(
    ("path", "body"), [("auth", pair()), ("logon", pair()), ("checkin", None), ("confirm", pair())]
)
def test_the_cookie_goes_to_every_path_of_the_host_and_lives_for_a_day(service, path, body):
    answer = logged_on(service).post(f"{service.api}/{path}", json=body)
    value, attributes = cookie_of(answer)
    assert attributes == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=86400"}
    assert len(answer.headers["Set-Cookie"].encode()) < 4096
    assert who(service, cookies={"session_token": value}) == "pro@example.org"


def test_the_token_is_a_compact_jwt_that_no_client_cuts_to_pieces(service):
    token = new_token(service)
    assert re.fullmatch(r"[A-Za-z][\w-]*\.[\w-]+\.[\w-]+", token, re.ASCII)
    header, claims = [json.loads(base64.urlsafe_b64decode(part + "===")) for part in token.split(".")[:2]]
    assert set(header) == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("ES256", "JWT")
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"}
    assert claims["exp"] - claims["iat"] == 24 * 60 * 60
    assert claims["iss"] == service.api


@pytest.mark.parametrize("path", ["auth", "checkin", "confirm", "logout"])
def test_no_answer_holds_the_token_or_the_password(service, path):
    client = logged_on(service)
    before = client.cookies["session_token"]
    answer = client.post(f"{service.api}/{path}", json=pair())
    assert answer.json()["ok"] is True
    for secret in (before, client.cookies.get("session_token") or before, "pro-password-1"):
        assert secret not in answer.text


def test_asking_for_the_version_sets_no_cookie(service):
    for client in (requests.Session(), logged_on(service)):
        before = client.cookies.get_dict()
        answer = client.get(f"{service.api}/info")
        assert answer.json()["Title"] == "Users Web API"
        assert "Set-Cookie" not in answer.headers
        assert client.cookies.get_dict() == before


def test_reading_writing_and_mailing_set_no_cookie(service):
    client = logged_on(service)
    answers = [
        client.get(f"{service.api}/user"),
        client.post(f"{service.api}/user", json={}),
        client.get(f"{service.api}/files"),
        client.post(f"{service.api}/files/cookies", files={"file": ("a.idf", MODEL)}),
        client.get(f"{service.api}/files/cookies/a.idf"),
        client.delete(f"{service.api}/files/cookies"),
        client.post(f"{service.api}/send", json={"title": "No cookie", "message": "comes with this."}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "Set-Cookie" not in answer.headers


# What all of them rely on: checking in


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": b"", "headers": {"Content-Type": "application/json"}},
        {"data": "{}", "headers": {"Content-Type": "application/json"}},
        {"data": '""', "headers": {"Content-Type": "application/json"}},
        {"data": '""', "headers": {"Content-Type": "application/json; charset=utf-8"}},
        {"data": {"any": "form"}},
    ],
    ids=["no body", "empty JSON", "an object", "a string", "a string with a charset", "a form"],
)
def test_checking_in_takes_any_body(service, body):
    client = logged_on(service, "admin@example.org")
    first = client.cookies["session_token"]
    answer = client.post(f"{service.api}/checkin", **body)
    assert answer.status_code == 200
    assert answer.json() == {
        "ok": True,
        "status": "Session renewed successfully!",
        "jwt": "Session key cookie",
        "user": "admin",
        "role": "admin",
        "email": "admin@example.org",
    }
    assert client.cookies["session_token"] != first


# What all of them rely on: confirming


@pytest.mark.parametrize(
    "body",
    [
        {"email": "pro@example.org", "password": "wrong-password"},
        {"email": "nobody@example.org", "password": "pro-password-1"},
        pair("admin@example.org"),
    ],
)
def test_confirming_as_somebody_else_does_not_match_and_touches_no_cookie(service, body):
    client = logged_on(service)
    answer = client.post(f"{service.api}/confirm", json=body)
    assert answer.status_code == 200
    assert answer.json() == {"ok": False, "status": "User does not match the existing session"}
    assert "Set-Cookie" not in answer.headers
    assert client.get(f"{service.api}/user").json()["ok"] is True


# What all of them rely on: logging off


def test_logging_off_makes_curl_forget_the_cookie(service, tmp_path):
    def curl(*arguments):
        command = ["curl", "-sS", "-b", "cookies.txt", "-c", "cookies.txt", *arguments]
        return json.loads(subprocess.check_output(command, cwd=tmp_path, timeout=60))

    jar = tmp_path / "cookies.txt"
    jar.touch()
    assert curl("-H", "Content-Type: application/json", "-d", json.dumps(pair()), f"{service.api}/auth")["ok"] is True
    assert "session_token" in jar.read_text()
    assert curl(f"{service.api}/user")["ok"] is True
    assert curl("-X", "POST", f"{service.api}/logout")["ok"] is True
    assert "session_token" not in jar.read_text()
    assert curl(f"{service.api}/user")["ok"] is False


def test_logging_off_empties_the_jar_of_requests(service):
    client = logged_on(service)
    answer = client.post(f"{service.api}/logout")
    value, attributes = cookie_of(answer)
    assert value == ""
    assert {"Path=/", "Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"} <= attributes
    assert not client.cookies


def test_logging_off_kills_every_token_of_the_session_at_once(service):
    client = logged_on(service)
    tokens = [client.cookies["session_token"]]
    for path in ("checkin", "confirm", "checkin"):
        assert client.post(f"{service.api}/{path}", json=pair()).json()["ok"] is True
        tokens.append(client.cookies["session_token"])
    assert len(set(tokens)) == 4
    assert [who(service, cookies={"session_token": token}) for token in tokens] == ["pro@example.org"] * 4
    assert requests.post(f"{service.api}/logout", cookies={"session_token": tokens[1]}).json()["ok"] is True
    assert [who(service, cookies={"session_token": token}) for token in tokens] == [None] * 4


def test_logging_off_leaves_other_sessions_alone(service):
    here, there = logged_on(service), logged_on(service)
    assert here.post(f"{service.api}/logout").json()["ok"] is True
    assert there.get(f"{service.api}/user").json()["ok"] is True


# What all of them rely on: slashes


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_path_answers_directly_with_and_without_a_slash(service, slash):
    client = logged_on(service)
    model = {"file": ("a.idf", MODEL)}
    mail = {"title": "Slashes", "message": "make no difference."}
    requests_in_order = [
        ("GET", "info", {}),
        ("POST", "logon", {"json": pair()}),
        ("POST", "auth", {"json": pair()}),
        ("POST", "checkin", {}),
        ("POST", "confirm", {"json": pair()}),
        ("GET", "user", {}),
        ("POST", "user", {"json": {}}),
        ("POST", "files", {"files": {"file": ("slash.idf", MODEL)}}),
        ("GET", "files", {}),
        ("POST", "files/slash/deep", {"files": model}),
        ("GET", "files/slash/deep", {}),
        ("GET", "files/slash", {}),
        ("DELETE", "files/slash.idf", {}),
        ("DELETE", "files/slash/deep", {}),
        ("DELETE", "files/slash", {}),
        ("POST", "send", {"json": mail}),
        ("POST", "logout", {}),
    ]
    for method, path, body in requests_in_order:
        answer = client.request(method, f"{service.api}/{path}{slash}", allow_redirects=False, **body)
        assert answer.status_code == 200, f"{method} {path}{slash}: {answer.text}"
        assert answer.json().get("ok", True) is True, f"{method} {path}{slash}: {answer.text}"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_file_is_downloaded_with_and_without_a_slash(service, slash):
    client = logged_on(service)
    client.post(f"{service.api}/files/slash", files={"file": ("a.idf", MODEL)})
    answer = client.get(f"{service.api}/files/slash/a.idf{slash}", allow_redirects=False)
    assert (answer.status_code, answer.content) == (200, MODEL)
    assert client.delete(f"{service.api}/files/slash").json()["ok"] is True


# What all of them rely on: the account


def test_the_account_object_is_read_changed_and_posted_back_whole(service):
    client = logged_on(service)
    account = client.get(f"{service.api}/user").json()["data"]
    assert account["jess_pwd"] == "hidden"
    account |= {"company": "Häuser & Söhne", "address": "12 High St\nBath", "use_jess": not account["use_jess"]}
    answer = client.post(f"{service.api}/user", json=account)
    assert answer.json() == {"ok": True, "status": "Account details updated successfully!", "session": None}
    assert client.get(f"{service.api}/user").json()["data"] == account


def test_fields_that_are_left_out_or_null_stay_as_they_are(service):
    client = logged_on(service)
    client.post(f"{service.api}/user", json={"tel": "1", "website": "https://example.org", "use_jess": True})
    before = client.get(f"{service.api}/user").json()["data"]
    client.post(f"{service.api}/user", json={"tel": "2", "website": None, "use_jess": None})
    assert client.get(f"{service.api}/user").json()["data"] == before | {"tel": "2"}


def test_what_is_not_the_users_to_change_is_ignored_without_harm(service):
    client = logged_on(service)
    before = client.get(f"{service.api}/user").json()["data"]
    theirs = {"email": "eve@example.org", "role": "admin", "id": "1", "jess_user": "eve", "jess_pwd": "x", "new": [{}]}
    assert client.post(f"{service.api}/user", json=theirs).json()["ok"] is True
    assert client.get(f"{service.api}/user").json()["data"] == before
    assert client.post(f"{service.api}/checkin").json()["role"] == "pro"
    assert requests.post(f"{service.api}/auth", json=pair()).json()["ok"] is True


def test_the_user_is_called_by_the_nickname_and_else_by_the_first_name(service):
    client = logged_on(service)
    client.post(f"{service.api}/user", json={"firstname": "Edwina"})
    assert client.get(f"{service.api}/user").json()["data"]["nickname"] is None
    assert client.post(f"{service.api}/checkin").json()["user"] == "Edwina"
    client.post(f"{service.api}/user", json={"nickname": "Eddie"})
    assert client.post(f"{service.api}/checkin").json()["user"] == "Eddie"


def test_every_field_of_the_account_is_a_text_or_null_and_use_jess_is_a_boolean(service):
    account = logged_on(service).get(f"{service.api}/user").json()["data"]
    texts = (
        "title firstname middlename surname nickname position company email tel address postcode country website "
        "twitter linkedin jess_user jess_pwd"
    ).split()
    assert set(account) == {*texts, "use_jess"}
    assert type(account.pop("use_jess")) is bool
    for name, text in account.items():
        assert text is None or isinstance(text, str), name


# What all of them rely on: mail


def test_a_user_mails_only_themselves_whatever_address_they_write(service):
    body = {"title": "To whom?", "message": "To me.", "email": "eve@example.org"}
    answer = logged_on(service).post(f"{service.api}/send", json=body)
    assert answer.json() == {"ok": True, "status": "Email has been sent to pro@example.org"}
    mail = requests.get(f"{service.mail}/mail").json()[-1]
    assert (mail["to"], mail["subject"], mail["text"]) == (["pro@example.org"], "To whom?", "To me.")


def test_an_administrator_mails_the_address_they_write_or_else_themselves(service):
    client = logged_on(service, "admin@example.org")
    body = {"title": "Grüße", "message": "Erste Zeile\nZweite Zeile", "email": "eve@example.org"}
    answer = client.post(f"{service.api}/send", json=body)
    assert answer.json() == {"ok": True, "status": "Email has been sent to eve@example.org"}
    answer = client.post(f"{service.api}/send", json=body | {"email": None})
    assert answer.json() == {"ok": True, "status": "Email has been sent to admin@example.org"}
    mails = requests.get(f"{service.mail}/mail").json()[-2:]
    assert [mail["to"] for mail in mails] == [["eve@example.org"], ["admin@example.org"]]
    assert [mail["subject"] for mail in mails] == ["Grüße", "Grüße"]
    assert [mail["text"] for mail in mails] == ["Erste Zeile\nZweite Zeile"] * 2
