"""theta_0'': the same weights in other places, as the paper and as its code have it."""

from __future__ import annotations

import numpy as np
import pytest

from tickets.initial.shuffling import SHUFFLES, shuffle_layers, shuffle_within

LAYERS = 3
PARTS = ("attention.self.query.weight", "output.dense.weight")
THETA = {
    "embeddings.word_embeddings.weight": np.arange(40.0, dtype=np.float32).reshape(10, 4),
    "pooler.dense.weight": np.arange(16.0, dtype=np.float32).reshape(4, 4),
    "pretrained_head.bias": np.arange(10.0, dtype=np.float32),
} | {
    f"encoder.layer.{layer}.{part}": np.float32(100 * layer)
    + np.arange(16, dtype=np.float32).reshape(4, 4)
    for layer in range(LAYERS)
    for part in (*PARTS, "output.dense.bias", "output.LayerNorm.weight")
}
MATRICES = [
    "pooler.dense.weight",
    *(f"encoder.layer.{layer}.{part}" for layer in range(LAYERS) for part in PARTS),
]


@pytest.mark.parametrize("how", SHUFFLES)
def test_a_shuffle_is_a_function_of_its_seed(how: str) -> None:
    """Same seed, same bits; another seed, other places; names and shapes stay."""
    once, again, other = (SHUFFLES[how](THETA, seed) for seed in (1, 1, 4))

    assert list(once) == list(THETA)
    assert all(once[name].tobytes() == again[name].tobytes() for name in THETA)
    assert any(once[name].tobytes() != other[name].tobytes() for name in THETA)
    assert {name: value.shape for name, value in once.items()} == {
        name: value.shape for name, value in THETA.items()
    }


def test_within_moves_the_entries_of_prunable_matrices_alone() -> None:
    """Each matrix has its own entries, in other places; every other tensor stays as it is."""
    shuffled = shuffle_within(THETA, 1)

    for name, tensor in THETA.items():
        assert sorted(shuffled[name].ravel()) == sorted(tensor.ravel())
        assert (shuffled[name].tobytes() == tensor.tobytes()) == (name not in MATRICES)


@pytest.mark.parametrize("seed", range(6))
def test_across_layers_moves_all_matrices_of_a_layer_together(seed: int) -> None:
    """Every layer's matrices are somewhere, and not all where they were; nothing else moves."""
    shuffled = shuffle_layers(THETA, seed)
    places = [
        {int(shuffled[f"encoder.layer.{layer}.{part}"].flat[0]) // 100 for part in PARTS}
        for layer in range(LAYERS)
    ]

    assert all(len(place) == 1 for place in places)
    found = [place.pop() for place in places]
    assert sorted(found) == list(range(LAYERS)) != found
    others = [name for name in THETA if name not in MATRICES or name == "pooler.dense.weight"]
    assert all(shuffled[name] is THETA[name] for name in others)
