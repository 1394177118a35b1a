"""What a file has to be made from, by its path and the study's design.

A statement may name parents that exist but belong elsewhere, such as a valid mask of another seed.
Only the design tells which ones are right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tickets import adapted
from tickets.audit.study_files import StudyFile, parse_path
from tickets.criterion import SPLITS
from tickets.design import registry
from tickets.design.dag import Design, file_of_scores, file_of_weights, files_of_round
from tickets.finder import COMBINED, compares_with_theta_0, is_round
from tickets.names import (
    DENSE,
    THETA_0,
    TRAINING,
    WINNING,
    MaskName,
    TrainingName,
    WeightsName,
    winning,
)
from tickets.paths import Results, role_of_mask
from tickets.statements import Statement

FILES = Results(root=".")
NEW_CONFIGURATION = FILES.configuration("pretrained")
Parts = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a statement should record.

    rule; parameters: those that the path names, None where there must be none, others are free;
    parents: paths by role.
    """

    rule: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parents: Mapping[str, str] = field(default_factory=dict[str, str])


def expected(design: Design, file: StudyFile) -> Expected | None:
    """What the statement of `file` should record; None if anything is allowed.

    Raises:
        ValueError, BadInput: the design has no such file.
    """
    return _KINDS[file.kind](design, file.parts) if file.kind in _KINDS else None


_OLDER = {"dense": "prune", "oneshot": "prune", "random": "random_mask", "snip": "snip"}
"""The rules of masks that theta_0 decides, by finder, in studies of earlier versions."""


def as_older_version(wanted: Expected, file: StudyFile, statement: Statement) -> Expected:
    """`wanted` as an earlier version would record it, if `statement` is from one: tickets were
    weights then, finders had rules of their own, or constant answers were scored for fewer tables.
    """
    parents = dict(wanted.parents)
    if wanted.rule == statement.rule == "metrics" and not _names_evaluation(statement):
        scored = statement.dependencies
        parents = {
            role: path
            for role, path in parents.items()
            if role in scored or (of := parse_path(path)) is None or of.kind != "majority"
        }
        return replace(wanted, parents=parents)
    if wanted.rule == statement.rule == "train" and "theta" not in statement.dependencies:
        theta = parents.pop("theta")
        if file.kind == "weights":
            parents["ticket"] = theta
        return replace(wanted, parents=parents)
    if wanted.rule == "find_mask" and statement.rule == _OLDER.get(wanted.parameters["finder"]):
        if statement.rule == "prune":
            parents = {"weights": parents["theta_0"]}
        return replace(wanted, rule=statement.rule, parents=parents)
    return wanted


def _names_evaluation(statement: Statement) -> bool:
    """Whether the design in a statement of scores says which seed evaluates a mask."""
    design = statement.parameters.get("design")
    return isinstance(design, Mapping) and "evaluation" in design


def _mask(design: Design, parts: Parts) -> Expected:
    mask = MaskName.parse(parts["mask"])
    if mask.finder == "layerwise":
        like = winning(mask.task, mask.rewind, mask.seed, mask.at)
        return Expected(
            rule="layerwise_mask",
            parameters={"finder": mask.finder, "seed": mask.seed},
            parents={"like": below_root(FILES.mask(like))},
        )
    if mask.finder == COMBINED:
        return _combined_mask(design, mask)
    if mask.at:
        return Expected(
            rule="winning_mask",
            parameters={"task": mask.task, "criterion": WINNING[mask.at]},
            parents={"winning": below_root(FILES.winning())},
        )
    parameters: dict[str, Any] = {"finder": mask.finder, "sparsity": mask.sparsity}
    for name in ("task", "rewind", "seed"):
        if (value := getattr(mask, name)) not in ("", None):
            parameters[name] = value
    if is_round(mask.finder):
        parents = {
            "weights": below_root(file_of_scores(FILES, design, mask)),
            "parent": below_root(FILES.mask(design.before(mask))),
        }
        if compares_with_theta_0(mask.finder):
            parents["theta_0"] = THETA_0_FILE
        parameters["round"] = design.round_of(mask)
        return Expected(rule="prune", parameters=parameters, parents=parents)
    depends_on = () if mask == DENSE else design.depends_on(mask.finder)
    read = {split: below_root(FILES.encoded(mask.task, split)) for split in SPLITS}
    read = {split: file for split, file in read.items() if split in depends_on}
    parents = {"theta_0": THETA_0_FILE, **read}
    return Expected(rule="find_mask", parameters=parameters, parents=parents)


def _combined_mask(design: Design, mask: MaskName) -> Expected:
    parameters: dict[str, Any] = {"name": mask.task, "seed": mask.seed, "sparsity": mask.sparsity}
    parents = {"theta_0": THETA_0_FILE}
    if mask.task in design.combine:  # before transfers are scored, no statement says what it is
        parameters["by"] = design.combine[mask.task].get("by")
        parents |= {role_of_mask(m): below_root(FILES.mask(m)) for m in design.parents(mask)}
    return Expected(rule="combine_masks", parameters=parameters, parents=parents)


def _weights(design: Design, parts: Parts) -> Expected:
    weights = WeightsName.parse(parts["weights"])
    if weights == THETA_0:
        return Expected(rule="theta_0")
    if weights.kind == "theta_i":
        parents = {
            "ticket": below_root(FILES.ticket(THETA_0, DENSE)),
            "theta": THETA_0_FILE,
            "mask": below_root(FILES.mask(DENSE)),
            "train": below_root(FILES.encoded(weights.task, "train")),
            "configuration": CONFIGURATION_FILE,
        }
        parameters = {"task": weights.task, "seed": weights.seed}
        return Expected(rule="train", parameters=parameters, parents=parents)
    if weights.kind == "round":
        made_from = files_of_round(FILES, design, weights)
        parents = {role: below_root(file) for role, file in made_from.items()}
        return Expected(rule="round_start", parents=parents)
    theta = {"theta_0": THETA_0_FILE}
    if weights.kind == "reinit":
        return Expected(rule="reinit", parameters={"seed": weights.seed}, parents=theta)
    parameters = {"seed": weights.seed, "how": weights.kind.removeprefix("shuffled_")}
    return Expected(rule="shuffle", parameters=parameters, parents=theta)


def _ticket(design: Design, parts: Parts) -> Expected:
    theta = below_root(file_of_weights(FILES, design, WeightsName.parse(parts["weights"])))
    mask = below_root(FILES.mask(parts["mask"]))
    return Expected(rule="rewind", parents={"theta": theta, "mask": mask})


def _training(design: Design, parts: Parts) -> Expected:
    name = TrainingName.parse(TRAINING.format(**parts))
    task = name.task
    later = {"earlier_trainings": name.order - 1} if name.order > 1 else {}
    return Expected(
        rule="train",
        parameters={"task": task, "seed": name.seed, "meaning": name.meaning or None} | later,
        parents={
            "ticket": below_root(FILES.ticket(*name.ticket)),
            "theta": below_root(file_of_weights(FILES, design, name.weights)),
            "mask": below_root(FILES.mask(name.mask)),
            "train": below_root(FILES.encoded(task, "train")),
            "validation": below_root(FILES.encoded(task, "validation")),
            "data": below_root(FILES.data(task, "validation")),
            "configuration": CONFIGURATION_FILE,
        },
    )


def _movement(design: Design, parts: Parts) -> Expected:
    """A training, of which nothing is evaluated."""
    whole = _training(design, parts)
    evaluated = ("validation", "data")
    parents = {role: file for role, file in whole.parents.items() if role not in evaluated}
    return replace(whole, parents=parents)


def _line(design: Design, parts: Parts) -> Expected:
    del design
    second = TrainingName.parse(TRAINING.format(**parts))
    parents = {
        "first": FILES.trained(replace(second, order=1)),
        "second": FILES.trained(second),
        "validation": FILES.encoded(second.task, "validation"),
        "data": FILES.data(second.task, "validation"),
    }
    return Expected(
        rule="interpolate",
        parameters={"task": second.task},
        parents={role: below_root(file) for role, file in parents.items()}
        | {"configuration": CONFIGURATION_FILE},
    )


def _losses(design: Design, parts: Parts) -> Expected:
    ticket = below_root(FILES.ticket(THETA_0, parts["mask"]))
    validation = below_root(FILES.encoded(parts["task"], "validation"))
    made_from = {"validation": validation, "configuration": CONFIGURATION_FILE}
    applied = _ticket(design, {**parts, "weights": str(THETA_0)}).parents
    return Expected(
        rule="initial_loss",
        parameters={"task": parts["task"]},
        parents={**applied, **made_from, "ticket": ticket},
    )


def _majority(design: Design, parts: Parts) -> Expected:
    task = parts["task"]
    read = {"validation": FILES.data(task, "validation")}
    if task in design.mlm:
        read |= {f"encoded-{split}": FILES.encoded(task, split) for split in SPLITS}
    else:
        read["train"] = FILES.data(task, "train")
    return Expected(
        rule="majority", parents={role: below_root(file) for role, file in read.items()}
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


def _corpus(design: Design, parts: Parts) -> Expected:
    del design, parts
    model = {f"model/{file.rpartition('/')[2]}": below_root(file) for file in NEW_CONFIGURATION}
    text = below_root(FILES.language("pretraining", "train"))
    return Expected(rule="corpus", parents={"text": text, **model})


def _pretraining(design: Design, parts: Parts) -> Expected:
    del design, parts
    read = {"corpus": below_root(FILES.corpus()), "config.json": below_root(NEW_CONFIGURATION[0])}
    return Expected(rule="pretrain", parents=read)


def _original(design: Design, parts: Parts) -> Expected:
    del design, parts
    return Expected(rule="theta_0")


def _adapted(design: Design, parts: Parts) -> Expected:
    del design, parts
    read = {"theta": FILES.weights(adapted.ORIGINAL)}
    read |= {split: FILES.encoded(adapted.TEXT, split) for split in SPLITS}
    return Expected(rule="adapt", parents={role: below_root(file) for role, file in read.items()})


def below_root(file: str) -> str:
    """A path that `FILES` gives, relative to the results folder."""
    return file.removeprefix(f"{FILES.root}/")


def _weights_file(weights: WeightsName) -> str:
    return below_root(FILES.weights(weights))


THETA_0_FILE = _weights_file(THETA_0)
CONFIGURATION_FILE = below_root(FILES.configuration()[0])

_KINDS: Mapping[str, Callable[[Design, Parts], Expected]] = {
    "mask": _mask,
    "weights": _weights,
    "ticket": _ticket,
    "trained": _training,
    "movement": _movement,
    "predictions": _training,
    "line": _line,
    "losses": _losses,
    "majority": _majority,
    "encoded": _encoded,
    "data": _data,
    "metrics": _metrics,
    "original": _original,
    "corpus": _corpus,
    **dict.fromkeys(("checkpoint", "validation"), _pretraining),
    **dict.fromkeys(("adapted", "losses_of_adapting", "adapted_configuration"), _adapted),
}
