"""Small tables that the kept study is too old to have, or that are optional."""

from __future__ import annotations

import pandas as pd

from kept_study import STUDY
from tickets.tables import mask_loss

OBSTACLE = "the mask of mlm keeps 0.01 % of the pooler"
ANSWERABILITY = pd.DataFrame(
    {"check": ["pooler", "overlap"], "passes": [False, True], "obstacle": [OBSTACLE, None]}
)
SWEEP = pd.read_csv(STUDY / "tables" / "sparsity_sweep.csv")
LATER = {
    "answerability": ANSWERABILITY,
    "freezing": SWEEP[SWEEP["finder"].isin(["dense", "random"])],
    "full_models": pd.DataFrame({"task": ["pair"], "learned": [True]}),
    "essential_sparsity": pd.DataFrame(
        {"task": ["pair"], "finder": ["oneshot"], "sparsity": [0.4]}
    ),
    "connectivity": pd.DataFrame(
        {
            **{"task": "pair", "rewind": [0.0, 0.0, 50.0, 50.0], "sparsity": [0.0, 0.1] * 2},
            **{"metric": "accuracy", "n": 2, "ends": 80.0, "barrier": [1.0, 2.0, 0.5, 0.25]},
            **{"barrier_std": 0.5, "loss_barrier": 0.1, "loss_barrier_std": 0.0},
        }
    ),
    "mask_loss": pd.DataFrame(
        [
            ("dense", None, None, 0.0, 2.0, 90, 1, 2, 80.0, 1.0, 80.0, 0.0),
            ("imp", "mlm", 1, 0.2, 2.5, 90, 1, 1, 79.0, None, 80.5, -1.5),
            ("imp", "mlm", 2, 0.2, 2.6, 90, 1, 1, 78.0, None, 79.5, -1.5),
            ("oneshot", None, None, 0.2, 3.0, 90, 1, 2, 75.0, 2.0, 80.0, -5.0),
        ],
        columns=mask_loss.COLUMNS,
    ),
}
