"""What a final answer shows about itself: the signs that a page is not what was linked.

Every mark that is found is told, without weighing it: `evidence` knows which of them count.
A wall ends the search, for behind it there is nothing to see.
"""

from __future__ import annotations

from linkwatch.model import Mark
from linkwatch.web.logins import logins
from linkwatch.web.missing import missing
from linkwatch.web.parked import parking
from linkwatch.web.seen import Seen
from linkwatch.web.walls import challenges, weak_challenges

__all__ = ["Seen", "signs"]


def signs(seen: Seen) -> tuple[Mark, ...]:
    """All marks of one answer: walls, logins, parked domains, soft 404s, in this order."""
    walls = challenges(seen)
    if walls:
        return walls
    gates = logins(seen)
    elsewhere = () if gates else missing(seen)  # who is sent to a login is not sent home
    return (*weak_challenges(seen), *gates, *parking(seen), *elsewhere)
