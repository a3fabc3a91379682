"""What the tests of the checker share."""

from __future__ import annotations

from functools import cache

import pytest

from linkwatch.web import client as client_module

_SYSTEM_TLS = client_module._tls_context
_READ_ONCE = cache(_SYSTEM_TLS)


@pytest.fixture(autouse=True)
def quick_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the system's certificates takes 30 ms: once is enough for those who need none."""
    monkeypatch.setattr(client_module, "_tls_context", _READ_ONCE)
