"""What a command prints: text for people, or with `--json` one JSON object. Errors too."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Optional

import typer

from ..errors import TransferFailed, UsersApiError
from ..report import Moved, Outcome, Report
from ..sizes import readable

AS_JSON = typer.Option(False, "--json", help="Print one JSON object.")


def show(text: str, as_json: bool, **data: Any) -> None:
    """Prints a text, or the data with `ok`."""
    typer.echo(json.dumps({"ok": True, **data}, ensure_ascii=False) if as_json else text)


def show_error(error: UsersApiError) -> None:
    """Prints what has happened: as text to standard error, or where the JSON would have gone."""
    report = error.report
    if "--json" in sys.argv:
        files = {"files": [as_data(file) for file in report.files]} if report else {}
        typer.echo(json.dumps({"ok": False, "error": error.kind, "status": str(error), **files}, ensure_ascii=False))
        return
    for file in report.files if report else ():
        if file.reason:
            typer.echo(f"{file.path}: {file.reason}", err=True)
    # Of a transfer the reasons are in the lines above.
    text = report.failures() if report and isinstance(error, TransferFailed) else str(error)
    typer.echo(f"usersapi: {text}", err=True)
    if report:
        typer.echo(summary(report), err=True)


def as_data(file: Moved) -> dict[str, Any]:
    """A file of a transfer for `--json`."""
    told = {"path": file.path, "local": str(file.local), "size": file.size, "outcome": file.outcome.value}
    more = {"reason": file.reason, "replaces": file.replaces}
    return {**told, **{name: value for name, value in more.items() if value}}


def show_report(report: Report, as_json: bool) -> None:
    """Prints what a transfer has done, or would do."""
    told = report.files if report.is_plan else report.of(Outcome.KEPT)
    text = "\n".join([*(_line(file, report.is_plan) for file in told), summary(report)])
    plan = {"dry_run": True} if report.is_plan else {}
    show(text, as_json, **plan, files=[as_data(file) for file in report.files])


def summary(report: Report) -> str:
    """Such as `Files: 2 sent (3.1 MB), 5 unchanged (1.0 MB).`"""
    counts: dict[str, list[int]] = {}
    for file in report.files:
        counts.setdefault(_told(file.outcome, report.is_plan), []).append(file.size)
    parts = [f"{len(sizes):,} {outcome} ({readable(sum(sizes))})" for outcome, sizes in sorted(counts.items())]
    nothing = " Nothing was changed: this was a dry run." if report.is_plan else ""
    return f"Files: {', '.join(parts) or 'none'}.{nothing}"


def _line(file: Moved, is_plan: bool) -> str:
    if file.outcome is Outcome.KEPT:
        return f"kept: {file.local}, which differs from {file.path} in the service"
    comes_here = file.outcome is Outcome.RECEIVED
    place = f"{file.path} as {file.local}" if comes_here else file.path
    other = f", replacing what is {'here' if comes_here else 'there'}" if file.replaces else ""
    return f"{_told(file.outcome, is_plan)}: {place} ({readable(file.size)}){other}"


def _told(outcome: Outcome, is_plan: bool) -> str:
    moves = outcome in (Outcome.SENT, Outcome.RECEIVED, Outcome.DELETED)
    return f"would be {outcome.value}" if is_plan and moves else outcome.value


def local_time(time: Optional[str]) -> str:
    """A time of the service, in the time zone of this machine, to the minute."""
    if time is None:
        return "-"
    # Python 3.9 knows no `Z`.
    return f"{datetime.fromisoformat(time.replace('Z', '+00:00')).astimezone():%Y-%m-%d %H:%M}"


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns of text, as wide as they need to be, so that other programs can read them."""
    lines = [[str(cell) if cell is not None else "-" for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
