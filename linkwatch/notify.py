"""sd_notify: what the service tells systemd (sd_notify(3)), and silence without one.

Some fifteen lines of datagram socket: the packages for it have seen no release in years, and
none of them knows abstract sockets and RELOADING's monotonic time both.
"""

from __future__ import annotations

import os
import socket
import time


class Notifier:
    """Speaks to the socket in NOTIFY_SOCKET; says nothing where there is none."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")

    def ready(self, status: str) -> None:
        """Started, or done with reloading."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read anew."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now_us}")

    def status(self, text: str) -> None:
        """A line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def stopping(self) -> None:
        """On the way out."""
        self._send("STOPPING=1", "STATUS=stopping")

    def alive(self) -> None:
        """The event loop still turns."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.connect(address)
                sock.sendall(
                    "\n".join(line.replace("\n", " ") for line in lines).encode(errors="replace")
                )
        except OSError:  # a supervisor that went away is no reason to stop
            pass


def watchdog_s() -> float | None:
    """How often systemd wants a sign of life, halved; None if it wants none."""
    micros = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", "")
    if not micros.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return int(micros) / 2_000_000
