"""Archives on loopback: healthy, or ill in any of the ways they were seen to be.

`FakeArchive` is the Wayback Machine: availability, CDX index, playback, TimeGate, TimeMap and Save
Page Now. `FakeTimeMaps` is any other archive, or an aggregator such as MemGator: TimeMaps alone.

    with FakeArchive(clock=clock) as archive:
        archive.capture("https://example.org/a", "20200101000000")
        archive.capture("https://example.org/b", "20200101000000", status=301, location="/a")
        archive.saving("https://example.org/c", "refused", status_ext="error:blocked-url")
        archive.ill("429", service="cdx", retry_after=60)
        ...
        assert archive.requests == {"availability": 1}
        assert not archive.over_budget()

Each has a thread with an event loop of its own, so that blocking clients can be tested too.
"""

from __future__ import annotations

from tests.fakes.archive.illness import Illness
from tests.fakes.archive.log import Asked, Service
from tests.fakes.archive.machine import FakeArchive
from tests.fakes.archive.rows import COLUMNS, Row, url_key
from tests.fakes.archive.saving import Job, Saving
from tests.fakes.archive.timemaps import FakeTimeMaps

__all__ = [
    "COLUMNS",
    "Asked",
    "FakeArchive",
    "FakeTimeMaps",
    "Illness",
    "Job",
    "Row",
    "Saving",
    "Service",
    "url_key",
]
