"""How many connections this process may have open at the same time."""

from __future__ import annotations

import sys

_OWN_FILES = 64  # the database, the report, standard streams, the resolver's sockets
_WANTED = 8192


def open_connections() -> int:
    """Connections that the system's limit on open files leaves us, after asking it for more.

    Half of them at the most may be busy: the others wait a moment for their host's next link.
    """
    if sys.platform == "win32":
        return 500  # select() takes no more than 512 sockets
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):  # macOS refuses more than OPEN_MAX, whatever it says
            pass
    files = _WANTED if soft == resource.RLIM_INFINITY else soft
    return max(8, (files - _OWN_FILES) // 2)
