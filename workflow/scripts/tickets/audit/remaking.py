"""Each table made again, from what its statement records and the files that it was made from."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tickets import masks
from tickets.audit.lineage import FILES, below_root
from tickets.audit.verified_reads import Sources
from tickets.names import MaskName
from tickets.paths import parse_mask
from tickets.schedule import parse
from tickets.tables import (
    baselines,
    claims,
    layer_sparsity,
    overlap,
    published,
    rewinding,
    sweep,
    transfer,
    transfer_variants,
    transferability,
    versus_paper,
    winning,
    winning_sparsities,
    winning_tickets,
)
from tickets.tables.cells import csv

PUBLISHED = Path(__file__).parents[4] / "resources" / "published"
"""The paper's numbers, which are the project's and not a study's."""

MATRIX = "_matrix"
"""What follows the name of a table that is written as a matrix too."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a table is made from: recorded parameters, and paths by role in its statement."""

    name: str
    parameters: Mapping[str, Any]
    roles: Mapping[str, str]
    sources: Sources

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]

    def number(self, name: str) -> float:
        """A parameter that is a fraction or a percentage."""
        return float(self.parameters[name])

    def metrics(self) -> pd.DataFrame:
        """The scores."""
        return self.sources.parquet(self.roles["metrics"]).to_pandas()

    def winning(self) -> Mapping[tuple[str, str], str]:
        """The winning sparsities."""
        path = self.roles["winning_sparsities"]
        return winning_sparsities.parse(self.sources.read(path), path)

    def table(self, role: str) -> pd.DataFrame:
        """Another table."""
        return pd.read_csv(io.BytesIO(self.sources.read(self.roles[role])))

    def masks(self) -> list[tuple[MaskName, masks.PackedMask]]:
        """All files, as masks."""
        paths = self.roles.values()
        return [
            (parse_mask(path), masks.packed_from_bytes(self.sources.read(path), path))
            for path in paths
        ]


Tables = Mapping[str, bytes]
"""A table's files by what follows its name in theirs."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a table is made.

    roles: from its parameters and the roles in its statement, the path behind each role that it is
    made from. make: its files.
    """

    roles: Callable[[Mapping[str, Any], list[str]], dict[str, str]]
    make: Callable[[Given], Tables]


def _from_scores(part: str, **others: str) -> Callable[..., dict[str, str]]:
    made_of = {"metrics": below_root(FILES.metrics(part))} | others
    return lambda *_: made_of


def _from_data(parameters: Mapping[str, Any], roles: list[str]) -> dict[str, str]:
    del roles
    sources = [*parameters["tasks"], *(name for name, _ in parameters["subsets"])]
    data = {source: below_root(FILES.data(source, "train")) for source in sources}
    return _from_scores("transferability")() | data


def _from_masks(parameters: Mapping[str, Any], roles: list[str]) -> dict[str, str]:
    del parameters
    return {role: role for role in roles if role.startswith("masks/")}


def _from_tables(parameters: Mapping[str, Any], roles: list[str]) -> dict[str, str]:
    del parameters, roles
    return {name: below_root(FILES.table(name)) for name in claims.TABLES}


def _winning_sparsities(given: Given) -> Tables:
    tried = given["sparsities"]
    table = winning.winning_table(given.metrics(), given["tasks"], tried, given.number("rewind"))
    return {".csv": csv(table)}


def _transfer(given: Given) -> Tables:
    sparsity, rewind = given.number("sparsity"), given.number("rewind")
    table = transfer.transfer_table(given.metrics(), given["tasks"], sparsity, rewind)
    return {
        ".csv": csv(table),
        f"{MATRIX}.csv": csv(transfer.wide(table)),
        ".txt": _text(transfer.render(table)),
    }


def _baselines(given: Given) -> Tables:
    sparsity, rewind = given.number("sparsity"), given.number("rewind")
    table = baselines.baselines_table(given.metrics(), given["tasks"], sparsity, rewind)
    return {".csv": csv(table), ".txt": _text(baselines.render(table))}


def _winning_tickets(given: Given) -> Tables:
    table = winning_tickets.winning_tickets_table(
        given.metrics(), given["tasks"], given.winning(), given.number("rewind")
    )
    return {".csv": csv(table), ".txt": _text(winning_tickets.render(table))}


def _sparsity_sweep(given: Given) -> Tables:
    table = sweep.sweep_table(
        given.metrics(),
        given["tasks"],
        given["finders"],
        given["sparsities"],
        given.number("rewind"),
    )
    return {".csv": csv(table)}


def _rewinding(given: Given) -> Tables:
    rewinds = [float(rewind) for rewind in given["rewinds"]]
    table = rewinding.rewinding_table(given.metrics(), given["tasks"], given["sparsities"], rewinds)
    return {".csv": csv(table), ".txt": _text(rewinding.render(table))}


def _transfer_variants(given: Given) -> Tables:
    grid = transfer_variants.Grid(
        tasks=given["tasks"],
        winning=given.winning(),
        sparsities=[float(parse(label)) for label in given["sparsities"]],
        mlm_tasks=given["mlm_tasks"],
        later_sources=given["sources"],
        rewinds=[float(rewind) for rewind in given["rewinds"]],
        sparsity=given.number("sparsity"),
        rewind=given.number("rewind"),
    )
    return {".csv": csv(transfer_variants.transfer_variants_table(given.metrics(), grid))}


def _transferability(given: Given) -> Tables:
    data = {role: path for role, path in given.roles.items() if role != "metrics"}
    table = transferability.transferability_table(
        given.metrics(),
        given["tasks"],
        dict(given["subsets"]),
        {source: given.sources.parquet(path).num_rows for source, path in data.items()},
        given.number("sparsity"),
        given.number("rewind"),
    )
    return {".csv": csv(table)}


def _mask_overlap(given: Given) -> Tables:
    return {".csv": csv(overlap.overlap_table(given.masks()))}


def _layer_sparsity(given: Given) -> Tables:
    return {".csv": csv(layer_sparsity.layer_sparsity_table(given.masks()))}


def _versus_paper(given: Given) -> Tables:
    tables = {name: given.table(name) for name in claims.TABLES}
    judged = claims.claims(claims.Tables(**tables, mlm_tasks=given["mlm_tasks"]))
    table = versus_paper.versus_paper_table(
        published.values(PUBLISHED), tables["winning_tickets"], tables["transfer"], judged
    )
    return {".csv": csv(table), ".txt": _text(versus_paper.render(judged))}


def _text(rendered: str) -> bytes:
    return rendered.encode() + b"\n"


_WINNING = {"winning_sparsities": below_root(FILES.winning())}
RECIPES = {
    "winning_sparsities": Recipe(roles=_from_scores("tickets"), make=_winning_sparsities),
    "transfer": Recipe(roles=_from_scores("transfer"), make=_transfer),
    "baselines": Recipe(roles=_from_scores("baselines"), make=_baselines),
    "winning_tickets": Recipe(
        roles=_from_scores("winning_tickets", **_WINNING), make=_winning_tickets
    ),
    "sparsity_sweep": Recipe(roles=_from_scores("sweep"), make=_sparsity_sweep),
    "rewinding": Recipe(roles=_from_scores("rewinding"), make=_rewinding),
    "transfer_variants": Recipe(
        roles=_from_scores("transfer_variants", **_WINNING), make=_transfer_variants
    ),
    "transferability": Recipe(roles=_from_data, make=_transferability),
    "mask_overlap": Recipe(roles=_from_masks, make=_mask_overlap),
    "layer_sparsity": Recipe(roles=_from_masks, make=_layer_sparsity),
    "versus_paper": Recipe(roles=_from_tables, make=_versus_paper),
}
"""By the table's name."""
