"""WARC files, looked at as `warcio check` does."""

from __future__ import annotations

from pathlib import Path

from warcio.archiveiterator import ArchiveIterator


def problems(path: Path) -> list[str]:
    """What `warcio check` would complain of; a digest that is missing is a complaint as well."""
    found: list[str] = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests=True):
            record.content_stream().read()
            checker = record.digest_checker
            if checker.passed is not True:
                found += checker.problems or [f"{record.rec_type}: no digest"]
    return found
