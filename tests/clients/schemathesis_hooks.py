"""What schemathesis has to be told of the service that it makes requests of."""

import requests
import schemathesis

from people import pair


@schemathesis.auth(refresh_interval=2)
class Session:
    """Whatever a request has ended, the ones after it are sent by somebody who is logged on."""

    token = None

    def get(self, _case, context):
        api = context.operation.schema.location.removesuffix("/openapi.json")
        answer = requests.post(f"{api}/auth", json=pair("admin@example.org"), timeout=30)
        # Wrong passwords of other requests may slow log-ons down for a moment.
        self.token = answer.cookies.get("session_token") or self.token
        return self.token

    def set(self, case, token, _context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def filter_case(_context, case):
    """The same emulator answers 500 to a header that is not ASCII."""
    return all(str(value).isascii() for value in (case.headers or {}).values())


@schemathesis.hook
def before_call(_context, case, arguments):
    """The local emulator of Lambda takes bodies without a type, and those under a textual one, for text, and answers 500
    by itself when they are none. No gateway of AWS does.
    """
    headers = arguments.get("headers") or case.headers
    body = arguments.get("data") or getattr(case.body, "data", case.body)
    if isinstance(body, bytes) and not is_text(body) and "multipart" not in str(headers.get("Content-Type")):
        headers["Content-Type"] = "application/octet-stream"


def is_text(body):
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
