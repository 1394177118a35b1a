"""Each training has one seed; everything random in it uses a seed derived from that, by name."""

from __future__ import annotations

import hashlib


def derive(seed: int, purpose: str) -> int:
    """A 63-bit seed for one `purpose`, independent of those for other purposes and seeds."""
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
