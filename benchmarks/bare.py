"""A loop that only fetches: what aiohttp and uvloop cost without any linkwatch around them.

`python -m benchmarks.bare FILE` asks for every URL in FILE, one a line: GET, read to the end, over
one connection a host that is used again, 64 hosts at once, no redirects, nothing kept.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from yarl import URL

_AT_ONCE = 64
_TIMEOUT_S = 20.0


async def fetch_all(urls: list[str]) -> int:
    """How many answered with 200."""
    by_host: dict[str | None, list[URL]] = {}
    for text in urls:
        url = URL(text, encoded=True)
        by_host.setdefault(url.raw_authority, []).append(url)
    hosts = iter(by_host.values())
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=1, keepalive_timeout=5.0)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
    ) as session:
        return sum(await asyncio.gather(*(_work(session, hosts) for _ in range(_AT_ONCE))))


async def _work(session: aiohttp.ClientSession, hosts: Iterator[list[URL]]) -> int:
    fine = 0
    for urls in hosts:  # shared with the other workers: each takes the next host
        for url in urls:
            async with session.get(url, allow_redirects=False) as response:
                await response.read()
                fine += response.status == 200
    return fine


def main(file: Path) -> None:
    import uvloop  # Windows has none; the benchmark runs on Linux

    urls = file.read_text("utf-8").split()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        fine = runner.run(fetch_all(urls))
    if fine != len(urls):
        sys.exit(f"{len(urls) - fine} of {len(urls)} pages did not answer with 200")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
