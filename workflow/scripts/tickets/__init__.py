"""Lottery tickets in pre-trained BERT: masks, pruning, rewinding, transfer and their provenance.

`load_mask` and `apply_mask` are for Python outside the workflow (docs/masks.md).
"""

from importlib import import_module

PUBLIC = ("apply_mask", "load_mask")


def __getattr__(name: str) -> object:
    # No import statement names their module: every job's code begins with this file, and would have
    # to be run again when that module, or anything behind it, changed.
    if name in PUBLIC:
        return getattr(import_module("tickets.exchange.applying"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
