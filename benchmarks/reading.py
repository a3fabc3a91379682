"""Reading notes: `python -m benchmarks.reading FOLDER` times it, in a process of its own."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

_SHAPES = (
    "- [a page about {i}]({url}) and what it says",
    "{url}",
    "As <{url}> has it, this was never *quite* so.",
    "See [the source][r{i}].\n\n[r{i}]: {url} 'a title'",
    "Some **words**, then {url}, then `code` and more words.",
)


def write_notes(folder: Path, notes: int, *, mentions: int = 10, seed: int = 1) -> None:
    """Notes of some 2 KB; a tenth of the mentions name what another note names too."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    number = 0
    for note in range(notes):
        parts = ["---", f"title: Note {note}", "tags: [reading, links]", "---", f"# Note {note}"]
        for _ in range(mentions):
            number += 1
            page = number if chance.random() < 0.9 else chance.randrange(number)
            url = f"https://site{page % 997}.example/articles/{page}?from=notes#part-{page % 7}"
            parts.append(chance.choice(_SHAPES).format(i=number, url=url))
            parts.append("Lorem ipsum dolor sit amet, consectetur elit. " * chance.randrange(1, 5))
        (folder / f"note-{note:05}.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def main(folder: Path) -> None:
    """Print the seconds of a first scan of `folder`/notes, of a second, and of extraction."""
    from linkwatch.config import load
    from linkwatch.history.cycles import begin_cycle
    from linkwatch.history.store import Store
    from linkwatch.notes.extract import extract
    from linkwatch.scan import roots_of, scan

    config = load(None, cwd=folder)
    raws = [path.read_bytes() for path in sorted((folder / "notes").iterdir())]
    figures: dict[str, float] = {}
    with Store(folder / "scan.db") as store:
        for name in ("cold_s", "unchanged_s"):
            now = datetime.now(UTC)
            cycle_id = begin_cycle(store, now)
            start_s = time.perf_counter()
            scan(
                store,
                roots_of(config, (), folder),
                config=config,
                cycle_id=cycle_id,
                now=now,
                whole=True,
                stop=threading.Event(),
                tell=lambda _notes: None,
            )
            figures[name] = time.perf_counter() - start_s
    start_s = time.perf_counter()
    mentions = sum(len(extract(raw, file="note.md")) for raw in raws)
    figures["extract_us"] = (time.perf_counter() - start_s) / mentions * 1e6
    figures["mentions"] = mentions
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
