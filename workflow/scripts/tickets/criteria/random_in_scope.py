"""Random in scope: a uniform score for each weight, compared as the study's scope says.

`random` draws over the whole prunable set, whatever the scope. Here each row or group loses as many
weights as under any other criterion, or as many units are pruned: the control of structured masks.
"""

from __future__ import annotations

import numpy as np

from tickets.criterion import Criterion, Inputs, Scores
from tickets.seeds import derive


def scores(inputs: Inputs) -> Scores:
    """Uniform numbers from 0 to 1, drawn for each matrix by the seed and its name."""
    return {
        name: np.random.default_rng(derive(inputs.seed, f"random scores: {name}")).random(
            shape, np.float32
        )
        for name, shape in inputs.parent.prunable.shapes.items()
    }


CRITERION = Criterion(label="random in scope", scores=scores, of=("seed",))
