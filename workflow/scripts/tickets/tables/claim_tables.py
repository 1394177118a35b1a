"""The tables on which the paper's claims are judged."""

from __future__ import annotations

CLAIM_TABLES = {
    "winning_tickets": "winning_tickets",
    "sparsity_sweep": "sweep",
    "rewinding": "rewinding",
    "transfer": "transfer",
    "transfer_variants": "transfer_variants",
    "transferability": "",
}
"""Their names, fields of `claims.Tables`, and those of their scores; "" if these are not read."""
