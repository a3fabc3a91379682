"""The service as a supervisor meets it: a real process, real signals, a real notify socket."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import apscheduler.schedulers.base
import pytest
import yaml

import linkwatch.daemon
from linkwatch.config import load
from linkwatch.cycle import Result
from linkwatch.daemon import Daemon
from linkwatch.errors import StoreError
from tests.fakes.clock import FakeClock
from tests.fakes.web import NEVER, FakeWeb, Reply

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and sd_notify are POSIX's")


@dataclass
class Service:
    """A service under our supervision."""

    folder: Path
    web: FakeWeb
    socket: socket.socket
    process: subprocess.Popen[str] | None = None

    def configure(self, **schedule: str) -> None:
        settings = {
            "check": {
                "timeout": "30s",
                "per_host": {"interval": "0ms"},
                "allow_private_networks": True,
                "recheck_after": "1s",
            },
            "archive": {"enabled": False},
            "schedule": schedule,
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump(settings))

    def start(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "linkwatch", "run"],
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(self.folder / "notify"),
                "PYTHONWARNINGS": "error",
                **environment,
            },
        )

    def told(self, what: str) -> str:
        """Wait until the service says something to its supervisor."""
        while True:
            message = self.socket.recv(4096).decode()
            if what in message:
                return message

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=10)
        return self.process.returncode, err


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "notes").mkdir()
    with FakeWeb() as web, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(15)
        service = Service(tmp_path, web, listener)
        service.configure(every="1h")
        yield service
        if service.process is not None and service.process.poll() is None:
            service.process.kill()
            service.process.communicate()


def test_it_is_ready_checks_at_once_and_ends_with_0_on_sigterm(service: Service) -> None:
    url = service.web.page("a.localhost", "/", Reply())
    (service.folder / "notes" / "a.md").write_text(url)
    service.start()
    service.told("READY=1")
    assert "1 alive" in service.told("STATUS=1 link")
    code, err = service.stop()
    assert code == 0
    assert "STOPPING=1" in service.told("STOPPING")
    assert "event=stopped" in err
    assert "Traceback" not in err


def test_it_checks_again_at_each_tick(service: Service) -> None:
    url = service.web.page("a.localhost", "/", Reply())
    (service.folder / "notes" / "a.md").write_text(url)
    service.configure(every="1s")
    service.start()
    while service.web.asked("a.localhost") < 2:  # a tick may come before the link is due again
        service.told("STATUS=checking")
        service.told("STATUS=1 link")
    assert service.stop()[0] == 0


def test_sigterm_in_the_middle_of_a_cycle_drops_it_and_keeps_what_was_done(
    service: Service,
) -> None:
    done = service.web.page("a.localhost", "/", Reply())
    slow = service.web.page("b.localhost", "/", NEVER)
    (service.folder / "notes" / "a.md").write_text(f"{done}\n{slow}")
    service.start()
    service.told("STATUS=checking")
    deadline = time.monotonic() + 10
    while not (service.web.asked("a.localhost") and service.web.asked("b.localhost")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.2)
    started = time.monotonic()
    code, err = service.stop()
    assert code == 0
    assert time.monotonic() - started < 2
    assert "Traceback" not in err
    told = subprocess.run(
        [sys.executable, "-m", "linkwatch", "explain", done],
        cwd=service.folder,
        capture_output=True,
        text=True,
    )
    assert "alive" in told.stdout


def test_sighup_reads_the_configuration_anew_and_a_bad_one_leaves_the_old(
    service: Service,
) -> None:
    url = service.web.page("a.localhost", "/", Reply())
    (service.folder / "notes" / "a.md").write_text(url)
    service.start()
    service.told("STATUS=1 link")
    assert service.process is not None

    (service.folder / "config.yaml").write_text("check: {timeout: soon}")
    service.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in service.told("RELOADING=1")
    assert "the old one stays" in service.told("READY=1")

    service.configure(every="1s")
    service.process.send_signal(signal.SIGHUP)
    assert "reloaded" in service.told("READY=1")
    service.told("STATUS=checking")
    code, err = service.stop()
    assert code == 0
    assert "line 1: check.timeout" in err


def test_a_cycle_that_fails_is_told_and_the_service_goes_on(service: Service) -> None:
    service.configure(every="1s")
    service.start()
    assert "no notes" in service.told("failed")
    url = service.web.page("a.localhost", "/", Reply())
    (service.folder / "notes" / "a.md").write_text(url)
    assert "1 alive" in service.told("STATUS=1 link")
    assert service.stop()[0] == 0


def test_the_watchdog_hears_that_it_is_alive(service: Service) -> None:
    (service.folder / "notes" / "a.md").write_text("no links")
    service.start(WATCHDOG_USEC="400000")
    service.told("WATCHDOG=1")
    service.told("WATCHDOG=1")
    assert service.stop()[0] == 0


def test_a_bad_configuration_at_the_start_ends_it_with_3(service: Service) -> None:
    (service.folder / "config.yaml").write_text("check: {timeout: soon}")
    service.start()
    assert service.process is not None
    _, err = service.process.communicate(timeout=10)
    assert service.process.returncode == 3
    assert "check.timeout" in err


WEEKLY = {"cron": "0 4 * * mon"}


def test_a_void_cycle_is_tried_again_long_before_the_schedule(service: Service) -> None:
    service.configure(**WEEKLY)
    (service.folder / "notes" / "a.md").write_text(_nobody_there())
    service.start()
    service.told("does not count")
    assert service.process is not None
    service.process.send_signal(signal.SIGHUP)  # no reason to wait for that
    service.told("reloaded")
    service.told("does not count")
    code, err = service.stop()
    assert code == 0
    assert err.count("event=retry in_s=600") == 2


def _nobody_there() -> str:
    return " ".join(f"http://127.0.0.1:{port}/" for port in (1, 7, 9))


LINE = "Nothing has been checked yet."
COUNTS = Result(checked=0, dead=0, postponed=0, unfinished=0, void=None, line=LINE)
VOID = Result(checked=0, dead=0, postponed=0, unfinished=0, void="no network", line=LINE)
FULL = StoreError("Can't use the database: the disk is full.")
BUG = ZeroDivisionError("a bug")
Outcome = Result | Exception


@dataclass
class Script:
    """In the place of cycles: what comes of each, one after another, and SIGTERM after the last.

    `after` is called with the number of each cycle that ended.
    """

    outcomes: Sequence[Outcome]
    after: Callable[[int], None] = lambda _: None
    run: int = 0

    async def cycle(self, *_: object, **__: object) -> Result:
        outcome = self.outcomes[self.run]
        self.run += 1
        self.after(self.run)
        if self.run == len(self.outcomes):
            asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def _daemon(folder: Path, schedule: dict[str, str]) -> Daemon:
    """On a clock that lies far behind the scheduler's: what it is asked to wait for is over."""
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"schedule": schedule}))
    return Daemon(lambda: load(config, cwd=folder), cwd=folder, clock=FakeClock())


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    return _daemon(tmp_path, WEEKLY)


def _live(daemon: Daemon) -> None:
    async def main() -> None:
        async with asyncio.timeout(5):
            await daemon.run()

    asyncio.run(main())


def _waits(caplog: pytest.LogCaptureFixture) -> list[int]:
    lines = [record.getMessage() for record in caplog.records]
    return [int(line.rpartition("=")[2]) for line in lines if line.startswith("event=retry")]


@pytest.mark.parametrize(
    ("schedule", "waits"),
    [
        (WEEKLY, [600, 1200, 2400, 3600, 3600]),
        ({"every": "1d"}, [600, 1200, 2400, 3600, 3600]),
        ({"every": "15m"}, [600, 900, 900, 900, 900]),
    ],
)
def test_retries_grow_patient_but_never_beyond_the_tick(
    schedule: dict[str, str],
    waits: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "linkwatch")
    script = Script([VOID, FULL, VOID, VOID, FULL, COUNTS])
    monkeypatch.setattr(linkwatch.daemon, "run_cycle", script.cycle)

    _live(_daemon(tmp_path, schedule))

    assert _waits(caplog) == waits


def test_after_a_cycle_that_counts_patience_begins_anew(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "linkwatch")

    def tick(run: int) -> None:
        if run == 3:
            daemon._wake.set()

    script = Script([VOID, VOID, COUNTS, VOID, COUNTS], after=tick)
    monkeypatch.setattr(linkwatch.daemon, "run_cycle", script.cycle)

    _live(daemon)

    assert _waits(caplog) == [600, 1200, 600]


def test_a_bug_waits_for_the_schedule(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "linkwatch")
    monkeypatch.setattr(linkwatch.daemon, "run_cycle", Script([BUG]).cycle)

    _live(daemon)

    assert _waits(caplog) == []


def test_a_tick_that_came_while_the_machine_slept_is_not_missed(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = timedelta(0)

    class WallClock:
        """As the scheduler reads it. Its timers know nothing of the sleep."""

        @staticmethod
        def now(tz: tzinfo) -> datetime:
            return datetime.now(tz) + asleep

    def sleep() -> None:
        nonlocal asleep
        asleep = timedelta(days=8)

    def fall_asleep(_: int) -> None:  # once the scheduler has set its timer
        asyncio.get_running_loop().call_later(0.05, sleep)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", WallClock)
    monkeypatch.setattr(linkwatch.daemon, "_GLANCE_S", 0.01)
    script = Script([COUNTS, COUNTS], after=fall_asleep)
    monkeypatch.setattr(linkwatch.daemon, "run_cycle", script.cycle)

    _live(daemon)

    assert script.run == 2
