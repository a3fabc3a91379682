"""What the tests of the archive's wing share."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.fakes.archive import FakeArchive, FakeTimeMaps
from tests.fakes.clock import FakeClock

_NAMES = ("127.0.0.1", "localhost", "web.archive.org", "archive.org")


@pytest.fixture
def archive() -> Iterator[FakeArchive]:
    with FakeArchive() as archive:
        yield archive


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(clock: FakeClock) -> Iterator[FakeArchive]:
    """An archive that lives by `clock`: jobs of saving, and the minutes of its budgets."""
    with FakeArchive(clock=clock) as archive:
        yield archive


@pytest.fixture
def other_archive() -> Iterator[FakeTimeMaps]:
    with FakeTimeMaps() as other:
        yield other


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_archive(
    authority: trustme.CA,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[FakeArchive]:
    """An archive under https, by `clock`, whose authority SSL_CERT_FILE names and nothing else.

    Its certificate is good for the Internet Archive's names too.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*_NAMES).configure_cert(context)
    pem, empty = tmp_path / "authority.pem", tmp_path / "no-authorities"
    authority.cert_pem.write_to_path(str(pem))
    empty.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("SSL_CERT_DIR", str(empty))
    with FakeArchive(tls=context, clock=clock) as archive:
        yield archive
