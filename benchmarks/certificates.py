"""Certificates for the closed world: `python -m benchmarks.certificates FOLDER DOMAIN`."""

from __future__ import annotations

import sys
from pathlib import Path

import trustme


def main(folder: Path, domain: str) -> None:
    """Write ca.pem, good.pem (signed by it) and bad.pem (by one that nobody trusts)."""
    names = [f"*.{kind}.{domain}" for kind in ("site", "mute", "badcert")]
    trusted, unknown = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(folder / "ca.pem")
    for name, authority in (("good", trusted), ("bad", unknown)):
        cert = authority.issue_cert(*names)
        cert.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
