from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from fake_tickets import at_winning, own, universal
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.methods import NETWORKS
from tickets.tables.cells import csv
from tickets.tables.winning_tickets import render, winning_tickets_table

COMPARED = (
    *("full", "imp", "random", "layerwise", "oneshot", "imp_reinit"),
    *("imp_shuffled_within", "imp_shuffled_across_layers"),
)

WINNING = {
    ("sentence", "within_std"): "40",
    ("sentence", "strict"): "20",
    ("pair", "within_std"): "10",
    ("pair", "strict"): "0",
}

# Three seeds whose replicates are their scores: an interval goes from the least difference to the
# greatest.
EXPECTED = """\
task,criterion,sparsity,network,metric,n,mean,std,delta_full,low,high,few_seeds,wins
sentence,within_std,0.4000,full,accuracy,3,92.0000,2.0000,0.0000,,,True,True
sentence,within_std,0.4000,imp,accuracy,3,91.0000,1.0000,-1.0000,-2.0000,0.0000,True,True
sentence,within_std,0.4000,random,accuracy,3,60.0000,0.0000,-32.0000,-34.0000,-30.0000,True,False
sentence,within_std,0.4000,layerwise,accuracy,3,65.0000,2.0000,-27.0000,-27.0000,-27.0000,True,False
sentence,within_std,0.4000,oneshot,accuracy,3,90.0000,2.0000,-2.0000,-2.0000,-2.0000,True,True
sentence,within_std,0.4000,imp_reinit,accuracy,3,48.0000,2.0000,-44.0000,-44.0000,-44.0000,True,False
sentence,within_std,0.4000,imp_shuffled_within,accuracy,3,47.0000,2.0000,-45.0000,-45.0000,-45.0000,True,False
sentence,within_std,0.4000,imp_shuffled_across_layers,accuracy,3,46.0000,2.0000,-46.0000,-46.0000,-46.0000,True,False
sentence,strict,0.2000,full,accuracy,3,92.0000,2.0000,0.0000,,,True,True
sentence,strict,0.2000,imp,accuracy,3,93.0000,2.0000,1.0000,1.0000,1.0000,True,True
sentence,strict,0.2000,random,accuracy,3,80.0000,2.0000,-12.0000,-12.0000,-12.0000,True,False
sentence,strict,0.2000,layerwise,accuracy,3,75.0000,2.0000,-17.0000,-17.0000,-17.0000,True,False
sentence,strict,0.2000,oneshot,accuracy,3,91.0000,2.0000,-1.0000,-1.0000,-1.0000,True,False
sentence,strict,0.2000,imp_reinit,accuracy,3,58.0000,2.0000,-34.0000,-34.0000,-34.0000,True,False
sentence,strict,0.2000,imp_shuffled_within,accuracy,3,57.0000,2.0000,-35.0000,-35.0000,-35.0000,True,False
sentence,strict,0.2000,imp_shuffled_across_layers,accuracy,3,56.0000,2.0000,-36.0000,-36.0000,-36.0000,True,False
"""


def around(mean: float) -> list[float]:
    """Scores that differ from those of the full model by the same number in every seed."""
    return [mean - 2, mean, mean + 2]


def one_task() -> Rows:
    """One task whose table can be worked out by hand."""
    rows = [
        *trainings("dense", "sentence", around(92)),
        *own("sentence", 0.4, [90, 91, 92]),
        *own("sentence", 0.2, around(93)),
        *universal("random", "sentence", 0.4, [60, 60, 60]),
        *universal("random", "sentence", 0.2, around(80)),
        *universal("oneshot", "sentence", 0.4, around(90)),
        *universal("oneshot", "sentence", 0.2, around(91)),
    ]
    for at, layerwise, rest in (("winning", 65, 48), ("winning_strict", 75, 58)):
        rows += at_winning("sentence", at, around(layerwise), finder="layerwise")
        for less, weights in enumerate(("reinit", "shuffled_within", "shuffled_across_layers")):
            rows += at_winning("sentence", at, around(rest - less), weights=weights)
    return rows


def another_task() -> Rows:
    """One whose ticket wins at 10 %, though not strictly at any sparsity."""
    rows = [
        *trainings("dense", "pair", around(50)),
        *own("pair", 0.1, around(49)),
        *universal("random", "pair", 0.1, around(1)),
        *universal("oneshot", "pair", 0.1, around(40)),
    ]
    for at in ("winning", "winning_strict"):
        rows += at_winning("pair", at, around(20), finder="layerwise")
        for weights in ("reinit", "shuffled_within", "shuffled_across_layers"):
            rows += at_winning("pair", at, around(10), weights=weights)
    return rows


def table_of(rows: Rows, tasks: tuple[str, ...] = ("sentence",)) -> pd.DataFrame:
    return winning_tickets_table(frame(rows), tasks, WINNING, 0)


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Every network under both criteria, each at that criterion's sparsity."""
    assert csv(table_of(one_task())).decode() == EXPECTED


def test_where_no_sparsity_wins_masks_of_that_sparsity_are_the_full_model() -> None:
    """imp, one-shot and random of 0 % prune nothing; the other networks have their own rows."""
    table = table_of(another_task(), ("pair",))
    strict = table[table["criterion"] == "strict"].set_index("network")

    assert (strict["sparsity"] == 0).all()
    for network in ("imp", "random", "oneshot"):
        assert strict.loc[network, ["mean", "std", "delta_full", "wins"]].tolist() == [
            *(50, 2, 0, True)
        ]
        assert strict.loc[network, ["low", "high"]].tolist() == [0, 0]
    assert strict.loc["layerwise", "mean"] == 20
    assert strict.loc["imp_reinit", "mean"] == 10


def test_tasks_stand_in_the_order_given() -> None:
    """Each with both criteria, each of these with all networks."""
    table = table_of([*one_task(), *another_task()], ("sentence", "pair"))

    assert list(zip(table["task"], table["criterion"], table["network"], strict=True)) == [
        (task, criterion, network)
        for task in ("sentence", "pair")
        for criterion in ("within_std", "strict")
        for network in COMPARED
    ]


@pytest.mark.parametrize(
    "other", [{"rewind": 10.0}, {"source_task": "pair"}, {"mask_seed": 2}, {"weights": "theta_i"}]
)
def test_trainings_of_another_kind_do_not_enter(other: dict[str, object]) -> None:
    """Another rewind, source, mask seed or weights."""
    decoys = [
        *own("sentence", 0.4, [0]),
        *at_winning("sentence", "winning", [0], weights="reinit"),
    ]

    found = table_of([*one_task(), *(row | other for row in decoys)])

    assert csv(found).decode() == EXPECTED


@pytest.mark.parametrize(("seeds", "few"), [(4, True), (5, False)])
def test_five_seeds_are_no_longer_few(seeds: int, few: bool) -> None:
    """Four are."""
    rows = [row for row in one_task() if row["seed"] == 1]
    more = [row | {"seed": seed} for row in rows for seed in range(1, seeds + 1)]
    own_masks = [row | {"mask_seed": row["mask_seed"] and row["seed"]} for row in more]

    assert (table_of(own_masks)["few_seeds"] == few).all()


@pytest.mark.parametrize(
    ("finder", "weights", "named"),
    [
        ("layerwise", "theta_0", r"layerwise mask of sentence at its winning, .* on sentence"),
        ("imp", "shuffled_within", r"imp .* at its winning .* weights shuffled_within"),
        ("oneshot", "theta_0", r"oneshot at sparsity 0\.4, weights theta_0, on sentence"),
    ],
)
def test_a_missing_network_is_named(finder: str, weights: str, named: str) -> None:
    """Which mask, which weights, which task."""
    rows = [row for row in one_task() if (row["finder"], row["weights"]) != (finder, weights)]

    with pytest.raises(BadInput, match=rf"no row for cell \({named}"):
        table_of(rows)


def test_a_task_without_a_winning_sparsity_is_named() -> None:
    """The two files are of different studies."""
    with pytest.raises(BadInput, match=r"no row for mlm, within_std"):
        winning_tickets_table(frame(fake_metrics.study()), ["mlm"], WINNING, 0)


def test_the_readable_table_has_a_block_a_criterion_with_its_winners_marked() -> None:
    """Sparsities, scores and stars, and what each network is; none beyond 100 columns."""
    text = render(table_of([*one_task(), *another_task()], ("sentence", "pair")))
    lines = [" ".join(line.split()) for line in text.splitlines()]

    assert max(map(len, text.splitlines())) <= 100
    assert "3 seeds" in lines[0]
    assert [line for line in lines if line.startswith("sparsity")][:2] == [
        "sparsity 40 % 10 %",
        "sparsity 20 % none",
    ]
    assert [line for line in lines if line.startswith("imp ")] == [
        "imp 91.0 ± 1.0* 49.0 ± 2.0*",
        "imp 93.0 ± 2.0* 50.0 ± 2.0*",
    ]
    assert [line for line in lines if line.startswith("oneshot ")] == [
        "oneshot 90.0 ± 2.0* 40.0 ± 2.0",
        "oneshot 91.0 ± 2.0 50.0 ± 2.0*",
    ]
    assert {f"{name}: {NETWORKS[name]}" for name in COMPARED} <= set(lines)
    assert any(line.startswith("fewer than 5 seeds") for line in lines)
    assert any(line.startswith("sparsity none") for line in lines)
    assert "none" not in render(table_of(one_task()))


def test_the_command_writes_both_tables_with_statements(tmp_path: Path) -> None:
    """Of the scores and the winning sparsities that it read."""
    metrics = fake_metrics.write(one_task(), tmp_path / "metrics.parquet")
    winning = tmp_path / "winning_sparsities.csv"
    winning.write_text("task,criterion,sparsity\nsentence,within_std,40\nsentence,strict,20\n")
    fake_metrics.state(winning)
    output = tmp_path / "tables" / "winning_tickets.csv"
    parameters = {"tasks": ["sentence"], "rewind": "0.0"}
    inputs = {"metrics": metrics, "winning_sparsities": winning}

    done = make_table("winning_tickets", tmp_path, parameters, inputs)

    assert done.returncode == 0, done.stderr
    assert provenance.read(output).decode() == EXPECTED
    text = provenance.read(output.with_suffix(".txt")).decode()
    assert text == render(table_of(one_task())) + "\n"
    for read in (metrics, winning):
        assert provenance.subject_digest(read) in str(statement_json.statement(output))
