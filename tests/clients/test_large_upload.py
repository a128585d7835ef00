"""large_upload.py, the reference client for files that are too large for one request."""

import hashlib
import os
import pathlib
import subprocess
import sys
import time
import zipfile

import requests

from people import PASSWORDS, logged_on

SCRIPT = pathlib.Path(__file__).with_name("large_upload.py")
EMAIL = "pro@example.org"
MEGABYTES = 300
SECONDS_PER_TEST = 240


def write_noise(path, megabytes):
    """A file that no compression makes smaller, the same at every run; its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(megabytes):
            piece = hashlib.shake_128(str(number).encode()).digest(1_000_000)
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def start(service, file, path):
    return subprocess.Popen(
        [sys.executable, SCRIPT, file, path, "--api", service.api, "--email", EMAIL],
        env={**os.environ, "USERS_API_PASSWORD": PASSWORDS[EMAIL]},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def test_300_mb_arrive_although_the_client_is_killed_half_way(service, tmp_path):
    file = tmp_path / "results.eso"
    digest = write_noise(file, MEGABYTES)
    client = start(service, file, "large/results.eso")
    session = logged_on(service, EMAIL)
    note = file.with_name("results.eso.upload")
    deadline = time.monotonic() + 120
    received = []
    while len(received) < 5 and time.monotonic() < deadline:
        time.sleep(0.2)
        if note.exists() and note.read_text().endswith("}"):
            upload = note.read_text().split('"id": "')[1].split('"')[0]
            received = session.get(f"{service.api}/uploads/{upload}").json()["received"]
    client.kill()
    client.wait()
    assert 5 <= len(received) < 36, "killed half-way"
    assert session.head(f"{service.api}/files/large/results.eso").status_code == 404, "nothing is visible yet"

    client = start(service, file, "large/results.eso")
    printed, progress = client.communicate(timeout=300)
    assert client.returncode == 0, progress
    assert printed.startswith("large/results.eso ")
    first = float(progress.split("] ")[1].split(" of ")[0])
    assert first > 5 * 8, "what had arrived was not sent again"
    assert not note.exists()

    # Too much for one streamed answer: it comes from the bucket itself, under its name and as a download.
    plain = session.get(f"{service.api}/files/large/results.eso", allow_redirects=False)
    assert plain.status_code == 307 and plain.json()["ok"] is True
    answer = session.get(f"{service.api}/files/large/results.eso", stream=True, timeout=60)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="results.eso"')
    read = hashlib.sha256()
    for piece in answer.iter_content(1 << 20):
        read.update(piece)
    assert read.hexdigest() == digest
    part = session.get(f"{service.api}/files/large/results.eso", headers={"Range": "bytes=299999990-"})
    assert part.status_code == 206 and len(part.content) == 10
    # So does the folder as one zip, once it is packed.
    archive = tmp_path / "large.zip"
    plain = session.get(f"{service.api}/files/large?format=zip", allow_redirects=False, timeout=110)
    assert plain.status_code == 307 and plain.json()["ok"] is True
    with requests.get(plain.headers["Location"], stream=True, timeout=60) as answer, archive.open("wb") as file:
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="large.zip"')
        for piece in answer.iter_content(1 << 20):
            file.write(piece)
    with zipfile.ZipFile(archive) as packed, packed.open("large/results.eso") as entry:
        assert packed.namelist() == ["large/results.eso"]
        assert hashlib.file_digest(entry, "sha256").hexdigest() == digest
    usage = session.get(f"{service.api}/usage").json()["data"]
    assert usage["bytes_used"] >= MEGABYTES * 1_000_000
    assert session.delete(f"{service.api}/files/large").json()["ok"] is True


def test_a_wrong_password_and_an_impossible_path_end_with_their_reason(service, tmp_path):
    file = tmp_path / "a.idf"
    file.write_text("Version,9.6;")
    client = subprocess.run(
        [sys.executable, SCRIPT, file, "a.idf", "--api", service.api, "--email", EMAIL],
        env={**os.environ, "USERS_API_PASSWORD": "wrong"}, capture_output=True, text=True, timeout=60,
    )
    assert client.returncode != 0 and "No matching username" in client.stderr
    printed, progress = start(service, file, "../a.idf").communicate(timeout=60)
    assert printed == "" and "path" in progress
