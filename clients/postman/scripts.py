"""The scripts of the collection, which Postman runs before and after requests."""

from __future__ import annotations

import json
from typing import Any

from particulars import IN_JSON

# These run before every request. Paths are written as they are and sent encoded.
ENCODED = [
    "for (const name of ['folder', 'path', 'to']) {",
    " const names = String(pm.variables.get(name)).split('/');",
    " pm.variables.set(`${name}_encoded`, names.map(encodeURIComponent).join('/'));",
    "}",
]

# So is whatever stands between quotes in a body, such as a password with a quote in it.
ESCAPED = [
    f"for (const name of {json.dumps(IN_JSON)}) {{",
    " const text = JSON.stringify(String(pm.variables.get(name) ?? ''));",
    " pm.variables.set(`${name}_json`, text.slice(1, -1));",
    "}",
]


def held_back(condition: str, text: str) -> list[str]:
    """Lines that do not send a request and say why. An error would not keep it back."""
    shown = json.dumps(text, ensure_ascii=False)
    return [f"if ({condition}) {{", f" console.error({shown});", " pm.execution.skipRequest();", "}"]


MAY_END = held_back(
    "pm.variables.get('may_end') !== 'yes'",
    "Not sent: this ends something for good. Set the variable may_end to yes, and send it again.",
)

# A file is chosen by whoever sends it.
CHOSEN = [
    "const file = pm.request.body.file;",
    *held_back("!file?.src && !file?.content", "Not sent: choose a file first: Body, Select file."),
]

WORKED = [
    "pm.test('it worked', () => {",
    " pm.expect(pm.response.code).to.be.below(400);",
    " const type = pm.response.headers.get('content-type') || '';",
    " const json = type.startsWith('application/json') && pm.response.text();",
    " if (json) pm.expect(JSON.parse(json).ok).to.not.equal(false);",
    "});",
]


def event(listen: str, lines: list[str]) -> dict[str, Any]:
    """A script of a request, or of the whole collection."""
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}
