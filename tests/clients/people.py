"""Who uses the service in the tests. The stack makes these accounts; `demo` is for the published examples alone."""

import requests

PASSWORDS = {
    "demo@example.org": "demo-password-1",
    "pro@example.org": "pro-password-1",
    "admin@example.org": "admin-password-1",
}


def pair(email="pro@example.org"):
    """What log-on is sent."""
    return {"email": email, "password": PASSWORDS[email]}


def logged_on(service, email="pro@example.org"):
    """A client with a new session, whose cookie jar holds the token."""
    client = requests.Session()
    answer = client.post(f"{service.api}/auth", json=pair(email))
    assert answer.json()["ok"] is True, answer.text
    return client


def new_token(service, email="pro@example.org"):
    """The token of a new session."""
    return logged_on(service, email).cookies["session_token"]
