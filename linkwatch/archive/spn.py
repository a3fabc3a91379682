"""Save Page Now 2, as it was seen to behave: pages submitted, and asked after.

Nearly all replies are a 200, refusals too. A job's status is forgotten about an hour after its
start; from then on it is `pending` for ever, as that of a job which never was. And a request that
ends in a timeout or in a 52x has often saved the page all the same: what came of it is `Unsure`,
and never a reason to send it again.

The keys go into one header of requests to one address. They are in no message, no repr, no log,
and no redirect is followed with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from linkwatch.archive.access import Access
from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, moment_of, trouble
from linkwatch.archive.pace import Service
from linkwatch.errors import ArchiveBusy, ArchiveError
from linkwatch.model import Fault
from linkwatch.web.client import Answer, Client, RequestFault
from linkwatch.web.guard import private_name
from linkwatch.web.retry import retry_after_s
from linkwatch.web.url import name_of, request_url

ACCESS_VARIABLE: Final = "IA_ACCESS_KEY_ID"
SECRET_VARIABLE: Final = "IA_SECRET_ACCESS_KEY"  # noqa: S105 - the variable's name
MOST_IDS: Final = 50  # that one question may be about
SUBMIT_S: Final = 60.0
_STATUS_S: Final = 30.0
_BODY_CAP: Final = 1024 * 1024  # reports list everything that a page loads
_LATER: Final = timedelta(hours=1)  # "will start later", without a time that could be read
_LATEST: Final = timedelta(days=7)

_SPAN = re.compile(r"(\d{1,6})\s*(d|h|m|s)[a-z]*", re.IGNORECASE)
_UNITS: Final = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_JOB = re.compile(r"[A-Za-z0-9_-]{1,100}")
_CODE = re.compile(r"[a-z0-9-]{1,60}")


class RefusalKind(StrEnum):
    """What to do about a code of `status_ext`."""

    PERMANENT = "permanent"  # asking again does not help
    TOMORROW = "tomorrow"  # this URL had its captures of the day
    PAUSE = "pause"  # the account is at its limit: nothing more for now
    HOST = "host"  # the page's own host asks for patience
    TRANSIENT = "transient"  # all others, and all that are unknown


_PERMANENT: Final = frozenset(
    {
        *("bad-request", "blocked", "blocked-client-ip", "blocked-url", "filesize-limit"),
        *("ftp-access-denied", "http-version-not-supported", "invalid-host-resolution"),
        *("invalid-url-syntax", "method-not-allowed", "no-access", "not-found"),
        *("not-implemented", "too-many-redirects", "unauthorized"),
    }
)
_HOST: Final = frozenset({"too-many-requests", "bandwidth-limit-exceeded"})


def kind_of(code: str) -> RefusalKind:
    """What a code means, without its `error:`."""
    if code in _PERMANENT:
        return RefusalKind.PERMANENT
    if code == "too-many-daily-captures":
        return RefusalKind.TOMORROW
    if code == "user-session-limit" or code.startswith("max-daily-bandwidth"):
        return RefusalKind.PAUSE
    return RefusalKind.HOST if code in _HOST else RefusalKind.TRANSIENT


# What it replies


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that will save the page."""

    job_id: str
    starts_in: timedelta  # mostly at once; when it is busy, in some hours


@dataclass(frozen=True, slots=True)
class Recent:
    """There is a copy that is young enough, says the archive, and made no other."""

    age: timedelta | None  # None: it could not be read


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was saved, and nothing will be."""

    code: str
    kind: RefusalKind


@dataclass(frozen=True, slots=True)
class Pending:
    """The job goes on, or is forgotten, or never was."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A copy was made."""

    timestamp: datetime
    original_url: str  # of the page that was saved, at the end of its redirects


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The job came to an end without a copy."""

    code: str
    kind: RefusalKind


Reply = Accepted | Recent | Refused
Report = Pending | Saved | JobFailed


@dataclass(frozen=True, slots=True)
class Polled:
    """What became of some jobs, by their ids."""

    reports: Mapping[str, Report]
    wait_s: float | None  # before the next question, if the archive wishes so


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account may still do."""

    available: int  # captures at the same time, besides those under way
    captures_today: int
    captures_a_day: int


class Unsure(ArchiveError):
    """The request left, and nobody knows what came of it."""


class KeysRefused(ArchiveError):
    """The archive does not know these keys."""


class _NotTaken(ArchiveDown):
    """The page was certainly not submitted."""


class Keys:
    """What an archive.org account signs its requests with. Shows itself to nobody."""

    __slots__ = ("_header",)

    def __init__(self, access: str, secret: str) -> None:
        self._header = f"LOW {access}:{secret}"

    def __repr__(self) -> str:
        return "Keys(hidden)"

    def header(self) -> dict[str, str]:
        """For the one request."""
        return {"Authorization": self._header}


def keys_in(environment: Mapping[str, str]) -> Keys | None:
    """The keys that an environment holds; None: it has none, or something that can't be keys."""
    access = environment.get(ACCESS_VARIABLE, "").strip()
    secret = environment.get(SECRET_VARIABLE, "").strip()
    if not re.fullmatch(r"[!-9;-~]+", access) or not re.fullmatch(r"[!-~]+", secret):
        return None
    return Keys(access, secret)


def safe_for_keys(url: str) -> bool:
    """Whether nobody on the way to an archive reads what is sent to it."""
    return url.lower().startswith("https:") or private_name(name_of(url))


class SavePageNow:
    """One account at one archive."""

    def __init__(
        self, access: Access, client: Client, keys: Keys, *, base_url: str, user_agent: str
    ) -> None:
        """`base_url`: what stands before `/save`, without a slash at its end."""
        self._access = access
        self._client = client
        self._keys = keys
        self._url = f"{base_url}/save"
        self._user_agent = user_agent

    @property
    def url(self) -> str:
        """Where pages are submitted."""
        return self._url

    async def submit(self, url: str, *, unless_within: timedelta) -> Reply | ArchiveError:
        """Publish a page. `Unsure` where that may have happened; any other error: it did not.

        `unless_within`: a copy that is not older is enough.
        """
        left = False
        form = {
            "url": request_url(url) or url,
            "capture_all": "0",  # else walls and error pages are saved as if they were the page
            "skip_first_archive": "1",  # that check takes its time, and tells us nothing
            "if_not_archived_within": str(int(unless_within.total_seconds())),
        }

        async def question() -> Reply:
            nonlocal left
            left = True
            return _reply(await self._ask("POST", self._url, form))

        answer = await self._access.ask(
            self._url, Service.SAVE, question, timeout_s=SUBMIT_S, twice=False
        )
        if not isinstance(answer, ArchiveError) or not left:
            return answer
        if isinstance(answer, ArchiveBusy | KeysRefused | _NotTaken):
            return answer
        return Unsure(str(answer))

    async def poll(self, job_ids: Sequence[str]) -> Polled | ArchiveError:
        """What became of at most MOST_IDS jobs."""

        async def question() -> Polled:
            answer = await self._ask(
                "POST", f"{self._url}/status", {"job_ids": ",".join(job_ids[:MOST_IDS])}
            )
            wait_s = retry_after_s(answer.retry_after, self._access.clock.utc_now())
            return Polled(_reports(answer), wait_s)

        return await self._access.ask(self._url, Service.SAVE_STATUS, question, timeout_s=_STATUS_S)

    async def account(self) -> Account | ArchiveError:
        """What may be submitted now and today."""

        async def question() -> Account:
            return _account(await self._ask("GET", f"{self._url}/status/user", None))

        return await self._access.ask(self._url, Service.SAVE_STATUS, question, timeout_s=_STATUS_S)

    async def _ask(self, method: str, url: str, form: Mapping[str, str] | None) -> Answer:
        """A 200, or an error that holds nothing of what was sent."""
        fault: Fault | None = None
        words = ""
        try:
            answer = await self._client.send(
                method,
                url,
                headers={
                    "Accept": "application/json",
                    "User-Agent": self._user_agent,
                    **self._keys.header(),
                },
                timeout_s=SUBMIT_S,
                body_cap=_BODY_CAP,
                form=form,
            )
        except RequestFault as exc:  # its cause knows the request's headers: it ends here
            fault, words = exc.fault, exc.message
        if fault is not None:
            raise _fault(fault, words)
        if answer.status == 401:
            raise KeysRefused("the archive does not know these keys")
        if answer.status != 200:
            asked_s = retry_after_s(answer.retry_after, self._access.clock.utc_now())
            error = trouble(answer.status, "", {}, asked_s=asked_s)
            if 400 <= answer.status < 500 and answer.status not in (408, 429):
                error = _NotTaken(str(error), retry_after_s=asked_s)
            raise error
        return answer


def _fault(fault: Fault, words: str) -> ArchiveDown:
    kind = ArchiveDown if fault in _MAY_HAVE_ARRIVED else _NotTaken
    return kind(
        f"the archive could not be asked: {words}",
        shut=fault is Fault.REFUSED,
        silent=fault is Fault.TIMEOUT,
    )


_MAY_HAVE_ARRIVED: Final = frozenset({Fault.TIMEOUT, Fault.RESET, Fault.PROTOCOL})


# How replies are read


def _reply(answer: Answer) -> Reply:
    said = _object(answer)
    if said.get("status") == "error":
        code = _code(said)
        return Refused(code, kind_of(code))
    message = said.get("message")
    words = message if isinstance(message, str) else ""
    job_id = said.get("job_id", "")
    if job_id is None:
        return Recent(age_in(words))
    if isinstance(job_id, str) and _JOB.fullmatch(job_id):
        return Accepted(job_id, delay_in(words))
    raise ArchiveGarbled("the archive neither took the page nor refused it")


def _reports(answer: Answer) -> dict[str, Report]:
    said = _json(answer)
    if not isinstance(said, list):
        raise ArchiveGarbled("the archive sent no list of jobs")
    found: dict[str, Report] = {}
    for item in said:
        if isinstance(item, dict) and isinstance(item.get("job_id"), str):
            found[item["job_id"]] = _report(item)
    return found


def _report(said: Mapping[str, Any]) -> Report:
    if said.get("status") == "error":
        code = _code(said)
        return JobFailed(code, kind_of(code))
    if said.get("status") == "success":
        stamp, original = said.get("timestamp"), said.get("original_url")
        taken_at = moment_of(stamp) if isinstance(stamp, str) else None
        if taken_at is not None and isinstance(original, str) and request_url(original):
            return Saved(taken_at, original)
    return Pending()  # a success that does not say where is looked for once the job's hour is over


def _account(answer: Answer) -> Account:
    said = _object(answer)
    numbers = [said.get(name) for name in ("available", "daily_captures", "daily_captures_limit")]
    available, captures, limit = (number if isinstance(number, int) else -1 for number in numbers)
    if min(available, captures, limit) < 0:
        raise ArchiveGarbled("the archive did not tell what the account may do")
    return Account(available=available, captures_today=captures, captures_a_day=limit)


def _object(answer: Answer) -> Mapping[str, Any]:
    said = _json(answer)
    if not isinstance(said, dict):
        raise ArchiveGarbled("the archive sent something else than what it was asked for")
    return said


def _json(answer: Answer) -> object:
    try:
        said: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if said is None:
        raise ArchiveGarbled("the archive sent something else than what it was asked for")
    return said


def _code(said: Mapping[str, Any]) -> str:
    """A code as it may be kept and shown: what the archive says besides is its own affair."""
    text = said.get("status_ext")
    code = text.removeprefix("error:") if isinstance(text, str) else ""
    return code if _CODE.fullmatch(code) else "unknown"


def delay_in(message: str) -> timedelta:
    """In what time a capture begins: "The capture will start in ~10 hours 40 minutes because …"."""
    said = re.search(r"\bstarts?\b(.*?)(because|\.|$)", message, re.IGNORECASE | re.DOTALL)
    if said is None:
        return timedelta(0)
    return min(_span(said[1]) or _LATER, _LATEST)


def age_in(message: str) -> timedelta | None:
    """How old a copy is: "The same snapshot had been made 177 hours, 9 minutes ago. …"."""
    return _span(re.split(r"\bago\b", message, maxsplit=1)[0]) if " ago" in message else None


def _span(text: str) -> timedelta | None:
    parts = _SPAN.findall(text[:200])
    if not parts:
        return None
    return timedelta(seconds=sum(int(number) * _UNITS[unit.lower()] for number, unit in parts))
