"""A training's process leaves out of torch what it never uses, and nothing else."""

from __future__ import annotations

import subprocess
import sys

START = "from tickets.training import quick_torch; import gc, sys, torch; "


def said(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_torch_still_asks_for_what_is_left_out() -> None:
    """Where torch keeps its meta kernels elsewhere, or starts without them, nothing is left out."""
    kernels = "vars(sys.modules['torch._meta_registrations'])"

    assert said(f"import sys, torch; print('activate_meta' in {kernels})") == "True"
    assert said(START + f"print('activate_meta' in {kernels})") == "False"


def test_garbage_is_collected_again() -> None:
    """What was imported is never looked at again; what a training makes is."""
    program = START + "print(gc.isenabled()); quick_torch.collect_again(); print(gc.isenabled())"

    assert said(program + "; print(gc.get_freeze_count() > 100_000)").split() == [
        *("False", "True", "True")
    ]
