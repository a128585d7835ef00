"""The file manager: looking around, choosing, and changing what is there."""

import io
import json
import re
import time
import zipfile
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from console import PHONE

RESULTS = b"Zone,Heating [kWh]\nOffice,1200.5\n\"Hall, north\",310\n"


@pytest.fixture
def project(pro):
    """A folder as building-energy engineers have it, for one test."""
    pro.put_all("project", {
        "baseline.idf": b"Version,9.6;\n" * 100,
        "results.csv": RESULTS,
        "run 10/eplusout.err": b"",
        "run 9/eplusout.err": b"No errors.\n",
        "weather.epw": b"LOCATION,Bath\n",
    })
    yield "project"
    pro.remove("project")


@pytest.fixture
def console(visit, pro, project):
    console = visit(pro, place=f"#/files/{project}")
    expect(console.row("baseline.idf")).to_be_visible()
    return console


def test_a_folder_is_shown_with_folders_first_and_numbers_in_their_order(console):
    assert console.names() == ["run 9", "run 10", "baseline.idf", "results.csv", "weather.epw"]
    console.looks_well("folder")
    console.page.get_by_role("columnheader", name="Size").get_by_role("button").click()
    assert console.names()[2:] == ["weather.epw", "results.csv", "baseline.idf"]
    console.page.get_by_role("columnheader", name="Size").get_by_role("button").click()
    assert console.names()[2:] == ["baseline.idf", "results.csv", "weather.epw"]


def test_people_find_their_way_by_rows_crumbs_tree_and_the_browsers_own_buttons(console):
    console.row("run 9").get_by_role("button").click()
    expect(console.heading("run 9")).to_be_visible()
    expect(console.row("eplusout.err")).to_be_visible()
    expect(console.page).to_have_title("run 9 · Users API")
    console.page.get_by_role("navigation", name="Way to this folder").get_by_role("link", name="project").click()
    expect(console.heading("project")).to_be_visible()
    tree = console.page.get_by_role("navigation", name="Folders")
    tree.get_by_role("button", name="Folders in project").click()
    tree.get_by_role("link", name="run 10").click()
    expect(console.heading("run 10")).to_be_visible()
    console.page.go_back()
    expect(console.heading("project")).to_be_visible()


def test_a_filter_leaves_what_has_the_text_in_its_name(console):
    console.field("Filter this folder").fill("RUN")
    expect(console.rows).to_have_count(2)
    console.says("2 items of 5")
    console.field("Filter this folder").fill("nothing like it")
    console.says("Nothing here has")


def test_a_name_is_searched_in_all_folders_below(console):
    console.field("Filter this folder").fill("eplusout")
    console.button("Search in the folders below").click()
    dialog = console.dialog("Names with “eplusout”")
    expect(dialog.get_by_role("status")).to_have_text("2 places in all folders below")
    console.looks_well("search")
    dialog.get_by_role("button", name="Preview project/run 9/eplusout.err").click()
    expect(console.dialog("eplusout.err")).to_be_visible()
    console.page.keyboard.press("Escape")
    expect(console.dialog("eplusout.err")).to_have_count(0)
    dialog.get_by_role("link", name="project/run 9/eplusout.err").click()
    expect(dialog).to_have_count(0)
    expect(console.row("eplusout.err")).to_be_visible()
    expect(console.heading("run 9")).to_be_visible()


def test_what_is_chosen_moves_no_row(console):
    before = console.row("weather.epw").bounding_box()
    console.choose("baseline.idf")
    expect(console.button("Preview")).to_be_visible()
    assert console.row("weather.epw").bounding_box() == before


def test_files_say_when_they_were_stored_and_are_ordered_by_it(console, pro):
    # Times are told to the second.
    time.sleep(1.1)
    pro.put("project/baseline.idf", b"Version,9.6;\n")
    console.page.reload()
    expect(console.row("baseline.idf")).to_contain_text(str(datetime.now().year))
    console.page.get_by_role("columnheader", name="Stored").get_by_role("button").click()
    expect(console.page.get_by_role("columnheader", name="Stored")).to_have_attribute("aria-sort", "ascending")
    expect(console.rows.last).to_contain_text("baseline.idf")


def test_a_look_into_a_file_ends_with_the_page_it_is_on(console):
    console.row("run 9").get_by_role("button").click()
    console.row("eplusout.err").get_by_role("button").click()
    expect(console.dialog("eplusout.err")).to_be_visible()
    console.page.go_back()
    expect(console.heading("project")).to_be_visible()
    expect(console.page.get_by_role("dialog")).to_have_count(0)


def test_a_text_and_a_table_are_looked_into(console):
    console.row("baseline.idf").get_by_role("button").click()
    expect(console.dialog("baseline.idf").locator("pre")).to_contain_text("Version,9.6;")
    console.looks_well("preview-text")
    console.button("Close").click()
    console.row("results.csv").get_by_role("button").click()
    table = console.dialog("results.csv").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Zone", "Heating [kWh]"])
    expect(table.get_by_role("cell", name="Hall, north")).to_be_visible()
    console.looks_well("preview-table")
    console.page.keyboard.press("Escape")
    expect(console.page.get_by_role("dialog")).to_have_count(0)
    expect(console.grid).to_be_visible()


def test_of_a_long_text_the_beginning_is_shown_and_no_bytes_that_are_no_text(console, pro):
    pro.put("project/long.eso", b"a line of results\n" * 40_000)
    pro.put("project/model.bin", bytes(range(256)))
    pro.put("project/empty.txt", b"")
    console.page.reload()
    for name, text in [("long.eso", "This is the beginning"), ("model.bin", "no text"), ("empty.txt", "is empty")]:
        console.row(name).get_by_role("button").click()
        console.says(text)
        console.page.keyboard.press("Escape")


def test_a_folder_is_made_a_file_renamed_moved_copied_and_deleted(console, pro):
    console.button("New folder").click()
    console.looks_well("new-folder")
    console.field("Name").fill("a/b")
    console.button("Make the folder").click()
    console.says("A name holds no slash.")
    console.field("Name").fill("variants")
    console.button("Make the folder").click()
    expect(console.row("variants")).to_be_visible()

    console.choose("baseline.idf")
    console.button("Rename").click()
    expect(console.field("New name")).to_be_focused()
    selected = console.field("New name").evaluate("field => field.value.slice(0, field.selectionEnd)")
    assert selected == "baseline", "the ending is left"
    console.field("New name").fill("results.csv")
    console.dialog("Rename").get_by_role("button", name="Rename", exact=True).click()
    expect(console.dialog("Rename").get_by_role("alert")).to_be_visible()
    console.field("New name").fill("final.idf")
    console.dialog("Rename").get_by_role("button", name="Rename", exact=True).click()
    expect(console.row("final.idf")).to_be_visible()

    console.choose("final.idf", "weather.epw")
    console.button("Move").click()
    dialog = console.dialog("Move 2 items")
    open_in(dialog, "project", "variants")
    console.looks_well("move")
    console.button("Move to variants").click()
    expect(console.row("final.idf")).to_have_count(0)
    assert pro.names("project/variants") == ["final.idf", "weather.epw"]

    console.choose("results.csv")
    console.button("Copy").click()
    console.button("Copy to project").click()
    expect(console.row("results copy.csv")).to_be_visible()
    assert pro.get("project/results copy.csv").content == RESULTS

    console.page.get_by_role("checkbox", name="Choose results.csv", exact=True).uncheck()
    console.choose("variants", "results copy.csv")
    console.button("Delete").click()
    console.looks_well("delete")
    console.button("Cancel").click()
    assert "variants" in pro.names("project")
    console.button("Delete").click()
    console.dialog("Delete 2 items?").get_by_role("button", name="Delete", exact=True).click()
    console.says("2 items deleted.")
    assert pro.names("project") == ["results.csv", "run 10", "run 9"]


def open_in(dialog, folder, name):
    dialog.get_by_role("button", name=f"Folders in {folder}").click()
    dialog.get_by_role("button", name=name, exact=True).click()


def test_a_folder_cannot_be_moved_into_itself(console):
    console.choose("run 9")
    console.button("Move").click()
    dialog = console.dialog("Move run 9")
    open_in(dialog, "project", "run 9")
    console.button("Move to run 9").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be put into itself")


def test_a_file_is_downloaded_byte_for_byte_and_a_folder_as_a_zip(console):
    console.choose("results.csv")
    with console.page.expect_download() as file:
        console.button("Download").click()
    assert file.value.suggested_filename == "results.csv"
    assert file.value.path().read_bytes() == RESULTS
    console.page.get_by_role("checkbox", name="Choose results.csv").uncheck()
    console.choose("run 9")
    with console.page.expect_download() as folder:
        console.button("Download as zip").click()
    with zipfile.ZipFile(io.BytesIO(folder.value.path().read_bytes())) as archive:
        assert [name for name in archive.namelist() if name.endswith("eplusout.err")]


def test_the_whole_folder_is_downloaded_as_a_zip(console):
    with console.page.expect_download() as folder:
        console.button("Download all").click()
    with zipfile.ZipFile(io.BytesIO(folder.value.path().read_bytes())) as archive:
        assert len([name for name in archive.namelist() if not name.endswith("/")]) == 5


def test_what_is_gone_meanwhile_is_said_and_what_to_do(console, pro):
    pro.remove("project/results.csv")
    console.row("results.csv").get_by_role("button").click()
    expect(console.page.get_by_role("alert").first).to_contain_text("It may have been moved or deleted meanwhile")
    console.page.keyboard.press("Escape")
    console.go("files/project/nowhere")
    expect(console.page.get_by_role("alert").filter(has_text="is not found")).to_be_visible()
    console.looks_well("missing-folder")


def test_a_service_that_does_not_answer_is_said_and_asked_again(console):
    console.context.set_offline(True)
    console.go("files/project/run%209")
    expect(console.page.get_by_role("alert").filter(has_text="Check your network connection")).to_be_visible()
    console.context.set_offline(False)
    console.button("Load again").click()
    expect(console.row("eplusout.err")).to_be_visible()


def test_everything_can_be_done_with_keys(console, pro):
    press = console.page.keyboard.press
    console.page.locator("body").press("Tab")
    expect(console.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(60):
        if console.grid.evaluate("grid => grid === document.activeElement"):
            break
        press("Tab")
    expect(console.grid).to_be_focused()
    press("End")
    expect(console.row("weather.epw")).to_have_attribute("aria-selected", "true")
    press("Shift+ArrowUp")
    expect(console.page.locator("[role=row][aria-selected=true]")).to_have_count(2)
    console.looks_well("chosen")
    press("Escape")
    expect(console.page.locator("[role=row][aria-selected=true]")).to_have_count(0)
    press("Control+a")
    expect(console.page.locator("[role=row][aria-selected=true]")).to_have_count(5)
    press("Home")
    press("Enter")
    expect(console.heading("run 9")).to_be_visible()
    console.grid.focus()
    press("Backspace")
    expect(console.heading("project")).to_be_visible()
    expect(console.row("weather.epw")).to_be_visible()
    console.grid.focus()
    press("End")
    press("F2")
    expect(console.field("New name")).to_be_focused()
    press("Control+a")
    console.page.keyboard.type("bath.epw")
    press("Enter")
    expect(console.row("bath.epw")).to_be_visible()
    expect(console.grid).to_be_focused()
    press("Home")
    press("ArrowDown")
    press("ArrowDown")
    press("Delete")
    for _ in range(3):
        delete = console.dialog("Delete").get_by_role("button", name="Delete", exact=True)
        if delete.evaluate("button => button === document.activeElement"):
            break
        press("Tab")
    press("Enter")
    console.says("1 item deleted.")
    assert "bath.epw" in pro.names("project")
    assert len(pro.names("project")) == 4


def test_on_a_phone_everything_is_within_reach(visit, pro, project):
    console = visit(pro, viewport=PHONE, place="#/files/project")
    console.choose("baseline.idf")
    for name in ("Preview", "Download", "Rename", "Move", "Copy", "Delete"):
        expect(console.button(name)).to_be_in_viewport(ratio=1)
    console.button("Preview").click()
    expect(console.dialog("baseline.idf").locator("pre")).to_be_visible()
    console.page.keyboard.press("Escape")
    for name, heading in (("Mail", "Send a mail"), ("Account", "Profile"), ("Files", "All files")):
        console.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        expect(console.heading(heading)).to_be_in_viewport(ratio=1)


def test_a_folder_is_read_page_by_page(visit, pro, project):
    console = visit()
    asked = []

    def with_small_pages(route):
        asked.append(route.request.url)
        route.continue_(url=route.request.url.replace("limit=1000", "limit=2"))

    console.page.route("**/files/project?details=true&limit=*", with_small_pages)
    console.log_on_as(pro)
    console.go("files/project")
    console.page.reload()
    console.says("5 items")
    expect(console.rows).to_have_count(5)
    assert len(asked) == 3 and "after=" not in asked[0] and "after=" in asked[1]


def test_ten_thousand_files_scroll_with_few_rows_in_the_page(visit, pro):
    console = visit(pro)
    names = [f"run-{number:05}.csv" for number in range(10_000)]

    def page_of_many(route):
        begin = int(parse_qs(urlsplit(route.request.url).query).get("after", ["0"])[0])
        listed = names[begin : begin + 1_000]
        children = [{"fileName": name, "fileSize": 1_000, "open": False, "children": []} for name in listed]
        after = str(begin + 1_000) if begin + 1_000 < len(names) else None
        node = {"fileName": "/many", "fileSize": 0, "open": True, "children": children, "next": after}
        route.fulfill(body=json.dumps(node), content_type="application/json")

    console.page.route("**/files/many?details=true&limit=*", page_of_many)
    console.go("files/many")
    console.says("10,000 items")
    expect(console.grid).to_have_attribute("aria-rowcount", "10001")
    usual = console.page.evaluate(
        """async () => {
            const grid = document.querySelector("[role=grid]");
            const times = [];
            for (let step = 0; step < 30; step += 1) {
                const begin = performance.now();
                grid.scrollTop += 14000;
                await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
                times.push(performance.now() - begin);
                if (grid.querySelectorAll("[role=row]").length > 60) throw new Error("too many rows");
            }
            return times.sort((one, other) => one - other)[times.length / 2];
        }"""
    )
    assert usual < 150, "so many milliseconds take a leap over hundreds of rows until it is seen"
    assert re.match(r"run-0\d{4}\.csv", console.names()[5])
    assert console.rows.count() < 60
    console.grid.focus()
    console.page.keyboard.press("End")
    expect(console.row("run-09999.csv")).to_be_visible()
    expect(console.row("run-09999.csv")).to_have_attribute("aria-rowindex", "10001")
    console.field("Filter this folder").fill("0123")
    console.says("11 items of 10,000")
    console.looks_well("many-files")
