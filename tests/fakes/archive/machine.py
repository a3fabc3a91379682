"""The Wayback Machine on loopback."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Literal

from aiohttp import web

from linkwatch.clock import Clock
from tests.fakes.archive.availability import Availability
from tests.fakes.archive.illness import Answer
from tests.fakes.archive.index import Index
from tests.fakes.archive.log import Service
from tests.fakes.archive.playback import Playback, service_of, wish_of
from tests.fakes.archive.replies import BLOCKED, ROBOTS
from tests.fakes.archive.rows import Holdings
from tests.fakes.archive.saving import Account, Job, SavePageNow, Saving, plan_of, wanted_by_get
from tests.fakes.archive.server import BODY, FORM, Loopback, Route
from tests.fakes.archive.timemap import TimeMap, asked_about


class FakeArchive(Loopback):
    """The archive. All methods may be called from any thread, at any time."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        clock: Clock | None = None,
        slash: Literal["apart", "same"] = "apart",
        keys: dict[str, str] | None = None,
    ) -> None:
        """`slash`: whether a slash at the end makes another URL. `keys`: access to secret.

        Without `keys`, any pair of them may save.
        """
        super().__init__(tls=tls, port=port, clock=clock)
        self._holdings = Holdings(self.clock, slash_same=slash == "same")
        self._availability = Availability(self._holdings)
        self._index = Index(self._holdings)
        self.playback = Playback(self._holdings, lambda: self.url)
        self.timemap = TimeMap(self._holdings, lambda: self.url)
        self._saving = SavePageNow(self._holdings, self.clock, lambda: self.url, keys)

    # Where it is; `url` is the base of all but availability: `archive.wayback_url`

    @property
    def availability_url(self) -> str:
        return f"{self.url}/wayback/available"

    @property
    def timemap_url(self) -> str:
        """To be followed by a URL."""
        return f"{self.url}/web/timemap/link/"

    @property
    def save_url(self) -> str:
        return f"{self.url}/save"

    # What it holds

    def capture(
        self,
        url: str,
        timestamp: str,
        *,
        status: int = 200,
        mimetype: str = "text/html",
        body: bytes | None = None,
        revisit: bool = False,
        location: str | None = None,
        headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
        playable: bool = True,
    ) -> None:
        """The archive holds a copy of `url`, taken at `timestamp` (14 digits).

        `location` and `headers` are the site's own. `encoding`: the body is stored packed by gzip,
        and played back under this Content-Encoding: "gzip", or "" as the real one was seen to.
        Not `playable`: the index lists it, and playback leads to another.
        """
        self._holdings.add(
            url,
            timestamp,
            status=status,
            mimetype=mimetype,
            body=body,
            revisit=revisit,
            location=location,
            headers=headers,
            encoding=encoding,
            playable=playable,
        )

    def blind(self, url: str, *, this_form: bool = False) -> None:
        """Availability says `{}` of this URL, whatever is archived, as it does now and then.

        `this_form`: only where it is spelt so; of its http form it may know more than of https.
        """
        self._holdings.blind.add(url if this_form else self._holdings.key(url))

    def block(self, url: str, *, robots: bool = False) -> None:
        """The host of this URL is excluded: the index says so in its own words."""
        self._holdings.blocked[self._holdings.host(url)] = ROBOTS if robots else BLOCKED

    def outage(self) -> None:
        """All of it is ill as in the outage of 2026-08, until it is `well` again.

        Then too, connections were refused now and then: that is `ill("refused")`.
        """
        self.ill("bare_404", service="save")
        self.ill("bare_404", service="status")
        self.ill("502", service="availability")
        shut: list[Service] = ["cdx", "timemap", "playback", "timegate"]
        for service in shut:
            self.ill("503", service=service)

    # Saving

    @property
    def account(self) -> Account:
        """Limits of saving; they may be changed."""
        return self._saving.account

    @property
    def save_page_now(self) -> SavePageNow:
        return self._saving

    @property
    def jobs(self) -> list[Job]:
        """Every submission that was accepted, oldest first."""
        return list(self._saving.jobs)

    @property
    def forms(self) -> list[dict[str, str]]:
        """The fields of every submission that came, whatever became of it."""
        return [a.form for a in self.log if a.service == "save" and a.method == "POST"]

    def saving(
        self,
        url: str,
        outcome: Saving = "success",
        *,
        status_ext: str = "",
        message: str | None = None,
        starts_in_s: float | None = None,
        takes_s: float = 33.0,
        final_url: str | None = None,
        status: int = 200,
        body: bytes | None = None,
        times: int | None = None,
    ) -> None:
        """What becomes of captures of `url`: of so many, then what is said next.

        `status` and `body` are the page's own, `final_url` where it redirects to. What the
        service itself may suffer is `ill(..., service="save", url=url)`, with `done=True` where
        the capture is made all the same.
        """
        plan = plan_of(
            outcome,
            status_ext=status_ext,
            message=message,
            starts_in_s=starts_in_s,
            takes_s=takes_s,
            final_url=final_url,
            status=status,
            body=body,
            times=times,
        )
        self._saving.plans.setdefault(self._holdings.key(url), []).append(plan)

    # The server

    def _routes(self) -> list[Route]:
        def of_query(request: web.Request) -> str:
            return request.query.get("url", "")

        def of_form(request: web.Request) -> str:
            return request[FORM].get("url", "")

        def in_bulk(request: web.Request) -> web.Response:
            return self._availability.many(request, request[BODY])

        saving = self._saving
        available = "/wayback/available"
        return [
            _route("GET", available, "availability", self._availability.one, of_query),
            _route("POST", available, "availability", in_bulk, of_query),
            _route("GET", "/cdx/search/cdx", "cdx", self._index.answer, of_query),
            _route("GET", "/web/timemap/link/{r:.*}", "timemap", self.timemap.answer, asked_about),
            Route(
                method="GET",
                path="/web/{rest:.*}",
                service=service_of,
                answer=self.playback.answer,
                subject=lambda request: wish_of(request).url,
            ),
            _route("POST", "/save{slash:/?}", "save", saving.submit, of_form),
            _route("POST", "/save/status", "status", saving.statuses, saving.subject),
            _route("GET", "/save/status/user", "status", saving.user, saving.subject),
            _route("GET", "/save/status/system", "status", saving.system_status, saving.subject),
            _route("GET", "/save/status/{job}", "status", saving.status, saving.subject),
            _route("GET", "/save/{rest:.+}", "save", saving.submit_by_get, wanted_by_get),
        ]


def _route(
    method: str,
    path: str,
    service: Service,
    answer: Answer,
    subject: Callable[[web.Request], str],
) -> Route:
    return Route(method=method, path=path, service=service, answer=answer, subject=subject)
