"""How long the same is tried again while the service is away."""

from __future__ import annotations

import random
import threading
import time
from typing import Callable

from .errors import ConnectionFailed

TRIES = 5
# Long enough for a service that is started anew, and for a change of the network.
TRANSFER_SECONDS = 60.0
# The service lets nobody repeat a request that was killed half way for 120 seconds.
BUSY_SECONDS = 150.0
# What is over sooner is not worth a line.
TOLD_AFTER_FAILURES = 3


class Patience:
    """That of one command: a few tries, and more of them until so many `seconds` are over.

    `tell` is called with a text when there is a wait that somebody may notice; once. Setting `interrupted` ends all
    waits, also those of other threads, which Ctrl-C does not reach.
    """

    def __init__(self, seconds: float = 0.0, tell: Callable[[str], None] = lambda text: None) -> None:
        self.seconds = seconds
        self.interrupted = threading.Event()
        self._tell = tell
        self._has_told = False
        self._lock = threading.Lock()

    def rest(self, seconds: float) -> None:
        """Waits. Raises `KeyboardInterrupt` when it is interrupted."""
        if self.interrupted.wait(seconds):
            raise KeyboardInterrupt

    def tell(self) -> None:
        """Says that there is a wait, unless that was said already."""
        with self._lock:
            if self._has_told or not self.seconds:
                return
            self._has_told = True
        self._tell("The service is away or busy: waiting for it. Ctrl-C ends that.")


class Tries:
    """Something that is tried again until it succeeds, or patience is at its end."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.failures = 0
        self._first_failure = 0.0

    def went_on(self) -> None:
        """Something was reached, so that the failures before count no more."""
        self.failures = 0

    def has_more(self, is_busy: bool = False) -> bool:
        """Whether to try once more after another failure, which this counts; a service that `is_busy` is not away."""
        now = time.monotonic()
        if not self.failures:
            self._first_failure = now
        self.failures += 1
        seconds = BUSY_SECONDS if is_busy and self._patience.seconds else self._patience.seconds
        return self.failures < TRIES or now - self._first_failure < seconds

    def rest(self, seconds: float) -> None:
        """Waits for the next try."""
        if self.failures >= TOLD_AFTER_FAILURES:
            self._patience.tell()
        self._patience.rest(seconds)

    def again(self, error: ConnectionFailed) -> None:
        """Waits for the next try after an error, which is raised if there is none."""
        if error.is_final or not self.has_more():
            error.is_final = True
            raise error from None
        self.rest(pause(self.failures))


def pause(failures: int) -> float:
    """How long to wait after so many failures, in seconds; spread, so that many clients do not come back at once."""
    return float(min(8.0, 0.25 * 2**failures) * random.uniform(0.5, 1.0))
