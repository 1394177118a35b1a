"""Sources, methods and winning tickets as tables and figures show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

WITHOUT_TASK = ("oneshot", "random")
"""Sources that belong to no task: magnitudes of theta_0, and chance."""

NETWORKS = {
    "full": "theta_0 without a mask",
    "imp": "theta_0 under the task's own IMP mask",
    "random": "theta_0 under a random mask",
    "layerwise": "theta_0 under a random mask that prunes of each matrix what IMP's does",
    "oneshot": "theta_0 under its own magnitudes' mask",
    "imp_reinit": "random weights under the task's own IMP mask",
    "imp_shuffled_within": "theta_0, shuffled within each matrix, under the task's own IMP mask",
    "imp_shuffled_across_layers": "theta_0, layers shuffled, under the task's own IMP mask",
    "reinit": "random weights without a mask",
    "majority": "the best constant answer",
}
"""What a task's own ticket is compared with, by its name in tables."""

CRITERIA = {
    "within_std": "at least the full model's mean less one standard deviation",
    "strict": "at least the full model's mean",
}
"""What a mask's mean has to reach: for the paper's winning ticket, and for its appendix A."""

LEARNED = "learned"
"""The column of transfer.csv that says whether the full model has learned the target task; tables
of earlier versions lack it."""


def is_combined(transfer: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of transfer.csv are of combined masks: the source is none of the other kinds."""
    return ~transfer["source"].isin([*transfer["target"], *WITHOUT_TASK])


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
    return f"no star where the full model may be no better than a constant answer: {targets}"


def rewind_label(rewind: Any) -> str:
    """The label of a rewinding point, in per cent of training."""
    return f"rewind {rewind:g} %"


def method_labels(rewinding: pd.DataFrame) -> pd.Series[str]:
    """The label of each row's method in rewinding.csv, for text and figures."""
    import pandas as pd

    labels = [
        "no rewinding" if method == "standard" else rewind_label(rewind)
        for method, rewind in zip(rewinding["method"], rewinding["rewind"], strict=True)
    ]
    return pd.Series(labels, index=rewinding.index)


def rank_correlation(masks: pd.DataFrame) -> str:
    """Spearman's, of losses and scores in mask_loss.csv; empty for fewer than three masks, or if
    all score alike.
    """
    if len(masks) < 3 or masks["mean"].nunique() == 1:
        return ""
    return f"{masks['loss'].rank().corr(masks['mean'].rank()):+.2f}"
