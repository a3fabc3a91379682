"""What a server can be asked with, and whether it is worth it."""

from __future__ import annotations

import pytest

from linkwatch.model import Validators
from linkwatch.web.conditional import conditions, validators_of

DATE = "Mon, 05 Jan 2026 04:00:00 GMT"
LATER = "Tue, 06 Jan 2026 04:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"etag": '"abc"'}, Validators(etag='"abc"')),
        ({"etag": ' W/"a,b" '}, Validators(etag='W/"a,b"')),
        ({"etag": '"abc"', "last-modified": DATE}, Validators(etag='"abc"')),
        ({"last-modified": DATE}, Validators(last_modified=DATE)),
        ({"last-modified": DATE, "date": LATER}, Validators(last_modified=DATE)),
        # Apache knows the tag of a compressed page no more
        ({"etag": '"abc-gzip"', "last-modified": DATE}, Validators(last_modified=DATE)),
        ({"etag": '"abc-gzip"'}, Validators(etag='"abc-gzip"')),
        # not worth asking with
        ({"last-modified": DATE, "date": DATE}, None),
        ({"etag": '"abc"', "cache-control": "private, No-Store"}, None),
        # not what it should be
        ({"etag": "abc"}, None),
        ({"etag": '"a\r\nb"'}, None),
        ({"etag": '"a b"'}, None),
        ({"etag": f'"{"x" * 300}"'}, None),
        ({"last-modified": "yesterday"}, None),
        ({"last-modified": "Mon, 05 Jan 2026 04:00:00 GMT" + " " * 30 + "x"}, None),
        ({"last-modified": "Mon, 05 Jan 2026 04:00:00\tGMT"}, None),
        ({}, None),
    ],
)
def test_what_a_page_can_be_asked_with(
    headers: dict[str, str], expected: Validators | None
) -> None:
    assert validators_of(headers) == expected


def test_what_is_sent_is_what_came() -> None:
    assert conditions(Validators(etag='W/"a"')) == {"If-None-Match": 'W/"a"'}
    assert conditions(Validators(last_modified=DATE)) == {"If-Modified-Since": DATE}
