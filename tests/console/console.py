"""What the tests do with the console, in the words of people."""

import io
import json
import re
import time
import zipfile
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "functions" / "info" / "console"
AXE = SOURCE / "node_modules" / "axe-core" / "axe.min.js"

DESKTOP = {"width": 1280, "height": 800}
# The width of a small phone of today, in CSS pixels.
PHONE = {"width": 360, "height": 740}

MILLISECONDS_TO_WAIT = 15_000
expect.set_options(timeout=MILLISECONDS_TO_WAIT)

# What WCAG 2.2 AA asks for, as far as a program can tell.
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Only the colours differ in the dark.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


class Member:
    """Somebody with an account, and a session beside the browser to look at what has become of things."""

    def __init__(self, service, email, password):
        self.service, self.email, self.password = service, email, password
        self.log_on()

    @classmethod
    def registered(cls, service, email, password):
        requests.post(f"{service.api}/register", json={"email": email, "password": password}, timeout=30)
        token = link_to(service, email, "Confirm your e-mail address").split("?token=")[1]
        requests.post(f"{service.api}/verify", json={"token": token}, timeout=30)
        return cls(service, email, password)

    def log_on(self):
        self.session = requests.Session()
        credentials = {"email": self.email, "password": self.password}
        answer = self.session.post(f"{self.service.api}/auth", json=credentials, timeout=30)
        assert answer.json()["ok"] is True, answer.text

    @property
    def token(self):
        return self.session.cookies["session_token"]

    def put(self, path, content=b"x"):
        answer = self.session.put(self.address(path), data=content, headers={"Content-Type": "application/octet-stream"})
        assert answer.ok, answer.text

    def put_all(self, folder, files):
        """Stores many files at once, which travel as a zip."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, data in files.items():
                archive.writestr(f"{folder}/{name}", data)
        parts = {"file": ("all.zip", content.getvalue(), "application/zip")}
        answer = self.session.post(self.address(""), files=parts)
        assert answer.ok, answer.text

    def get(self, path):
        return self.session.get(self.address(path))

    def names(self, folder=""):
        return [node["fileName"] for node in self.get(folder).json()["children"]]

    def remove(self, path):
        self.session.delete(self.address(path))

    def address(self, path):
        return f"{self.service.api}/files/{quote(path)}"


class Console:
    """A browser window with the console, light and on a desktop unless something else is said."""

    def __init__(self, context, service, pictures, member=None, viewport=DESKTOP, place=""):
        self.context, self.service, self.pictures, self.member = context, service, pictures, member
        self.complaints = []
        self.origins = {origin(service.api), *bucket_origins(service)}
        self.context.set_default_timeout(MILLISECONDS_TO_WAIT)
        self.page = self.context.new_page()
        self.page.set_viewport_size(viewport)
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"the page broke: {error}"))
        self.page.on("request", self.watch)
        if member:
            self.log_on_as(member)
        self.page.goto(f"{service.api}/console/{place}")

    def listen(self, message):
        if "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def watch(self, request):
        if urlsplit(request.url).scheme in {"http", "https"} and origin(request.url) not in self.origins:
            self.complaints.append(f"a foreign request: {request.url}")

    # What is on the page

    def button(self, name, exact=True):
        return self.page.get_by_role("button", name=name, exact=exact)

    def field(self, label):
        return self.page.get_by_label(label, exact=True)

    def heading(self, text):
        return self.page.get_by_role("heading", name=text, exact=True)

    def dialog(self, title):
        return self.page.get_by_role("dialog", name=title)

    def row(self, name):
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("button", name=name, exact=True))

    @property
    def rows(self):
        return self.page.locator(".row-space > .row")

    @property
    def grid(self):
        return self.page.get_by_role("grid")

    @property
    def uploads(self):
        return self.page.get_by_role("region", name="Uploads")

    def names(self):
        """The names in the folder, from the top down, of those rows that are there."""
        return self.page.locator(".row-space .name").all_inner_texts()

    def says(self, text):
        """The text is on the page, where it can be seen."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    # What is done

    def go(self, place):
        self.page.goto(f"{self.service.api}/console/#/{place}")

    def log_on(self, email, password):
        self.field("E-mail address").fill(email)
        self.field("Password").fill(password)
        self.button("Log on").click()

    def log_on_as(self, member):
        """Takes over the session of a member, as if the browser had been used before."""
        cookie = {"name": "session_token", "value": member.token, "url": origin(self.service.api), "httpOnly": True}
        self.context.add_cookies([cookie])

    def log_off(self):
        self.button("Log off").click()
        expect(self.heading("Log on")).to_be_visible()

    def choose(self, *names):
        for name in names:
            self.page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()

    def upload(self, *paths):
        """Chooses files of this machine in the browser's dialog."""
        with self.page.expect_file_chooser() as chooser:
            self.button("Upload files").click()
        chooser.value.set_files([str(path) for path in paths])

    def drop(self, *paths):
        """Drops files and folders of this machine on the folder, as from a desktop."""
        box = self.grid.bounding_box()
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        devtools = self.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver", "drop"):
            devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})

    # What it looks like

    def looks_well(self, name):
        """Nothing is against the rules of accessibility, in light and dark, and nothing is cut off on a phone. Pictures
        are kept under a name."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        found = []
        for scheme, rules in (("light", RULES), ("dark", COLOURS)):
            self.page.emulate_media(color_scheme=scheme)
            found += self.violations(scheme, rules)
            self.page.screenshot(path=self.pictures / f"{name}-{scheme}.png")
        self.page.set_viewport_size(PHONE)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            found.append(f"on a phone it is {width} pixels wide")
        self.page.screenshot(path=self.pictures / f"{name}-phone.png")
        self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(color_scheme="light")
        assert not found, "\n".join([name, *found])

    def violations(self, scheme, rules):
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        result = self.page.evaluate("options => axe.run(options)", options)
        return [
            f"{scheme}: {violation['id']}: {node['html']} {json.dumps(node['failureSummary'])}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]


def origin(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def bucket_origins(service):
    """Where the page's policy lets it send parts."""
    policy = requests.get(f"{service.api}/console/", timeout=30).headers["Content-Security-Policy"]
    return re.search(r"connect-src 'self' ([^;]*)", policy)[1].split()


def link_to(service, email, subject):
    """The link in the last mail of a subject to an address, as soon as it is there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        mails = requests.get(f"{service.mail}/mail", timeout=30).json()
        found = [mail for mail in mails if (mail["to"], mail["subject"]) == ([email], subject)]
        if found:
            return re.search(r"^http\S+$", found[-1]["text"], re.MULTILINE)[0]
        time.sleep(0.1)
    raise AssertionError(f"no mail “{subject}” to {email}")
