"""The text of an HTML body: which bytes are HTML at all, and in which encoding.

As browsers do it (WHATWG): a byte-order mark wins over the header, the header over the page's own
`<meta>`. Where nobody says, UTF-8 if it is that, else what western Windows wrote.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What browsers take a label for, by Python's names: they read ISO 8859-1 as Windows-1252, and so
# on. Only these: Python also knows codecs that are slow, or no encoding of text at all.
_SAME = (
    "utf-8 utf-16-le utf-16-be koi8-r koi8-u cp866 iso2022_jp gb18030 big5hkscs euc-jp "
    "cp874 cp932 cp949 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 mac-roman "
    "iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 "
    "iso8859-13 iso8859-14 iso8859-15 iso8859-16"
)
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
    "utf_16": "utf-16-le",
}

_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:\-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:\-]+)", re.IGNORECASE)
_META_WITHIN = 4096
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_NO_TYPE = frozenset({"", "*/*", "unknown/unknown", "application/unknown"})
_LOOKS_LIKE_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--(?:(?!-->).){0,300}+-->\s*)*+"
    r"<(?:!doctype\s+html|html|head|body|title|meta|link|script|style|base|noscript|h[1-6]|div|p|a|"
    r"table|center|font|iframe|frameset|b|br|ul)[\s/>]",
    re.IGNORECASE | re.DOTALL,
)


def html_text(body: bytes, content_type: str | None) -> str | None:
    """The body as text; None where it is not HTML. Bytes that can't be read become U+FFFD."""
    kind, _, parameters = (content_type or "").partition(";")
    kind = kind.partition(",")[0].strip().lower()
    unknown = kind in _NO_TYPE
    if not unknown and kind not in _HTML_TYPES:
        return None
    text = _decoded(body, parameters)
    if unknown and not _LOOKS_LIKE_HTML.match(text[:2048]):
        return None
    return text


def _decoded(body: bytes, parameters: str) -> str:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    header = _PARAMETER.search(parameters)
    encoding_of_header = _known(header[1]) if header else None
    if encoding_of_header is not None:
        return body.decode(encoding_of_header, "replace")
    if body.isascii() and not (b"\0" in body or b"\x1b" in body):  # UTF-16, ISO 2022
        return body.decode("ascii")
    head = body[:64]
    if head.count(0) * 3 > len(head):  # in UTF-16, every second byte of ASCII text is zero
        return body.decode("utf-16-be" if head[0] == 0 else "utf-16-le", "replace")
    meta = _META.search(body[:_META_WITHIN])
    encoding_of_meta = _known(meta[1].decode("ascii", "replace")) if meta else None
    if encoding_of_meta is None:
        text = _utf8(body)
        return body.decode("cp1252", "replace") if text is None else text
    if encoding_of_meta.startswith("utf-16"):
        encoding_of_meta = "utf-8"  # or these words could not have been read
    return body.decode(encoding_of_meta, "replace")


def _utf8(body: bytes) -> str | None:
    """The body as UTF-8, if it is that; its last character may have been cut off."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return None


def _known(label: str) -> str | None:
    """Python's codec for a label, as a browser reads it; None for what no browser knows."""
    name = label.strip().lower()
    try:
        name = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return None
    name = _READ_AS.get(name, name)
    return name if name in _ALLOWED else None


_ALLOWED = frozenset(codecs.lookup(name).name for name in _SAME.split())
