"""Files on their way: small and large, many at once, through lost networks and ended sessions."""

import os
import re

import pytest
import requests
from playwright.sync_api import expect

MEGABYTE = 1_000_000


@pytest.fixture
def console(visit, pro):
    pro.put("inbox/here.txt", b"old")
    console = visit(pro, place="#/files/inbox")
    expect(console.row("here.txt")).to_be_visible()
    yield console
    pro.remove("inbox")


class SecondPart:
    """Keeps the second part of every large file from leaving, until it is let go. All other parts arrive meanwhile."""

    ADDRESS = re.compile(r"partNumber=2\b")

    def __init__(self, console):
        self.is_free, self.held = False, []
        console.page.route(self.ADDRESS, self.meet)

    def meet(self, route):
        route.continue_() if self.is_free else self.held.append(route)

    def let_go(self):
        self.is_free = True
        for route in self.held:
            route.continue_()


@pytest.fixture
def second_part(console):
    return SecondPart(console)


def file_of(folder, name, size):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(os.urandom(size))
    return file


def all_but_the_second_part_have_arrived(console, megabytes):
    """Waits until so much of a file has left and no more does."""
    expect(console.uploads.get_by_text(f"{megabytes} MB of").first).to_be_visible()


def parts_sent(console):
    """The parts of large files that have arrived, as the browser tells it; filled in while it goes on."""
    arrived = []

    def note(response):
        number = re.search(r"partNumber=(\d+)", response.url)
        if number and response.ok and response.request.method == "PUT":
            arrived.append(int(number[1]))

    console.page.on("response", note)
    return arrived


def test_several_small_files_are_uploaded_and_seen_at_once(console, pro, tmp_path):
    files = [file_of(tmp_path, f"model {number}.idf", 20_000) for number in range(8)]
    console.upload(*files, file_of(tmp_path, "empty.txt", 0))
    console.says("9 files uploaded")
    for file in files:
        expect(console.row(file.name)).to_be_visible()
        assert pro.get(f"inbox/{file.name}").content == file.read_bytes()
    assert pro.get("inbox/empty.txt").content == b""
    console.looks_well("uploaded")
    expect(console.button("Single files")).to_have_attribute("aria-expanded", "false")
    console.button("Close the list of uploads").click()
    expect(console.uploads).to_have_count(0)


def test_a_folder_that_is_dropped_comes_with_all_that_is_in_it(console, pro, tmp_path):
    folder = tmp_path / "office"
    file_of(folder, "model.idf", 1_000)
    file_of(folder, "runs/run 1/eplusout.csv", 2_000)
    file_of(folder, "runs/Grüße #1 100%.txt", 10)
    (folder / "empty").mkdir()
    console.drop(folder, file_of(tmp_path, "weather.epw", 500))
    console.says("4 files uploaded")
    expect(console.row("office")).to_be_visible()
    expect(console.row("weather.epw")).to_be_visible()
    console.row("office").get_by_role("button").click()
    expect(console.row("empty")).to_be_visible()
    assert pro.names("inbox/office") == ["empty", "model.idf", "runs"]
    assert pro.names("inbox/office/runs") == ["Grüße #1 100%.txt", "run 1"]


def test_a_file_that_is_there_is_replaced_only_when_somebody_says_so(console, pro, tmp_path):
    new = file_of(tmp_path, "here.txt", 30)
    console.upload(new)
    console.says("1 file there already")
    console.looks_well("file-there-already")
    assert pro.get("inbox/here.txt").content == b"old"
    console.button("Keep what is there").click()
    expect(console.uploads).to_have_count(0)
    console.upload(new)
    console.button("Replace it").click()
    console.says("1 file uploaded")
    assert pro.get("inbox/here.txt").content == new.read_bytes()


def test_a_large_file_goes_in_parts_and_on_by_itself_after_the_network_was_lost(console, second_part, pro, tmp_path):
    file = file_of(tmp_path, "results.eso", 20 * MEGABYTE)
    arrived = parts_sent(console)
    console.upload(file)
    all_but_the_second_part_have_arrived(console, "11.6")
    console.context.set_offline(True)
    second_part.let_go()
    console.says("Waiting for the network or the service")
    console.looks_well("network-lost")
    console.context.set_offline(False)
    console.says("1 file uploaded")
    assert pro.get("inbox/results.eso").content == file.read_bytes()
    assert sorted(arrived) == [1, 2, 3], "what has arrived is not sent again"


def test_an_upload_is_paused_resumed_and_cancelled(console, second_part, pro, tmp_path):
    console.upload(file_of(tmp_path, "large.sql", 20 * MEGABYTE))
    all_but_the_second_part_have_arrived(console, "11.6")
    console.button("Pause large.sql").click()
    console.says("Uploads are paused")
    console.looks_well("uploads-paused")
    console.button("Resume large.sql").click()
    console.says("Uploading 1 of 1")
    console.button("Cancel large.sql").click()
    expect(console.uploads).to_have_count(0)
    assert "large.sql" not in pro.names("inbox")


def test_an_upload_goes_on_where_it_stopped_when_the_page_was_loaded_again(console, second_part, pro, tmp_path):
    file = file_of(tmp_path, "again.eso", 20 * MEGABYTE)
    arrived = parts_sent(console)
    console.upload(file)
    all_but_the_second_part_have_arrived(console, "11.6")
    console.button("Pause again.eso").click()
    console.says("Uploads are paused")
    second_part.is_free = True
    console.page.reload()
    expect(console.row("here.txt")).to_be_visible()
    console.says("choose the same file again")
    console.looks_well("interrupted")
    console.upload(file)
    expect(console.page.get_by_text("choose the same file again")).to_have_count(0)
    console.says("1 file uploaded")
    assert pro.get("inbox/again.eso").content == file.read_bytes()
    assert sorted(arrived) == [1, 2, 3]


def test_what_another_program_has_left_half_sent_is_shown_and_ended(console, pro):
    wish = {"path": "left.eso", "size": 20_000_000}
    answer = requests.post(f"{pro.service.api}/uploads", json=wish, cookies={"session_token": pro.token}, timeout=30)
    assert answer.status_code == 200, answer.text
    console.page.reload()
    expect(console.page.get_by_text("was not sent wholly: what began it goes on with it")).to_be_visible()
    expect(console.page.get_by_text("and 20.0 MB kept for uploads that have not ended")).to_be_visible()
    console.looks_well("left")
    console.button("End the upload of left.eso").click()
    console.dialog("End the upload of left.eso?").get_by_role("button", name="End it", exact=True).click()
    expect(console.page.get_by_text("was not sent wholly")).to_have_count(0)
    expect(console.page.get_by_text("kept for uploads")).to_have_count(0)


def test_a_session_that_ends_in_the_middle_asks_for_the_password_and_nothing_is_lost(
    console, second_part, pro, tmp_path
):
    large = file_of(tmp_path, "during.eso", 20 * MEGABYTE)
    small = [file_of(tmp_path, f"small {number}.csv", 1_000) for number in range(6)]
    console.upload(large)
    all_but_the_second_part_have_arrived(console, "11.6")
    requests.post(f"{pro.service.api}/logout", cookies={"session_token": pro.token}, timeout=30)
    pro.log_on()
    console.upload(*small)
    dialog = console.dialog("Your session has ended")
    expect(dialog).to_be_visible()
    expect(console.field("Password")).to_be_focused()
    console.looks_well("session-ended")
    for _ in range(3):
        console.page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
    second_part.let_go()
    console.field("Password").fill("wrong")
    dialog.get_by_role("button", name="Log on", exact=True).click()
    console.says("No matching username")
    console.field("Password").fill(pro.password)
    dialog.get_by_role("button", name="Log on", exact=True).click()
    expect(dialog).to_have_count(0)
    console.says("7 files uploaded")
    for file in [large, *small]:
        assert pro.get(f"inbox/{file.name}").content == file.read_bytes()


def test_the_use_of_the_storage_follows_what_is_uploaded(console, tmp_path):
    meter = console.page.get_by_role("meter", name="Storage used")
    before = meter.get_attribute("aria-valuetext")
    console.upload(file_of(tmp_path, "more.bin", 4 * MEGABYTE))
    console.says("1 file uploaded")
    expect(meter).not_to_have_attribute("aria-valuetext", before)
