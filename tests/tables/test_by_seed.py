"""Tables with a row a seed: of the kept study with other scores, and cells that it lacks."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kept_study import STUDY
from tickets.design import registry
from tickets.design.table_spec import Inputs
from tickets.masks import PackedMask
from tickets.tables.by_seed import by_seed
from tickets.tables.cells import csv

NAMES = ("winning_tickets", "sparsity_sweep", "rewinding", "transfer", "transfer_variants")


class OtherScores:
    """The kept study, where no two trainings have the same score."""

    def read(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def parquet(self, path: str) -> pa.Table:
        """Scores that are a number of the training alone, so that files agree; every mask wins."""
        table = pq.read_table(path).to_pandas()
        names = [column for column in table if column not in ("score", "replicates", "examples")]
        score = pd.util.hash_pandas_object(table[names], index=False) % 10_000 / 100
        score = score.mask(table["finder"] == "dense", score / 1000)
        return pa.Table.from_pandas(table.assign(score=score), preserve_index=False)

    def mask(self, path: str) -> PackedMask:
        raise NotImplementedError(path)


def made(name: str) -> pd.DataFrame:
    """A table made again from the other scores, as its file has it."""
    statement = json.loads((STUDY / "tables" / f"{name}.csv.prov.json").read_bytes())
    parameters = statement["predicate"]["buildDefinition"]["externalParameters"]
    spec = registry.table(name)
    paths = {"metrics": str(STUDY / "metrics" / f"{spec.part}.parquet")}
    paths |= {each: str(STUDY / "tables" / f"{each}.csv") for each in spec.tables}
    table = spec.make(Inputs(parameters=parameters, paths=paths, reader=OtherScores()))
    return pd.read_csv(io.BytesIO(csv(table)))


def scores(part: str) -> pd.DataFrame:
    return OtherScores().parquet(str(STUDY / "metrics" / f"{part}.parquet")).to_pandas()


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: made(name) for name in NAMES}


def test_a_rows_scores_are_those_that_its_mean_is_of(tables: dict[str, pd.DataFrame]) -> None:
    """For every row that claims are about; both seeds."""
    found = by_seed(tables, scores, 0.0)

    assert set(found) == set(NAMES)
    for name in ("winning_tickets", "sparsity_sweep", "rewinding", "transfer"):
        rows = found[name].groupby(level=0)
        assert rows["seed"].apply(list).map(tuple).unique().tolist() == [(1, 2)]
        means = tables[name].loc[list(rows.groups), "mean"]
        assert list(rows["score"].mean()) == pytest.approx(list(means), abs=1e-4)
        assert means.nunique() > 3, name
    assert set(found["sparsity_sweep"]["finder"]) == {"dense", "imp"}
    assert set(found["transfer"]["source"]) == {"acceptability", "mlm", "oneshot", "random"}


def training(**of: object) -> dict[str, object]:
    """A row of scores, of seed 1."""
    same = {"primary": True, "metric": "accuracy", "at": None, "mask_seed": 1, "seed": 1}
    return {"target_task": "rte", "source_task": "rte", "sparsity": 0.7, **same, **of}


def test_later_weights_are_those_of_their_point() -> None:
    """After 10 and after 50 %, and at the end, where there is no rewinding."""
    trained = pd.DataFrame(
        [
            training(finder="imp", weights="theta_0", rewind=0.0, score=1.0),
            training(finder="imp", weights="theta_i", rewind=10.0, score=2.0),
            training(finder="imp", weights="theta_i", rewind=50.0, score=3.0),
            training(finder="standard", weights="trained", rewind=np.nan, score=4.0),
        ]
    ).assign(replicates=[[0.0]] * 4)
    rows = {"task": "rte", "sparsity": 0.7, "winning": True}
    rewound = pd.DataFrame(
        [
            {"method": "standard", "rewind": np.nan, **rows},
            *({"method": "imp", "rewind": rewind, **rows} for rewind in (50.0, 0.0, 10.0)),
        ]
    )
    pair = {"variant": "weights", "source": "rte", "target": "rte", "sparsity": 0.7}
    variants = pd.DataFrame(
        [
            {"finder": "standard", "weights": "trained", "rewind": np.nan, **pair},
            {"finder": "imp", "weights": "theta_i", "rewind": 10.0, **pair},
            {"finder": "imp", "weights": "theta_i", "rewind": 50.0, **pair, "variant": "winning"},
        ]
    )
    tables = {"rewinding": rewound, "transfer_variants": variants}

    found = by_seed(tables, lambda _: trained, 0.0)

    assert list(found["rewinding"]["score"]) == [4, 3, 1, 2]
    assert list(found["transfer_variants"]["score"]) == [4, 2]
