"""Wanda's scores against the inputs of transformers' modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from criteria_on_data import inputs, padded_steps
from tickets.criterion import find, load_criterion
from tickets.schedule import pruned_count

BATCHES = 3
LAST = {
    *(f"encoder.layer.1.{part}.weight" for part in ("attention.output.dense", "output.dense")),
    "encoder.layer.1.intermediate.dense.weight",
}
"""The matrices behind the last layer's attention."""


def test_scores_are_sizes_times_norms_of_inputs(tmp_path: Path) -> None:
    """Over the tokens of texts, not over padding; at the end over the first of each, which is all
    that a classification reads.
    """
    given = inputs(tmp_path, batches=BATCHES)
    weights = given.prunable_weights
    squares = {name: np.zeros(weight.shape[1]) for name, weight in weights.items()}
    for theirs, batch in padded_steps(given, BATCHES):
        hooks = []
        for name, total in squares.items():

            def add(
                _: object, arguments: tuple[Tensor, ...], name: str = name, total: Any = total
            ) -> None:
                (x,) = arguments
                if name in LAST:
                    x = x[:, 0]
                elif x.dim() == 3:  # not the pooler's
                    x = x[seen]  # noqa: B023 - of this batch
                total += x.double().square().sum(dim=0).numpy()

            module = theirs.bert.get_submodule(name.removesuffix(".weight"))
            hooks.append(module.register_forward_pre_hook(add))
        seen = batch["attention_mask"].bool()
        with torch.no_grad():
            theirs(**batch)
        for hook in hooks:
            hook.remove()

    found = load_criterion("wanda").scores(given)

    assert found.keys() == weights.keys()
    for name, total in squares.items():
        assert total.all()
        assert np.allclose(found[name], np.abs(weights[name]) * np.sqrt(total), rtol=1e-4)


def test_each_row_loses_the_same_share(tmp_path: Path) -> None:
    """Exactly, whatever the study's scope: the criterion brings its own."""
    given = inputs(tmp_path, batches=1)
    criterion = load_criterion("wanda")

    mask = find(criterion, str(criterion.scope), given)

    for bits in mask.kept.values():
        assert ((~bits).sum(axis=1) == pruned_count(given.sparsity, bits.shape[1])).all()
