"""What `explain`, `status` and `archive status` tell, from history alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from linkwatch.archive.pace import OTHER_BUDGETS, WAYBACK_BUDGETS
from linkwatch.config import Config
from linkwatch.errors import LinkwatchError
from linkwatch.evidence import weigh
from linkwatch.history import outlook
from linkwatch.history.copies import copies_of, local_total
from linkwatch.history.hosts import not_before
from linkwatch.history.ledger import KnownCheck, read_link
from linkwatch.history.paces import read_paces
from linkwatch.history.rollups import rolled_up
from linkwatch.history.saves import queue_overview, saves_of
from linkwatch.history.snapshots import coverage
from linkwatch.history.store import Store, is_locked
from linkwatch.history.verdicts import cases_of
from linkwatch.model import KeptPace, RolledUp, Testimony
from linkwatch.report.archives import ArchivesStatus, Asked
from linkwatch.report.explain import StoredCheck, StoredRollup, Story
from linkwatch.report.status import CYCLES, Status
from linkwatch.verdict import Policy, judge, rule, skipped, stages
from linkwatch.web.url import link_of, name_of
from linkwatch.wiring import places_of, policy_of

_MINUTE = timedelta(minutes=1)


def story_of(config: Config, url: str) -> Story:
    """All that history knows of a URL, in any spelling that means the same link.

    Raises StoreError without a history, LinkwatchError for a URL it does not know.
    """
    policy = policy_of(config)
    with Store(config.database, must_exist=True) as store:
        names, paths = places_of(store, config)
        rolled = rolled_up(store, link_of(url))
        found = read_link(store, link_of(url), names=names, paths=paths)
        copies = copies_of(store, link_of(url))
        save = saves_of(store, [link_of(url)]).get(link_of(url))
        words = next((case.words for case in cases_of(store, [link_of(url)])), ())
    if found is None:
        raise LinkwatchError(f"History knows no link {link_of(url)}: no note has mentioned it.")
    record, checks = found
    valid = [check.result for check in checks if not check.void]
    out = skipped(record.url, policy)
    verdict = out or (judge(valid, policy, words) if valid or words else record.verdict)
    told = tuple(_told(checks, policy, words))
    return Story(
        link=replace(record, verdict=verdict),
        rule=None if out else rule(valid, policy, words),
        checks=told,
        rollups=tuple(_rollups(rolled, told)),
        words=words,
        copies=tuple(copies),
        save=save,
        before=None if verdict.state is record.verdict.state else record.verdict.state,
    )


def _told(
    checks: Sequence[KnownCheck], policy: Policy, words: Sequence[Testimony]
) -> Iterator[StoredCheck]:
    """Each check with what it was worth, and how the link stood after it."""
    states = stages([check.result for check in checks if not check.void], policy, words)
    for check in checks:
        yield StoredCheck(
            result=check.result,
            cycle_id=check.cycle_id,
            void=check.void,
            evidence=weigh(check.result),
            state=None if check.void else next(states),
        )


def _rollups(rolled: Sequence[RolledUp], checks: Sequence[StoredCheck]) -> Iterator[StoredRollup]:
    """What is rolled up, in one for each row of checks, with the last of them before it."""
    joined: list[RolledUp] = []
    stops = [check.result.at for check in checks]
    for one in rolled:
        last = joined[-1] if joined else one
        split = any(last.last_at < at < one.first_at for at in stops)
        if not joined or last.like_cycle != one.like_cycle or split:
            joined.append(one)
            continue
        joined[-1] = replace(
            last,
            checks=last.checks + one.checks,
            last_at=one.last_at,
            least_elapsed_ms=min(last.least_elapsed_ms, one.least_elapsed_ms),
            most_elapsed_ms=max(last.most_elapsed_ms, one.most_elapsed_ms),
        )
    for one in joined:
        before = [c for c in checks if not c.void and c.result.at <= one.first_at]
        yield StoredRollup(rolled=one, like=before[-1] if one.like_cycle and before else None)


def status_of(config: Config, *, now: datetime) -> Status:
    """How things stand at this moment. Raises StoreError without a history."""
    database = config.database
    locked = is_locked(database)
    with Store(database, must_exist=True) as store, store.reading():
        running = outlook.running_cycle(store)
        return Status(
            now=now,
            notes=outlook.note_count(store),
            states=outlook.state_counts(store),
            counted_at=outlook.last_counted(store),
            running=running,
            killed=running is not None and not (locked or is_locked(database)),  # it may have begun
            cycles=outlook.last_cycles(store, CYCLES),
            ahead=outlook.next_checks(store, now),
            held=not_before(store, now),
            unsteady=outlook.unsteady_links(store),
            database=str(database),
            size_bytes=outlook.size_bytes(store),
        )


def archives_status_of(config: Config, *, now: datetime) -> ArchivesStatus:
    """How the links are covered by archives. Raises StoreError without a history."""
    with Store(config.database, must_exist=True) as store, store.reading():
        covered = coverage(store)
        paces = read_paces(store)
        saves = queue_overview(store)
        copies, copied_bytes = local_total(store)
    return ArchivesStatus(
        now=now,
        enabled=config.archive.enabled,
        dead=covered.dead,
        kept=covered.kept,
        kept_dead=covered.kept_dead,
        keepers=covered.keepers,
        outcomes=covered.outcomes,
        next_at=covered.next_at,
        asked=tuple(_asked(config, paces, now)),
        paces=paces,
        save=config.archive.save,
        queue=saves,
        local_copies=copies,
        local_bytes=copied_bytes,
    )


def _asked(config: Config, paces: Sequence[KeptPace], now: datetime) -> Iterator[Asked]:
    wayback = name_of(config.archive.wayback_url)
    known = {pace.archive: pace for pace in paces}
    for name in (wayback, *(name for name in known if name != wayback)):
        budgets = WAYBACK_BUDGETS if name == wayback else OTHER_BUDGETS
        starts = known[name].starts if name in known else {}
        for service, per_minute in budgets.items():
            used = sum(now - start < _MINUTE for start in starts.get(service, ()))
            if used or name == wayback:
                yield Asked(archive=name, service=service, used=used, per_minute=per_minute)
