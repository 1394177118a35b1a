"""What a mask means to a training (docs/masks.md#meaning)."""

from __future__ import annotations

FREEZE = "freeze"
"""Pruned weights keep theta's values and are not trained; without it they are zero."""
