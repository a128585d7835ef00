"""The running service that the tests of the clients talk to."""

import signal

import pytest

from local_stack import LocalStack

SECONDS_PER_TEST = 120


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The local stack with new data: `api` and `mail` are its addresses."""
    stack = LocalStack(tmp_path_factory.mktemp("service") / "data").start()
    try:
        yield stack
        assert stack.process.poll() is None, f"the stack ended during the tests: {stack.output()}"
    finally:
        code, left = stack.stop()
    assert code == 0, stack.output()
    assert left == [], "the stack left processes behind"


@pytest.fixture(autouse=True)
def no_test_hangs(request):
    """A service that does not answer is a failure. Tests that start a stack themselves may take longer."""

    def give_up(*_):
        raise TimeoutError("the test takes too long: the service does not answer")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(getattr(request.module, "SECONDS_PER_TEST", SECONDS_PER_TEST))
    yield
    signal.alarm(0)
