"""The published examples, run as they are printed; only the base URL is that of the running service."""

import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import requests

from people import logged_on

PUBLISHED = Path(__file__).parent / "published"
BASE_URL = "http://localhost:9000/users/api"
INTERPRETERS = {"sh": "sh", "py": sys.executable}

MODEL = b"Version,9.6;\n"
WEATHER = "LOCATION,Zürich,-,CHE\n".encode("latin-1")

ACCOUNT_FIELDS = (
    "title firstname middlename surname nickname position company email tel address postcode country website "
    "twitter linkedin jess_user jess_pwd use_jess"
).split()


class Examples:
    """All examples in one language, in a folder with the files that they need."""

    def __init__(self, language, service, folder):
        self.language = language
        self.service = service
        self.folder = folder
        (folder / "model.idf").write_bytes(MODEL)
        (folder / "weather.epw").write_bytes(WEATHER)
        with zipfile.ZipFile(folder / "job.zip", "w") as job:
            job.writestr("X/model.idf", MODEL)

    def run(self, name):
        """What the example prints."""
        text = (PUBLISHED / f"{name}.{self.language}").read_text(encoding="utf-8")
        assert BASE_URL in text
        script = self.folder / f"example.{self.language}"
        script.write_text(text.replace(BASE_URL, self.service.api), encoding="utf-8")
        command = [INTERPRETERS[self.language], script.name]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def answer(self, name):
        """The JSON that the example prints."""
        return json.loads(self.run(name))


@pytest.fixture(params=["sh", "py"])
def examples(request, service, tmp_path):
    examples = Examples(request.param, service, tmp_path)
    if request.param == "sh":
        examples.run("log_on")  # The other curl examples use the cookie that it keeps.
    yield examples
    for folder in ("test", "jobs"):
        logged_on(service, "demo@example.org").delete(f"{service.api}/files/{folder}")


def signed_on(status, jwt):
    return {"ok": True, "status": status, "jwt": jwt, "user": "demo", "role": "user", "email": "demo@example.org"}


def test_every_example_is_there_for_curl_and_for_python():
    names = (
        "info log_on auth check_in log_off confirm read_account update_account list_files download_file "
        "upload_files upload_zip delete_files send"
    ).split()
    assert {it.name for it in PUBLISHED.iterdir() if it.is_file()} == {
        f"{name}.{language}" for name in names for language in INTERPRETERS
    }


def test_every_example_names_no_other_address():
    for example in PUBLISHED.glob("*.*"):
        addresses = re.findall(r"https?://[\w.:]+", example.read_text(encoding="utf-8"))
        assert set(addresses) == {"http://localhost:9000"}, example.name


def test_the_version_is_shown(examples):
    version = examples.answer("info")
    assert list(version) == ["Title", "Description", "Major", "Minor", "Revision", "Update", "Release", "Notice"]
    assert (version["Title"], version["Major"]) == ("Users Web API", 1)
    for name in ("Major", "Minor", "Revision", "Update"):
        assert type(version[name]) is int
    for name in ("Title", "Description", "Release", "Notice"):
        assert type(version[name]) is str


@pytest.mark.parametrize("name", ["log_on", "auth"])
def test_logging_on_tells_who_is_logged_on(examples, name):
    assert examples.answer(name) == signed_on("Logged in successfully!", "Session token in cookie")


def test_checking_in_renews_the_session(examples):
    assert examples.answer("check_in") == signed_on("Session renewed successfully!", "Session key cookie")


def test_logging_off_clears_the_session(examples):
    assert examples.answer("log_off") == {
        "ok": True,
        "status": "Logged out successfully!",
        "jwt": "Session token cleared",
        "user": None,
        "role": None,
        "email": None,
    }


def test_after_logging_off_the_curl_examples_are_not_logged_on_any_more(service, tmp_path):
    examples = Examples("sh", service, tmp_path)
    examples.run("log_on")
    assert examples.answer("read_account")["ok"] is True
    examples.run("log_off")
    assert examples.answer("read_account")["ok"] is False


def test_confirming_tells_who_is_logged_on(examples):
    assert examples.answer("confirm") == signed_on("User credential confirmed!", "Session key cookie")


def test_account_details_are_changed_and_read(examples):
    updated = {"ok": True, "status": "Account details updated successfully!", "session": None}
    assert examples.answer("update_account") == updated
    told = {"company": "Demo Engineers", "country": "UK", "firstname": "demo", "email": "demo@example.org"}
    assert examples.answer("read_account") == {
        "ok": True,
        "status": "User's account detailes included.",
        "data": dict.fromkeys(ACCOUNT_FIELDS) | told | {"jess_pwd": "hidden", "use_jess": False},
    }


def test_files_are_uploaded_and_listed(examples):
    assert examples.answer("upload_files") == {
        "ok": True,
        "status": "File(s) uploaded successfully",
        "fileHandle": "test/today",
        "callback": "/users/api/files/test/today",
    }
    model = file("model.idf", "model.idf (0.01 KB)", 13)
    weather = file("weather.epw", "weather.epw (0.02 KB)", 22)
    assert examples.answer("list_files") == folder("/test", [folder("today", [model, weather])])


def folder(name, children):
    return {"name": name, "fileName": name, "fileSize": 0, "open": True, "nocheck": True, "children": children}


def file(file_name, name, size):
    return {"name": name, "fileName": file_name, "fileSize": size, "open": False, "nocheck": False, "children": []}


def test_a_zip_is_unpacked(examples):
    assert examples.answer("upload_zip") == {
        "ok": True,
        "status": "File(s) uploaded successfully",
        "fileHandle": "jobs/X",
        "callback": "/users/api/files/jobs/X",
    }


def test_a_file_is_downloaded_byte_for_byte(examples):
    examples.run("upload_files")
    assert examples.run("download_file") == ""
    assert (examples.folder / "copy.idf").read_bytes() == MODEL


def test_a_folder_is_deleted_and_cannot_be_deleted_again(examples):
    examples.run("upload_files")
    assert examples.answer("delete_files") == {"ok": True, "status": "test/today has been deleted"}
    assert examples.answer("delete_files") == {
        "ok": False,
        "status": "test/today is not found or cannot be deleted",
    }


def test_a_mail_reaches_the_address_of_whoever_is_logged_on(examples, service):
    begin = time.time()
    assert examples.answer("send") == {"ok": True, "status": "Email has been sent to demo@example.org"}
    mail = requests.get(f"{service.mail}/mail").json()[-1]
    assert mail["at"] >= begin
    assert (mail["to"], mail["subject"]) == (["demo@example.org"], "Job 12 has finished")
    assert mail["text"] == "The results are in test/today."
