"""An HTML page as a reader sees it, whatever the bytes."""

from __future__ import annotations

import random
from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.web.gist import gist_of, same_gist
from linkwatch.web.page import (
    Page,
    became_another,
    checkable,
    has_anchor,
    read_page,
    shrank,
    similarity,
)

URL = "https://site.test/notes/one"
HTML = "text/html; charset=utf-8"


def read(html: str | bytes, content_type: str | None = HTML, url: str = URL) -> Page:
    body = html.encode() if isinstance(html, str) else html
    page = read_page(body, content_type=content_type, url=url)
    assert page is not None
    return page


def prose(words: int, *, seed: int = 0) -> str:
    """A text that shares no words with that of another seed."""
    chance = random.Random(seed)
    own = "aeiouy"[seed]
    return " ".join(own.join(chance.choices("bdfgklmnprst", k=3)) for _ in range(words))


def of_text(text: str, title: str = "A title of its own") -> Page:
    return read(f"<title>{title}</title><p>{text}</p>")


# What is read


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A \n\t page </title>", "A page"),
        ("<p>no title", ""),
        ("<title></title>", ""),
        ("<title>A &amp; B &lt;b&gt;</title>", "A & B <b>"),
        ("<title>one</title><title>two</title>", "one"),
        ("<body><svg><title>Icon</title></svg><p>x", ""),
        ("<body><svg><g><title>Icon</title></g></svg><title>Late</title>", "Late"),
        ("<title>](//evil.test) <script>x</script></title>", "](//evil.test) <script>x</script>"),
        ("<title>" + "x" * 400, "x" * 300),
        ("<title>nul\0byte</title>", "nul\ufffdbyte"),
    ],
)
def test_a_title_is_the_text_of_the_first_one(html: str, title: str) -> None:
    assert read(html).title == title


@pytest.mark.parametrize(
    ("html", "heading"),
    [
        ("<h1>Not<br>found</h1>", "Not found"),
        ("<h1><img src=logo></h1><h1>Second</h1>", "Second"),
        ("<h2>Small</h2>", ""),
    ],
)
def test_a_heading_is_the_first_h1_that_says_something(html: str, heading: str) -> None:
    assert read(html).heading == heading


def test_the_text_is_what_a_reader_sees() -> None:
    page = read(
        "<title>T</title><style>p{}</style><body><p>One<b>two</b>\n three<script>no()</script>"
        "<noscript>no <p>no</noscript><template>no</template><svg><text>no</text></svg>"
        "<div hidden>no <i hidden>no</i></div><object><object>no</object></object>"
        "<p>four &nbsp;five"
    )
    assert page.text == "One two three four five"
    assert page.fingerprint.length == len(page.text)


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ('<link rel="canonical" href="/two">', "https://site.test/two"),
        ('<link rel="nofollow CANONICAL" href="https://b.test/">', "https://b.test/"),
        ('<meta property="og:url" content="three">', "https://site.test/notes/three"),
        ('<meta property=og:url content=/o><link rel=canonical href="/c">', "https://site.test/c"),
        ('<link rel="canonical" href="">', None),
        ("<link rel=canonical>", None),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<link rel="canonical" href="https://[bad">', None),
        ('<link rel="stylesheet" href="/two">', None),
        ("<noscript><img></noscript><link rel=canonical href=/two>", "https://site.test/two"),
    ],
)
def test_the_canonical_address_is_absolute_or_none(head: str, canonical: str | None) -> None:
    assert read(f"<head>{head}</head><p>x").canonical == canonical


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0;url=/new", "https://site.test/new"),
        ("0; URL='https://b.test/x'", "https://b.test/x"),
        ("5 url=next", "https://site.test/notes/next"),
        ("1.5, /new", "https://site.test/new"),
        ("6;url=/new", None),
        ("600", None),
        ("0", None),
        ("0;url=", None),
        (f"0;url={URL}", None),
        ("soon;url=/new", None),
        ("0;url=data:text/html,x", None),
        ("99999999999999999999;url=/new", None),
    ],
)
def test_a_refresh_counts_if_it_leads_elsewhere_at_once(content: str, target: str | None) -> None:
    page = read(f'<meta http-equiv="Refresh" content="{content}"><p>x')
    assert page.refresh == target


@pytest.mark.parametrize(
    ("html", "needs"),
    [
        ('<div id="root"></div><script src="/app.js"></script>', True),
        ("<div id=app>Loading…</div><script src=/a.js></script>", True),
        ("<app-root></app-root><script src=/a.js></script>", True),
        ("<p>Hello, this is a page.<noscript>Please enable JavaScript.</noscript><script>x", True),
        ("<script>render()</script>", True),
        ('<div id="root"><p>' + "words that can be read " * 20 + "</div><script>x</script>", False),
        ('<div id="root">Hello, this is a page.</div>', False),
        ("<p>A short page, with a counter.<script src=/count.js></script>", False),
        ("<p>A short page.<noscript><img src=/count></noscript><script>x</script>", False),
    ],
)
def test_an_app_in_one_page_is_told_from_a_short_page(html: str, needs: bool) -> None:
    assert read(html).needs_js is needs


# What is HTML, and how it is written


@pytest.mark.parametrize(
    ("content_type", "body", "is_page"),
    [
        ("text/html", "<p>x", True),
        ("TEXT/HTML ; charset=x", "<p>x", True),
        ("application/xhtml+xml", "<?xml version='1.0'?><html><p>x</p></html>", True),
        ("text/html", "no markup at all", True),
        ("text/html", "", False),
        ("text/html", " \n\t ", False),
        ("text/plain", "<html><p>x", False),
        ("application/json", '{"a": "<html>"}', False),
        ("application/pdf", "%PDF-1.7", False),
        (None, "<!DOCTYPE html><p>x", True),
        (None, "\ufeff \n<!-- one --><!-- two --> <HTML><p>x", True),
        (None, "<?xml version='1.0'?><html><p>x", True),
        (None, "<?xml version='1.0'?><rss>", False),
        (None, "%PDF-1.7 <html>", False),
        (None, "just words", False),
        ("", "<html>x", True),
        ("*/*", "<html>x", True),
    ],
)
def test_only_html_is_read(content_type: str | None, body: str, is_page: bool) -> None:
    page = read_page(body.encode(), content_type=content_type, url=URL)
    assert (page is not None) is is_page


_RUSSIAN, _JAPANESE = "Страница", "ページ"


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        (f"<title>{_RUSSIAN}".encode("cp1251"), "text/html; charset=windows-1251", _RUSSIAN),
        (f"<title>{_RUSSIAN}".encode("koi8-r"), 'text/html; charset="KOI8-R"', _RUSSIAN),
        (f"<title>{_JAPANESE}".encode("cp932"), "text/html;charset=Shift_JIS", _JAPANESE),
        (f"<title>{_JAPANESE}".encode("iso2022_jp"), "text/html;charset=iso-2022-jp", _JAPANESE),
        (f"<meta charset=euc-jp><title>{_JAPANESE}".encode("euc-jp"), "text/html", _JAPANESE),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=big5"><title>頁'.encode(
                "big5"
            ),
            None,
            "頁",
        ),
        ("<title>café “x”".encode("cp1252"), "text/html; charset=iso-8859-1", "café “x”"),
        ("<title>café</title>".encode("cp1252"), "text/html", "café"),
        ("<title>café".encode(), "text/html", "café"),
        ("<title>café".encode(), "text/html; charset=nonsense", "café"),
        ("<title>café".encode(), "text/html; charset=punycode", "café"),
        ("<meta charset=utf-16><title>café".encode(), "text/html", "café"),
        ("\ufeff<title>café".encode(), "text/html; charset=windows-1251", "café"),
        (f"\ufeff<title>{_RUSSIAN}".encode("utf-16-le"), "text/html", _RUSSIAN),
        (f"\ufeff<title>{_RUSSIAN}".encode("utf-16-be"), None, _RUSSIAN),
        ("<!doctype html><title>Plain".encode("utf-16-le"), "text/html", "Plain"),
        ("<!doctype html><title>Plain".encode("utf-16-be"), None, "Plain"),
        ("<title>caf\u00e9".encode()[:-1], "text/html", "caf"),
        (b"<title>\xff\xfe\xfa", "text/html; charset=utf-8", "\ufffd" * 3),
    ],
)
def test_the_encoding_is_found_as_browsers_find_it(
    body: bytes, content_type: str | None, title: str
) -> None:
    assert read(body, content_type).title == title


_PIECES = (
    b"<title> <h1> </h1> <p\thidden> <body\thidden> <svg> <template> <frameset> <table> <html> "
    b"<!-- --> \0 \xff &#xD800; x <a\tname=\xc3> <meta\thttp-equiv=refresh\tcontent='0;url=//[ '>"
).split(b" ")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(_PIECES),
            max_size=15,
        ).map(b"".join),
    ),
    st.sampled_from(
        [None, "text/html", "text/html; charset=utf-16", ";;;", "text/html;charset=\0"]
    ),
)
def test_no_bytes_are_too_strange(body: bytes, content_type: str | None) -> None:
    page = read_page(body, content_type=content_type, url=URL)
    if page is not None:
        has_anchor(page, "x")
        (page.title + page.heading + page.text).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"<title>Deep</title>" + b"<div>" * 10_000 + b"x",
        b"<title>Deep</title>" + b"<div></p>" * 7_000,
        b"<title>Deep</title>" + b"<div hidden><object>" * 3_000,
        b"<title>Deep</title><script></script>" + b"<noscript>" * 30_000,
        b"<title>Deep</title>" + b"<b><a>" * 50_000,
        b"<title>Deep</title><head><script>" + b"x" * 300_000 + b"</script></head><p>x",
    ],
)
def test_a_hostile_page_is_read_in_reasonable_time(body: bytes) -> None:
    began = perf_counter()
    assert read(body).title == "Deep"
    assert perf_counter() - began < 2  # nesting alone would take a minute


@pytest.mark.parametrize("attribute", [" id=&a", " id='" + "&a" * 200 + "'", " name=&a", " id=a"])
def test_of_a_page_with_too_many_names_none_is_said_to_be_missing(attribute: str) -> None:
    page = read("<p" + attribute * (1024 * 1024 // len(attribute)))
    began = perf_counter()
    assert has_anchor(page, "gone")
    assert perf_counter() - began < 0.3


def test_a_long_page_may_have_thousands_of_names() -> None:
    page = read("".join(f"<p id=&quot;{number}>" for number in range(9_000)))
    assert has_anchor(page, '"8999')
    assert not has_anchor(page, '"9000')


# Fragments


@pytest.mark.parametrize(
    ("html", "fragment", "there"),
    [
        ("<h2 id=intro>x</h2>", "intro", True),
        ('<a class="x" name="old">x</a>', "old", True),
        ("<A\nNAME='old'>x</A>", "old", True),
        ("<h2 id='über uns'>x", "%C3%BCber%20uns", True),
        ("<h2 id='100%25'>x", "100%25", True),
        ("<h2 id='a&amp;b'>x", "a&b", True),
        ("<h2 id='user-content-install'>x", "Install", True),
        ("<p>x", "top", True),
        ("<p>x", "TOP", True),
        ("<h2 id=intro>x</h2>", "Intro", False),
        ("<h2 id=intro>x</h2>", "gone", False),
        ("<meta name=viewport><abbr name=x>", "viewport", False),
        ("<p data-id=x>y", "x", False),
        ("<p>" + "long " * 30_000 + "<h2 id=last>x", "last", True),
    ],
)
def test_a_fragment_is_looked_for_as_browsers_do(html: str, fragment: str, there: bool) -> None:
    assert has_anchor(read(html), fragment) is there


@pytest.mark.parametrize(
    ("fragment", "can"),
    [
        ("intro", True),
        ("%C3%BCber", True),
        ("L-shape", True),
        ("page", True),
        ("section:2.1", True),
        ("", False),
        ("/route/x", False),
        ("!/route", False),
        ("?tab=x", False),
        (":~:text=words", False),
        ("intro:~:text=words", False),
        ("t=30", False),
        ("xywh=1,2,3,4", False),
        ("page=12", False),
        ("gid=0", False),
        ("L10", False),
        ("L10-L20", False),
        ("L10C3-L20C5", False),
        ("L10-20", False),
    ],
)
def test_only_fragments_that_name_a_place_can_be_checked(fragment: str, can: bool) -> None:
    assert checkable(fragment) is can


# Likeness


def test_an_edited_text_stays_alike_and_another_does_not() -> None:
    words = prose(800).split()
    edited = [*words[:700], *prose(100, seed=2).split()]
    page = of_text(" ".join(words)).fingerprint
    assert similarity(page, of_text(" ".join(words).upper()).fingerprint) == 1
    assert 0.6 < similarity(page, of_text(" ".join(edited)).fingerprint) < 0.95
    assert similarity(page, of_text(prose(800, seed=1)).fingerprint) < 0.1


@pytest.mark.parametrize(
    ("before", "now", "alike"),
    [
        (
            "春眠不覚暁処処聞啼鳥夜来風雨声花落知多少" * 3,
            "空山不見人但聞人語響返景入深林復照青苔上" * 3,
            False,
        ),
        (
            "สวัสดีชาวโลกนี่คือข้อความยาวพอสมควรสำหรับการทดสอบ",
            "กาแฟร้อนหนึ่งแก้วกับขนมปังปิ้งในตอนเช้าวันอาทิตย์",
            False,
        ),
        ("ﬁne café " + prose(40), "fine cafe\u0301 " + prose(40), True),
    ],
)
def test_every_script_can_be_told_apart(before: str, now: str, alike: bool) -> None:
    first, second = of_text(before).fingerprint, of_text(now).fingerprint
    assert len(first.sketch) == 64
    assert (similarity(first, second) > 0.9) is alike
    assert similarity(first, first) == 1


def test_texts_of_a_few_words_are_alike_to_each_other_and_to_nothing_else() -> None:
    few, other, real = (
        of_text(text).fingerprint for text in ("Soon.", "Under construction", prose(100))
    )
    assert few.sketch == b""
    assert similarity(few, other) == 1
    assert similarity(few, real) == 0


_OLD, _NEW = prose(300, seed=3), prose(300, seed=4)


@pytest.mark.parametrize(
    ("before", "now", "another"),
    [
        (("A guide to knots", _OLD), ("Casino bonus online", _NEW), True),
        (("A guide to knots | Harbour", _OLD), ("Spring sale | Harbour", _NEW), True),
        (("結び方の案内", _OLD), ("カジノ特典", _NEW), True),
        (("Harbour News", _OLD), ("Harbour News", _NEW), False),
        (("Harbour News, 3 May 2024", _OLD), ("Harbour News, 4 June 2024", _NEW), False),
        (("(3) Harbour News", _OLD), ("(17) Harbour News", _NEW), False),
        (("A guide to knots", _OLD), ("A guide to knots | Harbour", _NEW), False),
        (("A guide to knots - Old Name", _OLD), ("A guide to knots - New Name", _NEW), False),
        (("A guide to knots", _OLD), ("Casino bonus online", _OLD + " and more"), False),
        (("", _OLD), ("Casino bonus online", _NEW), False),
        (("2023", _OLD), ("2024", _NEW), False),
        (("A guide to knots", _OLD), ("Casino bonus online", "Welcome"), False),
        (("A guide to knots", "Soon"), ("Casino bonus online", "Welcome"), False),
    ],
)
def test_another_page_has_another_title_and_another_text(
    before: tuple[str, str], now: tuple[str, str], another: bool
) -> None:
    old, new = (of_text(text, title).fingerprint for title, text in (before, now))
    assert became_another(old, new) is another


@pytest.mark.parametrize(
    ("before", "now", "shrunk"),
    [(1000, 199, True), (1000, 201, False), (1000, 0, True), (1000, 5000, False), (300, 10, False)],
)
def test_a_page_shrank_when_most_of_a_real_text_is_gone(
    before: int, now: int, shrunk: bool
) -> None:
    page = of_text("x").fingerprint
    assert shrank(replace(page, length=before), replace(page, length=now)) is shrunk


_MISSING = "Sorry, there is nothing at {} on this server, so please go back to where you came from."
_A, _B = "https://site.test/docs/install-guide", "https://site.test/docs/qwertyuiopasdfghjklzxcvbn"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (_OLD, _OLD, True),
        (
            _MISSING.format("/docs/install-guide"),
            _MISSING.format("/docs/qwertyuiopasdfghjklzxcvbn"),
            True,
        ),
        (_MISSING.format(_A), _MISSING.format(_B), True),
        (_OLD + " request 8f3a1c at 12:03:01", _OLD + " request 77b2d9 at 12:03:04", True),
        (_OLD, _OLD.replace("o", "u", 60), False),
        (_OLD, _NEW, False),
        (_OLD, "", False),
        ("", "", True),
        ("Welcome back", "Welcome back", True),
        ("Welcome back", "Nothing here", False),
        ("Install guide: 7 steps", "Nothing here", False),
    ],
)
def test_two_addresses_show_the_same_page_if_their_words_are_the_same(
    a: str, b: str, same: bool
) -> None:
    one, other = gist_of(of_text(a), _A), gist_of(of_text(b), _B)
    assert same_gist(one, other) is same
    assert same_gist(other, one) is same


def test_of_nearly_empty_pages_the_title_must_be_the_same_too() -> None:
    shell = gist_of(of_text("Loading", "Install guide | Harbour"), _A)
    assert not same_gist(shell, gist_of(of_text("Loading", "Spring sale | Harbour"), _B))
    assert same_gist(shell, gist_of(of_text("Loading", "Install guide | Harbour"), _B))


def test_each_page_may_name_the_address_of_the_other() -> None:
    repeated = "Nearest to it: {} and nothing else that we know of here."
    one = gist_of(of_text(repeated.format("qwertyuiopasdfghjklzxcvbn")), _A)
    other = gist_of(of_text(repeated.format("install guide")), _B)
    assert same_gist(one, other)
    unrelated = gist_of(of_text(repeated.format("install guide")), "https://site.test/x")
    assert not same_gist(one, unrelated)


def test_long_pages_with_the_same_menu_differ_by_their_length() -> None:
    menu = prose(4_000, seed=3)
    missing = gist_of(of_text(menu + " Nothing here."), _B)
    assert missing.length > 15_000
    assert same_gist(gist_of(of_text(menu + " Nothing there."), _A), missing)
    assert not same_gist(gist_of(of_text(menu + " " + prose(300, seed=4)), _A), missing)
    cut_off = [
        of_text(f"{menu} {menu} {prose(n, seed=seed)}") for n, seed in ((600, 4), (2_600, 5))
    ]
    assert len(cut_off[0].text) == len(cut_off[1].text)
    assert not same_gist(gist_of(cut_off[0], _A), gist_of(cut_off[1], _B))


def test_a_gist_is_small() -> None:
    gist = gist_of(of_text(prose(20_000)), _A)
    assert len(gist.words) + len(gist.title) + len(gist.address) < 10_000
