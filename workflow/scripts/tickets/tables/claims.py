"""The paper's claims, judged on a study's scores.

A claim is a list of propositions, and holds if all of them do. Differences are in points, whatever
the task's metric; each has one row a seed and one column a task or source, and is turned so that a
positive one speaks for the proposition. docs/report.md says which, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from tickets.tables.cells import SPARSITY_TOLERANCE, tolerance
from tickets.tables.verdicts import (
    Evidence,
    Part,
    Verdict,
    all_hold,
    increasing,
    judge,
    lacking,
    on_average,
    on_each,
    some,
)
from tickets.terminal import percent

SPARSITIES = (0.4, 0.9)
RIVALS = {
    "random": "random pruning",
    "imp_reinit": "random re-initialisation",
    "imp_shuffled_within": "shuffled theta_0",
}
"""The baselines of winning tickets, by their names in winning_tickets.csv."""

HURT_BY_REWINDING = ("stsb", "rte")
STANDARD_BETTER = ("qqp", "qnli", "mrpc", "mlm")
STANDARD_WORSE = ("stsb", "wnli", "rte", "sst2")

PROPOSITIONS = (
    "Matching subnetworks exist at 40 to 90 % sparsity at theta_0.",
    "They beat random pruning, re-initialisation and shuffling.",
    "Rewinding to later weights does not notably help, and hurts STS-B and RTE.",
    "Standard pruning, without rewinding, is better on QQP, QNLI, MRPC and MLM, and worse on "
    "STS-B, WNLI, RTE and SST-2.",
    "The MLM mask transfers universally, other masks in a limited fashion.",
    "Sources with larger training sets transfer better.",
    "Later weights of the source do not transfer better for MLM, slightly for some other tasks.",
    "One-shot pruning of theta_0 is better than any source but MLM, and worse than MLM.",
)

Finding = tuple[str, Evidence]
"""A proposition, and the evidence for it."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """A study's tables, by the names of their files, and its masked language modelling tasks.

    For `claims` each but transferability has its rows once a seed, with the columns `seed` and
    `score` (`by_seed`); claims of earlier versions take tables as they are in their files. One that
    the study does without has no columns.
    """

    winning_tickets: pd.DataFrame = field(default_factory=pd.DataFrame)
    sparsity_sweep: pd.DataFrame = field(default_factory=pd.DataFrame)
    rewinding: pd.DataFrame = field(default_factory=pd.DataFrame)
    transfer: pd.DataFrame = field(default_factory=pd.DataFrame)
    transfer_variants: pd.DataFrame = field(default_factory=pd.DataFrame)
    transferability: pd.DataFrame = field(default_factory=pd.DataFrame)
    mlm_tasks: Sequence[str]

    def lacks(self, *names: str) -> list[str]:
        """Those of these tables that the study does without."""
        return [name for name in names if getattr(self, name).columns.empty]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of the paper, and its parts with the study's verdicts.

    obstacles: why the study cannot decide it, whatever these say.
    """

    number: int
    proposition: str
    parts: Sequence[Part]
    obstacles: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether all parts hold; undecided if there are obstacles."""
        if self.obstacles:
            return Verdict.UNDECIDED
        return all_hold(part.verdict for part in self.parts)


def claims(tables: Tables) -> list[Claim]:
    """The eight claims in the order of the paper; one whose tables are not there is undecided."""
    judges: dict[Callable[[Tables], Iterator[Finding]], tuple[str, ...]] = {
        _matching: ("sparsity_sweep",),
        _beat_rivals: ("winning_tickets",),
        _rewinding: ("sparsity_sweep", "rewinding"),
        _standard: ("rewinding",),
        _universal: ("sparsity_sweep", "transfer"),
        _size: ("transferability",),
        _later_weights: ("sparsity_sweep", "transfer", "transfer_variants"),
        _oneshot: ("transfer",),
    }
    found = [
        _lacking_tables(lacks) if (lacks := tables.lacks(*names)) else list(findings(tables))
        for findings, names in judges.items()
    ]
    return [
        Claim(
            number=number,
            proposition=proposition,
            parts=[judge(*finding, parts=len(findings)) for finding in findings],
        )
        for number, (proposition, findings) in enumerate(zip(PROPOSITIONS, found, strict=True), 1)
    ]


def _lacking_tables(names: Sequence[str]) -> list[Finding]:
    """The finding on a claim whose tables the study does without."""
    return [("all of it", lacking(" and ".join(f"{name}.csv" for name in names)))]


def margins(sweep: pd.DataFrame) -> dict[str, float]:
    """Points by task that do not matter."""
    std = sweep.groupby("task")["full_std"].first()
    return {str(task): tolerance(value) for task, value in std.items()}


def _matching(tables: Tables) -> Iterator[Finding]:
    sweep, margin = tables.sparsity_sweep, margins(tables.sparsity_sweep)
    low, high = SPARSITIES
    imp = sweep[
        (sweep["finder"] == "imp")
        & sweep["sparsity"].between(low - SPARSITY_TOLERANCE, high + SPARSITY_TOLERANCE)
    ]
    full = _by_seed(sweep[sweep["finder"] == "dense"], "task")
    lowest: dict[str, pd.Series[float]] = {}
    best: dict[str, pd.Series[float]] = {}
    for task, rows in imp.groupby("task", sort=False):
        scores = _by_seed(rows, "sparsity")
        to_spare = scores.sub(full[task], axis="index") + margin[str(task)]
        lowest[str(task)] = to_spare.iloc[:, 0]
        best[str(task)] = to_spare[to_spare.mean().idxmax()]
    if not lowest:
        yield "they exist", lacking("IMP masks of 40 to 90 % sparsity")
        return
    yield (
        "tickets of the lowest such sparsity are as good as the full model",
        on_average(pd.DataFrame(lowest), "tasks"),
    )
    yield "every task has one as good as the full model", on_each(pd.DataFrame(best), "tasks")


def _beat_rivals(tables: Tables) -> Iterator[Finding]:
    rows = tables.winning_tickets
    winning = rows[(rows["criterion"] == "within_std") & (rows["sparsity"] > 0)]
    networks = {name: _by_seed(of, "task") for name, of in winning.groupby("network")}
    for network, name in RIVALS.items():
        if {"imp", network} <= set(networks):
            ahead = _difference(networks["imp"], networks[network])
            yield f"they beat {name}", on_average(ahead, "tasks")
            yield f"they beat {name} on every task", on_each(ahead, "tasks")
        else:
            yield f"they beat {name}", lacking(f"winning tickets beside {network}")


def _rewinding(tables: Tables) -> Iterator[Finding]:
    margin = margins(tables.sparsity_sweep)
    rows = _at_winning_sparsity(tables, "imp")
    from_theta_0 = _by_seed(rows[rows["rewind"] == 0], "task")
    gains = {
        point: _difference(_by_seed(later, "task"), from_theta_0)
        for point, later in rows[rows["rewind"] > 0].groupby("rewind")
    }
    for point, gain in gains.items():
        others = [task for task in gain if task not in HURT_BY_REWINDING]
        proposition = f"to {point:g} % it does not notably help"
        if others:
            yield proposition, on_average(_within(margin, gain[others]), "other tasks")
        else:
            yield proposition, lacking("another task than STS-B and RTE")
    if not gains:
        yield "it does not notably help", lacking("winning tickets rewound to later weights")
    mean = _mean(list(gains.values()))
    if gains:
        yield "it notably helps no task", on_each(_within(margin, mean), "tasks (mean over points)")
    for task in HURT_BY_REWINDING:
        if task in mean:
            loss = on_average(-mean[[task]], "tasks (mean over points)")
        else:
            loss = lacking(f"{task} rewound at its winning sparsity")
        yield f"it hurts {task}", loss


def _standard(tables: Tables) -> Iterator[Finding]:
    rows = _at_winning_sparsity(tables, "imp")
    from_theta_0 = _by_seed(rows[rows["rewind"] == 0], "task")
    gain = _difference(_by_seed(_at_winning_sparsity(tables, "standard"), "task"), from_theta_0)
    for word, tasks, sign in (("better", STANDARD_BETTER, 1), ("worse", STANDARD_WORSE, -1)):
        names = ", ".join(tasks)
        if lacks := [task for task in tasks if task not in gain]:
            what = f"standard pruning of {', '.join(lacks)} at the winning sparsity"
            yield f"{word} on {names}", lacking(what)
        else:
            yield f"{word} on {names}", on_average(sign * gain[list(tasks)], "tasks")
            yield f"{word} on each of them", on_each(sign * gain[list(tasks)], "tasks")


def _universal(tables: Tables) -> Iterator[Finding]:
    """As the numbers beside Figure 2, a mask is compared with the target's own."""
    margin, scores = margins(tables.sparsity_sweep), _by_pair(tables.transfer)
    tasks, at = _tasks(tables), _transferred_at(tables)
    over_own = {
        target: pd.DataFrame({source: scores[source, target] for source in tasks}).sub(
            scores[target, target], axis="index"
        )
        for target in tasks
    }
    for source in tables.mlm_tasks:
        spare = {target: over_own[target][source] + margin[target] for target in tasks}
        del spare[source]
        proposition = f"the mask of {source} is as good as targets' own {at}"
        if spare:
            yield proposition, on_average(pd.DataFrame(spare), "other tasks")
            yield f"{proposition} on every target", on_each(pd.DataFrame(spare), "other tasks")
        else:
            yield proposition, lacking("another task to transfer to")
    if not tables.mlm_tasks:
        yield "the MLM mask is as good as targets' own", lacking("an MLM task")
    others = {
        target: over_own[target][sources].mean(axis="columns")
        for target in tasks
        if (sources := [each for each in _tasks_but_mlm(tables) if each != target])
    }
    proposition = f"other tasks' masks are worse than targets' own {at}"
    if others:
        yield proposition, on_average(-pd.DataFrame(others), "targets (mean over sources)")
    else:
        yield proposition, lacking("a task but MLM to transfer from")


def _size(tables: Tables) -> Iterator[Finding]:
    rows = tables.transferability
    subset_of = rows["subset_of"]
    families = {"tasks": rows[subset_of.isna()]} | {
        f"parts of {parent}": rows[(rows["source"] == parent) | (subset_of == parent)]
        for parent in subset_of.dropna().unique()
    }
    for over, family in families.items():
        rising = increasing(list(family["train_examples"]), list(family["mean"]), over)
        yield f"among {over}", rising


def _later_weights(tables: Tables) -> Iterator[Finding]:
    margin, gains = margins(tables.sparsity_sweep), _gains(tables)
    for task in tables.mlm_tasks:
        for when, gain in gains.get(task, {}).items():
            proposition = f"weights of {task} {when} are not notably better"
            yield proposition, on_average(_within(margin, gain), "other tasks")
        if task not in gains:
            what = f"transfer with later weights of {task}"
            yield f"later weights of {task} are not notably better", lacking(what)
    if not tables.mlm_tasks:
        yield "MLM's later weights are not notably better", lacking("an MLM task")
    better = [
        on_average(_mean(list(of.values())), f"other tasks, for {source} (mean over points)")
        for source, of in gains.items()
        if source not in tables.mlm_tasks
    ]
    if not better:
        better = [lacking("transfer with later weights of a task but MLM")]
    yield "some other task's are better", some(better)


def _gains(tables: Tables) -> dict[str, dict[str, pd.DataFrame]]:
    """By source and by when its weights were taken: what they gain over theta_0 on other tasks."""
    rows = tables.transfer_variants
    later = rows[(rows["variant"] == "weights") & (rows["source"] != rows["target"])]
    gains: dict[str, dict[str, pd.DataFrame]] = {}
    keys = ["source", "weights", "rewind"]
    for (source, weights, rewind), of in later.groupby(keys, sort=False, dropna=False):
        when = "at the end" if weights == "trained" else f"after {rewind:g} % of training"
        theta_0 = tables.transfer[tables.transfer["source"] == source]
        gain = _difference(_by_seed(of, "target"), _by_seed(theta_0, "target"))
        gains.setdefault(str(source), {})[when] = gain
    return gains


def _oneshot(tables: Tables) -> Iterator[Finding]:
    scores = _by_pair(tables.transfer)
    tasks, at = _tasks(tables), _transferred_at(tables)

    def ahead_of(source: str) -> pd.DataFrame:
        """What one-shot gains over a source's mask on the other tasks."""
        targets = [target for target in tasks if target != source]
        return pd.DataFrame({t: scores["oneshot", t] - scores[source, t] for t in targets})

    ahead = {source: ahead_of(source) for source in tasks}
    others = {source: ahead[source] for source in _tasks_but_mlm(tables) if len(tasks) > 1}
    better = f"better than other tasks' masks {at}"
    if others:
        mean = _mean(list(others.values()))
        yield better, on_average(mean, "targets (mean over sources)")
        means = {source: gain.mean(axis="columns") for source, gain in others.items()}
        yield "better than each of them", on_each(pd.DataFrame(means), "sources")
    else:
        yield better, lacking("a task but MLM to transfer from")
    for source in tables.mlm_tasks:
        proposition = f"worse than the mask of {source} {at}"
        if ahead[source].empty:
            yield proposition, lacking("another task to transfer to")
        else:
            yield proposition, on_average(-ahead[source], "other tasks")
    if not tables.mlm_tasks:
        yield "worse than the MLM mask", lacking("an MLM task")


def _by_seed(rows: pd.DataFrame, columns: str) -> pd.DataFrame:
    """Scores, a row a seed and a column a value of `columns`."""
    return rows.pivot(index="seed", columns=columns, values="score")


def _by_pair(transfer: pd.DataFrame) -> dict[tuple[str, str], pd.Series[float]]:
    """Scores by seed, by source and target."""
    return {
        (str(source), str(target)): rows.set_index("seed")["score"]
        for (source, target), rows in transfer.groupby(["source", "target"])
    }


def _difference(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Their difference, in the columns and seeds that both have."""
    columns = [column for column in one if column in other]
    return (one[columns] - other[columns]).dropna()


def _mean(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The mean of each column over the frames that have it, by seed."""
    return pd.concat(frames).groupby(level=0).mean() if frames else pd.DataFrame()


def _within(margin: dict[str, float], gain: pd.DataFrame) -> pd.DataFrame:
    """By how much gains stay within each task's margin."""
    return pd.Series({task: margin[str(task)] for task in gain}) - gain


def _at_winning_sparsity(tables: Tables, method: str) -> pd.DataFrame:
    rows = tables.rewinding
    return rows[(rows["method"] == method) & rows["winning"].astype(bool)]


def _tasks(tables: Tables) -> list[str]:
    return [str(task) for task in tables.transfer["target"].unique()]


def _tasks_but_mlm(tables: Tables) -> list[str]:
    return [task for task in _tasks(tables) if task not in tables.mlm_tasks]


def _transferred_at(tables: Tables) -> str:
    return f"at {percent(tables.transfer['sparsity'].iloc[0])}"
