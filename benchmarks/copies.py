"""A vault of 200 dead links and what the archives have of them: which copies are offered?

Whole cycles of linkwatch over real sockets, beside a Wayback Machine and another archive that are
fakes (`tests/fakes/archive`), on a clock that nobody waits for; and lychee's `--suggest` rule on
the same captures. Run: `python -m benchmarks.copies`, which writes docs/copies.md.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from linkwatch.archive.pace import WAYBACK_BUDGETS, Service
from linkwatch.model import UNSETTLED, Lookup, Outcome
from tests.archive.vault200 import SHARES, VAULT, Entry, fill, lychee_is_right, write_notes
from tests.fakes.archive import FakeTimeMaps
from tests.fakes.web import Reply
from tests.world import World

PAGE = Path(__file__).parents[1] / "docs" / "copies.md"
_MOST_CYCLES = 12

# What a reader has to know of each group, in the order of the vault.
_MEANS = {
    "good copy": "good copies before the citation, and later ones that are nearer",
    "only errors": "nothing but 404s, 410s, 403s and 500s",
    "newest is an error": "the newest capture, or the nearest, is a 404",
    "parked": "the domain is parked in some captures, with a 200",
    "soft 404": "captures that say “not found” with a 200, in seven languages",
    "login": "captures that were led to a login",
    "challenge": "captures of a bot wall, with a 200",
    "redirect, near": "an archived redirect whose target was captured within a day",
    "redirect, far": "one whose target was captured years away",
    "redirect to the front page": "old addresses led to a site's front page",
    "ten years": "the only copy is ten years off",
    "after the failure": "copies only from after the link failed",
    "only later": "copies only from after the citation",
    "another form": "captured under http, `www.`, other letters, with or without the last slash",
    "revisit": "in the index only as unchanged since an earlier capture",
    "excluded": "the site's owner wants nothing shown",
    "robots": "robots.txt does",
    "never archived": "never captured",
    "availability is blind": "availability falsely says that there is nothing",
    "doubled rows": "the index has every row twice",
    "eight fields": "the index has a row with a field too many",
    "another archive": "only another archive has it",
    "too many bad ones": "a good copy behind three bad ones",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What came of the vault."""

    answers: Mapping[str, Lookup]  # by link
    cycles: int  # that asked the archives, until no question was open
    requests: Counter[str]  # to the Wayback Machine, by service
    elsewhere: int  # requests to the other archive
    most: Mapping[str, int]  # requests in any minute, by service
    over: Mapping[str, int]  # limits of the archive that were passed

    def is_right(self, entry: Entry) -> bool:
        """Whether a link got the one right answer, and an opened copy where there is one."""
        lookup = self.answers[entry.url]
        copy = lookup.snapshot
        stamp = f"{copy.timestamp:%Y%m%d%H%M%S}" if copy is not None else None
        opened = copy is None or copy.verified
        return opened and entry.right.accepts(lookup.outcome, stamp)


def rescue_vault(folder: Path) -> Rescue:
    """Let the vault's links die, then check until the archives have answered all questions."""
    with World(folder) as world, FakeTimeMaps(clock=world.clock) as other:
        fill(world.archive, other)
        write_notes(folder / "notes")
        well = Reply(body=b"<title>Well</title>")
        # Enough of them that an hour in which only dead links are due has witnesses.
        living = [world.web.page(f"well-{n}.example", "/", well) for n in range(40)]
        world.note("living.md", "\n".join(living))
        world.note("silence.md", world.web.page("also-well.example", "/", well))
        world.dns.gone.update(f"tides-{entry.number:03}.test" for entry in VAULT)
        world.configure(archive={"timemaps": [other.timemap_url], "enabled": False})
        world.check()
        world.live(3)
        world.configure(archive={"enabled": True})
        cycles = 0
        while cycles < _MOST_CYCLES:
            cycles += 1
            world.check()
            links = world.links
            answers = {entry.url: links[entry.url].lookup for entry in VAULT}
            if not any(map(_is_open, answers.values())):
                break
            world.pass_days(1 / 24)
        archive = world.archive
        return Rescue(
            answers=answers,
            cycles=cycles,
            requests=archive.requests,
            elsewhere=other.requests.total(),
            most={
                "availability": archive.most_in_a_minute("availability"),
                "cdx": archive.most_in_a_minute("cdx", "timemap"),
                "playback": archive.most_in_a_minute("playback", "timegate"),
            },
            over=archive.over_budget(),
        )


def _is_open(lookup: Lookup) -> bool:
    """Whether the archives have more to say: perhaps of a closer copy."""
    found = lookup.outcome is Outcome.FOUND and lookup.next_at is not None
    return found or lookup.outcome in UNSETTLED


def told(rescue: Rescue) -> str:
    """The document."""
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,  # numbers and words of our own, into Markdown
        trim_blocks=True,
        keep_trailing_newline=True,
    ).get_template("copies.md.j2")
    outcomes = Counter(str(lookup.outcome) for lookup in rescue.answers.values())
    nothing = [entry for entry in VAULT if entry.right.outcome is not Outcome.FOUND]
    return template.render(
        groups=[_group(reason, rescue) for reason in SHARES],
        links=len(VAULT),
        right=sum(map(rescue.is_right, VAULT)),
        newest=sum(map(lychee_is_right, VAULT)),
        outcomes=outcomes,
        misled=sum(not lychee_is_right(entry) for entry in nothing),
        services=[
            {
                "name": service,
                "requests": rescue.requests[service] + rescue.requests[also],
                "most": rescue.most[service],
                "budget": WAYBACK_BUDGETS[service],
                "limit": limit,
            }
            for service, also, limit in (
                (Service.AVAILABILITY, "", "none published"),
                (Service.CDX, "timemap", 30),
                (Service.PLAYBACK, "timegate", 600),
            )
        ],
        a_link=f"{rescue.requests.total() / len(VAULT):.1f}",
        elsewhere=rescue.elsewhere,
        cycles=rescue.cycles,
    )


def _group(reason: str, rescue: Rescue) -> dict[str, object]:
    group = [entry for entry in VAULT if entry.reason == reason]
    return {
        "means": _MEANS[reason],
        "links": len(group),
        "ours": sum(map(rescue.is_right, group)),
        "newest": sum(map(lychee_is_right, group)),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="linkwatch-copies-") as folder:
        rescue = rescue_vault(Path(folder))
    PAGE.write_text(told(rescue), "utf-8")
    print(f"{sum(map(rescue.is_right, VAULT))} of {len(VAULT)} right; {PAGE.name} is written.")


if __name__ == "__main__":
    main()
