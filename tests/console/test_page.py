"""What is loaded, how much, and from where; and that what is served is what the source says."""

import os
import shutil
import subprocess

import requests
from playwright.sync_api import expect

from console import ROOT, SOURCE

MAX_FIRST_LOAD_BYTES = 150_000

# What the page moves by itself while it loads, as browsers measure it. Up to 0.1 counts as good.
MAX_LAYOUT_SHIFT = 0.01


def test_the_first_load_is_small_and_comes_compressed_from_the_service_alone(visit, pro):
    console = visit(pro, fresh=True)
    expect(console.grid).to_be_visible()
    loaded = console.page.evaluate(
        """performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
            .map(({name, transferSize, encodedBodySize, decodedBodySize}) =>
                ({name, transferSize, encodedBodySize, decodedBodySize}))"""
    )
    total = sum(entry["transferSize"] for entry in loaded)
    print(f"first load: {total} bytes in {len(loaded)} answers")
    assert 10_000 < total < MAX_FIRST_LOAD_BYTES
    for entry in loaded:
        if "/assets/index-" in entry["name"]:
            assert entry["encodedBodySize"] < entry["decodedBodySize"] / 2


def test_nothing_moves_while_the_page_loads(visit, pro):
    pro.put("still/a.idf")
    console = visit(fresh=True)
    console.page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value; }))
            .observe({type: "layout-shift", buffered: true});"""
    )
    console.log_on_as(pro)
    console.go("files/still")
    console.page.reload()
    expect(console.row("a.idf")).to_be_visible()
    console.page.wait_for_timeout(300)
    assert console.page.evaluate("window.shift") < MAX_LAYOUT_SHIFT
    pro.remove("still")


def test_the_page_is_found_without_its_last_slash_and_kept_until_it_changes(service):
    answer = requests.get(f"{service.api}/console")
    assert (answer.status_code, answer.url) == (200, f"{service.api}/console/")
    again = requests.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    unknown = requests.get(f"{service.api}/console/assets/none-12345678.js")
    assert (unknown.status_code, unknown.json()["ok"]) == (404, False)


def test_what_is_served_is_what_the_source_builds_byte_for_byte(tmp_path):
    vite = SOURCE / "node_modules" / "vite" / "bin" / "vite.js"
    assert vite.exists(), "`make console` installs what builds the console"
    node = shutil.which("node", path=f"{ROOT}/.venv/bin{os.pathsep}{os.environ['PATH']}")
    built = tmp_path / "dist"
    subprocess.run([node, vite, "build", "--logLevel", "warn", "--outDir", built], cwd=SOURCE, check=True)
    assert content_of(built) == content_of(SOURCE / "dist"), "`make console` builds it anew"


def content_of(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
