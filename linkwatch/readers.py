"""Notes read: in this process, or, where there are very many, in several at once.

Reading is almost all Python's own work, so threads would not speed it up. A worker is this very
module as a program of its own: it gets the places of notes on its standard input and gives back
rows for the history. Plain pipes rather than `multiprocessing`: nothing is forked (there are
threads), the main module is not imported again, and a worker ends with its input, so that none
outlives us, however we end.
"""

from __future__ import annotations

import json
import marshal
import os
import queue
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, Any, Self

from linkwatch.history.filing import Filed, Row, rows_of
from linkwatch.marker import is_report
from linkwatch.notes.extract import Options, named_in
from linkwatch.notes.vault import Note, Stamp, Trouble, read

# Starting a worker takes as long as reading some 500 notes; it pays where there are several times
# as many. A usual vault on a usual day never sees one.
ENOUGH_NOTES = 1500
ENOUGH_BYTES = 4_000_000
_MOST_WORKERS = 4  # more of them could not be written down by the one that writes
_LENGTH = struct.Struct("<Q")  # before each message
_AHEAD = 2  # batches that wait for a worker, so that it never waits for us


@dataclass(slots=True)
class Batch:
    """Some of the notes that were found."""

    seen: int = 0  # notes so far, those of earlier batches included
    present: list[int] = field(default_factory=list)  # ids of those that have not changed
    troubles: list[Trouble] = field(default_factory=list)
    changed: list[Note] = field(default_factory=list)  # to be read
    size: int = 0  # of those, in bytes


# A note that was read, one that could not be, or None: it is a report of ours.
Reading = Filed | Trouble | None


def read_note(note: Note, options: Options) -> Reading:
    """A note read."""
    raw = read(note)
    if isinstance(raw, Trouble):
        return raw
    if is_report(raw):
        return None
    rows = rows_of(named_in(raw, options))
    return Filed(note.root, note.path, note.stamp.size, note.stamp.mtime_ns, rows)


def readings(
    batches: Iterable[Batch], options: Options, *, workers: int | None = None
) -> Generator[tuple[Batch, Iterable[Reading]], None, None]:
    """The batches, in order, each with its changed notes read.

    `workers`: how many processes to share the work among if there is enough of it; by default, as
    many as there are processors for us. Close the iterator to end them before their time.
    """
    workers = min(_processors(), _MOST_WORKERS) if workers is None else workers
    batches = iter(batches)
    ahead: deque[Batch] = deque()
    notes = size = 0
    for batch in batches if workers > 1 else ():
        ahead.append(batch)
        notes += len(batch.changed)
        size += batch.size
        if notes >= ENOUGH_NOTES or size >= ENOUGH_BYTES:
            yield from _shared(chain(ahead, batches), options, workers)
            return
    for batch in chain(ahead, batches):
        yield batch, (read_note(note, options) for note in batch.changed)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells which we may use
        return os.cpu_count() or 1


def _shared(
    batches: Iterable[Batch], options: Options, workers: int
) -> Generator[tuple[Batch, Iterable[Reading]], None, None]:
    waiting: deque[tuple[Batch, Future[bytes | None] | None]] = deque()
    with _Workers(options, workers) as pool:
        for batch in batches:
            waiting.append((batch, pool.submit(batch.changed) if batch.changed else None))
            if len(waiting) >= workers * _AHEAD:
                yield _read(*waiting.popleft(), options)
        while waiting:
            yield _read(*waiting.popleft(), options)


def _read(
    batch: Batch, future: Future[bytes | None] | None, options: Options
) -> tuple[Batch, Iterable[Reading]]:
    answer = future.result() if future else None
    if answer is None:  # there was nothing to do, or nobody did it: the worker was killed
        return batch, (read_note(note, options) for note in batch.changed)
    found = marshal.loads(answer)  # noqa: S302 - our own worker's
    return batch, map(_reading, batch.changed, found)


def _reading(note: Note, answer: Any) -> Reading:
    """What a worker said of a note; see `_answer`."""
    if isinstance(answer, str):
        return Trouble(root=note.root, path=note.path, why=answer)
    if answer is None:
        return None
    return Filed(note.root, note.path, note.stamp.size, note.stamp.mtime_ns, answer)


class _Workers:
    """Processes that read notes, and a thread for each that hands them their work."""

    def __init__(self, options: Options, number: int) -> None:
        self._options = options
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._all = [worker for _ in range(number) if (worker := _Worker.start(options))]
        for worker in self._all:
            self._idle.put(worker)
        if len(self._all) < number:
            self._idle.put(None)  # who gets none reads by himself
        self._threads = ThreadPoolExecutor(max(1, len(self._all)), "reading")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.end()
        self._threads.shutdown()
        for worker in self._all:
            worker.close()

    def submit(self, notes: Sequence[Note]) -> Future[bytes | None]:
        """What a worker says of these notes; None if it is no more."""
        return self._threads.submit(self._ask, notes)

    def _ask(self, notes: Sequence[Note]) -> bytes | None:
        worker = self._idle.get()
        try:
            return worker.ask(notes) if worker else None
        finally:
            self._idle.put(worker)


class _Worker:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._tasks, self._answers = process.stdin, process.stdout

    @classmethod
    def start(cls, options: Options) -> Self | None:
        """A new process; None if we can have none."""
        if not sys.executable or getattr(sys, "frozen", False):
            return None
        try:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-c", _PROGRAM, json.dumps([sys.path, options.check_code])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # whatever ends it, its notes are read by us then
                start_new_session=True,  # Ctrl-C is ours to answer
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError:
            return None
        return cls(process)

    def ask(self, notes: Sequence[Note]) -> bytes | None:
        """Its answer; None if it is gone, or goes meanwhile."""
        task = [os.fsencode(note.place) for note in notes]
        try:
            _send(self._tasks, marshal.dumps(task))
            return _receive(self._answers)
        except OSError:
            return None

    def end(self) -> None:
        """At once: it holds nothing that could be lost."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes, once nobody waits at them."""
        for pipe in (self._tasks, self._answers):
            with suppress(OSError):  # of a task that could not be handed over
                pipe.close()


_PROGRAM = (
    "import json, sys; sys.path[:], check_code = json.loads(sys.argv[1]);"
    " from linkwatch.readers import work; work(check_code)"
)


def work(check_code: bool) -> None:
    """Be a worker: read notes until there are no more, or nobody is there to ask for them."""
    options = Options(check_code=check_code)
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        while (task := _receive(tasks)) is not None:
            places = marshal.loads(task)  # noqa: S302 - from the process that started us
            found = [_answer(place, options) for place in places]
            _send(answers, marshal.dumps(found))
    except BrokenPipeError:
        os._exit(1)  # without a word about what can't be handed over


def _answer(place: bytes, options: Options) -> list[Row] | str | None:
    """A note's rows, why it can't be had, or None for a report of ours."""
    note = Note(root="", path="", place=os.fsdecode(place), stamp=Stamp(0, 0))
    reading = read_note(note, options)
    if isinstance(reading, Trouble):
        return reading.why
    return reading and reading.rows


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """The next message; None if the other side is gone."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    message = pipe.read(length)
    return message if len(message) == length else None
