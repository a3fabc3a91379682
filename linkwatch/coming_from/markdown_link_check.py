"""markdown-link-check: the JSON file that its `--config` names, as of its version 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from linkwatch.coming_from.dialects import javascript_pattern, milliseconds
from linkwatch.coming_from.findings import (
    NO_HEADERS,
    Finding,
    Left,
    Setting,
    Tool,
    agent,
    nothing,
    one,
    taken,
)


def _ignored(name: str, value: object) -> Iterator[Finding]:
    for item in value if isinstance(value, list) else [value]:
        pattern = item.get("pattern") if isinstance(item, Mapping) else item
        yield from taken(name, "notes.exclude_urls", javascript_pattern, pattern)


def _headers(name: str, value: Any) -> Iterator[Finding]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, Mapping) or not isinstance(item.get("urls"), list):
            raise ValueError("these are no headers for URLs")  # noqa: TRY004 - of a value
        for url in item["urls"]:
            host = _whole_host(url)
            theirs = f"{name} {url}"
            if host is None:
                yield Left(theirs, f"it means some of a host's pages; {NO_HEADERS}")
                continue
            try:
                key = ("check", "hosts", host, "user_agent")
                yield from agent(theirs, item.get("headers"), key)
            except ValueError as exc:
                yield Left(theirs, str(exc))


def _whole_host(url: object) -> str | None:
    """The host whose URLs all begin with this one."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return None
    whole = parts.scheme in ("http", "https") and not parts.path.strip("/") and not parts.query
    return parts.hostname if whole else None


_RETRY: Final = (
    "a host that says when to come back (429) is obeyed, across checks too; until then the link is"
    " `blocked`, not dead"
)
_LOCAL: Final = "links to files are not checked here"

MARKDOWN_LINK_CHECK: Final = Tool(
    "markdown-link-check",
    (
        Setting(
            "ignorePatterns",
            "notes.exclude_urls",
            "patterns, as they are; those for other than web links stay behind",
            _ignored,
        ),
        Setting("timeout", "check.timeout", "as it is", one("check.timeout", milliseconds)),
        Setting(
            "httpHeaders", "check.hosts", f"the user agent for a whole host: {NO_HEADERS}", _headers
        ),
        nothing(
            "aliveStatusCodes",
            "what an answer is worth is not set but judged: 403 and 429 are `blocked`, never dead",
        ),
        nothing("retryOn429", _RETRY),
        nothing("retryCount", _RETRY),
        nothing("fallbackRetryDelay", _RETRY),
        nothing("replacementPatterns", "links are asked as they are written"),
        nothing("projectBaseUrl", _LOCAL),
        nothing(
            "ignoreDisable",
            "its comments are not read: see below how a note asks for silence here",
        ),
        nothing("showProgressBar", "a bar is shown where there is a terminal; `--quiet` hides it"),
    ),
)
