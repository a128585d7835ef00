"""The console in a real browser, before the running service, as people use it.

The browser is Chromium as the system packages it; `CHROMIUM` says where else to find one. Pictures of what was seen are
left in `.local/console`.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

from console import Console, Member  # noqa: E402
from local_stack import running_stack, time_limit  # noqa: E402

PICTURES = ROOT / ".local" / "console"
SECONDS_PER_TEST = 60

ARGUMENTS = [
    # Nothing beyond this machine is reached, whatever a browser does on its own.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    # In a container the shared memory may be too small.
    "--disable-dev-shm-usage",
    # A visit begins in the process in which the one before has ended, with the scripts that are compiled there.
    "--process-per-site",
]


@pytest.fixture(scope="session")
def chromium():
    """The browser. Without one the tests are left out, and say so; where everything has to be tested they fail."""
    name = os.environ.get("CHROMIUM") or "chromium"
    path = shutil.which(name)
    if not path:
        why = f"{name} is needed: `make browser` installs it, or CHROMIUM says where it is"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    # The sandbox does not work for root, who runs tests in containers.
    arguments = ARGUMENTS + (["--no-sandbox"] if os.geteuid() == 0 else [])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(chromium, tmp_path_factory):
    """The local stack with new data: `api` and `mail` are its addresses."""
    with running_stack(tmp_path_factory.mktemp("service") / "data") as stack:
        yield stack


@pytest.fixture(autouse=True)
def no_test_hangs():
    """A page that never shows what it should is a failure."""
    with time_limit(SECONDS_PER_TEST):
        yield


@pytest.fixture(scope="session")
def profile(chromium, service):
    """What most visits share, as those of one person do: files that were loaded once, and a window that stays open."""
    profile = new_profile(chromium)
    profile.new_page().goto(f"{service.api}/info")
    yield profile
    profile.close()


def new_profile(chromium):
    return chromium.new_context(reduced_motion="reduce", accept_downloads=True, permissions=["clipboard-write"])


@pytest.fixture
def visit(chromium, profile, service):
    """Opens the console, as nobody or as a member who is logged on already. Afterwards no page has done what its policy
    forbids, broken, or reached beyond the service and its bucket."""
    visits = []
    profile.clear_cookies()
    profile.set_offline(False)

    def visit(member=None, fresh=False, **options):
        # Whoever comes while somebody is there has a browser of their own.
        context = new_profile(chromium) if fresh or visits else profile
        console = Console(context, service, PICTURES, member, **options)
        visits.append(console)
        return console

    yield visit
    for console in visits:
        console.page.close()
        if console.context is not profile:
            console.context.close()
    for console in visits:
        assert console.complaints == []


@pytest.fixture(scope="session")
def pro(service):
    """A member with much room."""
    return Member(service, "pro@example.org", "pro-password-1")


@pytest.fixture(scope="session")
def demo(service):
    """A member whom the administrator has to do with."""
    return Member(service, "demo@example.org", "demo-password-1")


@pytest.fixture(scope="session")
def admin(service):
    return Member(service, "admin@example.org", "admin-password-1")


@pytest.fixture(scope="session")
def grace(service):
    """A member who was registered for these tests, and is gone after them."""
    return Member.registered(service, "grace@example.org", "seven grey herons")
