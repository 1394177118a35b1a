"""A study's tables, made by hand, on which every claim of the paper holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tickets.tables.claims import Tables

TASKS = ["mnli", "qqp", "stsb", "wnli", "qnli", "mrpc", "rte", "sst2", "cola", "squad", "mlm"]
STANDARD = {task: 2.0 if task in ("qqp", "qnli", "mrpc", "mlm") else -3.0 for task in TASKS}
SIZES = {task: 1000 * 2**place for place, task in enumerate(reversed(TASKS))}


def sweep(delta: float = -0.1, width: float = 0.2, n: int = 5, **of: float) -> pd.DataFrame:
    """IMP at 20, 50 and 90 %, the same at all; the full model deviates by 1."""
    return pd.DataFrame(
        [
            {
                "task": task,
                "finder": finder,
                "sparsity": sparsity,
                "n": n,
                "full_std": 1.0,
                "delta_full": of.get(task, delta),
                "low": of.get(task, delta) - width,
                "high": of.get(task, delta) + width,
                "wins": of.get(task, delta) >= (-1 if n > 1 else 0),
            }
            for task in TASKS
            for finder, sparsities in {"dense": [0.0], "imp": [0.2, 0.5, 0.9]}.items()
            for sparsity in sparsities
        ]
    )


def tickets(over: Mapping[str, Sequence[float]] | None = None) -> pd.DataFrame:
    """Tickets at 90 % accuracy, and by how much they are better than each rival, task by task."""
    ahead = {name: [10.0] * 11 for name in ("random", "imp_reinit", "imp_shuffled_within")}
    networks = {"imp": [0.0] * 11} | ahead | dict(over or {})
    return pd.DataFrame(
        [
            {
                "task": task,
                "criterion": criterion,
                "sparsity": 0.5 if criterion == "within_std" else 0.4,
                "network": network,
                "mean": 90 - by,
                "std": 0.5,
                "n": 5,
            }
            for network, gains in networks.items()
            for task, by in zip(TASKS, gains, strict=False)
            for criterion in ("within_std", "strict")
        ]
    )


def rewinding(
    rewound: float = 0.0, standard: Mapping[str, float] = STANDARD, width: float = 0.2, n: int = 5
) -> pd.DataFrame:
    """At the winning sparsity: stsb and rte lose 2 points at 10 %, all others change as told."""
    rows: list[dict[str, Any]] = []
    for task in TASKS:
        hurt = -2.0 if task in ("stsb", "rte") else rewound
        for rewind, delta in {0: 0.0, 5: 0.0, 10: hurt}.items():
            rows.append({"method": "imp", "rewind": rewind, "delta_rewind_0": delta, "task": task})
        if task in standard:
            rows.append({"method": "standard", "delta_rewind_0": standard[task], "task": task})
    found = pd.DataFrame(rows).assign(sparsity=0.5, winning=True, n=n)
    found["low"] = found["delta_rewind_0"] - width
    found["high"] = found["delta_rewind_0"] + width
    elsewhere = found.assign(winning=False, sparsity=0.7, delta_rewind_0=-50, low=-51, high=-49)
    return pd.concat([found, elsewhere])


def transfer(mlm: float = -0.5, other: float = -4.0, oneshot: float = -2.0) -> pd.DataFrame:
    """Own masks lose 1 point, others as told; targets differ a little, so that nothing is tied."""
    losses = dict.fromkeys(TASKS, other) | {"mlm": mlm, "oneshot": oneshot, "random": -30.0}
    return pd.DataFrame(
        [
            {
                "source": source,
                "target": target,
                "sparsity": 0.7,
                "delta_full": -1.0 if source == target else loss * (1 + place / 100),
                "delta_same_task": 0.0 if source == target else loss * (1 + place / 100) + 1,
                "matches_same_task": source == target or loss * (1 + place / 100) + 1 >= 0,
            }
            for source, loss in losses.items()
            for place, target in enumerate(TASKS)
        ]
    )


def later(on: pd.DataFrame, **gains: float) -> pd.DataFrame:
    """By so much are a source's later weights better than theta_0; its own target by 50."""
    deltas = {(row["source"], row["target"]): row["delta_full"] for row in on.to_dict("records")}
    return pd.DataFrame(
        [
            {
                "variant": "weights",
                "finder": "standard" if weights == "trained" else "imp",
                "sparsity": 0.7,
                "source": source,
                "target": target,
                "weights": weights,
                "rewind": rewind,
                "delta_full": deltas[source, target]
                + (50 if source == target else gain + place / 100),
            }
            for source, gain in gains.items()
            for weights, rewind in (("theta_i", 10.0), ("theta_i", 50.0), ("trained", None))
            for place, target in enumerate(TASKS)
        ]
    )


def among(table: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """What a study of fewer tasks has of transfer.csv."""
    sources = [*tasks, "oneshot", "random"]
    return table[table["source"].isin(sources) & table["target"].isin(tasks)]


LATER = later(transfer(), mlm=0.1, squad=0.5)
NO_LATER = LATER.iloc[:0]


def sources(rise: float = 1.0, subsets: Sequence[tuple[str, int, float]] = ()) -> pd.DataFrame:
    """Transferability that rises, or falls, with the training set; parts of mnli besides."""
    rows = [(task, None, size, rise * place) for place, (task, size) in enumerate(SIZES.items())]
    rows += [(name, "mnli", size, mean) for name, size, mean in subsets]
    return pd.DataFrame(rows, columns=["source", "subset_of", "train_examples", "mean"])


def study(**other: Any) -> Tables:
    """A study on which every claim holds, but for what is given instead."""
    return Tables(
        **{
            "winning_tickets": tickets(),
            "sparsity_sweep": sweep(),
            "rewinding": rewinding(),
            "transfer": transfer(),
            "transfer_variants": LATER,
            "transferability": sources(),
            "mlm_tasks": ["mlm"],
        }
        | other
    )


def scored(tables: Tables, seeds: int = 5, noise: float = 0.2) -> Tables:
    """The tables with a row a seed: scores around the tables' means, in another order in each row.

    A row's scores have its mean exactly, and go from `noise` below to `noise` above.
    """
    random = np.random.default_rng(0)
    spread = np.linspace(-noise, noise, seeds) if seeds > 1 else np.zeros(1)

    def by_seed(rows: pd.DataFrame, means: pd.Series[float]) -> pd.DataFrame:
        rows = rows.assign(score=means).reset_index(drop=True)
        repeated = rows.loc[rows.index.repeat(seeds)].assign(seed=[*range(seeds)] * len(rows))
        around = [each for _ in range(len(rows)) for each in random.permutation(spread)]
        return repeated.assign(score=repeated["score"] + around)

    sweep, tickets = tables.sparsity_sweep, tables.winning_tickets
    variants, transfers = tables.transfer_variants, tables.transfer
    return replace(
        tables,
        sparsity_sweep=by_seed(sweep, 90 + sweep["delta_full"].where(sweep["finder"] == "imp", 0)),
        winning_tickets=by_seed(tickets, tickets["mean"]),
        rewinding=by_seed(tables.rewinding, 80 + tables.rewinding["delta_rewind_0"]),
        transfer=by_seed(transfers, 90 + transfers["delta_full"]),
        transfer_variants=by_seed(variants, 90 + variants["delta_full"]),
    )
