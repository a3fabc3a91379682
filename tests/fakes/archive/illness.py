"""How services fall ill: each illness was seen, in outages or in single answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from tests.fakes.archive.log import Service
from tests.fakes.archive.replies import (
    BLOCKED,
    EXCLUDED_PAGE,
    HOTEL,
    OFFLINE,
    ROBOTS,
    as_json,
    json_text,
    page,
    runtime_error,
)

Illness = Literal[
    "429",  # too many requests; with Retry-After if one is given
    "503",  # "Temporarily Offline", in HTML
    "500",
    "502",
    "504",
    "520",  # Cloudflare's: the archive may well have done what it was asked to (see `done`)
    "523",
    "404",  # a blank page, as the index showed in an outage
    "bare_404",  # a status line and nothing more, as saving showed in an outage
    "401",  # JSON: these keys are none
    "403",  # a refusal without the archive's own words
    "blocked",  # excluded by the site's wish
    "robots",  # excluded by robots.txt
    "excluded_page",  # 200: "This URL has been excluded", as playback says it
    "html",  # 200, but a page for people
    "short_lines",  # 200, text in lines that waybackpy takes for noise
    "empty",  # 200 without a body
    "null",
    "list",
    "no_key",  # JSON without the key that matters
    "error_inside",  # 200, and the JSON says that it is an error
    "truncated",  # the right answer, half of it
    "broken",  # the connection ends in the middle of the right answer
    "slow",  # the right answer, `seconds` late
    "hung",  # no answer at all
    "endless",  # 200, and megabytes of nothing
    "duplicates",  # of the index: each row twice
    "eight_fields",  # of the index: one row has a field too many
    "bad_date",  # of the index: the first row's date is none
    "short_digest",  # of the index: a row too short for waybackpy to see
    "lost_items",  # of availability in bulk: the first of every two questions has no answer
    "redirect",  # to `target`
    "refused",  # nobody listens; for all services at once
]
Answer = Callable[[web.Request], web.Response]

_TELLING = {"500": 500, "502": 502, "504": 504, "520": 520, "523": 523, "403": 403}
_WORDS = {
    "500": "500 Internal Server Error",
    "502": "502 Bad Gateway",
    "504": "504 Gateway Time-out",
    "520": "web.archive.org | 520: Web server is returning an unknown error",
    "523": "web.archive.org | 523: Origin is unreachable",
    "403": "Forbidden",
}
_MUCH = 20 * 1024 * 1024


@dataclass(kw_only=True)
class Sickness:
    """One illness, and whom it befalls."""

    illness: Illness
    service: Service | None = None  # None: all
    key: str | None = None  # of the one URL that it is about
    times: float = float("inf")
    retry_after: str | None = None
    seconds: float = 60.0
    target: str = "/"
    done: bool = False  # the right answer is made, and kept back

    def befalls(self, service: Service, key: str) -> bool:
        return (
            service != "other"
            and self.service in (None, service)
            and self.key in (None, key)
            and self.times > 0
        )


async def fall_ill(ill: Sickness, request: web.Request, answer: Answer) -> web.StreamResponse:
    if ill.done:
        answer(request)
    headers = {"Retry-After": ill.retry_after} if ill.retry_after else {}
    match ill.illness:
        case "429":
            return page("<html><body>429 Too Many Requests</body></html>", 429, headers)
        case "503":
            return page(OFFLINE, 503, headers)
        case "500" | "502" | "504" | "520" | "523" | "403":
            text = f"<html><body>{_WORDS[ill.illness]}</body></html>"
            return page(text, _TELLING[ill.illness], headers)
        case "404":
            return web.Response(status=404)
        case "bare_404":
            return _Bare()
        case "401":
            words = "You need to be logged in to use Save Page Now."
            return as_json({"message": words}, 401)
        case "blocked":
            return runtime_error(BLOCKED)
        case "robots":
            return runtime_error(ROBOTS)
        case "excluded_page":
            return page(EXCLUDED_PAGE)
        case "html":
            return page(HOTEL, 200, headers)
        case "short_lines":
            return web.Response(text="service is busy\nplease come back later\n")
        case "empty":
            return web.Response(body=b"")
        case "null":
            return json_text("null")
        case "list":
            return json_text('["a", "b"]')
        case "no_key":
            return json_text('{"url": "x"}')
        case "error_inside":
            words = "Please try again in a moment."
            return as_json({"status": "error", "status_ext": "error:celery", "message": words})
        case "redirect":
            return web.Response(status=302, headers={"Location": ill.target})
        case "slow":
            await asyncio.sleep(ill.seconds)
            return answer(request)
        case "hung":
            await asyncio.Event().wait()
            raise AssertionError
        case "endless":
            return web.Response(body=b" " * _MUCH, content_type="text/html")
        case "truncated":
            return _half(answer(request))
        case "broken":
            return await _break_off(request, _bytes(answer(request)))
        case "duplicates" | "eight_fields" | "bad_date" | "short_digest":
            return _with_rows(ill.illness, answer(request))
        case "lost_items":
            return _without_some(answer(request))
        case "refused":
            raise AssertionError("the whole server is shut then")


class _Bare(web.Response):
    """A status line, an empty line, and the connection's end."""

    async def prepare(self, request: web.BaseRequest) -> None:
        assert request.transport
        request.transport.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        request.transport.close()
        raise ConnectionResetError("all is said")  # what aiohttp takes for a client that left


def _bytes(response: web.Response) -> bytes:
    assert isinstance(response.body, bytes) or response.body is None
    return response.body or b""


def _half(response: web.Response) -> web.Response:
    body = _bytes(response)
    response.body = body[: len(body) // 2]
    return response


async def _break_off(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(body) + 1)})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport
    request.transport.close()
    return response


def _with_rows(illness: Illness, response: web.Response) -> web.Response:
    """An answer of the index, spoilt; any other as it is."""
    text = _bytes(response).decode()
    if response.status != 200:
        return response
    if response.content_type == "application/json":
        table = json.loads(text)
        if not isinstance(table, list):
            return response
        return as_json(table[:1] + _spoilt(illness, table[1:]))
    if response.content_type == "text/plain":
        rows = _spoilt(illness, [line.split(" ") for line in text.splitlines()])
        return web.Response(text="".join(" ".join(row) + "\n" for row in rows))
    return response


def _spoilt(illness: Illness, rows: list[list[str]]) -> list[list[str]]:
    if illness == "duplicates":
        rows = [row for row in rows for _ in range(2)]
    elif illness == "eight_fields" and rows:
        rows[0] = [*rows[0], "extra"]
    elif illness == "bad_date" and rows:
        rows[0][1] = "20000800241623"
    elif illness == "short_digest" and rows:
        rows[0] = ["a", rows[0][1], "http://a", "a/b", "200", "-", "-"]
    return rows


def _without_some(response: web.Response) -> web.Response:
    answer = json.loads(_bytes(response))
    for item in answer.get("results", [])[::2]:
        item.pop("archived_snapshots", None)
    return as_json(answer)
