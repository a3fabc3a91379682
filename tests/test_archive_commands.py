"""The commands of `linkwatch archive`, as a user meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.archive import FakeArchive
from tests.fakes.web import FakeWeb, Reply
from tests.test_cli import GONE, Shop

WELL = Reply(body=b"<title>Well</title><p>words")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with FakeWeb() as web, FakeArchive(keys={"my-access": "my-secret"}) as archive:
        shop = Shop(tmp_path, web, archive)
        shop.config()
        yield shop


def test_keys_that_the_archive_does_not_know_save_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (shop.web.page("a.localhost", f"/{name}", WELL) for name in "ab")
    shop.note("a.md", f"{first} {second}")
    shop.run("check", "--quiet")
    without = shop.run("archive", "save", first)
    assert (without.code, without.out) == (1, "")
    assert without.err.endswith("IA_ACCESS_KEY_ID and IA_SECRET_ACCESS_KEY in the environment.\n")
    monkeypatch.setenv("IA_ACCESS_KEY_ID", "my-access")
    monkeypatch.setenv("IA_SECRET_ACCESS_KEY", "wrong")

    ran = shop.run("archive", "save", second, "https://never.example/", f"{first}#x", second)

    assert ran.code == 1
    assert [line.partition(": not saved. ")[0] for line in ran.out.splitlines()] == [
        second,
        "https://never.example/",
        first,
    ]
    assert ran.out.count("The archive does not know the keys") == 2
    assert "this publishes their addresses, for good\n" in ran.err
    assert "archive.save" not in ran.err
    for some in ([], ["--all"]):
        assert shop.run("archive", "save", *some).code == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("no url", "This URL can't be read."),
        ("ftp://a.example/", "This URL can't be read."),
        ("https://me:word@a.example/", "user name or password"),
        ("https://web.archive.org/web/2020/https://a.example/", "an archive's page itself"),
    ],
)
def test_a_url_that_no_archive_is_asked_about_is_no_success(
    shop: Shop, url: str, words: str
) -> None:
    ran = shop.run("archive", "find", url)
    assert ran.code == 1
    assert ran.out.startswith("No archive was asked.\n")
    assert words in ran.out
    assert not shop.archive.log


def test_without_a_history_there_is_nothing_to_save_or_to_open_and_none_is_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IA_ACCESS_KEY_ID", "my-access")
    monkeypatch.setenv("IA_SECRET_ACCESS_KEY", "my-secret")
    for command in ("save", "save --all", "save https://a.example/", "verify"):
        ran = shop.run("archive", *command.split())
        assert (ran.code, ran.out) == (1, ""), command
        assert "run `linkwatch check` first" in ran.err
    assert not (shop.folder / "data").exists()


def test_find_says_what_it_does_and_a_log_has_every_question(shop: Shop) -> None:
    url = "https://a.example/x"
    shop.archive.capture(url, "20240101000000")
    ran = shop.run("archive", "find", url)
    assert (ran.code, ran.err) == (0, f"asking the archive about {url}\n")
    assert shop.run("archive", "find", url, "-q").err == ""
    logged = shop.run("archive", "find", url, "-v").err
    assert " service=availability ms=" in logged
    assert " said=ok\n" in logged


def test_verify_says_what_it_does(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/gone", GONE)
    shop.archive.capture(url, "20240101000000")
    shop.note("a.md", url)
    shop.run("check", "--quiet")
    ran = shop.run("archive", "verify", url, url)
    assert ran.code == 0
    assert ran.err == "opening 1 copy again\n1 copy opened, 1 of them show the page.\n"
    assert ran.out.startswith(f"{url}: still good: ")
    assert shop.run("archive", "verify", "-q").err == ""


def test_what_is_switched_off_says_so_everywhere(shop: Shop) -> None:
    off = {"enabled": False, "save": "all", "wayback_url": shop.archive.url}
    shop.config(archive=off)
    shop.note("a.md", shop.web.page("a.localhost", "/", WELL))
    said = "archive.save is all, but archive.enabled is false: nothing is saved."
    assert said in shop.run("check", "--quiet").err
    screen = shop.run("archive", "status").out
    assert (
        "              archive.enabled is false: no archive is asked, not by hand either\n"
        in screen
    )
    assert "save          none, as archive.enabled is false (archive.save is all)\n" in screen
    for command in ("find https://a.example/", "save", "verify"):
        ran = shop.run("archive", *command.split())
        assert (ran.code, ran.out) == (1, "")
        assert "archive.enabled is false in the configuration: no archive is asked." in ran.err
    assert not shop.archive.log
    shop.config(archive={**off, "save": "none"})
    assert shop.run("check", "--quiet", "--all").err == ""
    assert "save          none (archive.save)\n" in shop.run("archive", "status").out
