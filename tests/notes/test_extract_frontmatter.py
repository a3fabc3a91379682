"""URL-valued fields of front matter."""

from __future__ import annotations

import pytest

from linkwatch.model import Kind
from linkwatch.notes.extract import extract


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("url: https://h/a", ["https://h/a"]),
        ("url: https://h/a  # why", ["https://h/a"]),
        ("url: https://h/a#b", ["https://h/a#b"]),
        ("url:   'https://h/a'", ["https://h/a"]),
        ('url: "https:\\/\\/h\\/a"', ["https://h/a"]),
        ('"a key": "https://h/a" # why', ["https://h/a"]),
        ("urls:\n  - https://h/a\n  - 'https://h/b'", ["https://h/a", "https://h/b"]),
        (
            "urls:\n- https://h/a\n- x: https://h/b\n  y: https://h/c",
            ["https://h/a", "https://h/b", "https://h/c"],
        ),
        (
            "urls: [https://h/a, \"https://h/b\", 'https://h/c']",
            ["https://h/a", "https://h/b", "https://h/c"],
        ),
        (
            "urls: [\n  https://h/a,\n  {x: https://h/b, y: 1},\n]\nz: https://h/c",
            ["https://h/a", "https://h/b", "https://h/c"],
        ),
        ("a:\n  b:\n    c: https://h/a", ["https://h/a"]),
        ("url: >-\n  https://h/a", ["https://h/a"]),
        ("url:\n  https://h/a", ["https://h/a"]),
        ("text: |\n  see https://h/a\n  and https://h/b\nurl: https://h/c", ["https://h/c"]),
        ("description: see https://h/a there", []),
        ('x: "[label](https://h/a)"', ["https://h/a"]),
        ("# https://h/a\nb: c", []),
        ("title: a: b: c\n\tbad\nurl: https://h/a", ["https://h/a"]),
        ('url: "https://h/a\nb: https://h/b', ["https://h/a", "https://h/b"]),
        ("url: https://h/a,b](c)", ["https://h/a,b](c)"]),
    ],
)
def test_yaml_fields_whose_value_is_a_url_are_mentions(fields: str, found: list[str]) -> None:
    mentions = extract(f"---\n{fields}\n---\nbody".encode(), file="n.md")
    assert [mention.url for mention in mentions] == found
    assert all(mention.kind is Kind.FRONTMATTER for mention in mentions)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ('url = "https://h/a"', ["https://h/a"]),
        ("url = 'https://h/a' # 'https://h/no'", ["https://h/a"]),
        ('urls = [\n  "https://h/a",\n  "https://h/b",\n]', ["https://h/a", "https://h/b"]),
        ('[a.b]\nx = {u = "https://h/a"}', ["https://h/a"]),
        ('d = """\nsee https://h/a\n"""\nu = "https://h/b"', ["https://h/b"]),
    ],
)
def test_toml_fields_whose_value_is_a_url_are_mentions(fields: str, found: list[str]) -> None:
    mentions = extract(f"+++\n{fields}\n+++\nbody".encode(), file="n.md")
    assert [mention.url for mention in mentions] == found


@pytest.mark.parametrize(
    "note",
    [
        "---\nhttps://h/a\n\nprose\n\n---\n",
        "---\n\n# Heading\n\nhttps://h/a\n\n---\n",
        "---\nnever: closed\n\nhttps://h/a",
        " ---\nurl: https://h/a\n---\n",
        "\n---\nurl: https://h/a\n---\n",
        "---\n- https://h/a\n---\n",
    ],
)
def test_a_rule_at_the_top_of_a_note_is_no_front_matter_and_loses_nothing(note: str) -> None:
    assert [mention.url for mention in extract(note.encode(), file="n.md")] == ["https://h/a"]


def test_the_body_after_front_matter_keeps_its_places() -> None:
    raw = b"\xef\xbb\xbf---\r\ntitle: \xff\r\n---\r\n\r\n> x https://h/a\r\n"
    (mention,) = extract(raw, file="n.md")
    assert (mention.line, mention.column) == (5, 5)
    assert raw[mention.start : mention.end] == b"https://h/a"
