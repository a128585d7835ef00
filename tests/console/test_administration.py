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
    console.says("There is no such account")
    find(console, demo.email)
    console.field("Role").select_option("pro")
    console.field("Room in megabytes").fill("1.5")
    with console.page.expect_request(lambda request: request.method == "POST") as sent:
        console.button("Save").click()
    assert sent.value.post_data_json == {"role": "pro", "quota_bytes": 1_500_000}
    console.says("The account is changed.")
    console.says("Room for 1.50 MB")
    console.field("Role").select_option("user")
    console.button("Save").click()
    console.button("Show what happened").click()
    console.says("Role changed: pro")
    console.looks_well("accounts")


def test_a_file_for_which_there_is_no_room_is_refused_and_the_others_wait(visit, demo, tmp_path):
    demo.put("full.bin", os.urandom(1_400_000))
    console = visit(demo)
    files = []
    for number in range(6):
        file = tmp_path / f"result {number}.csv"
        file.write_bytes(os.urandom(300_000))
        files.append(file)
    console.upload(*files)
    console.says("not uploaded")
    console.says("There is no room for this")
    console.says("ask for more room")
    console.looks_well("no-room")
    demo.remove("full.bin")
    console.button("Resume all").or_(console.button("Try again")).click()
    while console.button("Resume all").or_(console.button("Try again")).count():
        console.button("Resume all").or_(console.button("Try again")).first.click()
        console.page.wait_for_timeout(300)
        if "result 3.csv" in demo.names():
            break
    assert len([name for name in demo.names() if name.startswith("result")]) >= 4
    for name in demo.names():
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
