"""Scores that are taken anew in many rounds at theta_0, each without what went before."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from tickets.criterion import Inputs, Scores, load_scope
from tickets.masks import Mask


def score_in_rounds(inputs: Inputs, score: Callable[[Mask], Scores]) -> Scores:
    """The scores of the last round; -1 for weights that earlier rounds pruned.

    Round k of n, the parameter `rounds`, keeps a share (1 - sparsity)^(k/n) of all weights.
    """
    rounds, kept_at_last = inputs.parameters["rounds"], 1 - float(inputs.sparsity)
    mask, scope = inputs.parent, load_scope("global")
    scores = score(mask)
    for number in range(1, rounds):
        mask = scope.prune(scores, mask, 1 - Fraction(kept_at_last ** (number / rounds)))
        scores = score(mask)
    return {name: np.where(mask.kept[name], scores[name], np.float32(-1)) for name in scores}
