"""A history to ask questions of, made as cycles make it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from linkwatch.history.checks import save_results
from linkwatch.history.cycles import begin_cycle, end_cycle, set_void
from linkwatch.history.ledger import read_ledger
from linkwatch.history.mentions import save_note, settle_mentions
from linkwatch.history.store import Store
from linkwatch.history.verdicts import Case, cases, counted, unjudged
from linkwatch.judging import judge_cycles
from linkwatch.model import CheckResult, Ending, Kind, Ledger, Mention, State
from linkwatch.verdict import Policy
from tests.checks import day

POLICY = Policy(failures=3, days=3, recheck_after=timedelta(days=7))


def mention(url: str, start: int = 0, *, file: str = "a.md") -> Mention:
    return Mention(
        file=file,
        line=1,
        column=start + 1,
        start=start,
        end=start + len(url),
        url=url,
        text=url,
        kind=Kind.BARE,
    )


class Past:
    """Cycles, one by one: `cycle(on, results)` checks, judges and ends one."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "history.db")

    def close(self) -> None:
        self.store.close()

    def note(
        self, path: str, *urls: str, on: float = 0, root: str = "notes", mtime: int = 1
    ) -> int:
        mentions = [mention(url, start=100 * i, file=path) for i, url in enumerate(urls)]
        return save_note(self.store, root, path, (1, mtime), "1", mentions, day(on))

    @property
    def ids(self) -> dict[str, int]:
        return {row["url"]: row["id"] for row in self.store.rows("select id, url from links")}

    def begin(self, on: float) -> int:
        cycle_id = begin_cycle(self.store, day(on))
        settle_mentions(self.store, cycle_id)
        return cycle_id

    def cases(self, policy: str = POLICY.digest) -> dict[str, Case]:
        """What is to be judged, with all the cycles that there are."""
        newest = self.store.rows("select max(id) from cycles")[0][0]
        ids = list(unjudged(self.store, policy, up_to=newest))
        known = counted(self.store, up_to=newest)
        return {case.url: case for case in cases(self.store, ids, known)}

    def judge(self, cycle_id: int, policy: Policy = POLICY) -> None:
        judge_cycles(self.store, policy, cycle_id=cycle_id, up_to=cycle_id)

    def cycle(
        self,
        on: float,
        results: Sequence[CheckResult] = (),
        *,
        void: str | None = None,
        ending: Ending = Ending.FINISHED,
        policy: Policy = POLICY,
    ) -> int:
        cycle_id = self.begin(on)
        save_results(self.store, cycle_id, self.ids, list(results))
        set_void(self.store, cycle_id, void)
        if void is None:
            self.judge(cycle_id, policy)
        end_cycle(self.store, cycle_id, ending, day(on) + timedelta(minutes=5))
        return cycle_id

    def ledger(self) -> Ledger:
        return read_ledger(self.store, names={"notes": ""}, paths={"notes": "/home/me/notes"})

    @property
    def states(self) -> dict[str, State]:
        rows = self.store.rows("select url, state from links order by url")
        return {row["url"]: State(row["state"]) for row in rows}
