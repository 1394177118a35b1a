"""The sparsity after each round of IMP, as an exact fraction."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from tickets.errors import BadInput

Schedule = Literal["linear", "geometric"]


def exact(number: float) -> Fraction:
    """The fraction that a number's decimals spell: 0.1 is one tenth, not the nearest double."""
    return Fraction(str(number))


def after_round(schedule: Schedule, share: Fraction, number: int) -> Fraction:
    """The sparsity after round `number`, counted from 1.

    Each round prunes a `share` of all weights if the schedule is linear (the paper's tables), or of
    the remaining weights if it is geometric (its Algorithm 1).
    """
    return number * share if schedule == "linear" else 1 - (1 - share) ** number


def rounds(schedule: Schedule, share: Fraction, target: Fraction) -> tuple[Fraction, ...]:
    """The sparsities after each round, up to the target.

    A geometric sparsity can have more digits than a number in a YAML file. So it counts as the
    target if both have the same nearest double.

    Raises:
        BadInput: share or target is outside (0, 1), or no round ends at the target.
    """
    if not (0 < share < 1 and 0 < target < 1):
        raise BadInput(f"share {float(share)} and target {float(target)} must be between 0 and 1")
    sparsities = [after_round(schedule, share, 1)]
    while float(sparsities[-1]) < float(target):
        sparsities.append(after_round(schedule, share, len(sparsities) + 1))
    if float(sparsities[-1]) != float(target):
        nearest = [str(float(sparsity)) for sparsity in sparsities[-2:] if sparsity < 1]
        raise BadInput(
            f"{float(target)} is never reached by a {schedule} schedule of {float(share)} a round; "
            f"write {' or '.join(nearest)}"
        )
    return tuple(sparsities)


def pruned_count(sparsity: Fraction, weights: int) -> int:
    """How many of `weights` prunable weights are pruned: rounded exactly, half to even."""
    return round(sparsity * weights)


def label(sparsity: Fraction) -> str:
    """A sparsity as in file names: percent, all decimals, no trailing zeros ("70").

    Raises:
        ValueError: its decimals never end.
    """
    percent = 100 * sparsity
    for places in range(percent.denominator.bit_length()):
        whole, rest = divmod(percent * 10**places, 10**places)
        if rest.denominator == 1:
            return f"{whole}.{int(rest):0{places}d}" if places else str(whole)
    raise ValueError(f"the decimals of {sparsity} never end")


def parse(label: str) -> Fraction:
    """The sparsity with this label: the inverse of `label`."""
    return Fraction(label) / 100
