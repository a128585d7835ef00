"""The running service that the tests of the clients talk to."""

import pytest

from local_stack import LocalStack


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
