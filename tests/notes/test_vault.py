"""Folders -> notes: what is found, what is passed over, and what is told of the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkwatch.errors import NotesError
from linkwatch.notes.vault import Globs, Note, Root, Trouble, display_names, read, walk

_DEFAULTS = Globs(["**/*.md"], [".obsidian/**", ".trash/**", ".git/**"])
_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right there")


def fill(folder: Path, *paths: str) -> Path:
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return folder


def found(*roots: Path, globs: Globs = _DEFAULTS) -> list[str]:
    """The paths of the notes below some roots. No trouble is expected."""
    items = list(walk([Root(name=str(path), path=path) for path in roots], globs))
    assert not [item for item in items if isinstance(item, Trouble)]
    return [item.path for item in items]


def troubles(*roots: Path, globs: Globs = _DEFAULTS) -> list[tuple[str, str]]:
    items = walk([Root(name=str(path), path=path) for path in roots], globs)
    return [(item.path, item.why) for item in items if isinstance(item, Trouble)]


_FILES = (
    "a.md",
    "b.txt",
    "B.MD",
    "sub/c.md",
    "sub/deep/d.md",
    "sub/deep/pic.png",
    ".obsidian/plugin.md",
    "sub/.obsidian/inner.md",
    ".trash/old.md",
    ".hidden.md",
    "drafts/e.md",
    "sub/drafts/f.md",
    "with space.md",
    "网络.md",
    "[x].md",
)


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["a.md"], [], {"a.md"}),
        (["/a.md"], [], {"a.md"}),
        (["sub/*.md"], [], {"sub/c.md"}),
        (["sub/**/*.md"], ["sub/.obsidian/**"], {"sub/c.md", "sub/deep/d.md", "sub/drafts/f.md"}),
        (["sub/**"], ["**/*.md"], {"sub/deep/pic.png"}),
        (["*.txt", "a.*"], [], {"a.md", "b.txt"}),
        (["**/*.md"], ["sub/**", ".*", "drafts/"], {"a.md", "with space.md", "网络.md", "[x].md"}),
        (["**/[d-f].md"], [], {"sub/deep/d.md", "drafts/e.md", "sub/drafts/f.md"}),
        (["**/*.md"], ["*"], set()),
        (["?.md"], ["drafts", "sub"], {"a.md"}),
        (["\\[x].md"], [], {"[x].md"}),
    ],
)
def test_globs_choose_among_the_files(
    tmp_path: Path, include: list[str], exclude: list[str], expected: set[str]
) -> None:
    fill(tmp_path, *(path for path in _FILES if path != "B.MD"))

    assert set(found(tmp_path, globs=Globs(include, exclude))) == expected


def test_by_default_notes_are_the_markdown_files_outside_the_app_folders(tmp_path: Path) -> None:
    fill(tmp_path, *(path for path in _FILES if path != "B.MD"))

    assert set(found(tmp_path)) == {
        *("a.md", "sub/c.md", "sub/deep/d.md", ".hidden.md", "drafts/e.md", "sub/drafts/f.md"),
        *("with space.md", "网络.md", "[x].md", "sub/.obsidian/inner.md"),
    }


def test_a_bad_glob_is_one_sentence() -> None:
    with pytest.raises(NotesError, match="is not a glob"):
        Globs(["a\\"], [])


def test_notes_come_in_a_stable_order_with_size_and_time(tmp_path: Path) -> None:
    fill(tmp_path, "b.md", "a.md", "c/x.md")
    os.utime(tmp_path / "a.md", ns=(1, 1_700_000_000_000_000_123))

    items = list(walk([Root(name="notes", path=tmp_path)], _DEFAULTS))

    assert [item.path for item in items] == ["a.md", "b.md", "c/x.md"]
    first = items[0]
    assert isinstance(first, Note)
    assert (first.root, first.at, first.stamp.size) == ("notes", tmp_path / "a.md", 4)
    assert first.stamp.mtime_ns == (tmp_path / "a.md").stat().st_mtime_ns
    assert read(first) == b"a.md"


def test_a_folder_named_like_a_note_is_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, "x.md/picture.png", "x.md/inner.md", "x.md/y.md/deep.md")

    assert found(tmp_path) == ["x.md/inner.md", "x.md/y.md/deep.md"]
    assert found(tmp_path / "x.md") == ["inner.md", "y.md/deep.md"]


def test_a_single_file_is_a_note_whatever_its_suffix(tmp_path: Path) -> None:
    fill(tmp_path, "journal.txt", ".obsidian/x.md")

    assert found(tmp_path / "journal.txt") == ["journal.txt"]
    assert found(tmp_path / ".obsidian" / "x.md") == ["x.md"]


def test_a_part_of_the_notes_keeps_its_name(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "sub/b.md", "sub/deep/c.md")

    def below(part: str) -> list[str]:
        return [item.path for item in walk([Root(name="n", path=tmp_path, below=part)], _DEFAULTS)]

    assert below("sub") == ["sub/b.md", "sub/deep/c.md"]
    assert below("sub/deep") == ["sub/deep/c.md"]
    assert below("sub/b.md") == ["sub/b.md"]


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "sub/b.md")

    assert found(tmp_path, tmp_path) == ["a.md", "sub/b.md"]
    assert found(tmp_path / "sub", tmp_path) == ["b.md", "a.md"]
    assert found(tmp_path, tmp_path / "sub", tmp_path / "a.md") == ["a.md", "sub/b.md"]
    assert found(tmp_path / "a.md", tmp_path) == ["a.md", "sub/b.md"]


def test_hard_links_are_notes_of_their_own(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    (tmp_path / "b.md").hardlink_to(tmp_path / "a.md")

    assert found(tmp_path) == ["a.md", "b.md"]


@_LINKS
@pytest.mark.parametrize(("link", "real"), [("a.md", "z.md"), ("z.md", "a.md")])
def test_a_symbolic_link_to_a_note_is_read_under_the_notes_own_name(
    tmp_path: Path, link: str, real: str
) -> None:
    fill(tmp_path, real)
    (tmp_path / link).symlink_to(tmp_path / real)

    assert found(tmp_path) == [real]


@_LINKS
def test_a_symbolic_link_out_of_the_vault_is_read(tmp_path: Path) -> None:
    fill(tmp_path, "vault/a.md", "else/b.md", "else/c.txt")
    (tmp_path / "vault" / "one.md").symlink_to(tmp_path / "else" / "c.txt")
    (tmp_path / "vault" / "all").symlink_to(tmp_path / "else")
    (tmp_path / "vault" / "again").symlink_to(tmp_path / "else")

    assert found(tmp_path / "vault") == ["a.md", "again/b.md", "one.md"]


@_LINKS
def test_a_folder_reached_through_a_link_is_read_under_its_own_name(tmp_path: Path) -> None:
    fill(tmp_path, "one/x.md", "two/y.md")
    (tmp_path / "one" / "aaa").symlink_to(tmp_path / "two")

    assert found(tmp_path) == ["one/x.md", "two/y.md"]
    assert found(tmp_path / "one", tmp_path / "two") == ["x.md", "y.md"]  # of another root, too


@_LINKS
def test_a_vault_may_itself_be_behind_a_link(tmp_path: Path) -> None:
    fill(tmp_path, "real/a.md")
    (tmp_path / "vault").symlink_to(tmp_path / "real")

    assert found(tmp_path / "vault") == ["a.md"]


@_LINKS
def test_each_symbolic_link_that_leads_round_gets_one_clear_line(tmp_path: Path) -> None:
    fill(tmp_path, "vault/a.md", "vault/sub/b.md")
    (tmp_path / "vault/sub/up").symlink_to(tmp_path / "vault")
    (tmp_path / "vault/sub/here").symlink_to(".")
    (tmp_path / "vault/self.md").symlink_to("self.md")

    why = "a symbolic link that leads round in a circle"
    items = list(walk([Root(name="n", path=tmp_path / "vault")], _DEFAULTS))

    assert [item.path for item in items if isinstance(item, Note)] == ["a.md", "sub/b.md"]
    said = {item.path: item.why for item in items if isinstance(item, Trouble)}
    assert (said["sub/up"], said["sub/here"]) == (why, why)
    assert said.keys() == {"sub/up", "sub/here", "self.md"}
    assert all("\n" not in line for line in said.values())


@_LINKS
def test_links_that_lead_to_each_other_end(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.md", "b/y.md")
    (tmp_path / "a/to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b/to_a").symlink_to(tmp_path / "a")

    assert found(tmp_path) == ["a/x.md", "b/y.md"]


@_LINKS
def test_a_link_that_leads_nowhere_is_told_if_it_would_be_a_note(tmp_path: Path) -> None:
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")

    assert troubles(tmp_path) == [("gone.md", "No such file or directory")]


@_LINKS
def test_an_excluded_link_is_not_followed(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    (tmp_path / ".git").symlink_to(tmp_path)

    assert found(tmp_path) == ["a.md"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.timeout(5)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    os.mkfifo(tmp_path / "pipe")

    assert troubles(tmp_path) == [("pipe.md", "not a regular file")]
    assert troubles(tmp_path / "pipe") == [("pipe", "not a regular file")]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that no one can read")
def test_a_file_that_can_not_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("/proc/self/mem")
    (note,) = walk([Root(name="n", path=tmp_path)], _DEFAULTS)
    assert isinstance(note, Note)

    assert read(note) == Trouble(root="n", path="a.md", why="Input/output error")


def test_a_note_that_went_away_since_it_was_found_is_one_line(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    (note,) = walk([Root(name="n", path=tmp_path)], _DEFAULTS)
    assert isinstance(note, Note)
    note.at.unlink()

    assert read(note) == Trouble(root="n", path="a.md", why="No such file or directory")


def test_a_folder_that_vanishes_on_the_way_is_one_line(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "sub/b.md", "z.md")
    steps = walk([Root(name="n", path=tmp_path)], _DEFAULTS)
    assert next(steps).path == "a.md"
    (tmp_path / "sub" / "b.md").unlink()
    (tmp_path / "sub").rmdir()

    rest = list(steps)

    assert rest[0] == Trouble(root="n", path="sub", why="No such file or directory")
    assert [item.path for item in rest[1:]] == ["z.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_names_that_are_not_utf_8_are_told_apart(tmp_path: Path) -> None:
    for name in (b"caf\xe9.md", b"caf\xe8.md", b"\xff/x.md"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name)

    notes = [n for n in walk([Root(name="n", path=tmp_path)], _DEFAULTS) if isinstance(n, Note)]

    assert sorted(note.path for note in notes) == ["\\xff/x.md", "caf\\xe8.md", "caf\\xe9.md"]
    assert sorted(map(str, map(read, notes))) == sorted(
        map(str, [b"caf\xe9.md", b"caf\xe8.md", b"\xff/x.md"])
    )
    for note in notes:
        note.path.encode()  # may be stored and printed


@pytest.mark.parametrize("name", ["line\nbreak.md", "tab\t.md", "bell\x07.md", "\u202e.md"])
@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_odd_names_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    fill(tmp_path, name)

    assert found(tmp_path) == [name]


@pytest.mark.parametrize("missing", ["nowhere", "a.md/below", "sub/nowhere"])
def test_a_missing_root_is_an_error_before_anything_is_read(tmp_path: Path, missing: str) -> None:
    fill(tmp_path, "a.md", "sub/b.md")
    roots = [Root(name="n", path=tmp_path), Root(name="m", path=tmp_path / missing)]

    with pytest.raises(NotesError, match=r"There are no notes at .*: no such file or folder\."):
        next(walk(roots, _DEFAULTS))


@_LINKS
def test_a_root_that_leads_round_in_a_circle_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes").symlink_to("notes")

    with pytest.raises(NotesError, match=r"Can't read the notes at .*notes: "):
        list(walk([Root(name="n", path=tmp_path / "notes")], _DEFAULTS))


def test_an_empty_vault_has_no_notes(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["notes"], {"notes": ""}),
        (["work", "home"], {"work": "work/", "home": "home/"}),
        (["vault/a", "vault/b/c"], {"vault/a": "a/", "vault/b/c": "b/c/"}),
        (["vault", "vault/inner"], {"vault": "", "vault/inner": "inner/"}),
        (["README", "notes"], {"README": "README/", "notes": "notes/"}),
    ],
)
def test_notes_are_named_shortly_and_apart(
    tmp_path: Path, paths: Sequence[str], expected: dict[str, str]
) -> None:
    assert display_names({path: tmp_path / path for path in paths}) == expected
