"""A mention as one line: what `linkwatch links` prints."""

from __future__ import annotations

from linkwatch.model import Mention
from linkwatch.report.inert import terminal
from linkwatch.report.jsonreport import encoded, mention_line


def text_line(mention: Mention) -> str:
    """`notes/a.md:12:5: https://example.com/  (inline)`: the place as editors and grep know it."""
    place = f"{terminal(mention.file)}:{mention.line}:{mention.column}"
    return f"{place}: {terminal(mention.url)}  ({mention.kind})"


def json_line(mention: Mention) -> str:
    """One JSON object, with the keys that a mention has in the JSON report."""
    return encoded(mention_line(mention))
