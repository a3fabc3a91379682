"""config.yaml: what it means, and what a person is told who got it wrong.

Each mistake has its own small file in `configs/`, whose first line is the sentence it deserves.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.config import load, require_regexes
from linkwatch.configfile import read as read_file
from linkwatch.errors import ConfigError, LinkwatchError, UsageError
from linkwatch.settings import (
    Archive,
    Check,
    DeadAfter,
    History,
    HostOverride,
    LocalLimits,
    Notes,
    PerHost,
    Report,
    Schedule,
    Seconds,
    Verdict,
    default_text,
    seconds,
)

_HERE = Path(__file__).parent
_TOP = _HERE.parent
_BAD = sorted((_HERE / "configs").glob("*.yaml"))


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# What can go wrong


@pytest.mark.parametrize("path", _BAD, ids=[path.stem for path in _BAD])
@pytest.mark.timeout(5)
def test_each_mistake_gets_its_one_sentence(path: Path) -> None:
    first_line = path.read_text("utf-8").partition("\n")[0]
    expected = first_line.removeprefix("# expect: ")

    with pytest.raises(ConfigError) as caught:
        load(path, cwd=_TOP)

    assert str(caught.value) == f"{path}, {expected}"
    assert caught.value.exit_code == 3


def test_every_sentence_names_a_line() -> None:
    assert len(_BAD) > 60
    for path in _BAD:
        assert path.read_text("utf-8").startswith("# expect: line "), path.name


def test_a_secret_is_not_repeated_in_the_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, 'check: {proxy: "http://me:hunter2@proxy.example/"}')

    with pytest.raises(ConfigError) as caught:
        load(path, cwd=tmp_path)

    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: No such file or directory"):
        load(tmp_path / "nowhere.yaml", cwd=tmp_path)


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()

    with pytest.raises(ConfigError, match=r"Can't read the configuration .*config\.yaml"):
        load(None, cwd=tmp_path)


def test_a_configuration_that_leads_nowhere_is_no_reason_for_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to(tmp_path / "gone.yaml")

    with pytest.raises(ConfigError, match="No such file or directory"):
        load(None, cwd=tmp_path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that no one can read")
def test_a_file_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to("/proc/self/mem")

    with pytest.raises(ConfigError, match=r"Can't read the configuration .*: Input/output error"):
        load(None, cwd=tmp_path)


def test_text_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "database: caf\xe9.db\n".encode("latin-1"))

    with pytest.raises(ConfigError, match=r"config\.yaml is not UTF-8 text \(byte 13\)"):
        load(path, cwd=tmp_path)


def test_a_bad_pattern_of_other_origin_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'\(' is not a regular expression"):
        require_regexes(("fine", "("))


# What it means


def test_the_shipped_file_says_what_the_built_in_defaults_are(tmp_path: Path) -> None:
    shipped = load(written(tmp_path, default_text()), cwd=tmp_path)
    (tmp_path / "elsewhere").mkdir()
    built_in = load(None, cwd=tmp_path / "elsewhere")

    assert shipped.notes == built_in.notes == Notes()
    assert shipped.check == built_in.check == Check()
    assert shipped.verdict == built_in.verdict == Verdict()
    assert shipped.archive == built_in.archive == Archive()
    assert shipped.schedule == built_in.schedule == Schedule(every=Seconds(3600))
    assert shipped.database.relative_to(tmp_path) == Path("data/linkwatch.db")
    assert shipped.report_path.relative_to(tmp_path) == Path("data/report.md")
    assert (shipped.source, built_in.source) == (tmp_path / "config.yaml", None)


def fields(struct: type) -> set[str]:
    return set(struct.__struct_fields__)  # type: ignore[attr-defined]  # every msgspec struct has it


def test_the_shipped_file_shows_every_key_and_no_other() -> None:
    shipped = yaml.safe_load(default_text())

    assert set(shipped) == {
        *("notes", "database", "history", "report", "check", "verdict", "archive", "schedule"),
    }
    assert set(shipped["notes"]) == fields(Notes)
    assert set(shipped["history"]) == fields(History)
    assert set(shipped["report"]) == fields(Report)
    assert set(shipped["check"]) == fields(Check)
    assert set(shipped["check"]["per_host"]) == fields(PerHost)
    assert set(shipped["verdict"]) == fields(Verdict)
    assert set(shipped["verdict"]["dead_after"]) == fields(DeadAfter)
    assert set(shipped["archive"]) == fields(Archive)
    assert set(shipped["archive"]["local_limits"]) == fields(LocalLimits)
    assert set(shipped["schedule"]) == {"every"}  # or cron, of which its comment tells
    for key in fields(HostOverride) | {"cron"}:
        assert f"{key}:" in default_text()


def test_what_init_writes_is_the_file_at_the_top() -> None:
    assert default_text().encode() == (_TOP / "config.yaml").read_bytes()


def test_a_wheel_ships_the_file_at_the_top() -> None:
    project = tomllib.loads((_TOP / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel["force-include"]["config.yaml"] == "linkwatch/config.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# nothing but comments\n",
        "---\n",
        "{}",
        "notes:\nreport:\ncheck:\nverdict:\narchive:\nschedule:\n",
        "check:\n  per_host:\n  hosts:\nverdict:\n  dead_after:\n",
        "\ufeff# with a byte order mark\ncheck:\n",
        "check: {}\r\nverdict: {}\r\n",
    ],
)
def test_what_is_left_out_keeps_its_default(tmp_path: Path, text: str) -> None:
    config = load(written(tmp_path, text), cwd=tmp_path)

    assert (config.check, config.notes, config.verdict) == (Check(), Notes(), Verdict())
    assert config.schedule == Schedule(every=Seconds(3600))


def test_a_schedule_may_be_a_cron_line_instead(tmp_path: Path) -> None:
    config = load(written(tmp_path, 'schedule: {cron: "0 4 * * mon"}'), cwd=tmp_path)

    assert config.schedule == Schedule(cron="0 4 * * mon")


def test_anchors_may_be_used(tmp_path: Path) -> None:
    text = """
        check:
          hosts:
            a.example: &slow {interval: 5s, concurrency: 1}
            b.example: *slow
            c.example: {<<: *slow, concurrency: 2}
    """
    config = load(written(tmp_path, text), cwd=tmp_path)

    assert config.override("b.example") == HostOverride(interval=Seconds(5), concurrency=1)
    assert config.override("c.example") == HostOverride(interval=Seconds(5), concurrency=2)


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    text = 'notes: {paths: [., ../other, /srv/notes, "~/notes"]}\ndatabase: x.db\n'
    written(vault, text)

    config = load(Path("vault/config.yaml"), cwd=tmp_path)

    assert config.base == vault
    assert config.source == vault / "config.yaml"
    assert config.note_paths == (
        vault,
        vault / "../other",
        Path("/srv/notes"),
        Path("~/notes").expanduser(),
    )
    assert config.database == vault / "x.db"
    assert config.report_path == vault / "data/report.md"


def test_relative_paths_start_at_the_place_that_was_named_not_where_a_link_leads(
    tmp_path: Path,
) -> None:
    """As with files that a tool for dotfiles, or a cluster's configuration map, links to."""
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "vault").mkdir()
    kept = written(tmp_path / "dotfiles", "database: x.db")
    (tmp_path / "vault" / "config.yaml").symlink_to(kept)

    assert load(None, cwd=tmp_path / "vault").database == tmp_path / "vault" / "x.db"


def test_without_a_file_relative_paths_start_at_the_working_directory(tmp_path: Path) -> None:
    config = load(None, cwd=tmp_path)

    assert config.note_paths == (tmp_path / "notes",)
    assert config.database == tmp_path / "data" / "linkwatch.db"


@pytest.mark.parametrize(
    ("name", "concurrency"),
    [
        ("example.org", 1),
        ("www.example.org", 2),
        ("a.b.example.org", 2),
        ("a.deep.example.org", 3),
        ("deep.example.org", 2),
        ("exact.deep.example.org", 4),
        ("notexample.org", None),
        ("example.com", None),
        ("xn--mller-kva.example", 5),
        ("big.example", 6),
        ("www.xn--mller-kva.example", None),
        ("127.0.0.1", 7),
    ],
)
def test_an_exact_host_wins_over_a_star_and_a_longer_star_over_a_shorter(
    tmp_path: Path, name: str, concurrency: int | None
) -> None:
    text = """
        check:
          hosts:
            "*.org": {concurrency: 9}
            example.org: {concurrency: 1}
            "*.example.org": {concurrency: 2}
            "*.deep.example.org": {concurrency: 3}
            exact.deep.example.org: {concurrency: 4}
            müller.example: {concurrency: 5}
            BIG.Example: {concurrency: 6}
            127.0.0.1: {concurrency: 7}
    """
    config = load(written(tmp_path, text), cwd=tmp_path)
    expected = 9 if name == "notexample.org" else concurrency

    assert config.override(name).concurrency == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0ms", 0), ("1ms", 0.001), ("20s", 20), ("5m", 300), ("1h", 3600), ("7d", 604_800)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "s", "1", "1 s", " 1s", "1.5s", "+1s", "1S", "1min", "1s\n", "٣s", "1h1m", None, 7]
)
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


_scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["20s", "0d", "*.example.org", "0 4 * * 1", "http://a.example/", "(", "~x"]),
    st.dates(),
)
_names = st.sampled_from(
    sorted(
        {"notes", "report", "check", "verdict", "archive", "schedule", "database", "a.example"}
        | fields(Notes)
        | fields(Check)
        | fields(PerHost)
        | fields(DeadAfter)
        | fields(Schedule)
    )
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(_names, _scalars), inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(data=st.dictionaries(_names, _values, max_size=4))
def test_whatever_the_yaml_holds_is_a_configuration_or_one_sentence(data: dict[str, Any]) -> None:
    try:
        read = read_file(Path("c.yaml"), yaml.safe_dump(data, allow_unicode=True))
    except ConfigError as exc:
        assert str(exc).startswith("c.yaml, line ")
        assert "\n" not in str(exc)
    else:
        assert read.check.timeout > 0


@settings(derandomize=True, deadline=None, max_examples=300)
@given(text=st.text(alphabet=st.sampled_from("ab:{}[]-&*!|>'\"#% \n\t0."), max_size=30))
def test_whatever_the_file_holds_is_a_configuration_or_one_sentence(text: str) -> None:
    try:
        read_file(Path("c.yaml"), text)
    except LinkwatchError as exc:
        assert str(exc).startswith("c.yaml, line ")
        assert "\n" not in str(exc)
