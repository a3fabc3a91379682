"""Which dead links still want an answer of the archives, and when they were cited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CitedFrom, Wanted

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_PAGE = datetime(1991, 8, 6, tzinfo=UTC)  # of the web; unpacked files may be "from 1970"


def bereft(store: Store, now: datetime) -> list[Wanted]:
    """Dead links that were never asked about, or whose answer has run out.

    Cited when we first saw the link, or when the oldest of the notes that name it was last
    written, if that was earlier: it had the link by then.
    """
    found = []
    for row in store.rows(
        """select links.url, links.first_seen, links.since,
                  min(case when notes.mtime_ns >= :web then notes.mtime_ns end) as written_ns
           from links
           left join lookups on lookups.link_id = links.id
           left join mentions on mentions.link_id = links.id
           left join notes on notes.id = mentions.note_id
           where links.mentioned = 1 and links.state = 'dead'
           and (lookups.id is null or lookups.next_at <= :now)
           group by links.id order by links.id""",
        {"now": to_text(now), "web": _ns(_FIRST_PAGE)},
    ):
        first_seen = from_text(row["first_seen"])
        written_ns = row["written_ns"]
        by_file = written_ns is not None and written_ns < _ns(first_seen)
        written = _EPOCH + timedelta(microseconds=written_ns // 1000) if by_file else first_seen
        found.append(
            Wanted(
                url=row["url"],
                cited_at=written,
                cited_from=CitedFrom.FILE if by_file else CitedFrom.FIRST_SEEN,
                failed_at=from_text(row["since"]) if row["since"] else first_seen,
            )
        )
    return found


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def wanted_of(store: Store, url: str, now: datetime) -> Wanted | None:
    rows = store.rows("select * from links where url = ?", (url,))
    if not rows:
        return None
    seen = from_text(rows[0]["first_seen"])
    since = rows[0]["since"] if rows[0]["state"] in ("dead", "suspect") else None
    return Wanted(
        url=url,
        cited_at=seen,
        cited_from=CitedFrom.FIRST_SEEN,
        failed_at=from_text(since) if since else now,
    )
