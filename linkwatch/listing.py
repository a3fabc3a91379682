"""What the commands that check nothing need to know: `links` and `explain`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from linkwatch.config import Config
from linkwatch.errors import LinkwatchError
from linkwatch.evidence import weigh
from linkwatch.history.ledger import read_link
from linkwatch.history.store import Store
from linkwatch.model import Mention
from linkwatch.notes.vault import Trouble, display_names, read, walk
from linkwatch.report.explain import StoredCheck, Story
from linkwatch.scan import empty_vault, globs_of, mentions_of, roots_of
from linkwatch.web.url import link_of
from linkwatch.wiring import places_of


def list_mentions(
    config: Config,
    paths: Sequence[Path],
    *,
    cwd: Path,
    by_cwd: bool,
    trouble: Callable[[Trouble], None],
) -> Iterator[Mention]:
    """Every mention in the notes, read afresh.

    Notes are named relative to the notes, or (`by_cwd`) so that a terminal at `cwd` can open
    them. Raises NotesError if a path is missing or there is not a single note.
    """
    roots = roots_of(config, paths, cwd)
    names = display_names({root.name: root.path for root in roots})
    some = False
    for item in walk(roots, globs_of(config)):
        some = True
        if isinstance(item, Trouble):
            trouble(item)
            continue
        raw = read(item)
        if isinstance(raw, Trouble):
            trouble(raw)
            continue
        file = os.path.relpath(item.at, cwd) if by_cwd else f"{names[item.root]}{item.path}"
        yield from mentions_of(raw, config, file=file)
    if not some:
        raise empty_vault(roots, config)


def story_of(config: Config, url: str) -> Story:
    """All that history knows of a URL, in any spelling that means the same link.

    Raises StoreError without a history, LinkwatchError for a URL it does not know.
    """
    with Store(config.database, must_exist=True) as store:
        names, paths = places_of(store, config)
        found = read_link(store, link_of(url), names=names, paths=paths)
    if found is None:
        raise LinkwatchError(f"History knows no link {link_of(url)}: no note has mentioned it.")
    record, checks = found
    return Story(
        link=record,
        checks=tuple(
            StoredCheck(result=result, cycle_id=cycle_id, void=void, evidence=weigh(result).weight)
            for result, cycle_id, void in checks
        ),
    )
