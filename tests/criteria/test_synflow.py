"""SynFlow against autograd and by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch

from tickets import masks
from tickets.criteria.synflow import synaptic_flow
from tickets.criterion import Inputs, find, load_criterion
from tickets.prunable import PrunableSet, place, prunable_set
from tickets.schedule import pruned_count

HIDDEN, INNER, OUT = 6, 10, 5
SHAPES = {
    f"encoder.layer.{layer}.{part}.weight": shape
    for layer in range(2)
    for part, shape in {
        **{f"attention.self.{kind}": (HIDDEN, HIDDEN) for kind in ("query", "key", "value")},
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (INNER, HIDDEN),
        "output.dense": (HIDDEN, INNER),
    }.items()
} | {"pooler.dense.weight": (OUT, HIDDEN)}
PRUNABLE: PrunableSet = prunable_set(SHAPES)


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {n: generator.standard_normal(s).astype(np.float32) for n, s in PRUNABLE.shapes.items()}


def test_scores_are_those_of_autograd() -> None:
    """|w| dR/d|w|, R the sum of outputs on an input of ones; pruned weights have none."""
    values = weights()
    kept = {name: value > -1 for name, value in values.items()}
    sizes = {
        name: torch.tensor(np.abs(value) * kept[name], dtype=torch.float64, requires_grad=True)
        for name, value in values.items()
    }
    x = torch.ones(HIDDEN, dtype=torch.float64)
    for layer in range(2):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            sizes[f"{at}.attention.self.{kind}.weight"] @ x for kind in ("query", "key", "value")
        )
        x = x + sizes[f"{at}.attention.output.dense.weight"] @ (query + key + value)
        inner = sizes[f"{at}.intermediate.dense.weight"] @ x
        x = x + sizes[f"{at}.output.dense.weight"] @ inner
    (sizes["pooler.dense.weight"] @ x).sum().backward()
    expected = {name: (size * size.grad).detach().numpy() for name, size in sizes.items()}
    largest = max(each.max() for each in expected.values())

    found = synaptic_flow(values, masks.Mask(prunable=PRUNABLE, kept=kept))

    assert found.keys() == expected.keys()
    for name, values_of in expected.items():
        assert np.allclose(found[name], values_of / largest, rtol=1e-5)
        assert not found[name][~kept[name]].any()


def test_scores_by_hand() -> None:
    """One layer of width 1, without a pooler: R = (1 + o (q + k + v)) (1 + f i)."""
    prunable = prunable_set({n: (1, 1) for n in SHAPES if "layer.0" in n})
    sizes = {"query": 1, "key": 2, "value": 3, "attention_output": 0.5, "intermediate": 2}
    values = {
        name: np.array([[-({**sizes, "output": 4}[place(name)[1]])]], np.float32)
        for name in prunable.shapes
    }

    found = synaptic_flow(values, masks.dense(prunable))

    # R = 4 * 9. Query 0.5 * 1 * 9, key twice and value three times that, output 3 * 9, both of
    # the second block 4 * 8.
    flows = {"query": 4.5, "key": 9, "value": 13.5, "attention_output": 27}
    flows |= {"intermediate": 32, "output": 32}
    for name, value in found.items():
        assert value.item() == np.float32(flows[place(name)[1]] / 32)


def test_many_rounds_prune_exactly_and_other_weights_than_one() -> None:
    """The count is exact, nothing is drawn, and a score that rises as others go is heeded."""
    criterion = load_criterion("synflow")
    values, sparsity = weights(), Fraction(95, 100)

    def mask(rounds: int, seed: int = 0) -> masks.Mask:
        inputs = Inputs(
            weights=values,
            parent=masks.dense(PRUNABLE),
            sparsity=sparsity,
            seed=seed,
            parameters={"rounds": rounds},
        )
        return find(criterion, str(criterion.scope), inputs)

    many = mask(criterion.parameters["rounds"])
    assert criterion.parameters["rounds"] == 100
    assert many.pruned == mask(1).pruned == pruned_count(sparsity, PRUNABLE.size)
    assert many == mask(100, seed=7)  # nothing is drawn
    assert many != mask(1)
