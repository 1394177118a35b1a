"""The curve of a pre-training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tickets.figures.charts import PAGE
from tickets.figures.pretraining import OBJECTIVES, pretraining
from tickets.report_page.layout import Figure, split_chart

VALIDATION = pd.read_csv(Path(__file__).parents[2] / "resources" / "theta_0" / "validation.csv")


def panels(figure: Figure, column: str) -> dict[str, Any]:
    """The numbers of `column` by line, of the panel that draws it, with their steps."""
    (spec,) = (panel.spec for panel in figure.panels if panel.title.startswith(column))
    (rows,) = spec["datasets"].values()
    return {
        str(line): drawn[["step", column]].to_numpy().tolist()
        for line, drawn in pd.DataFrame(rows).groupby("line")
    }


def test_each_objective_has_its_line_in_both_panels() -> None:
    """With the file's steps and numbers."""
    figure = split_chart(pretraining(VALIDATION, PAGE))

    for column in ("loss", "accuracy"):
        assert panels(figure, column) == {
            line: VALIDATION[["step", f"{objective}_{column}"]].to_numpy().tolist()
            for line, objective in OBJECTIVES.items()
        }
    assert list(figure.legend) == list(OBJECTIVES)


def test_an_objective_that_was_not_trained_has_no_line() -> None:
    """Its columns are empty, as in a pre-training that goes on from a model."""
    of_mlm = VALIDATION.assign(next_sentence_loss=None, next_sentence_accuracy=None)

    figure = split_chart(pretraining(of_mlm, PAGE))

    assert list(figure.legend) == list(panels(figure, "loss")) == ["masked words"]
