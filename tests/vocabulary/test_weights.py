"""Weight files. What rewinding does to weights is in test_pruning.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tickets import provenance, weights
from tickets.errors import Tampered

EXACT = np.array(
    [[0.0, -0.0, 1e-45], [np.float32(0.1), -3.4e38, np.inf]], dtype=np.float32
)  # both zeros, the smallest and the largest ones


def stated(path: Path) -> Path:
    provenance.write(path, rule="x", parameters={}, dependencies={}, started=provenance.now())
    return path


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Bit by bit, under any name, however the array lies in memory."""
    path = tmp_path / "w.safetensors"
    weights.write(path, {"a.weight": EXACT, "turned": EXACT.T, "every second": EXACT[:, ::2]})
    found = weights.read(stated(path))

    assert found.keys() == {"a.weight", "turned", "every second"}
    for name, expected in (
        ("a.weight", EXACT),
        ("turned", EXACT.T),
        ("every second", EXACT[:, ::2]),
    ):
        assert found[name].dtype == np.float32
        assert found[name].shape == expected.shape
        assert found[name].tobytes() == expected.tobytes()
    assert np.array_equal(load_file(path)["turned"], EXACT.T)


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    """Weights are read only where their statement says that they are these."""
    path = tmp_path / "w.safetensors"
    weights.write(path, {"a": EXACT})
    with pytest.raises(Tampered):
        weights.read(path)
    stated(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(Tampered):
        weights.read(path)
