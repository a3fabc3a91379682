"""Conditional requests (RFC 9110, 13): asking only whether a page is still what it was.

Pure. What a server is sent back is what it sent, and only where that makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from linkwatch.model import Validators
from linkwatch.web.linkformat import http_date

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')
# Apache's mod_deflate gives compressed pages a tag of their own, and then knows it no more.
_NEVER_MATCHES = ('-gzip"', ';gzip"', '-br"', ';br"')


def validators_of(headers: Mapping[str, str]) -> Validators | None:
    """What of a page's headers can be asked with; None: nothing, or the server wants none kept.

    `headers`: by lower-case name.
    """
    if "no-store" in headers.get("cache-control", "").lower():
        return None
    etag, date = headers.get("etag", "").strip(), _date(headers)
    if not _ETAG.fullmatch(etag) or (date is not None and etag.endswith(_NEVER_MATCHES)):
        return Validators(last_modified=date) if date is not None else None
    return Validators(etag=etag)  # servers look at the date only where no tag is sent


def _date(headers: Mapping[str, str]) -> str | None:
    """When the page was last modified, as sent; None: not said, or now, as of what is computed."""
    date = headers.get("last-modified", "").strip()
    if not date or len(date) > 40 or not date.isascii() or date == headers.get("date", "").strip():
        return None
    return date if date.isprintable() and http_date(date) is not None else None


def conditions(validators: Validators) -> dict[str, str]:
    """The headers of a request that a page unchanged since then answers with 304."""
    if validators.etag is not None:
        return {"If-None-Match": validators.etag}
    assert validators.last_modified is not None
    return {"If-Modified-Since": validators.last_modified}
