"""Save Page Now 2: `/save`, and what became of its jobs.

Nothing runs: what a job is like now follows from the clock. A capture is put among the holdings
when its job is accepted, with the moment from which on it can be seen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from aiohttp import web

from linkwatch.clock import Clock
from tests.fakes.archive.replies import as_json, page
from tests.fakes.archive.rows import Holdings, Row, later, stamp14
from tests.fakes.archive.server import FORM

Saving = Literal[
    "success",
    "error",  # accepted, and then the job fails with `status_ext`
    "pending",  # accepted, and the job never ends
    "later",  # accepted, but "The capture will start in ~10 hours 40 minutes"
    "recent",  # there is a copy from just now: job_id is null
    "refused",  # an error inside a 200, with `status_ext`, and no job_id
]

EXPIRES_S = 3600.0  # after a job's start; then it is `pending`, like any made-up one
LONGEST_JOB_S = 120.0
INDEX_LAG_S = 4 * 3600.0  # from a capture until availability, CDX and TimeMaps know it
DELAYED_S = 12 * 3600.0  # `delay_wb_availability`: until playback does, too
_LATER_S = 10 * 3600.0 + 40 * 60
_RECENT_S = 45 * 60.0
_MOST_IDS = 50
_LOGIN = "You need to be logged in to use Save Page Now."

# What saving makes of the page's own status, unless `capture_all=1` takes it as it is.
BY_STATUS = {
    400: "bad-request",
    401: "unauthorized",
    403: "no-access",
    404: "not-found",
    405: "method-not-allowed",
    429: "too-many-requests",
    500: "internal-server-error",
    501: "not-implemented",
    502: "bad-gateway",
    503: "service-unavailable",
    504: "gateway-timeout",
    505: "http-version-not-supported",
    509: "bandwidth-limit-exceeded",
    511: "network-authentication-required",
}
_MESSAGES = {
    "too-many-daily-captures": "This URL has been already captured {cap} times today. "
    "Please try again tomorrow.",
    "user-session-limit": "You have already reached the limit of active Save Page Now sessions. "
    "Please wait for a minute and then try again.",
    "not-found": "The server cannot find {url} (HTTP status=404).",
    "no-access": "Target URL {url} could not be accessed (status=403).",
    "blocked-url": "This URL is in the Save Page Now service block list and cannot be captured.",
    "invalid-url-syntax": "URL syntax is not valid.",
    "invalid-host-resolution": "Couldn't resolve host for {url}.",
}


@dataclass(kw_only=True)
class Plan:
    """What shall become of the next captures of a URL."""

    outcome: Saving
    status_ext: str  # with or without "error:"
    message: str | None
    starts_in_s: float
    takes_s: float
    final_url: str | None
    status: int
    body: bytes | None
    times: float


@dataclass(frozen=True, kw_only=True)
class Job:
    """One accepted submission."""

    job_id: str
    url: str
    access: str
    form: dict[str, str]
    submitted_at: datetime
    starts_at: datetime
    ends_at: datetime | None  # None: never
    status_ext: str | None  # None: it succeeds
    message: str | None = None
    row: Row | None = None  # the capture that it makes
    first: bool = False

    def report(self, now: datetime) -> dict[str, Any]:
        """What `/save/status/<job_id>` says of it."""
        if now >= later(self.starts_at, EXPIRES_S) or self.ends_at is None or now < self.ends_at:
            return pending(self.job_id)
        if self.row is None:
            return {
                "status": "error",
                "status_ext": f"error:{self.status_ext}",
                "message": self.message,
                "job_id": self.job_id,
                "resources": [],
            }
        told: dict[str, Any] = {
            "status": "success",
            "job_id": self.job_id,
            "original_url": self.row.original,
            "timestamp": self.row.timestamp,
            "duration_sec": round((self.ends_at - self.starts_at).total_seconds(), 2),
            "http_status": int(self.row.statuscode),
            "counters": {"outlinks": 0, "embeds": 1},
            "resources": [self.row.original],
            "outlinks": {} if self.form.get("outlinks_availability") == "1" else [],
        }
        if self.form.get("capture_screenshot") == "1":
            told["screenshot"] = f"http://web.archive.org/screenshot/{self.row.original}"
        if self.first and self.form.get("skip_first_archive") != "1":
            told["first_archive"] = True
        return told


def pending(job_id: str) -> dict[str, Any]:
    return {"status": "pending", "job_id": job_id, "resources": []}


@dataclass(kw_only=True)
class Account:
    """What `/save/status/user` tells of, for every pair of keys alike."""

    sessions: int = 3
    captures_before: int = 0  # today, by others with the same keys
    daily_limit: int = 30_000
    per_url_a_day: int = 10


@dataclass
class SavePageNow:
    """The service. `keys` None: any pair will do."""

    holdings: Holdings
    clock: Clock
    base: Callable[[], str]
    keys: dict[str, str] | None = None
    account: Account = field(default_factory=Account)
    system: dict[str, Any] = field(
        default_factory=lambda: {
            "status": "ok",
            "recent_captures": 941,
            "queues": {"spn2-captures": 0, "spn2-outlinks": 0},
        }
    )
    anonymous: bool = False  # whether GET /save/<url> works, as it was seen to now and then
    plans: dict[str, list[Plan]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)

    # Submitting

    def submit(self, request: web.Request) -> web.Response:
        access = self._access(request)
        if access is None:
            return as_json({"message": _LOGIN}, 401)
        form = request[FORM]
        reply = self._reply(form.get("url", ""), form, access)
        if "application/json" in request.headers.get("Accept", ""):
            return as_json(reply)
        watched = reply.get("job_id") or ""
        return page(f'<html><body><script>spn.watchJob("{watched}")</script></body></html>')

    def submit_by_get(self, request: web.Request) -> web.Response:
        if not self.anonymous:
            return page("<html><body>429 Too Many Requests</body></html>", 429)
        url = wanted_by_get(request)
        before = len(self.jobs)
        self._reply(url, {"url": url}, "", at_once=True)
        made = self.jobs[before].row if len(self.jobs) > before else None
        if made is None:
            return page("<html><body>Save Page Now could not capture this URL.</body></html>", 523)
        where = f"{self.base()}/web/{made.timestamp}/{made.original}"
        return web.Response(status=302, headers={"Location": where})

    def _access(self, request: web.Request) -> str | None:
        """Whose keys these are; None: nobody's."""
        match = re.fullmatch(r"LOW ([^:\s]+):(\S+)", request.headers.get("Authorization", ""))
        if match is None or (self.keys is not None and self.keys.get(match[1]) != match[2]):
            return None
        return match[1]

    def _reply(
        self, url: str, form: dict[str, str], access: str, *, at_once: bool = False
    ) -> dict[str, Any]:
        """What a submission is told. `at_once`: the answer waits until the capture is made."""
        if not re.match(r"https?://[^/]+", url):
            return self._error(url, "invalid-url-syntax" if url else "bad-request")
        plan = self._plan(url)
        if at_once:
            plan = replace(plan, starts_in_s=0.0, takes_s=0.0)
        if plan.outcome == "refused":
            return self._error(url, plan.status_ext, plan.message)
        recent = self._recent(url, form)
        if plan.outcome == "recent" or recent is not None:
            ago = int((recent or timedelta(hours=177, minutes=9)).total_seconds()) // 60
            words = (
                f"The same snapshot had been made {ago // 60} hours, {ago % 60} minutes ago. "
                "You can make new capture of this URL after 45 minutes."
            )
            return {"url": url, "job_id": None, "message": plan.message or words}
        if self._captures_today(url) >= self.account.per_url_a_day:
            return self._error(url, "too-many-daily-captures")
        if self._available() <= 0:
            return self._error(url, "user-session-limit")
        job = self._accept(url, form, access, plan)
        reply = {"url": url, "job_id": job.job_id}
        if plan.outcome == "later":
            minutes = round(plan.starts_in_s / 60)
            reply["message"] = plan.message or (
                f"The capture will start in ~{minutes // 60} hours {minutes % 60} minutes because "
                "our service is currently overloaded. You may close your browser window and the "
                "page will still be saved."
            )
        return reply

    def _plan(self, url: str) -> Plan:
        for plan in self.plans.get(self.holdings.key(url), []):
            if plan.times > 0:
                plan.times -= 1
                return plan
        return plan_of("success")

    def _accept(self, url: str, form: dict[str, str], access: str, plan: Plan) -> Job:
        now = self.clock.utc_now()
        starts_at = later(now, plan.starts_in_s)
        ends_at = None if plan.outcome == "pending" else later(starts_at, plan.takes_s)
        status_ext = plan.status_ext if plan.outcome == "error" else None
        if status_ext is None and plan.status >= 400 and form.get("capture_all") != "1":
            status_ext = BY_STATUS.get(plan.status, "cannot-fetch")
        row = None
        first = not self.holdings.of(url, indexed=False)
        if ends_at is not None and status_ext is None:
            delayed_s = DELAYED_S if form.get("delay_wb_availability") == "1" else 0.0
            row = self.holdings.add(
                plan.final_url or url,
                stamp14(ends_at),
                status=plan.status,
                body=plan.body,
                source="spn2-fake.warc.gz",
                shown_at=later(ends_at, delayed_s),
                indexed_at=later(ends_at, max(INDEX_LAG_S, delayed_s)),
            )
        number = f"{len(self.jobs)} {url}".encode()
        job = Job(
            job_id=f"spn2-{hashlib.sha1(number).hexdigest()}",
            url=url,
            access=access,
            form=dict(form),
            submitted_at=now,
            starts_at=starts_at,
            ends_at=ends_at,
            status_ext=status_ext,
            message=plan.message or self._words(url, status_ext or ""),
            row=row,
            first=first,
        )
        self.jobs.append(job)
        return job

    def _error(self, url: str, status_ext: str, message: str | None = None) -> dict[str, Any]:
        words = message or self._words(url, status_ext)
        return {"status": "error", "status_ext": f"error:{status_ext}", "message": words}

    def _words(self, url: str, status_ext: str) -> str:
        words = _MESSAGES.get(
            status_ext, "Save Page Now could not capture {url}. Please try again."
        )
        return words.format(url=url, cap=self.account.per_url_a_day)

    def _recent(self, url: str, form: dict[str, str]) -> timedelta | None:
        """How old a copy is that makes a new one needless."""
        within_s = span_s(form.get("if_not_archived_within", "").partition(",")[0])
        now, key = self.clock.utc_now(), self.holdings.key(url)
        ages = [
            now - job.ends_at
            for job in self.jobs
            if job.row and job.ends_at and job.ends_at <= now and self.holdings.key(job.url) == key
        ]
        youngest = min(ages, default=None)
        return youngest if youngest and youngest.total_seconds() < within_s else None

    def _captures_today(self, url: str | None = None) -> int:
        today = self.clock.utc_now().date()
        key = None if url is None else self.holdings.key(url)
        return sum(
            job.submitted_at.date() == today and key in (None, self.holdings.key(job.url))
            for job in self.jobs
        )

    def _processing(self) -> int:
        now = self.clock.utc_now()
        return sum(
            job.starts_at <= now < (job.ends_at or later(job.starts_at, LONGEST_JOB_S))
            for job in self.jobs
        )

    def _available(self) -> int:
        return max(0, self.account.sessions - self._processing())

    # Asking what became of it

    def status(self, request: web.Request) -> web.Response:
        if self._access(request) is None:
            return as_json({"message": _LOGIN}, 401)
        return as_json(self._report(request.match_info["job"]))

    def statuses(self, request: web.Request) -> web.Response:
        if self._access(request) is None:
            return as_json({"message": _LOGIN}, 401)
        ids = [name for name in request[FORM].get("job_ids", "").split(",") if name]
        if not 0 < len(ids) <= _MOST_IDS:
            return as_json({"message": f"job_ids: 1 to {_MOST_IDS} of them, please."}, 400)
        return as_json([self._report(name) for name in ids])

    def _report(self, job_id: str) -> dict[str, Any]:
        job = next((job for job in self.jobs if job.job_id == job_id), None)
        return job.report(self.clock.utc_now()) if job else pending(job_id)

    def user(self, request: web.Request) -> web.Response:
        if self._access(request) is None:
            return as_json({"message": _LOGIN}, 401)
        return as_json(
            {
                "available": self._available(),
                "processing": self._processing(),
                "daily_captures": self.account.captures_before + self._captures_today(),
                "daily_captures_limit": self.account.daily_limit,
            }
        )

    def system_status(self, request: web.Request) -> web.Response:
        return as_json(self.system)

    def subject(self, request: web.Request) -> str:
        """The URL that a request about jobs is about; "" where it is about none, or several."""
        name = request.match_info.get("job")
        return next((job.url for job in self.jobs if job.job_id == name), "")


def plan_of(
    outcome: Saving,
    *,
    status_ext: str = "",
    message: str | None = None,
    starts_in_s: float | None = None,
    takes_s: float = 33.0,
    final_url: str | None = None,
    status: int = 200,
    body: bytes | None = None,
    times: int | None = None,
) -> Plan:
    if starts_in_s is None:
        starts_in_s = _LATER_S if outcome == "later" else 0.0
    return Plan(
        outcome=outcome,
        status_ext=status_ext.removeprefix("error:") or "job-failed",
        message=message,
        starts_in_s=starts_in_s,
        takes_s=takes_s,
        final_url=final_url,
        status=status,
        body=body,
        times=float("inf") if times is None else times,
    )


def wanted_by_get(request: web.Request) -> str:
    return request.raw_path.removeprefix("/save/")


def span_s(text: str) -> float:
    """Seconds, or days, hours and the like ("3d 5h 20m"); by default three quarters of an hour."""
    if not text.strip():
        return _RECENT_S
    if text.strip().isdigit():
        return float(text)
    units = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
    return float(sum(int(n) * units[u] for n, u in re.findall(r"(\d+)\s*([dhms])", text)))
