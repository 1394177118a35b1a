from __future__ import annotations

import math
import statistics
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_masks import SHAPES, WEIGHTS, mask, named, save
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.paths import Results
from tickets.prunable import place
from tickets.tables.cells import csv
from tickets.tables.layer_sparsity import layer_sparsity_table

PLACES = [("0", "query"), ("0", "output"), ("1", "query"), ("1", "output"), ("pooler", "pooler")]
kept_weights = st.sets(st.sampled_from(WEIGHTS))


@pytest.mark.parametrize(
    ("name", "layer", "kind"),
    [
        ("encoder.layer.0.attention.self.query.weight", "0", "query"),
        ("encoder.layer.3.attention.self.key.weight", "3", "key"),
        ("encoder.layer.11.attention.self.value.weight", "11", "value"),
        ("encoder.layer.11.attention.output.dense.weight", "11", "attention_output"),
        ("encoder.layer.7.intermediate.dense.weight", "7", "intermediate"),
        ("encoder.layer.7.output.dense.weight", "7", "output"),
        ("pooler.dense.weight", "pooler", "pooler"),
        ("transformer.layer.5.attention.q_lin.weight", "5", "query"),
        ("transformer.layer.5.attention.k_lin.weight", "5", "key"),
        ("transformer.layer.5.attention.v_lin.weight", "5", "value"),
        ("transformer.layer.5.attention.out_lin.weight", "5", "attention_output"),
        ("transformer.layer.2.ffn.lin1.weight", "2", "intermediate"),
        ("transformer.layer.2.ffn.lin2.weight", "2", "output"),
    ],
)
def test_a_matrix_has_its_place(name: str, layer: str, kind: str) -> None:
    """BERT's names, which RoBERTa, ELECTRA and MiniLM share, and DistilBERT's."""
    assert place(name) == (layer, kind)


@pytest.mark.parametrize(
    "name",
    [
        "embeddings.word_embeddings.weight",
        "encoder.layer.0.output.dense.bias",
        "encoder.layer.0.output.LayerNorm.weight",
        "encoder.layer.x.output.dense.weight",
        "encoder.layer..output.dense.weight",
        "bert.encoder.layer.0.output.dense.weight",
        "transformer.layer.0.ffn.lin3.weight",
        "pooler.dense.weight.0",
    ],
)
def test_what_is_not_prunable_has_no_place(name: str) -> None:
    """Embeddings, biases, LayerNorm, foreign names."""
    with pytest.raises(BadInput, match="it contains no matrix"):
        place(name)


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Two seeds of a task, then a mask of none: order, means, deviations."""
    shapes = {
        "encoder.layer.0.attention.self.query.weight": (2, 4),
        "encoder.layer.10.output.dense.weight": (2, 4),
        "pooler.dense.weight": (2, 2),
    }
    query, output, pooler = shapes
    first = {(query, 0), (query, 1), *((output, i) for i in range(4)), (pooler, 0), (pooler, 1)}
    second = {*((query, i) for i in range(6)), (output, 7), (pooler, 3)}
    table = layer_sparsity_table(
        [
            named("imp", "pair", 2, second, shapes),
            named("oneshot", None, None, first, shapes),
            named("imp", "pair", 1, first, shapes),
        ]
    )

    # Queries keep 2 and 6 of 8, outputs 4 and 1 of 8, poolers 2 and 1 of 4; 8 of all 20 each.
    assert (
        csv(table).decode()
        == """\
finder,source,sparsity,layer,matrix,n,mean,std
imp,pair,0.6000,0,query,2,0.5000,0.3536
imp,pair,0.6000,10,output,2,0.6875,0.2652
imp,pair,0.6000,pooler,pooler,2,0.6250,0.1768
oneshot,,0.6000,0,query,1,0.7500,
oneshot,,0.6000,10,output,1,0.5000,
oneshot,,0.6000,pooler,pooler,1,0.5000,
"""
    )


@given(st.integers(0, len(WEIGHTS)), st.data())
def test_every_row_is_what_sets_of_weights_say(count: int, data: st.DataObject) -> None:
    """Three seeds of equal sparsity; the matrices' sparsities, by size, make the mask's."""
    kept = [set(data.draw(st.permutations(WEIGHTS))[:count]) for _ in range(3)]
    table = layer_sparsity_table(
        [named("random", None, seed, weights) for seed, weights in enumerate(kept)]
    )

    assert list(zip(table["layer"], table["matrix"], strict=True)) == PLACES
    for row, (name, shape) in zip(table.to_dict("records"), SHAPES.items(), strict=True):
        size = math.prod(shape)
        pruned = [1 - sum(where == name for where, _ in weights) / size for weights in kept]
        assert row["n"] == 3
        assert row["mean"] == pytest.approx(statistics.mean(pruned), abs=6e-5)
        assert row["std"] == pytest.approx(statistics.stdev(pruned), abs=6e-5)
        assert row["sparsity"] == pytest.approx(1 - count / len(WEIGHTS), abs=6e-5)
    sizes = [math.prod(shape) for shape in SHAPES.values()]
    total = sum(mean * size for mean, size in zip(table["mean"], sizes, strict=True))
    assert total == pytest.approx(len(WEIGHTS) - count, abs=1e-4 * len(WEIGHTS))


def test_masks_of_different_sparsities_are_different_groups() -> None:
    """A sweep gives a block of rows a sparsity."""
    table = layer_sparsity_table(
        [named("imp", "pair", seed, WEIGHTS[:kept]) for kept in (29, 6) for seed in (1, 2)]
    )

    assert list(table["sparsity"].unique()) == [0.5, 0.8966]
    assert (table["n"] == 2).all()
    assert (table["std"] == 0).all()


def test_two_masks_of_one_seed_are_refused() -> None:
    """Masks of two rewinding points would pass for two seeds."""
    with pytest.raises(BadInput, match=r"two of imp pair with seed 1 at sparsity 0\.5; compare"):
        layer_sparsity_table([named("imp", "pair", 1, WEIGHTS[i : i + 29]) for i in (0, 1)])


def test_the_command_writes_the_same_files_every_time(tmp_path: Path) -> None:
    """Table and figures with statements; a winning mask's sparsity is counted, not read off."""
    root = tmp_path / "results"
    names = ("imp/pair/rewind-0/seed-1/winning", "random/seed-1/sparsity-50")
    masks = [
        save(Path(Results(root=str(root)).mask(name)), mask(WEIGHTS[i : i + 29]))
        for i, name in enumerate(names)
    ]
    files = Results(root=str(root))
    written = [files.table("layer_sparsity")]
    written += [files.figure("layer_sparsity", kind) for kind in ("svg", "png")]
    runs: list[list[bytes]] = []
    for _ in range(2):
        roles = {path.relative_to(root).as_posix(): path for path in masks}
        done = make_table("layer_sparsity", root, {}, roles)
        assert done.returncode == 0, done.stderr
        runs.append([provenance.read(Path(path)) for path in written])

    assert runs[0] == runs[1]
    table = pd.read_csv(written[0])
    assert list(table["sparsity"]) == [0.5] * 2 * len(PLACES)
    assert list(table["finder"].unique()) == ["imp", "random"]
