"""Whom TLS trusts: the system's certificates, or what SSL_CERT_FILE and SSL_CERT_DIR name.

Reading them takes some 30 ms, and a cycle opens several clients: what was read is used again for as
long as it looks the same on disk. So a service that runs for months trusts what is trusted then.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

_Stamp = tuple[str, int] | None


def system_trust() -> ssl.SSLContext:
    """A context with the system's certificates. It is shared: leave it as it is."""
    paths = ssl.get_default_verify_paths()
    return _read(_stamp(paths.cafile), _stamp(paths.capath))


def is_empty(context: ssl.SSLContext) -> bool:
    """Whether nobody is trusted, as where no certificates are installed."""
    folder = ssl.get_default_verify_paths().capath
    return not context.cert_store_stats()["x509_ca"] and not (
        folder and any(Path(folder).iterdir())
    )


def _stamp(path: str | None) -> _Stamp:
    try:
        return (path, Path(path).stat().st_mtime_ns) if path else None
    except OSError:
        return None


@lru_cache(maxsize=4)
def _read(_file: _Stamp, _folder: _Stamp) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
