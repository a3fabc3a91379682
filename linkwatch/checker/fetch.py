"""One link -> one CheckResult: the better question, the page, and what the page shows.

The facts are gathered here, and nothing is decided: `evidence` says what they are worth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from linkwatch.checker.copies import of_archive
from linkwatch.checker.probes import Probe, Reply, When, probe_for
from linkwatch.checker.reading import page_of, signs_of
from linkwatch.checker.siblings import Ask, Look, Siblings
from linkwatch.checker.walk import PASSING_STATUS, Effort, Landing, Means, Unless, Walk
from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fingerprint, Mark, Remembered, Says, Sign
from linkwatch.web.archived import archive_of
from linkwatch.web.client import BODY_CAP, Answer
from linkwatch.web.conditional import conditions, validators_of
from linkwatch.web.hosts import NotNowError
from linkwatch.web.page import Page, became_another, checkable, has_anchor, shrank
from linkwatch.web.recorded import Recorded
from linkwatch.web.url import request_url

_SLOW_S = 5.0  # a host that took so long is not asked for more than its pages
_LONG_BODY = 2 * 1024 * 1024  # where a #section is looked for: it may stand at the end
_ENOUGH = 6  # points against a service in a row, and it is not asked any more
_NO_ANSWER, _NO_SENSE = 2, 1  # points: waiting for nothing costs more than an answer that says none
_BELIEVED = timedelta(days=30)  # then a page is read again, whatever its server says
_FINE = frozenset({Sign.HONEST})  # says something of the host, and nothing against the page
_ENDS_IT = frozenset({Sign.CHALLENGE, Sign.LOGIN, Sign.CONSENT})  # no neighbour is asked then


class Keeper(Protocol):
    """Who keeps the pages of links that are well."""

    @property
    def page_cap(self) -> int | None:
        """So many bytes a page may have to be kept; None: nothing is kept now."""

    async def keep(self, result: CheckResult, chain: tuple[Recorded, ...]) -> None:
        """Take a page, and the redirects that led there; waits while too many are waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher(Means):
    """What every check of one cycle shares."""

    before: Mapping[str, Remembered] = field(default_factory=dict)  # by link
    fragments: Mapping[str, Collection[str]] = field(default_factory=dict)  # wanted, by link
    probes_off: Collection[str] = ()
    siblings: Siblings | None = None  # None: no made-up address is asked for
    keeper: Keeper | None = None  # None: no page is kept
    unanswered: dict[str, int] = field(default_factory=dict)  # points by probe, see _ENOUGH

    async def check(
        self,
        link: str,
        heard: Callable[[str], None] | None = None,
        sent: Callable[[], None] | None = None,
        *,
        urgent: bool = False,
    ) -> CheckResult:
        """Find out how one link stands. Raises NotNowError if its host wants to be left alone.

        `heard` is told the URL of every answer on the way, whatever its status; `sent`, that the
        first request is on its way: until then the link waits for its turn; an `urgent` one less.
        """
        effort = Effort(heard=heard, sent=sent, urgent=urgent)
        result = await self._find_out(link, effort)
        if effort.chain and self.keeper is not None and worth_keeping(result):
            await self.keeper.keep(result, effort.chain)
        return result

    async def _find_out(self, link: str, effort: Effort) -> CheckResult:
        probe = probe_for(link, self.probes_off)
        question = probe.question(link) if probe is not None else None
        if probe is None or question is None:
            return await self._page(link, effort)
        if probe.when is When.REFUSED:
            result = await self._page(link, effort)
            if not _turned_away(result):
                return result
            return (
                self._told(probe, link, await self._ask(probe, question, effort), effort) or result
            )
        itself = question == request_url(link)
        landing = await self._ask(probe, question, effort, keep=self._page_cap if itself else None)
        told = self._told(probe, link, landing, effort)
        if told is not None:
            return told
        if landing is None or landing.hops or not itself:
            landing = None  # else the page is here already
        result = await self._page(link, effort, landing)
        if probe.hollow and result.status is not None and 200 <= result.status < 300:
            return replace(result, marks=(*result.marks, Mark(Sign.HOLLOW, probe.name)))
        return result

    async def _ask(
        self, probe: Probe, question: str, effort: Effort, *, keep: int | None = None
    ) -> Landing | None:
        """What a better question was answered with; None: it was not put, or not answered."""
        if self.unanswered.get(probe.name, 0) >= _ENOUGH:
            return None
        try:
            landing = await Walk(self, effort, patient=False, keep=keep).to_its_end(
                question, follow=probe.follow
            )
        except NotNowError:
            return None
        if landing.answer is None:
            self._hold_against(probe, _NO_ANSWER)
            return None
        return landing

    def _hold_against(self, probe: Probe, points: int) -> None:
        self.unanswered[probe.name] = self.unanswered.get(probe.name, 0) + points

    def _told(
        self, probe: Probe, link: str, landing: Landing | None, effort: Effort
    ) -> CheckResult | None:
        """What that says of the link; None where it says nothing."""
        if landing is None or landing.answer is None:
            return None
        answer = landing.answer
        reply = Reply(
            status=answer.status,
            location=landing.hops[-1].location if landing.hops else None,
            content_type=answer.headers.get("content-type"),
            body=answer.body,
        )
        reading = probe.read(link, reply)
        if reading is None:
            if urlsplit(landing.url or "").path != urlsplit(link).path:  # not the page itself
                self._hold_against(probe, _NO_SENSE)
            return None
        self.unanswered.pop(probe.name, None)
        moved = reading.says is Says.MOVED and reading.url is not None
        return CheckResult(
            url=link,
            at=self._began(effort),
            elapsed_ms=round(landing.took_s * 1000),
            status=answer.status,
            final_url=reading.url if moved else link,
            attempts=effort.requests,
            probe=probe.name,
            says=reading.says,
        )

    async def _page(self, link: str, effort: Effort, landing: Landing | None = None) -> CheckResult:
        """The page itself; `landing`: it was met already, whole."""
        wanted = [name for name in self.fragments.get(link, ()) if checkable(name)]
        cap = _LONG_BODY if wanted else BODY_CAP
        if landing is None or _again(landing):
            landing = await Walk(
                self,
                effort,
                body_cap=cap,
                keep=self._page_cap,
                unless=None if wanted else self._unless(link),
            ).to_its_end(link)
        effort.chain = landing.chain
        result = self._result(link, landing, effort)
        answer, before = landing.answer, self.before.get(link)
        if answer is None:
            return result
        if landing.unchanged and before is not None:
            return _unchanged(result, before)
        if archive_of(link, self.wayback_url) is not None:
            result, page = of_archive(result, landing, self.wayback_url)
            return _with_anchors(result, page, wanted, answer)
        if landing.fault is not None:
            return result
        if before is not None and not wanted and _as_before(result, before):
            return replace(result, fingerprint=before.fingerprint)
        page = page_of(landing)
        found = list(signs_of(link, landing, page))
        fine = 200 <= answer.status < 300
        now = page.fingerprint if page is not None and fine else None
        kinds = frozenset(mark.sign for mark in found)
        if before is not None and now is not None:
            found += _against(before, now, kinds)
            kinds = frozenset(mark.sign for mark in found)
        slow = landing.took_s > _SLOW_S and not kinds
        if fine and self.siblings is not None and not slow and not kinds & _ENDS_IT:
            look = Look(url=request_url(link) or link, landing=landing, page=page, signs=kinds)
            found += await self.siblings.marks(look, self._neighbour(effort))
        result = replace(result, attempts=effort.requests, marks=tuple(found), fingerprint=now)
        return _with_anchors(result, page, wanted, answer)

    def _unless(self, link: str) -> Unless | None:
        """The page of the last good check, if its server can be asked whether it has changed.

        Not for ever: some servers say of everything that it has not.
        """
        before = self.before.get(link)
        if (
            before is None
            or before.validators is None
            or before.signs - _FINE
            or before.final_url is None
            or self._page_cap is not None
            or before.read_at is None
            or self.clock.utc_now() - before.read_at > _BELIEVED
            or archive_of(link, self.wayback_url) is not None
        ):
            return None
        return Unless(url=before.final_url, conditions=conditions(before.validators))

    @property
    def _page_cap(self) -> int | None:
        return self.keeper.page_cap if self.keeper is not None else None

    def _neighbour(self, effort: Effort) -> Ask:
        async def ask(url: str) -> Landing | None:
            try:
                return await Walk(self, effort, patient=False).to_its_end(url)
            except NotNowError:
                return None

        return ask

    def _result(self, link: str, landing: Landing, effort: Effort) -> CheckResult:
        answer = landing.answer
        body = answer.body[:BODY_CAP] if answer else b""
        return CheckResult(
            url=link,
            at=self._began(effort),
            elapsed_ms=round(landing.took_s * 1000),
            status=answer.status if answer else None,
            fault=landing.fault,
            message=landing.message,
            final_url=landing.url,
            hops=landing.hops,
            attempts=effort.requests,
            remark=answer.remark if answer else None,
            size=len(body) if answer else None,
            digest=blake2b(body, digest_size=16).hexdigest() if body else None,
            validators=(
                validators_of(answer.headers)
                if answer is not None and answer.status == HTTPStatus.OK and not answer.remark
                else None
            ),
        )

    def _began(self, effort: Effort) -> datetime:
        return effort.began or self.clock.utc_now()


def worth_keeping(result: CheckResult) -> bool:
    """Whether what a link showed is its page, as far as can be told: a copy of it is a good one."""
    return (
        result.says is None
        and result.status is not None
        and 200 <= result.status < 300
        and weigh(result).weight is Weight.HEALTHY
        and not any(_tells_nothing(mark) for mark in result.marks)
    )


def _tells_nothing(mark: Mark) -> bool:
    """Whether the page could stand for anything: the site's frame, or an app yet to run."""
    undecidable = mark.sign is Sign.UNDECIDABLE and mark.by != "routing"
    return undecidable or mark.sign is Sign.HOLLOW


def _again(landing: Landing) -> bool:
    """Whether an impatient walk met trouble that may pass: a patient one is due."""
    return landing.answer is None or landing.answer.status in PASSING_STATUS


def _turned_away(result: CheckResult) -> bool:
    """Whether a server answered, and did not show the page."""
    weight = weigh(result).weight
    return result.status is not None and weight in (Weight.REFUSING, Weight.SOFT)


def _unchanged(result: CheckResult, before: Remembered) -> CheckResult:
    """What a 304 says: the page is still the one that was read then."""
    return replace(
        result,
        status=HTTPStatus.OK.value,
        size=before.size,
        digest=before.digest,
        fingerprint=before.fingerprint,
        validators=before.validators,
        read_at=before.read_at,
    )


def _as_before(result: CheckResult, before: Remembered) -> bool:
    """The very page of the last good check, which had nothing about it: no need to read it."""
    return (
        not before.signs - _FINE
        and result.digest is not None
        and (result.digest, result.final_url) == (before.digest, before.final_url)
        and result.status is not None
        and 200 <= result.status < 300
    )


def _against(before: Remembered, now: Fingerprint, signs: frozenset[Sign]) -> list[Mark]:
    """What the page's own past adds to the signs that it shows."""
    then = before.fingerprint
    if then is None:
        return []
    found = []
    began_to_say_so = Sign.NOT_FOUND_WORDS in signs - before.signs
    if became_another(then, now):
        found.append(Mark(Sign.CHANGED, "text"))
    elif began_to_say_so and then.title and then.title != now.title:
        found.append(Mark(Sign.CHANGED, "title"))
    if shrank(then, now):
        found.append(Mark(Sign.SHRANK, "text"))
    return found


def _with_anchors(
    result: CheckResult, page: Page | None, wanted: list[str], answer: Answer
) -> CheckResult:
    """The result, with what became of the fragments that were looked for."""
    if wanted and page is not None and weigh(result).weight is Weight.HEALTHY:
        return replace(result, anchors=_anchors(page, wanted, whole=not answer.cut))
    return result


def _anchors(page: Page, wanted: list[str], *, whole: bool) -> tuple[tuple[str, bool], ...]:
    """Which fragments are there; of those that are not, only if the whole page was seen."""
    there = [(name, has_anchor(page, name)) for name in wanted]
    conclusive = whole and not page.needs_js
    return tuple((name, present) for name, present in there if present or conclusive)
