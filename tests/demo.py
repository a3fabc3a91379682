"""Three weeks on a fake web, in a few seconds and without internet: `make demo`.

A check a day; what linkwatch says is printed once a week, and the report at the end.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fakes.web import NEVER, Reply
from tests.world import World

GONE = Reply(status=404, body=b"<title>Not found</title>")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="linkwatch-demo-") as folder,
        World(Path(folder)) as world,
    ):
        world.configure(check={"timeout": "400ms"})
        events = _furnish(world)
        _tell("A vault of two notes, a fake web and a fake archive on this machine.")
        for day in range(22):
            if day in events:
                what, happen = events[day]
                _tell(f"  day {day:2}  {what}")
                happen()
            result = world.check()
            if result.void:
                _tell(f"          linkwatch: this cycle does not count: {result.void}")
            if day % 7 == 0:
                _tell(f"\nWeek {day // 7}: {result.line}")
                for change in world.ledger.changes if day else ():
                    after = change.after or "no longer mentioned"
                    _tell(f"          {change.before} -> {after}  {change.url}")
                _tell("")
            world.pass_days(1)
        _tell("The report, as it would lie in the vault:\n")
        _tell(world.report)


def _furnish(world: World) -> dict[int, tuple[str, Callable[[], None]]]:
    """Put up the sites and write the notes; what will happen to them, by day."""
    web = world.web
    page = Reply(body=b"<title>Well</title>")
    moved = Reply(status=301, headers=[("Location", "/new-home")])
    wall = Reply(status=403, body=b"<title>Access denied</title>")
    web.page("journal.example", "/new-home", page)
    links = {
        "guide": web.page("docs.example", "/guide", page),
        "essay": web.page("blog.example", "/essay", page),
        "moved": web.page("journal.example", "/old-home", moved),
        "walled": web.page("shop.example", "/item", wall),
        "gone": web.page("docs.example", "/long-gone", GONE),
        "flaky": web.page("wiki.example", "/page", page),
        "slow": web.page("slow.example", "/", page),
        "name": web.url("startup.example", "/"),
    }
    web.page("startup.example", "/", page)
    world.archive.capture(links["gone"], "20230514120000")
    world.archive.capture(links["gone"], "20250514120000", status=404)
    world.archive.capture(links["essay"], "20251224180000")
    world.note(
        "reading list.md",
        f"# Reading list\n\n- [The guide]({links['guide']})\n- [An essay]({links['essay']})\n"
        f"- [A journal]({links['moved']})\n- [A chapter]({links['gone']})\n",
    )
    world.note(
        "garden.md",
        f"# Garden\n\nSeeds: {links['walled']}\n\nThe wiki says so: {links['flaky']}\n\n"
        f"source:: {links['slow']}\n\nThe app everybody talked about: <{links['name']}>\n",
    )

    def network(*, down: bool) -> Callable[[], None]:
        def happen() -> None:
            world.dns.down = down

        return happen

    def put(host: str, path: str, reply: Reply) -> Callable[[], None]:
        def happen() -> None:
            web.page(host, path, reply)

        return happen

    def note_a_silent_one() -> None:
        silent = web.page("quiet.example", "/", NEVER)
        with (world.folder / "notes" / "garden.md").open("a") as note:
            note.write(f"\nTo read: {silent}\n")

    def lapse() -> None:
        world.dns.gone.add("startup.example")

    down = Reply(status=503)
    return {
        3: ("the wiki's server has a bad night", put("wiki.example", "/page", down)),
        4: ("the wiki is back", put("wiki.example", "/page", page)),
        6: ("the essay is deleted", put("blog.example", "/essay", GONE)),
        8: ("the app's domain is not renewed", lapse),
        14: ("our own network is down", network(down=True)),
        15: ("our network is back", network(down=False)),
        21: ("a link is noted whose server says nothing", note_a_silent_one),
    }


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
