"""The flags of the entry points: a job's command shows all values that it depends on."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tickets.criterion import Criterion
from tickets.design.config import Study
from tickets.design.metrics import Metrics
from tickets.design.table_spec import TableSpec
from tickets.finder import criterion_of, is_round
from tickets.flags import flags_of
from tickets.names import DENSE, THETA_0, MaskName, TrainingName, WeightsName, training
from tickets.rules import adapt, encode, initial_loss, interpolate, pretrain, train
from tickets.rules.data import Parameters as DataParameters
from tickets.tasks import Task


def flags(values: Mapping[str, Any]) -> str:
    """`--name value` for every value, quoted for the shell; none for None and False."""
    words: list[str] = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        words.append("--" + name.replace("_", "-"))
        if isinstance(value, (tuple, list)):
            words += map(str, value)
        elif value is not True:
            words.append(str(value))
    return shlex.join(words)


def theta_0(study: Study, pretrained: str) -> str:
    """The flags of theta_0.py for the model; `pretrained` is the one that the DAG makes."""
    return flags({"model": pretrained}) if study.model.pretrain else model(study)


def model(study: Study) -> str:
    """The flags of theta_0.py for the study's model, read as it is."""
    copy = study.local_copies.get(study.model.path)
    return flags({"model": study.model.path, "revision": study.model.revision, "local_copy": copy})


def data(task: Task, local_copies: Mapping[str, str]) -> str:
    """The flags of data.py: the values of a task on which its canonical data depends."""
    source = task.dataset
    where = {"task": task.name, "dataset": source.path}
    splits = ("train_split", "validation_split", "train_examples", "validation_examples")
    return flags(
        _filled(DataParameters, vars(task) | vars(source) | where)
        | {name: getattr(task, name) for name in splits}
        | {"local_copy": local_copies.get(source.path)}
    )


def encoding(task: Task) -> str:
    """The flags of encode.py: the values of a task on which its encoded data depends."""
    return flags(_filled(encode.Parameters, vars(task) | {"task": task.name}))


def recipe(study: Study, task: Task, name: TrainingName | None = None) -> str:
    """The flags of train.py for a training; None: the full model's, with any seed."""
    name = name or training(THETA_0, DENSE, task.name, None)
    values = vars(task) | vars(study.training) | {"task": task.name, "threads": study.threads}
    values |= {"new_head": _new_head(study, task, name.weights, name.mask)}
    values |= _round(study, name.weights) | {"meaning": name.meaning or None}
    # The batches in a later order are those after so many trainings.
    values |= {"earlier_trainings": name.order - 1} if name.order > 1 else {}
    return flags(_filled(train.Parameters, values))


def initial_losses(study: Study, task: Task) -> str:
    """The flags of initial_loss.py for the losses on a task."""
    values = vars(study.training) | {"task": task.name, "threads": study.threads}
    return flags(_filled(initial_loss.Parameters, values))


def _filled(parameters: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that are flags of these parameters."""
    names = [each.name for each in flags_of(parameters) if each.given]
    return {name: values[name] for name in names if name in values}


def _new_head(study: Study, task: Task, weights: WeightsName, mask: MaskName) -> str | None:
    """What a new head is drawn for, in place of the ticket's own; None: the ticket decides."""
    if study.imp.head == "new" and weights.kind in ("theta_0", "theta_i"):
        return f"{task.name} under {mask}"
    return task.name if weights.task not in ("", task.name) else None


def _round(study: Study, weights: WeightsName) -> dict[str, int]:
    """What the training of a round has otherwise than one that evaluates a mask.

    In the published code, every round's learning rate is that of the first of all rounds.
    """
    values: dict[str, int] = {}
    if weights.kind == "round":
        if study.imp.decay == "all":
            values["rounds"] = len(study.sparsities) + 1
        if study.imp.mlm_text == "new" and study.tasks[weights.task].head == "mlm":
            values["earlier_trainings"] = study.design.trainings_before(weights)
    return values


def mask(study: Study, name: MaskName) -> str:
    """The flags of find_mask.py but for files: all values on which the mask depends."""
    values: dict[str, Any] = {"finder": name.finder, "sparsity": name.sparsity}
    if name == DENSE:
        return flags(values)
    criterion = study.criterion(name.finder)
    values |= {
        "criterion": criterion_of(name.finder),
        "criterion_file": study.criteria.get(name.finder),
        "scope": criterion.scope or study.imp.scope,
        "task": name.task or None,
        "seed": name.seed,
        "rewind": name.rewind or None,
    }
    if is_round(name.finder):
        values["round"] = study.design.round_of(name)
    parameters = {**criterion.parameters, **_needed(study, name.task, criterion)}
    return flags(values | ({"parameters": json.dumps(parameters)} if parameters else {}))


def combined_mask(study: Study, name: MaskName) -> str:
    """The flags of combine_masks.py but for files."""
    by, scope = study.combine[name.task]["by"], study.imp.scope
    values = {"name": name.task, "by": by, "scope": scope}
    return flags(values | {"seed": name.seed, "sparsity": name.sparsity})


def _needed(study: Study, task: str, criterion: Criterion) -> dict[str, Any]:
    """The values of the study that a criterion needs."""
    values = vars(study.training) | {"threads": study.threads}
    if task:
        values |= vars(study.tasks[task]) | {"labels": study.tasks[task].labels or 1}
    return {name: values[name] for name in criterion.needs}


def pretraining_text(study: Study) -> str:
    """The flags of language.py for the text of pre-training."""
    text = {
        "pretraining_pairs": study.pretraining_pairs,
        "next_sentence": study.pretraining.next_sentence,
    }
    return flags(asdict(study.language) | text)


def new_model(study: Study) -> str:
    """The flags of new_model.py for the model before its pre-training."""
    pretraining = study.pretraining
    next_sentence = pretraining.next_sentence > 0
    return flags(asdict(pretraining.architecture) | {"next_sentence": next_sentence})


def pretraining(study: Study) -> str:
    """The flags of pretrain.py for pre-training theta_0."""
    values = vars(study.pretraining) | {"threads": study.threads}
    return flags(_filled(pretrain.Parameters, values))


def adaptation(study: Study) -> str:
    """The flags of adapt.py for the pre-training that goes on from the study's model."""
    assert study.adaptation is not None
    values = vars(study.training) | vars(study.adaptation.text) | vars(study.adaptation)
    return flags(_filled(adapt.Parameters, values | {"threads": study.threads}))


def audit(study: Study) -> str:
    """The flags of audit.py."""
    criteria = [f"{name}={file}" for name, file in study.criteria.items()]
    return flags({"results": study.results, "criteria": criteria or None})


def metrics(study: Study, part: str, scored: Metrics) -> str:
    """The flags of metrics.py: the study's design, the metrics of each task, and the trainings to
    score.
    """
    trainings = scored.trainings
    return flags(
        {
            "results": study.results,
            "metrics": [f"{task.name}={','.join(task.metrics)}" for task in study.tasks.values()],
            "design": study.design.for_part(part).to_json(),
            "trainings": f"{trainings.__module__}:{trainings.__name__}",
            "majority": scored.majority,
        }
    )


def interpolation(study: Study, task: Task) -> str:
    """The flags of interpolate.py: how a network on the line is evaluated."""
    values = vars(task) | vars(study.training) | {"task": task.name, "threads": study.threads}
    return flags(_filled(interpolate.Parameters, values | {"metric": task.metrics[0]}))


def table(
    study: Study, spec: TableSpec, parameters: Mapping[str, Any], origins: Mapping[str, str]
) -> str:
    """The arguments of table.py; `origins` are its input files by role, without lines: so many
    paths do not fit into a command line.
    """
    words = [f"{role}={file}" for role, file in origins.items()]
    design = study.design.for_part(spec.name).to_json() if spec.lines else None
    named = {
        "results": study.results,
        "parameters": json.dumps(parameters),
        "inputs": words or None,
        "design": design,
    }
    return f"{spec.name} {flags(named)}"
