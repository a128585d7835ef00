"""The questions that a stack is asked right after a deployment."""

import subprocess
from pathlib import Path

from browser import site

SMOKE = Path(__file__).parents[1] / "smoke.sh"


def smoke(api):
    return subprocess.run([SMOKE, api], capture_output=True, text=True, timeout=100, check=False)


def test_a_service_that_runs_answers_them_all(service):
    answer = smoke(service.api)
    assert (answer.returncode, answer.stdout.strip()) == (0, f"{service.api} answers."), answer.stderr


def test_another_answer_fails_and_is_shown():
    with site("Welcome to nginx!") as port:
        answer = smoke(f"http://127.0.0.1:{port}")
    assert answer.returncode == 1 and "Welcome to nginx!" in answer.stderr
