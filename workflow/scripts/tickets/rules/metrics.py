"""Rule metrics: which predictions are scored, and by what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tickets.flags import filled, flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of scores."""

    part: str = flag("the name of the scores' file", form="part")
    design: Mapping[str, Any] = flag("the study's grid, as JSON", read=json.loads, form="design")
    metrics: Mapping[str, Sequence[str]] | None = filled("metrics", default=None)
