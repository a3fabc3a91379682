"""One link -> one CheckResult: the requests, hops and retries that a browser would need.

Only GET is used: HEAD lies both ways, and a GET whose body is capped tells the truth in one round
trip. Every hop is a request of its own, so each passes the guard and waits for its host's turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie

import aiohttp
from yarl import URL

from linkwatch.clock import Clock
from linkwatch.model import CheckResult, Fault, Hop
from linkwatch.web.client import Answer, Client, RequestFault
from linkwatch.web.guard import outside_dns
from linkwatch.web.hosts import Hosts
from linkwatch.web.retry import RetryPolicy, retry_after_s, retrying
from linkwatch.web.url import host_of, name_of, request_url, resolve

_FOLLOWED = frozenset({301, 302, 303, 307, 308})
_PASSING_STATUS = frozenset({408, 425, 429, 502, 503, 504})
_PASSING_FAULT = frozenset({Fault.RESET})
_TIMEOUTS_A_CHAIN = 3
_IN_VAIN = 3  # checks in a row at one host whose retries led nowhere; the next ones have none
_ENOUGH_S = 900.0  # for a host that says "too many requests" to all of those, and not how long


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """What every check of one cycle shares."""

    client: Client
    hosts: Hosts
    clock: Clock
    max_redirects: int
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    in_vain: dict[str, int] = field(default_factory=dict)  # by host, see _IN_VAIN

    async def check(self, link: str, heard: Callable[[str], None] | None = None) -> CheckResult:
        """Find out how one link stands. Raises NotNowError if its host wants to be left alone.

        `heard` is told the URL of every answer on the way, whatever its status.
        """
        return await _Check(self, link, heard).run()


class _Check:
    """The state of one check: where it is, what it carries, what it has spent."""

    def __init__(self, shared: Fetcher, link: str, heard: Callable[[str], None] | None) -> None:
        self._shared = shared
        self._heard = heard
        self._link = link
        self._jar: aiohttp.CookieJar | None = None  # one a check; most checks need none
        self._hops: list[Hop] = []
        self._attempts = 0
        self._spent_s = 0.0
        self._started_at: datetime | None = None

    async def run(self) -> CheckResult:
        url = request_url(self._link)
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
            if len(self._hops) > self._shared.max_redirects:
                why = f"more than {self._shared.max_redirects} redirects"
                return self._end(url, answer=reply, fault=Fault.REDIRECT_LOOP, message=why)
            self._keep_cookies(url, reply)
            url = following

    async def _ask_patiently(self, url: str, cookies: dict[str, str]) -> Answer | RequestFault:
        shared = self._shared

        def again(reply: Answer | RequestFault) -> bool:
            if isinstance(reply, RequestFault):
                return reply.fault in _PASSING_FAULT
            return reply.status in _PASSING_STATUS

        def hold_host(reply: Answer | RequestFault, wait_s: float) -> None:
            if isinstance(reply, Answer) and reply.status == 429:
                shared.hosts.back_off(url, wait_s)

        host = host_of(url)
        in_vain = shared.in_vain.get(host, 0)
        reply = await retrying(
            partial(self._ask, url, cookies),
            again=again,
            asked_s=self._asked_s,
            policy=shared.retry if in_vain < _IN_VAIN else replace(shared.retry, tries=1),
            clock=shared.clock,
            before_wait=hold_host,
        )
        if not again(reply):
            shared.in_vain.pop(host, None)
        else:
            shared.in_vain[host] = in_vain + 1
            if isinstance(reply, Answer) and reply.status == 429 and in_vain + 1 >= _IN_VAIN:
                shared.hosts.back_off(url, _ENOUGH_S)  # its other links are left to another cycle
        return reply

    async def _ask(self, url: str, cookies: dict[str, str]) -> Answer | RequestFault:
        shared = self._shared
        clock = shared.clock
        async with shared.hosts.turn(url, patience_s=shared.retry.longest_wait_s) as manners:
            left_s = _TIMEOUTS_A_CHAIN * manners.timeout_s - self._spent_s
            if left_s <= 0:
                return RequestFault(Fault.TIMEOUT, "redirects and retries took too long")
            self._started_at = self._started_at or clock.utc_now()
            self._attempts += 1
            started_s = clock.monotonic_s()
            try:
                reply: Answer | RequestFault = await shared.client.get(
                    url,
                    timeout_s=min(manners.timeout_s, left_s),
                    user_agent=manners.user_agent,
                    cookies=cookies,
                )
            except RequestFault as fault:
                reply = fault
            self._spent_s += clock.monotonic_s() - started_s
        if self._heard is not None and isinstance(reply, Answer):
            self._heard(url)
        asked_s = self._asked_s(reply)
        if asked_s:
            shared.hosts.back_off(url, asked_s)  # the wish is the host's, not just this link's
        return reply

    def _asked_s(self, reply: Answer | RequestFault) -> float | None:
        if isinstance(reply, RequestFault) or reply.status not in _PASSING_STATUS:
            return None
        return retry_after_s(reply.retry_after, self._shared.clock.utc_now())

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
    ) -> CheckResult:
        body = answer.body if answer else b""
        return CheckResult(
            url=self._link,
            at=self._started_at or self._shared.clock.utc_now(),
            elapsed_ms=round(self._spent_s * 1000),
            status=answer.status if answer else None,
            fault=fault,
            message=message,
            final_url=url,
            hops=tuple(self._hops),
            attempts=self._attempts,
            remark=answer.remark if answer else None,
            size=len(body) if answer else None,
            digest=blake2b(body, digest_size=16).hexdigest() if body else None,
        )
