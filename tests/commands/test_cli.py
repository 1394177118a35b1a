"""The command `tickets`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fake_masks
import tiny_bert
from tickets import masks, provenance, weights
from tickets.prunable import PrunableSet

NAME = "encoder.layer.0.output.dense.weight"
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
PROGRAM = (sys.executable, "-c", "from tickets.cli import main; main()")


def tickets(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=SCRIPTS)


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
    """Its parameters, and sparsity by layer and kind; counted by hand."""
    query = "encoder.layer.{}.attention.self.query.weight"
    output = "encoder.layer.{}.output.dense.weight"
    shapes = {
        query.format(0): (2, 2),
        output.format(0): (2, 3),
        query.format(1): (2, 2),
        output.format(1): (2, 3),
        "pooler.dense.weight": (1, 4),
    }
    kept = {(query.format(0), 0), (output.format(0), 1), (output.format(0), 5)}
    kept |= {(query.format(1), i) for i in range(4)} | {("pooler.dense.weight", 3)}
    made = fake_masks.mask(kept, shapes)

    done = tickets("show", fake_masks.save(tmp_path / "one.safetensors", made))

    assert (done.returncode, done.stderr) == (0, "")
    # Kept are 1 of 4, 2 of 6, 4 of 4, 0 of 6 and 1 of 4.
    assert (
        done.stdout
        == f"""\
rule: made_up
digest: {made.digest}

layer    query   output  pooler     all
0       75.00%   66.67%          70.00%
1        0.00%  100.00%          60.00%
pooler                   75.00%  75.00%
all     37.50%   83.33%  75.00%  66.67%

pruned: 16 of 24 (66.6667%)
"""
    )


def test_show_of_a_mask_that_prunes_on_a_task_says_which(tmp_path: Path) -> None:
    """All parameters of its statement, a line each."""
    done = tickets("show", mask(tmp_path / "one.safetensors"))

    assert "rule: prune\nfinder: imp\ndigest: " in done.stdout
    assert done.stdout.endswith("pruned: 1 of 4 (25.0000%)\n")


@pytest.mark.parametrize(
    ("command", "given", "says", "status"),
    [
        ("show", "none", "cannot be read as a plain file (No such file or directory)", 1),
        ("show", ".", "cannot be read as a plain file (it is not a regular file)", 1),
        ("show", "text", "no statement is beside it; copy text.prov.json from where the file", 1),
        ("show", "alone", "no statement is beside it; copy alone.prov.json from where", 1),
        ("show", "stated", "not a mask file; name one from results/masks", 2),
        ("why", "none", "there is no such file, nor a statement about it", 1),
        ("why", "alone", "no statement is beside it; copy alone.prov.json from where", 1),
        ("prunable", "none", "neither a directory here nor a hub id such as nyu-mll/glue", 2),
        ("prunable", "stated", "not a file of weights (", 2),
        ("prunable", "mask", "a mask, not weights; `tickets show` describes it", 2),
        ("audit", "none", "not a folder; write the path of a study's results folder", 2),
        ("audit", "text", "not a folder; write the path of a study's results folder", 2),
    ],
)
def test_a_wrong_file_is_one_line(
    tmp_path: Path, command: str, given: str, says: str, status: int
) -> None:
    """No file, a folder, a text, a mask whose statement is gone, a text that has one, ..."""
    (tmp_path / "text").write_text("not a mask")
    mask(tmp_path / "mask")
    (tmp_path / "alone").write_bytes((tmp_path / "mask").read_bytes())
    (tmp_path / "stated").write_text("not a mask, with a statement")
    provenance.write(
        tmp_path / "stated", rule="x", parameters={}, dependencies={}, started=provenance.now()
    )

    done = tickets(command, tmp_path / given)

    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {tmp_path / given}: {says}")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """As with `| head -1`: nothing is said, and the status is that of SIGPIPE."""
    reader, writer = os.pipe()
    os.close(reader)
    path = mask(tmp_path / "one.safetensors")

    with os.fdopen(writer, "wb") as output:
        done = subprocess.run(
            [*PROGRAM, "show", str(path)],
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
            cwd=SCRIPTS,
        )

    assert done.stderr == b""
    assert done.returncode == 141


def test_prunable_prints_the_set(tmp_path: Path) -> None:
    """Names, shapes and the total; a wrong call ends with status 2."""
    path = tmp_path / "theta_0.safetensors"
    weights.write(path, {NAME: np.zeros((2, 3), np.float32), "pooler.dense.bias": np.zeros(3)})
    provenance.write(path, rule="theta_0", parameters={}, dependencies={}, started=provenance.now())

    assert tickets("prunable", path).stdout == f"{NAME}  2 x 3\n1 matrices, 6 weights\n"
    provenance.statement_path(path).unlink()
    assert tickets("prunable", path).stdout == f"{NAME}  2 x 3\n1 matrices, 6 weights\n"
    assert tickets("forbid", path).returncode == 2


def test_prunable_of_a_models_directory(tmp_path: Path) -> None:
    """Or of its file, in which names have a prefix; a pooler counts where there is one."""
    model = tiny_bert.model(tmp_path / "model")

    said = tickets("prunable", model).stdout.splitlines()

    assert said == tickets("prunable", model / "model.safetensors").stdout.splitlines()
    assert said[0].startswith("encoder.layer.0.attention.output.dense.weight  ")
    assert said[-2].startswith("pooler.dense.weight  ")
