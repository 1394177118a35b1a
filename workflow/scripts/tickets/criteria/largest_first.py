"""Largest first: what magnitude prunes last is pruned first, the "bad" subnetwork.

Of whole units it keeps, as long as there are enough, only those that magnitude prunes at the same
sparsity (Prasanna et al., EMNLP 2020, arXiv 2005.00561).
"""

from __future__ import annotations

from tickets.criteria import magnitude
from tickets.criterion import Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """-|w|."""
    return {name: -sizes for name, sizes in magnitude.scores(inputs).items()}


CRITERION = Criterion(label="largest first", scores=scores)
