"""Folders as people work with them: made, moved, copied, listed in part, taken away as a zip."""

import io
import urllib.parse
import zipfile

import pytest

from people import logged_on

NAMES = [
    "plain.idf", "two words.epw", "r&d #7 100%.csv", "q?a=b+c;d.txt", "Grüße.idf",
    "Gru\u0308\u00dfe decomposed.idf", "日本語.idf", "🏠.idf", "UPPER.IDF", "upper.idf", "'quoted' \"twice\".txt", "n" * 240 + ".idf",
]


@pytest.fixture
def client(service):
    client = logged_on(service)
    client.api = service.api
    yield client
    client.delete(f"{service.api}/files/folders")


def url(client, path, query=""):
    return f"{client.api}/files/{urllib.parse.quote(path)}{query}"


def fill(client, folder):
    for name in NAMES:
        client.put(url(client, f"{folder}/{name}"), data=name.encode()).raise_for_status()


def names(node):
    return {child["fileName"] for child in node["children"]}


def test_every_name_survives_a_copy_a_move_and_a_zip(client):
    fill(client, "folders/a")
    client.post(url(client, "folders/a"), params={"copy": "folders/b & c"}).raise_for_status()
    client.post(url(client, "folders/b & c"), params={"move": "folders/d/e #1"}).raise_for_status()
    assert client.head(url(client, "folders/b & c")).status_code == 404
    for folder in ("folders/a", "folders/d/e #1"):
        assert names(client.get(url(client, folder)).json()) == set(NAMES)
        for name in NAMES:
            assert client.get(url(client, f"{folder}/{name}")).content == name.encode()

    answer = client.get(url(client, "folders/d/e #1", "?format=zip"))
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="e #1.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        assert zipped.testzip() is None
        assert set(zipped.namelist()) == {f"e #1/{name}" for name in NAMES}
        assert all(entry.date_time > (2026, 1, 1, 0, 0, 0) for entry in zipped.infolist())
        assert all(zipped.read(f"e #1/{name}") == name.encode() for name in NAMES)
    handle = client.post(url(client, "folders/back"), files={"file": ("e.zip", answer.content)}).json()
    assert handle["fileHandle"] == "folders/back/e #1"
    assert names(client.get(url(client, "folders/back/e #1")).json()) == set(NAMES)


def test_nothing_is_overwritten_by_a_move(client):
    client.put(url(client, "folders/a"), data=b"a").raise_for_status()
    client.put(url(client, "folders/b"), data=b"b").raise_for_status()
    answer = client.post(url(client, "folders/a"), params={"move": "folders/b"})
    assert answer.status_code == 409 and answer.json()["ok"] is False
    assert client.get(url(client, "folders/b")).content == b"b"


def test_a_folder_of_many_files_is_read_page_by_page(client):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for number in range(250):
            zipped.writestr(f"many/{number:03}.csv", str(number))
            zipped.writestr(f"many/sub{number % 3}/{number:03}.csv", str(number))
    client.post(url(client, "folders"), files={"file": ("many.zip", packed.getvalue())}).raise_for_status()
    seen, after = [], None
    while True:
        query = {"limit": 100, **({"after": after} if after else {})}
        node = client.get(url(client, "folders/many"), params=query).json()
        assert len(node["children"]) <= 100
        seen += [child["fileName"] for child in node["children"]]
        after = node["next"]
        if after is None:
            break
    assert seen == [f"{number:03}.csv" for number in range(250)] + ["sub0", "sub1", "sub2"]
    top = client.get(url(client, "folders/many"), params={"depth": 1}).json()
    assert len(top["children"]) == 253
    assert all(child["children"] == [] for child in top["children"])
    forged = client.get(url(client, "folders/many"), params={"limit": 100, "after": "Zm9yZ2Vk"})
    assert forged.status_code == 400 and "begin again" in forged.json()["status"]


def test_an_empty_folder_stays(client):
    assert client.post(url(client, "folders/empty", "?mkdir")).json()["fileHandle"] == "folders/empty"
    client.put(url(client, "folders/empty/file"), data=b"x").raise_for_status()
    client.delete(url(client, "folders/empty/file")).raise_for_status()
    assert names(client.get(url(client, "folders")).json()) == {"empty"}
