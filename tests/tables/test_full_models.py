"""Full models alone, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from fake_metrics import Rows, trainings
from tickets.errors import BadInput
from tickets.tables.full_models import full_models_table, render


def study() -> Rows:
    """A task that is learned and has levelled, and one of which neither is true."""
    return [
        *trainings("majority", "sentence", [50], weights="none"),
        *trainings("dense", "sentence", [80, 82, 84]),
        *trainings("dense", "sentence", [82, 84, 86], weights="trained"),
        *trainings("majority", "pair", [0], weights="none"),
        *trainings("dense", "pair", [0, 0.2, 0.4]),
        *trainings("dense", "pair", [2, 2.2, 2.4], weights="trained"),
    ]


def test_margins_and_gains_by_hand() -> None:
    """Two points are as much as the first task's deviation, more than the second one's and one."""
    learned, not_learned = full_models_table(pd.DataFrame(study()), ["sentence", "pair"]).to_dict(
        "records"
    )

    assert learned == {
        **{"task": "sentence", "metric": "accuracy", "n": 3},
        **{"majority": 50, "mean": 82, "std": 2},
        **{"margin": 32, "margin_low": 30, "margin_high": 34, "learned": True},
        **{"gain": 2, "gain_low": 2, "gain_high": 2, "bound": 2, "levelled": True},
    }
    assert not_learned["margin_low"] == 0
    assert not not_learned["learned"]
    assert (not_learned["gain"], not_learned["bound"]) == (2, 1)
    assert not not_learned["levelled"]


def test_text_names_faults() -> None:
    """Beside the task."""
    text = render(full_models_table(pd.DataFrame(study()), ["sentence", "pair"]))

    assert [line.split() for line in text.splitlines()[-3:-2]] == [["not", "learned", "improves"]]


def test_a_missing_second_training_is_reported() -> None:
    """Its cell is named."""
    rows = [row for row in study() if row["weights"] != "trained"]

    with pytest.raises(BadInput, match="weights trained, on sentence"):
        full_models_table(pd.DataFrame(rows), ["sentence"])
