"""The service as a supervisor meets it: a real process, real signals, a real notify socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

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
    for _ in range(2):
        service.told("STATUS=checking")
        service.told("STATUS=1 link")
    assert service.stop()[0] == 0
    assert service.web.asked("a.localhost") >= 2


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
