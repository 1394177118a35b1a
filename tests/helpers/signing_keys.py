"""Private keys to sign with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tickets.files import write_bytes


def make_key(folder: Path, key: Any) -> Path:
    """A private key's file; the public one beside it ends with .pub."""
    from cryptography.hazmat.primitives import serialization as pem

    private = folder / "key.pem"
    secret = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    write_bytes(private, secret)
    public = key.public_key()
    write_bytes(
        private.with_suffix(".pub"),
        public.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo),
    )
    return private


def elliptic(folder: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric import ec

    return make_key(folder, ec.generate_private_key(ec.SECP256R1()))
