"""The words of linkwatch, as frozen types.

Facts (`Mention`, `Hop`, `CheckResult`, `Snapshot`) are what was seen: stored, never edited.
A `Verdict` is what we make of them, and can be computed again.

Every datetime is aware and in UTC. Durations carry their unit in the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Kind(StrEnum):
    """How a note names a URL."""

    INLINE = "inline"
    AUTOLINK = "autolink"
    BARE = "bare"
    REFERENCE = "reference"
    HTML = "html"
    FRONTMATTER = "frontmatter"
    IMAGE = "image"


class State(StrEnum):
    """How a link stands. The order is the order of every summary and report."""

    DEAD = "dead"
    SUSPECT = "suspect"
    BLOCKED = "blocked"
    MOVED = "moved"
    UNCHECKED = "unchecked"
    SKIPPED = "skipped"
    ALIVE = "alive"


class Reason(StrEnum):
    """Why a link has its state. Stable words for machines; docs/reasons.md explains each."""

    OK = "ok"
    MOVED = "moved"
    NOT_FOUND = "not_found"
    GONE = "gone"
    DNS = "dns"
    RESOLVER = "resolver"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    RESET = "reset"
    PROTOCOL = "protocol"
    SERVER_ERROR = "server_error"
    REDIRECT_LOOP = "redirect_loop"
    BAD_REDIRECT = "bad_redirect"
    SOFT_404 = "soft_404"
    HOME_REDIRECT = "home_redirect"
    PARKED = "parked"
    BAD_COPY = "bad_copy"
    CHALLENGE = "challenge"
    LOGIN = "login"
    PAYMENT = "payment"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    LEGAL = "legal"
    PRIVATE_ADDRESS = "private_address"
    SPECIAL_NAME = "special_name"
    BAD_URL = "bad_url"
    EXCLUDED = "excluded"
    OFFLINE = "offline"
    VOUCHED = "vouched"
    UNCHECKED = "unchecked"


class Sign(StrEnum):
    """What a page shows about itself, whatever its status. `evidence` says what each is worth."""

    CHALLENGE = "challenge"  # the definitive mark of a wall against programs
    CHALLENGE_WEAK = "challenge_weak"  # sits on good pages too
    LOGIN = "login"  # a login stands in the page's place
    CONSENT = "consent"  # or a page that asks for consent
    PARKING_HOST = "parking_host"  # served by a company that parks domains
    FOR_SALE = "for_sale"  # it says that the domain is for sale
    LANDER = "lander"  # the machinery of a parked page
    NOT_FOUND_WORDS = "not_found_words"  # it says that it does not exist
    NOT_FOUND_PATH = "not_found_path"  # we were sent to an address for what does not exist
    TO_HOME = "to_home"  # a deep link that ended at a front page
    SAME_END = "same_end"  # several links of the host ended at this very page
    SIBLING_SAME = "sibling_same"  # an address made up at random shows the same
    HOME_CANONICAL = "home_canonical"  # it says that its own address is the front page
    CHANGED = "changed"  # it used to be another page
    SHRANK = "shrank"  # of its text little is left
    HONEST = "honest"  # the host answered a made-up address with 404
    WITHHELD = "withheld"  # an archive says that it does not show this site
    HOLLOW = "hollow"  # the site answers so whatever stands there, and could not be asked otherwise
    UNDECIDABLE = "undecidable"  # an app in one page, or a host that shows the same for everything


@dataclass(frozen=True, slots=True)
class Mark:
    """One sign, and by what it was told: a short word of ours, never the page's own text."""

    sign: Sign
    by: str = ""


class Says(StrEnum):
    """What a site's own answer to a better question says of a link."""

    ALIVE = "alive"
    MOVED = "moved"  # to the result's final URL
    GONE = "gone"
    PRIVATE = "private"  # it exists, but not for us
    DOUBTFUL = "doubtful"  # it looks removed


class Fault(StrEnum):
    """Why no HTTP answer came, or why it could not be followed."""

    DNS = "dns"  # NXDOMAIN: the name does not exist, says the name system itself
    RESOLVER = "resolver"  # any other trouble with names: ours, or a server's in between
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    RESET = "reset"
    PROTOCOL = "protocol"
    REDIRECT_LOOP = "redirect_loop"  # or more hops than `check.max_redirects`
    BAD_REDIRECT = "bad_redirect"  # a 3xx without a Location that could be followed
    PRIVATE_ADDRESS = "private_address"
    BAD_URL = "bad_url"
    OFFLINE = "offline"  # our own way out (the configured proxy) failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pardon:
    """A wish not to hear of a link's failures. They are still looked for."""

    until: date | None = None  # the first day on which it is over; None: for good
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place in one note that names a URL; the place is where the URL text stands."""

    file: str
    line: int  # 1-based; lines end at LF or CRLF
    column: int  # 1-based, in code points; a byte that is not UTF-8 counts one, a BOM none
    start: int  # the span, as byte offsets into the file as it lies on disk
    end: int
    url: str  # as meant, with its fragment: entities and escapes decoded
    text: str  # as written, the bytes start:end
    kind: Kind
    pardon: Pardon | None = None  # a comment beside it asks for silence
    missing: bool = False  # its fragment was on the page once, and is no more
    cited_at: datetime | None = None  # when the note took it, by the note's own words
    cited_from: CitedFrom | None = None  # `accessed` or `front_matter`


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect response on the way. `location` is the absolute URL it led to."""

    url: str
    status: int
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What tells one page from another, however its markup changes. See `web.page`."""

    title: str  # "" where there is none
    length: int  # of the text that a reader sees, in characters
    sketch: bytes  # its words, as a similarity hash; empty: too few words


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask it with whether a page has changed; one of the two."""

    etag: str | None = None
    last_modified: str | None = None  # as sent

    @classmethod
    def of(cls, etag: str | None, last_modified: str | None) -> Validators | None:
        """As stored."""
        return cls(etag=etag, last_modified=last_modified) if etag or last_modified else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The facts of one check of one link in one cycle, however many retries it took."""

    url: str  # the link
    at: datetime  # when the first request left
    elapsed_ms: int
    status: int | None = None  # of the last answer; None: no HTTP answer came
    fault: Fault | None = None  # why the story ended without a usable answer
    message: str = ""  # what the library or the server said of the fault, for a person
    final_url: str | None = None  # where the last request went
    hops: tuple[Hop, ...] = ()
    attempts: int = 1  # requests made: hops, retries and the second question included
    inferred: bool = False  # not asked: the host was silent to another link of this sweep
    confirmed: bool = False  # hard evidence, asked a second time, said the same again
    remark: str | None = None  # something odd that does not change the verdict
    size: int | None = None  # bytes of the body that were read, after decompression
    digest: str | None = None  # of those bytes
    marks: tuple[Mark, ...] = ()  # what the page showed
    fingerprint: Fingerprint | None = None  # of an HTML page's text
    probe: str | None = None  # the better question that was asked instead (see `checker.probes`)
    says: Says | None = None  # and what it said
    anchors: tuple[tuple[str, bool], ...] = ()  # fragments looked for, and whether they were there
    validators: Validators | None = None  # of the page
    read_at: datetime | None = None  # not modified (304) since this check, which read the page
    # Of links at archives:
    memento: datetime | None = None  # the answer is a copy, of then; None: the site's own
    original: str | None = None  # of which link, where the address does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledUp:
    """Old checks of one link that are no more: those of one month that said the same."""

    like_cycle: int | None  # the cycle of the first check that said so; None: of void cycles
    checks: int  # how many they were
    first_at: datetime
    last_at: datetime
    least_elapsed_ms: int
    most_elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the last good check of a link left for the next one to compare with."""

    digest: str | None
    final_url: str | None
    fingerprint: Fingerprint | None
    signs: frozenset[Sign] = frozenset()  # what the page showed
    size: int | None = None
    validators: Validators | None = None
    read_at: datetime | None = None  # when the page was really read


class Candour(StrEnum):
    """How a host answers when it is asked for an address that was made up."""

    HONEST = "honest"  # that there is none
    SAME = "same"  # with what it shows for a link as well, and nothing explains it
    OTHER = "other"  # with some page, and that says nothing
    UNCLEAR = "unclear"  # not in a way that could be read


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMemory:
    """What a made-up address taught us about a host, and when."""

    candour: Candour
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What we make of a link's results."""

    state: State
    reason: Reason
    since: datetime | None  # first check of the present run; for suspect and dead, first failure
    detail: str  # one sentence for a person
    recoveries: int = 0  # how often it failed and came back, of late


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """A person's word that a link is alive, whatever we see."""

    at: datetime
    until: datetime
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A page that became another page under the same address."""

    at: datetime  # the first check that saw the new one
    before: str  # titles
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The page that an archived link is a copy of, as history knows it now."""

    url: str
    state: State
    since: datetime | None
    lives_at: datetime | None = None  # the check that made sure that it lives; None: it may not

    @property
    def lives(self) -> bool:
        """Whether it surely lives: rather late than wrong."""
        return self.lives_at is not None


class Outcome(StrEnum):
    """What came of asking the archives. Only `not_archived` says that there is no copy."""

    FOUND = "found"
    NOT_ARCHIVED = "not_archived"
    NO_GOOD_COPY = "no_good_copy"
    EXCLUDED = "excluded"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    QUEUED = "queued"
    NOT_ASKED = "not_asked"


# What says nothing about whether there is a copy: the question stays open.
UNSETTLED = frozenset(
    {Outcome.RATE_LIMITED, Outcome.UNAVAILABLE, Outcome.MALFORMED, Outcome.QUEUED}
)


class CitedFrom(StrEnum):
    """Where the date of a citation was read, best first."""

    ACCESSED = "accessed"
    FRONT_MATTER = "front_matter"
    GIT = "git"
    FILE = "file"
    FIRST_SEEN = "first_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A dead link that wants a copy."""

    url: str  # the link
    cited_at: datetime
    cited_from: CitedFrom | None  # None: no note says so, somebody asks about that day
    failed_at: datetime  # first failure of the present run
    seen: Sighting | None = None  # its page, when we first saw it well
    proven: frozenset[str] = frozenset()  # addresses of copies that were opened, and are good
    flawed: Mapping[str, str] = field(default_factory=dict)  # and of those that won't do: why not
    tried: int = 0  # copies that were opened since the last conclusive answer
    again: Snapshot | None = None  # a copy that was found: to be opened again before all else


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A link's page as a check saw it."""

    at: datetime
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An archived copy of a link."""

    archive: str  # the archive's host name
    timestamp: datetime
    url: str  # where a person opens it
    status: int | None  # the archived status, where the archive tells it
    verified: bool  # it was opened, and shows the page
    flaw: str = ""  # it was opened, and will not do: why, as part of a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One answer of the archives about one link."""

    outcome: Outcome
    asked_at: datetime | None = None
    next_at: datetime | None = None  # when asking again makes sense; None: no need
    snapshot: Snapshot | None = None
    cited_at: datetime | None = None
    cited_from: CitedFrom | None = None
    detail: str = ""  # one sentence for a person, where the outcome alone does not tell
    flawed: tuple[Snapshot, ...] = ()  # copies that were opened this time, and will not do
    tried: int = 0  # copies that were opened, where it goes on; else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStop:
    """Why an archive, or a service of one, is not asked, and until when."""

    outcome: Outcome
    until: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPace:
    """How one archive was asked lately, as history keeps it between two processes."""

    archive: str  # its host name
    stops: int = 0  # in a row, without an answer in between: each is twice as long
    stop: KeptStop | None = None
    starts: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)  # by service
    rests: Mapping[str, KeptStop] = field(default_factory=dict)  # of services alone


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopy:
    """A link's page, kept on this machine as it came."""

    url: str  # the link
    at: datetime  # of the check that it came with
    seen_at: datetime  # of the last one that brought the same bytes
    path: str  # of the file, relative to the database's folder, with slashes
    digest: str  # of the payload, as it was sent: SHA-1 in base32
    size_bytes: int  # of the file
    length: int  # of the payload, in bytes
    status: int
    content_type: str | None
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCopy:
    """A local copy, as far as it matters for whether it stays."""

    id: int
    link_id: int
    at: datetime
    path: str
    size_bytes: int
    mentioned: bool  # its link, by some note
    dead: bool  # its link


class SaveState(StrEnum):
    """How far saving a link to an archive has come."""

    QUEUED = "queued"
    SUBMITTED = "submitted"  # the archive has the address, or may have it
    DONE = "done"  # its copy was opened, and shows the page
    REFUSED = "refused"  # no copy was made, or none that will do: `code` and `detail` say why
    LOST = "lost"  # nobody knows what became of it; it is looked for


class SaveWhy(StrEnum):
    """Why a link is to be saved. The order is that of their turns."""

    ASKED = "asked"  # somebody said so
    DYING = "dying"
    NEW = "new"
    UNARCHIVED = "unarchived"  # no copy is known
    REST = "rest"  # none that was opened, or an old one


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """One link on its way into an archive."""

    url: str  # the link
    state: SaveState
    why: SaveWhy
    queued_at: datetime
    next_at: datetime | None  # when there is something to do; None: never
    submitted_at: datetime | None = None  # the last time
    starts_at: datetime | None = None  # when its job begins, which may be hours later
    counts_from: datetime | None = None  # a copy from then on is the one that was asked for
    job_id: str | None = None
    attempts: int = 0  # submissions
    attempts_that_day: int = 0  # on the day (UTC) of the last
    code: str = ""  # the archive's, or ours, of what went wrong last
    detail: str = ""  # one sentence for a person
    copy_at: datetime | None = None  # the copy to be opened: its timestamp
    copy_of: str | None = None  # and the page it was made of
    snapshot: Snapshot | None = None  # what opening it showed


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveQueue:
    """What an overview tells of the pages to be saved."""

    counts: Mapping[SaveState, int]  # zeros too
    next_at: datetime | None  # when there is something to do again
    refused: tuple[Save, ...]  # the last ones


class By(StrEnum):
    """What ignores a link."""

    NOTE = "note"  # comments beside all of its mentions
    URL = "url"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled:
    """A link that somebody does not want to hear of, or did not until the ignore spoke up."""

    by: By
    until: date | None  # the first day on which it is over; None: for good
    because: str
    speaks_up: str | None = None  # why it is told of nevertheless, in one sentence
    anew: bool = False  # it does, and did not at the valid cycle before


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """A link that some note mentions, as history knows it now: what reports are made of."""

    url: str
    verdict: Verdict
    first_seen: datetime
    checked_at: datetime | None  # last valid, not inferred check
    next_check: datetime | None
    checks: int  # valid and not inferred
    status: int | None
    final_url: str | None
    hops: tuple[Hop, ...]
    lookup: Lookup
    mentions: tuple[Mention, ...]
    drift: Drift | None = None  # its page became another
    overruled: Overruled | None = None
    unheard: tuple[Mention, ...] = ()  # of `mentions`: those whose comments hold
    kept_by: tuple[str, ...] = ()  # the archives that have a verified copy, by name
    original: Original | None = None  # of an archived copy
    watched: bool = False  # some note has a copy of it

    @property
    def ignored(self) -> bool:
        """Whether reports leave it to the list of ignored links."""
        return self.overruled is not None and self.overruled.speaks_up is None


class Place(NamedTuple):
    """Where a link is mentioned, as far as a list of links tells it."""

    file: str
    line: int
    start: int  # the span, as of a `Mention`
    end: int


class NamedLink(NamedTuple):
    """A link as a list names it: of `LinkRecord`, what a report says of each of very many."""

    url: str
    verdict: Verdict
    final_url: str | None  # of links that moved, else None
    lookup: Lookup  # of dead links, else not asked
    mentions: Sequence[Place]
    unheard: Sequence[Place] = ()
    overruled: Overruled | None = None


class Ending(StrEnum):
    """How a cycle ended."""

    RUNNING = "running"
    FINISHED = "finished"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecord:
    """One round, as history keeps it. `states` counts mentioned links at its end."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    ending: Ending
    void: str | None  # why its facts are not judged; None: valid
    checked: int
    states: dict[State, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How many links are due when. No link is counted twice."""

    now: int
    in_a_day: int
    in_a_week: int
    later: int
    first: datetime | None  # when the next one is due of those that are not yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A link whose verdict is another than after the valid cycle before.

    `after` is None when the last note that mentioned the link no longer does.
    """

    url: str
    before: State
    after: State | None
    reason: Reason
    detail: str
    at: datetime | None = None  # the end of the cycle that found it


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Of how many links there is a verified copy. Ignored ones count too."""

    links: int
    dead: int
    unanswered: int  # dead links about which no archive could be asked yet
    next_at: datetime | None  # when the first of them is asked about again


class Links(Protocol):
    """Links in an order, gone through as often as one likes, and never all held at once.

    They may be read anew each time.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[LinkRecord]: ...

    def named(self) -> Iterator[NamedLink]:
        """The same links, with no more than a list says of them: in a third of the time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All that a report tells of: counts, and those links that it names.

    As long as it is in use, history must not change: `Store.reading` sees to that.
    """

    cycle: CycleRecord | None  # the last finished one, void or not
    cycles: tuple[
        CycleRecord, ...
    ]  # finished and valid, oldest first: each day's last, twelve days
    notes: int
    mentions: int
    states: Mapping[State, int]  # how many links that some note mentions; zeros too
    copies: Copies
    heard: Mapping[State, Links]  # those that nobody ignores, each by url
    ignored: tuple[LinkRecord, ...]  # in the order of State, then url
    # Of `heard`, by url: those that became another page, lost a fragment, have an original that
    # lives, or an ignore that speaks up and did not before.
    remarkable: tuple[LinkRecord, ...]
    changes: tuple[Change, ...]  # of the last finished, valid cycle
    new: int = 0  # changes besides: links met for the first time, with nothing to say about them
    earlier: tuple[Change, ...] = ()  # of those in the week before it, newest first
    unsteady: tuple[tuple[str, int], ...] = ()  # hosts that come and go, and how many links do so
    roots: Mapping[str, str]  # a note's name in mentions -> its absolute path; of those told so far

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """All of them at once, in the order of State, then url: where they are known to be few."""
        found = [*(link for heard in self.heard.values() for link in heard), *self.ignored]
        order = list(State)
        return tuple(sorted(found, key=lambda link: (order.index(link.verdict.state), link.url)))
