"""The Wayback Machine's services, through waybackpy 3.0.6 and our own requests.

waybackpy builds the queries, checks filters and reads rows. What it does not do is look at the
status of an answer: a 429 of the index becomes "no record found", an outage's blank page too, and
its availability class sleeps, retries and raises whatever the JSON happens to break. So its two
classes are given the one method that speaks to the network, and statuses are told apart here.
Left unused on purpose:

* `near()`, because a missing part of the date means *now*, and because it calls
  `datetime.utcnow`, which warns from Python 3.12 on;
* `archive_url`, because it asks again by itself, may return "" and ignores the archived status;
* its Save class: each of its up to eight tries may start another capture.

Every call here blocks: it belongs into a thread. waybackpy's objects change as they are used, so
each call has its own; the session may be shared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from waybackpy import WaybackMachineAvailabilityAPI, WaybackMachineCDXServerAPI
from waybackpy.cdx_utils import full_url

from linkwatch.archive.answers import (
    ArchiveDown,
    ArchiveGarbled,
    Capture,
    moment_of,
    stamp_of,
    trouble,
)
from linkwatch.archive.session import open_session
from linkwatch.errors import ArchiveError
from linkwatch.web.retry import retry_after_s

_CONNECT_S = 10.0
_LARGEST_BODY = 4 * 1024 * 1024
_COLUMNS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
# What may end in a 200: also a redirect, and a revisit, whose status is `-`.
_PERHAPS_GOOD = "statuscode:(200|30[12378]|-)"
_ORIGINAL = re.compile(r"https?://[^\s\x00-\x20\x7f]+", re.IGNORECASE)
_IN_PLAYBACK = re.compile(r"/web/\d{1,14}(?:[a-z]{2}_)?/(?P<original>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    text: str


Get = Callable[[str, dict[str, str]], str]


class Wayback:
    """Questions to one archive. Raises `ArchiveError`s, and nothing else, when it fails."""

    def __init__(
        self,
        *,
        availability_url: str,
        cdx_url: str,
        user_agent: str,
        timeout_s: float,
        allow_private: bool,
        utc_now: Callable[[], datetime],
        proxy: str | None = None,
    ) -> None:
        """`timeout_s` bounds each silence, connecting 10 s at most; `utc_now` reads Retry-After."""
        self._availability_url = availability_url
        self._cdx_url = cdx_url
        self._user_agent = user_agent
        self._timeouts = (min(_CONNECT_S, timeout_s), timeout_s)
        self._utc_now = utc_now
        self._closed = False
        self._session = open_session(allow_private=allow_private, proxy=proxy)

    def close(self) -> None:
        """Let go of idle connections. A request under way lets go of its own when it ends."""
        self._closed = True
        self._session.close()

    def nearest(self, url: str, at: datetime) -> Capture | None:
        """What the availability service holds to be the capture nearest to a moment.

        None is what it says of a URL without captures, and now and then of one with
        (internetarchive/wayback 296): take it for a hint, not for an answer.
        """
        question = _Availability(_sent(url), user_agent=self._user_agent)
        question.get = self._get
        question.endpoint = self._availability_url
        question.payload["timestamp"] = stamp_of(at)
        with _translated():
            question.setup_json()
            return _nearest(question.json, url)

    def captures(
        self, url: str, at: datetime, *, limit: int, until: datetime | None = None
    ) -> list[Capture]:
        """The index's captures that may end in a 200, those nearest to a moment, so many at most.

        `until` leaves out what is later. Never `limit=-1`: with `to` or a filter that gave a row
        that was years too old (remy/unrot.link 7).
        """
        question = _Index(
            _sent(url),
            user_agent=self._user_agent,
            end_timestamp=stamp_of(until) if until else None,
            filters=[_PERHAPS_GOOD],
            sort="closest",
            closest=stamp_of(at),
            limit=str(limit),
        )
        question.get = self._get
        question.endpoint = self._cdx_url
        with _translated():
            found = [
                Capture(
                    timestamp=row.datetime_timestamp.replace(tzinfo=UTC),
                    original=row.original,
                    status=_number(row.statuscode),
                    digest=row.digest,
                )
                for row in question.snapshots()
            ]
        # waybackpy drops lines of under 46 characters as noise; none of ours may get lost so.
        if len(found) != question.rows:
            raise ArchiveGarbled("the archive's index sent rows that could not be read")
        return found

    def _get(self, url: str, headers: dict[str, str]) -> str:
        """The body of a 200; any other answer is raised as what it means."""
        answer = self._request(url, headers)
        if answer.status == 200:
            return answer.text
        headers = {name.lower(): value for name, value in answer.headers.items()}
        asked_s = retry_after_s(headers.get("retry-after"), self._utc_now())
        raise trouble(answer.status, answer.text, headers, asked_s=asked_s)

    def _request(self, url: str, headers: dict[str, str]) -> _Answer:
        try:
            return self._read(url, headers)
        finally:
            if self._closed:  # meanwhile, by a caller who did not wait for this thread
                self._session.close()

    def _read(self, url: str, headers: dict[str, str]) -> _Answer:
        with self._session.get(
            url, headers=headers, timeout=self._timeouts, stream=True
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(65_536):
                body += chunk
                if len(body) > _LARGEST_BODY:
                    raise ArchiveGarbled("the archive's answer is far too long")
            return _Answer(
                status=response.status_code,
                headers=response.headers,
                text=body.decode("utf-8", "replace"),
            )


class _Availability(WaybackMachineAvailabilityAPI):
    """One request, at once, no second try: the original waits 5 s before each of its three."""

    get: Get

    def setup_json(self) -> Any:
        self.json = _json(self.get(full_url(self.endpoint, self.payload), self.headers))
        return self.json


class _Index(WaybackMachineCDXServerAPI):
    """One request, one page: the original goes on for more pages than `limit` asks for.

    It asks for JSON, so that an index without captures (`[]`) and an outage's empty body, or a
    text that breaks off between two lines, can't be taken for one another.
    """

    get: Get
    rows = 0  # that were handed to waybackpy's reader

    def cdx_api_manager(
        self, payload: dict[str, str], headers: dict[str, str]
    ) -> Generator[str, None, None]:
        payload |= {"limit": str(self.limit), "output": "json"}
        table = _rows(_json(self.get(full_url(self.endpoint, payload), headers)))
        self.rows = len(table)
        yield "\n".join(" ".join(row) for row in table)


def _sent(url: str) -> str:
    """The URL to ask about: no fragment; no `*`, which would ask about all that begins so."""
    return url.partition("#")[0].replace("*", "%2A")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ArchiveGarbled("the archive sent something else than JSON") from exc


def _nearest(answer: object, url: str) -> Capture | None:
    match answer:
        case {"archived_snapshots": {"closest": {"timestamp": str(stamp)} as closest}}:
            timestamp = moment_of(stamp)
            if timestamp is None:
                raise ArchiveGarbled("the archive sent a date that is none")
            offered = closest.get("available") is True
            return Capture(
                timestamp=timestamp,
                original=_original(closest.get("url")) or _sent(url),
                status=_number(closest.get("status")) if offered else None,
            )
        case {"archived_snapshots": dict(nothing)} if not nothing:
            return None
    raise ArchiveGarbled("the archive's JSON is not what its availability service sends")


def _rows(table: object) -> list[list[str]]:
    """The rows of an index's answer, each once, without those that no capture can have."""
    match table:
        case []:
            return []
        case [header, *lines] if header == _COLUMNS:
            pass
        case _:
            raise ArchiveGarbled("the archive's JSON is not what its index sends")
    rows: dict[tuple[str, ...], None] = {}  # the index repeats rows at times
    for line in lines:
        if not (isinstance(line, list) and len(line) >= 3 and all(map(_is_field, line))):
            raise ArchiveGarbled("the archive's index sent a row that is none")
        rows[tuple(line)] = None
    # Dates that are none, such as 20000800241623, do exist in the index (a recorded answer among
    # edgi-govdata-archiving/wayback's tests), and so do rows with a field too many; one of either
    # would end waybackpy's reading of all rows. The others can be believed: copies are opened.
    kept = [
        list(row)
        for row in rows
        if len(row) == len(_COLUMNS) and moment_of(row[1]) and _original(row[2])
    ]
    if lines and not kept:
        raise ArchiveGarbled("the archive's index sent no row that could be read")
    return kept


def _is_field(field: object) -> bool:
    return isinstance(field, str) and bool(field) and not re.search(r"\s", field)


def _original(url: object) -> str | None:
    """The captured URL, given as such or inside a playback address; None if it is neither."""
    if not isinstance(url, str):
        return None
    inside = _IN_PLAYBACK.search(url)
    text = inside["original"] if inside else url
    return text if _ORIGINAL.fullmatch(text) else None


def _number(status: object) -> int | None:
    """The archived status, which comes as text; a revisit has `-`."""
    return int(status) if isinstance(status, str) and re.fullmatch("[0-9]{3}", status) else None


@contextmanager
def _translated() -> Iterator[None]:
    """What requests and waybackpy raise, as what the caller can do about it."""
    try:
        yield
    except ArchiveError:
        raise
    except requests.exceptions.Timeout as exc:
        raise ArchiveDown("the archive did not answer in time") from exc
    except requests.exceptions.SSLError as exc:
        raise ArchiveDown(f"no trusted connection to the archive: {_root(exc)}") from exc
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    ) as exc:
        causes = list(_causes(exc))
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            raise ArchiveDown("the archive refuses connections", shut=True) from exc
        unreachable = any(type(cause).__name__ == "NewConnectionError" for cause in causes)
        raise ArchiveDown(
            f"the connection to the archive failed: {_root(exc)}", passing=not unreachable
        ) from exc
    except requests.exceptions.RequestException as exc:
        raise ArchiveDown(f"the archive could not be asked: {_root(exc)}") from exc
    except Exception as exc:
        raise ArchiveGarbled("the archive's answer could not be read") from exc


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """An error and what is behind it; urllib3 keeps some of that in `args` and `reason`."""
    todo: list[object] = [exc]
    seen: set[int] = set()
    while todo:
        cause = todo.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _root(exc: BaseException) -> str:
    """What the system said, in a line; of other errors the class only: they quote the answer."""
    for cause in _causes(exc):
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return str(cause.strerror or cause).partition("\n")[0][:200]
    return type(exc).__name__
