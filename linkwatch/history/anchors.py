"""Fragments that were on their pages once, and are no more."""

from __future__ import annotations

from linkwatch.history.store import Store

# cross: in this very order. Most fragments are there, so those that were not found come first.
_OF_ALL = "anchors cross join checks on checks.id = anchors.check_id"
_OF_ONE = "checks cross join anchors on anchors.check_id = checks.id and checks.link_id = :link"


def missing(store: Store, *, link_id: int | None = None) -> frozenset[tuple[int, str]]:
    """Links and fragments: those that some check saw, and the last that looked did not.

    One that was never seen is not among them: many are made by scripts.
    """
    rows = store.rows(
        f"""with lost (link_id, fragment, check_id) as (
                select checks.link_id, anchors.fragment, max(checks.id)
                from {_OF_ALL if link_id is None else _OF_ONE}
                join cycles on cycles.id = checks.cycle_id
                where anchors.present = 0 and cycles.judged = 1 and cycles.void is null
                group by checks.link_id, anchors.fragment)
            select lost.link_id, lost.fragment
            from lost cross join checks on checks.link_id = lost.link_id
            cross join anchors on anchors.check_id = checks.id
                and anchors.fragment = lost.fragment
            join cycles on cycles.id = checks.cycle_id
            where cycles.judged = 1 and cycles.void is null
            group by lost.link_id, lost.fragment
            having max(anchors.present) = 1 and max(checks.id) = max(lost.check_id)""",  # noqa: S608 - our own text
        {"link": link_id},
    )
    return frozenset((row["link_id"], row["fragment"]) for row in rows)
