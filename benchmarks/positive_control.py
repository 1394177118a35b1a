"""Do the tests of claims confirm what the paper shows, and nothing else? On its published numbers.

Exit status: 0 yes, 1 no.

The numbers of Table 2 and Figure 2 are judged as a study's would be; each claim that they can
decide has to hold. Then the same numbers with what a claim compares exchanged, on which it must not
hold. Published means have no seeds, so that all tests are over tasks. Claims whose numbers were
published as curves only are named, and count neither way.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from tickets.design import sizes
from tickets.tables import published
from tickets.tables.additive_fit import source_means
from tickets.tables.claims import Claim, Tables, claims
from tickets.tables.published import DELTA
from tickets.tables.verdicts import Verdict
from tickets.tables.versus_paper import FIGURE2_SPARSITY, RUNS, SOURCES

DECIDED = (1, 2, 5, 6, 8)
"""The claims that Table 2 and Figure 2 decide."""

NETWORKS = {
    "full": "full_mean",
    "imp": "imp_theta0_mean",
    "random": "random_pruning_theta0_mean",
    "imp_reinit": "imp_random_init_mean",
    "imp_shuffled_within": "imp_shuffled_theta0_mean",
}
"""The rows of Table 2 by the names of networks in winning_tickets.csv."""

MLM, ONESHOT = "mlm", "oneshot"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Published numbers.

    table2: a row a quantity, a column a task. figure2: a row a source, a column a target, in
    points. sizes: training examples of each task.
    """

    table2: pd.DataFrame
    figure2: pd.DataFrame
    sizes: Mapping[str, float]


def read() -> Numbers:
    """The paper's. Of the training sets only the order counts."""
    values = pd.DataFrame(published.values(published.FOLDER)).replace({"source": SOURCES})
    figure2 = values[values["item"] == DELTA].pivot(
        index="source", columns="target", values="value"
    )
    table2 = values[values["table"] == "table2"].pivot(index="item", columns="task", values="value")
    known = yaml.safe_load(sizes.TABLE.read_text(encoding="utf-8"))
    rows = known["nyu-mll/glue"] | {"squad": known["rajpurkar/squad"]["plain_text"]}
    examples = {task: rows[task]["rows"]["train"] for task in table2 if task != MLM}
    return Numbers(table2=table2, figure2=figure2, sizes={**examples, MLM: math.inf})


def tables(numbers: Numbers) -> Tables:
    """A study's tables with these numbers, a mean standing for one seed's score."""
    none = pd.DataFrame()
    return Tables(
        winning_tickets=_winning_tickets(numbers.table2),
        sparsity_sweep=_sparsity_sweep(numbers.table2),
        rewinding=none.reindex(columns=["task", "method", "rewind", "winning", "seed", "score"]),
        transfer=_transfer(numbers.figure2),
        transfer_variants=none.reindex(
            columns=["variant", "source", "target", "weights", "rewind", "seed", "score"]
        ),
        transferability=_transferability(numbers),
        mlm_tasks=[MLM],
    )


def _winning_tickets(table2: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "task": task,
                "criterion": "within_std",
                "sparsity": row["sparsity_percent"] / 100,
                "network": network,
                "seed": 0,
                "score": row[item],
            }
            for task, row in table2.items()
            for network, item in NETWORKS.items()
        ]
    )


def _sparsity_sweep(table2: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "task": task,
                "finder": finder,
                "sparsity": sparsity,
                "full_std": row["full_std"],
                "seed": 0,
                "score": row[item],
            }
            for task, row in table2.items()
            for finder, sparsity, item in (
                ("dense", 0.0, "full_mean"),
                ("imp", row["sparsity_percent"] / 100, "imp_theta0_mean"),
            )
        ]
    )


def _transfer(figure2: pd.DataFrame) -> pd.DataFrame:
    """Scores less the full model's: only differences on one target are judged."""
    rows = figure2.rename_axis(columns="target").stack().rename("score").reset_index()
    return rows.assign(sparsity=FIGURE2_SPARSITY, seed=0)


def _transferability(numbers: Numbers) -> pd.DataFrame:
    tasks = list(numbers.figure2.columns)
    pairs = [(source, target) for source in tasks for target in tasks if source != target]
    means = source_means(pairs) @ [numbers.figure2.loc[pair] for pair in pairs]
    return pd.DataFrame(
        {
            "source": tasks,
            "subset_of": None,
            "train_examples": [numbers.sizes[task] for task in tasks],
            "mean": means,
        }
    )


def exchange(frame: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """The rows `one` and `other` in each other's place."""
    names = {one: other, other: one}
    return frame.rename(index=names).loc[frame.index]


def worst(numbers: Numbers) -> str:
    """The task whose mask transfers worst."""
    found = _transferability(numbers)
    return str(found.loc[found["mean"].idxmin(), "source"])


def _random_for_tickets(numbers: Numbers) -> Numbers:
    names = (NETWORKS["imp"], NETWORKS["random"])
    return replace(numbers, table2=exchange(numbers.table2, *names))


def _smallest_largest(numbers: Numbers) -> Numbers:
    return replace(numbers, sizes={task: -size for task, size in numbers.sizes.items()})


def _rows_of_figure_2(one: str, other: str) -> Callable[[Numbers], Numbers]:
    return lambda numbers: replace(numbers, figure2=exchange(numbers.figure2, one, other))


def _worst_for_own(numbers: Numbers) -> Numbers:
    """On each target, its own mask's number and the lowest of another task's exchanged."""
    figure2 = numbers.figure2.copy()
    for target, column in numbers.figure2.items():
        lowest = column.drop([ONESHOT, MLM, target], errors="ignore").idxmin()
        figure2.loc[[target, lowest], target] = column[[lowest, target]].to_numpy()
    return replace(numbers, figure2=figure2)


def reversals(numbers: Numbers) -> list[tuple[str, tuple[int, ...], Callable[[Numbers], Numbers]]]:
    """What is exchanged, the claims that must not hold then, and how."""
    last = worst(numbers)
    return [
        ("tickets with random pruning", (1, 2), _random_for_tickets),
        (f"the mask of MLM with that of {last}", (5, 8), _rows_of_figure_2(MLM, last)),
        ("targets' own masks with the worst other task's", (5,), _worst_for_own),
        ("large training sets with small ones", (6,), _smallest_largest),
        (f"one-shot with the mask of {last}", (8,), _rows_of_figure_2(ONESHOT, last)),
        ("one-shot with the mask of MLM", (8,), _rows_of_figure_2(ONESHOT, MLM)),
    ]


def faults(numbers: Numbers) -> list[str]:
    """Each verdict that is not the paper's, and each claim that holds on exchanged numbers."""
    found = [
        f"claim {claim.number} should hold: {claim.verdict}"
        for claim in claims(tables(numbers))
        if claim.number in DECIDED and claim.verdict is not Verdict.HOLDS
    ]
    for what, against, change in reversals(numbers):
        judged = claims(tables(change(numbers)))
        found += [
            f"claim {number} should not hold with {what} exchanged"
            for number in against
            if judged[number - 1].verdict is Verdict.HOLDS
        ]
    return found


def describe(judged: list[Claim]) -> list[str]:
    """Each claim with its verdict and tests; those that cannot be decided by name alone."""
    lines: list[str] = []
    for claim in judged:
        if claim.number in DECIDED:
            lines.append(f"{claim.number}. {claim.proposition} {claim.verdict.upper()}")
            lines += [
                f"   - {part.proposition}: {part.verdict}; {part.test}" for part in claim.parts
            ]
        else:
            lines.append(f"{claim.number}. {claim.proposition} (no published numbers, not counted)")
    return lines


def main() -> int:
    """Print the verdicts on the published numbers and on their reverse; return the exit status."""
    numbers = read()
    print(f"The paper's numbers: Table 2 ({RUNS} runs) and Figure 2, without seeds.\n")
    print("\n".join(describe(claims(tables(numbers)))))
    print("\nWith exchanged numbers:")
    for what, against, change in reversals(numbers):
        judged = claims(tables(change(numbers)))
        verdicts = ", ".join(f"claim {number} {judged[number - 1].verdict}" for number in against)
        print(f"   {what}: {verdicts}")
    found = faults(numbers)
    print("", *(found or ["Verdicts are the paper's, and no exchanged numbers confirm."]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
