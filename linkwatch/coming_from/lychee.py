"""lychee: `lychee.toml`, its section in other projects' files, and `.lycheeignore`.

The settings are those of 0.24, which lists them itself when it meets one that it does not know,
and those of older versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from linkwatch.coming_from.dialects import (
    glob_of_pattern,
    number,
    rust_pattern,
    seconds,
    switch,
    text,
)
from linkwatch.coming_from.findings import (
    NO_HEADERS,
    Carried,
    Finding,
    Left,
    Setting,
    Tool,
    Unknown,
    agent,
    each,
    nothing,
    one,
    taken,
)

_MARKDOWN: Final = ("md", "mkd", "mdx", "mdown", "mdwn", "mkdn", "mkdown", "markdown", "txt")


def _extension(value: object) -> str:
    extension = text(value).strip().removeprefix(".")
    if extension not in _MARKDOWN:
        raise ValueError("only markdown is read here")
    return f"**/*.{extension}"


def _extensions(name: str, value: object) -> Iterator[Finding]:
    given = value.split(",") if isinstance(value, str) else value
    return iter(each("notes.include", _extension)(name, given))


def _fragments(value: object) -> bool:
    if value == "text-only":
        raise ValueError("text fragments (#:~:text=) are not looked for here")
    if value in ("anchor-only", "full"):
        return True
    return False if value == "none" else switch(value)


def _private(name: str, value: object) -> Iterator[Finding]:
    if switch(value):
        key = ("check", "allow_private_networks")
        yield Carried(theirs=name, key=key, value=False)
    else:
        why = "private addresses are asked only if you set check.allow_private_networks yourself"
        yield Left(name, why)


def _suggest(name: str, value: object) -> Iterator[Finding]:
    if switch(value):
        yield Carried(theirs=name, key=("archive", "enabled"), value=True)
    else:
        why = "copies of dead links are looked for, unless you set archive.enabled: false"
        yield Left(name, why)


def _scheme(name: str, value: object) -> Iterator[Finding]:
    given = {text(scheme) for scheme in (value if isinstance(value, list) else [value])}
    if not given & {"http", "https"}:
        raise ValueError("only http and https are checked here")
    for scheme in sorted({"http", "https"} - given):
        key = ("notes", "exclude_urls")
        yield Carried(theirs=name, key=key, value=f"^{scheme}://", in_list=True)
    if given >= {"http", "https"}:
        yield Left(name, "both http and https are checked here anyway")


def _header(name: str, value: object) -> Iterator[Finding]:
    return agent(name, value, ("check", "user_agent"))


def _hosts(name: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        raise ValueError("it is no table of hosts")  # noqa: TRY004 - of a value
    for host, settings in value.items():
        key = ("check", "hosts", str(host))
        for inner, given in settings.items() if isinstance(settings, Mapping) else ():
            theirs = f"{name}.{host}.{inner}"
            try:
                if inner == "concurrency":
                    yield Carried(theirs=theirs, key=(*key, "concurrency"), value=number(given))
                elif inner == "request_interval":
                    yield Carried(theirs=theirs, key=(*key, "interval"), value=seconds(given))
                elif inner == "headers":
                    yield from agent(theirs, given, (*key, "user_agent"))
                else:
                    yield Unknown(theirs)
            except ValueError as exc:
                yield Left(theirs, str(exc))


_LOCAL: Final = "links to files are not checked here"
_MAIL: Final = "mail addresses are not checked here"
_SHOWN: Final = "a check says one line and writes its report; `--quiet` and `--verbose` there are"
_RETRY: Final = (
    "what may pass is asked again in the same check, then daily, until `verdict.dead_after`"
)
_CACHE: Final = "every check is remembered; a link is asked again when due (`check.recheck_after`)"
_NOT_WRITTEN: Final = (
    "the report is `report.path`; `linkwatch report --format json` is for programs"
)
_PRIVATE: Final = (
    "true: `false`, one switch for all private addresses. false stays behind: it would open your"
    " network to any note"
)
_FILES: Final = "the notes are `notes.paths`, and what stands behind `linkwatch check`"

LYCHEE: Final = Tool(
    "lychee",
    (
        Setting(
            "exclude",
            "notes.exclude_urls",
            "patterns, as they are",
            each("notes.exclude_urls", rust_pattern),
        ),
        Setting(
            "exclude_path",
            "notes.exclude",
            "patterns become globs, where they are simple; they are added to the default ones",
            each("notes.exclude", glob_of_pattern),
        ),
        Setting(
            "exclude_file",
            "notes.exclude",
            "the old name of `exclude_path`",
            each("notes.exclude", glob_of_pattern),
        ),
        Setting(
            "extensions",
            "notes.include",
            "`**/*.md` and so on; of files that are not markdown, nothing is read",
            _extensions,
        ),
        Setting(
            "include_verbatim", "notes.check_code", "as it is", one("notes.check_code", switch)
        ),
        Setting(
            "include_fragments",
            "check.fragments",
            "`anchor-only`, `full` and true: `true`",
            one("check.fragments", _fragments),
        ),
        Setting("timeout", "check.timeout", "seconds", one("check.timeout", seconds)),
        Setting(
            "max_redirects",
            "check.max_redirects",
            "as it is, up to 100",
            one("check.max_redirects", number),
        ),
        Setting(
            "max_concurrency", "check.concurrency", "as it is", one("check.concurrency", number)
        ),
        Setting(
            "host_concurrency",
            "check.per_host.concurrency",
            "as it is",
            one("check.per_host.concurrency", number),
        ),
        Setting(
            "host_request_interval",
            "check.per_host.interval",
            "as it is",
            one("check.per_host.interval", seconds),
        ),
        Setting(
            "hosts",
            "check.hosts",
            "`concurrency`, `request_interval`, and of `headers` the user agent",
            _hosts,
        ),
        Setting("user_agent", "check.user_agent", "as it is", one("check.user_agent", text)),
        Setting("header", "check.user_agent", f"the user agent only: {NO_HEADERS}", _header),
        Setting("headers", "check.user_agent", "the old name of `header`", _header),
        Setting(
            "scheme",
            "notes.exclude_urls",
            "`^http://` or `^https://`, if the list lacks it",
            _scheme,
        ),
        Setting("exclude_all_private", "check.allow_private_networks", _PRIVATE, _private),
        Setting(
            "exclude_private", "check.allow_private_networks", "as `exclude_all_private`", _private
        ),
        Setting(
            "exclude_link_local",
            "check.allow_private_networks",
            "as `exclude_all_private`",
            _private,
        ),
        Setting(
            "exclude_loopback", "check.allow_private_networks", "as `exclude_all_private`", _private
        ),
        Setting(
            "suggest",
            "archive.enabled",
            "true: `true`, as is the default; false stays behind",
            _suggest,
        ),
        nothing(
            "include",
            "nothing overrides `notes.exclude_urls`: put an exception into its pattern, `(?!…)`",
        ),
        nothing(
            "accept",
            "what an answer is worth is not set but judged: 403 and 429 are `blocked`, never dead",
        ),
        nothing(
            "accept_timeouts",
            "silence makes a link `suspect`, and dead only after `verdict.dead_after`",
        ),
        nothing("cache", _CACHE),
        nothing("max_cache_age", _CACHE),
        nothing("cache_exclude_status", _CACHE),
        nothing("max_retries", _RETRY),
        nothing("retry_wait_time", _RETRY),
        nothing("method", "pages are asked for with GET, as a browser does: HEAD lies too often"),
        nothing(
            "insecure",
            "a certificate that nobody trusts is told of (`tls`), as a reader's browser would",
        ),
        nothing("min_tls", "TLS is what this machine's OpenSSL thinks safe"),
        nothing(
            "require_https", "http is no fault; a site that moved to https is told of as `moved`"
        ),
        nothing(
            "basic_auth", "no passwords are sent: a page that wants a login is `blocked`, not dead"
        ),
        nothing("cookie_jar", "cookies are kept within one check, and then forgotten"),
        nothing("github_token", "GitHub is asked without a key"),
        nothing("remap", "links are asked as they are written"),
        nothing("archive", "the Wayback Machine is asked; `archive.timemaps` names others"),
        nothing("offline", "`linkwatch links` lists the links and asks nobody"),
        nothing("dump", "`linkwatch links` lists the links and asks nobody"),
        nothing("dump_inputs", "`linkwatch links` lists the links and asks nobody"),
        nothing("files_from", _FILES),
        nothing(
            "skip_missing",
            "notes that are missing are an error: nothing is forgotten for a disk not there",
        ),
        nothing(
            "hidden", "every file that `notes.include` names is read; `notes.exclude` leaves out"
        ),
        nothing("no_ignore", ".gitignore is not read; `notes.exclude` leaves out"),
        nothing("glob_ignore_case", "globs tell upper from lower case"),
        nothing("default_extension", "only what `notes.include` names is read"),
        nothing("preprocess", "notes are read as they are"),
        nothing("base", _LOCAL),
        nothing("base_url", _LOCAL),
        nothing("root_dir", _LOCAL),
        nothing("fallback_extensions", _LOCAL),
        nothing("index_files", _LOCAL),
        nothing("include_wikilinks", _LOCAL),
        nothing("include_mail", _MAIL),
        nothing("exclude_mail", _MAIL),
        nothing("threads", "one thread asks, which is enough for some hundred requests at a time"),
        nothing("verbose", _SHOWN),
        nothing("no_progress", _SHOWN),
        nothing("mode", _SHOWN),
        nothing("host_stats", _SHOWN),
        nothing("generate", _SHOWN),
        nothing("format", _NOT_WRITTEN),
        nothing("output", _NOT_WRITTEN),
    ),
)


def ignored(lines: str) -> Iterator[Finding]:
    """What a `.lycheeignore` comes to: a pattern a line, and lines that begin with `#`."""
    for count, line in enumerate(lines.splitlines(), 1):
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            name = f"line {count}"
            yield from taken(name, "notes.exclude_urls", rust_pattern, pattern)
