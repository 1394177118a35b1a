"""The study compared with the paper: every published number, and the verdict on each claim."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tickets.design.parameters import MLM_TASKS, REWIND, Parameter
from tickets.design.table_spec import Inputs, TableSpec
from tickets.tables import published
from tickets.tables.cells import SPARSITY_TOLERANCE, frame, read_csv, rounded
from tickets.tables.claim_tables import CLAIM_TABLES
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
    "standard_error",
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

DEVIATIONS = {"full_mean": "full_std", "imp_theta0_mean": "imp_theta0_std"}
"""The published standard deviations of published means, over `RUNS` trainings."""

RUNS = 5


def versus_paper_table(
    published: Sequence[Value],
    winning_tickets: pd.DataFrame | None,
    transfer: pd.DataFrame | None,
    claims: Iterable[Claim],
) -> pd.DataFrame:
    """One row per published number (kind `value`), then one per claim, in the paper's order.

    `ours` is the same quantity in this study, `difference` ours - paper; both are empty if the
    study lacks the table, the task, or Figure 2's sparsity. A count of targets is compared only if
    the study has all of the paper's. `standard_error` is that of `difference`, for means whose
    deviation is known on both sides, else empty. `test` has the verdict on each proposition of a
    claim and its test.
    """
    deviations = {(value.item, value.task): value.value for value in published}
    numbers: list[dict[str, object]] = []
    for value in published:
        ours = _ours(value, published, winning_tickets, transfer)
        theirs = deviations.get((DEVIATIONS.get(value.item, ""), value.task))
        error = None if theirs is None else _standard_error(value, theirs, winning_tickets)
        numbers.append(_number(value, ours) | {"standard_error": error})
    table = frame([*numbers, *map(_verdict, claims)], COLUMNS)
    return table.astype(dict.fromkeys(("paper", "ours", "difference", "standard_error"), float))


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
            [
                *(f"{obstacle} (cannot be decided)" for obstacle in claim.obstacles),
                *(f"{part.proposition}: {part.verdict} ({part.test})" for part in claim.parts),
            ]
        ),
    }


def _ours(
    value: Value,
    published: Sequence[Value],
    tickets: pd.DataFrame | None,
    transfer: pd.DataFrame | None,
) -> float | None:
    if value.table == FIGURE2:
        if transfer is None:
            return None
        at = (transfer["sparsity"] - FIGURE2_SPARSITY).abs() < SPARSITY_TOLERANCE
        rows = transfer[at & (transfer["source"] == SOURCES.get(value.source, value.source))]
        if value.item == COUNT:
            return _count(rows, {each.target for each in published if each.target})
        return _only(rows[rows["target"] == value.target], "delta_full")
    if tickets is None:
        return None
    column = TICKETS[value.item][2]
    ours = _only(_rows(value, tickets), column)
    return rounded(100 * ours) if column == "sparsity" and ours is not None else ours


def _standard_error(value: Value, theirs: float, tickets: pd.DataFrame | None) -> float | None:
    """Of the difference of two means, from both deviations; None if the study has none."""
    if tickets is None:
        return None
    rows = _rows(value, tickets)
    std, n = _only(rows, "std"), _only(rows, "n")
    if std is None or n is None:
        return None
    return rounded(math.sqrt(theirs**2 / RUNS + std**2 / n))


def _rows(value: Value, tickets: pd.DataFrame) -> pd.DataFrame:
    """The row of winning_tickets.csv that has a published quantity, if there is one."""
    criterion, network, _ = TICKETS[value.item]
    return tickets[
        (tickets["criterion"] == criterion)
        & (tickets["network"] == network)
        & (tickets["task"] == value.task)
    ]


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
        lines.append("")
        for obstacle in claim.obstacles:
            lines += _hanging("! ", f"cannot be decided here: {obstacle}")
        lines += _hanging(f"{claim.number}. ", f"{claim.proposition} {claim.verdict.upper()}")
        for part in claim.parts:
            lines += _hanging("   - ", f"{part.proposition}: {part.verdict}; {part.test}")
    return "\n".join(lines)


def _hanging(mark: str, text: str) -> list[str]:
    lines = wrap(text, WIDTH - len(mark), break_on_hyphens=False)
    return [mark + lines[0], *(" " * len(mark) + line for line in lines[1:])]


def _claims(inputs: Inputs, tables: Mapping[str, pd.DataFrame]) -> list[Claim]:
    from tickets.tables import by_seed, claims
    from tickets.tables.earlier import claims as earlier

    mlm_tasks = inputs["mlm_tasks"]
    if not _tests_by_seed(inputs.parameters):
        return earlier.claims(claims.Tables(**tables, mlm_tasks=mlm_tasks))
    repeated = by_seed.by_seed(tables, inputs.metrics, inputs.number("rewind"))
    judged = claims.claims(claims.Tables(**{**tables, **repeated}, mlm_tasks=mlm_tasks))
    obstacles = _obstacles(read_csv(inputs.content("answerability")))
    return [replace(claim, obstacles=obstacles.get(claim.number, ())) for claim in judged]


def _tables(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Those of `CLAIM_TABLES` that the study has."""
    return {name: read_csv(inputs.content(name)) for name in CLAIM_TABLES if name in inputs.paths}


def _obstacles(answerability: pd.DataFrame) -> dict[int, list[str]]:
    """Why the study cannot decide a claim, whatever its tests say, by the claim's number."""
    reasons: dict[int, list[str]] = {}
    failed = answerability[~answerability["passes"]]
    for numbers, obstacle in zip(failed["claims"], failed["obstacle"], strict=True):
        for number in str(numbers).split():
            reasons.setdefault(int(number), []).append(str(obstacle))
    return reasons


def _tests_by_seed(parameters: Mapping[str, Any]) -> bool:
    """Whether a table is of today's form; `TESTS` came with it."""
    return "tests" in parameters


def _make(inputs: Inputs) -> pd.DataFrame:
    numbers, tables = published.values(published.FOLDER), _tables(inputs)
    tickets, transfer = tables.get("winning_tickets"), tables.get("transfer")
    table = versus_paper_table(numbers, tickets, transfer, _claims(inputs, tables))
    return table if _tests_by_seed(inputs.parameters) else table.drop(columns="standard_error")


TESTS = Parameter(form={"const": "by_seed"}, of=lambda _: "by_seed", always=False)
"""How claims are tested. Earlier versions tested over tasks and gave no standard errors."""

TABLE = TableSpec(
    name="versus_paper",
    position=110,
    possible_tables=CLAIM_TABLES,
    later_tables=("answerability",),
    published=published.FILES,
    parameters={
        "mlm_tasks": MLM_TASKS,
        "rewind": replace(REWIND, always=False),
        "tests": TESTS,
    },
    make=_make,
    render=lambda _, inputs: render(_claims(inputs, _tables(inputs))),
)
