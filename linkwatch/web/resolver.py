"""Names to addresses, once a cycle, and only to addresses that we may connect to.

c-ares (aiodns) is asked where it exists: it needs no threads, so that thousands of dead names
don't queue behind each other, and it tells NXDOMAIN, which is evidence against a link, from every
other trouble, which is not. With a threaded getaddrinfo (Windows) EAI_NONAME has to serve.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver, ResolveResult

from linkwatch.web.guard import literal, refusal

if TYPE_CHECKING:
    import aiodns

_NXDOMAIN = 4  # ARES_ENOTFOUND; 1 is "no data": the name exists, without an address
_NO_DATA = 1
_BAD_NAME = 8  # ARES_EBADNAME: an empty label, or one of more than 63 characters
_TRY_S = 1.4  # c-ares waits so long for a server, then doubles: three tries take 9.8 s
_TRIES = 3
_AT_ONCE = 64  # names; a router drops what comes in bursts of hundreds, and then we wait


class NameNotFoundError(OSError):
    """NXDOMAIN: the name system says that the name does not exist."""


class ResolverError(OSError):
    """The name system could not be asked, or did not know."""


class BadNameError(OSError):
    """No name system could be asked for such a name."""


class PrivateAddressError(OSError):
    """The name or number leads to an address that is not public."""


class Resolver(AbstractResolver):
    """Resolves each name once and remembers the answer, good or bad, for its own lifetime."""

    def __init__(self, *, allow_private: bool, nameservers: Sequence[str] = ()) -> None:
        """`nameservers`: addresses, with a port if need be; none: those of the system."""
        self._nameservers = list(nameservers) or None
        self._allow_private = allow_private
        self._answers: dict[str, asyncio.Task[list[tuple[int, str]]]] = {}
        self._approved: dict[str, list[tuple[int, str]]] = {}
        self._cares: dict[bool, aiodns.DNSResolver] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._heard = False  # a name server said something, be it "no such name"
        self._mute = 0  # names for which none did

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host` that we may connect to.

        Raises NameNotFoundError, BadNameError, ResolverError or PrivateAddressError.
        """
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=found,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for found, address in await self.addresses(host)
            if family in (socket.AF_UNSPEC, found)
        ]

    async def addresses(self, host: str, limit_s: float | None = None) -> list[tuple[int, str]]:
        """Family and address of each, public ones only unless all are allowed.

        `limit_s` bounds the asking; waiting for a turn to ask does not count. Whoever asks for a
        name first sets it for all.
        """
        host = host.rstrip(".")
        task = self._answers.get(host)
        if task is None:
            task = self._answers[host] = asyncio.ensure_future(self._ask(host, limit_s))
        found = task.result() if task.done() else await asyncio.shield(task)
        if self._allow_private:
            return found
        if host not in self._approved:
            self._approved[host] = approved(host, found)
        return self._approved[host]

    async def _ask(self, host: str, limit_s: float | None) -> list[tuple[int, str]]:
        number = literal(host)
        if number is not None:
            family = socket.AF_INET if number.version == 4 else socket.AF_INET6
            return [(family, str(number))]
        async with self._places:
            if self._mute >= _AT_ONCE and not self._heard:
                raise ResolverError("no name server answers")
            try:
                async with asyncio.timeout(limit_s):
                    if sys.platform == "win32":  # aiodns needs a selector loop, not Windows' own
                        if self._threads is None:  # asyncio's own pool has six on two cores
                            self._threads = ThreadPoolExecutor(_AT_ONCE)
                        return await _ask_threads(host, self._threads)
                    found = await self._ask_cares(host)
                    self._heard = True
                    return found
            except (NameNotFoundError, BadNameError):
                self._heard = True
                raise
            except ResolverError:
                self._mute += 1
                raise
            except TimeoutError as exc:
                self._mute += 1
                why = f"{host} could not be looked up in {limit_s:g} s"
                raise ResolverError(why) from exc

    async def _ask_cares(self, host: str) -> list[tuple[int, str]]:
        import aiodns
        import pycares

        # A name with a dot is meant as it stands. Completed from resolv.conf's search list (with
        # `ndots:5`, as in Kubernetes, even before it is asked for) a dead name may come alive.
        whole = "." in host
        if whole not in self._cares:
            flags = pycares.ARES_FLAG_NOSEARCH if whole else 0
            self._cares[whole] = aiodns.DNSResolver(
                self._nameservers, timeout=_TRY_S, tries=_TRIES, flags=flags
            )
        try:
            answer = await self._cares[whole].getaddrinfo(
                host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM
            )
        except aiodns.error.DNSError as exc:
            code = exc.args[0] if exc.args else None
            if code == _NXDOMAIN:
                raise NameNotFoundError(f"NXDOMAIN for {host}") from exc
            if code == _NO_DATA:
                raise ResolverError(f"the name {host} has no address") from exc
            if code == _BAD_NAME:
                raise BadNameError(f"{host} can't be a name") from exc
            said = exc.args[1] if len(exc.args) > 1 else exc
            raise ResolverError(f"{host} could not be looked up: {said}") from exc
        return [(node.family, node.addr[0].decode()) for node in answer.nodes]

    async def forget_failures(self) -> None:
        """Ask anew for the names that did not resolve, past c-ares' own memory too."""
        for host, task in list(self._answers.items()):
            if not task.done():
                task.cancel()  # nobody waits any more, and its channel is closed below
                del self._answers[host]
            elif task.cancelled() or task.exception() is not None:
                del self._answers[host]
        cares, self._cares = self._cares, {}
        for resolver in cares.values():
            await resolver.close()

    async def close(self) -> None:
        """Let go of what is still being asked."""
        for task in self._answers.values():
            task.cancel()
        await asyncio.gather(*self._answers.values(), return_exceptions=True)
        for resolver in self._cares.values():
            await resolver.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


async def _ask_threads(host: str, threads: Executor) -> list[tuple[int, str]]:
    ask = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    try:
        infos = await asyncio.get_running_loop().run_in_executor(threads, ask)
    except socket.gaierror as exc:
        if exc.errno == socket.EAI_NONAME:
            raise NameNotFoundError(f"no such name: {host}") from exc
        raise ResolverError(f"{host} could not be looked up: {exc.strerror}") from exc
    except UnicodeError as exc:  # an empty label or a long one, in the standard library's codec
        raise BadNameError(f"{host} can't be a name") from exc
    return [(family, str(address[0])) for family, _, _, _, address in infos]


def approved(host: str, found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The public addresses of those found. Raises PrivateAddressError if there are none."""
    public = [(f, a) for f, a in found if refusal(ip_address(a.partition("%")[0])) is None]
    if found and not public:
        what = refusal(ip_address(found[0][1].partition("%")[0]))
        raise PrivateAddressError(f"{host} leads to the {what} address {found[0][1]}")
    return public
