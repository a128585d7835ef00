"""The local stack as a process of its own: start it, stop it, see what it has left behind."""

import os
import random
import signal
import socket
import subprocess
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import requests

WORKSPACE = Path(__file__).parents[2]
BINARY = os.environ.get("STACK_BINARY", "target/debug/stack")

# The functions may have to be compiled first.
START_SECONDS = 15 * 60
STOP_SECONDS = 15


class LocalStack:
    """One run of the stack on the data in a folder."""

    def __init__(self, data, port=None, mail_port=None):
        self.data = data
        self.port = port or free_port()
        self.mail_port = mail_port or free_port()
        self.api = f"http://localhost:{self.port}/users/api"
        self.mail = f"http://localhost:{self.mail_port}"
        # Every process inherits its environment: by this mark the stack's own are known, whoever their parent is.
        self.mark = f"LOCAL_STACK={uuid.uuid4().hex}"
        self.output_file = data.with_name(f"{data.name}.{self.mark[-6:]}.out")

    def start(self):
        """Starts the stack and waits until it is ready, as it says and as it is."""
        self.launch()
        self.wait_until_ready()
        for path in ("info", "user", "files", "send", "checkin"):
            try:
                requests.get(f"{self.api}/{path}", timeout=15)
            except requests.RequestException as error:
                self.give_up(f"It says that it is ready, but /{path} does not answer: {error}")
        return self

    def launch(self):
        name, value = self.mark.split("=")
        command = [BINARY, "--port", str(self.port), "--mail-port", str(self.mail_port), "--data", str(self.data)]
        with open(self.output_file, "wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=WORKSPACE,
                env=os.environ | {name: value},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for pytest, which then stops the stack.
                start_new_session=True,
            )

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while "The API is ready at" not in self.output():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.give_up("It does not get ready.")
            time.sleep(0.1)

    def give_up(self, reason):
        """Ends everything and fails with all that is known."""
        logs = [log.read_text(errors="replace")[-2000:] for log in self.data.glob("log/*.log")]
        self.kill_what_is_left()
        raise AssertionError("\n".join([f"The stack did not start. {reason}", self.output(), *logs]))

    def output(self):
        """All that the stack has printed so far."""
        return self.output_file.read_text(encoding="utf-8")

    def stop(self, how=signal.SIGTERM):
        """Sends a signal and waits for the end; the exit code, and whatever still runs then."""
        try:
            self.process.send_signal(how)
            return self.end()
        finally:
            self.kill_what_is_left()

    def end(self):
        """Waits until the stack has ended by itself; the exit code, and whatever still runs then."""
        deadline = time.monotonic() + STOP_SECONDS
        code = self.process.wait(STOP_SECONDS)
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        return code, list(self.processes().values())

    def processes(self):
        """The stack's own processes that run at the moment: id and command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                # A process that has ended, and waits for its parent to notice, has an empty environment.
                if self.mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                    found[int(folder.name)] = b" ".join(command).decode(errors="replace")
            except OSError:
                pass  # It has ended meanwhile.
        return found

    def descendants(self, name):
        """The ids of the programs of this name below the stack's process."""
        return [it for it in self.processes() if program(it) == name and self.is_below(it)]

    def is_below(self, process_id):
        """Whether the stack is the parent of the process, or the parent of its parent, and so on."""
        while process_id and process_id != self.process.pid:
            process_id = parent(process_id)
        return process_id == self.process.pid

    def kill_what_is_left(self):
        """Ends all processes of the stack at once, as a loss of power would."""
        while left := self.processes():
            for process_id in left:
                try:
                    os.kill(process_id, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # It has ended meanwhile.
            time.sleep(0.01)
        self.process.wait()


@contextmanager
def running_stack(data):
    """A stack for a block, which ends well and leaves nothing behind."""
    stack = LocalStack(data).start()
    yield stack
    code, left = stack.stop()
    assert (code, left) == (0, []), stack.output()


@contextmanager
def time_limit(seconds):
    """Whatever in the block waits for ever is a failure."""

    def give_up(*_):
        raise TimeoutError("the test takes too long")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


def free_port():
    """A port that is free at the moment, below those that the system takes for connections by itself."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # Somebody has it.


def parent(process_id):
    """The id of the parent; None when the process has ended."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return None
    return int(status.split("PPid:")[1].split()[0])


def program(process_id):
    """The name of the program or script that a process runs; None when the process has ended."""
    try:
        arguments = Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    names = [Path(argument.decode(errors="replace")).name for argument in arguments]
    return names[1] if names[0].startswith("python") else names[0]
