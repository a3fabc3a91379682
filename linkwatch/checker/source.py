"""Where the links of a sweep come from, host by host and a few at a time; and what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from linkwatch.web.url import host_of


class Source(Protocol):
    """The links of a sweep. Those of one host come in the order in which they are to be asked."""

    async def hosts(self) -> Sequence[tuple[str, int]]:
        """Each host's key and how many links it has, the most first."""

    async def take(self, taken: Mapping[str, int], most: int) -> Mapping[str, Sequence[str]]:
        """The next links of some hosts, `most` of each. `taken`: how many were given out before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a sweep left behind: links that stay due."""

    postponed: int  # their hosts want to be left alone, or are archives and silent
    unfinished: int  # the time for the sweep was over


class Listed:
    """A list of links as a source; what stands in it twice is given out once."""

    def __init__(self, links: Iterable[str]) -> None:
        self._links: dict[str, list[str]] = {}
        for link in dict.fromkeys(links):
            self._links.setdefault(host_of(link), []).append(link)

    async def hosts(self) -> Sequence[tuple[str, int]]:
        return Counter({key: len(links) for key, links in self._links.items()}).most_common()

    async def take(self, taken: Mapping[str, int], most: int) -> Mapping[str, Sequence[str]]:
        return {key: self._links[key][start : start + most] for key, start in taken.items()}
