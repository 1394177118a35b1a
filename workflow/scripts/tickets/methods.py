"""Sources and methods as tables and figures name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

UNIVERSAL = ("oneshot", "random")
"""Sources that belong to no task: magnitudes of theta_0, and chance."""


def method_labels(rewinding: pd.DataFrame) -> pd.Series[str]:
    """The label of each row's method in rewinding.csv, for text and figures."""
    import pandas as pd

    labels = [
        "no rewinding" if method == "standard" else f"rewind {rewind:g} %"
        for method, rewind in zip(rewinding["method"], rewinding["rewind"], strict=True)
    ]
    return pd.Series(labels, index=rewinding.index)
