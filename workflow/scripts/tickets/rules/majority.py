"""Rule majority: which constant answer."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of the constant answers."""

    head: str = flag("classification, regression, span or mlm", form="head")
