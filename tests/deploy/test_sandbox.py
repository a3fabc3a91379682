"""linkwatch lives with MemoryDenyWriteExecute=, the sandbox setting that breaks libraries most."""

from __future__ import annotations

import os
import sys

import pytest

from tests.deploy.support import run

# Memory that is written and then run: what just-in-time compilers want, and so do callbacks made
# by ctypes and cffi at run time. The kernel's own refusal (Linux 6.3) stands in for systemd's.
SCRIPT = """
import asyncio, ctypes, importlib, pkgutil, sys

PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    sys.exit(77)

import linkwatch, aiodns, aiohttp, uvloop

for module in pkgutil.walk_packages(linkwatch.__path__, "linkwatch."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

async def scenario():
    hang_up = lambda reader, writer: writer.close()
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession() as session:
            try:
                await session.get(f"http://127.0.0.1:{port}/")
            except aiohttp.ClientError:
                pass
    await aiodns.DNSResolver().close()
    await asyncio.to_thread(int)

uvloop.run(scenario())
"""
NO_SUCH_SETTING = 77


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of Linux")
def test_linkwatch_runs_where_no_memory_may_be_both_written_and_run() -> None:
    done = run([sys.executable, "-c", SCRIPT], env=dict(os.environ))
    if done.returncode == NO_SUCH_SETTING:
        pytest.skip("this kernel can't refuse such memory (Linux 6.3 can)")
    assert (done.returncode, done.stderr) == (0, "")
