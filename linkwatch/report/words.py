"""Words that every report for people shares: dates, counts, reasons, the archive's answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from linkwatch.model import By, CitedFrom, Lookup, Outcome, Overruled, Reason, State, Verdict

REASONS: Final[dict[Reason, str]] = {
    Reason.OK: "The page answers.",
    Reason.MOVED: "The page has moved for good.",
    Reason.NOT_FOUND: "The page does not exist (404).",
    Reason.GONE: "The page was removed for good (410).",
    Reason.DNS: "The site's name no longer exists.",
    Reason.RESOLVER: "The site's name could not be looked up.",
    Reason.REFUSED: "The server refuses the connection.",
    Reason.UNREACHABLE: "The server cannot be reached.",
    Reason.TIMEOUT: "The server does not answer in time.",
    Reason.TLS: "The server's certificate or encryption does not work.",
    Reason.RESET: "The server breaks the connection off.",
    Reason.PROTOCOL: "The server's answer is not HTTP.",
    Reason.SERVER_ERROR: "The server fails (5xx).",
    Reason.REDIRECT_LOOP: "The redirects lead in a circle, or do not end.",
    Reason.BAD_REDIRECT: "The server redirects to nowhere.",
    Reason.SOFT_404: "The page says that it does not exist.",
    Reason.HOME_REDIRECT: "The page now leads to the site's front page.",
    Reason.PARKED: "The domain is parked or for sale.",
    Reason.BAD_COPY: "The archived copy does not show the page.",
    Reason.CHALLENGE: "The site wants to see a browser.",
    Reason.LOGIN: "The site wants a login.",
    Reason.PAYMENT: "The site wants to be paid.",
    Reason.FORBIDDEN: "The server does not let programs in.",
    Reason.RATE_LIMITED: "The server asks for patience.",
    Reason.REJECTED: "The server rejects the request.",
    Reason.LEGAL: "The page is withheld for legal reasons.",
    Reason.PRIVATE_ADDRESS: "The link leads to a private address.",
    Reason.SPECIAL_NAME: "The name is reserved and leads nowhere public.",
    Reason.BAD_URL: "The URL cannot be requested.",
    Reason.EXCLUDED: "Excluded by the configuration.",
    Reason.OFFLINE: "This machine could not reach the network.",
    Reason.VOUCHED: "A person says that it is alive.",
    Reason.UNCHECKED: "Not checked yet.",
}

STATES: Final[dict[State, str]] = {
    State.DEAD: "gone, as far as can be told",
    State.SUSPECT: "failing, not long enough to call it dead",
    State.BLOCKED: "the server answers, but not to programs",
    State.MOVED: "alive at a new address",
    State.UNCHECKED: "not checked yet",
    State.SKIPPED: "not checked, by configuration or because private",
    State.ALIVE: "answering",
}

_OUTCOMES: Final[dict[Outcome, str]] = {
    Outcome.FOUND: "Archived",
    Outcome.NOT_ARCHIVED: "Not archived",
    Outcome.NO_GOOD_COPY: "No good copy",
    Outcome.EXCLUDED: "The archive does not show this site",
    Outcome.RATE_LIMITED: "The archive asked for patience",
    Outcome.UNAVAILABLE: "The archive could not be asked",
    Outcome.MALFORMED: "The archive's answer made no sense",
    Outcome.QUEUED: "The archive was not asked yet",
    Outcome.NOT_ASKED: "No archive was asked",
}

CITED_FROM: Final[dict[CitedFrom, str]] = {
    CitedFrom.ACCESSED: "the access date in the note",
    CitedFrom.FRONT_MATTER: "the note's front matter",
    CitedFrom.GIT: "git",
    CitedFrom.FILE: "the file's own date",
    CitedFrom.FIRST_SEEN: "the first check",
}


_IGNORED_BY: Final[dict[By, str]] = {
    By.NOTE: "by a comment in the notes",
    By.URL: "by its URL",
    By.PATTERN: "by a pattern",
}


def day(at: datetime) -> str:
    """The date, in UTC: `2026-01-05`."""
    return f"{at.year:04}-{at.month:02}-{at.day:02}"  # strftime takes five times as long


def minute(at: datetime) -> str:
    """Date and time for a person: `2026-01-05 04:00 UTC`."""
    return f"{day(at)} {at.hour:02}:{at.minute:02} UTC"


def instant(at: datetime) -> str:
    """Date and time for a machine, whole seconds: `2026-01-05T04:00:00Z`."""
    return f"{day(at)}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 link`, `2 links`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def sentence(verdict: Verdict) -> str:
    """Why a link has its state: the verdict's own sentence, or its reason in words. Foreign."""
    return verdict.detail if verdict.detail.strip() else REASONS[verdict.reason]


def since(verdict: Verdict) -> str:
    """From when on: a whole sentence, or nothing."""
    if verdict.since is None:
        return ""
    word = "Failing since" if verdict.state in (State.DEAD, State.SUSPECT) else "Since"
    return f"{word} {day(verdict.since)}."


def overruled(said: Overruled) -> str:
    """Why a link is ignored and until when; or why its ignore speaks up. A sentence of ours."""
    if said.speaks_up is not None:
        return said.speaks_up
    until = f" until {said.until}" if said.until else ""
    return f"Ignored{until} {_IGNORED_BY[said.by]}."


def distance(found: Lookup, from_day: str = "") -> str:
    """How far the copy is from the citation, as the rest of a sentence; "" where it is unknown.

    `from_day`: what day it is that the question was about, where it is not the citation's.
    """
    copy, cited_at = found.snapshot, found.cited_at
    if copy is None or cited_at is None:
        return ""
    says = "" if found.cited_from is None else f", says {CITED_FROM[found.cited_from]}"
    days = (copy.timestamp.date() - cited_at.date()).days
    if not days:
        from_day = from_day or "the day on which the note took the link"
        return f"of {from_day} ({day(cited_at)}{says})"
    from_day = from_day or "the note took the link"
    where = "before" if days < 0 else "after"
    return f"{_span(abs(days))} {where} {from_day} ({day(cited_at)}{says})"


def _span(days: int) -> str:
    if days < 100:
        return count(days, "day")
    return (
        count(round(days / 30.44), "month") if days < 730 else count(round(days / 365.25), "year")
    )


def lookup(found: Lookup, *, again: bool = True) -> str:
    """What the archives said, as a sentence of ours; the copy and the detail are not in it.

    `again`: they will be asked again by themselves, as they are about dead links.
    """
    text = _OUTCOMES[found.outcome]
    if not again:
        return f"{text}."
    if found.outcome is Outcome.QUEUED:
        text += "; the next check asks it"
    elif found.next_at is not None and found.outcome is not Outcome.FOUND:
        text += f"; it will be asked again after {minute(found.next_at)}"
    return f"{text}."
