"""Lottery tickets in pre-trained BERT: masks, pruning, rewinding, transfer and their provenance.

`load_mask`, `apply_mask` and `apply_delta` are for Python outside the workflow (docs/masks.md).
"""

from importlib import import_module

PUBLIC = {"apply_delta": "delta", "apply_mask": "applying", "load_mask": "applying"}


def __getattr__(name: str) -> object:
    # No import statement names their module: every job's code begins with this file, and would have
    # to be run again when that module, or anything behind it, changed.
    if name in PUBLIC:
        return getattr(import_module(f"tickets.exchange.{PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
