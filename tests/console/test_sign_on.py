"""Getting in: the log-on, a new account, a forgotten password."""

from urllib.parse import urlsplit

from playwright.sync_api import expect

from console import link_to


def test_somebody_logs_on_and_off(visit, demo):
    console = visit()
    expect(console.field("E-mail address")).to_be_focused()
    console.looks_well("log-on")
    console.log_on(demo.email, "not the password")
    console.says("No matching username and password pair was found!")
    console.looks_well("log-on-refused")
    console.log_on(demo.email, demo.password)
    expect(console.heading("All files")).to_be_visible()
    console.page.reload()
    expect(console.heading("All files")).to_be_visible()
    cookie = console.page.evaluate("document.cookie")
    assert cookie == "", "no script can read the token"
    console.page.evaluate("localStorage.setItem('unfinished-uploads', '{\"secret project/in.idf|1|1\": {}}')")
    console.go("files/secret%20project")
    expect(console.heading("secret project")).to_be_visible()
    console.log_off()
    console.says("You are logged off.")
    left = console.page.evaluate("location.hash + localStorage.getItem('unfinished-uploads')")
    assert "secret" not in left, "whoever comes next learns no names"
    console.page.reload()
    expect(console.heading("Log on")).to_be_visible()


def test_a_log_off_that_does_not_reach_the_service_is_none(visit, pro):
    pro.log_on()
    console = visit(pro)
    expect(console.grid).to_be_visible()
    console.context.set_offline(True)
    console.button("Log off").click()
    console.says("The service cannot be reached.")
    console.context.set_offline(False)
    console.log_off()
    pro.log_on()


def test_a_page_that_stays_open_renews_its_session_by_itself(visit, pro):
    console = visit()
    console.page.clock.install()
    console.log_on_as(pro)
    console.page.reload()
    expect(console.grid).to_be_visible()
    for _ in range(2):
        with console.page.expect_response("**/checkin") as renewed:
            console.page.clock.fast_forward("10:00")
        assert renewed.value.ok and "session_token=" in renewed.value.all_headers()["set-cookie"]


def test_a_typed_password_can_be_looked_at(visit):
    console = visit()
    password = console.field("Password")
    password.fill("seven grey herons")
    show = console.button("Show what is typed as password")
    show.click()
    expect(password).to_have_attribute("type", "text")
    show.click()
    expect(password).to_have_attribute("type", "password")


def test_a_new_account_is_made_and_confirmed_by_the_link_in_its_mail(visit, service):
    console = visit()
    console.button("Make an account").click()
    expect(console.field("E-mail address")).to_be_focused()
    console.looks_well("register")
    console.field("E-mail address").fill("mary@example.org")
    console.field("First name").fill("Mary")
    console.field("Password").fill("password1")
    console.button("Register").click()
    console.says("most common")
    console.field("Password").fill("nine white swans")
    console.button("Register").click()
    expect(console.heading("Look into your mailbox")).to_be_focused()

    console.page.goto(link_to(service, "mary@example.org", "Confirm your e-mail address"))
    console.page.locator("[name=password]").fill("nine white swans")
    console.page.locator("button").click()
    console.says("Your address is confirmed")
    console.go("")
    console.log_on("mary@example.org", "nine white swans")
    console.says("This folder is empty.")
    console.looks_well("empty-folder")


def test_a_forgotten_password_is_set_anew_by_the_link_in_a_mail(visit, service):
    console = visit()
    console.button("I have forgotten my password").click()
    console.field("E-mail address").fill("mary@example.org")
    console.looks_well("forgotten-password")
    console.button("Send me a link").click()
    expect(console.heading("Look into your mailbox")).to_be_visible()
    console.button("Back to the log-on").click()
    expect(console.heading("Log on")).to_be_visible()
    link = link_to(service, "mary@example.org", "Set a new password")
    assert urlsplit(link).path == "/users/api/password/reset"
