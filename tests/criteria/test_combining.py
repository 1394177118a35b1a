"""Combined masks: counts, containment and another computation; made by the command, and audited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgery import flip, parameters, restate
from kept_study import audited, copied
from tamperings import remask
from tickets import masks, provenance
from tickets.audit.check_masks import prunings
from tickets.audit.schema_of_statements import PARAMETERS
from tickets.combining import RANKS, combine
from tickets.criterion import load_scope
from tickets.errors import BadInput
from tickets.masks import Mask
from tickets.prunable import PrunableSet

SCRIPT = Path(provenance.__file__).parents[1] / "combine_masks.py"
SHAPES = {"encoder.layer.0.output.dense.weight": (3, 4), "pooler.dense.weight": (2, 4)}
SIZE = 20
Parents = list[Mask]
Weights = dict[str, np.ndarray]


def mask_of(kept: list[bool]) -> Mask:
    return masks.from_flat(PrunableSet(shapes=SHAPES), np.array(kept))


def weights_of(values: list[float]) -> Weights:
    flat = np.array(values, np.float32)
    return {
        name: flat[:12].reshape(shape) if shape[0] == 3 else flat[12:].reshape(shape)
        for name, shape in SHAPES.items()
    }


def flat(mask: Mask) -> np.ndarray:
    return np.concatenate([bits.ravel() for bits in mask.kept.values()])


@st.composite
def studies(draw: st.DrawFn) -> tuple[Parents, Weights, Fraction]:
    """Masks of one sparsity, and weights of which many are equal in size."""
    pruned = draw(st.integers(0, SIZE))
    orders = draw(st.lists(st.permutations(range(SIZE)), min_size=2, max_size=5))
    values = draw(
        st.lists(
            st.sampled_from([0.0, -0.0, 1e-40, 1.0, -1.0, 1.0000001, -3.0]) | st.floats(-9, 9),
            min_size=SIZE,
            max_size=SIZE,
        )
    )
    parents = [mask_of([place >= pruned for place in order]) for order in orders]
    return parents, weights_of(values), Fraction(pruned, SIZE)


def by_sorting(parents: Parents, weights: Weights, by: str, sparsity: Fraction) -> list[bool]:
    """The same, weight by weight: the worst are pruned, the first of equals first."""
    votes = [sum(kept) for kept in zip(*map(flat, parents), strict=True)]
    rank = {"vote": votes, "union": [v > 0 for v in votes]}
    rank["intersection"] = [v == len(parents) for v in votes]
    rank["complement"] = [v == 0 for v in votes]
    sizes = [abs(float(w)) for weight in weights.values() for w in weight.ravel()]
    worst = sorted(range(SIZE), key=lambda place: (rank[by][place], sizes[place], place))
    pruned = set(worst[: int(sparsity * SIZE)])
    return [place not in pruned for place in range(SIZE)]


@pytest.mark.parametrize("by", RANKS)
@settings(max_examples=60)
@given(studies())
def test_the_count_is_exact_and_the_weights_are_those_of_another_computation(
    by: str, study: tuple[Parents, Weights, Fraction]
) -> None:
    """Whatever ties there are."""
    parents, weights, sparsity = study

    mask = combine(parents, weights, by, sparsity, "global")

    assert mask.sparsity == sparsity
    assert list(flat(mask)) == by_sorting(parents, weights, by, sparsity)


@settings(max_examples=60)
@given(studies())
def test_unions_bound_from_above_and_intersections_from_below(
    study: tuple[Parents, Weights, Fraction],
) -> None:
    """As masks of one sparsity keep together no fewer weights than one, and in common no more."""
    parents, weights, sparsity = study
    kept = np.stack(list(map(flat, parents)))

    union, intersection, vote = (
        flat(combine(parents, weights, by, sparsity, "global"))
        for by in ("union", "intersection", "vote")
    )

    assert not np.any(union & ~kept.any(axis=0))
    assert not np.any(kept.all(axis=0) & ~intersection)
    assert not np.any(vote & ~kept.any(axis=0))
    assert not np.any(kept.all(axis=0) & ~vote)
    votes = kept.sum(axis=0)
    assert votes[vote].min(initial=99) >= votes[~vote].max(initial=-1)


@pytest.mark.parametrize("by", RANKS)
@settings(max_examples=30)
@given(studies())
def test_the_order_of_the_masks_is_of_no_consequence(
    by: str, study: tuple[Parents, Weights, Fraction]
) -> None:
    """Bit for bit."""
    parents, weights, sparsity = study

    found = {combine(order, weights, by, sparsity, "global") for order in permutations(parents)}

    assert len(found) == 1


@settings(max_examples=60)
@given(studies(), st.data())
def test_the_complement_of_the_complement_is_the_mask(
    study: tuple[Parents, Weights, Fraction], data: st.DataObject
) -> None:
    """Whatever the weights are; where the sparsities leave room for neither more nor less."""
    (mask, *_), weights, sparsity = study
    others = weights_of(data.draw(st.lists(st.floats(-9, 9), min_size=SIZE, max_size=SIZE)))

    other = combine([mask], weights, "complement", 1 - sparsity, "global")

    assert list(flat(other)) == list(~flat(mask))
    assert combine([other], others, "complement", sparsity, "global") == mask


@settings(max_examples=60)
@given(studies(), st.integers(0, SIZE))
def test_a_complement_keeps_first_what_the_mask_prunes(
    study: tuple[Parents, Weights, Fraction], pruned: int
) -> None:
    """Nothing else if its sparsity is high enough for that, and then nothing of the mask's."""
    (mask, *_), weights, sparsity = study
    own = Fraction(pruned, SIZE)

    found = flat(combine([mask], weights, "complement", own, "global"))

    assert found.sum() == SIZE - pruned
    assert not np.any(found & flat(mask)) or own < 1 - sparsity
    assert np.all(found | flat(mask)) or own > 1 - sparsity


@pytest.mark.parametrize("by", ["union", "intersection", "vote"])
def test_equal_masks_give_themselves(by: str) -> None:
    """Whatever the weights are."""
    mask = mask_of([place % 2 == 0 for place in range(SIZE)])
    weights = weights_of([float(place % 2) for place in range(SIZE)])

    assert combine([mask, mask], weights, by, mask.sparsity, "global") == mask


def test_by_hand() -> None:
    """Of six weights with a say two stay; the other 14, which no mask keeps, are the largest."""
    kept = [[1, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0]]
    parents = [mask_of([bool(bit) for bit in bits] + [False] * 14) for bits in kept]
    weights = weights_of([1, -5, 2, 4, 9, 9] + [9] * 14)

    found = {
        by: list(np.flatnonzero(flat(combine(parents, weights, by, Fraction(18, 20), "global"))))
        for by in RANKS
    }

    assert found == {
        "union": [1, 3],  # the largest of 0 to 3
        "intersection": [18, 19],  # no weight is in all: the largest, the last of equals
        "vote": [0, 2],  # two votes each
        "complement": [18, 19],  # no mask keeps them: the largest, the last of equals
    }


@pytest.mark.parametrize("by", RANKS)
def test_the_masks_pattern_is_kept(by: str) -> None:
    """Of masks with two zeros in every four neighbours, the combined one has two as well."""
    random, half = np.random.default_rng(0), Fraction(1, 2)
    scope, whole = load_scope("groups_of_4"), masks.dense(PrunableSet(shapes=SHAPES))
    drawn = [
        {name: random.random(shape, np.float32) for name, shape in SHAPES.items()} for _ in range(4)
    ]
    parents = [scope.prune(scores, whole, half) for scores in drawn[1:]]

    mask = combine(parents, drawn[0], by, half, "groups_of_4")

    assert all((bits.reshape(-1, 4).sum(axis=1) == 2).all() for bits in mask.kept.values())


def test_masks_of_another_model_are_refused() -> None:
    """Their bits would be others."""
    other = masks.dense(PrunableSet(shapes={"pooler.dense.weight": (2, 4)}))

    with pytest.raises(BadInput, match="a mask is for another model than theta_0"):
        combine([other, other], weights_of([1.0] * SIZE), "vote", Fraction(1, 2), "global")


COMBINED = "masks/combined/both/seed-1/sparsity-20.safetensors"
OTHER = "masks/combined/both/seed-2/sparsity-20.safetensors"
THETA = "weights/theta_0.safetensors"
SCORES = "metrics/transfer.parquet"


def parent(task: str, seed: int) -> str:
    return f"masks/imp/{task}/rewind-0/seed-{seed}/sparsity-20.safetensors"


def made(root: Path, seed: int, by: str = "vote", parents: int | None = None) -> None:
    """A combined mask of a study, by its command."""
    of = [root / parent(task, parents or seed) for task in ("acceptability", "mlm")]
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--name", "both", "--by", by, "--scope", "global"),
            *("--seed", str(seed), "--sparsity", "20", "--theta-0", root / THETA, "--masks", *of),
            *("--output", root / f"masks/combined/both/seed-{seed}/sparsity-20.safetensors"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The kept study with combined masks, in whose transfers they take part."""

    def combining(value: Any) -> None:
        combination = {"of": ["acceptability", "mlm"], "by": "vote"}
        parameters(value)["design"] |= {"combine": {"both": combination}}

    root = copied(tmp_path)
    restate(root / SCORES, edit=combining)
    made(root, 1)
    made(root, 2)
    return root


def codes(root: Path, path: str = COMBINED) -> set[str]:
    """The faults that the audit finds in a file; whether this code is committed does not count."""
    return {each.code for each in audited(root).faults if each.path == path} - {"dirty-code"}


def test_the_audit_makes_combined_masks_again_and_demands_their_trainings(study: Path) -> None:
    """From all that their statements name: theta_0 and each mask."""
    found = audited(study)

    again = {each.mask: each for each in prunings(found.files, {})}
    assert codes(study) == codes(study, OTHER) == set()
    assert set(again[COMBINED].roles.values()) == {
        *(THETA, parent("acceptability", 1), parent("mlm", 1))
    }
    stated = provenance.statement(study / COMBINED)
    assert stated.rule == "combine_masks"
    assert set(PARAMETERS["combine_masks"].__dataclass_fields__) == set(stated.parameters)
    assert {each.path for each in found.findings if each.code == "missing-cell"} == {
        f"predictions/theta_0/{mask[6:-12]}/on-{task}/seed-{seed}.parquet"
        for seed, mask in ((1, COMBINED), (2, OTHER))
        for task in ("acceptability", "mlm")
    }


def test_before_transfers_are_scored_combined_masks_are_no_extra(study: Path) -> None:
    """Only these scores' statement names them; with it, masks of another name have no place."""
    odd = study / COMBINED.replace("both", "odd")
    for suffix in ("", ".prov.json"):
        source = study / f"{COMBINED}{suffix}"
        target = odd.with_name(odd.name + suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes().replace(b'"both"', b'"odd"'))
    name = str(odd.relative_to(study))
    assert "extra-cell" in codes(study, name)

    for file in (study / SCORES, *(study / "tables").glob("*")):
        provenance.statement_path(file).unlink(missing_ok=True)
        file.unlink()

    assert (study / "metrics").exists()
    assert codes(study, name) == set()


@pytest.mark.parametrize(
    ("do", "code"),
    [
        (lambda root: flip(root / COMBINED, -1, 7), "changed-file"),
        (lambda root: remask(root, COMBINED, root / OTHER), "wrong-mask"),
        (lambda root: made(root, 1, by="union"), "wrong-parameters"),
        (lambda root: made(root, 1, parents=2), "wrong-parent"),
        (
            lambda root: restate(
                root / COMBINED, edit=lambda value: parameters(value).update(by="none")
            ),
            "bad-statement",
        ),
    ],
    ids=["a bit", "another seed's", "another rule", "other parents", "no rule"],
)
def test_what_was_done_to_a_combined_mask_is_found(
    study: Path, do: Callable[[Path], None], code: str
) -> None:
    """In its bits, its parameters and its parents."""
    do(study)

    assert code in codes(study)
