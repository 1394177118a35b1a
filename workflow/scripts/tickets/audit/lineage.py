"""What a file of a study has to be made of, by its place and the study's design.

A statement may name parents that exist and belong elsewhere: a valid mask of another seed, say.
Only the design knows which ones it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tickets import paths
from tickets.audit.places import Place
from tickets.design import registry
from tickets.design.dag import Design, file_of_scores, file_of_weights
from tickets.paths import DENSE, THETA_0, WINNING, Results, parse_mask, parse_weights
from tickets.schedule import exact, label

FILES = Results(root=".")
Parts = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a statement should say.

    rule; parameters: those that the path names, others are free; parents: path by role.
    """

    rule: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parents: Mapping[str, str] = field(default_factory=dict[str, str])


def expected(design: Design, place: Place) -> Expected | None:
    """What the statement of the file at `place` should say; None where anything may stand.

    Raises:
        ValueError, AssertionError: the design has no such place.
    """
    return _KINDS[place.kind](design, place.parts) if place.kind in _KINDS else None


def older(wanted: Expected, place: Place) -> Expected:
    """The same for a training of a study whose tickets were the weights themselves."""
    parents = dict(wanted.parents)
    theta = parents.pop("theta")
    if place.kind == "weights":
        parents["ticket"] = theta
    return replace(wanted, parents=parents)


def _mask(design: Design, parts: Parts) -> Expected:
    name = parts["mask"]
    about = parse_mask(FILES.mask(name))
    task, seed, sparsity = about.source_task or "", about.seed, about.sparsity
    theta = {"theta_0": _weights_file(THETA_0)}
    reached = "" if sparsity is None else label(sparsity)
    asked = {"finder": about.finder, "sparsity": reached}
    if about.finder == DENSE:
        return Expected(rule="prune", parameters=asked, parents={"weights": theta["theta_0"]})
    if about.finder == "oneshot":
        return Expected(rule="prune", parameters=asked, parents={"weights": theta["theta_0"]})
    assert seed is not None
    if about.finder == "random":
        return Expected(rule="random_mask", parameters=asked | {"seed": seed}, parents=theta)
    asked |= {"task": task, "seed": seed}
    if about.finder == "snip":
        train = {"train": below_root(FILES.encoded(task, "train"))}
        return Expected(rule="snip", parameters=asked, parents=theta | train)
    if about.finder == "standard":
        asked |= {"round": design.round(reached)}
        scored = FILES.trained(design.standard_scored_by(task, seed, reached))
        before = FILES.mask(design.standard_before(task, seed, reached))
        return _pruned(asked, scored, before)
    assert about.rewind is not None
    rewind = label(exact(about.rewind) / 100)
    if about.finder == "layerwise":
        assert about.at is not None
        like = FILES.mask(paths.winning(task, rewind, seed, about.at))
        return Expected(
            rule="layerwise_mask",
            parameters={"finder": "layerwise", "seed": seed},
            parents={"like": below_root(like)},
        )
    if about.at is not None:
        return Expected(
            rule="winning_mask",
            parameters={"task": task, "criterion": WINNING[about.at]},
            parents={"winning": below_root(FILES.winning())},
        )
    asked |= {"rewind": rewind, "round": design.round(reached)}
    scored = file_of_scores(FILES, design, task, rewind, str(seed), reached)
    before = FILES.mask(design.before(task, rewind, seed, reached))
    return _pruned(asked, scored, before)


def _pruned(asked: Mapping[str, Any], scored: str, before: str) -> Expected:
    parents = {"weights": below_root(scored), "parent": below_root(before)}
    return Expected(rule="prune", parameters=asked, parents=parents)


def _weights(design: Design, parts: Parts) -> Expected:
    about = parse_weights(parts["weights"])
    if about.kind == THETA_0:
        return Expected(rule="theta_0")
    assert about.seed is not None
    if about.kind == "theta_i":
        assert about.task is not None
        parents = {
            "ticket": below_root(FILES.ticket(THETA_0, DENSE)),
            "theta": _weights_file(THETA_0),
            "mask": below_root(FILES.mask(DENSE)),
            "train": below_root(FILES.encoded(about.task, "train")),
        }
        asked = {"task": about.task, "seed": int(about.seed)}
        return Expected(rule="train", parameters=asked, parents=parents)
    if about.kind == "round":
        assert about.task is not None
        assert about.rewind is not None
        assert about.sparsity is not None
        task, rewind, seed = about.task, about.rewind, about.seed
        parents = {"theta": _weights_file(paths.theta_i(task, rewind, seed))}
        head = design.head_of(task, rewind, seed, about.sparsity)
        if head is not None:
            parents["head"] = below_root(FILES.trained(head))
        return Expected(rule="round_start", parents=parents)
    theta = {"theta_0": _weights_file(THETA_0)}
    seed = {"seed": int(about.seed)}
    if about.kind == "reinit":
        return Expected(rule="reinit", parameters=seed, parents=theta)
    how = {"how": about.kind.removeprefix("shuffled_")}
    return Expected(rule="shuffle", parameters=seed | how, parents=theta)


def _ticket(design: Design, parts: Parts) -> Expected:
    theta = below_root(file_of_weights(FILES, design, parts["weights"]))
    mask = below_root(FILES.mask(parts["mask"]))
    return Expected(rule="rewind", parents={"theta": theta, "mask": mask})


def _training(design: Design, parts: Parts) -> Expected:
    task = parts["task"]
    return Expected(
        rule="train",
        parameters={"task": task, "seed": int(parts["seed"])},
        parents={
            "ticket": below_root(FILES.ticket(parts["weights"], parts["mask"])),
            "theta": below_root(file_of_weights(FILES, design, parts["weights"])),
            "mask": below_root(FILES.mask(parts["mask"])),
            "train": below_root(FILES.encoded(task, "train")),
            "validation": below_root(FILES.encoded(task, "validation")),
            "data": below_root(FILES.data(task, "validation")),
        },
    )


def _encoded(design: Design, parts: Parts) -> Expected:
    del design
    data = below_root(FILES.data(parts["task"], parts["split"]))
    return Expected(rule="encode", parameters=parts, parents={"data": data})


def _data(design: Design, parts: Parts) -> Expected:
    del design
    return Expected(rule="data", parameters={"task": parts["task"]})


def _metrics(design: Design, parts: Parts) -> Expected:
    scored = registry.all_parts()[parts["part"]].predictions(FILES, design)
    files = [below_root(file) for file in scored]
    return Expected(rule="metrics", parameters=parts, parents={file: file for file in files})


def below_root(file: str) -> str:
    """A path that `FILES` gives, relative to the results folder."""
    return file.removeprefix(f"{FILES.root}/")


def _weights_file(weights: str) -> str:
    return below_root(FILES.weights(weights))


_KINDS: Mapping[str, Callable[[Design, Parts], Expected]] = {
    "mask": _mask,
    "weights": _weights,
    "ticket": _ticket,
    "trained": _training,
    "predictions": _training,
    "encoded": _encoded,
    "data": _data,
    "metrics": _metrics,
}
