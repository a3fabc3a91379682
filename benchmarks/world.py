"""A closed fake internet: nginx and dnsmasq in a network namespace that nothing leaves.

The fate of a page stands in its URL, which the programs that are measured can't read: they see
many hosts, with latencies and faults. Everything listens on loopback, and ends with the namespace.

`/WAIT/FATE/NUMBER` is a page: it comes after WAIT milliseconds, and of five pages three carry
validators, by their number. Any other address below `/WAIT/` is one that somebody made up: 404.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from struct import pack
from urllib.parse import urlsplit
from urllib.request import urlopen

DOMAIN = "linkwatch-bench.org"  # lychee leaves names under .test and .example out
UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
_MODULES = Path("/usr/lib/nginx/modules")
_NDK, _LUA = _MODULES / "ndk_http_module.so", _MODULES / "ngx_http_lua_module.so"

# How hosts fail: the share of each, and the address that its names lead to (None: NXDOMAIN).
_HOSTS = {
    "gone": (0.02, None),
    "refusing": (0.01, "127.0.0.67"),
    "void": (0.005, "127.0.0.66"),  # takes no connection
    "mute": (0.005, "127.0.0.69"),  # takes it, and never says anything
    "badcert": (0.01, "127.0.0.68"),
    "site": (0.95, "127.0.0.1"),
}
_PLAIN = "127.0.0.70"  # answers at once, with little, and counts nothing
_SILENT_LINKS = 22  # of one host that takes no connection, and of one that never says anything
# How the pages of the other hosts fare.
_PAGES = {
    "moved": 0.06,
    "found": 0.03,
    "missing": 0.05,
    "forbidden": 0.01,
    "busy-once": 0.01,
    "down-once": 0.01,
    "slow": 0.01,
    "ok": 0.82,
}


@dataclass(frozen=True, slots=True)
class Page:
    """A link, and what it comes to."""

    url: str
    fate: str
    wait_s: float = 0.0  # until its host answers

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What nginx sent of pages that have validators and are there; redirects to them not."""

    bytes_sent: int
    answers: int
    not_modified: int  # of these answers


def what_is_missing() -> str | None:
    """Why the world can't be built here, in a sentence; None if it can."""
    if sys.platform != "linux":
        return "The closed world needs Linux (network namespaces)."
    for program, package in (("nginx", "nginx"), ("dnsmasq", "dnsmasq-base")):
        if _program(program) is None:
            return f"The closed world needs {program} (Debian: apt-get install {package})."
    if not _LUA.exists():
        return "The closed world needs nginx's Lua module (Debian: libnginx-mod-http-lua)."
    if shutil.which("unshare") is None:
        return "The closed world needs unshare (Debian: util-linux)."
    if subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode:
        return "The closed world needs a network namespace: run it as root."
    return None


def even(links: int, hosts: int) -> list[Page]:
    """The same number of links everywhere; every page answers at once, over plain http."""
    return [Page(f"http://h{i % hosts}.plain.{DOMAIN}/0/ok/{i}", "ok") for i in range(links)]


def nameless(links: int) -> list[Page]:
    """Links whose hosts have no DNS entry, each a host of its own."""
    return [Page(f"http://h{i}.gone.{DOMAIN}/0/ok/{i}", "gone") for i in range(links)]


def internet(links: int, hosts: int, *, seed: int) -> list[Page]:
    """Like the links of an old vault: few hosts have many, some fail, and nothing is quick.

    One host that takes no connection and one that never says anything have 22 links each.
    """
    chance = random.Random(seed)
    kinds = [kind for kind, (share, _) in _HOSTS.items() for _ in range(round(share * hosts))]
    kinds = (kinds + ["site"] * hosts)[:hosts]
    chance.shuffle(kinds)
    schemes = chance.choices(("https", "http"), (0.8, 0.2), k=hosts)
    silent = [kinds.index("void"), kinds.index("mute")]
    more = silent * (_SILENT_LINKS - 1)
    weights = [0 if i in silent else 1 / (i + 6) for i in range(hosts)]
    popular = chance.choices(range(hosts), weights, k=links - hosts - len(more))
    pages = [
        _page(i, host, kinds[host], schemes[host], chance)
        for i, host in enumerate([*range(hosts), *more, *popular])
    ]
    chance.shuffle(pages)
    return pages


def _page(number: int, host: int, kind: str, scheme: str, chance: random.Random) -> Page:
    fate = kind if kind != "site" else chance.choices([*_PAGES], [*_PAGES.values()])[0]
    wait_ms = round(chance.lognormvariate(5.394, 0.6))  # median 220 ms
    if fate == "slow":
        wait_ms = round(chance.uniform(4000, 9000))
    if fate == "badcert":
        scheme = "https"
    path = f"{wait_ms}/{fate if kind == 'site' else 'ok'}/{number}"
    return Page(f"{scheme}://h{host}.{kind}.{DOMAIN}/{path}", fate, wait_ms / 1000)


def write_notes(pages: Sequence[Page], folder: Path, *, a_note: int = 40) -> None:
    """The links, as a vault of notes."""
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, len(pages), a_note)):
        lines = [f"# Note {number}\n"]
        lines += [
            f"- [page {i}]({page.url}) is worth reading\n"
            for i, page in enumerate(pages[start : start + a_note], start)
        ]
        (folder / f"note-{number:04}.md").write_text("\n".join(lines), "utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the world; the environment for the programs in it. Only inside its namespace."""
    _raise_loopback()
    _certificates(folder)
    resolv = folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", resolv, "/etc/resolv.conf"], check=True)
    shutil.copy(Path(__file__).with_name("world.lua"), folder)
    (folder / "nginx.conf").write_text(_nginx_conf(folder))
    (folder / "dnsmasq.conf").write_text(_dnsmasq_conf())
    commands = (
        [_program("nginx"), "-p", folder, "-c", folder / "nginx.conf"],
        [_program("dnsmasq"), "--keep-in-foreground", f"--conf-file={folder / 'dnsmasq.conf'}"],
    )
    with _full_queues("127.0.0.66", (80, 443)):
        servers = [subprocess.Popen([str(part) for part in command]) for command in commands]
        try:
            _wait_for_answer()
            yield {**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem")}
        finally:
            for server in servers:
                server.terminate()
                server.wait(10)


def forget() -> None:
    """Let what fails once fail again, and count from nothing. Also tells whether nginx answers."""
    _control("forget")


def served() -> Served:
    """What was sent since the last `forget`."""
    sums: dict[str, int] = json.loads(_control("sums"))
    return Served(
        bytes_sent=sums.get("bytes", 0),
        answers=sums.get("answers", 0),
        not_modified=sums.get("not modified", 0),
    )


def _control(what: str) -> bytes:
    with urlopen(f"http://127.0.0.1:8081/{what}", timeout=5) as answer:
        body: bytes = answer.read()
    return body


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _raise_loopback() -> None:
    import fcntl

    up_and_running = 0x1 | 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, pack("16sh14x", b"lo", up_and_running))  # SIOCSIFFLAGS


def _certificates(folder: Path) -> None:
    """Made by a process of their own, which keeps this one small."""
    subprocess.run([sys.executable, "-m", "benchmarks.certificates", folder, DOMAIN], check=True)


@contextmanager
def _full_queues(address: str, ports: Sequence[int]) -> Iterator[None]:
    """Listen, and take no connection: whoever calls gets no answer at all."""
    sockets = []
    for port in ports:
        listener = socket.socket()
        listener.bind((address, port))
        listener.listen(0)
        sockets.append(listener)
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex((address, port))
            sockets.append(caller)
    try:
        yield
    finally:
        for one in sockets:
            one.close()


def _wait_for_answer() -> None:
    for _ in range(100):
        try:
            forget()
            socket.getaddrinfo(f"h1.site.{DOMAIN}", 80)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("nginx or dnsmasq does not answer")


def _dnsmasq_conf() -> str:
    lines = ["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1", "user=root"]
    lines += [f"address=/{kind}.{DOMAIN}/{ip or ''}" for kind, (_, ip) in _HOSTS.items()]
    lines += [f"address=/plain.{DOMAIN}/{_PLAIN}"]
    return "\n".join(lines) + "\n"


def _nginx_conf(folder: Path) -> str:
    def server(address: str, cert: str, lua: str) -> str:
        return f"""
    server {{
        listen {address}:80;
        listen {address}:443 ssl;
        ssl_certificate {folder}/{cert}.pem;
        ssl_certificate_key {folder}/{cert}.pem;
        location / {{ {lua} }}
    }}"""

    pages = "content_by_lua_block { answer() } log_by_lua_block { count() }"
    return f"""
load_module {_NDK};
load_module {_LUA};
daemon off;
user root;
worker_processes auto;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 9000; }}
http {{
    access_log off;
    default_type text/html;
    keepalive_requests 100000;
    lua_shared_dict seen 10m;
    lua_shared_dict sums 1m;
    init_by_lua_file {folder}/world.lua;
{server("127.0.0.1", "good", pages)}
{server("127.0.0.68", "bad", pages)}
{server("127.0.0.69", "good", "content_by_lua_block { ngx.sleep(600) }")}
    server {{
        listen {_PLAIN}:80;
        location / {{ content_by_lua_block {{ answer_at_once() }} }}
    }}
    server {{
        listen 127.0.0.1:8081;
        location /forget {{ content_by_lua_block {{ forget() }} }}
        location /sums {{ content_by_lua_block {{ tell() }} }}
    }}
}}
"""
