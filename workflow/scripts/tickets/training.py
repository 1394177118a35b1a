"""Training a ticket: the paper's recipe (Table 1), under a mask that holds exactly."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tickets.adamw import AdamW
from tickets.architecture import PRETRAINED_HEAD, Architecture
from tickets.batches import chosen, pack, steps_per_epoch
from tickets.encoded import Encoded
from tickets.encoder import Dropout
from tickets.errors import Diverged
from tickets.initialisation import draw, head_shapes
from tickets.masking import hide
from tickets.masks import Mask
from tickets.network import Network
from tickets.seeds import derive

WORDS = "embeddings.word_embeddings.weight"
HEAD = "head."  # before the names of a training's own head
REPORTS = 10  # progress lines a training

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train: steps or epochs (exactly one), learning rate decaying linearly to zero.

    `warmup_steps` raise the rate linearly first (0 in the paper). `dropout` None keeps the model's
    own rates. `mlm_probability` is the share of tokens that MLM hides.
    """

    epochs: float | None
    steps: int | None
    batch_size: int
    learning_rate: float
    warmup_steps: int = 0
    adam_epsilon: float = 1e-8
    clip_norm: float = 1.0
    dropout: float | None = None
    mlm_probability: float = 0.15

    def total_steps(self, examples: int) -> int:
        """Steps of a whole training on so many examples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return round(self.epochs * steps_per_epoch(examples, self.batch_size))

    def rate(self, step: int, total: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        return self.learning_rate * (total - step) / (total - self.warmup_steps)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network's tensors after its training, the loss of each step, and the kind of device."""

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
) -> tuple[Tensors, Tensors]:
    """A ticket's encoder and the head its training starts from, gamma_i.

    That is the head in the ticket, where it is rewound to later weights than theta_0; MLM's
    pre-trained head, where there is one; else one drawn from `seed` and the task's name.
    """
    heads = (HEAD, PRETRAINED_HEAD)
    theta = {name: value for name, value in ticket.items() if not name.startswith(heads)}
    for prefix in (HEAD, PRETRAINED_HEAD) if head == "mlm" else (HEAD,):
        found = {n.removeprefix(prefix): v for n, v in ticket.items() if n.startswith(prefix)}
        if found:
            return theta, found
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
) -> Trained:
    """Train from `first_step` to `last_step` (None: to the end) of the whole training.

    Gradients of pruned weights are zero before the norm is taken, as under
    `torch.nn.utils.prune`; at weight decay 0 their moments and updates are then zero too, so that
    neither the forward pass nor the step need the mask. Data order, dropout and MLM's masking
    depend on `seed` and the step alone.

    Raises:
        Diverged: the loss is not a number.
    """
    total = recipe.total_steps(len(encoded))
    compact = _Vocabulary(encoded, architecture.vocabulary) if head != "mlm" else None
    used = {**theta, WORDS: theta[WORDS][compact.used]} if compact else theta
    network = Network.of(used, gamma, architecture, head)
    tensors, heads, device = network.theta, network.gamma, network.device
    parameters = [*tensors.values(), *heads.values()]
    for parameter in parameters:
        parameter.requires_grad_()
    masked = [
        (tensors[name], torch.from_numpy(kept).to(device, torch.float32))
        for name, kept in (mask.kept.items() if mask.pruned else ())
    ]
    special = np.zeros(architecture.vocabulary, dtype=bool)
    special[encoded.meta["special_ids"]] = True
    optimizer = AdamW(parameters, recipe.adam_epsilon)
    dropout = rates(recipe, architecture)
    losses: list[Tensor] = []
    last = total if last_step is None else last_step
    for step in range(first_step, last):
        packed = pack(encoded, chosen(len(encoded), recipe.batch_size, seed, step))
        torch.manual_seed(derive(seed, f"dropout at step {step}"))
        if compact:
            packed = replace(packed, tokens=compact.renumber(packed.tokens))
            loss = network.task_loss(packed, encoded, dropout)
        else:
            tokens, labels = hide(
                packed.tokens,
                packed.starts,
                ~special[packed.tokens],
                probability=recipe.mlm_probability,
                mask_id=encoded.meta["mask_id"],
                vocabulary=architecture.vocabulary,
                seed=derive(seed, f"masking at step {step}"),
            )
            loss = network.mlm_loss(replace(packed, tokens=tokens), labels, dropout)
        optimizer.clear()
        loss.backward()
        for parameter, kept in masked:
            if parameter.grad is not None:
                parameter.grad.mul_(kept)
        torch.nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
        optimizer.step(recipe.rate(step, total))
        losses.append(loss.detach())
        done = step + 1 - first_step
        if done % max(1, (last - first_step) // REPORTS) == 0 or step + 1 == last:
            _report(losses, step, total, recipe)
    return Trained(
        theta={**_arrays(tensors), **({WORDS: compact.whole(theta, tensors)} if compact else {})},
        gamma=_arrays(heads),
        losses=[float(loss) for loss in losses],
        device=device.type,
    )


def rates(recipe: Recipe, architecture: Architecture) -> Dropout:
    """The dropout rates of a training."""
    if recipe.dropout is not None:
        return Dropout(hidden=recipe.dropout, attention=recipe.dropout)
    return Dropout(hidden=architecture.hidden_dropout, attention=architecture.attention_dropout)


class _Vocabulary:
    """The word pieces that occur in a training, numbered without gaps.

    Exact at weight decay 0: the embedding of a word piece that never occurs has no gradient, so
    it adds nothing to the norm and never moves.
    """

    def __init__(self, encoded: Encoded, vocabulary: int) -> None:
        self.used = np.unique(encoded.tokens).astype(np.int64)
        self._number = np.full(vocabulary, -1)
        self._number[self.used] = np.arange(self.used.size)

    def renumber(self, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._number[tokens]

    def whole(self, theta: Tensors, tensors: Mapping[str, Tensor]) -> NDArray[np.float32]:
        full = theta[WORDS].copy()
        full[self.used] = tensors[WORDS].detach().cpu().numpy()
        return full


def _report(losses: list[Tensor], step: int, total: int, recipe: Recipe) -> None:
    """One progress line; the only place where the loss is looked at, and the device waited for."""
    values = torch.stack(losses)
    bad = torch.nonzero(~torch.isfinite(values))
    if len(bad):
        at = step + 1 - len(losses) + int(bad[0])
        raise Diverged(
            f"training: the loss at step {at + 1} of {total} is not a number "
            f"(learning rate {recipe.rate(at, total):.3g}); write a lower learning_rate"
        )
    recent = values[-max(1, len(losses) // REPORTS) :].mean()
    print(f"step {step + 1}/{total}  loss {float(recent):.4f}", file=sys.stderr, flush=True)


def _arrays(tensors: Mapping[str, Tensor]) -> Tensors:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
