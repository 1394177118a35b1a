"""The paper's experiments: the trainings behind each table, and those that they depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from tickets.design.dag import Design
from tickets.finder import COMBINED, gathers, is_round
from tickets.meanings import FREEZE
from tickets.names import (
    DENSE,
    SHUFFLES,
    THETA_0,
    WINNING,
    MaskName,
    TrainingName,
    WeightsName,
    change,
    imp,
    oneshot,
    random,
    reinit,
    standard,
    theta_i,
    trained,
    training,
    winning,
)


def full(design: Design) -> list[TrainingName]:
    """The full model on every task."""
    grid = product(design.tasks, design.seeds)
    return [_scored(design, THETA_0, DENSE, task, seed) for task, seed in grid]


def full_models(design: Design) -> list[TrainingName]:
    """The full model on every task, and trained once more from where it ended."""
    grid = product(design.tasks, design.seeds)
    again = [_scored(design, trained(task, seed, "0"), DENSE, task, seed) for task, seed in grid]
    return full(design) + again


def _scored(
    design: Design, weights: WeightsName, mask: MaskName, task: str, seed: int
) -> TrainingName:
    """The training that scores a mask of the study's `seed`, or weights made with it."""
    return training(weights, mask, task, design.evaluation_seed(seed))


def transfers(design: Design) -> list[TrainingName]:
    """Every mask on every task, its own included, and the full model (section 4); combined masks
    too.
    """
    trainings = full(design)
    for target, seed in product(design.tasks, design.seeds):
        masks = [design.own_mask(source, seed) for source in design.tasks]
        masks += [oneshot(design.transfer), random(seed, design.transfer)]
        masks += [design.combined_mask(name, seed) for name in design.combine]
        trainings += [_scored(design, THETA_0, mask, target, seed) for mask in masks]
    return trainings


def baselines(design: Design) -> list[TrainingName]:
    """On every task: the full model, IMP's ticket, one-shot and random masks, and random weights
    with and without IMP's mask.
    """
    trainings = full(design)
    for task, seed in product(design.tasks, design.seeds):
        own = design.own_mask(task, seed)
        for mask in (own, oneshot(design.transfer), random(seed, design.transfer)):
            trainings.append(_scored(design, THETA_0, mask, task, seed))
        for mask in (own, DENSE):
            trainings.append(_scored(design, reinit(seed), mask, task, seed))
    return trainings


def tickets(design: Design) -> list[TrainingName]:
    """IMP's ticket of every sparsity on its own task, to choose the winning sparsity from."""
    grid = product(design.tasks, design.seeds, design.sparsities)
    own = [_scored(design, THETA_0, imp(t, design.rewind, s, p), t, s) for t, s, p in grid]
    return full(design) + own


def sweep(design: Design) -> list[TrainingName]:
    """`tickets`, and the masks of every sparsity by the other finders."""
    trainings = tickets(design)
    for task, seed, sparsity in product(design.tasks, design.seeds, design.sparsities):
        masks = [design.mask_by(each, task, seed, sparsity) for each in design.sweep]
        trainings += [_scored(design, THETA_0, mask, task, seed) for mask in masks]
    return trainings


def winning_tickets(design: Design) -> list[TrainingName]:
    """Table 2: at each task's winning sparsity, the baselines of the ticket."""
    trainings = sweep(replace(design, sweep=("oneshot", "random")))
    for task, seed, at in product(design.tasks, design.seeds, WINNING):
        own = winning(task, design.rewind, seed, at)
        weights = [WeightsName(kind=f"shuffled_{how}", seed=seed) for how in SHUFFLES]
        like = replace(own, finder="layerwise")
        trainings.append(_scored(design, THETA_0, like, task, seed))
        trainings += [_scored(design, each, own, task, seed) for each in (reinit(seed), *weights)]
    return trainings


def rewinding(design: Design) -> list[TrainingName]:
    """Rewinding to theta_0, to later weights, and not at all, up to the sparsity of transfer."""
    trainings = full(design)
    for task, seed, sparsity in product(design.tasks, design.seeds, reached(design)):
        for rewind in ("0", *design.rewinds):
            start, mask = theta_i(task, rewind, seed), imp(task, rewind, seed, sparsity)
            trainings.append(_scored(design, start, mask, task, seed))
        last = design.trained_by(trained(task, seed, sparsity))
        trainings.append(_scored(design, last.weights, last.mask, task, seed))
    return trainings


def reached(design: Design) -> list[str]:
    """The sparsities up to that of transfer."""
    return list(design.sparsities[: design.round(design.transfer)])


def transfer_variants(design: Design) -> list[TrainingName]:
    """Transfer at each source's winning sparsity; of MLM's and the one-shot mask at all sparsities;
    and with later weights of the source instead of theta_0.
    """
    trainings = transfers(replace(design, combine={})) + tickets(design)
    for target, seed in product(design.tasks, design.seeds):
        others = [source for source in design.tasks if source != target]
        masks = [winning(source, design.rewind, seed, "winning") for source in others]
        for sparsity in design.sparsities:
            masks.append(oneshot(sparsity))
            masks += [imp(source, design.rewind, seed, sparsity) for source in design.mlm_tasks]
        trainings += [_scored(design, THETA_0, mask, target, seed) for mask in masks]
        for source in design.later_sources:
            trainings += [_later(design, source, rewind, target, seed) for rewind in design.rewinds]
            trainings.append(_last(design, source, target, seed))
    return trainings


def transferability(design: Design) -> list[TrainingName]:
    """Transfer of every source, and of every part of a task to the other tasks."""
    trainings = transfers(replace(design, combine={}))
    for (name, parent), target, seed in product(design.subsets.items(), design.tasks, design.seeds):
        if target != parent:
            trainings.append(_scored(design, THETA_0, design.own_mask(name, seed), target, seed))
    return trainings


def freezing(design: Design) -> list[TrainingName]:
    """At every sparsity, theta_0 with the weights frozen that masks of largest change and random
    ones prune; and the full model.
    """
    trainings = full(design)
    for task, seed, sparsity in product(design.tasks, design.seeds, design.sparsities):
        for mask in (change(task, seed, sparsity), random(seed, sparsity)):
            zeroing = _scored(design, THETA_0, mask, task, seed)
            trainings.append(replace(zeroing, meaning=FREEZE))
    return trainings


def compared_masks(design: Design) -> list[MaskName]:
    """The masks whose overlap and layers are compared, all at the sparsity of transfer."""
    own = [design.own_mask(task, seed) for task, seed in product(design.tasks, design.seeds)]
    chance = [random(seed, design.transfer) for seed in design.seeds]
    return [*own, oneshot(design.transfer), *chance]


def candidates(design: Design, *, task: str, rewind: str, seed: int) -> list[MaskName]:
    """The masks to choose a winning one from: the dense one, and that of each round."""
    return [DENSE, *(imp(task, rewind, seed, sparsity) for sparsity in design.sparsities)]


def _later(design: Design, source: str, rewind: str, target: str, seed: int) -> TrainingName:
    mask = imp(source, rewind, seed, design.transfer)
    return _scored(design, theta_i(source, rewind, seed), mask, target, seed)


def _last(design: Design, source: str, target: str, seed: int) -> TrainingName:
    weights = trained(source, seed, design.sparsity_before(design.transfer))
    return _scored(design, weights, standard(source, seed, design.transfer), target, seed)


def needed(design: Design, wanted: Iterable[TrainingName]) -> set[TrainingName]:
    """All trainings that must run for `wanted`, those behind their masks and weights included.

    What only gathers movement is none of them: it leaves neither weights nor predictions.
    """
    waiting = list(wanted)
    if any(each.mask.at for each in waiting):  # chosen among all masks of all seeds
        waiting += tickets(design)
    trainings = set(waiting)
    while waiting:
        for each in _behind(design, waiting.pop()):
            if each not in trainings:
                trainings.add(each)
                waiting.append(each)
    return trainings


def _behind(design: Design, name: TrainingName) -> Iterable[TrainingName]:
    """The trainings that a training's mask, unless it is a winning one, and weights come from."""
    mask = name.mask
    if mask.finder == COMBINED:
        yield from filter(None, map(design.decided_by, design.parents(mask)))
    elif is_round(mask.finder) and not mask.at and (decides := design.decided_by(mask)):
        yield from _behind(design, decides) if gathers(mask.finder) else (decides,)
    if name.weights.kind == "trained":
        yield design.trained_by(name.weights)
    if name.weights.kind == "round" and (before := design.continued_by(name.weights)):
        yield before
