"""Somebody at a terminal, where passwords are typed without an echo."""

import os
import pty
import subprocess
import sys
import termios
import time


def at_a_terminal(person, words, dialogue):
    """What is on the screen after somebody has typed an answer to each question, or what they make of the screen."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "users_api_client", *words],
        stdin=end, stdout=end, stderr=end, env=person.environment, close_fds=True,
    )  # fmt: skip
    os.close(end)
    screen, answered = "", 0
    for question, answer in dialogue:
        while question not in screen[answered:]:
            screen += os.read(terminal, 1024).decode()
        # What is typed before the echo is off is thrown away.
        while "assword" in question and termios.tcgetattr(terminal)[3] & termios.ECHO:
            time.sleep(0.01)
        os.write(terminal, f"{answer(screen) if callable(answer) else answer}\n".encode())
        answered = len(screen)
    while True:
        try:
            piece = os.read(terminal, 1024)
        except OSError:
            break  # The end of a terminal's other side is told so.
        if not piece:
            break
        screen += piece.decode()
    assert process.wait(30) == 0, screen
    return screen
