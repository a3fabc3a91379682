"""Answers recorded as they came, and what that must not change."""

from __future__ import annotations

import asyncio
import gzip
import random
from dataclasses import replace

import pytest

from linkwatch.web import recorded as recorded_module
from linkwatch.web.client import BODY_CAP, Answer, Client
from linkwatch.web.recorded import Recorded, unpacked
from tests.conftest import Run
from tests.fakes.dns import FakeDNS
from tests.fakes.web import FakeWeb, Reply

LONG = random.Random(1).randbytes(300_000)
CHUNKED = [("Transfer-Encoding", "chunked")]


def chunks(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) + end


def answers(
    run: Run, dns: FakeDNS, url: str, *keeps: int | None, timeout_s: float = 3.0
) -> list[Answer]:
    async def main() -> list[Answer]:
        async with Client(allow_private=True, nameservers=dns.nameservers) as client:
            return [
                await client.get(
                    url, timeout_s=timeout_s, user_agent="test/1", cookies={"a": "b"}, keep=keep
                )
                for keep in keeps
            ]

    return run(main())


def recorded(run: Run, dns: FakeDNS, web: FakeWeb, reply: Reply) -> Recorded | None:
    """What is recorded of it; all else of the answer is as if nothing were."""
    with_it, without = answers(run, dns, web.page("a.test", "/p?q=1", reply), 1_000_000, None)
    bare = replace(with_it, recorded=None, read_on_s=0.0)
    assert bare == without
    assert without.recorded is None
    return with_it.recorded


def test_an_answer_is_recorded_as_it_came(run_on_each: Run, dns: FakeDNS, web: FakeWeb) -> None:
    packed = gzip.compress(LONG)
    headers = [
        ("X-Twice", "1"),
        ("x-twICE", "2"),
        ("Content-Encoding", "gzip"),
        ("X-Odd", "caf\udce9"),
    ]
    found = recorded(run_on_each, dns, web, Reply(body=packed, headers=headers))

    assert found is not None
    assert (found.version, found.status, found.reason) == ("1.1", 200, "Whatever")
    assert found.url == web.url("a.test", "/p?q=1")
    assert found.headers[2:] == (
        (b"X-Twice", b"1"),
        (b"x-twICE", b"2"),
        (b"Content-Encoding", b"gzip"),
        (b"X-Odd", b"caf\xe9"),
    )
    assert found.payload == packed
    assert len(found.payload) > BODY_CAP
    sent = {name.lower(): value for name, value in found.request}
    assert (sent["user-agent"], sent["host"]) == ("test/1", f"a.test:{web.port}")
    assert web.requests[-1].headers["cookie"] == "a=b"
    assert "cookie" not in sent


@pytest.mark.parametrize(
    ("reply", "payload"),
    [
        (Reply(headers=CHUNKED, body=chunks(LONG)), LONG),
        (Reply(raw=b"HTTP/1.0 200 OK\r\n\r\n" + LONG), LONG),  # its end is the connection's
        (Reply(body=LONG, length=400_000, close=True), None),  # breaks off, beyond what is read
        (Reply(headers=CHUNKED, body=chunks(LONG, b""), close=True), None),
        (Reply(body=b"x" * 1_000_001), None),  # longer than wanted, as it says
        (Reply(headers=CHUNKED, body=chunks(b"x" * 1_000_001)), None),  # and does not say
        (Reply(headers=[("Content-Encoding", "br")], body=LONG), None),
        (
            Reply(headers=[("Content-Encoding", "gzip")], body=gzip.compress(b"x", mtime=0)[:-9]),
            None,
        ),
        (Reply(status=404, body=b"gone"), None),
        (Reply(status=302, headers=[("Location", "/x")], body=b"see"), b"see"),
        (Reply(status=301, headers=[("Content-Encoding", "br")], body=b"see"), b"see"),
        (Reply(headers=[("Transfer-Encoding", "gzip, chunked")], body=chunks(LONG)), None),
    ],
)
def test_only_what_came_whole_is_recorded(
    run: Run, dns: FakeDNS, web: FakeWeb, reply: Reply, payload: bytes | None
) -> None:
    found = recorded(run, dns, web, reply)
    assert (None if found is None else found.payload) == payload
    if found is not None:
        assert b"transfer-encoding" not in {name.lower() for name, _ in found.headers}


def test_a_page_without_an_end_is_an_answer_and_no_copy(
    run: Run, dns: FakeDNS, web: FakeWeb
) -> None:
    url = web.page("a.test", "/", Reply(headers=CHUNKED, body=chunks(LONG, b"")))
    [answer] = answers(run, dns, url, 1_000_000, timeout_s=0.3)
    assert (answer.status, len(answer.body), answer.remark) == (200, BODY_CAP, None)
    assert answer.recorded is None
    assert 0.1 < answer.read_on_s < 0.4


def test_a_password_is_never_recorded(run: Run, dns: FakeDNS, web: FakeWeb) -> None:
    url = web.page("a.test", "/", Reply()).replace("//", "//me:secret@")
    [answer] = answers(run, dns, url, 1000)
    assert answer.status == 200
    assert "authorization" in web.requests[-1].headers
    assert answer.recorded is None


def test_pages_that_nobody_let_go_of_leave_no_room_for_more(
    run: Run, dns: FakeDNS, web: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_module, "_ROOM", 0)  # so it is four times the cap
    url = web.page("a.test", "/", Reply(body=LONG))
    kept = answers(run, dns, url, *[len(LONG)] * 6)
    assert [answer.recorded is not None for answer in kept] == [True] * 4 + [False] * 2

    async def one_by_one() -> bool:
        async with Client(allow_private=True, nameservers=dns.nameservers) as client:
            found = []
            for _ in range(6):
                answer = await client.get(
                    url, timeout_s=3.0, user_agent="", cookies={}, keep=len(LONG)
                )
                found.append(answer.recorded is not None)
                del answer
                await asyncio.sleep(0)
        return all(found)

    assert run(one_by_one())


@pytest.mark.parametrize(
    ("payload", "encoding", "most", "body"),
    [
        (b"plain", None, 5, b"plain"),
        (b"plain", None, 4, None),
        (b"", "gzip", 9, b""),
        (gzip.compress(b"words", mtime=0), "gzip", 5, b"words"),
        (gzip.compress(b"words", mtime=0) + b"trailing", "GZIP", 5, b"words"),
        (gzip.compress(b"words", mtime=0), "gzip", 4, None),
        (gzip.compress(b"words", mtime=0)[:-1], "gzip", 9, None),
        (gzip.compress(bytes(10**7), mtime=0), "gzip", 1000, None),
        (b"words", "gzip", 9, None),
        (b"words", "br", 9, None),
    ],
)
def test_a_payload_is_unpacked_whole_or_not_at_all(
    payload: bytes, encoding: str | None, most: int, body: bytes | None
) -> None:
    assert unpacked(payload, encoding, most) == body
