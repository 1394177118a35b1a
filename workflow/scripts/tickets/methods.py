"""Sources, methods and winning tickets as tables and figures show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

UNIVERSAL = ("oneshot", "random")
"""Sources that belong to no task: magnitudes of theta_0, and chance."""

LEARNED = "learned"
"""The column of transfer.csv that says whether the full model has learned the target task; tables
of earlier versions lack it."""


def is_combined(transfer: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of transfer.csv are of combined masks: the source is no task, nor `UNIVERSAL`."""
    return ~transfer["source"].isin([*transfer["target"], *UNIVERSAL])


def is_ticket(transfer: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of transfer.csv are shown as winning tickets: none where the full model has
    learned nothing, as every mask wins there.
    """
    return transfer["matches_full"] & transfer.get(LEARNED, True)


def explain_missing_stars(transfer: pd.DataFrame) -> str:
    """A clause on the targets that `is_ticket` leaves out; empty if there are none."""
    if LEARNED not in transfer or transfer[LEARNED].all():
        return ""
    targets = ", ".join(transfer.loc[~transfer[LEARNED], "target"].unique())
    return f"no star where the full model is not above the best constant answer: {targets}"


def method_labels(rewinding: pd.DataFrame) -> pd.Series[str]:
    """The label of each row's method in rewinding.csv, for text and figures."""
    import pandas as pd

    labels = [
        "no rewinding" if method == "standard" else f"rewind {rewind:g} %"
        for method, rewind in zip(rewinding["method"], rewinding["rewind"], strict=True)
    ]
    return pd.Series(labels, index=rewinding.index)
