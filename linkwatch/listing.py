"""What `links` lists: every mention in the notes, read afresh, without a history."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from linkwatch.config import Config
from linkwatch.model import Mention
from linkwatch.notes.vault import Trouble, display_names, read, walk
from linkwatch.scan import empty_vault, globs_of, mentions_of, roots_of


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
