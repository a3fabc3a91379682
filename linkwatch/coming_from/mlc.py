"""mlc, the "markup link checker" in Rust: `.mlc.toml`, as far as its README tells (version 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from linkwatch.coming_from.dialects import (
    glob_of_path,
    milliseconds,
    plain_path,
    switch,
    wildcard,
)
from linkwatch.coming_from.findings import (
    NO_HEADERS,
    Finding,
    Setting,
    Tool,
    agent,
    each,
    nothing,
    one,
)


def _not(value: object) -> bool:
    return not switch(value)


def _headers(name: str, value: object) -> Iterator[Finding]:
    return agent(name, value, ("check", "user_agent"))


_LOCAL: Final = "links to files are not checked here"
_OFFLINE: Final = "`linkwatch links` lists the links and asks nobody"
_GIT: Final = ".gitignore is not read; `notes.exclude` leaves out"

MLC: Final = Tool(
    "mlc",
    (
        Setting(
            "ignore-links",
            "notes.exclude_urls",
            "`*` and `?` become regular expressions",
            each("notes.exclude_urls", wildcard),
        ),
        Setting(
            "ignore-path",
            "notes.exclude",
            "paths become globs; they are added to the default ones",
            each("notes.exclude", glob_of_path),
        ),
        Setting("files", "notes.paths", "as they are", each("notes.paths", plain_path)),
        Setting(
            "throttle",
            "check.per_host.interval",
            "milliseconds",
            one("check.per_host.interval", milliseconds),
        ),
        Setting(
            "disable-raw-link-check",
            "notes.check_code",
            "the other way round: false is `true`",
            one("notes.check_code", _not),
        ),
        Setting("http-headers", "check.user_agent", f"the user agent only: {NO_HEADERS}", _headers),
        nothing("markup-types", "only markdown is read here"),
        nothing("offline", _OFFLINE),
        nothing("no-web-links", _OFFLINE),
        nothing(
            "do-not-warn-for-redirect-to",
            "redirects are no fault: a link that moved for good is told of as `moved`",
        ),
        nothing("gitignore", _GIT),
        nothing("gituntracked", _GIT),
        nothing("match-file-extension", _LOCAL),
        nothing("root-dir", _LOCAL),
        nothing(
            "csv", "the report is `report.path`; `linkwatch report --format json` is for programs"
        ),
        nothing("debug", "`--verbose` logs everything"),
    ),
)
