"""Rule pretraining_text: the text in the embedded study's language."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import filled, flag
from tickets.language.generator import Language


@dataclass(frozen=True, kw_only=True)
class Parameters(Language):
    """The parameters of the text."""

    pretraining_pairs: int = filled("positive", default=0)
    next_sentence: float | None = flag("share of second sentences drawn at random", default=None)
