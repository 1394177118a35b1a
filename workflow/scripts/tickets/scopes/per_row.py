"""Compare scores within each row of a matrix, the inputs of one unit, and prune each row alike."""

from __future__ import annotations

from fractions import Fraction

from tickets.criterion import Scope, Scores, Shapes
from tickets.groups import prune_groups
from tickets.masks import Mask
from tickets.schedule import pruned_count


def prune_per_row(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
    """`prune_groups`, a row being a group.

    Raises:
        BadInput: as `prune_groups` does.
    """
    return prune_groups(scores, parent, sparsity, None)


def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
    """The number of weights of each matrix that are pruned."""
    return {name: rows * pruned_count(sparsity, length) for name, (rows, length) in shapes.items()}


SCOPE = Scope(prune=prune_per_row, expected=expected)
