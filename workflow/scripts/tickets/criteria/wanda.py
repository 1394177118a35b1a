"""Wanda: the weight's size times its input's norm, compared per output (Sun et al., ICLR 2024).

The inputs are those of a training's first batches, in the network without a mask (arXiv 2306.11695,
eq. 1), over the tokens that the network computes: behind the last layer's attention, those that the
head reads. Each unit loses the same share of its inputs. No gradient is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores

if TYPE_CHECKING:
    from torch import Tensor


def scores(inputs: Inputs) -> Scores:
    """|w_ij| times the norm of input j; zero for a matrix that the head does not use."""
    # Snakemake imports this file: torch is imported only where it is used.
    import torch

    from tickets.model.dropout import NONE
    from tickets.training.first_batches import first_batches, reserved_device

    weights = inputs.prunable_weights
    squares = {name: np.zeros(weight.shape[1]) for name, weight in weights.items()}
    with reserved_device(inputs) as (encoded, model):
        network, batches = first_batches(inputs, encoded, model)
        filled: Tensor | None = None

        def add_squares(names: tuple[str, ...], x: Tensor) -> None:
            # Rows that hold less than their width end with slots that belong to no text.
            assert filled is not None
            tokens = x[filled] if len(x) == len(filled) else x
            added = tokens.double().square().sum(dim=0).cpu().numpy()
            for name in set(names) & squares.keys():
                squares[name] += added

        network.parameters.at_input = add_squares
        for batch in batches:
            filled = batch.rows.sequence.flatten() >= 0
            with torch.no_grad():
                network.loss(batch, NONE)
    return {
        name: np.abs(weight) * np.sqrt(squares[name]).astype(np.float32)
        for name, weight in weights.items()
    }


CRITERION = Criterion(
    label="Wanda",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=NETWORK_NEEDS,
    parameters={"batches": 8},
    scope="per_row",
)
