"""Which commit first brought a URL into a note, asked of real repositories."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkwatch.notes.gitlog import Git, environment, first_commits, names
from tests.fakes.repository import Repository, needs_git

A, B = "https://x.y/a", "https://x.y/b"


@pytest.mark.parametrize(
    "line",
    """
    {} | see {}. | ({}) | [a]({}) | [a]({} 'title') | <{}> | [{}]({}) | {}, | {}!? | **{}** | `{}`
    ==**{}**==x | <a href="{}"> | <a href={}> | source: '{}' | {}\\ | [![a]({})](https://z.y/)
    _{}_ | {{video {}}} | site::{} | “{}” | 见{}，以及 | {}… | {}&nbsp;b | https://x.y/ab {} | {}\r
    https://z.y/ {} | {})和
    """.replace("\n", "|").strip("| ").split("|"),
)  # fmt: skip
def test_a_line_names_a_url_whatever_stands_around_it(line: str) -> None:
    assert names(f"{line.replace('{}', A).strip(' ')}\n".encode(), A.encode())


@pytest.mark.parametrize(
    "line",
    """
    {}b | {}/b | {}?b | {}#b | {}_b | {}-b | {}.b | {}.b/ | {},b | {}%20 | {}&b | {}=b | {}é
    {}\\_b | {}~b | {}:8 | {}'s | {}@b | {}+b | {}&amp;b=1 | https://web.archive.org/web/2020/{} | https://r.y/?{}
    https://r.y/?u={} | https://r.y/?a=b&u={} | https://r.y/#{} | x{} | HTTPS://X.Y/A
    """.replace("\n", "|")
    .strip("| ")
    .split("|"),
)
def test_a_longer_url_does_not_name_the_shorter_one(line: str) -> None:
    assert not names(f"{line.replace('{}', A).strip(' ')}\n".encode(), A.encode())


def log(*entries: str) -> list[bytes]:
    return "".join(entries).encode().splitlines(keepends=True)


def test_the_oldest_commit_that_adds_a_text_is_the_one() -> None:
    found = first_commits(
        log(
            "\x01c3 300\n\ndiff --git a/n b/n\n--- a/n\n+++ b/n\n@@ -1 +1 @@\n-x\n+https://x.y/a\n",
            "\x01c2 200\n\ndiff --git a/n b/n\n--- a/n\n+++ b/n\n@@ -1 +1 @@\n-https://x.y/a\n+x\n",
            "\x01c1 100\n\ndiff --git a/https://x.y/b b/https://x.y/b\n+++ https://x.y/b\n"
            "@@ -0,0 +1,2 @@ https://x.y/b\n+https://x.y/a\n+++ https://x.y/c\n"
            "\\ No newline at end of file\n",
        ),
        [A.encode(), B.encode(), b"https://x.y/c"],
    )
    assert {text: commit.id for text, commit in found.items()} == {
        A.encode(): "c1",
        b"https://x.y/c": "c1",
    }
    assert found[A.encode()].authored_at.timestamp() == 100


def test_a_commit_from_beyond_the_calendar_is_none() -> None:
    lines = log("\x01c1 99999999999999\n\ndiff --git a/n b/n\n@@ -0,0 +1 @@\n+https://x.y/a\n")
    assert first_commits(lines, [A.encode()]) == {}


def test_time_is_linear_whatever_a_history_holds() -> None:
    texts = [f"https://x.y/{number}".encode() for number in range(200)]
    hunk = (
        "@@ -0,0 +1,2 @@\n+" + "https://x.y/" * 50_000 + "\n+" + "https://x.y/1." * 50_000 + "x\n"
    )
    started = time.thread_time()
    first_commits(log(f"\x01c1 100\n\ndiff --git a/n b/n\n{hunk}"), texts)
    assert time.thread_time() - started < 5.0


def test_git_sees_nothing_of_a_hook_that_we_run_in_but_what_a_service_lets_us_read() -> None:
    seen = environment(
        {
            "PATH": "/bin",
            "GIT_DIR": "/x",
            "Git_Work_Tree": "/x",
            "GIT_EXTERNAL_DIFF": "/x",
            "GIT_CONFIG_PARAMETERS": "'core.pager=x'",
            "GIT_CONFIG_GLOBAL": "/home/me/.gitconfig",
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": "core.fsmonitor",
            "GIT_CONFIG_VALUE_0": "/x",
            "GIT_CONFIG_KEY_1": "safe.directory",
            "GIT_CONFIG_VALUE_1": "/srv/notes",
        }
    )
    assert {name: seen[name] for name in seen if name.startswith(("GIT_CONFIG", "PATH"))} == {
        "PATH": "/bin",
        "GIT_CONFIG_GLOBAL": "/home/me/.gitconfig",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "/srv/notes",
    }
    assert not {"GIT_DIR", "Git_Work_Tree", "GIT_EXTERNAL_DIFF"} & seen.keys()
    assert seen["GIT_ALLOW_PROTOCOL"] == "none"
    assert "GIT_CONFIG_COUNT" not in environment({"GIT_CONFIG_COUNT": "-1"})


# Real repositories


def asked(note: Path, texts: Sequence[str] = (A, B), git: Git | None = None) -> dict[str, str]:
    """The day of each text's commit; "none" where git knows none."""

    async def ask() -> dict[str, str]:
        found = await (git or Git()).brought_in(note, texts, limit_s=20)
        return {
            text: f"{commit.authored_at:%Y-%m-%d}" if commit else "none"
            for text, commit in found.items()
        }

    return asyncio.run(ask())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "vault")


@needs_git
def test_the_first_commit_counts_through_renames_removals_and_edits(
    repository: Repository,
) -> None:
    filler = "".join(f"line {number}\n" for number in range(20))
    repository.write("-old name.md", filler)
    repository.commit("2015-01-01")
    repository.write("-old name.md", f"{filler}{A}\n")
    repository.commit("2016-01-01")
    repository.write("-old name.md", f"{filler}{A}b\n")  # another URL, of which A is a part
    repository.commit("2017-01-01")
    (repository.folder / "ü").mkdir()
    repository.git("mv", "--", "-old name.md", "ü/:(top)new [n]ame ✓.md")
    repository.commit("2018-01-01")
    note = repository.write("ü/:(top)new [n]ame ✓.md", f"moved\n{filler}[a]({A}) {B}\n")
    repository.commit("2019-01-01")
    repository.write("ü/:(top)new [n]ame ✓.md", f"{filler}[a]({A})\nuncommitted https://x.y/c\n")

    assert asked(note, (A, B, f"{A}b", "https://x.y/c")) == {
        A: "2016-01-01",
        B: "2019-01-01",
        f"{A}b": "2017-01-01",
        "https://x.y/c": "none",
    }


@needs_git
def test_branches_count_from_where_they_began_and_merges_for_what_they_add(
    repository: Repository,
) -> None:
    note = repository.write("n.md", "one\n\ntwo\n")
    repository.commit("2015-01-01")
    repository.git("checkout", "-q", "-b", "side")
    repository.write("n.md", f"one\n\ntwo {A}\n")
    repository.commit("2016-01-01")
    repository.git("checkout", "-q", "main")
    repository.write("n.md", "ONE\n\ntwo\n")
    repository.commit("2017-01-01")
    repository.git("config", "log.diffMerges", "off")
    repository.git("merge", "-q", "--no-commit", "side", on="2018-01-01")
    repository.write("n.md", f"ONE\n\ntwo {A}\n{B}\n")
    repository.commit("2018-01-01")

    assert asked(note) == {A: "2016-01-01", B: "2018-01-01"}


@needs_git
def test_the_edge_of_a_shallow_clone_proves_nothing(repository: Repository, tmp_path: Path) -> None:
    repository.write("n.md", f"{A}\n")
    repository.commit("2015-01-01")
    repository.write("n.md", f"{A}\nx\n")
    repository.commit("2016-01-01")
    repository.write("n.md", f"{A}\nx\n{B}\n")
    repository.commit("2017-01-01")
    for depth, expected in ((1, {}), (2, {B: "2017-01-01"})):
        clone = tmp_path / f"clone{depth}"
        source = f"file://{repository.folder}"
        repository.git("clone", "-q", "--depth", str(depth), source, str(clone))
        assert asked(clone / "n.md") == expected
    assert asked(repository.folder / "n.md") == {A: "2015-01-01", B: "2017-01-01"}


@needs_git
def test_notes_may_lie_in_a_subfolder_behind_a_symbolic_link_or_in_a_worktree(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("my notes/n.md", f"{A}\n")
    repository.commit("2015-01-01")
    (tmp_path / "notes").symlink_to(repository.folder / "my notes")
    repository.write("elsewhere.md", "").unlink()
    (tmp_path / "alone.md").symlink_to(repository.folder / "my notes" / "n.md")
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"))
    git = Git()
    for note in ("notes/n.md", "alone.md", "tree/my notes/n.md"):
        assert asked(tmp_path / note, [A], git) == {A: "2015-01-01"}


@needs_git
def test_where_git_knows_nothing_it_says_so_and_where_it_can_not_tell_it_does_not(
    repository: Repository, tmp_path: Path
) -> None:
    note = repository.write("n.md", A)
    assert asked(note) == {}  # no commit yet
    repository.write("other.md", A)
    repository.git("add", "other.md")
    repository.git("commit", "-q", "-m", "x")
    assert asked(note) == {A: "none", B: "none"}  # not tracked
    assert asked(repository.folder / "is not there.md", [A]) == {A: "none"}
    assert asked(note, [A], Git("/no/such/git")) == {}
    outside = tmp_path / "n.md"
    outside.write_text(A)
    assert asked(outside) == {}
    assert asked(tmp_path / "no such folder" / "n\0.md") == {}
    broken = tmp_path / "broken"
    (broken / ".git").mkdir(parents=True)
    assert asked(broken / "n.md") == {}


@needs_git
def test_a_repository_of_somebody_else_is_left_alone(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = repository.write("n.md", A)
    repository.commit("2015-01-01")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    foreign = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    git = Git()
    git._environment |= foreign
    assert asked(note, [A], git) == {}

    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(repository.folder))
    git = Git()
    git._environment |= foreign
    assert asked(note, [A], git) == {A: "2015-01-01"}


@needs_git
def test_nothing_that_a_repository_configures_is_run(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = repository.write("n.md", f"{A}\n")
    repository.write(".gitattributes", "*.md diff=evil filter=evil\n")
    repository.commit("2015-01-01")
    repository.write("n.md", f"{A}\n{B}\n")
    repository.commit("2016-01-01")
    repository.sign()
    marker = tmp_path / "was run"
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{marker}'\n")
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout"):
        (hooks / name).symlink_to(program)
    evil = str(program)
    for key, value in {
        "core.fsmonitor": evil,
        "core.pager": evil,
        "pager.log": evil,
        "core.hooksPath": str(hooks),
        "core.sshCommand": evil,
        "diff.external": evil,
        "diff.evil.command": evil,
        "diff.evil.textconv": evil,
        "diff.evil.binary": "true",
        "filter.evil.smudge": evil,
        "filter.evil.clean": evil,
        "gpg.program": evil,
        "log.showSignature": "true",
        "log.showRoot": "false",
        "log.follow": "false",
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.interHunkContext": "9",
        "alias.log": f"!{evil}",
        "credential.helper": evil,
    }.items():
        repository.git("config", key, value)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", evil)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("PAGER", evil)

    assert asked(note) == {A: "2015-01-01", B: "2016-01-01"}
    assert not marker.exists(), marker.read_text()


@needs_git
def test_what_a_partial_clone_lacks_is_not_fetched(repository: Repository, tmp_path: Path) -> None:
    repository.write("n.md", f"{A}\n")
    repository.commit("2015-01-01")
    repository.write("n.md", f"{A}\n{B}\n")
    repository.commit("2016-01-01")
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    source = f"file://{repository.folder}"
    repository.git("clone", "-q", "--filter=blob:none", source, str(clone))
    marker = tmp_path / "was run"
    repository.git("-C", str(clone), "config", "remote.origin.uploadpack", f"touch '{marker}'; :")

    assert asked(clone / "n.md") == {}
    assert not marker.exists()


@pytest.fixture
def endless(tmp_path: Path) -> Git:
    """A git that never ends, and whose child never does."""
    program = tmp_path / "git"
    program.write_text(
        f'#!/bin/sh\nfor word; do [ $word = rev-parse ] && exec git "$@"; done\n'
        f"echo $$ > '{tmp_path}/pid'\nsleep 1000\nsleep 1000\n"
    )
    program.chmod(0o755)
    return Git(str(program))


def ended(tmp_path: Path) -> bool:
    pid = int((tmp_path / "pid").read_text())
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@needs_git
def test_a_git_that_never_ends_is_ended_by_its_time_limit_and_by_cancelling(
    repository: Repository, tmp_path: Path, endless: Git
) -> None:
    note = repository.write("n.md", A)
    repository.commit("2015-01-01")

    async def limited() -> None:
        with pytest.raises(TimeoutError):
            await endless.brought_in(note, [A], limit_s=0.3)

    async def cancelled() -> None:
        task = asyncio.create_task(endless.brought_in(note, [A], limit_s=1000))
        while not (tmp_path / "pid").exists():  # noqa: ASYNC110 - it is a file that we wait for
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    for scenario in (limited, cancelled):
        (tmp_path / "pid").unlink(missing_ok=True)
        started = time.monotonic()
        asyncio.run(scenario())  # waits for its threads
        assert time.monotonic() - started < 10
        assert ended(tmp_path)
