"""The `requests` session that waybackpy's classes speak through, in place of their own.

What it has that theirs lack: it consults nothing of the environment (no proxy variables, no
.netrc), trusts the system's certificates instead of certifi's, keeps no cookies, never retries by
itself, and does not connect to an address that is not public unless that is allowed.

waybackpy's own sessions, by contrast, retry five times with a back-off of their own, on https
only: a fake archive on plain http does not show it. A 429 with `Retry-After: 60` becomes six
requests and five minutes asleep, and then "no record found".
"""

from __future__ import annotations

import socket
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from linkwatch.archive.answers import ArchiveDown
from linkwatch.web.guard import private_name, refusal
from linkwatch.web.trust import system_trust
from linkwatch.web.url import name_of

_MOST_REDIRECTS = 5


def open_session(*, allow_private: bool, proxy: str | None = None) -> requests.Session:
    """A session for one archive. Threads may share it: it has no cookies and no other state."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = _MOST_REDIRECTS
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if proxy:
        session.proxies = {"http": proxy, "https": proxy}
    adapter = _Adapter(allow_private=allow_private)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _Adapter(HTTPAdapter):
    """Passes every request on, each hop of a redirect too, to guarded connections."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._tls = system_trust()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)
        if not self._allow_private:
            self.poolmanager.pool_classes_by_scheme = {
                "http": _GuardedPool,
                "https": _GuardedTLSPool,
            }

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._tls, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002  requests' signature
        """Leaves the context as it is: theirs would load certifi's store on top of the system's."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # the parameters are passed on, whatever they are
        name = name_of(request.url or "")
        if not self._allow_private and private_name(name):
            raise ArchiveDown(f"the archive's address leads to {name}, which is not public")
        return super().send(request, **kwargs)


def _approved(conn: HTTPConnection) -> socket.socket:
    """A connection to an address that was looked at, and is the very one connected to."""
    name, fault = conn.host, None
    asked = conn._dns_host.strip("[]")  # an IPv6 address comes with its brackets
    try:
        found = socket.getaddrinfo(asked, conn.port, type=socket.SOCK_STREAM)
    except OSError as exc:
        raise NewConnectionError(conn, f"the name {name} could not be resolved: {exc}") from exc
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    public = [address for address in addresses if refusal(ip_address(address)) is None]
    if not public:
        raise ArchiveDown(f"the archive's name {name} leads to addresses that are not public")
    for address in public:
        try:
            return create_connection(
                (address, conn.port or conn.default_port),
                conn.timeout,
                source_address=conn.source_address,
                socket_options=conn.socket_options,
            )
        except OSError as exc:
            fault = exc
    if isinstance(fault, TimeoutError):
        raise ConnectTimeoutError(conn, f"connecting to {name} took too long") from fault
    raise NewConnectionError(conn, f"no connection to {name}: {fault}") from fault


class _GuardedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _approved(self)


class _GuardedTLSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _approved(self)


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLSConnection
