"""Iterative SNIP: connection sensitivity, computed anew in many rounds (de Jorge et al. 2021).

SNIP looks at weights one by one, and cannot see what else goes with them. Here round k of n keeps a
share (1 - sparsity)^(k/n) of the weights (arXiv 2006.09081, section 4.1), and scores are taken in
the network without those that went before.
"""

from __future__ import annotations

from tickets.criteria.snip import sensitivities
from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores
from tickets.masks import Mask
from tickets.score_rounds import score_in_rounds


def scores(inputs: Inputs) -> Scores:
    """SNIP's scores, those of the last round."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.training.first_batches import reserved_device, sum_gradients

    with reserved_device(inputs) as (encoded, model):

        def score(mask: Mask) -> Scores:
            slopes = sum_gradients(inputs, encoded, model, mask)
            return sensitivities(inputs.prunable_weights, slopes)

        return score_in_rounds(inputs, score)


CRITERION = Criterion(
    label="iterative SNIP",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=NETWORK_NEEDS,
    parameters={"batches": 8, "rounds": 10},
    scope="global",
)
