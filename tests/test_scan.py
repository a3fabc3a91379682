"""Notes -> history: what changed is read, what went away is forgotten, and its news."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linkwatch import scan as module
from linkwatch.config import Config, load
from linkwatch.errors import NotesError
from linkwatch.history.cycles import begin_cycle, end_cycle
from linkwatch.history.ledger import read_ledger
from linkwatch.history.store import Store
from linkwatch.history.verdicts import Judged, save_verdicts
from linkwatch.marker import REPORT_MARKER
from linkwatch.model import Ending, Ledger, Reason, State, Verdict
from linkwatch.scan import Scanned, roots_of, scan
from tests.checks import day
from tests.fakes.clock import FakeClock

_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right there")


class Vault:
    """A folder of notes with a history of its own."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.clock = FakeClock()
        self.cycle = 0
        self.stop = threading.Event()
        self.told: list[int] = []
        self.configure("")

    def configure(self, text: str) -> None:
        (self.folder / "config.yaml").write_text(text)

    @property
    def config(self) -> Config:
        return load(None, cwd=self.folder)

    def write(self, path: str, text: str) -> Path:
        file = self.folder / "notes" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def scan(self, *paths: str) -> Scanned:
        self.clock.advance(3600)
        self.cycle = begin_cycle(self.store, self.clock.utc_now())
        return scan(
            self.store,
            roots_of(self.config, [Path(path) for path in paths], self.folder),
            config=self.config,
            cycle_id=self.cycle,
            now=self.clock.utc_now(),
            whole=not paths,
            stop=self.stop,
            tell=self.told.append,
        )

    def judge(self, url: str, state: State, reason: Reason = Reason.NOT_FOUND) -> None:
        verdict = Verdict(state=state, reason=reason, since=day(0), detail="So it is.")
        (row,) = self.store.rows("select id from links where url = ?", (url,))
        judged = Judged(
            link_id=row["id"],
            verdict=verdict,
            policy="p",
            last_check_id=None,
            good_check_id=None,
            last_check=None,
            next_check=None,
            checks=1,
        )
        save_verdicts(self.store, self.cycle, [judged])

    def end(self) -> Ledger:
        end_cycle(self.store, self.cycle, Ending.FINISHED, self.clock.utc_now())
        return read_ledger(self.store, names={}, paths={})

    @property
    def notes(self) -> dict[str, list[str]]:
        """What history says that each note mentions."""
        rows = self.store.rows(
            """select notes.path, mentions.url from notes
               left join mentions on mentions.note_id = notes.id
               order by notes.path, mentions.start"""
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["path"], []).extend([row["url"]] if row["url"] else [])
        return found

    @property
    def mentioned(self) -> dict[str, bool]:
        return {
            row["url"].removeprefix("https://").strip("/"): bool(row["mentioned"])
            for row in self.store.rows("select url, mentioned from links order by url")
        }


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Store(tmp_path / "history.db") as store:
        yield Vault(tmp_path, store)


def test_a_scan_files_every_mention_and_its_link(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/x#one https://a.example/x#two\n")
    vault.write("sub/b.md", "[b](https://b.example)\n")

    result = vault.scan()

    assert (len(result.notes), result.read, result.troubles) == (2, 2, ())
    assert vault.notes == {
        "a.md": ["https://a.example/x#one", "https://a.example/x#two"],
        "sub/b.md": ["https://b.example"],
    }
    assert vault.mentioned == {"a.example/x": True, "b.example": True}
    assert vault.told == [2]


def test_an_unchanged_note_is_not_read_again(vault: Vault) -> None:
    note = vault.write("a.md", "https://one.example/")
    vault.write("b.md", "https://b.example/")
    vault.scan()
    before = note.stat()
    note.write_text("https://two.example/")  # as long as before
    os.utime(note, ns=(before.st_atime_ns, before.st_mtime_ns))

    result = vault.scan()

    assert (len(result.notes), result.read) == (2, 0)
    assert vault.notes["a.md"] == ["https://one.example/"]


@pytest.mark.parametrize("how", ["size", "mtime", "older"])
def test_a_note_that_differs_in_size_or_time_is_read_again(vault: Vault, how: str) -> None:
    note = vault.write("a.md", "https://one.example/")
    vault.scan()
    before = note.stat()
    note.write_text("https://two.example/" + ("longer" if how == "size" else ""))
    shift = {"size": 0, "mtime": 1_000_000_000, "older": -1_000_000_000}[how]
    os.utime(note, ns=(before.st_atime_ns, before.st_mtime_ns + shift))

    assert vault.scan().read == 1
    assert vault.notes["a.md"][0].startswith("https://two.example/")
    assert vault.mentioned["one.example"] is False


def test_another_version_of_the_extractor_reads_all_notes_again(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write("a.md", "https://a.example/")
    vault.scan()
    monkeypatch.setattr(module, "EXTRACTOR_VERSION", "next")

    assert vault.scan().read == 1
    assert vault.scan().read == 0


def test_other_options_read_all_notes_again(vault: Vault) -> None:
    vault.write("a.md", "`https://code.example/`")
    vault.scan()
    assert vault.mentioned == {}
    vault.configure("notes: {check_code: true}")

    assert vault.scan().read == 1
    assert vault.mentioned == {"code.example": True}


def test_a_note_that_was_deleted_is_forgotten_but_its_links_keep_their_history(
    vault: Vault,
) -> None:
    note = vault.write("a.md", "https://a.example/ https://both.example/")
    vault.write("b.md", "https://both.example/")
    vault.scan()
    first_seen = vault.store.rows("select url, first_seen from links order by id")
    note.unlink()

    vault.scan()

    assert vault.notes == {"b.md": ["https://both.example/"]}
    assert vault.mentioned == {"a.example": False, "both.example": True}
    vault.write("a.md", "https://a.example/")
    vault.scan()
    assert vault.mentioned == {"a.example": True, "both.example": True}
    again = vault.store.rows("select url, first_seen from links order by id")
    assert list(map(tuple, again)) == list(map(tuple, first_seen))


def test_a_renamed_note_is_one_note(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/").rename(vault.folder / "notes" / "z.md")
    vault.scan()
    (vault.folder / "notes" / "z.md").rename(vault.folder / "notes" / "b.md")

    vault.scan()

    assert vault.notes == {"b.md": ["https://a.example/"]}
    assert vault.mentioned == {"a.example": True}


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that no one can read")
def test_a_note_that_can_not_be_read_keeps_its_last_known_mentions(vault: Vault) -> None:
    note = vault.write("a.md", "https://a.example/")
    vault.write("b.md", "https://b.example/")
    vault.scan()
    note.unlink()
    note.symlink_to("/proc/self/mem")

    result = vault.scan()

    assert [(t.path, t.why) for t in result.troubles] == [("a.md", "Input/output error")]
    assert vault.notes["a.md"] == ["https://a.example/"]
    assert vault.mentioned == {"a.example": True, "b.example": True}


@_LINKS
def test_a_folder_that_can_not_be_read_keeps_what_was_known_of_it(vault: Vault) -> None:
    vault.write("sub/a.md", "https://a.example/")
    vault.write("submarine.md", "https://b.example/")
    vault.write("c.md", "https://c.example/")
    vault.scan()
    shutil.rmtree(vault.folder / "notes" / "sub")
    (vault.folder / "notes" / "sub").symlink_to(vault.folder / "notes")
    (vault.folder / "notes" / "submarine.md").unlink()

    result = vault.scan()

    assert [trouble.path for trouble in result.troubles] == ["sub"]
    assert vault.mentioned == {"a.example": True, "b.example": False, "c.example": True}


def test_a_missing_notes_path_is_an_error_and_removes_nothing(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    vault.scan()
    (vault.folder / "notes").rename(vault.folder / "elsewhere")

    with pytest.raises(NotesError, match="no such file or folder"):
        vault.scan()

    assert vault.mentioned == {"a.example": True}


def test_a_vault_without_a_note_is_an_error_and_removes_nothing(vault: Vault) -> None:
    note = vault.write("a.md", "https://a.example/")
    vault.scan()
    note.rename(note.with_suffix(".txt"))

    with pytest.raises(NotesError, match=r"There are no notes in .*: no file there matches"):
        vault.scan()

    assert vault.mentioned == {"a.example": True}


def test_our_own_report_is_never_a_note(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    vault.write("report.md", f"{REPORT_MARKER}\n# Links\n\nhttps://report.example/\n")

    result = vault.scan()

    assert (len(result.notes), result.read, vault.told) == (1, 1, [1])
    assert vault.mentioned == {"a.example": True}


def test_a_note_that_became_a_report_is_forgotten(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    vault.write("b.md", "https://b.example/")
    vault.scan()
    vault.write("b.md", f"{REPORT_MARKER}\nhttps://b.example/\n")

    vault.scan()

    assert vault.notes == {"a.md": ["https://a.example/"]}
    assert vault.mentioned == {"a.example": True, "b.example": False}


def test_a_vault_of_reports_alone_is_empty(vault: Vault) -> None:
    vault.write("report.md", f"{REPORT_MARKER}\nhttps://report.example/\n")

    with pytest.raises(NotesError, match="There are no notes"):
        vault.scan()


def test_a_scan_of_some_paths_touches_only_them(vault: Vault) -> None:
    notes = {name: vault.write(f"{name}/x.md", f"https://{name}.example/") for name in "abc"}
    vault.write("a/other.md", "https://other.example/")
    vault.scan()
    for note in notes.values():
        note.unlink()

    result = vault.scan("notes/a")

    assert len(result.notes) == 1
    assert vault.mentioned == {
        "a.example": False,
        "b.example": True,
        "c.example": True,
        "other.example": True,
    }


def test_a_scan_of_one_note_takes_note_of_it_under_its_place_in_the_vault(vault: Vault) -> None:
    vault.write("sub/a.md", "https://a.example/")
    vault.write("sub/b.md", "https://b.example/")

    result = vault.scan("notes/sub/a.md")

    assert vault.notes == {"sub/a.md": ["https://a.example/"]}
    assert vault.scan().notes > result.notes
    assert list(vault.notes) == ["sub/a.md", "sub/b.md"]


@_LINKS
def test_a_path_seen_through_a_link_has_its_place_in_the_vault_too(vault: Vault) -> None:
    """A shell in a vault behind a symbolic link may show either path."""
    vault.write("a.md", "https://a.example/")
    (vault.folder / "linked").symlink_to(vault.folder / "notes")
    vault.configure("notes: {paths: [linked]}")
    vault.scan()

    vault.scan(str(vault.folder / "notes" / "a.md"))
    vault.scan(str(vault.folder / "linked" / "a.md"))
    vault.scan(str(vault.folder / "linked"))

    assert [tuple(row) for row in vault.store.rows("select root, path from notes")] == [
        ("linked", "a.md")
    ]


def test_notes_outside_the_notes_paths_go_at_the_next_whole_scan(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    (vault.folder / "draft.txt").write_text("https://draft.example/")
    vault.scan()

    vault.scan("draft.txt")
    assert vault.mentioned == {"a.example": True, "draft.example": True}
    vault.scan("notes")
    assert vault.mentioned == {"a.example": True, "draft.example": True}
    vault.scan()
    assert vault.mentioned == {"a.example": True, "draft.example": False}


def test_notes_of_a_path_that_is_no_longer_configured_go(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    (vault.folder / "more").mkdir()
    (vault.folder / "more" / "b.md").write_text("https://b.example/")
    vault.configure("notes: {paths: [notes, more]}")
    vault.scan()
    vault.configure("notes: {paths: [more]}")

    vault.scan()

    assert vault.mentioned == {"a.example": False, "b.example": True}


def test_notes_that_are_now_excluded_go(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    vault.write("drafts/b.md", "https://b.example/")
    vault.scan()
    vault.configure('notes: {exclude: ["drafts/**"]}')

    vault.scan()

    assert vault.mentioned == {"a.example": True, "b.example": False}


def test_a_failing_link_that_no_note_mentions_any_more_is_news(vault: Vault) -> None:
    states = {"dead": State.DEAD, "suspect": State.SUSPECT, "alive": State.ALIVE}
    note = vault.write("a.md", " ".join(f"https://{name}.example/" for name in states))
    vault.write("b.md", "https://b.example/")
    vault.scan()
    for name, state in states.items():
        vault.judge(f"https://{name}.example/", state)
    vault.end()
    note.write_text("nothing any more")

    vault.scan()
    ledger = vault.end()

    assert [(c.url, c.before, c.after) for c in ledger.changes] == [
        ("https://dead.example/", State.DEAD, None),
        ("https://suspect.example/", State.SUSPECT, None),
    ]
    assert [link.url for link in ledger.links] == ["https://b.example/"]


def test_a_stopped_scan_keeps_what_it_read_and_forgets_nothing(vault: Vault) -> None:
    vault.write("zzz.md", "https://z.example/")
    vault.scan()
    (vault.folder / "notes" / "zzz.md").unlink()
    for number in range(450):
        vault.write(f"{number:03}.md", f"https://n{number}.example/")
    vault.stop.set()

    result = vault.scan()

    assert (result.read, len(result.notes), vault.told[-1]) == (200, 200, 200)
    assert vault.mentioned["z.example"] is True
    vault.stop.clear()
    assert vault.scan().read == 250
    assert vault.told[-3:] == [200, 400, 450]
    assert vault.mentioned.pop("z.example") is False
    assert sum(vault.mentioned.values()) == 450


def test_the_same_scan_twice_changes_nothing(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/\n[x](https://b.example/#y)\n")
    vault.scan()
    dump = list(vault.store.db.iterdump())

    vault.scan()

    tables = ('INSERT INTO "notes"', 'INSERT INTO "links"', 'INSERT INTO "mentions"')
    after = list(vault.store.db.iterdump())
    assert [x for x in dump if x.startswith(tables)] == [x for x in after if x.startswith(tables)]


def test_notes_with_any_bytes_are_filed(vault: Vault) -> None:
    vault.write("a.md", "")
    (vault.folder / "notes" / "a.md").write_bytes(
        b"https://a.example/\xff\xfe https://b.example/\x00 <a href='https://c.example/&#xD800;'>"
    )

    vault.scan()

    assert len(vault.mentioned) == 3


def test_first_seen_is_the_scan_that_first_found_the_link(vault: Vault) -> None:
    vault.write("a.md", "https://a.example/")
    vault.scan()
    seen = vault.clock.utc_now()
    vault.clock.advance(timedelta(days=30).total_seconds())
    vault.write("b.md", "https://a.example/")

    vault.scan()

    (link,) = vault.end().links
    assert link.first_seen == seen
    assert len(link.mentions) == 2


def _written(vault: Vault) -> list[str]:
    """What a scan says to SQLite beyond questions and the beginning of its cycle."""
    said: list[str] = []
    vault.clock.advance(3600)
    vault.cycle = begin_cycle(vault.store, vault.clock.utc_now())
    vault.store.db.conn.set_trace_callback(said.append)
    try:
        scan(
            vault.store,
            roots_of(vault.config, (), vault.folder),
            config=vault.config,
            cycle_id=vault.cycle,
            now=vault.clock.utc_now(),
            whole=True,
            stop=vault.stop,
            tell=vault.told.append,
        )
    finally:
        vault.store.db.conn.set_trace_callback(None)
    return [sql for sql in said if not sql.lower().startswith(("select", "pragma"))]


def test_an_unchanged_scan_writes_nothing_and_looks_at_no_link(vault: Vault) -> None:
    for number in range(450):
        vault.write(f"{number:03}.md", f"https://n{number}.example/")
    vault.scan()

    assert _written(vault) == []
    vault.write("000.md", "https://other.example/")
    assert any(sql.startswith("update links") for sql in _written(vault))
    assert _written(vault) == []
    assert vault.mentioned["n0.example"] is False


def test_another_archive_of_ones_own_is_looked_for_in_notes_that_did_not_change(
    vault: Vault,
) -> None:
    vault.write("a.md", "https://own.example/web/20200101000000/https://a.example/x")
    vault.scan()
    assert vault.store.rows("select 1 from links where watched = 1") == []
    vault.configure('archive: {wayback_url: "https://own.example"}')

    assert vault.scan().read == 0
    assert [row["url"] for row in vault.store.rows("select url from links where watched = 1")] == [
        "https://a.example/x"
    ]
    assert _written(vault) == []


def test_what_a_stopped_scan_left_unsettled_is_settled_by_the_next(vault: Vault) -> None:
    for number in range(250):
        vault.write(f"{number:03}.md", f"https://n{number}.example/")
    vault.scan()
    vault.write("000.md", "https://other.example/")
    vault.stop.set()
    assert vault.scan().read == 1
    assert vault.mentioned["n0.example"] is True
    vault.stop.clear()

    assert vault.scan().read == 0
    assert (vault.mentioned["n0.example"], vault.mentioned["other.example"]) == (False, True)


def test_a_link_that_moves_to_a_note_read_later_is_no_news(vault: Vault) -> None:
    vault.write("a.md", "https://dead.example/")
    for number in range(250):
        vault.write(f"b{number:03}.md", "https://b.example/")
    vault.scan()
    vault.judge("https://dead.example/", State.DEAD)
    vault.end()
    vault.write("a.md", "nothing")
    vault.write("z.md", "https://dead.example/")

    vault.scan()

    assert vault.end().changes == ()
    assert vault.mentioned["dead.example"] is True
