"""Mask training: scores learned by gradients, with all weights frozen (TAMT, Liu et al. 2022).

In each step the network runs under the mask that keeps the weights of highest score, at the
sparsity asked for. A score's gradient is that of its mask's bit, dL/dS = dL/d(m w) . w, as if the
choice of the highest were the identity (straight-through; arXiv 2204.11218), so that pruned
weights have one too, and can come back. Scores begin as 2 phi for the weights that magnitude keeps
and 0 for the others, and AdamW updates them, its rate falling linearly to zero.

The paper keeps what exceeds a threshold phi, which its code sets anew every thousand steps, matrix
by matrix; here each step's mask has the exact sparsity, over all matrices, and phi is only the unit
of scores. Any task will do: its head is the one that a training begins with, for MLM the
pre-trained one, and is frozen too. docs/experiments.md lists what else differs.
"""

from __future__ import annotations

import numpy as np

from tickets.criteria import magnitude
from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores, load_scope

PHI = np.float32(0.01)


def scores(inputs: Inputs) -> Scores:
    """The scores after `batches` steps, one a batch; without any, the mask is magnitude's."""
    # Snakemake imports this file: torch is imported only where it is used.
    import torch

    from tickets.model.dropout import NONE
    from tickets.training.adamw import AdamW
    from tickets.training.first_batches import first_batches, reserved_device

    values, weights = inputs.parameters, inputs.prunable_weights
    prune, parent = load_scope("global").prune, inputs.parent
    mask = prune(magnitude.scores(inputs), parent, inputs.sparsity)
    flat = np.concatenate([2 * PHI * bits.ravel() for bits in mask.kept.values()])
    slopes = np.zeros_like(flat)
    learned, gradients = (_cut(each, weights) for each in (flat, slopes))
    optimizer = AdamW(
        torch.from_numpy(flat),
        torch.from_numpy(slopes),
        epsilon=values["adam_epsilon"],
        clip_norm=values["clip_norm"],
    )
    with reserved_device(inputs) as (encoded, model):
        # Under the parent, which keeps everything: a network's mask would hide the gradients of
        # pruned weights.
        network, batches = first_batches(inputs, encoded, model)
        parameters = network.parameters
        for step, batch in enumerate(batches):
            for name, weight in weights.items():
                parameters.value_of(name).copy_(torch.from_numpy(weight * mask.kept[name]))
            parameters.refresh()
            parameters.clear()
            network.backward(network.loss(batch, NONE))
            for name, weight in weights.items():
                gradients[name][:] = parameters.grad_of(name).cpu().numpy() * weight
            optimizer.step(values["learning_rate"] * (1 - step / values["batches"]))
            mask = prune(learned, parent, inputs.sparsity)
    return learned


def _cut(flat: np.ndarray[tuple[int], np.dtype[np.float32]], like: Scores) -> Scores:
    """Views of a flat vector, of the shapes of `like` and in its order."""
    ends = np.cumsum([each.size for each in like.values()])
    parts = np.split(flat, ends[:-1])
    return {
        name: part.reshape(each.shape)
        for part, (name, each) in zip(parts, like.items(), strict=True)
    }


CRITERION = Criterion(
    label="mask training",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=(*NETWORK_NEEDS, "adam_epsilon", "clip_norm"),
    # The paper's rate is 5e-5, for a hundred times as many steps.
    parameters={"batches": 300, "learning_rate": 0.0003},
    scope="global",
)
