"""A faster import of torch; imported before it by entry points that train.

The imports of a training take 0.7 CPU seconds instead of 1.1 (0.9 if only the garbage collector is
off, 0.8 if only the kernels are left out; medians of five). A study runs hundreds of trainings.
"""

from __future__ import annotations

import gc
import sys
from types import ModuleType

META_KERNELS = "torch._meta_registrations"


def leave_out_meta_kernels() -> None:
    """Give torch an empty module in place of its kernels that only compute shapes.

    `torch.compile` and the meta device need them. If a training used either, torch would report a
    missing kernel "for the meta device": this function is then the cause.
    """
    sys.modules.setdefault(META_KERNELS, ModuleType(META_KERNELS))


def collect_again() -> None:
    """Turn the garbage collector on again; it ignores the objects that imports have created."""
    gc.freeze()
    gc.enable()


# Importing creates hundreds of thousands of objects and no garbage.
gc.disable()
leave_out_meta_kernels()
