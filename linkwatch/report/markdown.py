"""The report in Markdown, for Obsidian, GitHub and any editor.

The template prints nothing raw: whatever it is handed is made inert, unless a function here made
it. A dead link's address stays clickable, so that a doubting reader can look; a parked
domain's is only shown, since whoever bought it chose what it serves now.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from linkwatch.marker import REPORT_MARKER
from linkwatch.model import (
    Change,
    Copies,
    Drift,
    Ledger,
    Links,
    Lookup,
    Mention,
    NamedLink,
    Overruled,
    Place,
    Reason,
    State,
    Verdict,
)
from linkwatch.report import words
from linkwatch.report.inert import Inert, destination, file_destination, label, prose
from linkwatch.report.summary import NoteFindings, Summary, Topic, summarize, totals

_NEWS_SHOWN: Final = 25  # of one topic: what is dead or failing is listed in full further down
_PLACES_SHOWN: Final = 5  # of one link, outside the list of dead links

_AT_A_TIME: Final = 100  # links of a long list that become text together

_TOPICS: Final[dict[Topic, tuple[str, str]]] = {
    Topic.DIED: ("link died", "links died"),
    Topic.SPEAKS_UP: ("ignore that speaks up", "ignores that speak up"),
    Topic.FAILING: ("link began to fail", "links began to fail"),
    Topic.BACK: ("link is back", "links are back"),
    Topic.LIVES: ("original lives again", "originals live again"),
    Topic.BLOCKED: ("link no longer lets us look", "links no longer let us look"),
    Topic.MOVED: ("link moved", "links moved"),
    Topic.GONE: ("link is in no note any more", "links are in no note any more"),
    Topic.OTHER: ("link changed otherwise", "links changed otherwise"),
}


def render_markdown(ledger: Ledger, *, report_dir: Path | None) -> str:
    """The whole report as one text."""
    return "".join(markdown_pieces(ledger, summarize(ledger), report_dir=report_dir))


def markdown_pieces(ledger: Ledger, summary: Summary, *, report_dir: Path | None) -> Iterator[str]:
    """The report, piece by piece. Notes are linked relative to `report_dir`; None: by their names
    in the notes.

    Paths are compared as they are written: the disk is not asked where symbolic links lead.
    """
    places = _Places(ledger.roots, report_dir)
    return _template().generate(
        marker=Inert(REPORT_MARKER),
        s=summary,
        totals=totals,
        State=State,
        count=words.count,
        day=words.day,
        minute=words.minute,
        since=words.since,
        states=words.STATES,
        topic=_topic,
        shown=_NEWS_SHOWN,
        link=_link,
        why=_why,
        findings=places.findings,
        ignored=_ignored,
        drift=_drift,
        host=_host,
        change=_change,
        unanswered=_unanswered,
        listed=places.listed,
        note=places.note,
        lines=places.lines,
        where=places.where,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("linkwatch.report"),
        undefined=StrictUndefined,
        finalize=_inert,
        autoescape=False,  # noqa: S701  # this is Markdown; `finalize` does it in Markdown's way
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.md.j2")


def _inert(value: object) -> object:
    return value if isinstance(value, Inert | int) else prose(str(value))


def _link(url: str, reason: Reason | None = None) -> Inert:
    """A URL as readable text, clickable where that is wise."""
    target = destination(url)
    if target is None or reason is Reason.PARKED:
        return prose(url)
    return Inert(f"[{label(url)}]({target})")


def _why(verdict: Verdict) -> Inert:
    return Inert(" ".join(filter(None, (prose(words.sentence(verdict)), words.since(verdict)))))


def _ignored(said: Overruled) -> Inert:
    because = f" Because: {prose(said.because)}" if said.because.strip() else ""
    return Inert(f"{words.overruled(said)}{because}")


def _drift(drift: Drift) -> Inert:
    """A page's titles, then and now."""
    before, after = (f"“{prose(title)}”" if title else "no title" for title in _titles(drift))
    return Inert(f"It was {before}, and since {words.day(drift.at)} it is {after}.")


def _titles(drift: Drift) -> tuple[str, str]:
    return drift.before.strip(), drift.after.strip()


def _host(key: str) -> Inert:
    """A host as a person names it: without the port that goes without saying."""
    return prose(key.removesuffix(":443").removesuffix(":80"))


def _topic(topic: Topic, number: int) -> Inert:
    return Inert(words.count(number, *_TOPICS[topic]))


def _change(change: Change) -> Inert:
    after = "" if change.after is None else f", now {change.after}"
    what = f"was {change.before}{after}" if change.before is not change.after else change.before
    text = f"{_link(change.url, change.reason)}: {what}."
    return Inert(f"{text} {prose(change.detail)}" if change.detail.strip() else text)


def _archived(lookup: Lookup) -> Inert:
    """The archived copy as a link, or why there is none."""
    copy = lookup.snapshot
    target = copy and destination(copy.url)
    if copy is None or target is None:
        detail = f" {prose(lookup.detail)}" if lookup.detail.strip() else ""
        return Inert(f"{words.lookup(lookup)}{detail}")
    far = words.distance(lookup)
    text = f"[Archived copy of {words.day(copy.timestamp)}]({target}){f', {far}' if far else ''}."
    doubt = "" if copy.verified else " It was not opened yet."
    detail = f" {prose(lookup.detail)}" if lookup.detail.strip() else ""
    return Inert(f"{text}{doubt}{detail}")


def _unanswered(copies: Copies) -> Inert:
    """That archives could not be asked, and when they will be."""
    number = words.count(copies.unanswered, "dead link")
    again = f"; the next try is after {words.minute(copies.next_at)}" if copies.next_at else ""
    return Inert(f"About {number} no archive could be asked yet{again}.")


class _Places:
    """Where notes are, as seen from the report."""

    def __init__(self, roots: Mapping[str, str], report_dir: Path | None) -> None:
        self._roots = roots
        self._report_dir = None if report_dir is None else os.path.abspath(report_dir)  # noqa: PTH100  # resolve() would follow links
        self._known: dict[str, tuple[Inert, Inert | None]] = {}

    def note(self, file: str) -> Inert:
        """A note, linked."""
        name, target = self._named(file)
        return name if target is None else Inert(f"[{name}]({target})")

    def lines(self, file: str, lines: Iterable[int]) -> Inert:
        """`line 3`, `lines 3, 7`: each linked.

        Editors such as VS Code open a note at `#L3`; Obsidian and GitHub open the note.
        """
        _, target = self._named(file)
        numbers = [str(n) if target is None else f"[{n}]({target}#L{n})" for n in lines]
        return Inert(f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers)}")

    def where(self, mentions: Sequence[Mention | Place]) -> Inert:
        """The first places of a link, and how many more there are."""
        if len(mentions) == 1:  # nearly every link
            return Inert(self._place(mentions[0].file, mentions[0].line))
        first = [self._place(mention.file, mention.line) for mention in mentions[:_PLACES_SHOWN]]
        if len(mentions) > _PLACES_SHOWN:
            first.append(f"and {len(mentions) - _PLACES_SHOWN} more")
        return Inert(", ".join(first))

    def findings(self, group: NoteFindings) -> Inert:
        """The dead links of a note. Here, as there may be many of them, too."""
        told = []
        for found in group.findings:
            link, also = found.link, ""
            if found.elsewhere:
                also = f" Also in {words.count(found.elsewhere, 'other note')}."
            lines = [
                f"- {self.lines(group.file, found.lines)}: {_link(link.url, link.verdict.reason)}",
                f"{_why(link.verdict)}{also}",
            ]
            if link.overruled:
                lines.append(_ignored(link.overruled))
            lines.append(_archived(link.lookup))
            told.append("\n  - ".join(lines))
        return Inert("\n".join(told))

    def listed(self, links: Links, state: State) -> Iterator[Inert]:
        """The list of a state, some links at a time. Here, since there may be very many of them."""
        named = links.named()
        while some := [self._item(link, state) for link in islice(named, _AT_A_TIME)]:
            yield Inert("\n".join(some))

    def _item(self, link: NamedLink, state: State) -> str:
        moved = state is State.MOVED
        lines = [f"- {_link(link.url, link.verdict.reason)}"]
        if moved and link.final_url is not None:
            lines[0] += f" → {_link(link.final_url)}"
            if link.verdict.since is not None:
                lines.append(words.since(link.verdict))
        elif state is not State.UNCHECKED:
            lines.append(_why(link.verdict))
        if link.overruled:
            lines.append(_ignored(link.overruled))
        lines.append(self.where(link.mentions))
        return "\n  - ".join(lines)

    def _place(self, file: str, line: int) -> str:
        """A note and one line of it."""
        name, target = self._named(file)
        if target is None:
            return f"{name} line {line}"
        return f"[{name}]({target}) line [{line}]({target}#L{line})"

    def _named(self, file: str) -> tuple[Inert, Inert | None]:
        known = self._known.get(file)
        if known is None:
            known = self._known[file] = (label(file), self._target(file))
        return known

    def _target(self, file: str) -> Inert | None:
        path = self._roots.get(file)
        if self._report_dir is None or path is None:
            return file_destination(file.replace(os.sep, "/"))
        try:
            relative = os.path.relpath(path, self._report_dir)
        except ValueError:  # Windows: on another drive, no relative path leads there
            return None
        return file_destination(relative.replace(os.sep, "/"))
