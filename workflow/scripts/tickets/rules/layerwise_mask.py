"""Rule layerwise_mask: a random mask that is as sparse in each matrix as another one."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import filled, flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of the mask."""

    finder: str = filled({"const": "layerwise"}, default="layerwise")
    seed: int = flag("what the mask is drawn from")
