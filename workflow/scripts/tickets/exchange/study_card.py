"""The card of a study's masks on the hub: what it says to the hub's programs, and to a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tickets.exchange.cards import TAGS, code_of, front_matter
from tickets.exchange.hub_masks import SCHEME
from tickets.statements import Statement

KINDS = {
    "classification": "text-classification",
    "regression": "text-classification",
    "span": "question-answering",
    "mlm": "fill-mask",
}
"""The hub's kinds of task, by head."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What the card is about.

    masks: statements by path. theta: the statement about theta_0. data: those about each task's
    validation examples. transfer: the rows of transfer.csv, none if it was not made. signature: its
    path, None if the study is not signed.
    """

    masks: Mapping[str, Statement]
    theta: Statement
    data: Mapping[str, Statement]
    transfer: Sequence[Mapping[str, str]]
    signature: str | None


def card(study: Study, repository: str, license_id: str) -> str:
    """The card of `repository`."""
    names = [each.parameters["dataset"] for each in study.data.values() if _commit(each)]
    first = front_matter(
        {
            "base_model": study.theta.parameters["model"] if _commit(study.theta) else None,
            "license": license_id,
            "datasets": list(dict.fromkeys(names)),
            "tags": TAGS,
            "model-index": model_index(study, repository.rpartition("/")[2]),
        }
    )
    return first + _CARD.format(
        count=len(study.masks),
        prunable=f"{study.theta.facts['prunable']:,}",
        model=_loaded(study.theta),
        address=f"{SCHEME}{repository}@COMMIT/PATH",
        theta=_origin(study.theta, "model"),
        digest=study.theta.digest,
        statement=study.theta.itself,
        code="; ".join(sorted({code_of(each) for each in study.masks.values()})),
        signature=f"`{study.signature}`" if study.signature else "none",
        data="\n".join(
            f"| {task} | {_origin(about, 'dataset')} | `{about.digest}` |"
            for task, about in study.data.items()
        ),
        masks="\n".join(_row(path, about) for path, about in study.masks.items()),
    )


def model_index(study: Study, name: str) -> list[dict[str, Any]]:
    """The table of transfer as the hub reads scores: a result for each target, with a metric for
    each source. The hub's library keeps no more than one entry, called `name`.
    """
    results = [
        {
            "task": {"type": KINDS[data.parameters["head"]], "name": target},
            "dataset": _dataset(target, data),
            "metrics": [_metric(row) for row in study.transfer if row["target"] == target],
        }
        for target, data in study.data.items()
    ]
    scored = [each for each in results if each["metrics"]]
    return [{"name": name, "results": scored}] if scored else []


def _dataset(task: str, data: Statement) -> dict[str, Any]:
    said = data.parameters
    return {
        "type": said["dataset"],
        "name": task,
        **({"config": said["name"]} if said["name"] else {}),
        "split": said["split"],
        "revision": _commit(data) or f"sha256:{data.digest}",
    }


def _metric(row: Mapping[str, str]) -> dict[str, Any]:
    std = f", standard deviation {row['std']}" if row["std"] else ""
    return {
        "type": row["metric"],
        "value": float(row["mean"]),
        "name": f"{row['metric']}, mask of {row['source']} at sparsity {row['sparsity']}, per cent,"
        f" mean of {row['n']} trainings{std}",
    }


def _commit(statement: Statement) -> str | None:
    """The commit on the hub of a model or of data; None if they have none."""
    return statement.parameters["revision"]


def _origin(statement: Statement, role: str) -> str:
    name, commit = statement.parameters[role], _commit(statement)
    return f"`{name}` at commit `{commit}`" if commit else f"not on the hub: `{name}`"


def _loaded(theta: Statement) -> str:
    """Code that makes a model of theta_0."""
    if commit := _commit(theta):
        return f'AutoModel.from_pretrained("{theta.parameters["model"]}", revision="{commit}")'
    return 'AutoModel.from_pretrained("FOLDER")  # of theta_0, which is not on the hub'


def _row(path: str, about: Statement) -> str:
    share = float(Fraction(about.facts["sparsity"]))
    return f"| `{path}` | {about.facts['pruned']:,} | {share:.2%} | `{about.digest}` |"


_CARD = """
# Lottery tickets: {count} masks

A mask m says, with one bit each, which of the {prunable} prunable weights of a pre-trained encoder
theta_0 a ticket m . theta_0 keeps. theta_0 is not here. A ticket is an object of research: with its
zeros it takes as much memory and time as theta_0.

## How to use them

```python
import tickets  # the package of the workflow that made them
from transformers import AutoModel

model = {model}
mask = tickets.load_mask("{address}")
tickets.apply_mask(model, mask)  # the weights that it prunes are zero, and stay so in training
```

COMMIT is a commit of this repository, all 40 digits (its page shows them under "History"), PATH a
mask below. The mask is compared with its statement.

## Where they come from

| | |
|---|---|
| theta_0 | {theta} |
| sha256 of theta_0 in the study | `{digest}` |
| sha256 of its statement | `{statement}` |
| code that made the masks | {code} |
| signature | {signature} |

| task | data set | sha256 of its validation examples in the study |
|---|---|---|
{data}

A mask's statement (`*.prov.json`, in-toto with SLSA provenance) names what it was made from, with
which parameters; its sha256 covers everything before it. `tickets verify .` in a copy of this
repository compares all masks with their statements. A signature is over the whole study: it lists
each mask here, and is checked where the study is.

The scores in `model-index` are those of the study's table of transfer: m . theta_0 is fine-tuned on
the task with a new head. m was found on the task, or by the method, in the metric's name.

## Masks

| mask | pruned | sparsity | sha256 |
|---|---|---|---|
{masks}
"""
