"""Uploads a file of any size, in parts, and goes on where it stopped.

    python large_upload.py results.eso runs/2026/results.eso \
        --api http://localhost:9000/users/api --email demo@example.org

The password is read from the environment variable USERS_API_PASSWORD, or asked for. While the file is on its way its
upload's id is kept beside it, in `results.eso.upload`: after a crash, a closed laptop or Ctrl-C the same command sends
only what has not arrived. Needs `requests`.
"""

import argparse
import getpass
import hashlib
import json
import os
import pathlib
import sys
import time

import requests

TRIES = 5


def log_on(api, email, password):
    session = requests.Session()
    answer = session.post(f"{api}/auth", json={"email": email, "password": password}).json()
    if not answer["ok"]:
        sys.exit(answer["status"])
    return session


def sha256(file):
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def ask(session, method, url, **request):
    """An answer of the API, or the end of the program with its reason."""
    answer = session.request(method, url, **request)
    if not answer.ok:
        sys.exit(answer.json()["status"])
    return answer.json()


def find_or_open(session, api, file, path, note):
    """The upload that was begun before, if it is still of this file, or else a new one."""
    wish = {"path": path, "size": file.stat().st_size, "sha256": sha256(file)}
    if note.exists():
        begun = json.loads(note.read_text())
        if begun["wish"] == wish:
            answer = session.get(f"{api}/uploads/{begun['id']}")
            if answer.ok:
                return answer.json()
    upload = ask(session, "POST", f"{api}/uploads", json=wish)
    note.write_text(json.dumps({"id": upload["id"], "wish": wish}))
    return upload


def show(done, size):
    width = 30
    bar = "#" * (width * done // size)
    end = "\n" if done == size else ""
    print(f"\r[{bar:<{width}}] {done / 1e6:,.1f} of {size / 1e6:,.1f} MB", end=end, file=sys.stderr, flush=True)


def send_parts(file, upload):
    """Sends what is missing. The addresses belong to the bucket: they get no cookie of ours."""
    done = sum(part["size"] for part in upload["received"])
    with file.open("rb") as content:
        for part in upload["parts"]:
            content.seek((part["number"] - 1) * upload["partSize"])
            requests.put(part["url"], data=content.read(part["size"]), timeout=600).raise_for_status()
            done += part["size"]
            show(done, upload["size"])


def upload_file(session, api, file, path):
    note = file.with_name(file.name + ".upload")
    upload = find_or_open(session, api, file, path, note)
    for attempt in range(1, TRIES + 1):
        try:
            send_parts(file, upload)
            break
        except requests.RequestException as error:
            if attempt == TRIES:
                sys.exit(f"The parts cannot be sent: {error}. The same command goes on later.")
            time.sleep(2**attempt)
            # An address may have expired meanwhile; what has arrived is not sent again.
            upload = ask(session, "GET", f"{api}/uploads/{upload['id']}")
    handle = ask(session, "POST", f"{api}/uploads/{upload['id']}/complete")
    note.unlink()
    return handle


def main():
    parser = argparse.ArgumentParser(description="Uploads a file of any size, in parts, and goes on where it stopped.")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("path", help="where the file goes, below your root folder")
    parser.add_argument("--api", default="http://localhost:9000/users/api")
    parser.add_argument("--email", required=True)
    options = parser.parse_args()
    password = os.environ.get("USERS_API_PASSWORD") or getpass.getpass()
    session = log_on(options.api, options.email, password)
    handle = upload_file(session, options.api, options.file, options.path)
    print(handle["fileHandle"], handle["etag"])


if __name__ == "__main__":
    main()
