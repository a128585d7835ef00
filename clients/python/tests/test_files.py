"""Files and folders: there, back, and kept alike."""

import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from conftest import logged_in

from users_api_client import AlreadyThere, NotFound, Outcome, TransferFailed, UsersApiError, files

MODEL = b"Version,9.6;\n"
NAMES = [
    "a.idf",
    "with space.epw",
    "#1.csv",
    "what?.txt",
    "100%.txt",
    'quo"te.txt',
    "Grüße ☀.eso",
    "semi;colon=.x",
    "é",
]


def content(folder):
    """All files below a folder, with their content."""
    folder = Path(folder)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def outcomes(report):
    return {file.path: file.outcome.value for file in report.files}


def write_models(person):
    """A folder with odd names, an empty file, an empty folder, all byte values and a zip."""
    for name in NAMES:
        person.write(f"models/{name}", name.encode())
    person.write("models/deep/er/zero", b"")
    person.write("models/deep/bytes.bin", bytes(range(256)) * 40)
    (person.work / "models/empty").mkdir()
    with zipfile.ZipFile(person.work / "models/results.zip", "w") as archive:
        archive.writestr("inside.txt", "x")
    return person.work / "models"


def test_a_folder_comes_back_as_it_was_sent_whatever_its_names(person):
    folder = write_models(person)
    person.does("put", "models", "--to", "today")
    person.does("get", "today/models", "--to", "copy")
    assert content(person.work / "copy/models") == content(folder)
    assert (person.work / "copy/models/empty").is_dir()


def test_what_is_there_already_is_not_sent_again(person):
    write_models(person)
    first = json.loads(person.does("put", "models", "--json"))["files"]
    assert {file["outcome"] for file in first} == {"sent"}
    person.write("models/a.idf", b"a.IDF")  # As long as before.
    person.write("models/new.idf", MODEL)
    again = json.loads(person.does("put", "models", "--json"))["files"]
    assert {file["path"] for file in again if file["outcome"] == "sent"} == {"models/a.idf", "models/new.idf"}
    assert len(again) == len(first) + 1
    assert "sent" in person.does("put", "models/new.idf", "--to", "elsewhere")
    assert "unchanged" in person.does("put", "models/new.idf", "--to", "elsewhere")


def test_what_is_here_already_is_not_read_again(person, client):
    write_models(person)
    client.put([person.work / "models"])
    first = client.get("models", person.work / "copy")
    assert set(outcomes(first).values()) == {"received"}
    (person.work / "copy/a.idf").write_bytes(b"changed")
    again = outcomes(client.get("models", person.work / "copy"))
    assert [path for path, outcome in again.items() if outcome == "received"] == ["models/a.idf"]
    assert content(person.work / "copy") == content(person.work / "models")


def test_a_thousand_small_files_take_few_requests_and_are_listed_page_by_page(person, network):
    names = [f"{number:04}.idf" for number in range(1001)]
    for name in names:
        person.write(f"many/{name}", MODEL)
    person.does("put", "many", HTTP_PROXY=network.url)
    assert 10 <= len(network.requests) < 30
    entries = json.loads(person.does("ls", "many", "--json"))["entries"]
    assert [entry["path"] for entry in entries] == [f"many/{name}" for name in names]


@pytest.mark.parametrize("is_older", [False, True], ids=["this service", "an older one"])
def test_what_is_unchanged_is_found_out_by_a_list_instead_of_file_by_file(
    person, client, network, monkeypatch, is_older
):
    for number in range(200):
        person.write(f"many/{number:03}.idf", MODEL)
    person.write("single.idf", MODEL)
    client.put([person.work / "many", person.work / "single.idf"])
    monkeypatch.setenv("HTTP_PROXY", network.url)
    if is_older:
        monkeypatch.setattr(files, "DETAILS", {})
    with logged_in(person) as again:
        for transfer in (
            lambda: again.put([person.work / "many", person.work / "single.idf"]),
            lambda: again.put_file(person.work / "single.idf", "single.idf"),
            lambda: again.sync_up(person.work / "many", "many"),
            lambda: again.get("many", person.work / "many"),
            lambda: again.sync_down("many", person.work / "many"),
        ):
            network.requests.clear()
            assert set(outcomes(transfer()).values()) == {"unchanged"}
            assert len(network.requests) <= (204 if is_older else 2), network.requests


def test_files_of_just_under_and_over_a_request_arrive(person, client):
    for size in (4 << 20, (4 << 20) - 4096, (4 << 20) - 4095, 3 << 20):
        file = person.write(f"{size}.bin", b"\xff" * size)
        client.put([file])
        client.get(file.name, person.work / "back")
        assert (person.work / "back").read_bytes() == file.read_bytes()
        client.remove(file.name)


def test_a_single_file_can_take_another_name_on_either_way(person):
    person.write("model.idf", MODEL)
    person.does("put", "model.idf", "--as", "runs/2026/first.idf")
    person.does("get", "runs/2026/first.idf", "--as", "second.idf")
    assert (person.work / "second.idf").read_bytes() == MODEL


def test_a_folder_comes_as_one_zip(person):
    write_models(person)
    person.does("put", "models")
    person.does("get", "models", "--zip")
    with zipfile.ZipFile(person.work / "models.zip") as archive:
        assert {"models/a.idf", "models/deep/er/zero"} <= set(archive.namelist())
    person.does("export", "mine.zip")
    with zipfile.ZipFile(person.work / "mine.zip") as archive:
        assert {"account.json", "files/models/a.idf"} <= set(archive.namelist())


def test_files_with_the_longest_names_come_back_on_every_way(person, client):
    names = ["a" * 217, "a" * 255, "a" * 254 + "b", "☀" * 85]
    for name in names:
        person.write(f"models/{name}", name.encode())
    person.write(f"models/{'b' * 255}", bytes(9 << 20))
    sent = content(person.work / "models")
    client.put([person.work / "models"])
    person.does("get", f"models/{names[1]}", "--to", "single")
    assert content(person.work / "single") == {names[1]: sent[names[1]]}
    person.does("get", "models", "--to", "copy")
    person.does("sync", "synced", "models", "--down")
    assert content(person.work / "copy/models") == content(person.work / "synced") == sent
    person.does("get", "models", "--zip", "--as", names[1])
    with zipfile.ZipFile(person.work / names[1]) as archive:
        assert {name.removeprefix("models/") for name in archive.namelist()} >= set(sent)


def test_files_are_moved_copied_and_deleted(person):
    person.write("a.idf", MODEL)
    person.does("put", "a.idf", "--to", "x")
    assert person.does("mv", "x/a.idf", "y/b.idf") == "Moved to y/b.idf\n"
    assert person.does("cp", "y/b.idf", "z/") == "Copied to z/b.idf\n"
    person.does("rm", "-r", "x")
    person.does("mkdir", "w")
    assert person.does("tree").splitlines() == [
        "/", "├── w/", "├── y/", "│   └── b.idf (13 bytes)", "└── z/", "    └── b.idf (13 bytes)",
    ]  # fmt: skip
    done = person.run("cp", "y/b.idf", "z/b.idf")
    assert done.returncode == 5
    assert done.stderr.strip()
    done = person.run("rm", "y")
    assert done.returncode == 1
    assert "rm -r" in done.stderr
    person.does("rm", "-r", "y", "z")
    assert person.does("ls").split() == ["w/"]
    assert person.run("rm", "y/b.idf").returncode == 4


def test_what_is_moved_or_copied_to_a_folder_goes_into_it(person, client):
    client.put([person.write("a.idf", MODEL), person.write("b.idf", MODEL), person.write("x/c.idf", MODEL).parent])
    client.make_folder("folder")
    assert person.does("mv", "a.idf", "folder") == "Moved to folder/a.idf\n"
    assert person.does("cp", "b.idf", "x", "folder") == "Copied to folder/b.idf, folder/x\n"
    assert person.does("mv", "folder/a.idf", "/") == "Moved to a.idf\n"
    done = person.run("mv", "x", "folder")
    assert done.returncode == 5
    assert done.stderr.startswith("usersapi: folder/x is there already: ")
    done = person.run("cp", "b.idf", "folder")
    assert done.returncode == 5
    assert "folder/b.idf is there already: " in done.stderr
    done = person.run("cp", "a.idf", "b.idf", "nowhere")
    assert done.returncode == 1
    assert "usersapi mkdir" in done.stderr
    assert {file.path for file in client.tree().files()} == {
        "a.idf", "b.idf", "x/c.idf", "folder/b.idf", "folder/x/c.idf",
    }  # fmt: skip


def test_a_slash_at_the_end_names_the_folder_to_go_into(person, client):
    person.write("a.idf", MODEL)
    person.does("put", "a.idf", "--as", "x/")
    assert [file.path for file in client.tree().files()] == ["x/a.idf"]
    person.does("get", "x/a.idf", "--as", "copy/")
    assert (person.work / "copy/a.idf").read_bytes() == MODEL


def test_a_folder_that_is_made_twice_is_said_to_be_there(person, client):
    assert person.does("mkdir", "x/y") == "Made x/y\n"
    assert person.does("mkdir", "x/y") == "x/y is there already.\n"
    key = client.create_key("ci", ["files:write"])[0]
    person.does("mkdir", "z", USERS_API_KEY=key)
    person.does("mv", "z", "zz", USERS_API_KEY=key)


def test_files_are_found_by_their_names(person, client):
    for name in ("Model.IDF", "deep/er/model.eso", "deep/[1].idf", "models/x"):
        client.put_file(person.write("x", b""), name)

    def finds(*words):
        return person.does("find", *words).splitlines()

    assert finds("model") == ["Model.IDF", "deep/er/model.eso", "models/"]
    assert finds("*.idf") == ["Model.IDF", "deep/[1].idf"]
    assert finds("model", "deep") == ["deep/er/model.eso"]
    assert finds("models/x") == ["models/x"]
    assert finds("[[]?].idf") == ["deep/[1].idf"]
    done = person.run("find", "none")
    assert (done.returncode, done.stdout) == (4, "")
    assert "Nothing is named none. `usersapi tree` shows what is there." in done.stderr
    assert json.loads(person.run("find", "none", "--json").stdout)["error"] == "not_found"
    assert json.loads(person.does("find", "MODELS", "--json"))["entries"] == [
        {"path": "models", "size": 0, "is_folder": True}
    ]


def test_a_long_list_says_when_files_were_stored(person, client):
    client.put([person.write("model.idf", MODEL)], to="x/y")
    stored = next(iter(client.list_folder("x/y"))).stored
    assert client.entry("x/y/model.idf").stored == stored
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stored)
    shown = r" +13 bytes  \d{4}-\d\d-\d\d \d\d:\d\d  model.idf\n"
    assert re.fullmatch(shown, person.does("ls", "-l", "x/y"))
    assert re.fullmatch(shown, person.does("ls", "--long", "x/y/model.idf"))
    assert person.does("ls", "-l", "x").split() == ["y/"]
    assert json.loads(person.does("ls", "x/y", "--json"))["entries"][0]["stored"] == stored


# What would be done, and what is left alone


def test_a_dry_run_of_put_says_what_would_be_sent_and_sends_nothing(person, client):
    client.put([person.write("models/same.idf", MODEL), person.write("models/other.idf", b"1")], to="models")
    person.write("models/other.idf", b"2")
    person.write("models/new.idf", MODEL)
    (person.work / "models/empty").mkdir()
    before = list(client.tree().below())
    assert set(person.does("put", "models", "--dry-run").splitlines()) == {
        "unchanged: models/same.idf (13 bytes)",
        "would be sent: models/other.idf (1 bytes), replacing what is there",
        "would be sent: models/new.idf (13 bytes)",
        "Files: 1 unchanged (13 bytes), 2 would be sent (14 bytes). Nothing was changed: this was a dry run.",
    }
    told = json.loads(person.does("put", "models/new.idf", "--as", "x", "-n", "--json"))
    assert told["dry_run"] is True
    assert [(file["path"], file["outcome"]) for file in told["files"]] == [("x", "sent")]
    assert list(client.tree().below()) == before


def test_a_dry_run_of_get_says_what_would_be_received_and_writes_nothing(person, client):
    client.put([person.write("models/other.idf", b"1"), person.write("models/new.idf", MODEL)], to="models")
    person.write("copy/models/other.idf", b"2")
    before = content(person.work)
    assert set(person.does("get", "models", "--to", "copy", "-n").splitlines()) == {
        "would be received: models/other.idf as copy/models/other.idf (1 bytes), replacing what is here",
        "would be received: models/new.idf as copy/models/new.idf (13 bytes)",
        "Files: 2 would be received (14 bytes). Nothing was changed: this was a dry run.",
    }
    person.does("get", "models", "--to", "elsewhere", "-n")
    assert content(person.work) == before
    assert not (person.work / "elsewhere").exists()
    assert person.run("get", "models", "--zip", "-n").returncode == 2


def test_a_dry_run_of_sync_says_what_would_be_deleted_and_deletes_nothing(person, client):
    client.put([person.write("models/there.idf", MODEL)], to="models")
    (person.work / "models/there.idf").unlink()
    person.write("models/here.idf", MODEL)
    up = person.does("sync", "models", "models", "--delete", "--dry-run").splitlines()
    assert up[:2] == ["would be sent: models/here.idf (13 bytes)", "would be deleted: models/there.idf (13 bytes)"]
    down = person.does("sync", "models", "models", "--down", "--delete", "-n").splitlines()
    assert down[0].startswith("would be received: models/there.idf as models/there.idf")
    assert down[1] == "would be deleted: here.idf (13 bytes)"
    person.does("sync", "nowhere", "models", "--down", "--delete", "-n")
    assert [entry.name for entry in client.list_folder("models")] == ["there.idf"]
    assert content(person.work) == {"models/here.idf": MODEL}


def test_local_changes_are_kept_if_that_is_asked_for_and_replaced_otherwise(person, client):
    client.put([person.write("models/other.idf", b"1"), person.write("models/new.idf", MODEL)], to="models")
    (person.work / "models/new.idf").unlink()
    person.write("models/other.idf", b"2")
    told = person.does("get", "models", "--keep")
    assert "kept: models/other.idf, which differs from models/other.idf in the service\n" in told
    assert content(person.work / "models") == {"other.idf": b"2", "new.idf": MODEL}
    data = json.loads(person.does("get", "models", "--keep", "--json"))["files"]
    assert {file["path"]: file["outcome"] for file in data} == {
        "models/other.idf": "kept",
        "models/new.idf": "unchanged",
    }
    assert "replaced, also those that you have changed" in " ".join(person.does("get", "--help", COLUMNS="300").split())
    person.does("get", "models")
    assert content(person.work / "models")["other.idf"] == b"1"


def test_sync_makes_the_service_hold_what_is_here(person, client):
    write_models(person)
    client.put([person.work / "models"])
    (person.work / "models/a.idf").unlink()
    person.write("models/deep/new.idf", MODEL)
    person.does("sync", "models", "models")
    assert {"models/a.idf", "models/deep/new.idf"} <= {file.path for file in client.tree("models").files()}
    told = json.loads(person.does("sync", "models", "models", "--delete", "--json"))["files"]
    assert [file["path"] for file in told if file["outcome"] == "deleted"] == ["models/a.idf"]
    assert {file.path for file in client.tree("models").files()} == {
        f"models/{path}" for path in content(person.work / "models")
    }


def test_sync_makes_this_machine_hold_what_is_in_the_service(person, client):
    write_models(person)
    client.put([person.work / "models"])
    person.write("copy/extra.txt", b"x")
    person.does("sync", "copy", "models", "--down")
    assert (person.work / "copy/extra.txt").exists(), "nothing is deleted unasked"
    report = client.sync_down("models", person.work / "copy", delete=True)
    assert [file.local.name for file in report.of(Outcome.DELETED)] == ["extra.txt"]
    assert content(person.work / "copy") == content(person.work / "models")


def test_what_is_not_there_is_told(person, client):
    for words in (["get", "none"], ["ls", "none"], ["tree", "none"], ["rm", "none"], ["mv", "none", "x"]):
        done = person.run(*words)
        assert done.returncode == 4, done.stderr
        assert "none" in done.stderr
    for words in (["rm", "none"], ["rm", "-r", "none"]):
        assert re.search(r"none is not there.* `usersapi ls` shows what is\.", person.run(*words).stderr)
    with pytest.raises(NotFound):
        client.get("none", person.work / "x")
    done = person.run("put", "no-such-file")
    assert done.returncode == 1
    assert "no-such-file is not there" in done.stderr


def test_one_bad_file_does_not_keep_the_others_back(person, client):
    person.write("models/good.idf", MODEL)
    person.write("models/back\\slash.idf", MODEL)
    person.write("models/taken", MODEL)
    person.write("x", b"")
    client.put([person.work / "x"])
    client.move("x", "models/taken/x")
    done = person.run("put", "models", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["error"]) == (1, "transfer_failed")
    assert {file["path"]: file["outcome"] for file in told["files"]} == {
        "models/good.idf": "sent",
        "models/back\\slash.idf": "failed",
        "models/taken": "failed",
    }
    assert all(file["reason"] for file in told["files"] if file["outcome"] == "failed")
    with pytest.raises(TransferFailed, match="2 of 3 files failed"):
        client.put([person.work / "models"])
    shown = person.run("put", "models").stderr
    assert shown.count("models/taken: ") == shown.count("its name holds") == 1, "each reason is told once"
    assert "usersapi: 2 of 3 files failed.\n" in shown


def test_what_cannot_be_written_here_is_told_with_advice_that_fits(person, client):
    client.put([person.write("folder/model.idf", MODEL), person.write("file", b"")], to="x")
    for words, told in (
        (["x/model.idf", "--as", "file/model.idf"], "a file is where a folder is needed"),
        (["x", "--as", "file"], "a file is where a folder is needed"),
        (["x/model.idf", "--as", "/proc/none/model.idf"], "its folder does not exist and cannot be made"),
        (["x", "--as", "/proc/none"], "its folder does not exist and cannot be made"),
        (["x/model.idf", "--as", "folder"], "a folder is where the file is to be"),
        (["x/model.idf", "--as", "a" * 256], "its name is too long for this machine, so give it a shorter one"),
    ):
        done = person.run("get", *words)
        assert done.returncode == 1
        assert told in done.stderr
        assert "make room" not in done.stderr
    person.does("get", "x", "--to", "missing/folder")
    assert (person.work / "missing/folder/x/model.idf").exists()


def test_two_files_of_one_name_do_not_replace_each_other(person, client):
    with pytest.raises(UsersApiError, match="different folders"):
        client.put([person.write("a/model.idf", b"1"), person.write("b/model.idf", b"2")])
    assert list(client.list_folder()) == []
    client.put([person.work / "a/model.idf"])
    client.make_folder("folder")
    with pytest.raises(AlreadyThere):
        client.move("model.idf", "folder")


def test_what_an_account_has_is_shown_and_changed(person):
    person.write("a.idf", MODEL)
    person.does("put", "a.idf")
    assert "13 bytes of" in person.does("usage")
    assert json.loads(person.does("usage", "--json"))["files_used"] == 1
    person.does("profile", "set", "company=ENSIMS")
    assert "ENSIMS" in person.does("profile")
    person.does("profile", "set", "company=")
    assert not json.loads(person.does("profile", "--json"))["profile"]["company"]
    assert person.does("send", "Job 12", "It is done.").startswith("Email has been sent to")
    assert person.run("profile", "set", "company").returncode == 2


# What is no plain file on this machine


def test_a_pipe_is_written_into_and_stays_a_pipe(person, client):
    client.put([person.write("bytes.bin", bytes(range(256)) * 4000)])
    pipe = person.work / "pipe"
    os.mkfifo(pipe)
    process = person.start("get", "bytes.bin", "--as", "pipe")
    assert pipe.read_bytes() == bytes(range(256)) * 4000
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert pipe.is_fifo()
    client.make_folder("folder")
    process = person.start("get", "folder", "--zip", "--as", "pipe")
    assert pipe.read_bytes().startswith(b"PK")
    process.communicate(timeout=30)
    assert pipe.is_fifo()


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(person, client):
    client.put([person.write("model.idf", MODEL)])
    client.make_folder("folder")
    target = person.write("elsewhere/target", b"old")
    for words in (["model.idf"], ["folder", "--zip"]):
        link = person.work / "link"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        person.does("get", *words, "--as", "link")
        assert link.is_symlink()
        assert target.read_bytes() != b"old"
        target.write_bytes(b"old")


def test_a_file_is_printed_byte_for_byte_and_the_report_goes_elsewhere(person, client):
    content = bytes(range(256)) * 40
    client.put([person.write("bytes.bin", content), person.write("model.idf", MODEL)])

    def prints(*words, stdout=subprocess.PIPE):
        command = [sys.executable, "-m", "users_api_client", *words]
        return subprocess.run(command, cwd=person.work, env=person.environment, stdout=stdout, stderr=subprocess.PIPE)

    # What `/dev/stdout` is.
    (person.work / "stdout").symlink_to("/proc/self/fd/1")
    for place in ("-", "stdout"):
        done = prints("get", "bytes.bin", "--as", place)
        assert (done.returncode, done.stdout) == (0, content)
        assert b"bytes.bin" in done.stderr
    assert prints("cat", "bytes.bin", "model.idf").stdout == content + MODEL
    assert prints("get", "", "--zip", "--as", "-").stdout.startswith(b"PK")
    for words in (["cat", ""], ["get", "", "--as", "-"]):
        done = prints(*words)
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"is a folder" in done.stderr
    assert prints("get", "bytes.bin", "--as", "-", "--json").returncode == 2


def test_a_printed_file_goes_on_after_a_lost_connection(person, client, network, monkeypatch):
    content = os.urandom(3 << 20)
    client.put([person.write("bytes.bin", content)])
    monkeypatch.setenv("HTTP_PROXY", network.url)
    with logged_in(person) as beside:
        network.cut_after(2 << 20)
        threading.Timer(1, network.mend).start()
        target = io.BytesIO()
        assert beside.read_into("bytes.bin", target) == len(content)
    assert target.getvalue() == content


# Paths and what is at them


ESCAPES = ["../sessions", "x/../../sessions", "./x", "..", "a//b", "a\x01b", "a\\b", "\udcff"]


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_a_path_that_leads_elsewhere_is_refused_before_anything_is_asked(person, client, path):
    file = person.write("model.idf", MODEL)
    for attempt in (
        lambda: list(client.list_folder(path)),
        lambda: client.tree(path),
        lambda: client.entry(path),
        lambda: client.make_folder(path),
        lambda: client.remove(path),
        lambda: client.move(path, "x"),
        lambda: client.move("x", path),
        lambda: client.copy("x", path),
        lambda: client.get(path, person.work / "x"),
        lambda: client.get_zip(path, person.work / "x"),
        lambda: client.put([file], path),
        lambda: client.put_file(file, path),
        lambda: client.sync_up(person.work, path),
        lambda: client.sync_down(path, person.work / "x"),
    ):
        with pytest.raises(UsersApiError, match=r"holds .*: write") as told:
            attempt()
        assert type(told.value) is UsersApiError
    assert list(client.list_folder()) == []


def test_deleting_dot_dot_ends_no_session(person):
    done = person.run("rm", "-r", "../sessions")
    assert done.returncode == 1
    assert "write the whole path from your root folder" in done.stderr
    person.does("usage")


def test_an_id_that_is_empty_or_dots_ends_nothing(person, service):
    with logged_in(service) as elsewhere:
        for words in (["sessions", "end"], ["keys", "revoke"]):
            for name in ("", ".", ".."):
                done = person.run(*words, name)
                assert done.returncode == 1
                assert "is no id" in done.stderr
        elsewhere.usage()


def test_a_file_where_a_folder_is_meant_is_shown_or_told(person, client):
    client.put([person.write("model.idf", MODEL)], to="x")
    assert person.does("ls", "x/model.idf").split() == ["13", "bytes", "model.idf"]
    for words in (["tree", "x/model.idf"], ["put", "model.idf", "--to", "x/model.idf"]):
        done = person.run(*words)
        assert done.returncode == 1
        assert "x/model.idf is a file, not a folder" in done.stderr
    done = person.run("get", "x/model.idf", "--zip")
    assert done.returncode == 1
    assert "only folders come as a zip" in done.stderr
    assert not (person.work / "model.idf.zip").exists()


def test_sync_with_exchanged_arguments_says_which_is_which(person, client):
    client.put([person.write("model.idf", MODEL)], to="there")
    person.write("here/model.idf", MODEL)
    for words in (["there", "here", "--down"], ["here", "there/model.idf", "--down"], ["there", "here"]):
        done = person.run("sync", *words)
        assert done.returncode in (1, 4)
        assert f"The first argument ({words[0]}) is the folder on this machine" in done.stderr
    assert [entry.name for entry in client.list_folder("there")] == ["model.idf"]
