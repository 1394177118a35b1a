"""Tests of claims on the intervals in tables, as earlier versions judged claims."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from tickets.tables.cells import ENOUGH_SEEDS
from tickets.tables.verdicts import Evidence, Part, Verdict, student


def undecided(proposition: str, what: str) -> Part:
    """A proposition that the study cannot decide because it lacks `what`."""
    return Part(proposition=proposition, verdict=Verdict.UNDECIDED, test=f"the study lacks {what}")


def exceeds(
    bound: float, estimate: float, interval: tuple[float, float], *, n: int, where: str
) -> Evidence:
    """Evidence that a difference of means over `n` seeds exceeds `bound`, from its 95 % interval.

    With few seeds the bootstrap is too narrow: it lacks the factor n / (n - 1) of the sample
    variance, and ends at the quantiles of a normal distribution. Student's test corrects both. One
    seed shows no variation between trainings, and decides nothing.
    """
    low, high = interval
    words = f"{estimate:+.2f} [{low:+.2f}, {high:+.2f}] points, {where}"
    if n < ENOUGH_SEEDS:
        words += f"; few seeds: {n}"
    if n == 1:
        return Evidence(holds=1, contrary=1, words=words)
    error = (high - low) / 2 / float(stats.norm.ppf(0.975)) * math.sqrt(n / (n - 1))
    return student(estimate - bound, error, n - 1, words)


def mean_exceeds(bound: float, differences: Sequence[float], *, where: str) -> Evidence:
    """Evidence that the mean of `differences` (points) exceeds `bound`: Student's test."""
    mean = float(np.mean(differences))
    freedom = len(differences) - 1
    if freedom == 0:
        return Evidence(holds=1, contrary=1, words=f"{mean:+.2f} points, {where}")
    error = float(stats.sem(differences))
    half = float(stats.t.ppf(0.975, freedom)) * error
    words = f"{mean:+.2f} [{mean - half:+.2f}, {mean + half:+.2f}] points, {where}"
    return student(mean - bound, error, freedom, words)
