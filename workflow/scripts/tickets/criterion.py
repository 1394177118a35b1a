"""What a criterion declares and is given, and the mask that its scores give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickets.axes import module_of, outside_module
from tickets.errors import BadInput
from tickets.masks import Mask

Array = NDArray[np.float32]
PARTS = ("task", "seed")
SPLITS = ("train", "validation")
NETWORK_NEEDS = ("head", "labels", "batch_size", "mlm_probability", "precision", "threads")
"""What a criterion needs of the study to run a network (`training/first_batches.py`), beside a
parameter of its own, `batches`.
"""

Shapes = Mapping[str, tuple[int, ...]]
Scores = Mapping[str, Array]
"""An array for each prunable matrix, of its shape; the weights of lowest score are pruned."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a criterion is given.

    weights: theta_0, or the final weights of a round's training. theta_0: beside these, where the
    criterion asks for it. parent: the mask so far. sparsity: after this pruning. seed, task: of the
    mask, if its criterion depends on them. parameters: those that the criterion names. files: the
    encoded splits that it reads, by split, and with them "model", a model directory without
    weights. trainings_per_gpu: how many jobs share a GPU. facts: to be recorded in the mask's
    statement, such as "products", the type of a network's products.
    """

    weights: Mapping[str, Array]
    parent: Mask
    sparsity: Fraction
    theta_0: Mapping[str, Array] = field(default_factory=dict[str, Array])
    seed: int = 0
    task: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    trainings_per_gpu: int = 1
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def prunable_weights(self) -> dict[str, Array]:
        """The prunable matrices by name, in the prunable set's order.

        Raises:
            BadInput: one is missing from `weights` or has another shape.
        """
        shapes = self.parent.prunable.shapes
        for name, shape in shapes.items():
            if name not in self.weights or self.weights[name].shape != shape:
                raise BadInput(
                    f"pruning: the mask is for another model: no {name} of shape {shape}"
                )
        return {name: self.weights[name] for name in shapes}


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """What a file in `criteria`, or a study's own, declares as `CRITERION`.

    label: its name in figures. scores: the function. of: what its masks depend on beside theta_0,
    and have in their paths: "task", "seed". reads: the encoded splits of its task. needs: values of
    the study that it is given: a task's (head, labels, batch_size, ...), those of `training`
    (precision, ...), or `threads`. parameters: its own, with their values. procedures: those that
    can use it. scope: the one that its scores require; None: the study's. with_theta_0: whether it
    compares the weights with theta_0.
    """

    label: str
    scores: Callable[[Inputs], Scores]
    of: Sequence[str] = ()
    reads: Sequence[str] = ()
    needs: Sequence[str] = ()
    parameters: Mapping[str, int | float | str] = field(default_factory=dict[str, Any])
    procedures: Sequence[str] = ("oneshot",)
    scope: str | None = None
    with_theta_0: bool = False

    def __post_init__(self) -> None:
        for name, values, choices in (("of", self.of, PARTS), ("reads", self.reads, SPLITS)):
            for value in values:
                if value not in choices:
                    raise BadInput(f"{name}: {value} is not possible; write {' or '.join(choices)}")
        if self.reads and "task" not in self.of:
            raise BadInput('of: a criterion that reads a split needs its task; write of=("task",)')


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a file in `scopes` declares as `SCOPE`.

    prune: from scores, a parent and a sparsity, the mask. expected: from the shapes of all matrices
    and a sparsity, how many weights are then pruned in each matrix, by name, or in all, under None.
    """

    prune: Callable[[Scores, Mask, Fraction], Mask]
    expected: Callable[[Shapes, Fraction], Mapping[str | None, int]]


def load_criterion(name: str, file: Path | None = None) -> Criterion:
    """A criterion of the project, or the study's own in `file`.

    Raises:
        BadInput: there is none, or its file cannot be loaded.
    """
    module = module_of("criteria", name) if file is None else outside_module(name, file)
    criterion = getattr(module, "CRITERION", None)
    if not isinstance(criterion, Criterion):
        raise BadInput(f"{file}: no CRITERION in it; write CRITERION = Criterion(...)")
    return criterion


def load_scope(name: str) -> Scope:
    """The scope of that name.

    Raises:
        BadInput: there is none.
    """
    return module_of("scopes", name).SCOPE


def find(criterion: Criterion, scope: str, inputs: Inputs) -> Mask:
    """Score the prunable weights and prune within a scope.

    Raises:
        BadInput: a matrix has no scores of its shape, or the scope cannot prune to that sparsity.
    """
    scores = criterion.scores(inputs)
    for name, shape in inputs.parent.prunable.shapes.items():
        if name not in scores or (scores[name].shape, scores[name].dtype) != (shape, np.float32):
            wanted = f"no float32 scores of shape {shape} for {name}"
            raise BadInput(f"criterion {criterion.label}: {wanted}; return one array a matrix")
    return load_scope(scope).prune(scores, inputs.parent, inputs.sparsity)
