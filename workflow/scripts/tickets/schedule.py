"""How sparse each round of IMP leaves the network: exact fractions, never floats."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from tickets.errors import BadInput

Schedule = Literal["linear", "geometric"]


def exact(number: float) -> Fraction:
    """The fraction that a decimal number spells: 0.1 is one tenth, not its nearest double."""
    return Fraction(str(number))


def after_round(schedule: Schedule, share: Fraction, number: int) -> Fraction:
    """The sparsity after round `number`, which counts from 1.

    `linear` prunes `share` of the original weights a round (the paper's tables), `geometric`
    `share` of those that remain (its Algorithm 1).
    """
    return number * share if schedule == "linear" else 1 - (1 - share) ** number


def rounds(schedule: Schedule, share: Fraction, target: Fraction) -> tuple[Fraction, ...]:
    """The sparsities after each round, the last of them the target.

    A geometric sparsity can have more digits than a number in a YAML file holds, so a target is
    reached where the two have the same nearest double.

    Raises:
        BadInput: share or target is outside (0, 1), or no round ends at the target.
    """
    if not (0 < share < 1 and 0 < target < 1):
        raise BadInput(f"share {float(share)} and target {float(target)} must be between 0 and 1")
    reached = [after_round(schedule, share, 1)]
    while float(reached[-1]) < float(target):
        reached.append(after_round(schedule, share, len(reached) + 1))
    if float(reached[-1]) != float(target):
        around = [str(float(sparsity)) for sparsity in reached[-2:] if sparsity < 1]
        raise BadInput(
            f"{float(target)} is never reached by a {schedule} schedule of {float(share)} a round; "
            f"write {' or '.join(around)}"
        )
    return tuple(reached)


def pruned_count(sparsity: Fraction, weights: int) -> int:
    """How many of so many prunable weights are pruned: rounded exactly, half to even."""
    return round(sparsity * weights)


def label(sparsity: Fraction) -> str:
    """A sparsity as file names have it: percent, all its decimals, no trailing zero ("70").

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
    """The sparsity that `label` wrote."""
    return Fraction(label) / 100
