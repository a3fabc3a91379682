"""What the configuration means to each wing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec

from linkwatch.archive.archives import Archives
from linkwatch.config import USER_AGENT, Config, require_regexes
from linkwatch.contract import LinkLine
from linkwatch.history.ledger import read_ledger, roots
from linkwatch.history.lines import link_lines
from linkwatch.history.store import Store
from linkwatch.model import Ledger
from linkwatch.notes.vault import display_names
from linkwatch.settings import Seconds
from linkwatch.verdict import Policy
from linkwatch.web.archived import archive_called
from linkwatch.web.hosts import Manners

# Public archives serve everybody from what they are given. At one request a second, whoever makes
# it, the budget for playback (archive.pace) holds for checks of archived links too.
_ARCHIVES_CONCURRENCY = 2
_ARCHIVES_INTERVAL = Seconds(1.0)


def policy_of(config: Config) -> Policy:
    """What the configuration says about judging."""
    return Policy(
        failures=config.verdict.dead_after.failures,
        days=config.verdict.dead_after.days,
        recheck_after=timedelta(seconds=config.check.recheck_after),
        exclude=require_regexes(config.notes.exclude_urls),
        allow_private=config.check.allow_private_networks,
    )


def kept_whole(config: Config) -> timedelta | None:
    """How long every check is kept; None: for good."""
    keep = config.history.keep
    return None if keep is None else timedelta(seconds=keep)


def manners_of(config: Config) -> Callable[[str], Manners]:
    """How each host is treated, by its name."""
    check = config.check

    @cache
    def manners(name: str) -> Manners:
        own = config.override(name)
        concurrency, interval_s = check.per_host.concurrency, check.per_host.interval
        if archive_called(name) is not None:
            concurrency = min(concurrency, _ARCHIVES_CONCURRENCY)
            interval_s = max(interval_s, _ARCHIVES_INTERVAL)
        return Manners(
            concurrency=own.concurrency or concurrency,
            interval_s=interval_s if own.interval is None else own.interval,
            timeout_s=own.timeout or check.timeout,
            user_agent=own.user_agent or check.user_agent or USER_AGENT,
        )

    return manners


def probes_off(config: Config) -> frozenset[str]:
    """The better questions that are not to be asked, by name."""
    asked = msgspec.structs.asdict(config.check.probes)
    return frozenset(name for name, on in asked.items() if not on)


def archives_of(config: Config, *, nameservers: Sequence[str] = ()) -> Archives:
    """Where copies are looked for."""
    return Archives(
        wayback_url=config.archive.wayback_url,
        availability_url=config.archive.availability_url,
        timemaps=config.archive.timemaps,
        user_agent=config.check.user_agent or USER_AGENT,
        allow_private=config.check.allow_private_networks,
        proxy=config.check.proxy,
        nameservers=tuple(nameservers),
    )


def ledger_of(store: Store, config: Config) -> Ledger:
    """All that a report tells of, with the notes named as the configuration sees them.

    To be read and used within `Store.reading`.
    """
    names, paths = places_of(store, config)
    return read_ledger(store, names=names, paths=paths)


def lines_of(store: Store, config: Config) -> Iterator[LinkLine]:
    """Every mentioned link as machines are told of it; within `Store.reading`, too."""
    names, _ = places_of(store, config)
    return link_lines(store, names=names)


def places_of(store: Store, config: Config) -> tuple[dict[str, str], dict[str, str]]:
    """How notes are named, and where they lie, by the roots that history knows."""
    known = {name: config.base / Path(name).expanduser() for name in roots(store)}
    names = display_names(known)
    return names, {name: path.as_posix() for name, path in known.items()}
