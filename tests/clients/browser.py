"""A real browser without JavaScript on a phone, and a site of somebody else for it to come from.

The browser is Chromium as the system packages it; `CHROMIUM` and `CHROMEDRIVER` say where else to find one.
"""

import http.server
import os
import shutil
import tempfile
import threading
from contextlib import contextmanager

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

# The width of a small phone of today, in CSS pixels.
PHONE_WIDTH = 360

SECONDS_TO_WAIT = 30

ARGUMENTS = [
    "--headless=new",
    # Nothing beyond this machine is reached, whatever a browser does on its own.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    # In a container the shared memory may be too small.
    "--disable-dev-shm-usage",
]


@contextmanager
def new_browser():
    """A browser that nobody has used yet; with the block it ends, and all that it has left in folders goes."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("CHROMIUM", "chromium")
    for argument in ARGUMENTS:
        options.add_argument(argument)
    if os.geteuid() == 0:
        # The sandbox does not work for root, who runs tests in containers.
        options.add_argument("--no-sandbox")
    options.add_experimental_option("prefs", {"profile.default_content_setting_values.javascript": 2})
    # Touches are left out: without JavaScript the driver waits in vain for what they do.
    phone = {"width": PHONE_WIDTH, "height": 740, "pixelRatio": 3, "touch": False}
    options.add_experimental_option("mobileEmulation", {"deviceMetrics": phone})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # With both paths given Selenium looks for nothing and fetches nothing.
        path = program("CHROMEDRIVER", "chromedriver")
        environment = os.environ | {"TMPDIR": folder, "XDG_CONFIG_HOME": folder}
        browser = webdriver.Chrome(options, webdriver.ChromeService(path, env=environment))
        try:
            browser.command_executor.client_config.timeout = SECONDS_TO_WAIT
            yield browser
        finally:
            browser.quit()


def program(variable, name):
    """The path of a program on the PATH, or of the one that an environment variable names."""
    path = shutil.which(os.environ.get(variable) or name)
    assert path, f"{name} is needed: `make browser` installs it, or {variable} says where it is"
    return path


def until(condition):
    """Waits until a condition holds; its value."""
    return WebDriverWait(None, SECONDS_TO_WAIT).until(lambda _: condition())


def press_the_button(browser):
    """Presses the one button of a page and waits for the next page."""
    (button,) = browser.find_elements(By.TAG_NAME, "button")
    click(button)


def click(element):
    """Clicks a button or link and waits for the next page."""
    element.click()
    until(lambda: is_gone(element))


def is_gone(element):
    """Whether the page of an element has been replaced."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:
        # So the driver says it in the moment in which the one page gives way to the other.
        if "does not belong to the document" in str(error.msg):
            return True
        raise
    return False


def fill_in(browser, name, text):
    """Types into the field of this name."""
    browser.find_element(By.NAME, name).send_keys(text)


def text_of(browser):
    """All that the page says."""
    return browser.find_element(By.TAG_NAME, "body").text


def status_of(browser):
    """The HTTP status that the page came with."""
    return browser.execute_script("return performance.getEntriesByType('navigation')[0].responseStatus")


def fits_a_phone(browser):
    """Whether nothing of the page is wider than the phone: it is not scrolled sideways, and not shown smaller."""
    widths = browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    return widths == [PHONE_WIDTH, PHONE_WIDTH]


def complaints(browser, about):
    """What the browser has complained about in its console since it was last asked."""
    return [entry["message"] for entry in browser.get_log("browser") if about in entry["message"]]


@contextmanager
def site(html):
    """Serves one page at a port of its own, which is another origin than the API's. Gives the port."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass  # The output is for what went wrong.

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
