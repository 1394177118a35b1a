"""The plan's counts of trainings and jobs against those of Snakemake's dry runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studies import PUBLISHED, change, checkout, planned
from tickets.design import registry
from tickets.design.config import load
from tickets.design.counts import count

FEW = {
    **dict.fromkeys(("winning_tickets", "rewinding", "transfer_variants"), False),
    **dict.fromkeys(("sparsity_sweep", "essential_sparsity"), False),
    "mask_loss": True,
}
PLANNED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "paper": (
        {
            **{"rewinds": [50], "subsets": {"acceptability": [32]}},
            "sweep": ["oneshot", "snip", "movement_imp", "standard"],
            "combine": {"both": {"of": ["acceptability", "mlm"], "by": "vote"}},
            "tables": {"mask_loss": True},
        },
        ["transfer", "mask_overlap", "versus_paper", "mask_loss"],
    ),
    "same_seed": (
        {"rewinds": [50], "evaluation": "same_seed", "tables": {"freezing": True}},
        ["freezing"],
    ),
    "code": (
        {"rewinds": [], "rewind": 50, "imp": PUBLISHED, "sweep": ["movement_imp"]},
        ["versus_paper"],
    ),
    "few_tables": (
        {"rewinds": [50], "sweep": ["movement_imp"], "tables": FEW},
        ["versus_paper"],
    ),
    "masks_alone": ({"tables": {n: n == "layer_sparsity" for n in registry.tables()}}, []),
}
"""Changes of the miniature study, and the tables that are planned alone too."""


@pytest.mark.parametrize(("changes", "tables"), PLANNED.values(), ids=PLANNED)
def test_jobs_are_those_that_snakemake_counts(
    changes: dict[str, Any], tables: list[str], tmp_path: Path
) -> None:
    """Rule by rule, for all that is trained and all that trainings start from; and the trainings
    that each of `tables` takes alone.
    """
    folder = checkout(tmp_path)
    study = load(change(folder, changes))

    jobs_of_snakemake = planned(folder, "all")

    counts = count(study.design, study.tables)
    for name in tables:
        trainings = planned(folder, f"results/tables/{name}.csv")["train"]
        assert len(counts.needed_by(name)) == trainings
    jobs = counts.jobs
    assert {rule: jobs_of_snakemake.get(rule, 0) for rule in jobs} == dict(jobs)
    counted = {"train", "theta_i", "round_start", "prune", "find_mask_on_data", "initial_loss"}
    counted |= {"gather"}
    assert not counted & (set(jobs_of_snakemake) - set(jobs))
