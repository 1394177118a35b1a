"""The paper's claims as earlier versions judged them, on a study's tables alone.

A claim is a list of propositions, and holds if all of them do. Comparisons are in points, whatever
the task's metric. Propositions about tasks in general are tested over tasks, those about one task
over its seeds and examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Any

import pandas as pd

from tickets.tables.cells import NOTABLE, SPARSITY_TOLERANCE
from tickets.tables.claims import (
    HURT_BY_REWINDING,
    PROPOSITIONS,
    RIVALS,
    SPARSITIES,
    STANDARD_BETTER,
    STANDARD_WORSE,
    Claim,
    Tables,
)
from tickets.tables.earlier.verdicts import exceeds, mean_exceeds, undecided
from tickets.tables.verdicts import (
    Evidence,
    Part,
    Verdict,
    every,
    greater,
    increasing,
    judge,
    negate,
    some,
)


def claims(tables: Tables) -> list[Claim]:
    """The eight claims in the order of the paper."""
    judges = (
        *(_matching, _beat_rivals, _rewinding, _standard),
        *(_universal, _size, _later_weights, _oneshot),
    )
    return [
        Claim(number=number, proposition=proposition, parts=list(parts(tables)))
        for number, (proposition, parts) in enumerate(zip(PROPOSITIONS, judges, strict=True), 1)
    ]


def _matching(tables: Tables) -> Iterator[Part]:
    """By the paper's rule, a ticket may lose one standard deviation of the full model's scores."""
    sweep = tables.sparsity_sweep
    low, high = SPARSITIES
    rows = sweep[
        (sweep["finder"] == "imp")
        & sweep["sparsity"].between(low - SPARSITY_TOLERANCE, high + SPARSITY_TOLERANCE)
    ]
    if rows.empty:
        yield undecided("they exist", "IMP masks of 40 to 90 % sparsity")
        return
    sparsity = rows["sparsity"].min()  # chosen beforehand: the best of several would flatter
    least = rows[rows["sparsity"] == sparsity]
    spare = least["delta_full"] + least["full_std"].fillna(0)
    yield judge(
        f"at {_percent(sparsity)} tasks lose less than one standard deviation",
        greater(list(spare), "tasks"),
        parts=2,
    )
    yield _judge_every_task(rows)


def _judge_every_task(sweep: pd.DataFrame) -> Part:
    """Judge that every task has a ticket by the paper's rule, which is no test.

    It is refuted if a task significantly loses more at every sparsity, and undecided if a task has
    none but might.
    """
    has_ticket = sweep.groupby("task", sort=False)["wins"].any()
    matching = [
        some(
            [
                _exceeds(-margin, row, "delta_full", f"{task} at {_percent(row['sparsity'])}")
                for row in rows.to_dict("records")
                for margin in [0.0 if row["n"] == 1 else row["full_std"]]
            ]
        )
        for task, rows in sweep.groupby("task", sort=False)
    ]
    proposition = "every task has one by the paper's rule"
    count = f"{has_ticket.sum()} of {len(has_ticket)} tasks"
    if has_ticket.all():
        return Part(proposition=proposition, verdict=Verdict.HOLDS, test=count)
    part = judge(proposition, every(matching), parts=2)
    verdict = Verdict.FAILS if part.verdict is Verdict.FAILS else Verdict.UNDECIDED
    return Part(proposition=proposition, verdict=verdict, test=f"{count}; {part.test}")


def _beat_rivals(tables: Tables) -> Iterator[Part]:
    rows = tables.winning_tickets
    winning = rows[(rows["criterion"] == "within_std") & (rows["sparsity"] > 0)]
    means = winning.pivot(index="task", columns="network", values="mean")
    for network, name in RIVALS.items():
        proposition = f"they beat {name}"
        if {"imp", network} <= set(means.columns):
            differences = (means["imp"] - means[network]).dropna()
            yield judge(proposition, greater(list(differences), "tasks"), parts=len(RIVALS))
        else:
            yield undecided(proposition, f"winning tickets beside {network}")


def _rewinding(tables: Tables) -> Iterator[Part]:
    rows = _at_winning_sparsity(tables, "imp")
    rewound = [row for row in rows.to_dict("records") if row["rewind"] > 0]
    parts = 1 + len(HURT_BY_REWINDING)

    def above(bound: float, task: str | None = None) -> list[Evidence]:
        return [
            _exceeds(bound, row, "delta_rewind_0", f"{row['task']} rewound to {row['rewind']:g} %")
            for row in rewound
            if task in (None, row["task"])
        ]

    proposition = f"it helps no task by more than {NOTABLE:g} point"
    if rewound:
        yield judge(proposition, every([negate(each) for each in above(NOTABLE)]), parts=parts)
    else:
        yield undecided(proposition, "winning tickets rewound to later weights")
    for task in HURT_BY_REWINDING:
        if losses := [negate(each) for each in above(0, task)]:
            yield judge(f"it hurts {task}", some(losses), parts=parts)
        else:
            yield undecided(f"it hurts {task}", f"{task} rewound at its winning sparsity")


def _standard(tables: Tables) -> Iterator[Part]:
    rows = _at_winning_sparsity(tables, "standard").to_dict("records")
    by_task = {row["task"]: row for row in rows}
    tasks = (*STANDARD_BETTER, *STANDARD_WORSE)
    for task in tasks:
        better = task in STANDARD_BETTER
        proposition = f"{'better' if better else 'worse'} on {task}"
        if task in by_task:
            row = by_task[task]
            gain = _exceeds(0, row, "delta_rewind_0", f"at {_percent(row['sparsity'])}")
            yield judge(proposition, gain if better else negate(gain), parts=len(tasks))
        else:
            yield undecided(proposition, f"standard pruning of {task} at its winning sparsity")


def _universal(tables: Tables) -> Iterator[Part]:
    """As the numbers beside Figure 2: a mask transfers if it does as well as the target's own."""
    gains = _by_pair(tables, "delta_same_task")
    tasks, at = _tasks(tables), _transferred_at(tables)
    parts = 1 + len(tables.mlm_tasks)
    for source in tables.mlm_tasks:
        over_own = [gains[source, target] for target in tasks if target != source]
        proposition = f"the mask of {source} does as well as targets' own {at}"
        yield _over_targets(proposition, over_own, parts=parts)
    if not tables.mlm_tasks:
        yield undecided("the MLM mask does as well as targets' own", "an MLM task")
    others = _tasks_but_mlm(tables)
    losses = [[-gains[source, target] for source in others if source != target] for target in tasks]
    proposition = f"other tasks' masks do worse than targets' own {at}"
    if means := [mean(each) for each in losses if each]:
        yield judge(proposition, greater(means, "tasks (mean over sources)"), parts=parts)
    else:
        yield undecided(proposition, "a task but MLM to transfer from")


def _size(tables: Tables) -> Iterator[Part]:
    rows = tables.transferability
    subset_of = rows["subset_of"]
    families = {"tasks": rows[subset_of.isna()]} | {
        f"parts of {parent}": rows[(rows["source"] == parent) | (subset_of == parent)]
        for parent in subset_of.dropna().unique()
    }
    for over, family in families.items():
        rising = increasing(list(family["train_examples"]), list(family["mean"]), over)
        yield judge(f"among {over}", rising, parts=len(families))


def _later_weights(tables: Tables) -> Iterator[Part]:
    gains = _gains(tables)
    parts = 1 + len(tables.mlm_tasks)
    for task in tables.mlm_tasks:
        proposition = f"{task}'s later weights are not better by more than {NOTABLE:g} point"
        if own := [each for source, each in gains if source == task]:
            notable = [mean_exceeds(NOTABLE, gain, where=where) for gain, where in own]
            yield judge(proposition, every([negate(each) for each in notable]), parts=parts)
        else:
            yield undecided(proposition, f"transfer with later weights of {task}")
    if not tables.mlm_tasks:
        yield undecided("MLM's later weights are not notably better", "an MLM task")
    proposition = "some other task's are better"
    if others := [each for source, each in gains if source not in tables.mlm_tasks]:
        better = [mean_exceeds(0, gain, where=where) for gain, where in others]
        yield judge(proposition, some(better), parts=parts)
    else:
        yield undecided(proposition, "transfer with later weights of a task but MLM")


def _gains(tables: Tables) -> list[tuple[str, tuple[list[float], str]]]:
    """For each source's later weights: the source, their gains over theta_0 on the other targets
    (points), and a description.
    """
    on_theta_0 = _by_pair(tables, "delta_full")
    by_weights: dict[tuple[str, str], list[float]] = {}
    for row in tables.transfer_variants.to_dict("records"):
        source, target = row["source"], row["target"]
        if row["variant"] == "weights" and source != target:
            trained = row["weights"] == "trained"
            when = "trained to the end" if trained else f"after {row['rewind']:g} % of training"
            gain = row["delta_full"] - on_theta_0[source, target]
            by_weights.setdefault((source, when), []).append(gain)
    return [
        (source, (gains, f"{source} {when}, mean over {len(gains)} other tasks"))
        for (source, when), gains in by_weights.items()
    ]


def _oneshot(tables: Tables) -> Iterator[Part]:
    deltas = _by_pair(tables, "delta_full")
    tasks, at = _tasks(tables), _transferred_at(tables)
    for source in (*_tasks_but_mlm(tables), *tables.mlm_tasks):
        worse = source in tables.mlm_tasks
        sign = -1 if worse else 1
        differences = [
            sign * (deltas["oneshot", target] - deltas[source, target])
            for target in tasks
            if target != source
        ]
        proposition = f"{'worse' if worse else 'better'} than the mask of {source} {at}"
        yield _over_targets(proposition, differences, parts=len(tasks))
    if not tables.mlm_tasks:
        yield undecided("worse than the MLM mask", "an MLM task")


def _exceeds(bound: float, row: dict[Any, Any], column: str, where: str) -> Evidence:
    """Evidence that a row's difference exceeds `bound`, from its interval."""
    return exceeds(bound, row[column], (row["low"], row["high"]), n=row["n"], where=where)


def _over_targets(proposition: str, differences: Sequence[float], *, parts: int) -> Part:
    if not differences:
        return undecided(proposition, "another task to transfer to")
    return judge(proposition, greater(differences, "other tasks"), parts=parts)


def _at_winning_sparsity(tables: Tables, method: str) -> pd.DataFrame:
    rows = tables.rewinding
    return rows[(rows["method"] == method) & rows["winning"].astype(bool)]


def _by_pair(tables: Tables, column: str) -> dict[tuple[str, str], float]:
    """A column of transfer.csv by source and target."""
    rows = tables.transfer
    return {
        (str(source), str(target)): float(value)
        for source, target, value in zip(rows["source"], rows["target"], rows[column], strict=True)
    }


def _tasks(tables: Tables) -> list[str]:
    return [str(task) for task in tables.transfer["target"].unique()]


def _tasks_but_mlm(tables: Tables) -> list[str]:
    return [task for task in _tasks(tables) if task not in tables.mlm_tasks]


def _transferred_at(tables: Tables) -> str:
    return f"at {_percent(tables.transfer['sparsity'].iloc[0])}"


def _percent(sparsity: float) -> str:
    return f"{100 * sparsity:.4g} %"
