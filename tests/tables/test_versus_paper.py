from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import fake_metrics
import statement_json
from fake_metrics import Rows, trainings
from paper_tables import NO_LATER, TASKS, among, scored, study, sweep, tickets, transfer
from table_command import make_table
from tickets import files, provenance
from tickets.tables import claims
from tickets.tables.cells import csv
from tickets.tables.claims import Claim, Tables
from tickets.tables.published import COUNT, DELTA, FOLDER, values
from tickets.tables.verdicts import Part, Verdict
from tickets.tables.versus_paper import COLUMNS, render, versus_paper_table

NAMES = [field.name for field in fields(Tables) if field.name != "mlm_tasks"]
CLAIM = Claim(
    number=3,
    proposition="All is well.",
    parts=[
        Part(proposition="this", verdict=Verdict.HOLDS, test="p = 0.01"),
        Part(proposition="that", verdict=Verdict.UNDECIDED, test="the study lacks that"),
    ],
)


def table(of: Tables) -> pd.DataFrame:
    return versus_paper_table(values(FOLDER), of.winning_tickets, of.transfer, [CLAIM])


def row(found: pd.DataFrame, **identity: str) -> tuple[float, float, float]:
    """The paper's number, ours, and the difference."""
    for name, value in identity.items():
        found = found[found[name] == value]
    [one] = found.to_dict("records")
    return one["paper"], one["ours"], one["difference"]


def test_every_published_number_stands_beside_ours() -> None:
    """Ours in percent: tickets at 50 % within one deviation, at 40 % strictly; 90 beside 80."""
    found = table(study())

    assert row(found, item="sparsity_percent", task="qqp") == (90, 50, -40)
    assert row(found, item="strict_sparsity_percent", task="squad") == (20, 40, 20)
    assert row(found, item="imp_theta0_mean", task="rte") == (66, 90, 24)
    assert row(found, item="imp_theta0_std", task="rte") == (2.4, 0.5, -1.9)
    for item, paper in {
        "random_pruning_theta0_mean": 9.6,
        "imp_random_init_mean": 0.0,
        "imp_shuffled_theta0_mean": 4.0,
    }.items():
        assert row(found, item=item, task="cola") == (paper, 80, 80 - paper)
    assert row(found, item=DELTA, source="mlm", target="mlm") == (-0.34, -1, -0.66)
    assert row(found, item=DELTA, source="theta0_magnitude", target="mnli") == (0.07, -2, -2.07)
    assert row(found, item=COUNT, source="mlm") == (10, 10, 0)
    assert row(found, item=COUNT, source="squad") == (4, 0, -4)


def test_each_rival_is_the_network_of_that_name() -> None:
    """And the other criterion's row is not taken."""
    rows = tickets({"random": [1.0] * 11, "imp_reinit": [2.0] * 11, "full": [-3.0] * 11})
    rows.loc[rows["criterion"] == "strict", ["mean", "std"]] = -1
    found = versus_paper_table(values(FOLDER), rows, transfer(), [])

    assert row(found, item="random_pruning_theta0_mean", task="mnli")[1] == 89
    assert row(found, item="imp_random_init_mean", task="mnli")[1] == 88
    assert row(found, item="full_mean", task="mnli")[1] == 93
    assert row(found, item="full_std", task="mnli")[1] == 0.5


def test_ours_is_empty_where_the_study_has_no_such_task() -> None:
    """The paper's number stays; the count of targets would be one of other targets."""
    mine = ["mlm", "rte", "similarity"]
    rows = tickets()
    of = study(
        winning_tickets=rows[rows["task"].isin(mine)],
        transfer=among(transfer(), mine),
        transfer_variants=NO_LATER,
    )

    found = table(of)

    numbers = found[found["kind"] == "value"]
    there = numbers[numbers["ours"].notna()]
    assert len(numbers) == 88 + 144 + 11
    assert numbers["paper"].notna().all()
    assert set(there["task"]) | set(there["source"]) | set(there["target"]) == {
        *("", "mlm", "rte", "theta0_magnitude")
    }
    # full is not in this table of tickets: 8 - 2 quantities of two tasks; 3 sources of two targets
    assert len(there) == 6 * 2 + 3 * 2 + 2
    assert COUNT not in set(there["item"])
    assert (numbers["difference"].isna() == numbers["ours"].isna()).all()


def test_figure_2_is_compared_at_its_own_sparsity_only() -> None:
    """A difference at 50 % says nothing about one at 70 %."""
    found = table(study(transfer=transfer().assign(sparsity=0.5)))

    assert found.loc[found["table"] == "figure2", "ours"].isna().all()
    assert found.loc[found["table"] == "table2", "ours"].notna().any()


def test_a_difference_of_means_has_its_standard_error() -> None:
    """Where both deviations are known: sqrt(2.4^2 / 5 + 0.5^2 / 3) of RTE's ticket."""
    found = table(study(winning_tickets=tickets().assign(n=3)))

    def error(**identity: str) -> float:
        rows = found
        for name, value in identity.items():
            rows = rows[rows[name] == value]
        [one] = rows["standard_error"]
        return one

    assert error(item="imp_theta0_mean", task="rte") == 1.1115
    assert pd.isna(error(item="random_pruning_theta0_mean", task="rte"))  # no published deviation
    assert pd.isna(error(item="imp_theta0_std", task="rte"))
    assert pd.isna(error(item=DELTA, source="mlm", target="rte"))
    one_seed = table(study(winning_tickets=tickets().assign(n=1, std=float("nan"))))
    assert one_seed["standard_error"].isna().all()


def test_a_claim_has_its_verdict_and_what_decided_each_statement() -> None:
    """One row after the numbers."""
    last = table(study()).iloc[-1]

    assert (last["kind"], last["table"], last["item"]) == ("claim", "claims", "3. All is well.")
    assert last["holds"] == "undecided"
    assert last["test"] == "this: holds (p = 0.01); that: undecided (the study lacks that)"
    assert pd.isna(last["paper"])


def test_the_text_has_every_claim_with_its_statements() -> None:
    """Sentence and verdict, then each statement's verdict and test."""
    assert render([CLAIM]).splitlines()[1:] == [
        "",
        "3. All is well. UNDECIDED",
        "   - this: holds; p = 0.01",
        "   - that: undecided; the study lacks that",
    ]


@pytest.mark.parametrize("lacking", [False, True])
def test_the_text_is_never_wider_than_a_terminal(lacking: bool) -> None:
    """Whatever the study has; nothing is cut off."""
    of = study(mlm_tasks=[], rewinding=study().rewinding.iloc[:0]) if lacking else study()
    judged = claims.claims(scored(of))

    text = render(judged)

    assert max(map(len, text.splitlines())) <= 100
    joined = " ".join(text.split())
    for claim in judged:
        assert f"{claim.number}. {claim.proposition} {claim.verdict.upper()}" in joined
        assert all(" ".join(part.test.split()) in joined for part in claim.parts)


SPREAD = (-0.1, 0, 0.1, 0.05, -0.05)
"""Five seeds' scores around their mean."""


def trained(name: str, row: dict[str, Any], scores: list[float]) -> Rows:
    """The scores of the trainings behind a table's row, a seed each."""
    finder, weights = row.get("finder", "imp"), row.get("weights", "theta_0")
    target = row.get("target", row.get("task"))
    source, rewind, at = row.get("source", target), row.get("rewind", 0.0), None
    if name == "winning_tickets":
        network = row["network"]
        kind = {"imp_reinit": "reinit", "imp_shuffled_within": "shuffled_within"}
        weights = kind.get(network, "theta_0")
        finder = "random" if network == "random" else "imp"
        at = {"within_std": "winning", "strict": "winning_strict"}[row["criterion"]]
        at = at if network in kind else None
    elif name == "transfer" and source in ("oneshot", "random"):
        finder, source = source, None
    elif name == "rewinding":
        finder = row["method"]
        weights = "trained" if finder == "standard" else "theta_i" if rewind else "theta_0"
    on_a_task = finder in ("imp", "standard")
    rows = trainings(finder, target, scores)
    return [
        each
        | {"weights": weights, "source_task": source if on_a_task else None, "at": at}
        | {"rewind": rewind if finder == "imp" else None, "sparsity": row["sparsity"]}
        for each in rows
    ]


def means(name: str, table: pd.DataFrame) -> list[float]:
    """The mean score of each row."""
    if name == "winning_tickets":
        return list(table["mean"])
    if name == "rewinding":
        return list(80 + table["delta_rewind_0"])
    gains = table["delta_full"]
    return list(90 + (gains.mask(table["finder"] == "dense", 0) if "finder" in table else gains))


def write(
    tmp_path: Path, of: Tables, spread: Sequence[float] = SPREAD, obstacle: str | None = None
) -> None:
    """The tables, and behind each the scores; an obstacle stands in the way of claims 5 and 8."""
    checks = pd.DataFrame(
        {"passes": [True, obstacle is None], "claims": ["1 5", "5 8"], "obstacle": [None, obstacle]}
    )
    files.write_bytes(tmp_path / "answerability.csv", csv(checks))
    fake_metrics.state(tmp_path / "answerability.csv")
    scores = {name: f"metrics/{name.removeprefix('sparsity_')}.parquet" for name in NAMES[:-1]}
    for name in NAMES:
        table, path = getattr(of, name), tmp_path / f"{name}.csv"
        files.write_bytes(path, csv(table))
        fake_metrics.state(path)
        if name in scores:
            rows = zip(table.to_dict("records"), means(name, table), strict=True)
            found = [
                each
                for row, mean in rows
                for each in trained(name, row, [mean + by for by in spread])
            ]
            fake_metrics.write(found or trainings("dense", "mlm", [50]), tmp_path / scores[name])


def command(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    inputs = {name: tmp_path / f"{name}.csv" for name in (*NAMES, "answerability")}
    inputs |= {f"metrics/{path.stem}": path for path in tmp_path.glob("metrics/*.parquet")}
    inputs |= {path.name: path for path in FOLDER.glob("*.csv")}
    parameters = {"mlm_tasks": ["mlm"], "rewind": "0.0", "tests": "by_seed"}
    return make_table("versus_paper", tmp_path, parameters, inputs)


def test_the_command_judges_the_tables_that_it_reads(tmp_path: Path) -> None:
    """All eight hold, as they do on the tables themselves; statements name numbers and tables."""
    write(tmp_path, study())

    done = command(tmp_path)

    assert done.returncode == 0, done.stderr
    found = pd.read_csv(io.BytesIO(provenance.read(tmp_path / "tables" / "versus_paper.csv")))
    assert tuple(found.columns) == COLUMNS
    assert list(found.loc[found["kind"] == "claim", "holds"]) == ["holds"] * 8
    text = provenance.read(tmp_path / "tables" / "versus_paper.txt").decode()
    assert text.count("HOLDS") == 8
    made = statement_json.definition(tmp_path / "tables" / "versus_paper.csv")
    named = {each["name"] for each in made["resolvedDependencies"]}
    assert {"table2.csv", "figure2.csv", "transfer", "rewinding", "transferability"} <= named
    assert {"metrics/transfer", "metrics/sweep", "metrics/rewinding"} <= named


def test_a_study_that_cannot_answer_says_so_before_its_verdict(tmp_path: Path) -> None:
    """What every test confirms is undecided where a check failed; other claims are judged."""
    write(tmp_path, study(), obstacle="the mask of mlm keeps 0.01 % of the pooler")

    done = command(tmp_path)

    assert done.returncode == 0, done.stderr
    found = pd.read_csv(tmp_path / "tables" / "versus_paper.csv").query("kind == 'claim'")
    undecided = found[found["holds"] == "undecided"]
    assert [item[0] for item in undecided["item"]] == ["5", "8"]
    assert undecided["test"].str.startswith("the mask of mlm keeps 0.01 % of the pooler (").all()
    assert (found["holds"] == "holds").sum() == 6
    lines = (tmp_path / "tables" / "versus_paper.txt").read_text().splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("5. "))
    assert lines[at - 1] == "! cannot be decided here: the mask of mlm keeps 0.01 % of the pooler"


def test_the_command_says_what_a_small_study_lacks(tmp_path: Path) -> None:
    """Three tasks, one seed, and tables without a row."""
    mine = TASKS[-3:]
    full = study()
    small = Tables(
        winning_tickets=full.winning_tickets[full.winning_tickets["task"].isin(mine)],
        sparsity_sweep=sweep(n=1).query("task in @mine"),
        rewinding=full.rewinding.iloc[:0],
        transfer=among(full.transfer, mine),
        transfer_variants=NO_LATER,
        transferability=full.transferability.iloc[:3],
        mlm_tasks=["mlm"],
    )

    write(tmp_path, small, spread=[0])

    done = command(tmp_path)

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "tables" / "versus_paper.txt").read_text()
    assert text.count("UNDECIDED") == 8
    assert "too few" in text
    assert "the study lacks stsb rewound at its winning sparsity" in " ".join(text.split())


def test_the_command_refuses_a_table_that_was_changed(tmp_path: Path) -> None:
    """As every consumer of a file does."""
    write(tmp_path, study())
    path = tmp_path / "transfer.csv"
    files.write_bytes(path, path.read_bytes() + b"\n")

    done = command(tmp_path)

    assert done.returncode == 1
    assert "transfer.csv: its sha256 is" in done.stderr
    assert not (tmp_path / "tables" / "versus_paper.csv").exists()
