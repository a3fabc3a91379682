"""Fragments that were on their pages once, and are no more."""

from __future__ import annotations

from linkwatch.history.store import Store


def missing(store: Store, *, link_id: int | None = None) -> frozenset[tuple[int, str]]:
    """Links and fragments: those that some check saw, and the last that looked did not.

    One that was never seen is not among them: many are made by scripts.
    """
    rows = store.rows(
        """select checks.link_id, anchors.fragment, max(anchors.present) as seen,
                  max(case when anchors.present then checks.id end) as last_seen,
                  max(checks.id) as last_asked
           from anchors
           join checks on checks.id = anchors.check_id
           join cycles on cycles.id = checks.cycle_id
           where cycles.void is null and (:link is null or checks.link_id = :link)
           group by checks.link_id, anchors.fragment
           having seen = 1 and last_asked > last_seen""",
        {"link": link_id},
    )
    return frozenset((row["link_id"], row["fragment"]) for row in rows)
