"""The package itself: its README, its wheel, and how little a start takes."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile

from conftest import EMAIL, PROJECT
from people import PASSWORDS

README = (PROJECT / "README.md").read_text("utf-8")
DEMO = "demo@example.org"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_readmes_shell_examples_work(stranger):
    stranger.write("models/model.idf", b"Version,9.6;\n")
    command = stranger.home / "bin" / "usersapi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m users_api_client "$@"\n')
    command.chmod(0o755)
    first, *others = blocks("sh")
    script = first.replace(f"login {DEMO}", f"login {DEMO} <<< {PASSWORDS[DEMO]}")
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join([script, *others])],
        cwd=stranger.work,
        env={**stranger.environment, "PATH": f"{command.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (stranger.work / "copy/models/model.idf").read_bytes() == b"Version,9.6;\n"
    assert (stranger.work / "first.zip").stat().st_size > 0
    assert "Email has been sent to demo@example.org" in done.stdout


def test_the_projects_readme_shows_the_same_commands():
    (shown,) = re.findall(
        r"```sh\npip install ./clients/python\n(.*?)```", (PROJECT / "../../README.md").read_text(), re.DOTALL
    )
    assert set(shown.splitlines()) <= set(blocks("sh")[0].splitlines())


def test_the_readmes_python_examples_work(stranger):
    stranger.write("models/model.idf", b"Version,9.6;\n")
    for example in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", example.replace("http://localhost:9000/users/api", stranger.api)],
            cwd=stranger.work,
            env=stranger.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert (stranger.work / "copy-of-models/model.idf").read_bytes() == b"Version,9.6;\n"
    assert "The address or the password is wrong" in done.stdout
    assert "no/such/folder is not there" in done.stdout


def test_every_command_is_in_the_readme_and_takes_json(stranger):
    stranger.environment["COLUMNS"] = "200"
    words = re.findall(r"^│ (\w[\w-]+) ", stranger.does("--help"), re.MULTILINE)
    assert len(words) == 26
    for word in words:
        assert re.search(rf"`{word}\b", README), word
        assert ("--json" in stranger.does(word, "--help")) == (word != "cat")


def test_a_start_imports_nothing_that_it_does_not_need(stranger):
    code = (
        "import sys; from users_api_client.cli.app import app;"
        "print([name for name in ('httpx', 'keyring', 'rich.progress', 'platformdirs') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=stranger.environment, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_shell_completes_commands(stranger):
    told = stranger.does(
        _USERSAPI_COMPLETE="complete_bash", COMP_WORDS="usersapi wh", COMP_CWORD="1", _TYPER_COMPLETE_ARGS="usersapi wh"
    )
    assert told.split() == ["whoami"]


def test_nothing_says_that_a_package_index_has_the_package():
    texts = [README, *(file.read_text("utf-8") for file in (PROJECT / "src").rglob("*.py"))]
    told = [found for text in texts for found in re.findall(r"pip install(?: --\w+)* (\S+)", text)]
    assert {it.strip("`") for it in told} == {"./clients/python"}


def test_the_wheel_works_in_an_environment_of_its_own(stranger, tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", tmp_path / "dist", PROJECT], check=True)
    wheel = next((tmp_path / "dist").glob("users_api_client-*-py3-none-any.whl"))
    assert "users_api_client/py.typed" in zipfile.ZipFile(wheel).namelist()
    venv.create(tmp_path / "fresh")
    python = tmp_path / "fresh/bin/python"
    # The libraries that it needs come from here: their versions are locked, and nothing has to be fetched.
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--no-deps", "--no-index", wheel],
        check=True,
    )
    libraries = sysconfig.get_path("purelib")
    (next((tmp_path / "fresh/lib").iterdir()) / "site-packages/libraries.pth").write_text(libraries)
    environment = {**stranger.environment, "PYTHONPATH": ""}

    def does(*words, stdin=""):
        command = [tmp_path / "fresh/bin/usersapi", *words]
        return subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=True).stdout

    assert does("--version") == "usersapi 0.1.0\n"
    does("login", EMAIL, stdin=PASSWORDS[EMAIL])
    assert does("whoami").startswith(EMAIL)
