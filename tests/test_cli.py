"""The program as a user meets it: processes, exit codes, one clear sentence for a mistake."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml

from linkwatch.cli import _run
from linkwatch.settings import default_text
from tests.fakes.archive import FakeArchive
from tests.fakes.web import NEVER, FakeWeb, Reply

GONE = Reply(status=404)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shop:
    """A folder to stand in, and a web of `*.localhost` names, which resolve without a server."""

    folder: Path
    web: FakeWeb
    archive: FakeArchive

    def config(self, **changes: object) -> None:
        settings: dict[str, object] = {
            "check": {
                "timeout": "2s",
                "per_host": {"interval": "0ms"},
                "allow_private_networks": True,
            },
            "archive": {
                "wayback_url": self.archive.url,
                "availability_url": f"{self.archive.url}/wayback/available",
            },
            **changes,
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump(settings))

    def note(self, name: str, text: str) -> Path:
        path = self.folder / "notes" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "linkwatch", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONWARNINGS": "error", "PYTHONUTF8": "1"},
        )

    def run(self, *arguments: str) -> Ran:
        """The command in this process, which saves the half second of a start."""
        out, err = io.StringIO(), io.StringIO()
        handlers = logging.getLogger().handlers[:]
        with (
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(sys, "argv", ["linkwatch", *arguments]),
        ):
            code = _run()
        logging.getLogger().handlers[:] = handlers
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with FakeWeb() as web, FakeArchive() as archive:
        shop = Shop(tmp_path, web, archive)
        shop.config()
        yield shop


def test_init_writes_the_commented_configuration_and_never_overwrites(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "linkwatch", "init"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    written = tmp_path / "config.yaml"
    assert written.read_bytes() == default_text().encode()
    written.write_text("mine")
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (again.returncode, written.read_text()) == (1, "mine")
    assert "left as it is" in again.stderr


def test_links_lists_mentions_with_their_places_for_people_and_programs(shop: Shop) -> None:
    shop.note("a.md", "see https://example.org/a#b\n\n[x](https://example.org/c)\n")
    text = shop.run("links")
    assert text.out.splitlines() == [
        "notes/a.md:1:5: https://example.org/a#b  (bare)",
        "notes/a.md:3:5: https://example.org/c  (inline)",
    ]
    lines = [json.loads(line) for line in shop.run("links", "--format", "jsonl").out.splitlines()]
    assert lines[0] == {
        "file": "a.md",
        "line": 1,
        "column": 5,
        "url": "https://example.org/a#b",
        "text": "https://example.org/a#b",
        "kind": "bare",
    }
    assert not (shop.folder / "data").exists()


def test_links_reads_any_file_that_is_named_whatever_its_suffix(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "loose.txt").write_text("https://example.org/")
    assert shop.run("links", "loose.txt").out == "loose.txt:1:1: https://example.org/  (bare)\n"


def test_check_says_how_it_went_in_a_line_and_an_exit_code(shop: Shop) -> None:
    alive = shop.web.page("a.localhost", "/", Reply())
    note = shop.note("a.md", alive)
    first = shop.run("check")
    assert (first.code, first.out) == (0, "1 link in 1 note: 1 alive.\n")
    assert "checking 1 link" in first.err

    dead = shop.web.page("a.localhost", "/dead", GONE)
    note.write_text(f"{alive} {dead}")
    second = shop.run("check")
    assert second.code == 2
    assert second.out.startswith("2 links in 1 note: 1 dead, 1 alive.")
    assert shop.run("check", "--exit-zero").code == 0
    assert shop.run("check").code == 2  # dead, though nothing was checked just now
    assert dead in (shop.folder / "data" / "report.md").read_text()


def test_quiet_is_silent_and_verbose_can_be_grepped(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/", Reply())
    shop.note("a.md", url)
    quiet = shop.run("--quiet", "check")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    verbose = shop.run("check", "--all", "--verbose")
    assert f"check url={url} status=200" in verbose.err


def test_report_speaks_from_history_alone(shop: Shop) -> None:
    dead = shop.web.page("a.localhost", "/dead", GONE)
    shop.note("a.md", dead)
    shop.run("check", "--quiet")
    asked = len(shop.web.requests)
    (shop.folder / "notes" / "a.md").unlink()

    report = json.loads(shop.run("report", "--format", "json").out)

    assert report["links"][0]["state"] == "dead"
    assert report["links"][0]["mentions"][0]["file"] == "a.md"
    assert shop.run("report", "--format", "markdown").out.startswith("<!-- linkwatch:report -->")
    assert shop.run("report", "--fail-on", "dead").code == 2
    assert shop.run("report", "--format", "json", "--output", "out.json").out == ""
    assert json.loads((shop.folder / "out.json").read_text()) == report
    assert len(shop.web.requests) == asked


def test_explain_tells_a_links_story_in_any_spelling_of_it(shop: Shop) -> None:
    to = [("Location", "/b")]
    url = shop.web.page("a.localhost", "/a", Reply(status=301, headers=to))
    shop.web.page("a.localhost", "/b", Reply())
    shop.note("a.md", url)
    shop.run("check", "--quiet")
    told = shop.run("explain", url.replace("http://a.localhost", "HTTP://A.localhost") + "#part")
    assert told.code == 0
    assert "moved" in told.out
    assert f"301  {url}" in told.out
    unknown = shop.run("explain", "https://example.org/")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["check", "nowhere"], 1, "There are no notes at"),
        (["links", "nowhere"], 1, "There are no notes at"),
        (["check"], 1, "There are no notes at"),
        (["report"], 1, "run `linkwatch check` first"),
        (["explain", "http://x/"], 1, "run `linkwatch check` first"),
        (["chekc"], 3, "No such command"),
        (["check", "--al"], 3, "No such option"),
        (["report", "--format", "pdf"], 3, "'pdf' is not one of"),
        (["explain"], 3, "Missing argument"),
        (["--config", "none.yaml", "check"], 3, "none.yaml"),
        (["check", "--config", "none.yaml"], 3, "none.yaml"),
        (["-q", "check", "-v"], 3, "exclude each other"),
    ],
)
def test_a_mistake_gets_one_sentence_and_its_exit_code(
    shop: Shop, arguments: list[str], code: int, sentence: str
) -> None:
    ran = shop.run(*arguments)
    assert ran.code == code
    assert sentence in ran.err
    assert ran.out == ""


def test_a_bad_configuration_is_named_with_its_line_before_anything_is_done(shop: Shop) -> None:
    (shop.folder / "config.yaml").write_text("check:\n  timeout: 20\n")
    ran = shop.run("check")
    assert ran.code == 3
    assert "config.yaml, line 2: check.timeout" in ran.err
    assert "20s" in ran.err
    assert not (shop.folder / "data").exists()


def test_an_empty_vault_is_said_plainly(shop: Shop) -> None:
    (shop.folder / "notes").mkdir()
    ran = shop.run("check")
    assert ran.code == 1
    assert "no file there matches **/*.md" in ran.err


def test_no_network_is_said_in_one_sentence(shop: Shop) -> None:
    closed = [f"http://s{i}.localhost:1/" for i in range(3)]
    shop.note("a.md", "\n".join(closed))
    ran = shop.run("check", "--quiet")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "does not count: none of the 3 hosts answered" in ran.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"this is no database, but a text that somebody put there" * 20, "not an SQLite database"),
        (None, "directory"),
    ],
)
def test_a_database_that_is_none_is_refused(
    shop: Shop, content: bytes | None, sentence: str
) -> None:
    shop.note("a.md", "https://example.org/")
    (shop.folder / "data").mkdir()
    database = shop.folder / "data" / "linkwatch.db"
    database.mkdir() if content is None else database.write_bytes(content)
    ran = shop.run("check")
    assert ran.code == 1
    assert "linkwatch.db" in ran.err
    assert sentence in ran.err or "can't be opened" in ran.err


def test_an_empty_file_is_a_new_database(shop: Shop) -> None:
    shop.note("a.md", "no links")
    (shop.folder / "data").mkdir()
    (shop.folder / "data" / "linkwatch.db").touch()
    assert shop.run("check").code == 0


def test_what_history_was_made_by_a_newer_linkwatch_is_refused(shop: Shop) -> None:
    from linkwatch.history.store import Store

    shop.note("a.md", "no links")
    path = shop.folder / "data" / "linkwatch.db"
    with Store(path) as store:
        store.db.table("_sqlite_migrations").insert(
            {"migration_set": "linkwatch", "name": "9999_future", "applied_at": "2030"}
        )
    for command in ("check", "report"):
        ran = shop.run(command)
        assert ran.code == 1
        assert "newer linkwatch" in ran.err


def test_ctrl_c_ends_within_two_seconds_and_keeps_what_was_done(shop: Shop) -> None:
    shop.config(
        check={
            "timeout": "60s",
            "per_host": {"interval": "0ms"},
            "allow_private_networks": True,
        }
    )
    done = shop.web.page("a.localhost", "/", Reply())
    shop.note("a.md", f"{done} {shop.web.page('b.localhost', '/', NEVER)}")
    process = shop.start("check", "--verbose")
    assert process.stderr is not None
    for line in process.stderr:
        if f"check url={done}" in line:
            break
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert time.monotonic() - started < 2
    assert process.returncode == 130
    assert "what was done is kept" in err
    assert "Traceback" not in err
    told = shop.run("explain", done)
    assert "200" in told.out


def test_kill_9_loses_nothing_that_was_reported_done(shop: Shop) -> None:
    slow = shop.web.page("slow.localhost", "/", NEVER)
    pages = [shop.web.page(f"s{i}.localhost", "/", Reply()) for i in range(30)]
    shop.note("a.md", "\n".join([slow, *pages]))
    process = shop.start("check", "--verbose")
    assert process.stderr is not None
    reported = set()
    for line in process.stderr:
        if "check url=" in line:
            reported.add(line.split("url=")[1].split()[0])
        if len(reported) >= 10:
            process.kill()
            break
    rest = process.communicate(timeout=10)[1]
    reported |= {line.split("url=")[1].split()[0] for line in rest.splitlines() if "url=" in line}
    before = len(shop.web.requests)

    shop.web.page("slow.localhost", "/", Reply())
    assert shop.run("check", "--quiet").code == 0

    again = [request.host for request in shop.web.requests[before:]]
    known = {f"{url.split('//')[1].split(':')[0]}" for url in reported}
    assert len(reported) >= 10
    assert not known & set(again)  # asked again is only what was in flight
    report = json.loads(shop.run("report", "--format", "json").out)
    assert report["summary"]["states"]["alive"] == 31


def test_output_into_a_closed_pipe_is_no_error(shop: Shop) -> None:
    shop.note("a.md", "https://example.org/ \n" * 20_000)
    process = subprocess.run(
        f"{sys.executable} -m linkwatch links | head -1",
        shell=True,
        cwd=shop.folder,
        capture_output=True,
        text=True,
    )
    assert process.stdout.count("\n") == 1
    assert process.stderr == ""


def test_a_reader_of_progress_that_goes_away_does_not_stop_the_check(shop: Shop) -> None:
    pages = [shop.web.page(f"s{i}.localhost", "/", Reply()) for i in range(40)]
    shop.note("a.md", "\n".join(pages))
    process = subprocess.run(
        f"{sys.executable} -m linkwatch check 2>&1 >/dev/null | head -1",
        shell=True,
        cwd=shop.folder,
        capture_output=True,
        text=True,
    )
    assert process.stdout == "checking 40 links\n"
    deadline = time.monotonic() + 10
    while not (shop.folder / "data" / "report.md").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "40 alive" in (shop.folder / "data" / "report.md").read_text()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_standard_stream_that_is_closed_is_no_error(shop: Shop, closed: str) -> None:
    shop.note("a.md", shop.web.page("a.localhost", "/", Reply()))
    command = f"{sys.executable} -m linkwatch check -q {closed}"
    assert subprocess.run(command, shell=True, cwd=shop.folder).returncode == 0


def test_a_bug_is_one_sentence_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkwatch.listing.list_mentions", lambda *_, **__: 1 / 0)
    ran = shop.run("links")
    assert ran.code == 1
    assert ran.err.startswith("linkwatch: this is a bug in linkwatch: ZeroDivisionError: division")
    assert ran.err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's full disk")
def test_a_full_disk_under_the_output_is_one_sentence(shop: Shop) -> None:
    shop.note("a.md", "https://example.org/ \n" * 20_000)
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "linkwatch", "links"],
            cwd=shop.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 1
    assert process.stderr.strip() == "linkwatch: No space left on device."


def test_foreign_text_cannot_steer_the_terminal(shop: Shop) -> None:
    shop.note("a.md", "<https://example.org/\x1b]0;owned\x07\x9b31m>\n")
    ran = shop.run("links")
    assert "\x1b" not in ran.out
    assert "\x9b" not in ran.out


def test_help_names_every_command_and_is_quick(shop: Shop) -> None:
    code = "import sys; sys.argv=['linkwatch','--help']\nfrom linkwatch.cli import _run\n_run()\n"
    code += "print(sorted(m for m in sys.modules if m in ('aiohttp','sqlite_utils','apscheduler')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    for command in ("init", "links", "check", "report", "explain", "run"):
        assert f"\n  {command} " in ran.stdout
    assert ran.stdout.rstrip().endswith("[]")  # what is heavy is not imported for it
