"""What administrators do to accounts, and what comes of it."""

import os

import pytest
from playwright.sync_api import expect


@pytest.fixture
def console(visit, admin):
    return visit(admin, place="#/accounts")


def find(console, email):
    console.field("E-mail address").fill(email)
    console.button("Find").click()
    expect(console.heading(email)).to_be_visible()


def test_only_administrators_see_accounts(visit, demo, admin):
    console = visit(demo, place="#/accounts")
    expect(console.grid).to_be_visible()
    expect(console.page.get_by_role("link", name="Accounts")).to_have_count(0)
    console = visit(admin)
    expect(console.page.get_by_role("link", name="Accounts")).to_be_visible()


def test_an_account_is_found_and_changed(console, demo):
    console.field("E-mail address").fill("nobody@example.org")
    console.button("Find").click()
    console.says("No account has the address nobody@example.org.")
    find(console, demo.email)
    console.field("Role").select_option("pro")
    console.field("Room in megabytes").fill("1.5")
    with console.page.expect_request(lambda request: request.method == "POST") as sent:
        console.button("Save").click()
    assert sent.value.post_data_json == {"role": "pro", "quota_bytes": 1_500_000}
    console.says("The account is changed.")
    console.says("Room for 1.50 MB")
    console.field("Role").select_option("user")
    console.field("Room in megabytes").fill("")
    console.button("Save").click()
    console.says("Room for 10.0 GB")
    console.button("Show what happened").click()
    console.says("Role changed: pro")
    console.looks_well("accounts")


@pytest.fixture
def little_room(admin, demo):
    """So many bytes are all that a member may store, for one test."""
    account = admin.session.get(f"{admin.service.api}/accounts", params={"email": demo.email}).json()["data"]
    address = f"{admin.service.api}/accounts/{account['id']}"
    admin.session.post(address, json={"quota_bytes": 1_500_000})
    yield 1_500_000
    admin.session.post(address, json={"quota_bytes": None})


def test_files_for_which_there_is_no_room_are_refused_until_there_is(visit, demo, little_room, tmp_path):
    demo.put("full.bin", os.urandom(little_room - 100_000))
    console = visit(demo)
    names = [f"result {number}.csv" for number in range(5)]
    for name in names:
        (tmp_path / name).write_bytes(os.urandom(300_000))
    console.upload(*[tmp_path / name for name in names])
    console.says("4 files not uploaded")
    console.says("There is no room for this: 1.40 MB of 1.50 MB")
    console.says("ask for more room")
    console.looks_well("no-room")
    demo.remove("full.bin")
    console.button("Resume all").click()
    console.says("5 files uploaded")
    assert demo.names() == names
    for name in names:
        demo.remove(name)


def test_log_ons_are_ended_and_an_account_is_disabled(console, demo):
    find(console, demo.email)
    console.button("End all log-ons").click()
    console.looks_well("end-log-ons")
    console.button("End them").click()
    console.says("All sessions of the account have ended.")
    assert demo.get("").status_code == 401
    console.page.get_by_label("Disabled").check()
    console.button("Save").click()
    console.says("The account is changed.")
    answer = demo.session.post(
        f"{demo.service.api}/auth", json={"email": demo.email, "password": demo.password}, timeout=30
    )
    assert answer.json()["ok"] is False
    console.page.get_by_label("Disabled").uncheck()
    console.button("Save").click()
    expect(console.page.get_by_text("disabled", exact=True)).to_have_count(0)


def test_nobody_demotes_themselves(console, admin):
    find(console, admin.email)
    expect(console.field("Role")).to_be_disabled()
    expect(console.page.get_by_label("Disabled")).to_be_disabled()


def test_an_administrator_mails_somebody_else(console):
    console.go("mail")
    console.field("To").fill("pro@example.org")
    console.field("Subject").fill("Your quota")
    console.field("Message").fill("There is more room now.")
    console.button("Send").click()
    console.says("Email has been sent to pro@example.org")
