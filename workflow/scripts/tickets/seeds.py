"""One seed a training; everything random in it draws from a seed derived from that one, by name."""

from __future__ import annotations

import hashlib


def derive(seed: int, purpose: str) -> int:
    """A 63-bit seed for one `purpose` of `seed`: other purposes and seeds are independent of it."""
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
