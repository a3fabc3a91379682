"""Which pages may be published, and which addresses are keys."""

from __future__ import annotations

import pytest

from linkwatch.archive.archives import Archives
from linkwatch.archive.savable import why_not_saved, why_not_told
from linkwatch.patterns import compile_pattern

WEB = Archives(
    wayback_url="https://web.archive.org",
    availability_url="https://archive.org/wayback/available",
    user_agent="linkwatch-test",
)
UUID = "550e8400-e29b-41d4-a716-446655440000"
HEX = "9e107d9d372bb6826bd81d3542a419d6"
BASE64 = "4kQ9xZ7bLm2TtVw8RyPs1NcGfHdJuKoA3eXqYi6B"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "https://example.org/?id=123",
        "https://example.org/?p=4",
        "https://example.org/?page=2&sort=date&lang=en",
        "https://example.org/search?q=how+to+write+a+good+link+checker+in+2024",
        "https://example.org/a?utm_source=newsletter&utm_id=9e107d9d372bb6826bd81d3542a419d6",
        "https://example.org/a?fbclid=IwAR0aBcD1eFgH2iJkL3mNoP4qRsT5uVwX6yZ",
        "https://example.org/x?id=12345678901234567890123",
        "https://example.org/x?date=2024-01-02T03:04:05Z&bbox=13.08835,52.33826,13.76116,52.67551",
        "https://example.org/x?title=The_Long_and_Winding_Road_of_2019_and_After",
        "https://example.org/x?keyword=token&keys_of=life&coded=1&design=flat",
        "https://example.org/x?next=https%3A%2F%2Fexample.com%2Farticle%3Fid%3D7",
        "https://example.org/x?token=&v=",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://youtu.be/dQw4w9WgXcQ?si=abcDEF123ghiJKL4mnoPQR",
        "https://www.youtube.com/channel/UCXuqSBlHAe6Xw-yeJA0Tunw",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        f"https://github.com/o/r/commit/{HEX}0a1b2c3d",
        f"https://www.ft.com/content/{UUID}",
        "https://medium.com/@someone/why-i-stopped-using-7-tools-and-began-to-write-1a2b3c4d5e6f",
        "https://en.wikipedia.org/wiki/List_of_UK_Top_10_singles_in_2019_(before_May)",
        "https://docs.example.org/AbstractSingletonProxyFactoryBean2WithLongName.html",
        "https://example.org/2024/01/02/a-very-long-article-slug-with-2024-in-it-and-100-other-words",
        "https://example.org/share/my-holiday-in-2023",
        "https://example.org/s/photos",
        "https://example.org/private/garden-plans",
        "https://example.org/reset/password-policy",
        "https://mastodon.example/@someone@example.org/109348234",
        "https://docs.google.com/",
        "https://www.dropbox.com/features",
        "https://zoom.us/pricing",
        "https://doi.org/10.1000/xyz123",
        "https://de.wikipedia.org/wiki/Donaudampfschifffahrtsgesellschaftskapit%C3%A4n",
    ],
)
def test_an_ordinary_page_may_be_saved(url: str) -> None:
    assert why_not_saved(url, WEB, ()) is None
    assert why_not_told(url, WEB) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        # What no archive is told of.
        ("mailto:someone@example.org", "can't be read"),
        ("ftp://example.org/a", "can't be read"),
        ("https://", "can't be read"),
        ("https://someone:word@example.org/", "user name or password"),
        ("http://localhost/", "private"),
        ("http://192.168.1.1/", "private"),
        ("http://0x7f.1/", "private"),
        ("http://wiki/", "private"),
        ("http://nas.local/", "private"),
        *((f"http://wiki.{top}/page", "private") for top in ("lan", "home", "corp", "intranet")),
        ("http://wiki.localdomain/", "private"),
        ("http://wiki.private/", "private"),
        ("http://abc.onion/", "outside"),
        ("https://web.archive.org/web/2020/https://example.org/", "archive's page"),
        ("https://archive.ph/abcde", "archive's page"),
        # Names that say it.
        ("https://example.org/a?token=abc", "'token'"),
        ("https://example.org/a?x=1&access_token=abc", "'accesstoken'"),
        ("https://example.org/a?accessToken=abc", "'accesstoken'"),
        ("https://example.org/a?x=1;KEY=abc", "'key'"),
        ("https://example.org/a?api-key=abc", "'apikey'"),
        ("https://example.org/a?sig=abc", "'sig'"),
        ("https://example.org/a?signature=abc", "'signature'"),
        ("https://example.org/a?auth=1", "'auth'"),
        ("https://example.org/a?password=1", "'password'"),
        ("https://example.org/a?session=1", "'session'"),
        ("https://example.org/a?sid=1", "'sid'"),
        ("https://example.org/a?code=1234", "'code'"),
        ("https://example.org/a?%74oken=abc", "'token'"),
        ("https://example.org/a?user[token]=abc", "'usertoken'"),
        ("https://example.org/a;jsessionid=1F?x=1", "'jsessionid'"),
        ("https://s3.example.org/a?X-Amz-Algorithm=AWS4&X-Amz-Date=1", "signature"),
        ("https://storage.example.org/a?X-Goog-Signature=1", "signature"),
        ("https://x.blob.core.windows.net/a?sv=2022-11-02&se=2026-01-01&sp=r", "signature"),
        # Values that say it, whatever their name.
        (f"https://example.org/a?x={JWT}", "JWT"),
        (f"https://example.org/{JWT}/a", "JWT"),
        (f"https://example.org/a?x={HEX}", "random value"),
        (f"https://example.org/a?{HEX}", "may be a key"),
        (f"https://example.org/a?x={UUID}", "random value"),
        (f"https://example.org/a?x={BASE64}", "random value"),
        (f"https://example.org/a?x={BASE64[:12]}-{BASE64[12:]}", "random value"),
        ("https://example.org/unsubscribe?who=someone%40example.org", "e-mail"),
        ("https://example.org/go?to=https%3A%2F%2Fexample.com%2F%3Ftoken%3D1", "'token'"),
        ("https://example.org/go?to=https%3A%2F%2Fme%3Aword%40example.com%2F", "password"),
        # Paths that are keys.
        (f"https://example.org/files/{BASE64}/view", "path"),
        (f"https://example.org/share/{UUID}", "/share/"),
        ("https://example.org/invite/qK7fZ2pLx9", "/invite/"),
        ("https://example.org/reset/1a2b3c4d5e6f", "/reset/"),
        ("https://docs.google.com/document/d/1aB/edit", "docs.google.com"),
        ("https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml", "docs.google.com"),
        ("https://docs.google.com/spreadsheets/u/0/d/1aB/edit#gid=0", "docs.google.com"),
        ("https://drive.google.com/file/d/1aB/view?usp=sharing", "drive.google.com"),
        ("https://www.dropbox.com/s/abc/file.pdf?dl=0", "dropbox.com"),
        ("https://contoso-my.sharepoint.com/:x:/g/personal/a", "sharepoint.com"),
        ("https://hooks.slack.com/services/T0/B0/x", "hooks.slack.com"),
        ("https://discord.com/api/webhooks/1/x", "discord.com"),
        ("https://api.telegram.org/bot123:abc/getMe", "api.telegram.org"),
    ],
)
def test_what_may_be_a_key_is_never_published(url: str, words: str) -> None:
    why = why_not_saved(url, WEB, ())

    assert why is not None
    assert words in why
    assert "abc" not in why.replace("abc.onion", "")  # the secret is not repeated
    assert why_not_told(url, WEB) == why  # nor is it told to who is asked for a copy


def test_what_the_user_leaves_out_is_never_published() -> None:
    exclude = (compile_pattern(r"^https://intranet\."),)

    assert why_not_saved("https://intranet.example.org/", WEB, exclude) is not None
    assert why_not_saved("https://example.org/", WEB, exclude) is None


def test_a_private_archive_is_told_of_private_pages_but_not_of_keys() -> None:
    own = Archives(
        wayback_url="http://127.0.0.1:8080",
        availability_url="http://127.0.0.1:8080/available",
        user_agent="linkwatch-test",
        allow_private=True,
    )

    assert why_not_saved("http://wiki.internal/page", own, ()) is None
    assert why_not_saved("http://wiki.internal/page?token=1", own, ()) is not None
    assert why_not_told("http://wiki.internal/page?token=1", own) is None  # nobody else hears it
    assert why_not_told("http://wiki.lan/", own) is None
    assert why_not_saved("http://wiki.internal/page", WEB, ()) is not None
