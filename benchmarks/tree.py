"""What /proc tells of a program while it runs: of its process, and of all that it started."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a tree of processes."""

    pss_mb: float  # of all of them; a page that several share is counted once
    files: int  # open in the one that has most open
    file_limit: int  # of that one; 0: none, or not known


NOTHING = Sample(pss_mb=0.0, files=0, file_limit=0)


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for name in _listed(_PROC):
        if name.isdigit():
            parent = _parent(int(name))
            if parent is not None:
                children.setdefault(parent, []).append(int(name))
    found = [pid]
    for one in found:  # it grows meanwhile
        found += children.get(one, [])
    return found


def sample(pid: int) -> Sample:
    """A look at a process and its descendants; those that are gone count nothing."""
    pss_mb, files, busiest = 0.0, 0, pid
    for one in family(pid):
        pss_mb += memory_mb(one, "Pss")
        opened = _open_files(one)
        if opened > files:
            files, busiest = opened, one
    return Sample(pss_mb=pss_mb, files=files, file_limit=_file_limit(busiest))


def memory_mb(pid: int, kind: str) -> float:
    """`Rss` or `Pss` of a process, in MB (as everywhere here, of 2^20 bytes)."""
    found = re.search(rf"^{kind}: +(\d+) kB", _read(_PROC / str(pid) / "smaps_rollup"), re.M)
    return int(found[1]) / 1024 if found else 0.0


def wake_ups(pid: int) -> int:
    """How often the threads of a process and its descendants have waited for something so far."""
    total = 0
    for one in family(pid):
        for thread in _listed(_PROC / str(one) / "task"):
            status = _read(_PROC / str(one) / "task" / thread / "status")
            found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M)
            total += int(found[1]) if found else 0
    return total


def threads(pid: int) -> int:
    """The threads of a process and its descendants."""
    return sum(len(_listed(_PROC / str(one) / "task")) for one in family(pid))


def cpu_s(pid: int) -> float:
    """CPU time of a process and its living descendants so far."""
    ticks = 0
    for one in family(pid):
        fields = _stat(one)
        ticks += int(fields[11]) + int(fields[12]) if fields else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from the third field on: a program's name may hold spaces and brackets."""
    return _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()


def _open_files(pid: int) -> int:
    return len(_listed(_PROC / str(pid) / "fd"))


def _file_limit(pid: int) -> int:
    found = re.search(r"^Max open files +(\d+)", _read(_PROC / str(pid) / "limits"), re.M)
    return int(found[1]) if found else 0


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - 20 times a second, and no path is wanted
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # it has just ended, or is another user's
        return ""
