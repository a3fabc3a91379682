"""File names for strangers' pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwatch.archive.naming import file_name


@pytest.mark.parametrize(
    ("url", "content_type", "name"),
    [
        ("https://example.org/page", "text/html; charset=utf-8", "example.org-page.html"),
        ("https://example.org/", "text/html", "example.org.html"),
        ("https://example.org/a/b/", "text/html", "example.org-b.html"),
        ("https://example.org/x.htm", "text/html", "example.org-x.htm"),
        ("https://example.org/x.php", "text/html", "example.org-x.php.html"),
        ("https://example.org/paper.PDF", "application/pdf", "example.org-paper.pdf"),
        ("https://arxiv.org/pdf/2101.00001", "application/pdf", "arxiv.org-2101.00001.pdf"),
        ("https://example.org/a.tar.gz", None, "example.org-a.tar.gz"),
        ("https://example.org/data", "made/up", "example.org-data.bin"),
        ("https://example.org/%2e%2e%2f%2e%2e%2fetc%2fpasswd", None, "example.org-etc-passwd.bin"),
        ("https://example.org/..%5c..%5cx", "text/plain", "example.org-x.txt"),
        ("https://example.org/%EF%BC%8F..%EF%BC%8Fx", "text/plain", "example.org-x.txt"),
        ("https://example.org/a%00b%1b[31m%0a", "image/png", "example.org-a-b-31m.png"),
        ("https://example.org/%E2%80%AEfdp.exe", "text/html", "example.org-fdp.exe.html"),
        ("https://ru.example/%D0%A0%D0%BE", "text/html", "ru.example-Ро.html"),
        ("http://con/", "text/html", "page-con.html"),
        ("http://aux.example/", "text/html", "page-aux.example.html"),
        ("http://com%C2%B9.example/", "text/html", "page-com1.example.html"),
        ("http://[::1]:8080/", "text/html", "1.html"),
        ("not a url", None, "not-a-url.bin"),
    ],
)
def test_a_name_says_what_it_is_and_nothing_else(
    url: str, content_type: str | None, name: str
) -> None:
    assert file_name(url, content_type) == name


@given(st.text(), st.one_of(st.none(), st.text()), st.booleans())
def test_no_url_chooses_a_path(text: str, content_type: str | None, escaped: bool) -> None:
    path = "".join(f"%{b:02x}" for b in text.encode("utf-8", "surrogatepass")) if escaped else text
    name = file_name(f"https://example.org/{path}", content_type)
    assert name.startswith("example.org")
    assert len(name.encode()) <= 130
    assert not set(name) & set('/\\:*?"<>|\0\n\x1b ')
    assert ".." not in name
    assert name.isprintable()
