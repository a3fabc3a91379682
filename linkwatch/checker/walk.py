"""From a URL to where it ends: the requests, hops and retries that a browser would need.

Only GET is used: HEAD lies both ways, and a GET whose body is capped tells the truth in one round
trip. Every hop is a request of its own, so each passes the guard and waits for its host's turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie

import aiohttp
from yarl import URL

from linkwatch.clock import Clock
from linkwatch.model import Fault, Hop
from linkwatch.web.archived import archive_of
from linkwatch.web.client import BODY_CAP, NONE, Answer, Client, RequestFault
from linkwatch.web.guard import outside_dns
from linkwatch.web.hosts import Hosts
from linkwatch.web.recorded import Recorded
from linkwatch.web.retry import RetryPolicy, retry_after_s, retrying
from linkwatch.web.url import host_of, name_of, request_url, resolve

_FOLLOWED = frozenset({301, 302, 303, 307, 308})
PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 528)})
_PASSING_FAULT = frozenset({Fault.RESET})
_TIMEOUTS_A_CHAIN = 3
_IN_VAIN = 3  # walks in a row at one host whose retries led nowhere; the next ones have none
_ENOUGH_S = 900.0  # for a host that says "too many requests" to all of those, and not how long


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every walk of one cycle shares."""

    client: Client
    hosts: Hosts
    clock: Clock
    max_redirects: int
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    in_vain: dict[str, int] = field(default_factory=dict)  # by host, see _IN_VAIN
    wayback_url: str = ""  # of an archive of one's own

    def passes(self, url: str, answer: Answer) -> bool:
        """Whether an answer is trouble that may pass. What an archive once captured stays."""
        return answer.status in PASSING_STATUS and not (
            "memento-datetime" in answer.headers and archive_of(url, self.wayback_url)
        )


@dataclass(slots=True, kw_only=True)
class Effort:
    """What one check has cost so far, over all its walks."""

    heard: Callable[[str], None] | None = None  # is told the URL of every answer on the way
    sent: Callable[[], None] | None = None  # is told that the first request is on its way
    urgent: bool = False  # everybody would have to wait for this host
    requests: int = 0
    began: datetime | None = None  # when the first request left
    chain: tuple[Recorded, ...] = ()  # the page's exchanges, see Landing


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where a walk ended."""

    url: str | None  # the last one asked; None: the first was no URL
    answer: Answer | None = None
    fault: Fault | None = None  # why there is no answer, or none that can be followed
    message: str = ""
    hops: tuple[Hop, ...] = ()
    took_s: float = 0.0
    chain: tuple[Recorded, ...] = ()  # all its exchanges; empty: not wanted, or not all are whole
    unchanged: bool = False  # the page is still the one that was asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless:
    """A page that is known: it is to be sent only if it has changed."""

    url: str  # where it stood
    conditions: Mapping[str, str]  # request headers


class Walk:
    """One walk along redirects, with a cookie jar of its own. Use once."""

    def __init__(
        self,
        means: Means,
        effort: Effort,
        *,
        body_cap: int = BODY_CAP,
        patient: bool = True,
        keep: int | None = None,
        unless: Unless | None = None,
    ) -> None:
        """`patient`: passing trouble is asked about again; else one request a hop has to do.
        `keep`: record the exchanges, as long as no payload has more bytes. `unless`: where the walk
        ends at this page, and it has not changed, the answer is a 304 without its body."""
        self._means = means
        self._effort = effort
        self._body_cap = body_cap
        self._patient = patient
        self._keep = keep
        self._unless = unless
        self._chain: list[Recorded | None] = []
        self._jar: aiohttp.CookieJar | None = None  # most walks need none
        self._hops: list[Hop] = []
        self._spent_s = 0.0

    async def to_its_end(self, start: str, *, follow: bool = True) -> Landing:
        """Ask, and go where the answers lead. Raises NotNowError if a host wants to be left alone.

        Without `follow` the first redirect is the end, with its Location among the hops.
        """
        url = request_url(start)
        if url is None:
            return self._end(None, fault=Fault.BAD_URL, message="this is not a URL")
        seen: set[tuple[str, str]] = set()
        while True:
            if outside_dns(name_of(url)):
                why = "this name lives outside the public name system"
                return self._end(url, fault=Fault.RESOLVER, message=why)
            cookies = self._cookies(url)
            state = (url, str(cookies))
            if state in seen:
                why = "the redirects lead round in a circle"
                return self._end(url, fault=Fault.REDIRECT_LOOP, message=why)
            seen.add(state)
            reply = await self._ask_patiently(url, cookies)
            if isinstance(reply, RequestFault):
                return self._end(url, fault=reply.fault, message=reply.message)
            if self._keep is not None:
                self._chain.append(reply.recorded)
            if reply.status == HTTPStatus.NOT_MODIFIED and self._conditions(url):
                return self._end(url, answer=reply, unchanged=True)
            if not 300 <= reply.status < 400:
                return self._end(url, answer=reply)
            target = resolve(url, reply.location) if reply.location else None
            if reply.status not in _FOLLOWED or target is None:
                why = "a redirect that does not say where to"
                return self._end(url, answer=reply, fault=Fault.BAD_REDIRECT, message=why)
            following = request_url(target)
            self._hops.append(Hop(url=url, status=reply.status, location=target))
            if following is None:
                why = f"a redirect to something that is not a web page: {target[:200]}"
                return self._end(url, answer=reply, fault=Fault.BAD_REDIRECT, message=why)
            if len(self._hops) > self._means.max_redirects:
                why = f"more than {self._means.max_redirects} redirects"
                return self._end(url, answer=reply, fault=Fault.REDIRECT_LOOP, message=why)
            if not follow:
                return self._end(url, answer=reply)
            self._keep_cookies(url, reply)
            url = following

    async def _ask_patiently(self, url: str, cookies: dict[str, str]) -> Answer | RequestFault:
        means = self._means

        def again(reply: Answer | RequestFault) -> bool:
            if isinstance(reply, RequestFault):
                return reply.fault in _PASSING_FAULT
            return means.passes(url, reply)

        def hold_host(reply: Answer | RequestFault, wait_s: float) -> None:
            if isinstance(reply, Answer) and reply.status == 429:
                means.hosts.back_off(url, wait_s)

        host = host_of(url)
        conditional = bool(self._conditions(url))
        in_vain = means.in_vain.get(host, 0)
        patient = self._patient and in_vain < _IN_VAIN
        reply = await retrying(
            partial(self._ask, url, cookies),
            again=again,
            asked_s=partial(self._asked_s, url),
            policy=means.retry if patient else replace(means.retry, tries=1),
            clock=means.clock,
            before_wait=hold_host,
        )
        if conditional and isinstance(reply, Answer) and reply.status >= 400 and not again(reply):
            reply = await self._ask(url, cookies)
        if not self._patient:
            return reply
        if not again(reply):
            means.in_vain.pop(host, None)
        else:
            means.in_vain[host] = in_vain + 1
            if isinstance(reply, Answer) and reply.status == 429 and in_vain + 1 >= _IN_VAIN:
                means.hosts.back_off(url, _ENOUGH_S)  # its other links are left to another cycle
        return reply

    async def _ask(self, url: str, cookies: dict[str, str]) -> Answer | RequestFault:
        means = self._means
        clock = means.clock
        patience_s = means.retry.longest_wait_s if self._patient else 0.0
        # What was begun comes to its end first; what is asked besides has time.
        urgent = self._effort.urgent or (self._patient and self._effort.requests > 0)
        async with means.hosts.turn(url, patience_s=patience_s, urgent=urgent) as manners:
            chain = _TIMEOUTS_A_CHAIN if self._patient else 1
            left_s = chain * manners.timeout_s - self._spent_s
            if left_s <= 0:
                return RequestFault(Fault.TIMEOUT, "redirects and retries took too long")
            if self._effort.began is None:
                self._effort.began = clock.utc_now()
                if self._effort.sent is not None:
                    self._effort.sent()
            self._effort.requests += 1
            started_s = clock.monotonic_s()
            try:
                reply: Answer | RequestFault = await means.client.get(
                    url,
                    timeout_s=min(manners.timeout_s, left_s),
                    user_agent=manners.user_agent,
                    cookies=cookies,
                    conditions=self._conditions(url),
                    body_cap=self._body_cap,
                    keep=self._keep,
                )
            except RequestFault as fault:
                reply = fault
            spent_s = clock.monotonic_s() - started_s
            if isinstance(reply, Answer):
                spent_s = max(0.0, spent_s - reply.read_on_s)  # keeping a page costs it no credit
                if reply.status >= 400:
                    self._unless = None  # bad news are believed of plain questions only
            self._spent_s += spent_s
        if self._effort.heard is not None and isinstance(reply, Answer):
            self._effort.heard(url)
        asked_s = self._asked_s(url, reply)
        if asked_s:
            means.hosts.back_off(url, asked_s)  # the wish is the host's, not just this link's
        return reply

    def _conditions(self, url: str) -> Mapping[str, str]:
        unless = self._unless
        return unless.conditions if unless is not None and unless.url == url else NONE

    def _asked_s(self, url: str, reply: Answer | RequestFault) -> float | None:
        if isinstance(reply, RequestFault) or not self._means.passes(url, reply):
            return None
        return retry_after_s(reply.retry_after, self._means.clock.utc_now())

    def _cookies(self, url: str) -> dict[str, str]:
        if self._jar is None:
            return {}
        sent = self._jar.filter_cookies(URL(url, encoded=True))
        return {name: morsel.coded_value for name, morsel in sent.items()}

    def _keep_cookies(self, url: str, reply: Answer) -> None:
        if not reply.cookies:
            return
        if self._jar is None:  # unsafe: browsers keep cookies of numeric hosts too
            self._jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        kept = SimpleCookie()
        for name, morsel in reply.cookies.items():
            domain = morsel["domain"].strip(".").lower()
            if domain and "." not in domain and domain != name_of(url):
                continue  # for a whole top-level domain: browsers refuse
            raw = morsel.coded_value  # with its quotes: the jar would send them as it likes
            try:  # not set(), which refuses names such as `a[b]` that sites do use
                state = {"key": name, "value": raw, "coded_value": raw}
                morsel.__setstate__(state)  # type: ignore[attr-defined]  # not in typeshed
            except CookieError:
                continue
            kept[name] = morsel
        self._jar.update_cookies(kept, URL(url, encoded=True))

    def _end(
        self,
        url: str | None,
        *,
        answer: Answer | None = None,
        fault: Fault | None = None,
        message: str = "",
        unchanged: bool = False,
    ) -> Landing:
        whole = [recorded for recorded in self._chain if recorded is not None]
        return Landing(
            url=url,
            answer=answer,
            fault=fault,
            message=message,
            hops=tuple(self._hops),
            took_s=self._spent_s,
            chain=tuple(whole) if len(whole) == len(self._chain) else (),
            unchanged=unchanged,
        )
