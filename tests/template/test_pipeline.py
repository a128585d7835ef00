"""What the pipeline promises beside its syntax, which `make workflows` checks."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github/workflows"


def workflow(name):
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


@pytest.fixture(params=sorted(path.name for path in WORKFLOWS.iterdir()))
def text(request):
    return (WORKFLOWS / request.param).read_text(encoding="utf-8")


def test_no_key_is_stored(text):
    assert "secrets." not in text and "aws-access-key-id" not in text


def test_whatever_a_workflow_calls_is_there(text):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in re.findall(r"uses: \./(\S+)", text) + re.findall(r"(?:run: |^ +)(tests/\S+\.sh)", text, re.MULTILINE):
        assert (ROOT / path).is_file(), path
    for target in re.findall(r"run: make (\S+)", text):
        assert f"\n{target}:" in makefile, target


def test_what_goes_to_prod_was_checked_built_once_and_tried_on_dev():
    jobs = workflow("deploy.yml")["jobs"]
    assert set(jobs["dev"]["needs"]) == {"check", "build"} and jobs["prod"]["needs"] == "dev"
    assert jobs["dev"]["uses"] == jobs["prod"]["uses"] == "./.github/workflows/stage.yml"
    steps = workflow("stage.yml")["jobs"]["deploy"]["steps"]
    assert not any("make package" in step.get("run", "") for step in steps)
    assert [step for step in steps if "download-artifact" in step.get("uses", "")]
    assert steps[-1]["run"].startswith("tests/smoke.sh")


def test_every_stage_has_its_part_of_the_configuration_and_prod_changes_over_gradually():
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    jobs = workflow("deploy.yml")["jobs"]
    parameters = {job: config[jobs[job]["with"]["config"]]["deploy"]["parameters"] for job in ("dev", "prod")}
    assert parameters["dev"]["stack_name"] != parameters["prod"]["stack_name"]
    assert "Rollout=Canary10Percent5Minutes" in parameters["prod"]["parameter_overrides"]


def release_notes(version, changelog):
    command = [ROOT / "tests/release_notes.sh", version]
    return subprocess.run(command, input=changelog, capture_output=True, text=True, check=False)


def test_the_notes_of_a_release_are_its_part_of_the_changelog():
    changelog = "# Changelog\n\n## 1.1.0 - 2027-01-02\n\n- new\n\n## 1.1\n\n- other\n\n## 1.0.0\n\n- old\n"
    assert release_notes("1.1.0", changelog).stdout.strip() == "- new"
    assert release_notes("1.0.0", changelog).stdout.strip() == "- old"
    for version in ("1", "1.1.1", "2.0.0"):
        answer = release_notes(version, changelog)
        assert (answer.returncode, answer.stdout) == (1, ""), version
        assert version in answer.stderr
