"""How a file that linkwatch wrote is told from a note, wherever it lies."""

from __future__ import annotations

import re

REPORT_MARKER = "<!-- linkwatch:report -->"

HEAD_BYTES = 4096
_MARKER = REPORT_MARKER.encode()
_MARKER_LINE = re.compile(rb"(?:\A|[\r\n])(?:\xef\xbb\xbf)?[ \t]*%b[ \t]*(?=[\r\n]|\Z)" % _MARKER)


def is_report(raw: bytes) -> bool:
    """Whether the marker stands alone on a line within the first 4096 bytes.

    A file for which this holds is never a note. Quoting the marker in a sentence does not count.
    """
    head = raw[:HEAD_BYTES]
    return _MARKER in head and _MARKER_LINE.search(head) is not None  # the first test is quick
