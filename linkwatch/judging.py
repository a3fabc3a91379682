"""Verdicts brought up to date: history's cases through the rules, and back into history's cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain, islice

from linkwatch.drift import drift
from linkwatch.evidence import PERMANENT, Weight, weigh
from linkwatch.history.cycles import mark_judged
from linkwatch.history.links import ids_of
from linkwatch.history.store import BATCH, Store
from linkwatch.history.verdicts import (
    Case,
    Judged,
    cases,
    counted,
    mentioned,
    save_verdicts,
    unjudged,
    unsteady_hosts,
)
from linkwatch.model import CheckResult, Reason, State
from linkwatch.returned import lives_since
from linkwatch.schedule import WORTH_SPREADING, Standing, next_look
from linkwatch.verdict import Policy, judge, skipped
from linkwatch.web.archived import archive_of


def judge_cycles(store: Store, policy: Policy, *, cycle_id: int, up_to: int) -> None:
    """Judge all links with checks newer than their verdict, or a verdict of another policy.

    Checks of cycles up to `up_to` count; what differs is news of `cycle_id`.
    """
    ids = unjudged(store, policy.digest, up_to=up_to)
    _judge(store, policy, ids, cycle_id=cycle_id, up_to=up_to)
    mark_judged(store, up_to=up_to)


def rejudge(store: Store, policy: Policy, urls: Collection[str]) -> None:
    """Judge some links anew, at once and even in the middle of a cycle: a person spoke of them."""
    _judge(store, policy, ids_of(store, urls))


def _judge(
    store: Store,
    policy: Policy,
    ids: Iterable[int],
    *,
    cycle_id: int | None = None,
    up_to: int | None = None,
) -> None:
    """Judge links batch by batch. What is said of one meanwhile comes before its batch or after."""
    unsteady = unsteady_hosts(store)
    vault = mentioned(store, most=WORTH_SPREADING)
    cycles = counted(store, up_to=up_to)
    digest = policy.digest
    waiting = iter(ids)
    with store.writing_much():
        while batch := list(islice(waiting, BATCH)):
            with store.writing():
                judged = [
                    _judged(case, policy, digest, unsteady=case.host in unsteady, vault=vault)
                    for case in cases(store, batch, cycles)
                ]
                save_verdicts(store, cycle_id, judged)


def _judged(case: Case, policy: Policy, digest: str, *, unsteady: bool, vault: int) -> Judged:
    verdict = skipped(case.url, policy) or judge(case.results, policy, case.words)
    changed = drift(case.results, case.words)
    real = [result for result in case.results if not result.inferred]
    checks = len(real) + case.rolled_up
    again = None
    if case.last_cycle_at is not None and verdict.state is not State.SKIPPED:
        standing = Standing(
            url=case.url,
            verdict=verdict,
            last=case.last_cycle_at,
            checks=checks,
            unsteady=unsteady and archive_of(case.url) is None,  # not asked more for its outages
            vault=vault,
        )
        again = next_look(standing, policy.recheck_after)
        if verdict.reason is Reason.VOUCHED:  # due as soon as the word has run out
            again = min(again, case.words[-1].until)
    return Judged(
        link_id=case.link_id,
        verdict=verdict,
        policy=digest,
        last_check_id=case.check_ids[-1] if case.check_ids else None,
        good_check_id=_good(case),
        last_check=real[-1].at if real else None,
        next_check=again,
        checks=checks,
        drift=changed,
        lives_at=lives_since(case.results, verdict) if case.watched and not changed else None,
        detour=bool(case.results) and _is_detour(case.results[-1]),
    )


def _is_detour(result: CheckResult) -> bool:
    fine = result.fault is None and result.status is not None and 200 <= result.status < 300
    return fine and any(hop.status not in PERMANENT for hop in result.hops)


def _good(case: Case) -> int | None:
    """The last healthy check that has a page to compare with; else the last healthy one."""
    checks = list(zip(case.check_ids, case.results, strict=True))[::-1]
    pages = (pair for pair in checks if pair[1].fingerprint is not None)
    for check_id, result in chain(pages, checks):
        if weigh(result).weight is Weight.HEALTHY:
            return check_id
    return None
