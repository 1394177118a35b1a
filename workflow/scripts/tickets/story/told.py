"""What the page says in words and tables: what was found, in the study's own numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tickets.methods import UNIVERSAL
from tickets.story.figure import STAR
from tickets.tables.cells import ENOUGH_SEEDS
from tickets.tables.verdicts import Verdict
from tickets.terminal import metric_label, score


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table to be read: a row has as many cells as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of the paper, its verdict on this study, and what that comes from."""

    says: str
    verdict: str
    parts: Sequence[str]


def claims(table: pd.DataFrame) -> list[Claim]:
    """The claims of versus_paper.csv, whose `test` joins the statements of each."""
    judged = table[table["kind"] == "claim"]
    return [
        Claim(says=item, verdict=verdict, parts=re.split(r"(?<=\)); ", test))
        for item, verdict, test in zip(judged["item"], judged["holds"], judged["test"], strict=True)
    ]


def counted(judged: Sequence[Claim]) -> str:
    """How many of the claims hold, do not hold, and are undecided."""
    counts = Counter(claim.verdict for claim in judged)
    return ", ".join(f"{counts[verdict]} {_verb(verdict, counts[verdict])}" for verdict in Verdict)


def _verb(verdict: Verdict, count: int) -> str:
    if verdict is Verdict.UNDECIDED:
        return "is undecided" if count == 1 else "are undecided"
    singular = {Verdict.HOLDS: "holds", Verdict.FAILS: "does not hold"}
    plural = {Verdict.HOLDS: "hold", Verdict.FAILS: "do not hold"}
    return (singular if count == 1 else plural)[verdict]


def sparsest(table: pd.DataFrame) -> str:
    """How far tasks can be pruned, from winning_tickets.csv."""
    own = table[(table["criterion"] == "within_std") & (table["network"] == "imp")]
    won = own[own["wins"] & (own["sparsity"] > 0)]
    if won.empty:
        return "No task has a winning ticket here."
    ends = won.sort_values("sparsity", kind="stable").iloc[[0, -1]]
    (least, most), (one, other) = 100 * ends["sparsity"], ends["task"]
    many = f"{len(won)} of {len(own)} tasks have a winning ticket"
    if least == most:
        return f"{many}, at {least:g} % pruned."
    return (
        f"{many}: the least that can go is {least:g} % of the weights ({one}), the most "
        f"{most:g} % ({other})."
    )


def transferred(table: pd.DataFrame) -> str:
    """How many masks win on their own and on other tasks, from transfer.csv."""
    found = table[~table["source"].isin(UNIVERSAL)]
    own, other = (
        found[found["source"] == found["target"]],
        found[found["source"] != found["target"]],
    )
    return (
        f"At {100 * table['sparsity'].iloc[0]:g} % pruned, {own['matches_full'].sum()} of "
        f"{len(own)} masks are winning tickets on the task they were found on, and "
        f"{other['matches_full'].sum()} of {len(other)} on another one."
    )


def many(seeds: Sequence[int]) -> str:
    """How many seeds every mean is over, and whether that is enough."""
    number = f"{len(seeds)} seed{'s' * (len(seeds) > 1)}"
    if len(seeds) >= ENOUGH_SEEDS:
        return f"Every mean is over {number}."
    return f"Every mean is over {number}: that is few, and standard deviations are rough."


def scores(table: pd.DataFrame, rows: str, columns: str, wins: str) -> Table:
    """Means and standard deviations of a long table as a square one, winning tickets starred."""
    cells = {
        (row, column): score(mean, std, f" {STAR}" if won else "")
        for row, column, mean, std, won in zip(
            table[rows], table[columns], table["mean"], table["std"], table[wins], strict=True
        )
    }
    units = table.drop_duplicates(columns).set_index(columns)["metric"]
    heads = [f"{name}\n{metric_label(metric).strip()}" for name, metric in units.items()]
    return Table(
        columns=["", *heads],
        rows=[
            [str(row), *(cells.get((row, column), "") for column in units.index)]
            for row in table[rows].unique()
        ],
    )


def full_models(table: pd.DataFrame) -> list[str]:
    """The full models' scores, a cell a target, as a row of `scores` has them."""
    each = table.drop_duplicates("target")
    return [
        score(mean, std, "") for mean, std in zip(each["full_mean"], each["full_std"], strict=True)
    ]


def published(table: pd.DataFrame) -> Table:
    """The paper's numbers that this study has too, from versus_paper.csv."""
    both = table[(table["kind"] == "value") & table["ours"].notna()]
    columns = ["table", "item", "task", "source", "target", "paper", "ours", "difference"]
    return plain(both[columns])


def plain(table: pd.DataFrame) -> Table:
    """A table as it is, numbers to a hundredth or, below one, to three digits."""
    return Table(
        columns=[str(name).replace("_", " ") for name in table.columns],
        rows=[[_text(value) for value in row] for row in table.itertuples(index=False)],
    )


def findings(counts: Mapping[str, int], meanings: Mapping[str, str]) -> Table:
    """What an audit found, a row a kind."""
    return Table(
        columns=["finding", "how often", "meaning"],
        rows=[[code, f"{count:,}", meanings[code]] for code, count in sorted(counts.items())],
    )


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
