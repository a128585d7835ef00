"""The user's own account."""

import base64
import hashlib
import hmac
import io
import struct
import time
import zipfile

import requests
from playwright.sync_api import expect

from console import link_to


def code_of(secret, ahead=0):
    """What an authenticator app shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + ahead)
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_only_what_was_changed_of_a_profile_is_sent(visit, grace):
    console = visit(grace, place="#/account/profile")
    console.says(grace.email)
    console.field("First name").fill("Grace")
    console.field("Company").fill("Bath Building Physics")
    with console.page.expect_request(lambda request: request.method == "POST") as sent:
        console.button("Save").click()
    assert sent.value.post_data_json == {"firstname": "Grace", "company": "Bath Building Physics"}
    console.says("Your profile is saved.")
    console.looks_well("profile")
    profile = grace.session.get(f"{grace.service.api}/user").json()["data"]
    assert (profile["firstname"], profile["company"]) == ("Grace", "Bath Building Physics")
    console.button("Save").click()
    console.says("Nothing was changed.")


def test_a_key_is_shown_once_works_and_is_deleted(visit, grace):
    console = visit(grace, place="#/account/keys")
    console.says("There are no keys.")
    console.button("Make a key").click()
    console.field("Name").fill("nightly build")
    console.page.get_by_label("Change files").check()
    console.looks_well("make-key")
    console.button("Make the key").click()
    key = console.dialog("Your new key").locator(".secret").inner_text()
    assert key.startswith("uapi_")
    console.looks_well("new-key")
    console.button("I have kept it").click()
    expect(console.page.get_by_text(key)).to_have_count(0)
    answer = requests.get(f"{grace.service.api}/files", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    assert answer.status_code == 200
    console.says("files:write")
    console.looks_well("keys")
    console.button("Delete the key nightly build").click()
    console.button("Delete the key").click()
    console.says("There are no keys.")


def test_other_log_ons_are_listed_and_ended(visit, grace):
    other = visit()
    other.log_on(grace.email, grace.password)
    expect(other.heading("All files")).to_be_visible()
    console = visit(grace, place="#/account/log-ons")
    console.says("Chrome on Linux")
    console.looks_well("log-ons")
    console.button("End all others").click()
    console.says("All other sessions have ended.")
    other.button("New folder").click()
    other.field("Name").fill("x")
    other.button("Make the folder").click()
    expect(other.dialog("Your session has ended")).to_be_visible()


def test_what_happened_is_listed(visit, grace):
    console = visit(grace, place="#/account/audit")
    console.says("Registered")
    console.looks_well("audit")


def test_everything_that_is_held_is_downloaded(visit, grace):
    grace.put("model.idf", b"Version,9.6;")
    console = visit(grace, place="#/account/data")
    console.says("as one zip")
    console.looks_well("data")
    with console.page.expect_download() as download:
        console.button("Download everything").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert any(name.endswith("model.idf") for name in archive.namelist())


def test_a_mail_is_sent_to_oneself(visit, grace):
    console = visit(grace, place="#/mail")
    console.field("Subject").fill("Job 12")
    console.field("Message").fill("It is done.")
    console.looks_well("mail")
    console.page.get_by_role("navigation", name="Main").get_by_role("link", name="Files").click()
    console.page.get_by_role("navigation", name="Main").get_by_role("link", name="Mail").click()
    expect(console.field("Message")).to_have_value("It is done.")
    console.button("Send").click()
    console.says(f"Email has been sent to {grace.email}")
    expect(console.field("To")).to_have_count(0)


def test_a_password_and_an_address_are_changed(visit, grace):
    console = visit(grace, place="#/account/security")
    card = console.page.locator("section").filter(has=console.heading("Change the password"))
    card.get_by_label("Present password", exact=True).fill("not it")
    card.get_by_label("New password", exact=True).fill("eight grey herons")
    card.get_by_role("button", name="Change the password").click()
    console.says("The present password is not right.")
    card.get_by_label("Present password", exact=True).fill(grace.password)
    card.get_by_role("button", name="Change the password").click()
    console.says("Your password has been changed")
    grace.password = "eight grey herons"

    card = console.page.locator("section").filter(has=console.heading("Change the e-mail address"))
    card.get_by_label("New e-mail address").fill("grace.hopper@example.org")
    card.get_by_label("Present password", exact=True).fill(grace.password)
    card.get_by_role("button", name="Send the link").click()
    console.says("Look into the mailbox of the new address")
    link = link_to(grace.service, "grace.hopper@example.org", "Confirm your new e-mail address")
    assert "/email/confirm?token=" in link


def test_codes_are_switched_on_asked_for_at_log_on_and_switched_off(visit, grace):
    console = visit(grace, place="#/account/security")
    console.says("the password alone is enough")
    console.looks_well("security")
    console.button("Switch codes on").click()
    dialog = console.dialog("Switch codes on")
    dialog.get_by_label("Present password", exact=True).fill(grace.password)
    console.button("Go on").click()
    secret = console.dialog("Put the secret into your app").locator("code").inner_text()
    expect(console.page.get_by_role("img", name="The secret as a QR code").locator("path")).to_have_count(1)
    console.looks_well("codes-begun")
    console.field("Code").fill("000000")
    console.dialog("Put the secret").get_by_role("button", name="Switch codes on").click()
    console.says("The code is not right")
    console.field("Code").fill(code_of(secret))
    console.dialog("Put the secret").get_by_role("button", name="Switch codes on").click()
    codes = console.dialog("Keep these recovery codes").locator("code")
    expect(codes).to_have_count(10)
    recovery = codes.all_inner_texts()
    console.looks_well("recovery-codes")
    console.button("I have kept them").click()
    console.says("10 recovery codes left")

    console.log_off()
    console.log_on(grace.email, grace.password)
    expect(console.field("Code")).to_be_focused()
    console.looks_well("code-asked-for")
    console.field("Code").fill(recovery[0])
    console.button("Log on").click()
    expect(console.row("model.idf")).to_be_visible()
    console.go("account/security")
    console.says("9 recovery codes left")
    console.button("Switch codes off").click()
    dialog = console.dialog("Switch codes off")
    dialog.get_by_label("Present password", exact=True).fill(grace.password)
    dialog.get_by_label("Code", exact=True).fill(recovery[1])
    dialog.get_by_role("button", name="Switch codes off").click()
    console.says("the password alone is enough")


def test_an_account_is_deleted_by_whoever_knows_the_password(visit, grace):
    console = visit()
    console.log_on(grace.email, grace.password)
    expect(console.row("model.idf")).to_be_visible()
    console.go("account/data")
    console.button("Delete my account").click()
    console.field("Present password").fill(grace.password)
    console.looks_well("delete-account")
    console.button("Cancel").click()
    console.go("files")
    expect(console.row("model.idf")).to_be_visible()
    console.go("account/data")
    console.button("Delete my account").click()
    console.field("Present password").fill(grace.password)
    console.button("Delete my account and all files").click()
    console.says("Your account has been deleted")
    console.log_on(grace.email, grace.password)
    console.says("No matching username and password pair was found!")
