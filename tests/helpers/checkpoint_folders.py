"""Folders of checkpoints for the tests of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickets.training.checkpoints import Checkpoints

Tensors = Mapping[str, NDArray[Any]]
CODE = hashlib.sha256(b"code").hexdigest()
BELONGS: Mapping[str, Any] = {
    "threads": 1,
    "recipe": {"epochs": 3, "learning_rate": "0.005"},
    "code": {"train.py": CODE},
}
TYPES = (np.float32, np.float64, np.float16, np.int64, np.int32, np.uint8, np.bool_)


def tensors(step: int = 0) -> dict[str, NDArray[Any]]:
    return {
        "theta.weight": np.arange(12, dtype=np.float32).reshape(3, 4) + step,
        "losses": np.arange(step, dtype=np.float32),
        "step": np.array(step),
    }


def saved(folder: Path, *steps: int, belongs: Mapping[str, Any] = BELONGS) -> Checkpoints:
    checkpoints = Checkpoints(folder, belongs)
    for step in steps:
        checkpoints.save(step, tensors(step))
    return checkpoints


def names(folder: Path) -> list[str]:
    """Everything in the folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def newest(folder: Path) -> Path:
    return max(folder.glob("step-*"))


def assert_holds(checkpoints: Checkpoints, step: int) -> None:
    found = checkpoints.latest()
    assert found is not None
    assert found[0] == step
    assert_same(found[1], tensors(step))


def assert_same(one: Tensors, other: Tensors) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert (value.dtype, value.shape) == (other[name].dtype, other[name].shape)
        assert value.tobytes() == other[name].tobytes()


def forked(work: Callable[[], None]) -> int:
    """Call `work` in a child that ends with it; how it ended (the negative number of a signal)."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
