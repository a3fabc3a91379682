"""`/wayback/available`: the nearest capture, one URL at a time or in bulk."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from aiohttp import web

from tests.fakes.archive.replies import as_json
from tests.fakes.archive.rows import Holdings, Row, distance


class Availability:
    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def one(self, request: web.Request) -> web.Response:
        url = request.query.get("url", "")
        stamp = request.query.get("timestamp") or ""
        found = self._found(url, stamp, request)
        answer: dict[str, object] = {"url": url, "archived_snapshots": found}
        if found and stamp:
            answer["timestamp"] = stamp
        if callback := request.query.get("callback"):
            text = f"{callback}({json.dumps(answer)});"
            return web.Response(text=text, content_type="application/javascript")
        return as_json(answer)

    def many(self, request: web.Request, body: str) -> web.Response:
        """The undocumented second version: a line a question, a result each."""
        if request.headers.get("Wayback-Api-Version") != "2":
            return web.Response(status=405)
        results = []
        for line in body.splitlines():
            asked = parse_qs(line)
            url, stamp = (asked.get(name, [""])[0] for name in ("url", "timestamp"))
            found = self._found(
                url,
                stamp,
                request,
                closest=asked.get("closest", [""])[0],
                statuses=asked.get("statuscodes", []),
            )
            tag = asked.get("tag", [""])[0]
            results.append(
                {"url": url, "timestamp": stamp, "tag": tag, "archived_snapshots": found}
            )
        return as_json({"results": results})

    def _found(
        self,
        url: str,
        stamp: str,
        request: web.Request,
        *,
        closest: str = "",
        statuses: list[str] | None = None,
    ) -> dict[str, object]:
        if self._holdings.unseen(url) or self._holdings.words_against(url):
            return {}
        rows = [
            row
            for row in self._holdings.of(url, indexed=True)
            if not row.revisit and (not statuses or row.statuscode in statuses)
        ]
        if closest == "before":
            rows = [row for row in rows if row.timestamp <= stamp.ljust(14, "9")]
        elif closest == "after":
            rows = [row for row in rows if row.timestamp >= stamp]
        if not rows:
            return {}
        row = min(rows, key=lambda row: distance(row.timestamp, stamp or "9" * 14))
        return {"closest": _told(row, request)}


def _told(row: Row, request: web.Request) -> dict[str, object]:
    where = request.url.origin().with_scheme("http")  # http, even where it serves https
    return {
        "status": row.statuscode,
        "available": True,
        "url": f"{where}/web/{row.timestamp}/{row.original}",
        "timestamp": row.timestamp,
    }
