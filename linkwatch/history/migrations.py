"""The schema, as a list of named steps. A step that has landed is never edited.

Times are ISO 8601 UTC text with milliseconds, so that they sort as they follow each other;
durations are `…_ms`. Foreign keys are named `<table>_id`.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("linkwatch")


@migrations(name="0001_first_tables")
def first_tables(db: Database) -> None:
    """Notes and where they name links; cycles, their checks, their hops; snapshots."""
    db.table("notes").create(
        {
            "id": int,
            "root": str,  # the notes path it was found under, as configured
            "path": str,  # relative to the root
            "size": int,
            "mtime_ns": int,
            "extractor": str,  # version and options it was last read with
        },
        pk="id",
        not_null={"root", "path"},
    )
    db.table("notes").create_index(["root", "path"], unique=True)
    db.table("links").create(
        {
            "id": int,
            "url": str,
            "host": str,  # name:port
            "first_seen": str,
            "mentioned": int,  # 1 if some note mentions it today
            # The last verdict, as a cache: `policy` is the digest of the policy it was made under.
            "state": str,
            "reason": str,
            "since": str,
            "detail": str,
            "policy": str,
            "last_check_id": int,  # the latest check the verdict took into account
            "last_check": str,  # when it was last really asked, in a valid cycle
            "next_check": str,  # NULL: now
            "checks": int,  # valid ones, inferred ones not counted
        },
        pk="id",
        not_null={"url", "host", "first_seen"},
        defaults={"mentioned": 0, "state": "unchecked", "reason": "unchecked", "checks": 0},
    )
    db.table("links").create_index(["url"], unique=True)
    db.table("links").create_index(["mentioned", "next_check"])
    db.table("mentions").create(
        {
            "id": int,
            "note_id": int,
            "link_id": int,
            "line": int,
            "column": int,
            "start": int,  # byte offsets in the note's file
            "end": int,
            "url": str,  # as meant, with its fragment
            "text": str,  # as written
            "kind": str,
        },
        pk="id",
        foreign_keys=[("note_id", "notes", "id"), ("link_id", "links", "id")],
    )
    db.table("mentions").create_index(["note_id"])
    db.table("mentions").create_index(["link_id"])
    db.table("cycles").create(
        {
            "id": int,
            "started_at": str,
            "finished_at": str,
            "ending": str,  # running, finished, aborted
            "void": str,  # why its checks are not judged; NULL: they are
            "judged": int,
            "checked": int,
            "dead": int,
            "suspect": int,
            "blocked": int,
            "moved": int,
            "unchecked": int,
            "skipped": int,
            "alive": int,
        },
        pk="id",
        not_null={"started_at", "ending"},
        defaults={"judged": 0, "checked": 0},
    )
    db.table("checks").create(
        {
            "id": int,
            "link_id": int,
            "cycle_id": int,
            "at": str,
            "elapsed_ms": int,
            "status": int,
            "fault": str,
            "message": str,
            "final_url": str,
            "attempts": int,
            "inferred": int,
            "confirmed": int,
            "remark": str,
            "size": int,
            "digest": str,
        },
        pk="id",
        foreign_keys=[("link_id", "links", "id"), ("cycle_id", "cycles", "id")],
    )
    db.table("checks").create_index(["link_id", "cycle_id"], unique=True)
    db.table("checks").create_index(["cycle_id"])
    db.table("hops").create(
        {
            "id": int,
            "check_id": int,
            "position": int,  # 1-based
            "url": str,
            "status": int,
            "location": str,
        },
        pk="id",
        foreign_keys=[("check_id", "checks", "id")],
    )
    db.table("hops").create_index(["check_id"])
    db.table("snapshots").create(
        {
            "id": int,
            "link_id": int,
            "archive": str,
            "timestamp": str,
            "url": str,
            "status": int,
            "verified": int,
            "found_at": str,
        },
        pk="id",
        foreign_keys=[("link_id", "links", "id")],
    )
    db.table("snapshots").create_index(["link_id"])
    db.table("lookups").create(
        {
            "id": int,
            "link_id": int,
            "outcome": str,
            "asked_at": str,
            "next_at": str,  # when asking again makes sense
            "cited_at": str,
            "cited_from": str,
            "detail": str,
            "snapshot_id": int,
        },
        pk="id",
        foreign_keys=[("link_id", "links", "id"), ("snapshot_id", "snapshots", "id")],
    )
    db.table("lookups").create_index(["link_id"], unique=True)
    db.table("changes").create(
        {
            "id": int,
            "cycle_id": int,
            "link_id": int,
            "before": str,
            "after": str,  # NULL: no note mentions it any more
            "reason": str,
            "detail": str,
        },
        pk="id",
        foreign_keys=[("cycle_id", "cycles", "id"), ("link_id", "links", "id")],
    )
    db.table("changes").create_index(["cycle_id", "link_id"], unique=True)
    db.table("hosts").create(
        {"host": str, "not_before": str},  # a Retry-After that outlives the cycle
        pk="host",
    )
    db.create_view(
        "link_status",
        """
        select links.url, links.state, links.reason, links.since, links.last_check,
               links.next_check, count(mentions.id) as mentions
        from links left join mentions on mentions.link_id = links.id
        group by links.id
        """,
    )


@migrations(name="0002_what_pages_show")
def what_pages_show(db: Database) -> None:
    """What a page says about itself, what people say about links, what a host taught us."""
    checks = db.table("checks")
    checks.add_column("marks", str)  # "sign:by sign:by"
    checks.add_column("title", str)
    checks.add_column("length", int)  # of the text, in characters
    checks.add_column("sketch", bytes)  # a similarity hash of the text's words
    checks.add_column("probe", str)  # the better question asked instead, and what it said
    checks.add_column("says", str)
    db.table("anchors").create(
        {"id": int, "check_id": int, "fragment": str, "present": int},
        pk="id",
        foreign_keys=[("check_id", "checks", "id")],
    )
    db.table("anchors").create_index(["check_id"])
    db.execute("create index anchors_missing on anchors (check_id, fragment) where present = 0")
    links = db.table("links")
    links.add_column("good_check_id", int)  # the last healthy one, to compare pages with
    links.add_column("changed_at", str)  # the page became another: when, and both titles
    links.add_column("changed_from", str)
    links.add_column("changed_to", str)
    links.add_column("recoveries", int, not_null_default=0)  # failed and came back, of late
    mentions = db.table("mentions")
    mentions.add_column("pardoned", int, not_null_default=0)  # a comment beside it says so
    mentions.add_column("pardoned_until", str)  # a date: the first day on which it is over
    mentions.add_column("pardoned_because", str)
    db.execute("create index mentions_pardoned on mentions (link_id) where pardoned = 1")
    db.table("siblings").create(
        {
            "host": str,  # name:port, a slash, and the first folder of the link
            "asked_at": str,
            "candour": str,  # its answer to a made-up address: honest, same, other, unclear
        },
        pk="host",
    )
    db.table("ignores").create(
        {
            "id": int,
            "url": str,  # one link; or
            "pattern": str,  # every link that it matches
            "until": str,  # a date
            "because": str,
            "created_at": str,
        },
        pk="id",
    )
    db.table("ignored").create(
        {
            "id": int,
            "ignore_id": int,  # NULL: by comments in the notes
            "link_id": int,
            "weight": str,  # the evidence it was ignored for: another kind speaks up
            "reason": str,
            "state": str,  # and how it stood then: one that died since speaks up
        },
        pk="id",
        foreign_keys=[("ignore_id", "ignores", "id"), ("link_id", "links", "id")],
    )
    db.table("ignored").create_index(["link_id", "ignore_id"])
    # What comments beside mentions say, as of the last scan: one that is new begins anew.
    db.table("pardons").create(
        {"id": int, "link_id": int, "until": str, "because": str},
        pk="id",
        foreign_keys=[("link_id", "links", "id")],
    )
    db.table("pardons").create_index(["link_id"])
    db.table("testimonies").create(
        {"id": int, "link_id": int, "at": str, "until": str, "because": str},
        pk="id",
        foreign_keys=[("link_id", "links", "id")],
    )
    db.table("testimonies").create_index(["link_id"])


@migrations(name="0003_copies_that_were_opened")
def copies_that_were_opened(db: Database) -> None:
    """Why a copy will not do; how much each archive was asked. Copies found so far get opened."""
    db.table("snapshots").add_column("flaw", str, not_null_default="")
    db.table("lookups").add_column("tried", int, not_null_default=0)
    db.execute("update lookups set next_at = asked_at where outcome = 'found'")
    db.table("paces").create(
        {
            "archive": str,  # its host name
            "stops": int,  # in a row
            "stopped_until": str,
            "stopped_for": str,  # the outcome that it has meanwhile
            "detail": str,
            "asked": str,  # JSON: when each service was asked in the last minute
            "resting": str,  # JSON: services that are left alone: until when, outcome, why
        },
        pk="archive",
        not_null={"asked", "resting"},
        defaults={"stops": 0},
    )


@migrations(name="0004_archived_links")
def archived_links(db: Database) -> None:
    """Links that are copies in an archive, and the originals that are watched for their sake."""
    checks = db.table("checks")
    checks.add_column("memento", str)  # the answer is an archived one, of then
    checks.add_column("original", str)  # of which link, where the copy's address does not tell
    db.execute("create index checks_original on checks (link_id) where original is not null")
    links = db.table("links")
    links.add_column("original_id", int)  # the link that this one is a copy of
    links.add_column("watched", int, not_null_default=0)  # 1 if notes mention a copy of it
    links.add_column("lives_at", str)  # of a watched one: the check that made sure that it lives
    db.execute("create index links_original on links (original_id) where original_id is not null")
    db.execute("create index links_watched on links (id) where watched = 1")


@migrations(name="0005_local_copies")
def local_copies(db: Database) -> None:
    """Pages kept on this machine; a row for every file below `copies/`."""
    copies = db.table("copies")
    copies.create(
        {
            "id": int,
            "link_id": int,
            "cycle_id": int,  # whose check brought it
            "at": str,
            "seen_at": str,  # when a check last brought the same bytes
            "path": str,  # relative to the database's folder
            "digest": str,  # of the payload: SHA-1 in base32
            "size_bytes": int,  # of the file
            "length": int,  # of the payload, in bytes
            "status": int,
            "content_type": str,
            "title": str,
            "pending": int,  # 1 until its cycle was judged: it may be void, and the copy no good
        },
        pk="id",
        foreign_keys=[("link_id", "links", "id"), ("cycle_id", "cycles", "id")],
        not_null={"at", "seen_at", "path", "digest", "size_bytes", "length", "status"},
        defaults={"pending": 1},
    )
    copies.create_index(["link_id"])
    copies.create_index(["path"], unique=True)
    db.execute("create index copies_pending on copies (cycle_id) where pending = 1")


@migrations(name="0006_citations")
def citations(db: Database) -> None:
    """When notes took their links: by their own words, and by git."""
    mentions = db.table("mentions")
    mentions.add_column("cited_at", str)  # by the note's own words; NULL: it says nothing
    mentions.add_column("cited_from", str)
    # What git said, once and for all, of the links of a note.
    db.table("commits").create(
        {
            "id": int,
            "note_id": int,
            "link_id": int,
            "authored_at": str,  # of the commit that brought the link in; NULL: there is none
        },
        pk="id",
        foreign_keys=[("note_id", "notes", "id"), ("link_id", "links", "id")],
    )
    db.table("commits").create_index(["note_id", "link_id"], unique=True)


@migrations(name="0007_pages_to_be_saved")
def pages_to_be_saved(db: Database) -> None:
    """Links on their way into an archive, one row each."""
    db.table("saves").create(
        {
            "id": int,
            "link_id": int,
            "state": str,  # queued, submitted, done, refused, lost
            "why": str,
            "queued_at": str,
            "next_at": str,  # NULL: never
            "submitted_at": str,
            "starts_at": str,
            "counts_from": str,  # a copy from then on is the one that was asked for
            "job_id": str,
            "attempts": int,
            "attempts_that_day": int,  # on the day (UTC) of submitted_at
            "code": str,
            "detail": str,
            "copy_at": str,  # the copy to be opened: its timestamp
            "copy_of": str,  # and the page it was made of
            "snapshot_id": int,
        },
        pk="id",
        foreign_keys=[("link_id", "links", "id"), ("snapshot_id", "snapshots", "id")],
        not_null={"link_id", "state", "why", "queued_at"},
        defaults={"attempts": 0, "attempts_that_day": 0, "code": "", "detail": ""},
    )
    db.table("saves").create_index(["link_id"], unique=True)
    db.table("saves").create_index(["state", "next_at"])


@migrations(name="0008_conditional_requests")
def conditional_requests(db: Database) -> None:
    """What to ask a server with whether a page has changed, and when it was last really read."""
    checks = db.table("checks")
    checks.add_column("etag", str)
    checks.add_column("last_modified", str)
    checks.add_column("read_at", str)  # NULL: by this very check


@migrations(name="0009_flat")
def flat(db: Database) -> None:
    """What a cycle or a report asks is found through an index, however much history there is."""
    db.table("links").add_column("detour", int, not_null_default=0)  # 1: see `verdicts.Judged`
    db.execute(
        """update links set detour = 1 where id in (
               select link_id from hops join checks on checks.id = hops.check_id
               where hops.status not in (301, 308) and checks.fault is null
               and checks.status between 200 and 299)
           and last_check_id in (
               select check_id from hops join checks on checks.id = hops.check_id
               where hops.status not in (301, 308) and checks.fault is null
               and checks.status between 200 and 299)"""
    )
    db.table("covered").create(  # the links that a pattern matches, mentioned or not
        {"id": int, "ignore_id": int, "link_id": int},
        pk="id",
        foreign_keys=[("ignore_id", "ignores", "id"), ("link_id", "links", "id")],
    )
    db.table("covered").create_index(["ignore_id", "link_id"], unique=True)
    ignores = db.table("ignores")
    ignores.add_column("covered_up_to", int, not_null_default=0)  # links.id: those it was held to
    for index in (
        "links_by_state on links (state, url) where mentioned = 1",
        """links_due on links (next_check, mentioned)
               where (mentioned = 1 or watched = 1) and state != 'skipped'""",
        """links_asked on links (last_check)
               where mentioned = 1 and state in ('alive', 'moved', 'blocked')""",
        "links_policy on links (policy)",
        "links_detour on links (host) where detour = 1",
        "links_unsteady on links (host) where recoveries >= 3",
        "links_drifted on links (id) where changed_at is not null and mentioned = 1",
        """links_archived on links (id)
               where instr(host, 'archive.') > 0 or instr(host, 'perma.cc') > 0""",
        "cycles_unjudged on cycles (id) where judged = 0",
        "snapshots_verified on snapshots (link_id) where verified = 1",
        "copies_good on copies (link_id) where pending = 0",
    ):
        db.execute(f"create index {index}")
    db.execute("drop index idx_links_mentioned_next_check")


@migrations(name="0010_retention")
def retention(db: Database) -> None:
    """What stands in place of old checks that said the same as others."""
    rollups = db.table("rollups")
    rollups.create(
        {
            "id": int,
            "link_id": int,
            "check_id": int,  # the first that said the same, and stays; NULL: of void cycles
            "month": str,  # of the checks: 2026-01
            "checks": int,  # how many they were
            "first_at": str,
            "last_at": str,
            "least_elapsed_ms": int,
            "mean_elapsed_ms": int,
            "most_elapsed_ms": int,
        },
        pk="id",
        foreign_keys=[("link_id", "links", "id"), ("check_id", "checks", "id")],
        not_null={"link_id", "month", "checks", "first_at", "last_at"},
    )
    rollups.create_index(["link_id"])
    rollups.create_index(["check_id", "month"], unique=True)
    links = db.table("links")
    links.add_column("rolled_up_to", int, not_null_default=0)  # cycles up to this were looked at
    db.execute("create index copies_cycle on copies (cycle_id)")  # before an old cycle goes


@migrations(name="0011_settled")
def settled(db: Database) -> None:
    """On what basis all that rests on mentions was last brought up to date; empty: it was not."""
    db.table("settled").create({"basis": str}, not_null={"basis"})
