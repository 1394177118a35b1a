"""Training a ticket by the paper's recipe (Table 1), with pruned weights exactly zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tickets.architecture import HEAD, PRETRAINED_HEAD, Architecture
from tickets.data.masking import hide
from tickets.encoded import Encoded
from tickets.errors import Interrupted
from tickets.initial.initialisation import draw, head_shapes
from tickets.masks import Mask
from tickets.model.batches import PackedBatch, best_width, choose_examples, pack
from tickets.model.device import product_dtype
from tickets.model.dropout import NONE, Rates
from tickets.model.encoder import WORDS
from tickets.model.network import HIDING, ROUNDING, Batch, Network
from tickets.seeds import derive
from tickets.training.adamw import AdamW
from tickets.training.interruption import StopRequest
from tickets.training.observer import Observer
from tickets.training.progress import Progress
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving, TrainingState
from tickets.training.stepping import Stepper
from tickets.training.vocabulary import Vocabulary

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The result of a training: theta and gamma, the loss of each step, the type of device."""

    theta: Tensors
    gamma: Tensors
    losses: list[float]
    device: str


def initial_head(
    ticket: Tensors,
    architecture: Architecture,
    *,
    head: str,
    labels: int,
    seed: int,
    task: str,
    new: bool = False,
) -> tuple[Tensors, Tensors]:
    """A ticket's encoder theta and the head gamma that its training starts from.

    The head is the first of these that exists: the ticket's own (a ticket rewound to later weights
    than theta_0 has one), unless `new`; for MLM the pre-trained one; one drawn from `seed` and the
    name `task`.
    """
    heads = (HEAD, PRETRAINED_HEAD)
    theta = {name: value for name, value in ticket.items() if not name.startswith(heads)}
    for prefix in (*(() if new else (HEAD,)), *((PRETRAINED_HEAD,) if head == "mlm" else ())):
        gamma = {n.removeprefix(prefix): v for n, v in ticket.items() if n.startswith(prefix)}
        if gamma:
            return theta, gamma
    shapes = head_shapes(
        head,
        hidden=architecture.hidden_size,
        embedding=theta[WORDS].shape[1],
        vocabulary=architecture.vocabulary,
        labels=labels,
        pooler="pooler.dense.weight" in theta,
    )
    return theta, draw(shapes, seed, f"head of {task}", architecture.initializer_range)


def train(
    theta: Tensors,
    gamma: Tensors,
    mask: Mask,
    encoded: Encoded,
    architecture: Architecture,
    recipe: Recipe,
    *,
    head: str,
    seed: int,
    first_step: int = 0,
    last_step: int | None = None,
    saving: Saving | None = None,
    stop: StopRequest | None = None,
    observer: Observer | None = None,
    name: str = "training",
    events: Path | None = None,
) -> Trained:
    """Train from `first_step` to `last_step` (None: to the end) of the whole training.

    Gradients of pruned weights are set to zero before their norm is taken, as under
    `torch.nn.utils.prune`. Without weight decay (fine-tuning has none) their moments and updates
    are then zero, too: neither the forward pass nor the update needs the mask, and a pruned weight
    keeps the value that it starts with, zero or any other, to the bit. Data order, dropout and
    MLM's masking depend only on `seed` and the step, so a resumed training ends with the same bits
    as one that was never stopped. `observer` sees the network on the way.
    Progress is printed to stderr under `name`, and written to event files in the folder `events` if
    one is given.

    Raises:
        Diverged: a loss is not a number.
        Interrupted: `stop` asked the training to stop; with `saving`, its state is saved.
    """
    total = recipe.total_steps(len(encoded))
    last = total if last_step is None else last_step
    reduced = "vocabulary" in recipe.speedups and head not in HIDING
    vocabulary = Vocabulary(encoded, architecture.vocabulary) if reduced else None
    network = Network.of(
        {**theta, WORDS: vocabulary.part(theta[WORDS])} if vocabulary else theta,
        gamma,
        architecture,
        head,
        dtype=product_dtype(recipe.precision),
        mask=mask,
        selective="last_layer" in recipe.speedups,
    )
    if observer:
        observer.begin(network)
    width = None
    if "packing" in recipe.speedups:
        width = best_width(
            encoded,
            recipe.batch_size,
            seed,
            architecture.hidden_size,
            multiple=ROUNDING if network.parameters.device.type == "cuda" else None,
        )
    parameters = network.parameters
    optimizer = AdamW(
        parameters.values,
        parameters.grads,
        epsilon=recipe.adam_epsilon,
        clip_norm=recipe.clip_norm,
        decayed=parameters.matrices(),
    )
    rates, graphs = Rates.of(recipe.dropout, architecture), "graphs" in recipe.speedups
    stepper = Stepper(network, optimizer, rates, weight_decay=recipe.weight_decay, graphs=graphs)
    mlm, true_pairs = stepper, encoded
    if recipe.mlm_steps:
        mlm = Stepper(replace(network, head="mlm"), optimizer, NONE.rates, graphs=graphs)
        true_pairs = encoded.take(np.flatnonzero(encoded.columns["label"] == 0))
    progress = Progress(recipe, first=first_step, last=last, total=total, name=name, events=events)
    state = TrainingState(parameters, optimizer, progress, saving, observer) if saving else None
    begin = state.resume(first_step) if state else first_step
    earlier = recipe.earlier_trainings * total
    for step in range(begin, last):
        is_mlm = step < recipe.mlm_steps
        take, text = (mlm, true_pairs) if is_mlm else (stepper, encoded)
        loss = take(
            batch_at(take.network, text, vocabulary, width, recipe, seed, earlier + step),
            rate=recipe.rate(step, total),
            seed=derive(seed, f"dropout at step {step}"),
        )
        progress.add(loss)
        if observer:
            observer.observe(network, step + 1, total)
        signal = stop.signal if stop else None
        if state:
            state.save(step + 1, now=signal is not None)
        if signal and step + 1 < last:  # what follows the last step takes seconds
            effect = ", and it goes on from there" if state else ""
            raise Interrupted(
                f"training: stopped by {signal} after step {step + 1} of {total};"
                f" run it again{effect}"
            )
    arrays = parameters.arrays()
    if vocabulary:
        arrays[WORDS] = vocabulary.whole(theta[WORDS], arrays[WORDS])
    return Trained(
        theta={name: arrays[name] for name in theta},
        gamma={name: arrays[f"{HEAD}{name}"] for name in gamma},
        losses=progress.losses().tolist(),
        device=parameters.device.type,
    )


def batch_at(
    network: Network,
    encoded: Encoded,
    vocabulary: Vocabulary | None,
    width: int | None,
    recipe: Recipe,
    seed: int,
    step: int,
) -> Batch:
    """The batch of a step; among trainings of one recipe, a function of `seed` and `step`."""
    examples = choose_examples(len(encoded), recipe.batch_size, seed, step)
    packed = pack(encoded, examples, width)
    if network.head not in HIDING:
        tokens = encoded.tokens[packed.source]
        tokens = vocabulary.numbers(tokens) if vocabulary else tokens
        return network.batch(encoded, packed, tokens, training=True)
    tokens, words = hide_words(
        encoded,
        packed,
        probability=recipe.mlm_probability,
        vocabulary=network.architecture.vocabulary,
        seed=seed,
        step=step,
    )
    return network.batch(encoded, packed, tokens, words=words)


def hide_words(
    encoded: Encoded,
    packed: PackedBatch,
    *,
    probability: float,
    vocabulary: int,
    seed: int,
    step: int,
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """The inputs and labels [T] of an MLM batch at a step, as `masking.hide` returns them."""
    tokens = encoded.tokens[packed.source]
    return hide(
        tokens,
        packed.starts,
        ~np.isin(tokens, encoded.meta["special_ids"]),
        probability=probability,
        mask_id=encoded.meta["mask_id"],
        vocabulary=vocabulary,
        seed=derive(seed, f"masking at step {step}"),
    )
