"""The files that building-energy engineers work with: models, weather, and zips of both."""

import base64
import importlib.util
import io
import json
import random
import shutil
import struct
import unicodedata
import zipfile
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

from people import logged_on, new_token

# Models as EnergyPlus users have them: six versions of the format, Latin-1 comments, an empty file, a picture.
MODELS = Path(importlib.util.find_spec("eppy").origin).parent / "resources" / "idffiles"

MAX_BODY_BYTES = 4_194_304


def weather(size, seed=1):
    """A year of hourly weather in the form of an EPW file, in Latin-1, of exactly `size` bytes."""
    numbers = random.Random(seed)
    lines = ["LOCATION,Zürich-Fluntern,-,CHE,IWEC Data,066600,47.38,8.57,1.0,556.0", "COMMENTS 1,Température en °C"]
    for hour in range(8760):
        values = ",".join(f"{numbers.uniform(-20, 999):.1f}" for _ in range(21))
        lines.append(f"1995,{hour // 730 + 1},{hour // 24 % 30 + 1},{hour % 24 + 1},60,?9?9?9?9E0?9?9?9*9,{values}")
    content = "\r\n".join(lines).encode("latin-1")
    assert len(content) <= size
    return content.ljust(size)


def upload(client, service, folder, files):
    """Uploads files, given as a dictionary of contents by name, in one request; the answer's JSON."""
    parts = [("file", (name, content)) for name, content in files.items()]
    return client.post(f"{service.api}/files/{quote(folder)}", files=parts).json()


def listing(client, service, folder):
    return client.get(f"{service.api}/files/{quote(folder)}").json()


def download(client, service, path):
    answer = client.get(f"{service.api}/files/{quote(path)}")
    assert answer.status_code == 200, answer.text
    return answer.content


def delete(client, service, path):
    answer = client.delete(f"{service.api}/files/{quote(path)}")
    assert answer.json() == {"ok": True, "status": f"{path} has been deleted"}
    assert client.get(f"{service.api}/files/{quote(path)}").status_code == 404


def handle(location):
    return {
        "ok": True,
        "status": "File(s) uploaded successfully",
        "fileHandle": location,
        "callback": f"/users/api/files/{location}",
    }


def size_label(size):
    """The size as the service shows it: powers of ten, the number in single precision."""
    unit, divisor = ("KB", 1e3) if size < 1_000_000 else ("MB", 1e6)
    (number,) = struct.unpack("f", struct.pack("f", size / divisor))
    return f"{number:.2f} {unit}" if number < 100 else f"{number:.1f} {unit}"


def tree(folder, files):
    """The node of a folder that holds these files, given as a dictionary of contents by path below the folder."""
    return folder_node(f"/{folder}" if folder else "/", files)


def folder_node(name, files):
    below = {}
    children = {}
    for path, content in files.items():
        first, slash, rest = path.partition("/")
        if slash:
            below.setdefault(first, {})[rest] = content
        else:
            children[first] = file_node(first, len(content))
    children |= {first: folder_node(first, inner) for first, inner in below.items()}
    in_order = [children[first] for first in sorted(children)]
    return {"name": name, "fileName": name, "fileSize": 0, "open": True, "nocheck": True, "children": in_order}


def file_node(name, size):
    return {
        "name": f"{name} ({size_label(size)})",
        "fileName": name,
        "fileSize": size,
        "open": False,
        "nocheck": False,
        "children": [],
    }


def zip_of(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, inner in files.items():
            archive.writestr(path, inner)
    return content.getvalue()


def models():
    """All models, by path below the folder of models."""
    found = {it.relative_to(MODELS).as_posix(): it.read_bytes() for it in MODELS.rglob("*") if it.is_file()}
    assert len(found) >= 30
    return found


# Models


def test_every_model_is_uploaded_listed_downloaded_and_deleted(service):
    client, files = logged_on(service), models()
    for path, content in files.items():
        folder, name = path.rsplit("/", 1)
        assert upload(client, service, f"models/{folder}", {name: content}) == handle(f"models/{folder}")
    assert listing(client, service, "models") == tree("models", files)
    for path, content in files.items():
        assert download(client, service, f"models/{path}") == content, path
    for path in files:
        delete(client, service, f"models/{path}")
    # A folder stays when its last file goes.
    assert {it["fileName"] for it in listing(client, service, "models")["children"]} == {
        path.split("/")[0] for path in files
    }
    delete(client, service, "models")


def test_many_models_are_uploaded_in_one_request(service):
    client = logged_on(service)
    files = {path.replace("/", "-"): content for path, content in models().items() if len(content) < 150_000}
    assert len(files) > 20
    assert upload(client, service, "batch", files) == handle("batch")
    assert listing(client, service, "batch") == tree("batch", files)
    for name, content in files.items():
        assert download(client, service, f"batch/{name}") == content, name
    delete(client, service, "batch")


def test_a_file_of_the_same_name_is_replaced(service):
    client = logged_on(service)
    for content in (b"Version,8.9;\n", b"Version,9.6;\n! new\n", b""):
        upload(client, service, "replaced", {"a.idf": content})
        assert listing(client, service, "replaced") == tree("replaced", {"a.idf": content})
        assert download(client, service, "replaced/a.idf") == content
    delete(client, service, "replaced")


def test_files_are_listed_in_order_of_their_names(service):
    client = logged_on(service)
    names = ["b.idf", "a.idf", "B.idf", "a", "a-1.idf", "10.idf", "9.idf", "ä.idf", "z.idf", "_.idf", "Ä.idf"]
    for name in names:
        upload(client, service, "order", {name: b"x"})
    upload(client, service, "order/c", {"x.idf": b"x"})
    shown = [it["fileName"] for it in listing(client, service, "order")["children"]]
    assert shown == sorted([*names, "c"])
    delete(client, service, "order")


@pytest.mark.parametrize(
    ("size", "label"),
    [(0, "0.00 KB"), (97, "0.10 KB"), (4837, "4.84 KB"), (3965, "3.96 KB"), (223949, "223.9 KB"), (1439809, "1.44 MB")],
)
def test_a_size_is_shown_as_it_always_was(service, size, label):
    client = logged_on(service)
    upload(client, service, "label", {"weather.epw": b"x" * size})
    (node,) = listing(client, service, "label")["children"]
    assert (node["name"], node["fileName"], node["fileSize"]) == (f"weather.epw ({label})", "weather.epw", size)
    delete(client, service, "label")


# Weather


@pytest.mark.parametrize("size", [1_400_000, 1_439_809, 1_512_345, 1_600_000])
def test_a_weather_file_comes_back_byte_for_byte(service, size):
    client, content = logged_on(service), weather(size)
    assert "Zürich".encode("latin-1") in content
    assert upload(client, service, "weather", {"Zürich.epw": content}) == handle("weather")
    assert listing(client, service, "weather") == tree("weather", {"Zürich.epw": content})
    assert download(client, service, "weather/Zürich.epw") == content
    delete(client, service, "weather")


def test_two_weather_files_fit_in_one_request(service):
    client = logged_on(service)
    files = {"a.epw": weather(1_600_000, seed=1), "b.epw": weather(1_600_000, seed=2)}
    assert files["a.epw"] != files["b.epw"]
    assert upload(client, service, "two", files) == handle("two")
    for name, content in files.items():
        assert download(client, service, f"two/{name}") == content
    delete(client, service, "two")


# Zips


def job():
    """A job as it is sent to a simulation server: a model, weather, and inputs in folders."""
    return {
        "in.idf": (MODELS / "V_7_2" / "smallfile.idf").read_bytes(),
        "weather.epw": weather(1_439_809),
        "Pläne/Büro/Grundriß 1.csv": b"a;b\n",
        "Pläne/leer.txt": b"",
        "schedules/2026/occupancy.csv": b"hour,people\n1,0\n",
    }


def below(folder, files):
    return {f"{folder}/{path}": content for path, content in files.items()}


def test_a_zip_with_one_top_folder_is_unpacked_and_the_handle_names_that_folder(service):
    client, files = logged_on(service), job()
    assert upload(client, service, "F", {"job.zip": zip_of(below("X", files))}) == handle("F/X")
    assert listing(client, service, "F") == tree("F", below("X", files))
    assert listing(client, service, "F/X") == tree("F/X", files)
    for path, content in files.items():
        assert download(client, service, f"F/X/{path}") == content, path
    delete(client, service, "F")


def test_a_zip_without_a_single_top_folder_is_unpacked_where_it_was_sent(service):
    client, files = logged_on(service), job()
    assert upload(client, service, "G", {"job.zip": zip_of(files)}) == handle("G")
    assert listing(client, service, "G") == tree("G", files)
    for path, content in files.items():
        assert download(client, service, f"G/{path}") == content, path
    delete(client, service, "G")


def test_a_zip_that_python_makes_of_a_folder_is_unpacked(service, tmp_path):
    client, files = logged_on(service), job()
    for path, content in files.items():
        (tmp_path / "Büro" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Büro" / path).write_bytes(content)
    archive = Path(shutil.make_archive(str(tmp_path / "job"), "zip", tmp_path, "Büro"))
    assert "Büro/" in zipfile.ZipFile(archive).namelist()
    assert upload(client, service, "made", {"job.zip": archive.read_bytes()}) == handle("made/Büro")
    assert listing(client, service, "made/Büro") == tree("made/Büro", files)
    delete(client, service, "made")


def test_a_zip_of_all_models_is_unpacked(service):
    client, files = logged_on(service), models()
    content = zip_of(below("idffiles", files))
    assert len(content) < MAX_BODY_BYTES
    assert upload(client, service, "all", {"models.zip": content}) == handle("all/idffiles")
    assert listing(client, service, "all/idffiles") == tree("all/idffiles", files)
    largest = max(files, key=lambda path: len(files[path]))
    assert download(client, service, f"all/idffiles/{largest}") == files[largest]
    delete(client, service, "all")


def test_a_zip_from_an_old_windows_program_keeps_its_umlauts(service):
    client = logged_on(service)
    content = zip_of({"B~ro/a.idf": b"x"}).replace(b"B~ro", "Büro".encode("cp437"))
    assert upload(client, service, "windows", {"job.zip": content}) == handle("windows/Büro")
    assert listing(client, service, "windows") == tree("windows", {"Büro/a.idf": b"x"})
    delete(client, service, "windows")


def test_a_zip_that_was_written_as_a_stream_is_unpacked(service):
    class Stream(io.RawIOBase):
        """Takes bytes and cannot go back to correct a size: sizes follow the data."""

        written = b""

        def writable(self):
            return True

        def write(self, data):
            self.written += bytes(data)
            return len(data)

    client, stream = logged_on(service), Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X/a.idf", b"Version,9.6;\n" * 100)
    assert upload(client, service, "stream", {"job.zip": stream.written}) == handle("stream/X")
    assert download(client, service, "stream/X/a.idf") == b"Version,9.6;\n" * 100
    delete(client, service, "stream")


def test_a_zip_among_other_files_is_unpacked_too(service):
    client = logged_on(service)
    files = {"a.idf": b"a", "job.zip": zip_of({"X/b.idf": b"b"}), "c.epw": b"c"}
    assert upload(client, service, "mixed", files) == handle("mixed")
    assert listing(client, service, "mixed") == tree("mixed", {"a.idf": b"a", "X/b.idf": b"b", "c.epw": b"c"})
    delete(client, service, "mixed")


def test_a_spreadsheet_is_no_zip_although_it_is_one_inside(service):
    client, content = logged_on(service), zip_of({"xl/workbook.xml": b"<workbook/>"})
    upload(client, service, "sheet", {"results.xlsx": content})
    assert download(client, service, "sheet/results.xlsx") == content
    delete(client, service, "sheet")


def test_files_and_zips_can_be_sent_to_the_root(service):
    client = logged_on(service, "admin@example.org")
    assert listing(client, service, "") == tree("", {})
    assert upload(client, service, "", {"root.idf": b"1"}) == handle("")
    assert upload(client, service, "", {"job.zip": zip_of({"X/a.idf": b"2"})}) == handle("X")
    assert upload(client, service, "", {"job.zip": zip_of({"b.idf": b"3"})}) == handle("")
    assert listing(client, service, "") == tree("", {"root.idf": b"1", "X/a.idf": b"2", "b.idf": b"3"})
    assert download(client, service, "root.idf") == b"1"
    for path in ("root.idf", "X", "b.idf"):
        delete(client, service, path)
    assert listing(client, service, "") == tree("", {})


# Sizes


def form(folder, bytes_in_all):
    """A form of exactly so many bytes with one file, and the file's content."""
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
    tail = b"\r\n--B--\r\n"
    content = random.Random(1).randbytes(bytes_in_all - len(head) - len(tail))
    return head + content + tail, content


def send_form(client, service, folder, body):
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    return client.post(f"{service.api}/files/{folder}", data=body, headers=headers)


def test_a_file_of_almost_4_mib_is_uploaded(service):
    client, content = logged_on(service), random.Random(1).randbytes(int(3.9 * 1024 * 1024))
    assert upload(client, service, "large", {"large.bin": content}) == handle("large")
    assert listing(client, service, "large") == tree("large", {"large.bin": content})
    assert download(client, service, "large/large.bin") == content
    delete(client, service, "large")


def test_a_body_of_exactly_4_mib_is_taken(service):
    client = logged_on(service)
    body, content = form("limit", MAX_BODY_BYTES)
    assert len(body) == MAX_BODY_BYTES
    assert send_form(client, service, "limit", body).json() == handle("limit")
    assert download(client, service, "limit/big.bin") == content
    delete(client, service, "limit")


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 5_000_000, 7_000_000, 12_000_000])
def test_a_body_above_4_mib_is_refused_in_json_that_names_the_limit(service, size):
    client = logged_on(service)
    body, _ = form("above", size)
    answer = send_form(client, service, "above", body)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["ok"] is False
    assert str(MAX_BODY_BYTES) in answer.json()["status"]
    assert client.get(f"{service.api}/files/above").status_code == 404, "nothing is stored"


def test_a_zip_that_unpacks_to_far_more_than_it_is_is_refused_and_leaves_nothing(service):
    client = logged_on(service)
    bomb = zip_of({"X/a.idf": b"fine", "X/zeros.bin": bytes(50_000_000)})
    assert len(bomb) < 100_000
    answer = client.post(f"{service.api}/files/bomb", files={"file": ("job.zip", bomb)})
    assert (answer.status_code, answer.json()["ok"]) == (413, False)
    assert client.get(f"{service.api}/files/bomb").status_code == 404


# Names

NAMES = [
    *"#?%+&;'\"~,=@!$()[]{}<>|*:^`",
    "a#b?c%d+e&f;g'h\"i~j.idf",
    "100%25.idf",
    "a b  c.idf",
    " leading and trailing ",
    "Grüße.idf",
    unicodedata.normalize("NFD", "Grüße.idf"),
    "Zürich–Fluntern №1.epw",
    "東京.epw",
    "🏠 house 👩‍🔧.idf",
    "...",
    ".hidden",
    "-rf",
    "CON",
    "x" * 255,
    "ü" * 127,
]


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_name_comes_back_as_it_was(service, name):
    client, content = logged_on(service), f"content of {name}".encode()
    assert upload(client, service, "odd", {name: content}) == handle("odd")
    assert listing(client, service, "odd") == tree("odd", {name: content})
    answer = client.get(f"{service.api}/files/odd/{quote(name, safe='')}")
    assert answer.content == content
    # curl -J and browsers save it under this name.
    assert answer.headers["Content-Disposition"].split("filename*=UTF-8''")[1] == quote(name, safe="!#$&+-.^_`|~")
    delete(client, service, f"odd/{name}")
    assert listing(client, service, "odd") == tree("odd", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_may_have_an_odd_name_too(service, name):
    client = logged_on(service)
    folder = f"odd folders/{name}"
    assert client.post(
        f"{service.api}/files/odd%20folders/{quote(name, safe='')}/", files={"file": ("a.idf", b"x")}
    ).json() == handle(folder)
    assert listing(client, service, "odd folders") == tree("odd folders", {f"{name}/a.idf": b"x"})
    assert client.get(f"{service.api}/files/odd%20folders/{quote(name, safe='')}/a.idf").content == b"x"
    delete(client, service, folder)


def test_a_zip_keeps_odd_names(service):
    client = logged_on(service)
    files = {f"{number}/{name}": name.encode() for number, name in enumerate(NAMES)}
    assert upload(client, service, "odd zip", {"job.zip": zip_of(below("X", files))}) == handle("odd zip/X")
    assert listing(client, service, "odd zip/X") == tree("odd zip/X", files)
    for path, content in files.items():
        assert client.get(f"{service.api}/files/odd%20zip/X/{quote(path)}").content == content
    delete(client, service, "odd zip")


def test_names_that_differ_only_in_case_or_unicode_form_are_different_files(service):
    client = logged_on(service)
    names = ["Büro.idf", unicodedata.normalize("NFD", "Büro.idf"), "büro.idf"]
    files = {name: str(number).encode() for number, name in enumerate(names)}
    assert len(files) == 3
    upload(client, service, "forms", files)
    assert listing(client, service, "forms") == tree("forms", files)
    for name, content in files.items():
        assert download(client, service, f"forms/{name}") == content
    delete(client, service, f"forms/{names[0]}")
    assert listing(client, service, "forms") == tree("forms", {name: files[name] for name in names[1:]})
    delete(client, service, "forms")


# Users


def test_two_users_never_see_each_others_files(service):
    pro, admin = logged_on(service, "pro@example.org"), logged_on(service, "admin@example.org")
    upload(pro, service, "private", {"a.idf": b"of pro"})
    for path in ("private", "private/", "private/a.idf"):
        assert pro.get(f"{service.api}/files/{path}").status_code == 200
        assert admin.get(f"{service.api}/files/{path}").status_code == 404
        assert admin.delete(f"{service.api}/files/{path}").json()["ok"] is False
    assert "private" not in admin.get(f"{service.api}/files").text
    upload(admin, service, "private", {"a.idf": b"of admin"})
    assert download(pro, service, "private/a.idf") == b"of pro"
    assert download(admin, service, "private/a.idf") == b"of admin"
    delete(admin, service, "private")
    assert download(pro, service, "private/a.idf") == b"of pro"
    delete(pro, service, "private")


def test_deleting_a_folder_spares_those_whose_names_begin_alike(service):
    client = logged_on(service)
    for folder in ("job", "job1", "job 1"):
        upload(client, service, folder, {"a.idf": b"x"})
    delete(client, service, "job")
    for folder in ("job1", "job 1"):
        assert download(client, service, f"{folder}/a.idf") == b"x"
        delete(client, service, folder)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "{pro}/secret.idf",
        "/{pro}/secret.idf",
        "../{pro}/secret.idf",
        "x/../../{pro}/secret.idf",
        "%2e%2e/{pro}/secret.idf",
        "..%2f{pro}%2fsecret.idf",
        "..%5c{pro}%5csecret.idf",
    ],
)
def test_no_path_leads_to_the_files_of_somebody_else(service, path, method):
    pro = logged_on(service)
    upload(pro, service, "", {"secret.idf": b"secret"})
    path = path.format(pro=account_id(pro))
    # Other clients would tidy the path up before they send it.
    connection = HTTPConnection("localhost", service.port)
    cookie = f"session_token={new_token(service, 'admin@example.org')}"
    connection.request(method, f"/users/api/files/{path}", headers={"Cookie": cookie})
    answer = connection.getresponse()
    assert answer.status in ((400, 404) if method == "GET" else (200, 400, 404))
    assert json.loads(answer.read())["ok"] is False
    assert download(pro, service, "secret.idf") == b"secret"
    delete(pro, service, "secret.idf")


def account_id(client):
    """Who the client is, as its token says."""
    claims = client.cookies["session_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "==="))["sub"]
