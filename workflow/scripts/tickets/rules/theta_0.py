"""Rule theta_0: where the pre-trained weights are from."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of theta_0."""

    model: str = flag("a model directory or a hub id")
    revision: str | None = flag("40 hexadecimal digits, for a hub id", form="revision", null=True)
