"""The page `GET /docs`: whatever is printed there to be copied works as printed."""

import html
import json
import re
import subprocess
import zipfile

import pytest
import requests

from browser import complaints, fits_a_phone, new_browser
from local_stack import running_stack

# A stack of its own: an example changes the password of the account that all of them use.
SECONDS_PER_TEST = 300

# They end what the others need.
LAST = ["endSession", "changePassword", "logOff", "deleteAccount"]

# They ask for what only a mail, a list or an administrator gives, and are refused for want of it.
IN_NEED = {
    *("showNewAddress", "confirmNewAddress", "showAddressUndo", "undoAddress", "showReset", "resetPassword"),
    *("showVerification", "verify", "confirmSecondFactor", "endSecondFactor", "revokeKey", "endSession"),
    *("showUpload", "completeUpload", "abortUpload", "findAccount", "readAccountOf", "changeAccountOf"),
    *("readEventsOf", "endSessionsOf", "deleteAccount", "changeAddress"),
}


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    with running_stack(tmp_path_factory.mktemp("documented") / "data") as stack:
        yield stack


@pytest.fixture(scope="module")
def page(documented):
    answer = requests.get(f"{documented.api}/docs", timeout=30)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def snippets(page, language):
    """What is printed for a language, by operation, in an order in which none takes from another what it needs."""
    found = re.findall(rf'<pre id="(\w+)-{language}">(.*?)</pre>', page, re.DOTALL)
    texts = {name: html.unescape(text) for name, text in found}
    assert len(texts) > 50
    guide = "\n".join(texts.pop(name) for name in list(texts) if name.startswith("guide"))
    order = sorted(texts, key=lambda name: LAST.index(name) if name in LAST else -1)
    return guide, {name: texts[name] for name in order}


# Their answers name what was asked for, or what there is.
ANSWERS_OF_THEIR_OWN = {"upload", "uploadRoot", "delete", "send", "health"}


def check(service, name, status, body):
    """An answer that the document knows, with the text of its example, and a good one unless something is wanting."""
    document = requests.get(f"{service.api}/openapi.json", timeout=30).json()
    operations = {op["operationId"]: op for item in document["paths"].values() for op in item.values()}
    assert str(status) in operations[name]["responses"], (name, status)
    assert status < 500 and (status == 200 or name in IN_NEED), (name, status)
    answer = operations[name]["responses"]["200"].get("content", {}).get("application/json", {})
    if status == 200 and "status" in answer.get("example", {}) and name not in ANSWERS_OF_THEIR_OWN:
        assert json.loads(body)["status"] == answer["example"]["status"], name


def test_the_curl_lines_work_as_printed(documented, page, tmp_path):
    guide, texts = snippets(page, "curl")
    done = subprocess.run(
        ["bash", "-ec", guide], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert '"fileName":"models"' in done.stdout, done.stdout + done.stderr
    assert zipfile.ZipFile(tmp_path / "models.zip").namelist() == [
        *("models/", "models/model.idf", "models/older/", "models/older/first try.idf")
    ]
    for name, text in texts.items():
        script = f'''API={documented.api}
curl() {{ command curl --silent --show-error --output answer --write-out '%{{http_code}}' "${{@/#-I/--head}}"; }}
{text.replace(" -o answer", "")}'''
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (name, done.stderr)
        check(documented, name, int(done.stdout), (tmp_path / "answer").read_bytes())


def test_the_python_lines_work_as_printed(documented, page, tmp_path, monkeypatch):
    guide, texts = snippets(page, "python")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.idf").write_text("Version,9.6;\n")
    # The curl lines have changed the password of the account.
    person = {"email": "pro@example.org", "password": "pro-password-1"}
    written = {"demo@example.org": person["email"], "demo-password-1": person["password"]}
    own = {}
    for name, text in {"guide": guide, **texts}.items():
        for old, new in written.items():
            text = text.replace(old, new)
        exec(compile(text, name, "exec"), own)
        if name != "guide":
            check(documented, name, own["answer"].status_code, own["answer"].content)


def test_the_page_is_read_on_a_phone_and_does_nothing_that_its_policy_forbids(documented):
    with new_browser() as browser:
        browser.get(f"{documented.api}/docs")
        assert fits_a_phone(browser)
        assert complaints(browser, "Content Security Policy") == []
