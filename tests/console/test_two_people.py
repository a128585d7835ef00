"""Two people at one browser: nothing that one of them began is done in the name of the other."""

import re

import pytest
from playwright.sync_api import expect

MANY = [f"run {n}.csv" for n in range(300)]


@pytest.fixture(autouse=True)
def both_logged_on(pro, demo):
    """Others may have ended their sessions."""
    pro.log_on()
    demo.log_on()


@pytest.fixture
def same_names(pro, demo):
    """Both have a folder with the same names in it."""
    for member in (pro, demo):
        member.put_all("many", dict.fromkeys(MANY, b"1"))
    yield
    for member in (pro, demo):
        member.remove("many")


def delete_all(console):
    console.page.get_by_role("checkbox", name="Choose all").check()
    console.button("Delete").click()
    console.dialog("Delete 300 items?").get_by_role("button", name="Delete", exact=True).click()


def test_what_is_under_way_ends_with_the_log_off_and_touches_nobody_elses_files(visit, demo, pro, same_names):
    console = visit(demo, place="#/files/many")
    expect(console.row("run 0.csv")).to_be_visible()
    delete_all(console)
    expect(console.page.get_by_role("progressbar", name="Deleting 300 items")).to_be_visible()
    console.button("Log off").click()
    console.dialog("Stop what is under way?").get_by_role("button", name="Cancel").click()
    console.looks_well("under-way")
    console.button("Log off").click()
    console.dialog("Stop what is under way?").get_by_role("button", name="Stop it and log off").click()
    console.says("You are logged off.")
    console.log_on(pro.email, pro.password)
    console.go("files/many")
    expect(console.row("run 0.csv")).to_be_visible()
    assert len(pro.names("many")) == 300
    demo.log_on()
    left = len(demo.names("many"))
    assert 0 < left < 300
    console.page.wait_for_timeout(1_000)
    assert (len(pro.names("many")), len(demo.names("many"))) == (300, left)


def test_many_are_moved_with_a_way_to_stop(visit, pro, same_names):
    console = visit(pro, place="#/files/many")
    expect(console.row("run 0.csv")).to_be_visible()
    console.page.get_by_role("checkbox", name="Choose all").check()
    console.button("Move").click()
    console.dialog("Move 300 items").get_by_role("button", name="All files", exact=True).click()
    console.button("Move to All files").click()
    expect(console.dialog("Move 300 items")).not_to_be_visible()
    expect(console.page.get_by_text(re.compile(r"Moving 300 items: [1-9]"))).to_be_visible()
    console.button("Stop").click()
    console.says("of 300 items moved to All files.")
    moved = [name for name in pro.names() if name in MANY]
    assert 0 < len(moved) < 300
    assert len(moved) + len(pro.names("many")) == 300
    for name in moved:
        pro.remove(name)


def test_what_is_asked_while_many_are_moved_stays_when_they_are(visit, pro, same_names):
    console = visit(pro, place="#/files/many")
    console.field("Filter this folder").fill("run 29")
    expect(console.rows).to_have_count(11)
    console.page.get_by_role("checkbox", name="Choose all").check()
    console.button("Move").click()
    console.dialog("Move 11 items").get_by_role("button", name="All files", exact=True).click()
    console.button("Move to All files").click()
    console.button("Choose nothing: 11 chosen").click()
    console.button("New folder").click()
    console.says("11 items moved to All files.")
    expect(console.dialog("New folder")).to_be_visible()
    for name in ["run 29.csv", *(f"run {n}.csv" for n in range(290, 300))]:
        pro.remove(name)


def test_a_page_does_nothing_in_the_name_of_whoever_logged_on_in_another_tab(visit, demo, pro, same_names):
    console = visit(demo, place="#/files/many")
    expect(console.row("run 0.csv")).to_be_visible()
    console.log_on_as(pro)
    console.choose("run 0.csv")
    console.button("Delete").click()
    console.dialog("Delete run 0.csv?").get_by_role("button", name="Delete", exact=True).click()
    ended = console.dialog("Somebody else has logged on")
    expect(ended).to_contain_text(demo.email)
    assert "run 0.csv" in pro.names("many")
    ended.get_by_label("Password", exact=True).fill(demo.password)
    ended.get_by_role("button", name="Log on", exact=True).click()
    console.says("1 item deleted.")
    assert ("run 0.csv" in demo.names("many"), "run 0.csv" in pro.names("many")) == (False, True)


def test_whoever_comes_back_to_a_page_is_told_at_once_that_it_is_no_longer_theirs(visit, demo, pro):
    console = visit(demo)
    expect(console.heading("All files")).to_be_visible()
    console.log_on_as(pro)
    console.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(console.dialog("Somebody else has logged on")).to_be_visible()
    console.looks_well("somebody-else")
    console.button("Leave the page to them").click()
    expect(console.page.locator(".user")).to_have_attribute("title", pro.email)
