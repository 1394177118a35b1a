"""The command that measures on a GPU, as far as a CPU can run it. Nothing is timed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import nn

import engine_hooks
import on_gpu
import on_gpu_correct
import on_gpu_whole
from engine_job import EngineJob, run_each
from on_gpu_report import Findings, is_exact, tables
from tickets.model import device
from tickets.training.recipe import Recipe

SCRIPT = Path(on_gpu.__file__)
ABSENT = ("snakemake", "datasets", "evaluate", "jsonschema", "accelerate", "pip")
# Python runs this when it starts. An import hook that only refuses would not do: libraries ask
# whether a package is there before they import it.
SITE = f"""
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.partition(".")[0] in {ABSENT!r}
        return None if absent else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""
EXACT = {
    "padded": 1e-6,
    "bf16": 1e-3,
    "same": dict.fromkeys(("twice", "eager", "resumed", "pruned"), True),
    "graphs": 2,
}
MACHINE = {"device": "GPU", "torch": "2", "bf16": 1e12, "float32": 1e11}
SIZES = {"tokens": 5, "squares": 13, "encoder_weights": 24, "layers": 1, "hidden": 2}


def command(*arguments: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PYTHONPATH": str(site)} if site else {})}
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, env=environment
    )


def test_it_measures_all_without_what_only_a_study_needs(tmp_path: Path) -> None:
    """Where neither Snakemake nor Hugging Face's data packages nor pip can be imported, every part
    gives figures; the file, the last line and the status agree.
    """
    (tmp_path / "sitecustomize.py").write_text(SITE)
    output = tmp_path / "found.json"
    arguments = ("--tiny", "--profile", "--seconds", "100000", "--output", str(output))

    done = command(*arguments, site=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result == json.loads(output.read_text())
    assert (result["skipped"], result["failed"]) == ({}, {})
    assert result["exact"] == dict.fromkeys(on_gpu.HEADS, True)
    found = result["found"]
    assert {kind: list(answers) for kind, answers in found.items()} == {
        "correct": list(on_gpu.HEADS),
        "bf16": ["sst2", "squad", "mlm"],
        "padded_bf16": ["sst2", "squad"],
        "dynamic_bf16": ["sst2"],
        "side": ["2 x sst2"],
        "whole": ["sst2"],
        "profile": ["sst2"],
        "embeddings": ["tables"],
    }
    assert found["side"]["2 x sst2"]["examples"] == 2 * found["bf16"]["sst2"]["examples"] == 128
    assert tuple(found["whole"]["sst2"]["parts"]) == on_gpu_whole.PARTS
    assert found["whole"]["sst2"]["steps"] == 3 * 64 // 32
    assert set(result["ratios"]["sst2"]) == {"padded_bf16", "dynamic_bf16"}


def test_without_a_gpu_nothing_is_measured() -> None:
    """One line and status 2; so too where there is no time."""
    without, late = command(), command("--tiny", "--seconds", "0")

    assert (without.returncode, late.returncode) == (2, 2)
    assert without.stdout + late.stdout == ""
    assert without.stderr.startswith("nothing is measured: no GPU")
    assert late.stderr.startswith("nothing is measured: ")
    assert without.stderr.count("\n") == late.stderr.count("\n") == 1


def test_a_wrong_mask_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a model that prunes nothing, losses differ by more than counts as exact."""
    device.prepare(1)
    recipe = Recipe(epochs=None, steps=6, batch_size=32, learning_rate=1e-3, dropout=0.0)
    trainings = on_gpu_correct.Trainings("span", tmp_path, "tiny")
    losses = trainings.train(recipe).losses

    assert on_gpu_correct.difference(losses, trainings.padded_losses(recipe)) < 1e-6
    monkeypatch.setattr(engine_hooks, "hook", lambda *_: None)
    assert on_gpu_correct.difference(losses, trainings.padded_losses(recipe)) > 1e-4


def test_a_span_s_padding_is_no_answer() -> None:
    """The padded model's scores beyond a text's end do not count."""
    import torch

    scores = torch.tensor([[1.0, 2.0, 50.0]])
    model = lambda **_: SimpleNamespace(start_logits=scores, end_logits=scores)  # noqa: E731
    places = torch.tensor([1])
    batch = {
        "attention_mask": torch.tensor([[1, 1, 0]]),
        "start_positions": places,
        "end_positions": places,
    }

    expected = nn.functional.cross_entropy(scores[:, :2], places)
    assert on_gpu_correct.padded_loss(model, batch) == pytest.approx(expected.item())


def job(**settings: Any) -> EngineJob:
    usual: dict[str, Any] = {"kind": "no such", "model": "", "data": "", "folder": "", "task": ""}
    return EngineJob(**usual | {"threads": 1, "warm": 1, "steps": 1} | settings)


def test_a_job_that_fails_takes_nothing_from_the_others() -> None:
    """Its answer is the end of its messages; the next job runs in another process."""
    late = job(kind="matmul", needs=1e9, deadline=time.monotonic() + 1e6)

    first, second = run_each([job(kind="model", model="no such"), late])

    assert first[1]["failed"].endswith("KeyError: 'no such'")
    assert second[1]["skipped"].startswith("needs 1000000000 s, ")


def test_what_takes_too_long_is_stopped() -> None:
    """At the deadline, and nothing after it is begun."""
    over = job(kind="matmul", deadline=time.monotonic())

    assert [answer for _, answer in run_each([over, over])] == [
        {"skipped": "stopped at the end of the time"}
    ] * 2


def test_no_time_for_the_inputs_is_no_failure() -> None:
    """The later parts are then left out, and the status is that of what was compared."""
    findings = Findings(machine=MACHINE)
    findings.add("correct", "span", EXACT)
    late = job(deadline=time.monotonic())

    findings.add("inputs", "", on_gpu.Measurements(on_gpu.TINY, findings, late).prepare())

    assert findings.status == 0
    assert list(findings.skipped) == ["inputs: "]


@pytest.mark.parametrize(
    "wrong",
    [{"padded": 2e-4}, {"padded": np.nan}, {"bf16": 0.1}, {"same": {**EXACT["same"], "eager": 0}}],
)
def test_exact_is_what_is_near_enough_in_everything(wrong: dict[str, Any]) -> None:
    """One figure too large, no number, or one inequality: status 1 and a table that says so."""
    findings = Findings(machine=MACHINE)
    assert findings.status == 2
    findings.add("correct", "span", EXACT)
    assert findings.status == 0
    findings.add("correct", "mlm", {**EXACT, **wrong})

    assert not is_exact({**EXACT, **wrong})
    assert findings.status == 1


def test_what_failed_is_no_success() -> None:
    """Status 1, even if nothing else was measured; what was skipped changes nothing."""
    findings = Findings(machine=MACHINE)
    findings.add("whole", "rte", {"skipped": "no time"})
    assert findings.status == 2
    findings.add("bf16", "rte", {"failed": "a line\nout of memory"})

    assert findings.status == 1
    assert findings.result()["failed"] == {"ours: rte": "a line\nout of memory"}


def test_one_padded_rate_serves_all_tasks_of_its_length() -> None:
    """SST-2's for CoLA, with the same length and batches; not for SQuAD. Goals stand beside."""
    findings = Findings(machine=MACHINE, sizes=dict.fromkeys(("cola", "squad"), SIZES))
    ours = {"examples": 64, "seconds": 1.0, "first_step": 2.0, "graphs": 3}
    findings.add("bf16", "cola", ours)
    findings.add("bf16", "squad", ours)
    findings.add("trainer_128_bf16", "sst2", {**ours, "seconds": 8.0})
    findings.add("dynamic_bf16", "sst2", {**ours, "seconds": 4.0})

    assert dict(findings.ratios("cola")) == {"trainer_128_bf16": 8.0}
    assert dict(findings.ratios("squad")) == {}
    (line,) = (line for line in tables(findings).splitlines() if line.startswith("cola"))
    assert line.endswith("Trainer, padded 8.0x (7.0x)")


def test_the_time_of_trainings_side_by_side_is_that_of_all_of_them() -> None:
    """From the first one's first timed step to the last one's last."""
    one = {"examples": 64, "ended": 10.0, "seconds": 4.0, "first_step": 1.0, "graphs": 1}
    other = {**one, "ended": 11.0, "first_step": 2.0}

    found = on_gpu.together("rte", [one, other])

    assert found == {"task": "rte", "examples": 128, "seconds": 5.0, "first_step": 2.0, "graphs": 1}
    assert on_gpu.together("rte", [one, {"failed": "why"}]) == {"failed": "why"}
