"""Answers in the forms that programs read: CSV, JSON, Parquet, each with its metadata, an ETag and a lifetime.

Here: rows into bytes and headers. Not here: which rows (``tables``) and addresses (``routes``). Text from outside is
cut by the marts and stays data: CSV cells that a spreadsheet would run are quoted, nothing is served as HTML.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from latticeforge import __version__
from latticeforge.narratives.scores import METHOD_VERSION
from streamlit_app.database import DashboardFault, DatabaseAway, MartsMissing
from streamlit_app.ui import text
from streamlit_app.ui.figure import csv
from streamlit_app.ui.text import data as words

FRESH_S = 15  # what a page shows is as old at most
FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True)
class Answer:
    """Rows with what must be known of them."""

    name: str
    rows: pl.DataFrame
    counts: str
    until: datetime | None
    as_of: datetime | None = None
    cut: bool = False  # there are more rows than were given

    def metadata(self, address: str) -> dict[str, Any]:
        """What a program, or a reader of the file, must know."""
        return {
            "name": self.name,
            "counts": self.counts,
            "address": address,
            "rows": self.rows.height,
            "complete": not self.cut,
            "columns": {name: str(kind) for name, kind in self.rows.schema.items()},
            "dictionary": "docs/data-dictionary.md",
            "times": "UTC",
            "data_until": _iso(self.until),
            "as_published_at": _iso(self.as_of),
            "code_version": __version__,
            "method_version": METHOD_VERSION,
            "licence_of_code": "Apache-2.0",
            "does_not_say": text.DISCLAIMER,
        }


def respond(request: Request, answer: Answer, form: str) -> Response:
    """The answer in one form; 304 where the client has it already."""
    body = _body(request, answer, form)
    headers = cache_headers(body)
    headers["Content-Disposition"] = f'attachment; filename="latticeforge-{answer.name}.{form}"'
    headers["Link"] = f'<{request.url.path.rsplit(".", 1)[0]}.meta.json?{request.url.query}>; rel="describedby"'
    return conditional(request, body, FORMS.get(form, FORMS["json"]), headers)


def conditional(request: Request, body: bytes, kind: str, headers: dict[str, str]) -> Response:
    """200 with the body, or 304 where ``If-None-Match`` names it."""
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)


def cache_headers(body: bytes) -> dict[str, str]:
    """ETag and lifetime of a body."""
    return {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Cache-Control": f"public, max-age={FRESH_S}",
        "Access-Control-Allow-Origin": "*",  # public data: other pages may read it
    }


def _body(request: Request, answer: Answer, form: str) -> bytes:
    if form == "csv":
        return csv(answer.rows)
    if form == "parquet":
        held = io.BytesIO()
        answer.rows.write_parquet(held, compression="zstd")
        return held.getvalue()
    told: dict[str, Any] = {"metadata": answer.metadata(str(request.url))}
    if form == "json":
        told["rows"] = answer.rows.to_dicts()
    else:
        told = told["metadata"]
    return (json.dumps(told, indent=1, default=_plain, ensure_ascii=False) + "\n").encode()


def _plain(value: object) -> object:
    return _iso(value) if isinstance(value, datetime) else str(value)


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def refused(status: int, said: str) -> Response:
    """An answer without data: one sentence, no details."""
    return JSONResponse({"error": said}, status_code=status, headers={"Cache-Control": "no-store"})


def fault(error: DashboardFault) -> Response:
    """What a program is told when a question got no answer."""
    if isinstance(error, DatabaseAway | MartsMissing):
        answer = refused(503, words.AWAY if isinstance(error, DatabaseAway) else words.PREPARING)
        answer.headers["Retry-After"] = "30"
        return answer
    return refused(500, words.FAILED)
