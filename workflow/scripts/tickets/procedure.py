"""What a procedure declares: which weights are scored, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from tickets.axes import module_of
from tickets.names import MaskName, TrainingName, WeightsName


class Rounds(Protocol):
    """What a procedure uses of a study's design (`design.dag.Design`)."""

    @property
    def mlm(self) -> Sequence[str]:
        """The tasks that are masked language modelling."""
        ...

    def goes_on(self, task: str) -> bool:
        """Whether the rounds on a task are trainings of their own."""
        ...

    @property
    def first_mlm_mask(self) -> str:
        """The weights that decide it: `trained`, or `oneshot` for theta_0."""
        ...

    def before(self, mask: MaskName) -> MaskName:
        """The mask of the round before that of `mask`; before the first, the dense one."""
        ...

    def trained_by(self, weights: WeightsName) -> TrainingName:
        """The training that ends with weights which standard pruning continues from."""
        ...


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """What a file in `procedures` declares as `PROCEDURE`.

    label: its name in figures. of: the parts of its masks' paths. decided_by: the training whose
    final weights are scored for a mask; None: theta_0 is. criterion: what scores them. once:
    whether each mask prunes the dense network, and not the mask of the round before. gathers:
    whether the movement that this training gathers is scored, and not its final weights.
    """

    label: str
    of: Sequence[str]
    decided_by: Callable[[Rounds, MaskName], TrainingName | None]
    criterion: str = "magnitude"
    once: bool = False
    gathers: bool = False


@cache
def load_procedure(name: str) -> Procedure:
    """The procedure of that name.

    Raises:
        BadInput: there is none.
    """
    return module_of("procedures", name).PROCEDURE
