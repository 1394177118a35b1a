"""The page's sentences and tables of text, from a study's own numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tickets.methods import explain_missing_stars, is_ticket
from tickets.tables.cells import ENOUGH_SEEDS
from tickets.tables.verdicts import Verdict
from tickets.terminal import metric_label, percent, score

STAR = "\N{BLACK STAR}"
"""Marks a winning ticket."""


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A table of text: each row has one cell per column."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class ClaimSummary:
    """A claim of the paper, its verdict on this study, and its parts with their tests."""

    proposition: str
    verdict: str
    parts: Sequence[str]


def read_claims(table: pd.DataFrame) -> list[ClaimSummary]:
    """The claims of versus_paper.csv, whose column `test` joins the parts of each."""
    rows = table[table["kind"] == "claim"]
    return [
        ClaimSummary(proposition=item, verdict=verdict, parts=re.split(r"(?<=\)); ", test))
        for item, verdict, test in zip(rows["item"], rows["holds"], rows["test"], strict=True)
    ]


def count_verdicts(table: pd.DataFrame) -> str:
    """The numbers of claims that hold, do not hold, and are undecided, from versus_paper.csv."""
    counts = Counter(table.loc[table["kind"] == "claim", "holds"])
    return ", ".join(f"{counts[verdict]} {_verb(verdict, counts[verdict])}" for verdict in Verdict)


def _verb(verdict: Verdict, count: int) -> str:
    if verdict is Verdict.UNDECIDED:
        return "is undecided" if count == 1 else "are undecided"
    singular = {Verdict.HOLDS: "holds", Verdict.FAILS: "does not hold"}
    plural = {Verdict.HOLDS: "hold", Verdict.FAILS: "do not hold"}
    return (singular if count == 1 else plural)[verdict]


def describe_winning_sparsities(table: pd.DataFrame) -> str:
    """A sentence on how far tasks can be pruned, from winning_sparsities.csv."""
    own = table[table["criterion"] == "within_std"]
    winning = own[own["sparsity"] > 0]
    if winning.empty:
        return "No task has a winning ticket here."
    least, most = winning["sparsity"].min(), winning["sparsity"].max()
    count = f"{len(winning)} of {len(own)} tasks have a winning ticket"
    if least == most:
        return f"{count}, at {least:g} % pruned."
    return (
        f"{count}: the least that can go is {least:g} % of the weights "
        f"({_tasks_at(winning, least)}), the most {most:g} % ({_tasks_at(winning, most)})."
    )


def _tasks_at(winning: pd.DataFrame, sparsity: float) -> str:
    return ", ".join(winning.loc[winning["sparsity"] == sparsity, "task"])


def describe_transfer(table: pd.DataFrame) -> str:
    """A sentence on how many masks win on their own and on other tasks, from transfer.csv."""
    masks = table[table["source"].isin(table["target"])].assign(ticket=is_ticket)
    is_own = masks["source"] == masks["target"]
    own, other = masks[is_own], masks[~is_own]
    sentence = (
        f"At {percent(table['sparsity'].iloc[0])} pruned, {own['ticket'].sum()} of "
        f"{len(own)} masks are winning tickets on the task they were found on, and "
        f"{other['ticket'].sum()} of {len(other)} on another one."
    )
    exception = explain_missing_stars(table)
    return f"{sentence} {exception.capitalize()}." if exception else sentence


def describe_seeds(seeds: Sequence[int]) -> str:
    """A sentence on the number of seeds, and whether they are few."""
    number = f"{len(seeds)} seed{'s' * (len(seeds) > 1)}"
    if len(seeds) >= ENOUGH_SEEDS:
        return f"Every mean is over {number}."
    return f"Every mean is over {number}: that is few, and standard deviations are rough."


def tabulate_scores(table: pd.DataFrame, rows: str, columns: str, wins: str) -> TextTable:
    """Means and standard deviations of a long table as a matrix, with stars at winning tickets."""
    cells = {
        (row, column): score(mean, std, f" {STAR}" if is_ticket else "")
        for row, column, mean, std, is_ticket in zip(
            table[rows], table[columns], table["mean"], table["std"], table[wins], strict=True
        )
    }
    metrics = table.drop_duplicates(columns).set_index(columns)["metric"]
    heads = [f"{name}\n{metric_label(metric).strip()}" for name, metric in metrics.items()]
    return TextTable(
        columns=["", *heads],
        rows=[
            [str(row), *(cells.get((row, column), "") for column in metrics.index)]
            for row in table[rows].unique()
        ],
    )


def tabulate_transfer(table: pd.DataFrame) -> TextTable:
    """The scores of transfer.csv as a matrix, the full model's in the first row."""
    starred = table.assign(ticket=is_ticket(table))
    square = tabulate_scores(starred, "source", "target", "ticket")
    targets = table.drop_duplicates("target")
    full = [
        score(mean, std, "")
        for mean, std in zip(targets["full_mean"], targets["full_std"], strict=True)
    ]
    return TextTable(columns=square.columns, rows=[["full model", *full], *square.rows])


def tabulate_networks(table: pd.DataFrame) -> TextTable:
    """The scores of winning_tickets.csv as a matrix; a full model is no ticket."""
    rows = table[table["criterion"] == "within_std"]
    tickets = rows.assign(ticket=rows["wins"] & (rows["network"] != "full"))
    return tabulate_scores(tickets, "network", "task", "ticket")


def list_obstacles(table: pd.DataFrame) -> list[str]:
    """What keeps the study from deciding claims, from answerability.csv."""
    return table["obstacle"].dropna().tolist()


def select_published(table: pd.DataFrame) -> TextTable:
    """The paper's numbers with a counterpart in this study, from versus_paper.csv."""
    both = table[(table["kind"] == "value") & table["ours"].notna()]
    columns = ["table", "item", "task", "source", "target", "paper", "ours", "difference"]
    # Tables of earlier versions have no standard errors.
    return format_table(both.reindex(columns=[*columns, "standard_error"]))


def tabulate_findings(counts: Mapping[str, int], meanings: Mapping[str, str]) -> TextTable:
    """An audit's findings, one row per kind."""
    return TextTable(
        columns=["finding", "how often", "meaning"],
        rows=[[code, f"{count:,}", meanings[code]] for code, count in sorted(counts.items())],
    )


def format_table(table: pd.DataFrame) -> TextTable:
    """A table as text, with at most four decimals."""
    return TextTable(
        columns=[str(name).replace("_", " ") for name in table.columns],
        rows=[[_format(value) for value in row] for row in table.itertuples(index=False)],
    )


def _format(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
