"""What a procedure declares: from which weights scores are taken, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tickets.axes import module_of
from tickets.names import MaskName, TrainingName, WeightsName


class Rounds(Protocol):
    """What a procedure asks of a study's design (`design.dag.Design`)."""

    @property
    def mlm(self) -> Sequence[str]:
        """The tasks that are masked language modelling."""
        ...

    @property
    def goes_on(self) -> bool:
        """Whether rounds go on from each other, as trainings of their own."""
        ...

    @property
    def first_mlm_mask(self) -> str:
        """trained, or oneshot: theta_0 itself decides it."""
        ...

    def round(self, sparsity: str) -> int:
        """Which round reaches `sparsity`, from 1."""
        ...

    def sparsity_before(self, sparsity: str) -> str:
        """The sparsity that the round which reaches `sparsity` starts at."""
        ...

    def before(self, mask: MaskName) -> MaskName:
        """The mask of the round before."""
        ...

    def trained_by(self, weights: WeightsName) -> TrainingName:
        """The training that ends with weights that standard pruning goes on from."""
        ...


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """A file of `procedures`: `PROCEDURE` in it.

    label: in figures. of: the parts of its masks' paths. decided_by: the training whose final
    weights decide a mask; None where theta_0's do.
    """

    label: str
    of: Sequence[str]
    decided_by: Callable[[Rounds, MaskName], TrainingName | None]


def load_procedure(name: str) -> Procedure:
    """A procedure.

    Raises:
        BadInput: there is none.
    """
    return module_of("procedures", name).PROCEDURE
