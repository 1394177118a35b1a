"""Rule corpus: how the text of pre-training is encoded."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of encoding the text."""

    max_length: int = flag("tokens in a pair", form="positive")
