"""The command `tickets`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tickets import masks, provenance, weights
from tickets.prunable import PrunableSet

NAME = "encoder.layer.0.output.dense.weight"


def tickets(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tickets.cli import main; main()", *map(str, arguments)]
    scripts = Path(__file__).parents[1] / "workflow" / "scripts"
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=scripts)


def mask(path: Path) -> Path:
    kept = {NAME: np.array([[True, False, True, True]])}
    found = masks.Mask(prunable=PrunableSet(shapes={NAME: (1, 4)}), kept=kept)
    masks.write(path, found)
    provenance.write(
        path,
        rule="prune",
        parameters={"finder": "imp"},
        dependencies={},
        facts=masks.facts(found),
        started=provenance.now(),
    )
    return path


def test_verify_finds_a_change_and_nothing_else(tmp_path: Path) -> None:
    """0 for a folder as it was written, 1 and one line a finding after a change."""
    one = mask(tmp_path / "one.safetensors")
    mask(tmp_path / "deep" / "two.safetensors")
    assert tickets("verify", tmp_path).returncode == 0

    one.write_bytes(one.read_bytes() + b" ")
    done = tickets("verify", tmp_path)

    assert done.returncode == 1
    assert done.stdout == "2 files, 1 findings\n"
    assert done.stderr.count("error:") == done.stderr.count("\n") == 1
    assert "one.safetensors" in done.stderr


def test_verify_of_nothing_is_no_success(tmp_path: Path) -> None:
    """A folder without statements is not called clean."""
    assert tickets("verify", tmp_path).returncode == 1


def test_show_says_what_a_mask_is(tmp_path: Path) -> None:
    """Its parameters, exact count and sparsity by matrix."""
    done = tickets("show", mask(tmp_path / "one.safetensors"))

    assert done.returncode == 0
    assert "finder: imp" in done.stdout
    assert "pruned: 1 of 4 (25.0000%)" in done.stdout
    assert f"25.00%  {NAME}" in done.stdout


def test_prunable_prints_the_set(tmp_path: Path) -> None:
    """Names, shapes and the total; a wrong call ends with status 2."""
    path = tmp_path / "theta_0.safetensors"
    weights.write(path, {NAME: np.zeros((2, 3), np.float32), "pooler.dense.bias": np.zeros(3)})
    provenance.write(path, rule="theta_0", parameters={}, dependencies={}, started=provenance.now())

    assert tickets("prunable", path).stdout == f"{NAME}  2 x 3\n1 matrices, 6 weights\n"
    assert tickets("forbid", path).returncode == 2
