"""The Python client, as the service hands it out."""

import io
import re
import subprocess
import sys
import zipfile

import requests

from local_stack import WORKSPACE

BUILD = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
INSTALL = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]


def address(service):
    """Where the documentation says that the client is."""
    page = requests.get(f"{service.api}/docs", timeout=30).text
    return re.search(r"pip install (\S+\.whl)", page)[1]


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_client_that_the_service_hands_out_is_the_present_one(service, tmp_path):
    build = subprocess.run(
        [*BUILD, "--wheel-dir", tmp_path, WORKSPACE / "clients/python"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    (wheel,) = tmp_path.glob("*.whl")
    handed_out = io.BytesIO(requests.get(address(service), timeout=30).content)
    # Not byte by byte: another zlib packs otherwise.
    assert contents(handed_out) == contents(wheel), "make wheel builds it anew"


def test_pip_takes_the_client_from_the_service(service, tmp_path):
    subprocess.run([*INSTALL, "--target", tmp_path, address(service)], check=True)
    help_text = subprocess.run(
        [sys.executable, "-c", "from users_api_client.cli import main; main()", "--help"],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert help_text.returncode == 0 and "login" in help_text.stdout, help_text.stderr
