from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import hypergeom

import statement_json
from fake_masks import SHAPES, WEIGHTS, Weights, mask, named, save
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.masks import PackedMask
from tickets.names import MaskName
from tickets.paths import Results
from tickets.tables.cells import csv
from tickets.tables.mask_overlap import chance, overlap_table

QUERY = "encoder.layer.{}.attention.self.query.weight"
POOLER = "pooler.dense.weight"

Masks = list[tuple[MaskName, PackedMask]]
kept_weights = st.sets(st.sampled_from(WEIGHTS))

IN_SCOPE: dict[tuple[str, str | None, str | None], Callable[[str], bool]] = {
    ("all", None, None): lambda name: True,  # noqa: ARG005
    ("layer", "0", None): lambda name: "layer.0" in name,
    ("layer", "1", None): lambda name: "layer.1" in name,
    ("layer", "pooler", None): lambda name: "pooler" in name,
    ("matrix", None, "query"): lambda name: "query" in name,
    ("matrix", None, "output"): lambda name: "output" in name,
    ("matrix", None, "pooler"): lambda name: "pooler" in name,
}


def index(one: Weights, other: Weights) -> float:
    """The Jaccard index of two sets of weights."""
    one, other = set(one), set(other)
    return len(one & other) / len(one | other) if one | other else 1.0


def two(one: Weights, other: Weights) -> pd.DataFrame:
    """The table of a single pair."""
    return overlap_table([named("imp", "pair", 1, one), named("imp", "mlm", 1, other)])


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Counts, chance and difference in every scope; a layer in which one mask keeps nothing."""
    shapes = {QUERY.format(0): (2, 4), QUERY.format(1): (2, 4), POOLER: (2, 2)}
    one = [(QUERY.format(0), i) for i in (0, 1, 2, 3)] + [(QUERY.format(1), i) for i in (0, 1)]
    other = [(QUERY.format(0), i) for i in (2, 3, 4, 5)]
    both = [(POOLER, 0)]
    table = overlap_table(
        [
            named("imp", "sentence", 1, [*one, *both], shapes),
            named("oneshot", None, None, [*other, *both], shapes),
        ]
    )

    # Whole: 7 and 5 of 20 kept, 3 of them common: 3 / 9. By chance 7 * 5 / 20 = 1.75 of 10.25.
    assert (
        csv(table).decode()
        == """\
comparison,finder_a,source_a,finder_b,source_b,scope,layer,matrix,n,sparsity_a,sparsity_b,jaccard,std,chance,beyond_chance
tasks,imp,sentence,oneshot,,all,,,1,0.6500,0.7500,0.3333,,0.1707,0.1961
tasks,imp,sentence,oneshot,,layer,0,,1,0.5000,0.5000,0.3333,,0.3333,0.0000
tasks,imp,sentence,oneshot,,layer,1,,1,0.7500,1.0000,0.0000,,0.0000,0.0000
tasks,imp,sentence,oneshot,,layer,pooler,,1,0.7500,0.7500,1.0000,,0.1429,1.0000
tasks,imp,sentence,oneshot,,matrix,,query,1,0.6250,0.7500,0.2500,,0.1765,0.0893
tasks,imp,sentence,oneshot,,matrix,,pooler,1,0.7500,0.7500,1.0000,,0.1429,1.0000
"""
    )


@given(st.lists(kept_weights, min_size=9, max_size=9))
def test_every_row_is_what_sets_of_weights_say(kept: list[set[tuple[str, int]]]) -> None:
    """Two tasks, one-shot and random masks of two seeds: pairs, means, deviations, sparsities."""
    sets = {
        ("imp", "pair"): kept[0:2],
        ("imp", "mlm"): kept[2:4],
        ("oneshot", None): kept[4:5],
        ("random", None): kept[5:7],
        ("standard", "pair"): kept[7:9],
    }
    table = overlap_table(
        [
            named(*source, None if source[0] == "oneshot" else seed, weights)
            for source, of_source in sets.items()
            for seed, weights in enumerate(of_source, 1)
        ]
    ).astype(object)
    rows = iter(table.where(table.notna(), None).to_dict("records"))

    def check(comparison: str, a: object, b: object, pairs: list[tuple[Weights, Weights]]) -> None:
        for scope, inside in IN_SCOPE.items():
            row = next(rows)
            size = sum(inside(name) for name, _ in WEIGHTS)
            within = [
                tuple({weight for weight in weights if inside(weight[0])} for weights in pair)
                for pair in pairs
            ]
            found = [index(*pair) for pair in within]
            assert (row["comparison"], row["scope"], row["layer"], row["matrix"]) == (
                comparison,
                *scope,
            )
            assert (row["finder_a"], row["source_a"]) == a
            assert (row["finder_b"], row["source_b"]) == b
            assert row["n"] == len(pairs)
            assert row["jaccard"] == pytest.approx(statistics.mean(found), abs=6e-5)
            assert (row["std"] is None) == (len(pairs) == 1)
            if len(pairs) > 1:
                assert row["std"] == pytest.approx(statistics.stdev(found), abs=6e-5)
            for side, sparsity in enumerate((row["sparsity_a"], row["sparsity_b"])):
                kept = statistics.mean(len(pair[side]) for pair in within)
                assert sparsity == pytest.approx(1 - kept / size, abs=6e-5)

    for a, b in combinations(sets, 2):
        paired = zip if len(sets[a]) == len(sets[b]) else product
        check("tasks", a, b, list(paired(sets[a], sets[b])))
    for source, of_source in sets.items():
        if len(of_source) > 1:
            check("seeds", source, source, [(of_source[0], of_source[1])])
    assert next(rows, None) is None


@given(kept_weights, kept_weights)
def test_overlap_is_symmetric_and_bounded(one: set[tuple[str, int]], other: set[tuple[str, int]]):
    """Which mask comes first is of no consequence; no index is outside 0 to 1."""
    swapped = {"sparsity_a": "sparsity_b", "sparsity_b": "sparsity_a"}
    numbers = ["sparsity_a", "sparsity_b", "jaccard", "chance", "beyond_chance"]
    table = two(one, other)[numbers]

    pd.testing.assert_frame_equal(table, two(other, one)[numbers].rename(columns=swapped)[numbers])
    assert table["jaccard"].between(0, 1).all()
    assert table["chance"].between(0, 1).all()
    assert not (table["beyond_chance"] > 1).any()


@given(kept_weights)
def test_a_mask_overlaps_with_itself_wholly(kept: set[tuple[str, int]]) -> None:
    """Index 1; and as far beyond chance as can be, where chance leaves any room."""
    assume(kept)
    table = two(kept, kept)
    room = table["chance"] < 1

    assert (table["jaccard"] == 1).all()
    assert (table.loc[room, "beyond_chance"] == 1).all()
    assert table.loc[~room, "beyond_chance"].isna().all()


@pytest.mark.parametrize("kept", [[], WEIGHTS], ids=["nothing", "everything"])
def test_masks_that_cannot_differ_say_nothing_beyond_chance(kept: Weights) -> None:
    """Where both keep nothing or everything, they are equal, and equal by chance."""
    table = two(kept, kept)

    assert (table["jaccard"] == 1).all()
    assert (table["chance"] == 1).all()
    assert table["beyond_chance"].isna().all()


@given(st.integers(2, 400), st.data())
def test_chance_is_the_expectation_over_independent_masks(size: int, data: st.DataObject) -> None:
    """The index at the hypergeometric mean; just below the index's own expectation."""
    one, other = data.draw(st.integers(1, size)), data.draw(st.integers(1, size))
    counts = np.arange(max(0, one + other - size), min(one, other) + 1)
    shares = hypergeom.pmf(counts, size, one, other)
    common = float(np.sum(shares * counts))
    expectation = float(np.sum(shares * counts / (one + other - counts)))

    found = float(chance(np.array(one), np.array(other), np.array(size)))

    assert found == pytest.approx(common / (one + other - common))
    assert -1e-9 < expectation - found < 1 / (2 * size) + 1e-9


def test_counts_of_a_large_model_do_not_overflow() -> None:
    """The product of two counts of BERT-base's weights is beyond 32 bits."""
    kept, size = np.array(25_657_344, np.int64), np.array(85_524_480, np.int64)

    assert float(chance(kept, kept, size)) == pytest.approx(0.09 / 0.51)


def test_independent_masks_are_near_chance() -> None:
    """Drawn at random, 100,000 weights overlap beyond chance by less than a hundredth."""
    shapes = {QUERY.format(0): (250, 400)}
    generator = np.random.default_rng(0)
    drawn = [
        {(QUERY.format(0), int(i)) for i in generator.choice(100_000, count, replace=False)}
        for count in (30_000, 50_000)
    ]
    table = overlap_table([named("random", None, s, kept, shapes) for s, kept in enumerate(drawn)])

    assert table["beyond_chance"].abs().max() < 0.01
    assert table["chance"].iloc[0] == pytest.approx(0.15 / 0.65, abs=1e-4)


def test_sources_stand_in_the_order_of_their_first_masks() -> None:
    """Not in the alphabet's; seeds come in any order."""
    kept = {(task, seed): {WEIGHTS[i]} for i, (task, seed) in enumerate(product("zab", (1, 2)))}
    given = [named("imp", t, s, kept[t, s]) for t, s in [("z", 2), ("a", 1), ("b", 2), ("z", 1)]]
    given += [named("imp", t, s, kept[t, s]) for t, s in [("b", 1), ("a", 2)]]
    table = overlap_table(given)

    tasks = table[table["comparison"] == "tasks"]
    assert list(dict.fromkeys(tasks["source_a"])) == ["z", "a"]
    assert list(dict.fromkeys(tasks["source_b"])) == ["a", "b"]


def test_masks_are_compared_seed_by_seed() -> None:
    """Equal masks of one seed overlap wholly, however much those of different seeds differ."""
    kept = {seed: WEIGHTS[7 * seed : 7 * seed + 7] for seed in range(3)}
    table = overlap_table(
        [named("imp", task, seed, kept[seed]) for task in ("pair", "mlm") for seed in (2, 0, 1)]
    )
    whole = table[table["scope"] == "all"].set_index(["source_a", "source_b"])

    assert list(whole["n"]) == [3, 3, 3]
    assert whole["jaccard"].to_dict() == {
        ("pair", "mlm"): 1.0,
        ("pair", "pair"): 0.0,
        ("mlm", "mlm"): 0.0,
    }


OTHER_MODEL = {**SHAPES, POOLER: (4, 1)}


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        (
            [named("imp", "pair", 1, WEIGHTS), named("imp", "pair", 1, [])],
            r"two of imp pair, seed 1; compare masks at one sparsity",
        ),
        (
            [named("imp", t, s, []) for t, s in [("pair", 1), ("pair", 2), ("mlm", 1)]],
            r"imp pair has seeds \[1, 2\], imp mlm has \[1\]; find the masks",
        ),
        (
            [named("imp", "pair", 1, []), named("imp", "mlm", 1, [], OTHER_MODEL)],
            r"different models",
        ),
        ([named("imp", "pair", 1, [])], r"nothing to compare"),
    ],
    ids=["two of a seed", "missing seed", "other model", "single mask"],
)
def test_masks_that_cannot_be_compared_are_refused(masks: Masks, says: str) -> None:
    """One line that names what is wrong."""
    with pytest.raises(BadInput, match=says):
        overlap_table(masks)


def study(root: Path) -> list[Path]:
    """Masks of two tasks and two seeds, one-shot and random, as files."""
    results = Results(root=str(root))
    names = [
        f"imp/{task}/rewind-0/seed-{s}/sparsity-70" for task in ("pair", "mlm") for s in (1, 2)
    ]
    names += ["oneshot/sparsity-70", "random/seed-1/sparsity-70", "random/seed-2/sparsity-70"]
    return [
        save(Path(results.mask(name)), mask(WEIGHTS[2 * i : 20 + 3 * i]))
        for i, name in enumerate(names)
    ]


def roles(root: Path, masks: list[Path]) -> dict[str, Path]:
    return {path.relative_to(root).as_posix(): path for path in masks}


def test_the_command_writes_the_same_files_every_time(tmp_path: Path) -> None:
    """Table and figures, each with a statement that names every mask by its place in results."""
    root = tmp_path / "results"
    masks = study(root)
    files = Results(root=str(root))
    written = [files.table("mask_overlap")]
    written += [files.figure("mask_overlap", kind) for kind in ("svg", "png")]
    runs: list[list[bytes]] = []
    for _ in range(2):
        done = make_table("mask_overlap", root, {}, roles(root, masks))
        assert done.returncode == 0, done.stderr
        runs.append([provenance.read(Path(path)) for path in written])

    assert runs[0] == runs[1]
    table = pd.read_csv(written[0])
    assert len(table) == (6 + 3) * len(IN_SCOPE)
    assert table["jaccard"].iloc[0] == pytest.approx(
        statistics.mean(
            index(WEIGHTS[2 * i : 20 + 3 * i], WEIGHTS[2 * i + 4 : 26 + 3 * i]) for i in (0, 1)
        ),
        abs=6e-5,
    )
    made = json.dumps(statement_json.statement(Path(written[0])))
    for path in masks:
        assert json.dumps(str(path.relative_to(root))) in made
        assert provenance.subject_digest(path) in made


@pytest.mark.parametrize("change", ["byte", "statement", "place", "name"])
def test_a_mask_that_is_not_what_it_should_be_ends_the_command(tmp_path: Path, change: str) -> None:
    """Changed bytes, another mask's statement, a file elsewhere, a path that says nothing."""
    root = tmp_path / "results"
    masks = study(root)
    given = roles(root, masks)
    if change == "byte":
        data = bytearray(masks[0].read_bytes())
        data[-1] ^= 0x10
        masks[0].write_bytes(data)
    elif change == "statement":
        beside = provenance.statement_path(masks[1])
        stated = json.loads(beside.read_text())
        stated["predicate"]["runDetails"]["byproducts"][0]["annotations"]["mask_digest"] = "0" * 64
        beside.write_text(json.dumps(stated))
    elif change == "place":
        root = tmp_path / "elsewhere"
    else:
        masks.append(masks[0].rename(root / "masks" / "some.safetensors"))
        del masks[0]
        given = roles(root, masks)

    done = make_table("mask_overlap", root, {}, given)

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not (root / "tables").exists()
