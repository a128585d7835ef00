"""The running service, a person with a home of their own, and a network that can break."""

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT / "src"), str(PROJECT.parents[1] / "tests" / "clients")]

from local_stack import running_stack, time_limit  # noqa: E402
from network import Network  # noqa: E402
from people import PASSWORDS  # noqa: E402

from users_api_client import Client, TokenStore  # noqa: E402

EMAIL = "pro@example.org"
SECONDS_PER_TEST = 60


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The local stack with new data: `api` and `mail` are its addresses."""
    with running_stack(tmp_path_factory.mktemp("service") / "data") as stack:
        yield stack


@pytest.fixture(autouse=True)
def no_test_hangs():
    """A client that waits for ever is a failure."""
    with time_limit(SECONDS_PER_TEST):
        yield


@pytest.fixture
def network():
    """A network that can be cut."""
    network = Network()
    yield network
    network.close()


class Person:
    """Somebody on a machine without a keyring, who runs `usersapi` in a home and a working folder of their own."""

    def __init__(self, service, home):
        self.api = service.api
        self.home = home
        self.work = home / "work"
        self.work.mkdir(parents=True)
        self.store = TokenStore(home / ".config" / "users-api-client", use_keyring=False)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("USERS_API", "XDG_"))}
        self.environment = {
            **kept,
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT / "src"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "USERS_API_URL": service.api,
        }

    def start(self, *words, **more):
        """A command that is still running."""
        return subprocess.Popen(
            [sys.executable, "-m", "users_api_client", *map(str, words)],
            cwd=self.work,
            env={**self.environment, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, stdin="", **more):
        """A command that has ended: `returncode`, `stdout`, `stderr`."""
        process = self.start(*words, **more)
        out, errors = process.communicate(stdin, timeout=100)
        assert "Traceback" not in errors, errors
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def does(self, *words, stdin="", **more):
        """What a command prints that succeeds."""
        done = self.run(*words, stdin=stdin, **more)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def write(self, name, content):
        """A file in the working folder."""
        file = self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file


@pytest.fixture
def stranger(service, tmp_path):
    """Somebody who is not logged in."""
    return Person(service, tmp_path / "stranger")


@pytest.fixture
def person(service, tmp_path):
    """Somebody who is logged in, and whose folder is empty."""
    person = Person(service, tmp_path / "person")
    person.does("login", EMAIL, stdin=PASSWORDS[EMAIL])
    yield person
    with logged_in(service) as client:
        for entry in list(client.list_folder()):
            client.remove(entry.path)


@pytest.fixture
def client(service):
    """A client of the library with a session of its own, and an empty folder."""
    with logged_in(service) as client:
        yield client
        for entry in list(client.list_folder()):
            client.remove(entry.path)


def logged_in(service, email=EMAIL):
    client = Client(service.api)
    client.log_in(email, PASSWORDS[email])
    return client


def new_account(service):
    """An account that nobody else uses: its address and password."""
    email, password = f"{uuid.uuid4().hex}@example.org", "seven grey herons"
    requests.post(f"{service.api}/register", json={"email": email, "password": password}).raise_for_status()
    confirm(service, email)
    return email, password


def confirm(service, email):
    """Follows the link in the mail that confirms an address."""
    requests.post(f"{service.api}/verify", json={"token": mailed_token(service, email, "verify")}).raise_for_status()


def mailed_token(service, email, page):
    """The token in the link to a page, in the last mail to somebody."""
    texts = [mail["text"] for mail in requests.get(f"{service.mail}/mail").json() if email in mail["to"]]
    return re.findall(rf"{page}\?token=([\w-]+)", "".join(texts))[-1]
