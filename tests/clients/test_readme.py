"""README.md: every command and every line of Python in it works as written."""

import pathlib
import re
import subprocess
import sys
import zipfile

README = pathlib.Path("README.md").read_text(encoding="utf-8")
PRINTED_URL = "http://localhost:9000/users/api"
PRINTED_MAIL = "http://localhost:9001/"


def blocks(heading, language):
    """The code blocks of one language below one heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def test_the_curl_lines_of_the_first_five_minutes_work_as_printed(service, tmp_path):
    script = "\n".join(blocks("The first five minutes, with curl", "sh"))
    assert PRINTED_URL in script
    # Each answer on a line of its own, and an end at the first curl that fails.
    script = "set -e\ncurl() { command curl --silent --show-error --fail \"$@\"; echo; }\n" + script
    script = script.replace(PRINTED_URL, service.api)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert '"ok":false' not in done.stdout
    for phrase in ["Logged in successfully!", "File(s) uploaded successfully", "model.idf (0.01 KB)",
                   "File stored successfully", "\nVersion\n", "test has been deleted",
                   "Email has been sent to demo@example.org",
                   "User's account detailes included.", "Account details updated successfully!",
                   "Logged out successfully!"]:
        assert phrase in done.stdout, phrase
    assert (tmp_path / "copy.idf").read_text() == "Version,9.6;\n"
    assert "session_token" not in (tmp_path / "cookies.txt").read_text(), "log-off empties the jar"


def test_the_python_of_the_readme_works_as_printed(service, tmp_path):
    (program,) = blocks("The same with Python", "python")
    assert PRINTED_URL in program
    program = program.replace(PRINTED_URL, service.api)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "test/today", "['test']", "test has been deleted", "Logged out successfully!",
    ]


def test_an_account_is_made_taken_along_and_deleted_as_printed(service, tmp_path):
    register, confirm, end = blocks("An account of your own", "sh")
    gone = '! command curl --silent --show-error --fail -b grace.txt "$API/user"'
    script = "set -e\ncurl() { command curl --silent --show-error --fail \"$@\"; echo; }\n"
    script += "\n".join([register, confirm, end, gone])
    assert PRINTED_URL in script and PRINTED_MAIL in script
    script = script.replace(PRINTED_URL, service.api).replace(PRINTED_MAIL, f"{service.mail}/")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert '"ok":false' not in done.stdout
    for phrase in ["Look into your mailbox", "Your account is ready", "Logged in successfully!", '"event":"registered"',
                   "Your account has been deleted"]:
        assert phrase in done.stdout, phrase
    with zipfile.ZipFile(tmp_path / "export.zip") as export:
        assert {"account.json", "audit.json", "keys.json", "sessions.json"} <= set(export.namelist())


def test_the_key_for_scripts_works_as_printed(service, tmp_path):
    heading = "Keys for scripts"
    make, use, end = blocks(heading, "sh")
    (program,) = blocks(heading, "python")
    assert PRINTED_URL in make and PRINTED_URL in program
    (tmp_path / "script.py").write_text(program.replace(PRINTED_URL, service.api), encoding="utf-8")
    refused = '! command curl --silent --show-error --fail -H "Authorization: Bearer $KEY" "$API/files"'
    python = f'USERS_API_KEY="$KEY" "{sys.executable}" script.py'
    script = "set -e\ncurl() { command curl --silent --show-error --fail \"$@\"; echo; }\n"
    script += "\n".join([make, use, python, end, refused])
    script = script.replace(PRINTED_URL, service.api)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert '"ok":false' not in done.stdout
    for phrase in ["File stored successfully", "model.idf (0.01 KB)", "nightly has been deleted",
                   '"name":"nightly build","scope":"files:read files:write"', "The key has been revoked."]:
        assert phrase in done.stdout, phrase
    assert "401" in done.stderr, "the key still counts"
    assert "uapi_" not in done.stdout


def test_the_upload_in_parts_of_the_readme_works_as_printed(service):
    (command,) = blocks("The same with Python", "sh")
    assert command.count(".venv/bin/python ") == 1 and command.count(" --email ") == 1
    command = command.replace(".venv/bin/python ", f"{sys.executable} ")
    command = command.replace(" --email ", f" --api {service.api} --email ")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("docs/README.md "), done.stderr


def test_every_file_that_the_readme_names_is_there():
    names = set(re.findall(r"`((?:functions|shared|tests|events)/[\w./-]*|[\w-]+\.(?:yaml|toml|md))`", README))
    assert len(names) > 10
    missing = [name for name in names if not pathlib.Path(name).exists()]
    assert missing == []
