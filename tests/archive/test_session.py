"""Where the archive's session connects to, and what it does not consult."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from urllib3.util.connection import create_connection

from linkwatch.archive import session as session_module
from linkwatch.archive.answers import ArchiveDown
from linkwatch.archive.session import open_session
from tests.fakes.archive import FakeArchive


def fetch(url: str, **settings: Any) -> requests.Response:
    with open_session(**{"allow_private": False} | settings) as session:
        return session.get(url, timeout=2)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and the addresses they lead to, for `getaddrinfo`."""
    table: dict[str, list[str]] = {}
    original = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host in table:
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in table[host]
            ]
        return original(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
def test_an_archive_at_a_private_address_is_not_connected_to(
    archive: FakeArchive, host: str
) -> None:
    with pytest.raises(ArchiveDown, match="not public"):
        fetch(archive.availability_url.replace("127.0.0.1", host))
    assert not archive.log


def test_a_public_name_with_a_private_address_is_not_connected_to(
    archive: FakeArchive, names: dict[str, list[str]]
) -> None:
    names["archive.example"] = ["127.0.0.1", "10.0.0.1"]
    with pytest.raises(ArchiveDown, match="not public"):
        fetch(archive.availability_url.replace("127.0.0.1", "archive.example"))
    assert not archive.log


def test_a_redirect_to_a_private_address_is_not_followed(
    archive: FakeArchive, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names |= {"archive.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]}
    monkeypatch.setattr(
        session_module, "refusal", lambda ip: None if str(ip) == "127.0.0.1" else "loopback"
    )
    url = archive.availability_url.replace("127.0.0.1", "archive.example")
    assert fetch(url).status_code == 200
    archive.ill("redirect", target=url.replace("archive.example", "inside.example"))
    with pytest.raises(ArchiveDown, match="not public"):
        fetch(url)
    assert len(archive.log) == 2


def test_the_address_that_was_approved_is_the_one_connected_to(
    archive: FakeArchive, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names["archive.example"] = ["127.0.0.9", "127.0.0.1"]  # nobody may go to the first
    monkeypatch.setattr(
        session_module, "refusal", lambda ip: "loopback" if str(ip) == "127.0.0.9" else None
    )
    connected: list[object] = []
    original = create_connection

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        connected.append(address[0])
        return original(address, *args, **kwargs)

    monkeypatch.setattr(session_module, "create_connection", connect)
    assert fetch(archive.availability_url.replace("127.0.0.1", "archive.example")).ok
    assert connected == ["127.0.0.1"]


def test_a_name_that_does_not_resolve_is_a_failed_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def look_up(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(requests.ConnectionError):
        fetch("http://archive.example/")


def test_the_environment_is_not_consulted(
    archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetch(archive.availability_url, allow_private=True).ok
    assert "Authorization" not in archive.log[0].headers


def test_a_configured_proxy_is_used(archive: FakeArchive) -> None:
    response = fetch("http://archive.example/wayback/available", proxy=archive.url)
    assert response.ok
    assert archive.log[0].headers["Host"] == "archive.example"


def test_behind_a_proxy_private_names_are_refused_too(archive: FakeArchive) -> None:
    with pytest.raises(ArchiveDown, match="not public"):
        fetch("http://192.168.1.1/", proxy=archive.url)
    assert not archive.log


def test_tls_trusts_what_ssl_cert_file_names_and_not_what_requests_brings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    empty = tmp_path / "empty"
    empty.mkdir()
    with FakeArchive(tls=context) as archive:
        with pytest.raises(requests.exceptions.SSLError):
            fetch(archive.availability_url, allow_private=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        monkeypatch.setenv("SSL_CERT_DIR", str(empty))
        assert fetch(archive.availability_url, allow_private=True).ok
        with open_session(allow_private=False) as session:
            adapter = session.get_adapter(archive.url)
            assert isinstance(adapter, session_module._Adapter)
            session_module_tls = adapter._tls
            assert session_module_tls.cert_store_stats()["x509_ca"] == 1
            monkeypatch.setattr(session_module, "refusal", lambda ip: None)
            monkeypatch.setattr(session_module, "private_name", lambda name: False)
            assert session.get(archive.availability_url, timeout=2).ok
            assert session_module_tls.cert_store_stats()["x509_ca"] == 1  # no certifi on top
