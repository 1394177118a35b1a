"""Imported before torch by the entry point that trains: torch then takes two thirds of its time.

A study is hundreds of short processes, and starting torch is a fifth of each.
"""

from __future__ import annotations

import gc
import sys
from types import ModuleType

META_KERNELS = "torch._meta_registrations"


def leave_out_meta_kernels() -> None:
    """Have torch find an empty module where it keeps the kernels that only compute shapes.

    They serve `torch.compile` and the meta device, neither of which a training uses, and are a
    fifth of torch's import.
    """
    sys.modules.setdefault(META_KERNELS, ModuleType(META_KERNELS))


def collect_again() -> None:
    """Turn the garbage collector on, for what is made from here on: what was imported stays."""
    gc.freeze()
    gc.enable()


# Importing makes hundreds of thousands of objects and no garbage; looking for it takes a tenth.
gc.disable()
leave_out_meta_kernels()
