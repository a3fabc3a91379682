"""What the tests of the archive's wing share."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from linkwatch.archive import session as session_module
from tests.fakes.archive import FakeArchive

_SYSTEM_TLS = session_module._system_tls
_EMPTY_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def archive() -> Iterator[FakeArchive]:
    with FakeArchive() as archive:
        yield archive


@pytest.fixture(autouse=True)
def quick_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the system's certificates takes 30 ms, and most tests speak plain http."""
    monkeypatch.setattr(session_module, "_system_tls", lambda: _EMPTY_TLS)


@pytest.fixture
def own_tls(quick_tls: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the test that is about certificates."""
    monkeypatch.setattr(session_module, "_system_tls", _SYSTEM_TLS)
