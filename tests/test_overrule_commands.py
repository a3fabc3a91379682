"""`ignore`, `unignore` and `alive`, as a person uses them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwatch.history.store import Store
from tests.fakes.web import Reply
from tests.test_cli import GONE, Shop, shop

__all__ = ["shop"]

FORBIDDEN = Reply(status=403)


def links(shop: Shop) -> dict[str, dict[str, Any]]:
    report = json.loads(shop.run("report", "--format", "json").out)
    return {link["url"]: link for link in report["links"]}


@pytest.fixture
def dead(shop: Shop) -> str:
    """A dead link in a note, known to history."""
    url = shop.web.page("a.localhost", "/dead", GONE)
    shop.note("a.md", url)
    assert shop.run("check", "-q").code == 2
    return url


def test_an_ignored_link_stays_dead_but_costs_neither_exit_code_nor_attention(
    shop: Shop, dead: str
) -> None:
    ran = shop.run("ignore", dead, "--until", "2999-01-01", "--because", "it wants a login")
    assert (ran.code, ran.out) == (0, f"Ignored until 2999-01-01: {dead} (1 link)\n")

    checked = shop.run("check", "--all")
    assert checked.code == 0
    assert checked.out.startswith("1 link in 1 note: 1 dead; 1 ignored.")
    assert shop.run("report", "--fail-on", "dead", "--format", "json").code == 0
    assert links(shop)[dead]["state"] == "dead"
    assert links(shop)[dead]["ignored"] == {
        "by": "url",
        "until": "2999-01-01",
        "because": "it wants a login",
        "speaks_up": None,
    }
    report = (shop.folder / "data" / "report.md").read_text()
    assert "## Ignored (1)" in report
    assert "Ignored until 2999-01-01 by its URL. Because: it wants a login" in report

    back = shop.run("unignore", f"{dead}#part")
    assert (back.code, back.out) == (0, f"Not ignored any more: {dead}#part\n")
    assert shop.run("report", "--fail-on", "dead", "--format", "json").code == 2


def test_a_pattern_ignores_all_that_it_matches_and_is_listed_with_the_rest(
    shop: Shop, dead: str
) -> None:
    pattern = r"a\.localhost:\d+/"
    ran = shop.run("ignore", pattern)
    assert ran.out == f"Ignored: links that match {pattern} (1 link)\n"
    assert shop.run("ignore", "https://never.example/", "--quiet").out == ""
    shop.run("ignore", pattern, "--until", "2999-01-01", "--because", "a\x1b[31mwall")

    assert shop.run("ignore").out.splitlines() == [
        "https://never.example/ (0 links)",
        f"links that match {pattern} (1 link) until 2999-01-01, because: a␛[31mwall",
    ]
    assert shop.run("report", "--fail-on", "dead", "--format", "json").code == 0
    assert shop.run("unignore", pattern).code == 0
    assert pattern not in shop.run("ignore").out


def test_a_link_with_the_looks_of_a_pattern_is_a_link_where_history_knows_it(shop: Shop) -> None:
    odd = shop.web.page("a.localhost", "/x.*[1]", GONE)
    shop.note("a.md", f"<{odd}>")
    shop.run("check", "-q")
    assert shop.run("ignore", odd).out == f"Ignored: {odd} (1 link)\n"


def test_an_ignore_that_is_over_says_so_in_the_list(shop: Shop, dead: str) -> None:
    shop.run("ignore", dead, "--until", "2999-01-01")
    with Store(shop.folder / "data" / "linkwatch.db") as store, store.writing() as connection:
        connection.execute("update ignores set until = '2020-01-01'")
    assert shop.run("ignore").out == f"{dead} (1 link) until 2020-01-01, which is over\n"
    ran = shop.run("report", "--format", "markdown", "--fail-on", "dead")
    assert ran.code == 2
    assert "  - Ignored until 2020-01-01, which is over.\n" in ran.out


def test_a_link_that_changes_its_class_speaks_up(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/", FORBIDDEN)
    shop.note("a.md", url)
    shop.run("check", "-q")
    shop.run("ignore", url, "-q")
    shop.web.page("a.localhost", "/", GONE)
    assert shop.run("check", "--all", "-q").code == 2
    assert links(shop)[url]["ignored"]["speaks_up"] == (
        "Ignored while it was forbidden (403); now it is not found (404)."
    )


def test_a_comment_beside_a_link_is_heeded(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/", FORBIDDEN)
    shop.note("a.md", f"- {url} <!-- linkwatch: ignore because of a wall -->\n- {url}\n")
    shop.run("check", "-q")
    assert links(shop)[url]["ignored"] is None
    shop.note("a.md", f"- {url} <!-- linkwatch: ignore because it has a wall -->\n")
    assert shop.run("check").out.startswith("1 link in 1 note: 1 blocked; 1 ignored.")
    assert links(shop)[url]["ignored"] == {
        "by": "note",
        "until": None,
        "because": "it has a wall",
        "speaks_up": None,
    }
    shop.web.page("a.localhost", "/", GONE)
    assert shop.run("check", "--all", "-q").code == 2
    assert links(shop)[url]["ignored"]["speaks_up"] is not None


def test_a_persons_word_makes_a_link_alive_until_it_is_taken_back(shop: Shop, dead: str) -> None:
    ran = shop.run("alive", dead, "--because", "opens in a browser")
    assert ran.code == 0
    assert ran.out.startswith(f"{dead}: alive (vouched). ")
    assert shop.run("report", "--fail-on", "dead", "--format", "json").code == 0

    again = shop.run("alive", dead, "--forget")
    assert again.out.startswith(f"{dead}: dead (not_found). ")
    assert shop.run("alive", dead, "--forget").code == 1


@pytest.mark.parametrize(
    ("arguments", "days"),
    [([], 90.0), (["--for", "12h"], 0.5), (["--for", "1d"], 1.0), (["--until", "2999-01-01"], 0)],
)
def test_a_word_holds_for_as_long_as_it_says(
    shop: Shop, dead: str, arguments: list[str], days: float
) -> None:
    shop.run("alive", dead, *arguments, "-q")
    with Store(shop.folder / "data" / "linkwatch.db") as store:
        (row,) = store.rows("select at, until from testimonies")
    at, until = datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["until"])
    midnight = datetime(2999, 1, 1, tzinfo=UTC)
    assert until == (at + timedelta(days=days) if days else midnight)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["ignore", "https://x.example/", "--until", "2020-01-01"], 3, "not a day to come"),
        (["ignore", "https://x.example/", "--until", "soon"], 3, "does not match the format"),
        (["ignore", "--because", "why"], 3, "Ignore what?"),
        (["ignore", "("], 3, "not a regular expression"),
        (["ignore", ".*"], 3, "would match every link"),
        (["ignore", ""], 3, "would match every link"),
        (["ignore", " "], 3, "would match every link"),
        (["ignore", "http"], 3, "would match every link"),
        (["ignore", "http://"], 3, "not a URL that can be opened"),
        (["ignore", "http://a:99999/"], 3, "not a URL that can be opened"),
        (["ignore", "http://[::1"], 3, "not a URL that can be opened"),
        (["ignore", "http://a b/"], 3, "not a URL that can be opened"),
        (["ignore", "x", "--because", "y" * 1001], 3, "longer than 1,000 characters"),
        (["ignore", "x", "--because", "lone \udcff"], 3, "not UTF-8 text"),
        (["ignore", "x\udcff"], 3, "not UTF-8 text"),
        (["unignore", "x\udcff"], 3, "not UTF-8 text"),
        (["alive", "http://x\udcff/"], 3, "not UTF-8 text"),
        (["alive", "http://x/", "--because", "\udcff"], 3, "not UTF-8 text"),
        (["explain", "http://x\udcff/"], 3, "not UTF-8 text"),
        (["alive", "https://x.example/", "--because", "y", "--forget"], 3, "takes no --because"),
        (["unignore", "https://x.example/"], 1, "`linkwatch ignore` lists what is"),
        (["unignore"], 3, "Missing argument"),
        (["alive", "https://x.example/"], 1, "no note has mentioned it"),
        (["alive", "https://x.example/", "--for", "3"], 3, "not a duration"),
        (["alive", "https://x.example/", "--for", "0d"], 3, "no time at all"),
        (["alive", "https://x.example/", "--for", "3d", "--forget"], 3, "exclude each other"),
        (["alive", "https://x.example/", "--until", "2020-01-01"], 3, "not a day to come"),
    ],
)
def test_a_mistake_gets_one_sentence(
    shop: Shop, arguments: list[str], code: int, sentence: str
) -> None:
    Store(shop.folder / "data" / "linkwatch.db").close()
    ran = shop.run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


@pytest.mark.parametrize("arguments", [["ignore"], ["unignore", "x"],
                                       ["alive", "https://x.example/"]])  # fmt: skip
def test_without_a_history_there_is_nothing_to_overrule(shop: Shop, arguments: list[str]) -> None:
    ran = shop.run(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert "run `linkwatch check` first" in ran.err
    assert not (shop.folder / "data").exists()


def test_an_empty_list_of_ignores_says_so(shop: Shop, dead: str) -> None:
    ran = shop.run("ignore")
    assert (ran.code, ran.out, ran.err) == (0, "", "Nothing is ignored.\n")


def test_a_link_can_be_ignored_before_the_first_check(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/", GONE)
    assert shop.run("ignore", url).out == f"Ignored: {url} (0 links)\n"
    shop.note("a.md", url)
    assert shop.run("check", "-q").code == 0


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("https://a.example/[0-9]", "links that match {} (taken as a pattern, 0 links)"),
        ("https://a.example/[0-9", "{} (0 links)"),
        (r"a\.example", "links that match {} (0 links)"),
    ],
)
def test_the_answer_says_what_the_argument_was_taken_for(shop: Shop, what: str, told: str) -> None:
    assert shop.run("ignore", what).out == f"Ignored: {told.format(what)}\n"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_days_are_those_of_utc_wherever_they_are_typed(
    shop: Shop, dead: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        today = datetime.now(UTC).date()
        tomorrow = today + timedelta(days=1)
        assert shop.run("ignore", "x", "--until", str(today)).code == 3
        assert shop.run("ignore", "x", "--until", str(tomorrow)).code == 0
        assert f"holds until {tomorrow}" in shop.run("alive", dead, "--until", str(tomorrow)).out
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_pattern_that_takes_too_long_is_told_of_and_freezes_nothing(shop: Shop) -> None:
    shop.note("a.md", shop.web.page("a.localhost", f"/{'a' * 60}/b", GONE))
    shop.run("check", "-q")
    pattern = "(?:a|aa)+$"
    assert "takes too long and matches nothing" in shop.run("ignore", pattern).err
    assert shop.run("ignore").out == f"links that match {pattern} (0 links)\n"
    assert shop.run("report", "--fail-on", "dead", "--format", "json").code == 2


def test_an_ignore_that_runs_out_is_news(shop: Shop, dead: str) -> None:
    shop.run("ignore", dead, "--until", "2999-01-01")
    assert shop.run("check", "--all").out.endswith("Nothing changed since last time.\n")
    with Store(shop.folder / "data" / "linkwatch.db") as store, store.writing() as connection:
        yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
        connection.execute("update ignores set until = ?", (yesterday,))
        connection.execute("update cycles set finished_at = '2020-01-01T00:00:00.000Z'")
    ran = shop.run("check", "--all")
    assert (ran.code, ran.out.endswith(" 1 changed since last time.\n")) == (2, True)
    report = (shop.folder / "data" / "report.md").read_text()
    assert "- **1 ignore that speaks up**\n" in report
    assert f"dead. Ignored until {yesterday}, which is over." in report
    shop.run("check", "--all", "-q")
    assert "speaks up" not in (shop.folder / "data" / "report.md").read_text()
