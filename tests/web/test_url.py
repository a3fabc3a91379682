"""URLs: what a note wrote, what is checked, what is sent."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from linkwatch.web.url import (
    _parsed_host,
    fragment_of,
    host_of,
    link_of,
    name_of,
    request_url,
    resolve,
)

BASE = "http://a.test/d/e?f"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("http://a.test", "http://a.test/"),
        ("HTTP://A.Test/Path", "http://a.test/Path"),
        ("http://a.test/x#part", "http://a.test/x"),
        ("http://a.test#part", "http://a.test/"),
        ("http://a.test/x#a#b", "http://a.test/x"),
        ("http://a.test?q=1", "http://a.test/?q=1"),
        ("http://a.test:80/x", "http://a.test/x"),
        ("https://a.test:443", "https://a.test/"),
        ("http://a.test:443/", "http://a.test:443/"),
        ("https://a.test:80/", "https://a.test:80/"),
        ("http://a.test:8080/", "http://a.test:8080/"),
        ("http://a.test:/x", "http://a.test/x"),
        ("http://bücher.test/ü", "http://xn--bcher-kva.test/ü"),
        ("http://BÜCHER.test/", "http://xn--bcher-kva.test/"),
        ("http://ex%41mple.test/", "http://example.test/"),
        ("http://a.test/%7e%7E%2f%2F%20+", "http://a.test/%7e%7E%2f%2F%20+"),
        ("http://a.test/a/../b/./c//d", "http://a.test/a/../b/./c//d"),
        ("http://a.test/wiki/X_(y)", "http://a.test/wiki/X_(y)"),
        ("http://a.test/?b=2&a=1", "http://a.test/?b=2&a=1"),
        ("http://a.test/ü?é=ß", "http://a.test/ü?é=ß"),
        ("http://User:Pass@A.test/", "http://User:Pass@a.test/"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
        ("http://a.test./", "http://a.test./"),
        ("  http://a.test/\n", "http://a.test/"),
        ("http://a.test/ #x", "http://a.test/"),
        ("http://", "http:///"),
        ("mailto:a@b.test#x", "mailto:a@b.test"),
    ],
)
def test_a_link_is_the_url_with_only_scheme_host_and_port_tidied(url: str, link: str) -> None:
    assert link_of(url) == link


_WORDS = "http: https: HTTP: // / \\ a B.test ü %41 %2F : :80 :443 @ [ ] [::1] ? # . .. 。 xn-- é ²"
_PIECES = st.sampled_from([*_WORDS.split(), " ", "\t", "\n", "\0"])


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.one_of(st.lists(_PIECES, max_size=12).map("".join), st.text(max_size=30)))
@example("http://a:80:80/")
@example("http://a/ #")
def test_a_links_link_is_itself(url: str) -> None:
    link = link_of(url)
    assert link_of(link) == link
    assert "#" not in link


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.lists(_PIECES, max_size=12).map(lambda pieces: "http://" + "".join(pieces)))
def test_what_a_browser_would_send_can_be_sent(url: str) -> None:
    sent = request_url(url)
    if sent is None:
        return
    assert sent.isascii() and not set(sent) & set(" \t\r\n\0#")
    assert request_url(sent) == sent
    assert URL(sent, encoded=True).raw_host
    assert host_of(url) == host_of(sent)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://a.test", "http://a.test/"),
        ("http://a.test/x#part", "http://a.test/x"),
        ("http://a.test/x#", "http://a.test/x"),
        ("http://a.test/%2F%2f%20%e4%E4", "http://a.test/%2F%2f%20%e4%E4"),
        ("http://a.test/100%", "http://a.test/100%"),
        ("http://a.test/%zz", "http://a.test/%zz"),
        ("http://a.test/?a=1&b=2", "http://a.test/?a=1&b=2"),
        ("http://a.test/?a=b+c%20d", "http://a.test/?a=b+c%20d"),
        ("http://a.test/X_(y)?(z)", "http://a.test/X_(y)?(z)"),
        ("http://a.test/~x/a,b;c=d!'*@:", "http://a.test/~x/a,b;c=d!'*@:"),
        ("http://a.test/[x]|y", "http://a.test/[x]|y"),
        ("http://a.test/ü?ü", "http://a.test/%C3%BC?%C3%BC"),
        ("http://bücher.test/", "http://xn--bcher-kva.test/"),
        ("http://a.test/a b", "http://a.test/a%20b"),
        ("http://a.test/?a b", "http://a.test/?a%20b"),
        ("  http://a.test/x ", "http://a.test/x"),
        ("http://a.test/a\nb\tc", "http://a.test/abc"),
        ("http://a.test/x\r\nHost: b.test", "http://a.test/xHost:%20b.test"),
        ("http://a.test/a/../b", "http://a.test/b"),
        ("http:\\\\a.test\\x", "http://a.test/x"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://user:p@a.test/", "http://user:p@a.test/"),
    ],
)
def test_a_request_is_what_a_browser_would_send(url: str, sent: str) -> None:
    assert request_url(url) == sent


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            "http://",
            "http:///",
            "http://./",
            "http://.../x",
            "http://a b/",
            "http://[::1/",
        ),
        *("http://a.test:99999/", "http://a|b/", "http://1.2.3.4.5/", "http://256.1.1.1/"),
        *("mailto:a@b.test", "javascript:alert(1)", "ftp://a.test/", "file:///etc/passwd"),
        *("http://a%00b/", "http://[fe80::1%25eth0]/"),
    ],
)
def test_what_a_browser_would_refuse_is_not_sent(url: str) -> None:
    assert request_url(url) is None


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/x", "http://a.test/x"),
        ("x", "http://a.test/d/x"),
        ("../x", "http://a.test/x"),
        ("?q", "http://a.test/d/e?q"),
        ("//b.test/x", "http://b.test/x"),
        ("https://b.test", "https://b.test/"),
        ("", "http://a.test/d/e?f"),
        ("#part", "http://a.test/d/e?f#part"),
        ("/x#part", "http://a.test/x#part"),
        ("  /x  ", "http://a.test/x"),
        ("/a b", "http://a.test/a%20b"),
        ("/a\tb", "http://a.test/ab"),
        ("/é", "http://a.test/%C3%A9"),
        ("/\udce9", "http://a.test/%E9"),
        ("/%E9%2F", "http://a.test/%E9%2F"),
        ("\\x", "http://a.test/x"),
        ("\\\\b.test\\x", "http://b.test/x"),
        ("http:\\\\b.test\\x", "http://b.test/x"),
        ("http:x", "http://a.test/d/x"),
        ("///b.test/x", "http://b.test/x"),
        ("http://bücher.test/", "http://xn--bcher-kva.test/"),
        ("mailto:a@b.test", "mailto:a@b.test"),
        ("itms://b.test/x", "itms://b.test/x"),
        ("http://", None),
        ("http://b.test:99999/", None),
    ],
)
def test_a_location_leads_where_a_browser_would_go(location: str, target: str | None) -> None:
    assert resolve(BASE, location) == target


def test_a_password_stays_with_its_host_when_redirected() -> None:
    base = "http://user:secret@a.test/x"
    assert resolve(base, "/y") == "http://user:secret@a.test/y"
    assert resolve(base, "//b.test/y") == "http://b.test/y"
    assert resolve(base, "https://b.test/y") == "https://b.test/y"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.test/x", "a.test:80"),
        ("https://a.test/x", "a.test:443"),
        ("http://a.test:8080/", "a.test:8080"),
        ("http://A.TEST./", "a.test:80"),
        ("http://user:p@a.test/", "a.test:80"),
        ("http://[2001:DB8:0::1]/", "[2001:db8::1]:80"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://127.1/", "127.0.0.1:80"),
        ("http://0x7f000001./", "127.0.0.1:80"),
        ("http://bücher.test/", "xn--bcher-kva.test:80"),
        ("http://[", ""),
        ("nonsense", ""),
    ],
)
def test_a_host_is_a_name_and_a_port(url: str, host: str) -> None:
    assert host_of(url) == host


def test_a_name_has_no_port_and_no_trailing_dot() -> None:
    assert name_of("http://a.test.:8080/") == "a.test"
    assert name_of("http://[::1]:8080/") == "[::1]"
    assert name_of("nonsense") == ""


def test_a_fragment_is_what_follows_the_first_hash() -> None:
    assert fragment_of("http://a.test/#a#b") == "a#b"
    assert fragment_of("http://a.test/") == ""


PIECES = ["a", "A", ".", "-", "xn--", "1", "0x1", "com", "/", "?", "#", "@", ":80", ":", " ", "\t"]
PIECES += ["é", "\ud800", "%41", "[::1]", "\\", "_", "x.org"]


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.sampled_from(["http://", "https://"]), st.lists(st.sampled_from(PIECES), max_size=7))
def test_a_host_that_needs_no_parsing_is_the_one_that_parsing_finds(
    scheme: str, pieces: list[str]
) -> None:
    url = scheme + "".join(pieces)
    assert host_of(url) == _parsed_host(url)
