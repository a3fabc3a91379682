"""Sites that change their mind from week to week."""

from __future__ import annotations

from linkwatch.model import Reason
from tests.difficult.servers import FAILING, RESET
from tests.difficult.sites import MISSING, good, page, site, weekly
from tests.fakes.web import NEVER, Reply

DOWN = page("Down for maintenance", "<p>Back soon.</p>", status=503)
FORBIDDEN = page("Forbidden", status=403)
GONE = page("Gone", status=410)

SITES = (
    site(
        "down-for-a-week",
        "503 in the second week only",
        weekly(good, DOWN, good),
        "alive suspect alive alive",
        reason=Reason.SERVER_ERROR,
    ),
    site(
        "down-at-first",
        "503 in the first week only",
        weekly(DOWN, good),
        "suspect alive alive alive",
        reason=Reason.SERVER_ERROR,
    ),
    site(
        "flaps",
        "fine, down, fine, down",
        weekly(good, DOWN, good, DOWN),
        "alive suspect alive suspect",
        reason=Reason.SERVER_ERROR,
    ),
    site(
        "missing-for-a-week",
        "404 in the second week only",
        weekly(good, MISSING, good),
        "alive suspect alive alive",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "deleted",
        "404 from the second week on",
        weekly(good, MISSING),
        "alive suspect suspect dead",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "withdrawn",
        "410 from the second week on",
        weekly(good, GONE),
        "alive suspect suspect dead",
        reason=Reason.GONE,
    ),
    site(
        "deleted-late",
        "404 in the last week",
        weekly(good, good, good, MISSING),
        "alive alive alive suspect",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "risen",
        "404 at first, and a week later the page",
        weekly(MISSING, good),
        "dead alive alive alive",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "refused-then-gone",
        "403 for two weeks, then 404: never seen alive",
        weekly(FORBIDDEN, FORBIDDEN, MISSING),
        "blocked blocked dead dead",
    ),
    site(
        "shut",
        "a page that was open, and then for members only",
        weekly(good, FORBIDDEN),
        "alive blocked blocked blocked",
        reason=Reason.FORBIDDEN,
        changed=None,
    ),
    site(
        "dead-then-refusing",
        "a refusal does not wake the dead",
        weekly(MISSING, FORBIDDEN),
        "dead",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "refusal-between",
        "a refusal between two failures neither counts nor clears",
        weekly(good, MISSING, FORBIDDEN, MISSING),
        "alive suspect blocked suspect",
    ),
    site(
        "failing-in-many-ways",
        "another failure each week is still a failure each week",
        weekly(DOWN, RESET, NEVER, Reply(raw=b"?\r\n\r\n")),
        FAILING,
        silent=True,
    ),
    site(
        "two-bad-weeks",
        "two bad weeks, twice, with a good one between",
        weekly(DOWN, DOWN, good, DOWN),
        "suspect suspect alive suspect",
        reason=Reason.SERVER_ERROR,
    ),
    site(
        "busy-then-gone",
        "429 for two weeks and then 410",
        weekly(page("Slow down", status=429), page("Slow down", status=429), GONE),
        "blocked blocked dead dead",
    ),
)
