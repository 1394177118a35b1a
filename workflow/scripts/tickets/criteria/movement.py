"""Movement: how far a short training moves each weight away from zero (Sanh et al., NeurIPS 2020).

A weight's score is -w dL/dw, summed over the steps of a training from theta_0 (arXiv 2005.07683,
section 4). A step down the gradient makes it positive if the weight grows, and negative if it
shrinks; a weight without a gradient has 0. The training has the recipe's AdamW and learning rate,
which falls to zero in so many batches, and no dropout. Gradients count as they are before clipping.

The paper trains a network that is pruned more and more by these scores, with an optimizer of their
own. Here they are added up in the network without a mask, and prune once.
"""

from __future__ import annotations

from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """The sum of -w dL/dw over the steps of a training, each before its update."""
    # Snakemake imports this file: torch is imported only where it is used.
    import torch

    from tickets.model.dropout import NONE
    from tickets.training.adamw import AdamW
    from tickets.training.first_batches import first_batches, reserved_device
    from tickets.training.recipe import Recipe
    from tickets.training.stepping import Stepper

    values = inputs.parameters
    total = values["batches"]
    recipe = Recipe(
        epochs=None,
        steps=total,
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
    )
    with reserved_device(inputs) as (encoded, model):
        network, batches = first_batches(inputs, encoded, model)
        parameters = network.parameters
        names = inputs.parent.prunable.shapes
        gathered = {name: torch.zeros_like(parameters.value_of(name)) for name in names}

        def gather() -> None:
            for name, score in gathered.items():
                score -= parameters.value_of(name) * parameters.grad_of(name)

        parameters.after_backward = gather
        optimizer = AdamW(
            parameters.values,
            parameters.grads,
            epsilon=values["adam_epsilon"],
            clip_norm=values["clip_norm"],
        )
        stepper = Stepper(network, optimizer, NONE.rates)
        for step, batch in enumerate(batches):
            stepper(batch, rate=recipe.rate(step, total), seed=0)
    return {name: score.cpu().numpy() for name, score in gathered.items()}


CRITERION = Criterion(
    label="movement",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=(*NETWORK_NEEDS, "learning_rate", "adam_epsilon", "clip_norm"),
    parameters={"batches": 100},
)
