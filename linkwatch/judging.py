"""Verdicts brought up to date: history's cases through the rules, and back into history's cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from linkwatch.drift import drift
from linkwatch.evidence import Weight, weigh
from linkwatch.history.cycles import mark_judged
from linkwatch.history.store import Store
from linkwatch.history.verdicts import (
    Case,
    Judged,
    cases_of,
    mentioned,
    save_verdicts,
    unjudged,
    unsteady_hosts,
)
from linkwatch.model import State
from linkwatch.schedule import Standing, next_look
from linkwatch.verdict import Policy, judge, skipped


def judge_cycles(store: Store, policy: Policy, *, cycle_id: int, up_to: int) -> None:
    """Judge all links with checks newer than their verdict, or a verdict of another policy.

    Checks of cycles up to `up_to` count; what differs is news of `cycle_id`.
    """
    _judge(store, policy, unjudged(store, policy.digest), cycle_id)
    mark_judged(store, up_to=up_to)


def rejudge(store: Store, policy: Policy, urls: Collection[str]) -> None:
    """Judge some links anew, at once and between cycles: a person said something about them."""
    _judge(store, policy, cases_of(store, urls), None)


def _judge(store: Store, policy: Policy, cases: Iterable[Case], cycle_id: int | None) -> None:
    unsteady = unsteady_hosts(store)
    vault = mentioned(store)
    judged = [_judged(case, policy, unsteady=case.host in unsteady, vault=vault) for case in cases]
    save_verdicts(store, cycle_id, judged)


def _judged(case: Case, policy: Policy, *, unsteady: bool, vault: int) -> Judged:
    verdict = skipped(case.url, policy) or judge(case.results, policy, case.words)
    real = [result for result in case.results if not result.inferred]
    again = None
    if case.last_cycle_at is not None and verdict.state is not State.SKIPPED:
        standing = Standing(
            url=case.url,
            verdict=verdict,
            last=case.last_cycle_at,
            checks=len(real),
            unsteady=unsteady,
            vault=vault,
        )
        again = next_look(standing, policy.recheck_after)
    return Judged(
        link_id=case.link_id,
        verdict=verdict,
        policy=policy.digest,
        last_check_id=case.check_ids[-1] if case.check_ids else None,
        good_check_id=_good(case),
        last_check=real[-1].at if real else None,
        next_check=again,
        checks=len(real),
        drift=drift(case.results, case.words),
    )


def _good(case: Case) -> int | None:
    """The last healthy check."""
    for check_id, result in zip(reversed(case.check_ids), reversed(case.results), strict=True):
        if weigh(result).weight is Weight.HEALTHY:
            return check_id
    return None
