"""docs/notes.md says what happens, and the sample vault is what it claims to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linkwatch.model import Kind
from linkwatch.notes.extract import extract

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "notes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^```markdown\n(.*?)^```\n\nFound: ([^\n]*)$", PAGE, re.MULTILINE | re.DOTALL
)
VAULT = sorted((DOCS / "sample-vault").rglob("*.md"))


@pytest.mark.parametrize(("note", "found"), EXAMPLES)
def test_every_example_on_the_page_is_true(note: str, found: str) -> None:
    expected = [] if found == "nothing" else re.findall(r"`([^`]+)`", found)
    assert expected or found == "nothing"
    assert [mention.url for mention in extract(note.encode(), file="n.md")] == expected


def test_no_example_on_the_page_escapes_the_test() -> None:
    assert len(EXAMPLES) == PAGE.count("```markdown") == PAGE.count("\nFound: ") > 15


def test_the_sample_vault_shows_every_kind_of_link_and_two_dead_ones() -> None:
    mentions = [mention for path in VAULT for mention in extract(path.read_bytes(), file=path.name)]
    assert 6 <= len(VAULT) <= 10
    assert 30 <= len(mentions) <= 45
    assert {mention.kind for mention in mentions} == set(Kind)
    urls = {mention.url for mention in mentions}
    assert "https://www.python.org/this-page-never-existed" in urls
    assert [url for url in urls if ".invalid/" in url] == [
        "http://nothing-lives-here.invalid/paper.pdf"
    ]
    assert not [url for url in urls if "example" in url]  # these stand in code and comments
