"""How archives were asked, as their table has it."""

from __future__ import annotations

from linkwatch.history.paces import read_paces, save_paces
from linkwatch.model import KeptPace, KeptStop, Outcome
from tests.checks import day
from tests.history.past import Past


def test_an_archive_of_which_there_is_nothing_to_remember_is_forgotten(past: Past) -> None:
    stop = KeptStop(outcome=Outcome.RATE_LIMITED, until=day(1), detail="too many")
    busy = [
        KeptPace(archive="a.example", stops=0, stop=None, starts={"cdx": (day(0),)}, rests={}),
        KeptPace(archive="b.example", stops=1, stop=None, starts={}, rests={}),
        KeptPace(archive="c.example", stops=0, stop=None, starts={}, rests={"cdx": stop}),
    ]
    save_paces(past.store, busy)
    assert read_paces(past.store) == busy
    idle = KeptPace(archive="a.example", stops=0, stop=None, starts={}, rests={})
    never = KeptPace(archive="d.example", stops=0, stop=None, starts={}, rests={})
    save_paces(past.store, [idle, *busy[1:], never])
    assert read_paces(past.store) == busy[1:]
