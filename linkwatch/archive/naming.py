"""A file's name for a page from the web. Pure, and wary: URLs are written by strangers."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from linkwatch.web.url import name_of

_MOST = 100  # bytes of a name before its extension; file systems allow 255 in all
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|\Z)", re.IGNORECASE)
_EXTENSIONS = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/plain": ".txt",
    "image/jpeg": ".jpg",
    "application/octet-stream": ".bin",
}
_KNOWN = mimetypes.MimeTypes()  # Python's own table: the system's differs from one to the next


def file_name(url: str, content_type: str | None) -> str:
    """`example.org-page.html`: one component of letters, digits, dots and dashes.

    The extension is what the content type says, else the URL's own, else `.bin`.
    """
    path = urlsplit(url).path.rstrip("/")
    last = unquote(path.rpartition("/")[2], errors="replace")
    stem, dot, own = last.rpartition(".")
    if not (dot and stem and re.fullmatch("[A-Za-z0-9]{1,8}", own)):
        stem, own = last, ""
    kind = (content_type or "").partition(";")[0].strip().lower()
    extension = _EXTENSIONS.get(kind) or _KNOWN.guess_extension(kind) or ""
    if not extension:
        extension = f".{own.lower()}" if own else ".bin"
    elif own and f".{own.lower()}" in (extension, *_KNOWN.guess_all_extensions(kind)):
        extension = f".{own.lower()}"
    elif own:
        stem = last  # a version number, or the script that made the page
    host = name_of(url).strip("[]")
    name = _plain(f"{host}-{stem}" if stem else host) or "page"
    if _DEVICES.match(name):
        name = f"page-{name}"
    return name + extension


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c if c.isalnum() or c in "._-" else "-" for c in text)
    text = re.sub(r"-[-.]*|\.[-.]+", lambda m: m[0][0], text)
    return text.encode("utf-8")[:_MOST].decode("utf-8", "ignore").strip("._-")
