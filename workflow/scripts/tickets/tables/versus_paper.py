"""The study compared with the paper: every published number, and the verdict on each claim."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from tickets.design.parameters import MLM_TASKS
from tickets.design.table_spec import Inputs, TableSpec
from tickets.tables import published
from tickets.tables.cells import SPARSITY_TOLERANCE, frame, rounded
from tickets.tables.published import COUNT, FIGURE2, Value
from tickets.terminal import WIDTH

if TYPE_CHECKING:
    import pandas as pd

    from tickets.tables.claims import Claim

COLUMNS = (
    "kind",
    "table",
    "item",
    "task",
    "source",
    "target",
    "paper",
    "ours",
    "difference",
    "holds",
    "test",
)
TICKETS = {
    "sparsity_percent": ("within_std", "imp", "sparsity"),
    "full_mean": ("within_std", "full", "mean"),
    "full_std": ("within_std", "full", "std"),
    "imp_theta0_mean": ("within_std", "imp", "mean"),
    "imp_theta0_std": ("within_std", "imp", "std"),
    "random_pruning_theta0_mean": ("within_std", "random", "mean"),
    "imp_random_init_mean": ("within_std", "imp_reinit", "mean"),
    "imp_shuffled_theta0_mean": ("within_std", "imp_shuffled_within", "mean"),
    "strict_sparsity_percent": ("strict", "imp", "sparsity"),
}
"""The criterion, network and column in winning_tickets.csv of each published quantity."""

SOURCES = {"theta0_magnitude": "oneshot"}
"""Published names of sources that have another name in transfer.csv."""

FIGURE2_SPARSITY = 0.7

CLAIM_TABLES = (
    "winning_tickets",
    "sparsity_sweep",
    "rewinding",
    "transfer",
    "transfer_variants",
    "transferability",
)
"""The study's tables on which claims are judged: fields of `claims.Tables`."""


def versus_paper_table(
    published: Sequence[Value],
    winning_tickets: pd.DataFrame,
    transfer: pd.DataFrame,
    claims: Iterable[Claim],
) -> pd.DataFrame:
    """One row per published number (kind `value`), then one per claim, in the paper's order.

    `ours` is the same quantity in this study, `difference` ours - paper; both are empty if the
    study lacks the task, or Figure 2's sparsity. A count of targets is compared only if the study
    has all of the paper's. `test` has the verdict on each proposition of a claim and its test.
    """
    numbers = [
        _number(value, _ours(value, published, winning_tickets, transfer)) for value in published
    ]
    table = frame([*numbers, *map(_verdict, claims)], COLUMNS)
    return table.astype({"paper": float, "ours": float, "difference": float})


def _number(value: Value, ours: float | None) -> dict[str, object]:
    return {
        "kind": "value",
        "table": value.table,
        "item": value.item,
        "task": value.task,
        "source": value.source,
        "target": value.target,
        "paper": value.value,
        "ours": ours,
        "difference": None if ours is None else rounded(ours - value.value),
    }


def _verdict(claim: Claim) -> dict[str, object]:
    return {
        "kind": "claim",
        "table": "claims",
        "item": f"{claim.number}. {claim.proposition}",
        "holds": str(claim.verdict),
        "test": "; ".join(
            f"{part.proposition}: {part.verdict} ({part.test})" for part in claim.parts
        ),
    }


def _ours(
    value: Value, published: Sequence[Value], tickets: pd.DataFrame, transfer: pd.DataFrame
) -> float | None:
    if value.table == FIGURE2:
        at = (transfer["sparsity"] - FIGURE2_SPARSITY).abs() < SPARSITY_TOLERANCE
        rows = transfer[at & (transfer["source"] == SOURCES.get(value.source, value.source))]
        if value.item == COUNT:
            return _count(rows, {each.target for each in published if each.target})
        return _only(rows[rows["target"] == value.target], "delta_full")
    criterion, network, column = TICKETS[value.item]
    rows = tickets[
        (tickets["criterion"] == criterion)
        & (tickets["network"] == network)
        & (tickets["task"] == value.task)
    ]
    ours = _only(rows, column)
    return rounded(100 * ours) if column == "sparsity" and ours is not None else ours


def _only(rows: pd.DataFrame, column: str) -> float | None:
    """The only row's value; None without one."""
    values = rows[column].dropna()
    return float(values.iloc[0]) if len(values) else None


def _count(rows: pd.DataFrame, targets: set[str]) -> float | None:
    """The number of the paper's targets on which a source does as well as their own masks."""
    shared = rows[rows["target"].isin(targets)]
    if set(shared["target"]) != targets:
        return None
    others = shared[shared["source"] != shared["target"]]
    return float(others["matches_same_task"].sum())


def render(claims: Iterable[Claim]) -> str:
    """The claims as text: each with its verdict, then its propositions with theirs."""
    lines = ["The paper's claims on this study; a claim holds if all of its statements do"]
    for claim in claims:
        lines += [
            "",
            *_hanging(f"{claim.number}. ", f"{claim.proposition} {claim.verdict.upper()}"),
        ]
        for part in claim.parts:
            lines += _hanging("   - ", f"{part.proposition}: {part.verdict}; {part.test}")
    return "\n".join(lines)


def _hanging(mark: str, text: str) -> list[str]:
    lines = wrap(text, WIDTH - len(mark), break_on_hyphens=False)
    return [mark + lines[0], *(" " * len(mark) + line for line in lines[1:])]


def _claims(inputs: Inputs) -> list[Claim]:
    from tickets.tables import claims

    tables = {name: _table(inputs, name) for name in CLAIM_TABLES}
    return claims.claims(claims.Tables(**tables, mlm_tasks=inputs["mlm_tasks"]))


def _table(inputs: Inputs, name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(io.BytesIO(inputs.content(name)))


def _make(inputs: Inputs) -> pd.DataFrame:
    numbers = published.values(published.FOLDER)
    tickets, transfer = _table(inputs, "winning_tickets"), _table(inputs, "transfer")
    return versus_paper_table(numbers, tickets, transfer, _claims(inputs))


TABLE = TableSpec(
    name="versus_paper",
    position=110,
    tables=CLAIM_TABLES,
    published=published.FILES,
    parameters={"mlm_tasks": MLM_TASKS},
    make=_make,
    render=lambda _, inputs: render(_claims(inputs)),
)
