"""Rule data: which rows and columns of which data set."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.canonical import Selection
from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Parameters(Selection):
    """The parameters of one split."""

    dataset: str = flag("hub id or local directory")
    name: str | None = flag(
        "its configuration's folder, if it has one",
        null=True,
        form={"type": "string", "minLength": 1},
    )
    revision: str | None = flag("40 hexadecimal digits, for a hub id", form="revision", null=True)
