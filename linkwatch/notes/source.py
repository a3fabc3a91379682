"""A note as the parser reads it, and the way back to the bytes on disk.

The parser wants valid UTF-8 without a byte order mark; the disk holds anything. A `Source` is the
text for the parser together with the map from its offsets to the file's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BOM = b"\xef\xbb\xbf"

# What CommonMark has replaced by U+FFFD: NUL, and what is not UTF-8 (here: escaped as surrogates).
_UNREADABLE = re.compile("[\0\udc80-\udcff]+")
_SURROGATE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Source:
    """UTF-8 for the parser. Piece i of `data` begins at `starts[i]` and stems from `origins[i]`.

    `widths[i]` is how many bytes of `data` stand for one on disk: 3 in a run of U+FFFD that
    replaces unreadable bytes, else 1.
    """

    text: str
    data: bytes
    starts: Sequence[int]
    origins: Sequence[int]
    widths: Sequence[int]

    @classmethod
    def read(cls, raw: bytes) -> Source:
        """The note without its byte order mark, its unreadable bytes replaced one by one."""
        origin = len(BOM) if raw.startswith(BOM) else 0
        data = raw[origin:] if origin else raw
        if b"\0" not in data:
            try:
                return cls(data.decode(), data, (0,), (origin,), (1,))
            except UnicodeDecodeError:
                pass
        escaped = data.decode("utf-8", "surrogateescape")
        starts, origins, widths = [0], [origin], [1]
        here = at = 0
        for run in _UNREADABLE.finditer(escaped):
            here += len(escaped[at : run.start()].encode())
            origin += here - starts[-1]
            count = run.end() - run.start()
            starts += (here, here + 3 * count)
            origins += (origin, origin + count)
            widths += (3, 1)
            here += 3 * count
            origin += count
            at = run.end()
        text = _UNREADABLE.sub(lambda run: "\ufffd" * len(run[0]), escaped)
        return cls(text, text.encode(), starts, origins, widths)

    def on_disk(self, offset: int) -> int:
        """Where in the file the byte at `offset` of `data` stands."""
        piece = bisect_right(self.starts, offset) - 1
        return self.origins[piece] + (offset - self.starts[piece]) // self.widths[piece]

    def without(self, cuts: Iterable[tuple[int, int]]) -> Source:
        """The same note with these spans left out; they are in order and do not overlap."""
        kept: list[bytes] = []
        starts: list[int] = []
        origins: list[int] = []
        widths: list[int] = []
        size = at = piece = 0
        for start, end in (*cuts, (len(self.data), len(self.data))):
            if at < start or start == len(self.data):
                while piece + 1 < len(self.starts) and self.starts[piece + 1] <= at:
                    piece += 1
                while True:
                    begin = max(at, self.starts[piece])
                    starts.append(size + begin - at)
                    skipped = (begin - self.starts[piece]) // self.widths[piece]
                    origins.append(self.origins[piece] + skipped)
                    widths.append(self.widths[piece])
                    if piece + 1 == len(self.starts) or self.starts[piece + 1] >= start:
                        break
                    piece += 1
                kept.append(self.data[at:start])
                size += start - at
            at = end
        data = b"".join(kept)
        return Source(data.decode(), data, starts, origins, widths)


def as_text(raw: bytes) -> str:
    """Bytes of a note for a person: each that is not UTF-8 becomes one U+FFFD."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _SURROGATE.sub("\ufffd", raw.decode("utf-8", "surrogateescape"))


class Places:
    """Turns offsets into lines and columns. Ask in ascending order: each byte is read once."""

    __slots__ = ("_column", "_line", "_line_end", "_offset", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._offset = len(BOM) if raw.startswith(BOM) else 0
        self._line = 1
        self._column = 1
        self._line_end = self._end_of_line(self._offset)

    def _end_of_line(self, offset: int) -> int:
        end = self._raw.find(b"\n", offset)
        return len(self._raw) if end < 0 else end

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a byte; `offset` never goes back."""
        if offset > self._line_end:
            newlines = self._raw.count(b"\n", self._offset, offset)
            self._line += newlines
            self._column = 1
            self._offset = self._raw.rfind(b"\n", self._offset, offset) + 1
            self._line_end = self._end_of_line(offset)
        between = self._raw[self._offset : offset]
        self._column += len(between.decode("utf-8", "surrogateescape"))
        self._offset = offset
        return self._line, self._column


class Joined:
    """Lines of the source as one piece, without what stands between them (`> ` and the like)."""

    __slots__ = ("_lines", "_starts", "data")

    def __init__(self, source: bytes, lines: list[tuple[int, int]]) -> None:
        self.data = b"".join(source[start:end] for start, end in lines)
        self._lines = lines
        self._starts = [0]
        for start, end in lines:
            self._starts.append(self._starts[-1] + end - start)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the source the piece's span lies; it is not empty."""
        return self._at(start), self._at(end - 1) + 1

    def _at(self, offset: int) -> int:
        line = bisect_right(self._starts, offset) - 1
        return self._lines[line][0] + offset - self._starts[line]
