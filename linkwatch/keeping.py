"""Keeping the pages of one cycle: what the checks brought goes into files, and is judged with it.

Files are made and written in a thread of their own, after a short queue, and rows in the store's.
Whatever goes wrong here is said once, ends the keeping for this cycle, and harms no check.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from linkwatch.archive import local
from linkwatch.archive.retention import surplus
from linkwatch.checker.fetch import worth_keeping
from linkwatch.config import Config
from linkwatch.errors import StoreError
from linkwatch.history.copies import (
    confirm,
    forget,
    forget_paths,
    held_copies,
    pending_copies,
    save_pending,
)
from linkwatch.history.store import Store
from linkwatch.history.writer import StoreThread
from linkwatch.model import CheckResult, LocalCopy
from linkwatch.report.inert import terminal
from linkwatch.report.words import count
from linkwatch.web.recorded import Recorded

log = logging.getLogger("linkwatch")

_WAITING = 32  # pages; a sweep that is faster than the disk is held up
_MB = 1_000_000

_Page: TypeAlias = tuple[CheckResult, tuple[Recorded, ...]]
_Made: TypeAlias = tuple[LocalCopy, bytes]


class Keeping:
    """The local copies of one cycle."""

    def __init__(self, config: Config, store: Store, thread: StoreThread, *, cycle_id: int) -> None:
        limits = config.archive.local_limits
        self._folder = local.Folder(config.database)
        self._owner = config.database.name
        self._page_bytes = limits.page_mb * _MB
        self._total_bytes = limits.total_mb * _MB
        self._per_link = limits.keep
        self._store = store
        self._thread = thread
        self._cycle_id = cycle_id
        self._on = config.archive.local
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="copies")
        self._queue: asyncio.Queue[_Page | None] = asyncio.Queue(_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._crowded_out = 0

    @property
    def page_cap(self) -> int | None:
        """So many bytes a page may have to be kept; None: nothing is kept now."""
        return self._page_bytes if self._on else None

    async def keep(self, result: CheckResult, chain: tuple[Recorded, ...]) -> None:
        """Take a page, and the redirects that led there; waits while too many are waiting."""
        if not self._on:
            return
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        await self._queue.put((result, chain))

    async def recall(self) -> None:
        """Settle what earlier cycles left that were killed."""
        await self._thread.run(self._tidy)

    async def settle(self, *, hurry: bool) -> None:
        """Write what waits, unless in a `hurry`; drop what is no good; make room.

        To be called when the cycle was judged or found void.
        """
        await self._end(hurry=hurry)
        if self._on or self._task is not None:
            await self._thread.run(self._judge)
        if self._crowded_out:
            pages = count(self._crowded_out, "page")
            log.warning(
                "%s could not be kept: the copies would be more than "
                "archive.local_limits.total_mb (%d).",
                pages,
                self._total_bytes // _MB,
            )

    async def close(self) -> None:
        """Let go of everything; what was not settled is so by the next cycle."""
        await self._end(hurry=True)
        self._pool.shutdown(wait=True)

    async def _end(self, *, hurry: bool) -> None:
        if self._task is None or self._task.done():
            return
        while hurry and not self._queue.empty():
            self._queue.get_nowait()
        await self._queue.put(None)
        await self._task

    async def _write(self) -> None:
        last = False
        while not last:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            last = None in batch
            pages = [page for page in batch if page is not None]
            del batch
            if pages and self._on:
                try:
                    await self._keep(pages)
                except OSError as exc:
                    self._give_up(
                        f"can't write below {self._folder.path(local.FOLDER)}", exc.strerror
                    )
                except StoreError as exc:
                    self._give_up("their table can't be written", str(exc))
                except Exception as exc:  # a bug, which is no reason to lose a check
                    log.debug("traceback", exc_info=exc)
                    self._give_up("this is a bug in linkwatch", f"{type(exc).__name__}: {exc}")

    def _give_up(self, what: str, why: str | None) -> None:
        self._on = False
        log.warning(
            "No further page is kept in this cycle: %s (%s).", terminal(what), terminal(why or "")
        )

    async def _keep(self, pages: Sequence[_Page]) -> None:
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._pool, self._make, pages)
        noted = await self._thread.run(
            save_pending,
            self._store,
            self._cycle_id,
            [copy for copy, _ in made],
            total_bytes=self._total_bytes,
            whole=self._folder.whole,
        )
        fresh = noted.fresh
        self._crowded_out += noted.crowded_out
        data = {copy.path: data for copy, data in made}
        written: set[str] = set()
        try:
            await loop.run_in_executor(self._pool, self._put, fresh, data, written)
        finally:
            lost = [copy.path for copy in fresh if copy.path not in written]
            if lost:
                await self._thread.run(forget_paths, self._store, lost)
        await self._thread.run(self._drop, noted.spoiled)

    def _make(self, pages: Sequence[_Page]) -> list[_Made]:
        made = []
        for result, chain in pages:
            title = result.fingerprint.title if result.fingerprint is not None else None
            copy = local.copy_of(
                result.url,
                chain,
                at=result.at,
                title=title or None,
                most=self._page_bytes,
                owner=self._owner,
            )
            if copy is None:
                log.debug("not kept, as it can't be unpacked: url=%s", terminal(result.url))
            else:
                made.append(copy)
        return made

    def _put(self, fresh: Sequence[LocalCopy], data: dict[str, bytes], written: set[str]) -> None:
        for copy in fresh:
            self._folder.write(copy.path, data[copy.path])
            written.add(copy.path)
            log.debug("kept url=%s file=%s", terminal(copy.url), copy.path)

    # In the store's thread

    def _tidy(self) -> None:
        try:
            self._folder.clean()
        except OSError as exc:
            if self._on:
                self._give_up(f"can't write below {self._folder.path(local.FOLDER)}", exc.strerror)
        self._settle_pending()

    def _judge(self) -> None:
        void = self._settle_pending()
        if not void:
            held = held_copies(self._store)
            gone = surplus(held, keep=self._per_link, total_bytes=self._total_bytes)
            self._drop([(copy.id, copy.path) for copy in gone])

    def _settle_pending(self) -> bool:
        """Keep what is good, drop the rest; whether some of it came from a void cycle."""
        good, bad, void = [], [], False
        for copy in pending_copies(self._store):
            void = void or copy.void
            well = copy.result is not None and worth_keeping(copy.result)
            if well and not copy.void and self._folder.whole(copy.path, copy.size_bytes):
                good.append(copy.id)
            else:
                bad.append((copy.id, copy.path))
        confirm(self._store, good)
        self._drop(bad)
        return void

    def _drop(self, copies: Sequence[tuple[int, str]]) -> None:
        """Files first: a kill in between leaves a row, which the next cycle drops as well."""
        gone = []
        for id_, path in copies:
            try:
                self._folder.remove(path)
            except OSError as exc:
                log.warning(
                    "Can't remove %s (%s).", terminal(str(self._folder.path(path))), exc.strerror
                )
                break
            gone.append(id_)
        forget(self._store, gone)
