"""What finds masks, as tables, texts and figures know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

UNIVERSAL = ("oneshot", "random")
"""Sources that belong to no task: theta_0's own magnitudes, and chance."""


def named(rewinding: pd.DataFrame) -> pd.Series[str]:
    """What text and figures call the method of each row of rewinding.csv."""
    import pandas as pd

    names = [
        "no rewinding" if method == "standard" else f"rewind {rewind:g} %"
        for method, rewind in zip(rewinding["method"], rewinding["rewind"], strict=True)
    ]
    return pd.Series(names, index=rewinding.index)
