"""Verdicts on propositions: a proposition holds, does not hold, or is undecided by the data.

Every test is one-sided and done twice, for the proposition and for its contrary. If several tests
all have to agree, none is corrected for their number; if one suffices, its p value is multiplied by
their number (Bonferroni). docs/report.md says what is tested, and why so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from tickets.tables.cells import ENOUGH_SEEDS, rounded

ALPHA = 0.05
PERMUTATIONS = 10_000
"""The most permutations: if there are more, this many are drawn, always the same ones."""


class Verdict(StrEnum):
    """Whether a proposition holds."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The p values of a proposition and of its contrary, and a summary of the data behind them.

    counted: the proposition is no statistical one: it is so (`holds` 0), or not (1).
    """

    holds: float
    contrary: float
    words: str
    counted: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """One proposition of a claim, with its verdict and the test behind it."""

    proposition: str
    verdict: Verdict
    test: str


def judge(proposition: str, evidence: Evidence, *, parts: int = 1) -> Part:
    """Judge a proposition, one of the `parts` that all have to hold for a claim.

    It holds at 5 %. As any part may refute the claim, it is refuted at 5 % divided by their number.
    """
    verdict = Verdict.UNDECIDED
    if evidence.holds <= ALPHA:
        verdict = Verdict.HOLDS
    elif evidence.contrary * parts <= ALPHA:
        verdict = Verdict.FAILS
    p = f"p = {evidence.holds:.2g}, of the contrary {evidence.contrary:.2g}: "
    test = evidence.words if evidence.counted else p + evidence.words
    return Part(proposition=proposition, verdict=verdict, test=test)


def lacking(what: str) -> Evidence:
    """The evidence of a study that lacks what a proposition is about."""
    return Evidence(holds=1, contrary=1, words=f"the study lacks {what}", counted=True)


def all_hold(verdicts: Iterable[Verdict]) -> Verdict:
    """FAILS if any proposition fails, else UNDECIDED if any is undecided, else HOLDS."""
    distinct = set(verdicts)
    for verdict in (Verdict.FAILS, Verdict.UNDECIDED):
        if verdict in distinct:
            return verdict
    return Verdict.HOLDS


def negate(evidence: Evidence) -> Evidence:
    """The evidence for the contrary."""
    return replace(evidence, holds=evidence.contrary, contrary=evidence.holds)


def every(evidence: Sequence[Evidence]) -> Evidence:
    """Evidence that all propositions hold, with the words of the weakest, or of the one refuted."""
    weakest = max(evidence, key=lambda each: each.holds)
    refuted = min(evidence, key=lambda each: each.contrary)
    contrary = min(1.0, len(evidence) * refuted.contrary)
    decisive = refuted if contrary < weakest.holds else weakest
    return replace(decisive, holds=weakest.holds, contrary=contrary)


def some(evidence: Sequence[Evidence]) -> Evidence:
    """Evidence that at least one proposition holds."""
    return negate(every([negate(each) for each in evidence]))


def on_average(to_spare: pd.DataFrame, over: str) -> Evidence:
    """Evidence that differences (points; a row a seed, a column an item) are above zero on average.

    Student's test of each seed's mean over the items. Without several seeds the items are the
    sample. `over` names what they are.
    """
    if len(to_spare) == 1:
        return greater(list(to_spare.iloc[0]), over)
    by_seed = to_spare.mean(axis="columns")
    n = len(by_seed)
    mean, error = float(by_seed.mean()), float(stats.sem(by_seed))
    half = float(stats.t.ppf(0.975, n - 1)) * error
    words = f"{mean:+.2f} [{mean - half:+.2f}, {mean + half:+.2f}] points to spare over {n} seeds"
    words += f", so on {(to_spare.mean() > 0).sum()} of {to_spare.shape[1]} {over}"
    if n < ENOUGH_SEEDS:
        words += f", few seeds: {n}"
    return student(rounded(mean), error, n - 1, words)


def on_each(to_spare: pd.DataFrame, over: str) -> Evidence:
    """Whether the mean over seeds is above zero for every item, which is counted, not tested.

    The contrary is tested: that some item's is below zero, by Student's test over seeds.
    """
    n, means = len(to_spare), to_spare.mean().map(rounded)
    contrary = [
        1.0 if n == 1 else student(mean, float(stats.sem(values)), n - 1, "").contrary
        for mean, (_, values) in zip(means, to_spare.items(), strict=True)
    ]
    words = f"{(means > 0).sum()} of {len(means)} {over}"
    if (means <= 0).any():
        words += f", not {', '.join(map(str, means.index[means <= 0]))}"
    return Evidence(
        holds=0.0 if (means > 0).all() else 1.0,
        contrary=min(1.0, len(contrary) * min(contrary)),
        words=words,
        counted=True,
    )


def greater(differences: Sequence[float], over: str) -> Evidence:
    """Evidence that `differences` (points, one for each item that `over` names) are above zero.

    Wilcoxon's signed-rank test by permutation, exact with ties too; zeros are left out.
    """
    signed = np.array([each for each in map(rounded, differences) if each != 0])
    words = f"Wilcoxon's signed ranks, so on {np.sum(signed > 0)} of {len(differences)} {over}"
    words += f", median {np.median(differences):+.2f} points"
    if len(signed) < 2:
        return Evidence(holds=1, contrary=1, words=f"{words}; too few differ")
    ranks = np.sign(signed) * stats.rankdata(np.abs(signed))
    words += _too_few(0.5 ** len(signed), f"{len(signed)} {over}")
    return _permuted(ranks, np.ones(len(ranks)), "samples", words)


def increasing(x: Sequence[float], y: Sequence[float], over: str) -> Evidence:
    """Evidence that `y` rises with `x`: Spearman's rank correlation by permutation."""
    if len(set(x)) < 2 or len(set(y)) < 2:
        return Evidence(holds=1, contrary=1, words=f"too few {over} differ")
    rho = float(cast(Any, stats.spearmanr(x, y)).statistic)
    words = f"Spearman's rho {rho:+.2f} over {len(x)} {over}"
    words += _too_few(1 / math.factorial(len(x)), f"{len(x)} {over}")
    return _permuted(stats.rankdata(x), stats.rankdata(y), "pairings", words)


def student(difference: float, error: float, freedom: int, words: str) -> Evidence:
    """Evidence that a mean difference with this standard error is above zero."""
    if error == 0:
        return Evidence(holds=float(difference <= 0), contrary=float(difference >= 0), words=words)
    t = difference / error
    return Evidence(
        holds=float(stats.t.sf(t, freedom)), contrary=float(stats.t.cdf(t, freedom)), words=words
    )


def _too_few(least: float, of: str) -> str:
    return f"; {of} are too few, no p is below {least:.2g}" if least > ALPHA else ""


def _permuted(
    ranks: NDArray[np.float64],
    weights: NDArray[np.float64],
    how: Literal["samples", "pairings"],
    words: str,
) -> Evidence:
    """Test the sum of `ranks * weights` by permutation.

    The sum rises with Wilcoxon's statistic if signs are permuted (`samples`), and with Spearman's
    if the order is (`pairings`).
    """

    def products(permuted: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        return np.sum(permuted * weights, axis=axis)

    def p(alternative: Literal["greater", "less"]) -> float:
        test: Any = stats.permutation_test(
            (ranks,),
            products,
            permutation_type=how,
            vectorized=True,
            alternative=alternative,
            n_resamples=PERMUTATIONS,
            rng=np.random.default_rng(0),
        )
        return float(test.pvalue)

    return Evidence(holds=p("greater"), contrary=p("less"), words=words)
