"""Coming from another tool: `linkwatch init --from FILE`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.coming_from.dialects import glob_of_pattern, wildcard
from linkwatch.coming_from.findings import Carried, Left, Tool, Unknown
from linkwatch.coming_from.lychee import LYCHEE
from linkwatch.coming_from.markdown_link_check import MARKDOWN_LINK_CHECK
from linkwatch.coming_from.mlc import MLC
from linkwatch.config import Config, load
from linkwatch.configfile import read
from linkwatch.errors import ConfigError
from linkwatch.migrating import bring, config_text, merged
from linkwatch.settings import File, HostOverride, Seconds, default_text

_TOP = Path(__file__).parent.parent
_EXAMPLES = Path(__file__).parent / "coming_from" / "files"


def written(folder: Path, *sources: tuple[str, str]) -> Config:
    """The configuration that `init` would write."""
    brought = merged([bring(Path(name), text) for name, text in sources])
    path = folder / "config.yaml"
    path.write_text(config_text(brought), "utf-8")
    return load(path, cwd=folder)


def lines(name: str, text: str) -> list[str]:
    return list(bring(Path(name), text).lines())


# What is carried over


def example(name: str) -> tuple[str, str]:
    return name, (_EXAMPLES / name).read_text("utf-8")


def test_lychee_s_settings_become_ours(tmp_path: Path) -> None:
    config = written(tmp_path, example("lychee.toml"))
    assert config.notes.include == ("**/*.md", "**/*.mdx")
    assert config.notes.exclude == (
        ".obsidian/**",
        ".trash/**",
        ".git/**",
        "*node_modules*",
        "/docs/drafts/",
    )
    assert config.notes.exclude_urls == (
        "^http://",
        r"^https://(www\.)?linkedin\.com/",
        'it\'s "here" # and: there',
    )
    assert config.notes.check_code
    assert config.check.fragments
    assert config.check.timeout == Seconds(90)
    assert config.check.max_redirects == 5
    assert config.check.concurrency == 14
    assert config.check.per_host.concurrency == 2
    assert config.check.per_host.interval == Seconds(1.5)
    assert config.check.user_agent == "curl/8.0"
    assert not config.check.allow_private_networks
    assert config.check.hosts == {
        "api.example.org": HostOverride(
            concurrency=1, interval=Seconds(2), user_agent="someone: else"
        )
    }
    assert config.archive.enabled


def test_markdown_link_check_s_settings_become_ours(tmp_path: Path) -> None:
    config = written(tmp_path, example(".markdown-link-check.json"))
    assert config.notes.exclude_urls == ("^http://example\\.net", "https?://localhost")
    assert config.check.timeout == Seconds(20)
    assert config.check.hosts == {"example.com": HostOverride(user_agent="Mozilla/5.0")}


def test_mlc_s_settings_become_ours(tmp_path: Path) -> None:
    config = written(tmp_path, example(".mlc.toml"))
    assert config.notes.paths == ("README.md", "docs/README.md")
    assert config.notes.exclude[-2:] == ("/ignore-me", "/src")
    assert config.notes.exclude_urls == (r"^http://ignore-me\.de/", r"^http://.*\.sub-domain/")
    assert config.notes.check_code
    assert config.check.per_host.interval == Seconds(0.1)
    assert config.check.user_agent == "Mozilla/5.0"


def test_lycheeignore_is_a_pattern_a_line(tmp_path: Path) -> None:
    text = "\ufeff# a comment\n\n^https://a\\.example/ \n  # another\r\nb # c\n(\n".removeprefix(
        "\ufeff"
    )
    config = written(tmp_path, (".lycheeignore", text))
    assert config.notes.exclude_urls == ("^https://a\\.example/", "b # c")
    assert lines("x/.lycheeignore", text)[-1].startswith(
        "x/.lycheeignore: line 6 '(': not carried over: it is no regular expression here"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.black]\n[tool.lychee]\ntimeout = 7"),
        ("Cargo.toml", "[package]\nname = 'x'\n[package.metadata.lychee]\ntimeout = 7"),
        ("Cargo.toml", "[workspace.metadata.lychee]\ntimeout = 7"),
        ("package.json", '{"name": "x", "lychee": {"timeout": 7}}'),
        ("ci/links.toml", "timeout = 7\ncache = true"),
        ("lychee-ci.toml", "timeout = 7"),
        ("mlc_config.json", '{"timeout": "7s", "retryOn429": true}'),
        (".linkcheck", '{"timeout": "7s", "ignorePatterns": []}'),
        ("links", "timeout = 7\nexclude = []"),
    ],
)
def test_a_tool_is_known_by_its_file_s_name_or_by_what_is_in_it(
    tmp_path: Path, name: str, text: str
) -> None:
    assert written(tmp_path, (name, text)).check.timeout == Seconds(7)


def test_several_files_come_together_and_the_last_word_counts(tmp_path: Path) -> None:
    sources = [
        ("lychee.toml", 'timeout = 5\nexclude = ["a", "b"]'),
        (".lycheeignore", "b\nc\n"),
        (".markdown-link-check.json", '{"timeout": "7s"}'),
    ]
    config = written(tmp_path, *sources)
    assert config.notes.exclude_urls == ("a", "b", "c")
    assert config.check.timeout == Seconds(7)
    first = merged([bring(Path(name), text) for name, text in sources])[0]
    assert (
        "lychee.toml: timeout: not carried over: timeout of .markdown-link-check.json"
        in "\n".join(first.lines())
    )


def test_what_init_writes_keeps_its_comments_in_their_columns() -> None:
    name, text = example("lychee.toml")
    ours = config_text([bring(Path(name), text)])
    kept = [line.partition("#")[2] for line in default_text().splitlines() if "#" in line]
    for comment in kept:
        assert comment in ours
    assert "\n  timeout: 90s                  # one request, from its turn" in ours
    assert "\n  exclude_urls:                 # never checked:" in ours
    assert "\n    - '^https://(www\\.)?linkedin\\.com/'\n" in ours
    assert "\n  max_redirects: 5\n" in ours


def test_nothing_to_carry_over_leaves_the_default_text() -> None:
    assert config_text([bring(Path("lychee.toml"), "")]) == default_text()


# What is not


def test_each_setting_gets_its_line() -> None:
    text = 'base_url = "https://a/"\nfoo = 1\ntimeout = 30\nexclude = ["a++"]'
    assert lines("lychee.toml", text) == [
        "lychee.toml: timeout -> check.timeout = 30s",
        "lychee.toml: base_url: not carried over: links to files are not checked here",
        "lychee.toml: exclude 'a++': not carried over: ++ means something else here",
        "lychee.toml: foo: not known",
    ]
    assert lines("lychee.toml", "") == ["lychee.toml: it sets nothing"]


def test_private_networks_are_never_opened_by_another_tool_s_file(tmp_path: Path) -> None:
    for key in ("exclude_all_private", "exclude_private", "exclude_loopback"):
        text = f"{key} = false"
        assert not written(tmp_path, ("lychee.toml", text)).check.allow_private_networks
        assert "not carried over" in lines("lychee.toml", text)[0]


def test_secrets_are_not_repeated() -> None:
    told = lines(
        "lychee.toml",
        'basic_auth = ["x hunter2"]\ngithub_token = "hunter2"\n'
        'header = {Authorization = "hunter2"}\n'
        '[hosts."x.example"]\nheaders = {Cookie = "hunter2"}',
    )
    told += lines(
        "x.json",
        '{"httpHeaders": [{"urls": ["https://x"], "headers": {"Authorization": "hunter2"}}]}',
    )
    told += lines("mlc.toml", 'http-headers = ["X-Key: hunter2", "hunter2"]')
    assert len(told) == 7
    assert "hunter2" not in "\n".join(told)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("timeout = 0", "check.timeout: it must be longer than nothing"),
        ("max_redirects = 1000", "check.max_redirects: it must be a whole number, at most 100"),
        ('max_concurrency = "4"', "it is no whole number"),
        ('user_agent = "Ünser"', "check.user_agent: it must be one line of ASCII text"),
        ("include_verbatim = 1", "it is neither true nor false"),
        ('include_fragments = "text-only"', "text fragments"),
        ('extensions = ["html"]', "only markdown is read here"),
        ('[hosts."x:8"]\nconcurrency = 1', "is not a host name"),
        ("hosts = 1", "no table of hosts"),
        ('scheme = ["file"]', "only http and https"),
        ('scheme = ["http", "https"]', "both http and https"),
        ("suggest = false", "archive.enabled"),
        ("header = 1", "these are no headers"),
    ],
)
def test_a_value_that_is_refused_here_stays_behind_with_the_reason(text: str, why: str) -> None:
    (line,) = lines("lychee.toml", text)
    assert "not carried over" in line
    assert why in line
    assert config_text([bring(Path("lychee.toml"), text)]) == default_text()


_NAMES = {"lychee": "lychee.json", "markdown-link-check": "x.json", "mlc": "y.json"}
_MARKS: dict[str, dict[str, object]] = {  # settings enough to be known by
    "lychee": {},
    "markdown-link-check": {"retryOn429": True, "retryCount": 2},
    "mlc": {"debug": True, "csv": "", "gitignore": True},
}
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("tool", [LYCHEE, MARKDOWN_LINK_CHECK, MLC], ids=lambda tool: tool.name)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_a_file_holds_what_is_written_loads(tool: Tool, data: st.DataObject) -> None:
    carrying = [setting.theirs for setting in tool.settings if setting.carry]
    hosts = st.dictionaries(st.sampled_from(["concurrency", "headers", "urls"]), _JSON)
    value = _JSON | st.lists(st.text()) | st.dictionaries(st.text(), hosts)
    given = data.draw(st.dictionaries(st.sampled_from(carrying), value, max_size=4))
    brought = bring(Path(_NAMES[tool.name]), json.dumps({**_MARKS[tool.name], **given}))
    assert isinstance(read(Path("config.yaml"), config_text(merged([brought]))), File)
    assert list(brought.lines())


# Files that are no good


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("lychee.toml", "a = 1\nb =\n", "lychee.toml, line 2: this is not TOML: Invalid value."),
        ("lychee.toml", "a = 1\n[b", "lychee.toml, line 2: this is not TOML: "),
        ("x.json", '{\n "a": 1,\n}', "x.json, line 3: this is not JSON: "),
        ("x.json", "[1]", "x.json holds no settings; accepted: lychee.toml, "),
        ("x.json", "[" * 100_000, "x.json can't be read: "),
        ("x.toml", "a = 1", "x.toml is of no tool that linkwatch knows; accepted: lychee.toml, "),
        ("pyproject.toml", "[tool.black]", "pyproject.toml is of no tool that linkwatch knows"),
        ("notes.md", "# Notes\n\nhello there", "notes.md, line 3: this is not TOML: "),
    ],
)
def test_a_file_that_is_no_good_gets_one_sentence(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bring(Path(name), text)
    assert str(caught.value).startswith(sentence)
    assert caught.value.exit_code == 3


# The command


def init(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linkwatch", "init", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_init_writes_what_it_carries_over_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "lychee.toml").write_bytes(b"\xef\xbb\xbftimeout = 30\ncache = true\n")
    (tmp_path / ".lycheeignore").write_text("^https://a\\.example/\n(\x1b[31m\n")
    ran = init(tmp_path, "--from", "lychee.toml", "--from", ".lycheeignore")
    assert ran.returncode == 0, ran.stderr
    told = ran.stdout.splitlines()
    assert told[0] == "lychee.toml: timeout -> check.timeout = 30s"
    assert told[2] == ".lycheeignore: line 1 -> notes.exclude_urls = '^https://a\\.example/'"
    assert len(told) == 4
    assert "\x1b" not in ran.stdout
    assert ran.stderr.startswith("Wrote config.yaml.")
    config = load(None, cwd=tmp_path)
    assert config.check.timeout == Seconds(30)
    again = init(tmp_path, "--from", "lychee.toml")
    assert (again.returncode, again.stdout) == (1, "")
    assert "left as it is" in again.stderr


def test_init_asks_where_the_notes_are_unless_the_file_said_so(tmp_path: Path) -> None:
    (tmp_path / ".mlc.toml").write_text('files = ["README.md"]')
    assert init(tmp_path, "--from", ".mlc.toml").stderr == (
        "Wrote config.yaml. Now run: linkwatch check\n"
    )
    (tmp_path / "config.yaml").unlink()
    assert init(tmp_path).stderr == (
        "Wrote config.yaml. Set notes.paths in it, then run: linkwatch check\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "linkwatch: Can't read x.toml: No such file or directory."),
        (b"\xff", "linkwatch: x.toml is not UTF-8 text (byte 0)."),
        (b"a =", "linkwatch: x.toml, line 1: this is not TOML: Invalid value."),
        (b"a = 1", "linkwatch: x.toml is of no tool that linkwatch knows; accepted: "),
    ],
)
def test_init_from_a_file_that_is_no_good_is_a_usage_error_and_writes_nothing(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "x.toml").write_bytes(content)
    ran = init(tmp_path, "--from", "x.toml")
    assert ran.returncode == 3
    assert ran.stderr.startswith(sentence)
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "config.yaml").exists()


# The page


@pytest.mark.parametrize("tool", [LYCHEE, MARKDOWN_LINK_CHECK, MLC], ids=lambda tool: tool.name)
def test_every_setting_stands_in_the_page_as_the_code_has_it(tool: Tool) -> None:
    page = (_TOP / "docs" / "migrating.md").read_text("utf-8")
    for setting in tool.settings:
        ours = f"`{setting.ours}`" if setting.ours else "none"
        assert f"| `{setting.theirs}` | {ours} | {setting.what} |\n" in page
        assert (setting.carry is None) == (not setting.ours)


@pytest.mark.parametrize("tool", [LYCHEE, MARKDOWN_LINK_CHECK, MLC], ids=lambda tool: tool.name)
def test_a_setting_without_a_meaning_never_writes_anything(tool: Tool) -> None:
    for setting in tool.settings:
        for finding in tool.findings({setting.theirs: object()}):
            assert not isinstance(finding, Carried | Unknown)
            assert isinstance(finding, Left)
            assert finding.why


def test_the_example_of_the_page_is_what_happens() -> None:
    page = (_TOP / "docs" / "migrating.md").read_text("utf-8")
    shown = page.split("```text\n")[1].split("```")[0].splitlines()
    told = lines("lychee.toml", "foo = 1\ncache = true\ntimeout = 30")
    told += lines(".lycheeignore", "^https?://intranet\n")
    assert shown[:-1] == told
    assert shown[-1].startswith("Wrote config.yaml.")


def test_the_patterns_of_the_page_become_what_it_says() -> None:
    page = (_TOP / "docs" / "migrating.md").read_text("utf-8")
    for theirs, ours in (
        ("http*://crates.io*", wildcard("http*://crates.io*")),
        ("node_modules", glob_of_pattern("node_modules")),
        ("^docs/drafts/", glob_of_pattern("^docs/drafts/")),
    ):
        assert f"`{theirs}`" in page
        assert f"`{ours}`" in page
