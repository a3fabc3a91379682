"""`/cdx/search/cdx`: the index of captures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from aiohttp import web

from tests.fakes.archive.replies import as_json, runtime_error
from tests.fakes.archive.rows import COLUMNS, Holdings, Row, distance

_MOST = 150_000
_PAGE = 1000  # rows, of the older index's pages


class Index:
    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def answer(self, request: web.Request) -> web.Response:
        query = request.query
        url = query.get("url")
        if not url:
            return web.Response(status=400, text="Bad Request: no url\n")
        words = self._holdings.words_against(url)
        if words:
            return runtime_error(words)
        rows = _collapsed(_filtered(self._matching(url, query), query), query.get("collapse"))
        if "showNumPages" in query:
            return web.Response(text=f"{-(-len(rows) // int(query.get('pageSize', _PAGE)))}\n")
        rows, resume = _cut(_sorted(rows, query), query)
        columns = [name for name in query.get("fl", ",".join(COLUMNS)).split(",") if name]
        lines = [[str(getattr(row, column)) for column in columns] for row in rows]
        for name, cells in self._more_columns(query, rows).items():
            columns.append(name)
            lines = [[*line, cell] for line, cell in zip(lines, cells, strict=True)]
        if query.get("output") == "json":
            table = [columns, *lines] if lines else []
            return as_json([*table, [], [resume]] if resume else table)
        text = "".join(" ".join(line) + "\n" for line in lines)
        return web.Response(text=f"{text}\n{resume}\n" if resume else text)

    def _matching(self, url: str, query: Any) -> list[Row]:
        kind = query.get("matchType", "exact")
        if kind == "exact" and url.endswith("*"):
            kind, url = "prefix", url[:-1]
        elif kind == "exact" and url.startswith("*."):
            kind, url = "domain", url[2:]
        if "://" not in url:
            url = f"http://{url}"
        key, host = self._holdings.key(url), self._holdings.host(url)
        rows = self._holdings.every(indexed=True)
        match kind:
            case "prefix":
                return [row for row in rows if row.urlkey.startswith(key)]
            case "host":
                return [row for row in rows if row.urlkey.startswith(f"{host})")]
            case "domain":
                return [row for row in rows if re.match(rf"{re.escape(host)}[,)]", row.urlkey)]
        return [row for row in rows if row.urlkey == key]

    def _more_columns(self, query: Any, rows: list[Row]) -> dict[str, list[str]]:
        more: dict[str, list[str]] = {}
        if query.get("showDupeCount") == "true":
            seen: Counter[str] = Counter()
            more["dupecount"] = []
            for row in rows:
                more["dupecount"].append(str(seen[row.digest]))
                seen[row.digest] += 1
        if query.get("resolveRevisits") == "true":
            meant = [self._holdings.meant(row) if row.revisit else None for row in rows]
            more["orig.length"] = [row.length if row else "-" for row in meant]
            more["orig.offset"] = ["0" if row else "-" for row in meant]
            more["orig.filename"] = [row.source if row else "-" for row in meant]
        return more


def _filtered(rows: list[Row], query: Any) -> list[Row]:
    rows = [row for row in rows if _inside(row, query)]
    for text in query.getall("filter", []):
        name, _, pattern = text.removeprefix("!").partition(":")
        rows = [
            row
            for row in rows
            if bool(re.fullmatch(pattern, getattr(row, name))) is not text.startswith("!")
        ]
    return rows


def _inside(row: Row, query: Any) -> bool:
    """Both ends count, and may be given with fewer digits than 14."""
    return bool(
        row.timestamp >= query.get("from", "")
        and row.timestamp[: len(query.get("to", ""))] <= query.get("to", "")
    )


def _collapsed(rows: Iterable[Row], rule: str | None) -> list[Row]:
    """Of adjacent rows that agree in a field, or in its beginning, the first."""
    if not rule:
        return list(rows)
    name, _, length = rule.partition(":")
    kept: list[Row] = []
    last: str | None = None
    for row in rows:
        value = str(getattr(row, name))[: int(length) if length else None]
        if value != last:
            kept.append(row)
        last = value
    return kept


def _sorted(rows: list[Row], query: Any) -> list[Row]:
    if query.get("sort") == "closest":
        return sorted(rows, key=lambda row: distance(row.timestamp, query["closest"]))
    if query.get("sort") == "reverse":
        return rows[::-1]
    return rows


def _cut(rows: list[Row], query: Any) -> tuple[list[Row], str]:
    """The rows to show, and the key with which to ask for more of them."""
    if after := unquote_plus(query.get("resumeKey", "")):
        rows = [row for row in rows if f"{row.urlkey} {row.timestamp}" > after]
    if "page" in query:
        size = int(query.get("pageSize", _PAGE))
        rows = rows[int(query["page"]) * size :][:size]
    rows = rows[int(query.get("offset", 0)) :]
    limit = int(query.get("limit", _MOST))
    if limit < 0:
        fast = limit == -1 or query.get("fastLatest") == "true"
        if fast and ("to" in query or "filter" in query):
            return rows[:-limit], ""  # years too old: seen of the real one (remy/unrot.link#7)
        return rows[limit:], ""
    shown = rows[:limit]
    more = query.get("showResumeKey") == "true" and len(rows) > limit and shown
    return shown, quote_plus(f"{shown[-1].urlkey} {shown[-1].timestamp}") if more else ""
