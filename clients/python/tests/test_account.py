"""Getting an account, changing what is in it and its password, and ending it."""

import json
import uuid

import pytest
import requests
from conftest import EMAIL, confirm, mailed_token, new_account
from terminal import at_a_terminal

from users_api_client import Client, NotLoggedIn, Refused, UsersApiError, WrongPassword

NEW_PASSWORD = "eight green frogs"


@pytest.fixture
def newcomer(service, stranger):
    """Somebody who is logged in to an account of their own: `email`, `password`."""
    stranger.email, stranger.password = new_account(service)
    stranger.does("login", stranger.email, stdin=stranger.password)
    return stranger


def test_somebody_registers_follows_the_link_and_logs_in(service, stranger):
    email, password = f"{uuid.uuid4().hex}@example.org", "seven grey herons"
    dialogue = [("Password:", password), ("Password once more:", password)]
    screen = at_a_terminal(stranger, ["register", email], dialogue)
    assert f"A mail to {email} is under way. Open the link in it" in screen
    assert password not in screen
    confirm(service, email)
    stranger.does("login", email, stdin=password)
    assert stranger.does("whoami") == f"{email} at {stranger.api}\n"


def test_whoever_mistypes_a_new_password_is_asked_once_more(stranger):
    questions = ("Password:", "Password once more:") * 2
    answers = (NEW_PASSWORD, "mistyped", NEW_PASSWORD, NEW_PASSWORD)
    assert "is under way" in at_a_terminal(stranger, ["register", "x@example.org"], zip(questions, answers))


def test_a_script_registers_with_a_password_from_standard_input(service, stranger):
    email = f"{uuid.uuid4().hex}@example.org"
    assert json.loads(stranger.does("register", email, "--json", stdin=NEW_PASSWORD))["ok"] is True
    confirm(service, email)
    stranger.does("login", email, stdin=NEW_PASSWORD)
    done = stranger.run("register", email, stdin="short")
    assert done.returncode == 1
    assert "too short" in done.stderr


def test_a_forgotten_password_is_set_by_a_mailed_link(service, newcomer):
    assert "a mail with a link" in newcomer.does("forgot", newcomer.email)
    token = mailed_token(service, newcomer.email, "password/reset")
    wish = {"token": token, "password": NEW_PASSWORD, "new_password": NEW_PASSWORD}
    requests.post(f"{service.api}/password/reset", json=wish).raise_for_status()
    newcomer.does("login", newcomer.email, stdin=NEW_PASSWORD)


def test_a_password_is_changed_by_whoever_knows_the_old_one(newcomer):
    questions = ("Old password:", "New password:", "New password once more:")
    dialogue = zip(questions, (newcomer.password, NEW_PASSWORD, NEW_PASSWORD))
    with Client(newcomer.api) as elsewhere:
        elsewhere.log_in(newcomer.email, newcomer.password)
        screen = at_a_terminal(newcomer, ["password"], dialogue)
        assert "has been changed" in screen
        assert NEW_PASSWORD not in screen
        with pytest.raises(NotLoggedIn):
            elsewhere.usage()
    newcomer.does("usage")
    newcomer.does("password", stdin=f"{NEW_PASSWORD}\nnine blue newts\n")
    done = newcomer.run("password", stdin=f"wrong\n{NEW_PASSWORD}\n")
    assert done.returncode == 3
    assert "The password is wrong, and nothing was changed" in done.stderr
    with Client(newcomer.api, store=newcomer.store) as client:
        with pytest.raises(Refused, match="too short"):
            client.change_password("nine blue newts", "short")
        client.change_password("nine blue newts", NEW_PASSWORD)


def test_what_was_not_sent_wholly_is_listed_with_its_room_and_given_up(newcomer):
    assert "kept" not in newcomer.does("usage")
    with Client(newcomer.api, store=newcomer.store) as client:
        client._transport.call("POST", "uploads", json={"path": "runs/large.eso", "size": 9_000_000})
        (upload,) = client.uploads()
    assert "9.0 MB are kept for uploads that have not ended (usersapi uploads)" in newcomer.does("usage")
    assert "runs/large.eso  9.0 MB" in newcomer.does("uploads")
    newcomer.does("uploads", "end", upload["id"][:8])
    assert json.loads(newcomer.does("uploads", "--json"))["uploads"] == []
    assert newcomer.run("uploads", "end", upload["id"]).returncode == 4
    assert "kept" not in newcomer.does("usage")


def test_an_account_is_deleted_by_whoever_types_its_address_and_password(newcomer):
    done = newcomer.run("delete-account", stdin=f"somebody@example.org\n{newcomer.password}\n")
    assert done.returncode == 1
    assert "Nothing was deleted" in done.stderr
    newcomer.does("usage")
    dialogue = [("Type its address to go on:", newcomer.email), ("Password:", newcomer.password)]
    assert "has been deleted" in at_a_terminal(newcomer, ["delete-account"], dialogue)
    assert newcomer.store.load(newcomer.api) is None
    assert newcomer.run("login", newcomer.email, stdin=newcomer.password).returncode == 3


def test_a_script_deletes_an_account_with_yes_and_the_password(newcomer):
    done = newcomer.run("delete-account", "--yes", stdin="wrong")
    assert done.returncode == 3
    with Client(newcomer.api, store=newcomer.store) as client, pytest.raises(WrongPassword):
        client.delete_account("wrong")
    assert json.loads(newcomer.does("delete-account", "--yes", "--json", stdin=newcomer.password))["ok"] is True


def test_only_fields_that_there_are_can_be_changed(person):
    for field, told in (
        ("firma=X", "There is no field firma. Nothing was changed. The fields are: title, firstname,"),
        ("FIRSTNAME=Anna", "There is no field FIRSTNAME."),
        ("email=x@example.org", f"change it in the console, {person.api}/console/"),
        ("id=x", "There is no field id."),
    ):
        done = person.run("profile", "set", "company=changed", field)
        assert done.returncode == 1
        assert told in done.stderr
    assert person.run("profile", "set", "use_jess=maybe").returncode == 2
    assert "changed" not in person.does("profile")
    assert "middlename, surname" in person.does("profile", "set", "--help", COLUMNS="300")
    with Client(person.api, store=person.store) as client, pytest.raises(UsersApiError, match="no field firma"):
        client.update_profile({"firma": "X"})


def test_every_field_that_is_named_can_be_changed(newcomer):
    with Client(newcomer.api, store=newcomer.store) as client:
        told = newcomer.run("profile", "set", "none=").stderr
        names = told.rpartition(": ")[2].strip(" .\n").split(", ")
        texts = {name: f"some {name}" for name in names if name != "use_jess"}
        client.update_profile({**texts, "use_jess": False})
        assert {name: client.profile()[name] for name in texts} == texts
        assert set(client.profile()) - set(names) == {"email", "jess_user", "jess_pwd"}


def test_the_help_names_the_console(stranger):
    assert "/users/api/console/" in stranger.does("--help", COLUMNS="300")


def test_an_account_without_a_name_is_shown_without_brackets(newcomer):
    assert newcomer.does("whoami") == f"{newcomer.email} at {newcomer.api}\n"
    assert EMAIL not in newcomer.does("whoami")
