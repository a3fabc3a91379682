"""One link's whole story, as plain text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from linkwatch.evidence import Evidence
from linkwatch.model import (
    CheckResult,
    Drift,
    LinkRecord,
    LocalCopy,
    Lookup,
    Mark,
    Original,
    Overruled,
    RolledUp,
    Save,
    State,
    Testimony,
)
from linkwatch.report import words
from linkwatch.report.inert import shown, terminal
from linkwatch.report.links import text_line

_LABEL_WIDTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheck:
    """A check as history keeps it."""

    result: CheckResult
    cycle_id: int
    void: bool  # its cycle does not count, so it was not judged
    evidence: Evidence
    state: State | None  # how the link stood after it; None: it was not judged


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRollup:
    """Old checks that are no more, between those that stay."""

    rolled: RolledUp
    like: StoredCheck | None  # the last one before them, which said the same; None: they were void


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that history knows of a link."""

    link: LinkRecord
    checks: tuple[StoredCheck, ...]  # oldest first
    rollups: tuple[StoredRollup, ...] = ()  # in the order of their first
    rule: str | None = None  # by which it was judged so
    words: tuple[Testimony, ...] = ()  # people's, oldest first
    copies: tuple[LocalCopy, ...] = ()  # oldest first
    save: Save | None = None  # on its way into an archive
    before: State | None = None  # how the last cycle judged it, where the settings changed since


def explain(story: Story) -> str:
    """The story, ready to print: no foreign text in it can steer a terminal."""
    return "".join(f"{line}\n" for line in _lines(story))


def _lines(story: Story) -> Iterator[str]:
    link = story.link
    yield terminal(link.url)
    yield ""
    yield from _row("state", f"{link.verdict.state} ({link.verdict.reason})")
    if story.before is not None:
        yield from _row("", f"(until the next check, reports say {story.before})")
    yield from _row("why", shown(words.sentence(link.verdict)))
    if story.rule is not None:
        yield from _row("rule", story.rule)
    if link.verdict.since is not None:
        yield from _row("since", words.minute(link.verdict.since))
    yield from _row("first seen", words.minute(link.first_seen))
    if link.final_url is not None and link.final_url != link.url:
        yield from _row("leads to", terminal(link.final_url))
    if link.drift is not None:
        yield from _row("changed", *_drift(link.drift))
    if link.overruled is not None:
        yield from _row("ignored", *_ignored(link.overruled))
    if link.original is not None:
        yield from _row("original", *_original(link.original))
    yield from _row("archive", *_archive(link.lookup, dead=link.verdict.state is State.DEAD))
    if story.save is not None:
        yield from _row("saving", *_saving(story.save))
    if story.copies:
        yield from _row("local copy", *map(_local, story.copies))
    if link.mentions or link.watched:
        due = "at the next cycle" if link.next_check is None else words.minute(link.next_check)
        yield from _row("next check", due)
    yield ""
    if link.mentions:
        yield f"Mentioned in {words.count(len(link.mentions), 'place')}:"
        yield from (f"  {text_line(mention)}" for mention in link.mentions)
    elif link.watched:
        yield "No note mentions it: it is checked because one has an archived copy of it."
    else:
        yield "No note mentions it any more: its history is kept, it is not checked."
    yield ""
    if not story.checks:
        yield "Not checked yet."
        return
    number = len(story.checks) + sum(rollup.rolled.checks for rollup in story.rollups)
    yield f"{words.count(number, 'check')}, oldest first:"
    said = list(story.words)
    rolled = list(story.rollups)
    for check in story.checks:
        while rolled and rolled[0].rolled.first_at <= check.result.at:
            yield from _rollup(rolled.pop(0))
        while said and said[0].at <= check.result.at:
            yield from _word(said.pop(0))
        yield from _check(check)
    for word in said:
        yield from _word(word)


def _row(name: str, *texts: str) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield f"  {name if number == 0 else '':<{_LABEL_WIDTH}}{text}"


def _archive(lookup: Lookup, *, dead: bool) -> Iterator[str]:
    yield words.lookup(lookup, again=dead)
    if lookup.detail.strip():
        yield shown(lookup.detail)
    copy = lookup.snapshot
    if copy is not None:
        verified = "verified" if copy.verified else "not verified"
        status = "" if copy.status is None else f"status {copy.status}, "
        yield terminal(copy.url)
        yield f"of {words.minute(copy.timestamp)} at {terminal(copy.archive)} ({status}{verified})"
    if far := words.distance(lookup):
        yield far
    elif lookup.cited_at is not None:
        origin = (
            "" if lookup.cited_from is None else f", says {words.CITED_FROM[lookup.cited_from]}"
        )
        yield f"cited {words.day(lookup.cited_at)}{origin}"
    if lookup.asked_at is not None:
        yield f"asked {words.minute(lookup.asked_at)}"


def _original(original: Original) -> Iterator[str]:
    yield terminal(original.url)
    since = "" if original.since is None else f" since {words.day(original.since)}"
    lives = ": it lives again, and the note can go back to it" if original.lives else ""
    yield f"{original.state}{since}{lives}"


def _saving(save: Save) -> Iterator[str]:
    asked = "" if save.submitted_at is None else f", submitted {words.minute(save.submitted_at)}"
    again = "" if save.next_at is None else f", goes on after {words.minute(save.next_at)}"
    yield f"{save.state} ({save.why}){asked}{again}"
    if save.detail.strip():
        yield shown(save.detail)


def _local(copy: LocalCopy) -> str:
    still = f", still so on {words.day(copy.seen_at)}" if copy.seen_at > copy.at else ""
    kb = max(1, round(copy.size_bytes / 1000))
    return f"of {words.minute(copy.at)}, {kb:,} kB{still}"


def _ignored(said: Overruled) -> Iterator[str]:
    yield words.overruled(said)
    if said.because.strip():
        yield f"because: {shown(said.because)}"


def _drift(drift: Drift) -> Iterator[str]:
    yield f"it became another page by {words.day(drift.at)}; its title was, and is now:"
    yield shown(drift.before)
    yield shown(drift.after)


def _word(word: Testimony) -> Iterator[str]:
    because = f": {shown(word.because)}" if word.because.strip() else ""
    until = words.day(word.until)
    yield f"  {words.minute(word.at)}  a person said that it is alive, until {until}{because}"


def _check(check: StoredCheck) -> Iterator[str]:
    result, evidence = check.result, check.evidence
    after = "not judged: its cycle does not count" if check.state is None else check.state
    yield f"  {words.minute(result.at)}  {', '.join(_facts(result))}  → {after}"
    for hop in result.hops:
        yield f"      {hop.status}  {terminal(hop.url)} → {terminal(hop.location)}"
    last_hop = result.hops[-1].location if result.hops else result.url
    if result.final_url is not None and result.final_url != last_hop:
        yield f"      asked last: {terminal(result.final_url)}"
    if result.message.strip():
        yield f"      {shown(result.message)}"
    if result.remark:
        yield f"      remark: {shown(result.remark)}"
    if result.marks:
        yield f"      signs: {', '.join(map(_mark, result.marks))}"
    lone = ", one sign alone" if evidence.lone else ""
    yield f"      {evidence.weight} evidence{lone}: {shown(evidence.words)}"


def _rollup(rollup: StoredRollup) -> Iterator[str]:
    rolled, like = rollup.rolled, rollup.like
    first, last = words.minute(rolled.first_at), words.minute(rolled.last_at)
    between = f"between {first} and {last}" if first != last else f"at {first}"
    more = f"      {words.count(rolled.checks, 'more check')} {between}"
    if like is None:
        yield f"{more}, of cycles that do not count"
        return
    result = like.result
    said = result.fault or result.status
    took = f"{rolled.least_elapsed_ms} to {rolled.most_elapsed_ms} ms"
    took = "" if result.inferred else f", {took}"
    yield f"{more}, all {said} like the one before{took}  → {like.state}"


def _mark(mark: Mark) -> str:
    name = mark.sign.replace("_", " ")
    return terminal(f"{name} ({mark.by})" if mark.by else name)


def _facts(result: CheckResult) -> Iterator[str]:
    if result.status is not None:
        yield str(result.status)
    if result.fault is not None:
        yield str(result.fault)
    if result.read_at is not None:
        yield f"not modified since {words.day(result.read_at)}"
    if result.probe is not None:
        yield f"from the site's own service ({terminal(result.probe)})"
    if not result.inferred:
        yield f"{result.elapsed_ms} ms"
    if result.attempts > 1:
        yield f"{result.attempts} requests"
    if result.confirmed:
        yield "confirmed by a second question"
    if result.inferred:
        yield "inferred: its host was silent to another link"
