"""Character references as CommonMark has them: `&amp;` is one, `&copy=2` is none.

`html.unescape` is more generous, as browsers are with attributes: it would turn the query
`?a=1&copy=2` into `?a=1©=2`.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ENTITY = re.compile(ENTITY.pattern.decode())


def decode_entities(text: str) -> str:
    """The text with each complete character reference replaced by what it stands for."""
    return _ENTITY.sub(_decode, text) if "&" in text else text


def _decode(entity: re.Match[str]) -> str:
    name = entity[0][1:]
    return html.unescape(entity[0]) if name[0] == "#" else html5.get(name, entity[0])
