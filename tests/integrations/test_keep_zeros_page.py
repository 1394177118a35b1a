"""The code and the commands of docs/keep_zeros.md run unchanged, on a tiny BERT."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertForSequenceClassification

import tiny_bert
from studies import ROOT
from tickets import cli

PART = re.compile(r"(?m)^```python\n([\s\S]*?)^```|^    (tickets .*)$")


def test_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From top to bottom; both trainings keep the zeros, and the comparison finds it so."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    network = BertForSequenceClassification(tiny_bert.config())
    for layer in network.bert.encoder.layer:
        layer.output.dense.weight.data.view(-1)[::2] = 0
    network.save_pretrained("pruned")
    data = [{"input_ids": torch.arange(5, 12), "labels": i % 2} for i in range(16)]
    batch = {"input_ids": torch.arange(5, 12)[None], "labels": torch.tensor([0])}
    names: dict[str, object] = {"data": data, "batches": [batch] * 3}
    parts = PART.findall((ROOT / "docs/keep_zeros.md").read_text())
    assert [bool(code) for code, _ in parts] == [True, False, True, False, False]

    for code, command in parts:
        if code:
            exec(code, names)
            continue
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        with pytest.raises(SystemExit):
            cli.main()

    said = capsys.readouterr().out
    # Two matrices of 16 x 24, and the embedding of the padding token.
    assert said.startswith(f"<Mask: {16 * 24 + 16} of 4,800 weights pruned")
    assert re.search(r"(?m)^all +0\.0000% +1\.0000$", said), said
    where = "bert.encoder.layer.1.output.dense.weight"
    for folder in ("trained", "by_hand"):
        trained = AutoModelForSequenceClassification.from_pretrained(folder)
        weight = trained.get_parameter(where)
        assert not weight.view(-1)[::2].any()
        assert not torch.equal(weight, network.get_parameter(where))
