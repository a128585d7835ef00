"""Lost networks, ended sessions, full accounts and changing files: nothing is lost, and the same command goes on."""

import contextlib
import hashlib
import http.server
import json
import os
import re
import signal
import socket
import threading
import time
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from conftest import EMAIL, logged_in
from people import PASSWORDS, new_token

from users_api_client import (
    Client,
    ConnectionFailed,
    NoRoom,
    NotFound,
    OtherVersion,
    Outcome,
    ServiceFailed,
    TransferFailed,
    patience,
    transport,
)

MEGABYTES = 40
LARGE = MEGABYTES << 20


def noise(size=LARGE):
    """Bytes that no compression makes fewer, the same at every run."""
    return hashlib.shake_128(b"noise").digest(size)


@pytest.fixture
def impatient(monkeypatch):
    """Gives up after two tries."""
    monkeypatch.setattr(patience, "TRIES", 2)
    monkeypatch.setattr(transport, "TRANSFER_SECONDS", 0)


@pytest.fixture
def beside(service, network, monkeypatch, tmp_path):
    """A client whose every byte goes through the network that can be cut."""
    monkeypatch.setenv("HTTP_PROXY", network.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with logged_in(service) as client:
        yield client
        network.mend()
        for entry in list(client.list_folder()):
            client.remove(entry.path)
        for upload in client.uploads():
            client.end_upload(upload["id"])


def parts_sent(network):
    return sum(line.startswith("PUT ") for line in network.requests)


def assert_it_is_there(client, path, content, tmp_path):
    client.get(path, tmp_path / "whole")
    assert (tmp_path / "whole").read_bytes() == content


def test_an_upload_whose_network_is_lost_goes_on_where_it_stopped(beside, network, impatient, tmp_path):
    content = noise(80 << 20)
    file = tmp_path / "results.eso"
    file.write_bytes(content)
    # Of the ten parts at most four are under way at once, so some have arrived by then.
    network.cut_after(len(content) * 2 // 3)
    with pytest.raises(ConnectionFailed, match="goes on where it stopped"):
        beside.put([file])
    network.mend()
    network.requests.clear()
    beside.put([file])
    assert 1 <= parts_sent(network) < 10, "what had arrived is not sent again"
    assert_it_is_there(beside, "results.eso", content, tmp_path)


def test_a_short_break_is_not_even_noticed(beside, network, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    network.cut_after(LARGE // 2)
    threading.Timer(1.5, network.mend).start()
    beside.put([file])
    network.cut_after(LARGE // 2)
    threading.Timer(1.5, network.mend).start()
    assert_it_is_there(beside, "results.eso", noise(), tmp_path)


class Unconcerned:
    """A watcher that only looks on while bytes are on their way."""

    def expect(self, size):
        pass

    def go_on(self, path, size, total):
        pass

    def wait(self, text):
        pass

    def finish(self, file):
        pass


class Listener(Unconcerned):
    """A watcher that keeps what is said of a wait."""

    def __init__(self):
        self.told = []

    def advance(self, path, size, total):
        pass

    def wait(self, text):
        self.told.append(text)


@pytest.fixture
def soon_told(monkeypatch):
    """Without the patience of a transfer, two tries are all; with it, the second failure is worth a line."""
    monkeypatch.setattr(patience, "TRIES", 2)
    monkeypatch.setattr(patience, "TOLD_AFTER_FAILURES", 2)


@pytest.mark.parametrize("how", ["lost", "under repair"])
@pytest.mark.parametrize("size", [1000, LARGE], ids=["small", "large"])
def test_a_transfer_waits_for_a_service_that_is_away_and_says_so_once(beside, network, soon_told, tmp_path, how, size):
    def take_away():
        network.budget, network.is_under_repair = (0, False) if how == "lost" else (None, True)
        threading.Timer(1.5, give_back).start()

    def give_back():
        network.budget, network.is_under_repair = None, False

    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "results.eso").write_bytes(noise(size))
    for transfer in (
        lambda watcher: beside.put([folder], watcher=watcher),
        lambda watcher: beside.get("folder/results.eso", tmp_path / "whole", watcher),
        lambda watcher: beside.sync_down("folder", tmp_path / "copy", watcher=watcher),
    ):
        listener = Listener()
        take_away()
        transfer(listener)
        assert listener.told == ["The service is away or busy: waiting for it. Ctrl-C ends that."]
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "copy/results.eso").read_bytes() == noise(size)


def test_what_is_no_transfer_does_not_wait_long(beside, network, soon_told):
    network.is_under_repair = True
    with pytest.raises(ServiceFailed):
        beside.usage()
    network.is_under_repair = False
    network.cut_after(0)
    with pytest.raises(ConnectionFailed):
        beside.usage()


def test_a_wait_ends_with_ctrl_c_and_is_no_part_of_json(person, client, network):
    client.put([person.write("results.eso", b"x")])
    network.cut_after(0)
    process = person.start("get", "results.eso", "--to", "copy", HTTP_PROXY=network.url)
    assert process.stderr.readline().startswith("The service is away or busy: waiting for it")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (130, "Stopped. The same command goes on where this one stopped.\n")
    quiet = person.start("get", "results.eso", "--to", "copy", "--json", HTTP_PROXY=network.url)
    time.sleep(5)
    network.mend()
    out, errors = quiet.communicate(timeout=20)
    assert (json.loads(out)["ok"], errors) == (True, "")


def test_an_address_that_can_never_be_reached_is_not_waited_for(person):
    person.write("x", b"")
    began = time.monotonic()
    done = person.run("--api", "localhost/users/api", "put", "x", USERS_API_KEY="uapi_x")
    assert done.returncode == 7
    assert time.monotonic() - began < 5


def test_a_list_that_breaks_off_is_asked_for_again(beside, network, tmp_path):
    for number in range(300):
        (tmp_path / f"{number}.idf").write_bytes(b"")
    beside.put(tmp_path.glob("*.idf"), to="many")
    network.cut_after(20_000)
    threading.Timer(0.5, network.mend).start()
    network.requests.clear()
    assert len(list(beside.list_folder("many"))) == 300
    assert len(network.requests) > 1, "the first answer has broken off"


class Ender(Unconcerned):
    """Whoever ends an upload while it is under way, so many times."""

    def __init__(self, api, token, cache, times):
        self._api, self._token, self._cache, self._times = api, token, cache, times
        self._ended = set()
        self._lock = threading.Lock()
        self.moved = 0

    def advance(self, path, size, total):
        with self._lock:
            self.moved += size
            for note in self._cache.rglob("*.json"):
                upload = json.loads(note.read_text() or "{}").get("id")
                if len(self._ended | {upload}) <= self._times:
                    self._ended.add(upload)
                    requests.delete(f"{self._api}/uploads/{upload}", headers={"Authorization": f"Bearer {self._token}"})


def test_an_upload_that_is_ended_elsewhere_begins_anew_once(beside, service, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    ender = Ender(service.api, new_token(service), tmp_path / "cache", times=2)
    with pytest.raises(TransferFailed, match="or was ended elsewhere: do the same again"):
        beside.put([file], watcher=ender)
    ender = Ender(service.api, new_token(service), tmp_path / "cache", times=1)
    beside.put([file], watcher=ender)
    assert ender.moved == LARGE, "what was sent in vain is taken back"
    assert_it_is_there(beside, "results.eso", noise(), tmp_path)
    assert beside.uploads() == []


def begin_to_send(client, network, file):
    """Sends a file until the network is lost; the upload that is left."""
    network.cut_after(LARGE // 2)
    with pytest.raises(ConnectionFailed):
        client.put([file])
    network.mend()
    (upload,) = client.uploads()
    return upload["id"]


def test_an_upload_whose_parts_the_service_has_lost_begins_anew_and_gives_its_room_back(
    beside, network, impatient, tmp_path
):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    upload = begin_to_send(beside, network, file)
    # The bucket forgets them, as the local one does when it is started anew; the service still knows the upload.
    address = urlsplit(beside._transport.call("GET", f"uploads/{upload}")["parts"][0]["url"])
    bucket, key = address.path.strip("/").split("/", 1)
    local = {"endpoint_url": f"http://{address.netloc}", "region_name": "eu-west-2"}
    s3 = boto3.client("s3", **local, aws_access_key_id="test", aws_secret_access_key="test")
    s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=parse_qs(address.query)["uploadId"][0])
    with pytest.raises(NotFound):
        beside._transport.call("GET", f"uploads/{upload}")
    beside.put([file])
    assert_it_is_there(beside, "results.eso", noise(), tmp_path)
    assert beside.usage()["bytes_kept"] == 0


def test_an_upload_of_what_the_file_was_before_is_ended(beside, network, impatient, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    first = begin_to_send(beside, network, file)
    file.write_bytes(noise()[::-1])
    assert begin_to_send(beside, network, file) != first, "of both only the later one is left"
    file.write_bytes(b"small now")
    beside.put([file])
    assert beside.usage()["bytes_kept"] == 0
    file.write_bytes(noise())
    begin_to_send(beside, network, file)
    file.write_bytes(b"small now")
    assert "unchanged" in [it.outcome.value for it in beside.put([file]).files]
    assert beside.uploads() == []
    assert list((tmp_path / "cache").rglob("*.json")) == []


def test_a_dry_run_leaves_an_upload_to_be_gone_on_with(beside, network, impatient, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    upload = begin_to_send(beside, network, file)
    file.write_bytes(b"small now")
    beside.put([file], dry_run=True)
    assert [it["id"] for it in beside.uploads()] == [upload]


class Keeper(Unconcerned):
    """Keeps a copy of the note that is there while an upload is under way."""

    def __init__(self, cache):
        self._cache = cache
        self.notes = {}

    def advance(self, path, size, total):
        self.notes.update({note: note.read_text() for note in self._cache.rglob("*.json")})


def test_an_upload_that_was_complete_when_the_client_was_killed_is_not_gone_on_with(beside, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise(5 << 20))
    keeper = Keeper(tmp_path / "cache")
    beside.put([file], watcher=keeper)
    for note, text in keeper.notes.items():
        note.write_text(text)
    beside.remove("results.eso")
    beside.put([file])
    assert_it_is_there(beside, "results.eso", noise(5 << 20), tmp_path)


@pytest.mark.parametrize("name", ["results.eso", "ü.é" * 51], ids=["a short name", "a name of 255 bytes"])
def test_a_download_whose_network_is_lost_goes_on_where_it_stopped(beside, network, impatient, tmp_path, name):
    file = tmp_path / name
    file.write_bytes(noise())
    beside.put([file])
    copy = tmp_path / "copy" / name
    network.cut_after(LARGE // 2)
    with pytest.raises(ConnectionFailed):
        beside.get(name, copy)
    assert not copy.exists(), "half a file has not its name"
    network.cut_after(LARGE * 3 // 4)  # Not enough for the whole.
    beside.get(name, copy)
    assert copy.read_bytes() == noise()
    assert list(copy.parent.iterdir()) == [copy]


def test_a_download_of_a_file_that_is_replaced_meanwhile_begins_anew(beside, network, impatient, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    beside.put([file])
    copy = tmp_path / "copy" / "results.eso"
    network.cut_after(LARGE // 2)
    with pytest.raises(ConnectionFailed):
        beside.get("results.eso", copy)
    network.mend()
    file.write_bytes(noise()[::-1])
    beside.put([file])
    beside.get("results.eso", copy)
    assert copy.read_bytes() == noise()[::-1]


def received(person):
    """How many parts of the upload that is under way have arrived."""
    notes = list((person.home / ".cache/users-api-client/uploads").glob("*.json"))
    if not notes:
        return 0
    token = person.store.load(person.api).token
    try:
        upload = json.loads(notes[0].read_text())["id"]
        headers = {"Authorization": f"Bearer {token}"}
        return len(requests.get(f"{person.api}/uploads/{upload}", headers=headers).json()["received"])
    except (ValueError, KeyError):
        return 0


EXIT_CODES = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("how", EXIT_CODES, ids=["killed", "Ctrl-C", "terminated"])
def test_an_upload_that_is_stopped_half_way_goes_on(person, client, network, how, tmp_path):
    person.write("results.eso", noise(120 << 20))
    process = person.start("put", "results.eso")
    deadline = time.monotonic() + 60
    while received(person) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == EXIT_CODES[how]
    assert ("Stopped. The same command goes on where this one stopped." in errors) == (how != signal.SIGKILL)
    with pytest.raises(NotFound):
        client.get("results.eso", tmp_path / "x")
    again = person.run("put", "results.eso", HTTP_PROXY=network.url)
    assert again.returncode == 0
    assert re.search(r"^Going on with results.eso after \d+\.\d MB of 125.8 MB\.$", again.stderr, re.MULTILINE)
    assert parts_sent(network) <= 13, "15 parts make up the file"
    assert_it_is_there(client, "results.eso", noise(120 << 20), tmp_path)


def test_a_download_that_is_stopped_half_way_ends_soon_and_goes_on(person, client, network):
    client.put([person.write("results.eso", noise())])
    network.delay = 0.03  # Twenty seconds for the whole.
    process = person.start("get", "results.eso", "--to", "copy", HTTP_PROXY=network.url)
    while not any(part.stat().st_size > 2 << 20 for part in person.work.glob("copy/.*.part")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (130, "Stopped. The same command goes on where this one stopped.\n")
    again = person.run("get", "results.eso", "--to", "copy")
    assert re.search(r"^Going on with results.eso after \d\.\d MB of 41.9 MB\.\n", again.stderr)
    assert (person.work / "copy/results.eso").read_bytes() == noise()
    quiet = person.run("get", "results.eso", "--to", "copy", "--json")
    assert quiet.stderr == ""


def test_a_zip_that_is_stopped_leaves_nothing_behind_and_says_that_it_begins_anew(person, client, network):
    client.put([person.write("results.eso", noise())], to="folder")
    network.delay = 0.03
    process = person.start("get", "folder", "--zip", "--to", "copy", HTTP_PROXY=network.url)
    while not any(part.stat().st_size > 2 << 20 for part in person.work.glob("copy/.*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (130, "Stopped. The same command begins anew.\n")
    assert list((person.work / "copy").iterdir()) == []


def test_a_session_that_ends_in_mid_upload_is_told_and_the_upload_goes_on_after_the_next_login(
    person, service, client, network, tmp_path
):
    person.write("results.eso", noise(120 << 20))
    process = person.start("put", "results.eso")
    while received(person) < 1 and process.poll() is None:
        time.sleep(0.02)
    with logged_in(service) as elsewhere:
        elsewhere.end_other_sessions()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "your session has ended" in errors
    assert "usersapi login" in errors
    person.does("login", EMAIL, stdin=PASSWORDS[EMAIL])
    person.does("put", "results.eso", HTTP_PROXY=network.url)
    assert parts_sent(network) < 15, "what had arrived is not sent again"
    with logged_in(service) as again:
        assert_it_is_there(again, "results.eso", noise(120 << 20), tmp_path)
    client.log_in(EMAIL, PASSWORDS[EMAIL])


class Writer(Unconcerned):
    """Whoever writes to a file while it is sent."""

    def __init__(self, file):
        self._file = file

    def advance(self, path, size, total):
        with self._file.open("ab") as content:
            content.write(b"x")


def test_a_file_that_changes_while_it_is_sent_is_not_stored(beside, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    with pytest.raises(TransferFailed, match="was changed while it was sent"):
        beside.put([file], watcher=Writer(file))
    assert list(beside.list_folder()) == []
    assert beside.usage()["bytes_used"] == 0
    assert list((tmp_path / "cache").rglob("*.json")) == []
    beside.put([file])
    assert_it_is_there(beside, "results.eso", file.read_bytes(), tmp_path)


@contextlib.contextmanager
def growing(file, seconds):
    """Somebody appends to a file every few milliseconds, for so long."""
    until = time.monotonic() + seconds
    ended = threading.Event()

    def grow():
        while time.monotonic() < until and not ended.is_set():
            with file.open("ab") as content:
                content.write(b"line\n")
            time.sleep(0.03)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def test_a_small_file_that_grows_while_it_is_sent_is_sent_again(beside, network, tmp_path):
    file = tmp_path / "results.csv"
    file.write_bytes(b"")
    network.delay = 0.1
    with growing(file, seconds=1):
        report = beside.put([file])
    assert [(it.outcome, it.size) for it in report.files] == [(Outcome.SENT, file.stat().st_size)]
    assert_it_is_there(beside, "results.csv", file.read_bytes(), tmp_path)


class Grower(Unconcerned):
    """Whoever makes a file large when its size has been looked at."""

    def __init__(self, file):
        self._file = file

    def expect(self, size):
        if not size:
            self._file.write_bytes(noise(5 << 20))

    def advance(self, path, size, total):
        pass


def test_a_small_file_that_becomes_large_before_it_is_sent_arrives_as_a_large_one(beside, tmp_path):
    file = tmp_path / "results.csv"
    file.write_bytes(b"")
    report = beside.put([file], watcher=Grower(file))
    assert [(it.outcome, it.size) for it in report.files] == [(Outcome.SENT, 5 << 20)]
    assert_it_is_there(beside, "results.csv", noise(5 << 20), tmp_path)


def test_a_small_file_that_never_holds_still_is_a_failure_that_says_what_is_stored(person, client, network):
    file = person.write("results.csv", b"")
    network.delay = 0.1
    with growing(file, seconds=40):
        done = person.run("put", "results.csv", HTTP_PROXY=network.url)
    assert done.returncode == 1
    assert done.stderr.count("an earlier state of it is stored: send it again when whatever writes it is done") == 1
    client.get("results.csv", person.work / "stored")
    stored = (person.work / "stored").read_bytes()
    assert stored
    assert file.read_bytes().startswith(stored)


def test_a_full_account_is_told_and_what_fits_stays(person, client, service):
    admin = requests.Session()
    pair = {"email": "admin@example.org", "password": PASSWORDS["admin@example.org"]}
    admin.post(f"{service.api}/auth", json=pair)
    account = admin.get(f"{service.api}/accounts", params={"email": EMAIL}).json()["data"]["id"]
    admin.post(f"{service.api}/accounts/{account}", json={"quota_bytes": 5_000_000}).raise_for_status()
    try:
        person.write("first.bin", noise(3_000_000))
        person.write("second.bin", noise(3_000_001))
        person.does("put", "first.bin")
        done = person.run("put", "first.bin", "second.bin")
        assert done.returncode == 6
        assert "There is no room for second.bin (3.0 MB): 2.0 MB of 5.0 MB and " in done.stderr
        assert " files are free. Delete something, or ask for more room.\n" in done.stderr
        assert "1 unchanged" in done.stderr
        with pytest.raises(NoRoom, match=r"no room for large.bin \(6.0 MB\): 2.0 MB of 5.0 MB"):
            client.put([person.write("large.bin", noise(6_000_000))])
        assert client.usage()["bytes_used"] == 3_000_000
        client._transport.call("POST", "uploads", json={"path": "x", "size": 100_000})
        for number in range(17):
            person.write(f"many/{number}", noise(180_000 + number))
        done = person.run("put", "many")
        assert re.search(r"no room for many/\d+ \(180.0 KB\): \d+\.\d KB of 5.0 MB", done.stderr)
        assert "100.0 KB are kept for uploads that have not ended: `usersapi uploads` lists them." in done.stderr
        assert 4_800_000 <= client.usage()["bytes_used"] <= 4_900_000, "of a request with several files some have room"
    finally:
        admin.post(f"{service.api}/accounts/{account}", json={"quota_bytes": None}).raise_for_status()
    client.end_upload(client.uploads()[0]["id"])
    assert "1 unchanged" in person.does("put", "first.bin", "second.bin")


def test_a_file_that_is_larger_than_any_may_be_is_told_with_its_limit(person):
    file = person.write("huge.eso", b"")
    os.truncate(file, (5 << 30) + 1)
    done = person.run("put", "huge.eso")
    assert done.returncode == 1
    assert "huge.eso: A file may have at most 5.4 GB. Split it, compress it, or leave it out.\n" in done.stderr


def test_a_service_that_cannot_be_reached_is_told(person):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        api = f"http://127.0.0.1:{nobody.getsockname()[1]}/users/api"
        done = person.run("--api", api, "ls", USERS_API_KEY="uapi_x")
    assert done.returncode == 7
    assert "Check the address and your network" in done.stderr
    assert "Another address is given with `usersapi --api` or USERS_API_URL" in done.stderr


class AnotherService(http.server.BaseHTTPRequestHandler):
    """Something else that speaks HTTP: a web site, or the API of years to come."""

    info = other = b"<html>Welcome</html>"

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.info if self.path == "/users/api/info" else self.other)

    def log_message(self, *_):
        pass


NEWER = b'{"Major": 2, "Minor": 1}'


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "no Users API"),
        ({"info": NEWER}, "has version 2.1"),
        ({"info": NEWER, "other": b'{"ok": true, "usage": {}}'}, "has version 2.1"),
    ],
    ids=["a web site", "another format", "another field"],
)
def test_something_else_at_the_address_is_told(person, answers, told):
    handler = type("Handler", (AnotherService,), answers)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api = f"http://127.0.0.1:{server.server_address[1]}/users/api"
        done = person.run("--api", api, "usage", USERS_API_KEY="uapi_x")
        with Client(api, key="uapi_x") as client, pytest.raises(OtherVersion):
            client.usage()
        server.shutdown()
    assert done.returncode == 8
    assert told in done.stderr


def test_a_whole_large_file_is_compared_by_the_service_if_that_is_asked_for(beside, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    beside.put([file], checksum=True)
    assert_it_is_there(beside, "results.eso", noise(), tmp_path)


def test_no_address_with_a_signature_is_shown(beside, network, impatient, tmp_path):
    file = tmp_path / "results.eso"
    file.write_bytes(noise())
    network.cut_after(LARGE // 2)
    with pytest.raises(ConnectionFailed) as told:
        beside.put([file])
    assert "X-Amz" not in f"{told.value!r} {told.value.__cause__!r}"
    assert os.environ["HTTP_PROXY"] not in str(told.value)
