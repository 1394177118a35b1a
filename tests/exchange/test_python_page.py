"""The Python code of docs/masks.md runs unchanged, on a tiny BERT."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from transformers import BertForSequenceClassification

import tiny_bert
from fake_masks import save
from studies import ROOT
from tickets.masks import from_flat
from tickets.prunable import prunable_set

MASKS = Path("results/masks/imp/mlm/rewind-0")


def test_the_page_s_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From top to bottom; what it asserts holds, and what it prints is right."""
    monkeypatch.chdir(tmp_path)
    network = BertForSequenceClassification(tiny_bert.config())
    network.save_pretrained("resources/theta_0")
    shapes = {n.removeprefix("bert."): tuple(p.shape) for n, p in network.named_parameters()}
    prunable = prunable_set(shapes)
    drawn = np.random.default_rng(0)
    for seed in (1, 2):
        flat = drawn.random(prunable.size) < 0.3
        path = MASKS / f"seed-{seed}" / "sparsity-70.safetensors"
        pruned = save(path, from_flat(prunable, flat)) and int((~flat).sum())
        if seed == 1:
            first = pruned
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/masks.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}

    for block in blocks:
        exec(block, names)

    assert len(blocks) == 6
    said = capsys.readouterr().out
    assert f"{first:,} of {prunable.size:,} weights are pruned" in said
    assert "(16, 16) bool" in said
    assert re.search(r"(?m)^all +4\d\.\d\d%  0\.1\d\d\d$", said)  # by chance 42 %, 0.18
    shutil.rmtree("trained")
