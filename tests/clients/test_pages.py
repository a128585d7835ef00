"""The links in mails and the pages behind them, in a real browser without JavaScript, as a person uses them."""

import html
import re
import uuid

import pytest
import requests
from selenium.webdriver.common.by import By

from browser import (
    click,
    complaints,
    fill_in,
    fits_a_phone,
    new_browser,
    press_the_button,
    site,
    status_of,
    text_of,
    until,
)

PASSWORD = "seven grey herons"
NEW_PASSWORD = "eight grey herons"


@pytest.fixture
def browser():
    """A new browser, which has nothing to complain about when the test is over."""
    with new_browser() as browser:
        yield browser
        assert complaints(browser, "Content Security Policy") == [], "a page does what its own policy forbids"


@pytest.fixture
def registered(service):
    """A new address that is registered and not yet confirmed, and the link in its mail."""
    email = f"grace.{uuid.uuid4().hex}@example.org"
    post(service, "register", email=email, password=PASSWORD, firstname="Grace")
    return email, link_in(mail_to(service, email, "Confirm your e-mail address"))


@pytest.fixture
def member(service, registered):
    """The address of a new account, whose password is `PASSWORD`."""
    email, link = registered
    post(service, "verify", token=token_in(link))
    return email


def post(service, path, client=requests, **body):
    """Sends JSON as a program does. The answer, which is a success."""
    answer = client.post(f"{service.api}/{path}", json=body, timeout=30)
    assert answer.json()["ok"] is True, answer.text
    return answer


def can_log_on(service, email, password):
    answer = requests.post(f"{service.api}/auth", json={"email": email, "password": password}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["ok"]


def mail_to(service, email, subject):
    """The last mail of a subject to an address, as soon as it is there."""

    def mails():
        mails = requests.get(f"{service.mail}/mail", timeout=30).json()
        return [mail for mail in mails if (mail["to"], mail["subject"]) == ([email], subject)]

    return until(mails)[-1]


def link_in(mail):
    (link,) = re.findall(r"^http\S+$", mail["text"], re.MULTILINE)
    return link


def token_in(link):
    return link.split("?token=")[1]


# The browser


def test_the_browser_runs_no_scripts(browser):
    page = """<p id="script">off</p><script>document.getElementById("script").textContent = "on"</script>
        <button onclick="this.textContent = 'on'">off</button>"""
    with site(page) as port:
        browser.get(f"http://localhost:{port}/")
        browser.find_element(By.TAG_NAME, "button").click()
        assert text_of(browser).split() == ["off", "off"]


# A new account


def test_an_address_is_confirmed_with_the_button_and_not_by_looking_at_the_page(service, browser, registered):
    email, link = registered
    browser.get(link)
    for _ in range(3):
        assert browser.find_element(By.TAG_NAME, "h1").text == "Confirm your e-mail address"
        assert can_log_on(service, email, PASSWORD) is False
        browser.refresh()
    assert browser.find_element(By.NAME, "password").get_attribute("required") == "true"
    fill_in(browser, "password", "Four green owls")
    press_the_button(browser)
    assert browser.find_element(By.TAG_NAME, "h1").text == "Your address is confirmed"
    assert token_in(link) not in browser.current_url, "the browser's history keeps no token of the form"
    assert can_log_on(service, email, PASSWORD) is False, "who registered was not asked"
    assert can_log_on(service, email, "Four green owls") is True
    browser.get(link)
    assert "This link is not good" in text_of(browser)
    assert browser.find_elements(By.TAG_NAME, "button") == []


def test_a_link_with_a_slash_behind_its_path_works_as_well(service, browser, registered):
    email, link = registered
    browser.get(link.replace("/verify?", "/verify/?"))
    fill_in(browser, "password", PASSWORD)
    press_the_button(browser)
    assert "Your account is ready" in text_of(browser)
    assert can_log_on(service, email, PASSWORD) is True


# A new password


def test_a_forgotten_password_is_set_anew(service, browser, member):
    session = requests.Session()
    post(service, "auth", session, email=member, password=PASSWORD)
    browser.get(f"{service.api}/password/forgot")
    fill_in(browser, "email", member)
    press_the_button(browser)
    assert browser.find_element(By.TAG_NAME, "h1").text == "Look into your mailbox"

    browser.get(link_in(mail_to(service, member, "Set a new password")))
    fill_in(browser, "password", "password1")
    press_the_button(browser)
    assert "most common" in text_of(browser)
    assert session.get(f"{service.api}/user", timeout=30).status_code == 200, "a weak password changes nothing"

    fill_in(browser, "password", NEW_PASSWORD)
    press_the_button(browser)
    assert browser.find_element(By.TAG_NAME, "h1").text == "Your password is set"
    assert session.get(f"{service.api}/user", timeout=30).status_code == 401
    assert can_log_on(service, member, PASSWORD) is False
    assert can_log_on(service, member, NEW_PASSWORD) is True


# Pages of somebody else


def test_no_page_of_another_origin_can_show_ours_in_a_frame(browser, registered):
    _, link = registered
    with site(f'<iframe src="{html.escape(link)}"></iframe>') as port:
        browser.get(f"http://localhost:{port}/")
        until(lambda: complaints(browser, "frame-ancestors 'none'"))
        browser.switch_to.frame(0)
        assert browser.find_elements(By.TAG_NAME, "button") == []


def test_no_page_of_another_origin_can_press_our_button(service, browser, registered):
    email, link = registered
    # The other port of the same host is the same site to a browser. Without a referrer the origin is "null".
    for host, referrer in [("127.0.0.1", "origin"), ("localhost", "origin"), ("localhost", "no-referrer")]:
        page = f"""<meta name="referrer" content="{referrer}"><form method="post" action="{service.api}/verify">
            <input type="hidden" name="token" value="{token_in(link)}"><button>Win</button></form>"""
        with site(page) as port:
            browser.get(f"http://{host}:{port}/")
            press_the_button(browser)
        assert (browser.current_url, status_of(browser)) == (f"{service.api}/verify", 403)
        assert can_log_on(service, email, PASSWORD) is False
    # The token was good all the time.
    post(service, "verify", token=token_in(link))


# What they look like


def test_every_mail_has_one_link_and_fits_a_phone_and_so_does_every_page_behind_it(service, browser, registered):
    email, link = registered
    follow_the_mail(service, browser, email, "Confirm your e-mail address", to="Confirm your e-mail address")
    fill_in(browser, "password", PASSWORD)
    press_the_button(browser)
    looks_well(browser, "Your address is confirmed")
    browser.get(link)
    looks_well(browser, "That did not work")

    post(service, "register", email=email, password=PASSWORD)
    follow_the_mail(service, browser, email, "You have an account already", to="Ask for a new password")
    fill_in(browser, "email", email)
    press_the_button(browser)
    looks_well(browser, "Look into your mailbox")

    follow_the_mail(service, browser, email, "Set a new password", to="Set a new password")
    fill_in(browser, "password", "password1")
    press_the_button(browser)
    looks_well(browser, "Set a new password")
    fill_in(browser, "password", NEW_PASSWORD)
    press_the_button(browser)
    looks_well(browser, "Your password is set")
    follow_the_mail(service, browser, email, "Your password was reset", to="Ask for a new password")

    session = requests.Session()
    post(service, "auth", session, email=email, password=NEW_PASSWORD)
    post(service, "password", session, password=NEW_PASSWORD, new_password=PASSWORD)
    follow_the_mail(service, browser, email, "Your password was changed", to="Ask for a new password")


def follow_the_mail(service, browser, email, subject, to):
    """Opens the HTML of a mail, as a mailbox on the web does, and follows its one link to the page of a heading."""
    with site(mail_to(service, email, subject)["html"]) as port:
        browser.get(f"http://127.0.0.1:{port}/")
        assert email in text_of(browser) and fits_a_phone(browser), subject
        (link,) = browser.find_elements(By.CSS_SELECTOR, "[href], [src]")
        click(link)
    looks_well(browser, to)


def looks_well(browser, heading):
    """The page with this heading fits and has its style, which is seen best at a button."""
    assert browser.find_element(By.TAG_NAME, "h1").text == heading
    assert fits_a_phone(browser), heading
    assert browser.find_element(By.TAG_NAME, "body").value_of_css_property("max-width") == "512px", heading
    for button in browser.find_elements(By.TAG_NAME, "button"):
        assert button.value_of_css_property("background-color") == "rgba(11, 83, 148, 1)", heading
