"""One-shot pruning of theta_0."""

from __future__ import annotations

from tickets.names import MaskName
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> None:
    """No training: theta_0 is scored."""
    del design, mask


PROCEDURE = Procedure(label="one-shot", of=(), decided_by=decided_by)
