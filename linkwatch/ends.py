"""Several links of a host that end at one page: where a site sends what it has no more.

One such redirect may be a page's new home. Three pages with nothing in common have not all moved
to the same place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from linkwatch.web.url import bare

_SEVERAL = 3
_NUMBER = re.compile(r"v?\d[\d._x\-]*[a-z]?\d*|latest|stable|current|master|main")


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the redirects of a link ended."""

    url: str  # the link
    host: str  # its key, name:port
    final_url: str
    before: str | None = None  # where it ended when it was last well; None: it never was


def crowded(ends: Mapping[int, End]) -> frozenset[int]:
    """The keys of those that end where two other, different pages of their host end as well.

    Pages are different by the last part of their path: the same page under an older address, or
    with other parameters, is one page. Versions and numbers (`/2.0/`) lead to the latest one.
    """
    groups: dict[tuple[str, str], dict[int, str]] = {}
    for key, end in ends.items():
        name, place = _name(end.url), bare(end.final_url)
        if end.before is not None and bare(end.before) == place:
            continue  # it ends where it always did
        if name and not _NUMBER.fullmatch(name) and name != _name(end.final_url):
            groups.setdefault((end.host, place), {})[key] = name
    return frozenset(
        key for names in groups.values() if len(set(names.values())) >= _SEVERAL for key in names
    )


def _name(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2].lower()
