"""What a cycle tells whoever watches it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from linkwatch.model import CheckResult, Lookup
from linkwatch.notes.vault import Trouble


class Progress(Protocol):
    """Who watches a cycle. Called from the event loop, but `scanned` from the store's thread."""

    def scanned(self, notes: int) -> None:
        """So many notes have been looked at."""

    def trouble(self, trouble: Trouble) -> None:
        """Something below the notes could not be read."""

    def checking(self, links: int) -> None:
        """So many links are about to be checked."""

    def saved(self, results: Sequence[CheckResult]) -> None:
        """These checks are done, and on disk."""

    def rescuing(self, links: int) -> None:
        """The archives are about to be asked for so many dead links."""

    def looking(self, url: str) -> None:
        """The archives are about to be asked for one link, as somebody wants to know."""

    def waiting(self, what: str) -> None:
        """What an archive lets us wait for."""

    def opening(self, copies: int) -> None:
        """So many copies are about to be opened again."""

    def rescued(self, url: str, lookup: Lookup) -> None:
        """An archive answered, or could not."""

    def saving(self, links: int, archive: str, *, first: bool, asked: bool) -> None:
        """The addresses of so many links are about to be published; `first`: of any, ever;
        `asked`: by hand, whatever the setting."""

    def unable(self, why: str) -> None:
        """Something that was asked for can't be done: a sentence."""
