"""Command lines from dataclasses, and what statements record of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from studies import ROOT
from tickets import flags
from tickets.audit.schema_of_statements import form_of, schema
from tickets.design import flags as commands
from tickets.design.config import load
from tickets.design.schema import schema as configuration
from tickets.flags import filled, flag, source
from tickets.rules import train
from tickets.training.recipe import Training


@dataclass(frozen=True, kw_only=True)
class Parameters:
    rate: float = flag("a rate")
    size: int = flag("a size", default=3, form="positive")
    words: Sequence[str] = flag("words", choices=("a", "b"), default=("a",))
    name: str | None = flag("a name", null=True)
    other_name: str | None = flag("another")
    joined: bool = flag("whether", default=False)
    epochs: float | None = flag("a length", alternative=True)
    steps: int | None = flag("a length", alternative=True)
    split: str = filled("split", default="")
    constant: int = 7


@dataclass(frozen=True, kw_only=True)
class Files:
    model_folder: Path = flag("a folder")
    theta: Path = source("weights", role="theta_0")
    mask: Path | None = source("a mask")


def parse(monkeypatch: pytest.MonkeyPatch, line: str) -> tuple[Parameters, Files]:
    monkeypatch.setattr("sys.argv", ["command", *shlex.split(line)])
    return flags.parse("Text.", Parameters, Files)


def test_a_flag_has_its_fields_name_type_and_default(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "--rate 1 --steps 2 --model-folder m --theta t --words b a"
    parameters, files = parse(monkeypatch, line)

    assert parameters == Parameters(
        rate=1.0, steps=2, words=["b", "a"], epochs=None, name=None, other_name=None
    )
    assert type(parameters.rate) is float
    assert files == Files(model_folder=Path("m"), theta=Path("t"), mask=None)


@pytest.mark.parametrize(
    "line",
    [
        "--steps 2 --model-folder m --theta t",
        "--rate 1 --model-folder m --theta t",
        "--rate 1 --steps 2 --epochs 1 --model-folder m --theta t",
        "--rate 1 --steps 2 --model-folder m",
        "--rate 1 --steps 2 --model-folder m --theta t --words c",
        "--rate 1 --steps 2.5 --model-folder m --theta t",
        "--rate 1 --steps 2 --model-folder m --theta t --split train",
        "--rate 1 --steps 2 --model-folder m --theta t --constant 1",
    ],
)
def test_what_is_missing_or_wrong_is_refused(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    with pytest.raises(SystemExit):
        parse(monkeypatch, line)


def test_what_is_recorded_is_exact_and_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is recorded where it means something; what the entry point fills in is, too."""
    line = "--rate 1e-8 --epochs 3 --model-folder m --theta t"
    parameters, files = parse(monkeypatch, line)

    assert flags.recorded(parameters) == {
        **{"rate": "1e-08", "size": 3, "words": ["a"], "name": None, "joined": False},
        **{"epochs": "3.0", "split": ""},
    }
    assert flags.dependencies(files) == {"theta_0": Path("t")}


def test_the_form_of_parameters_is_that_of_their_fields() -> None:
    assert form_of(Parameters) == {
        "required": ["rate", "size", "words", "name", "joined", "split"],
        "properties": {
            "rule": {},
            "rate": {"$ref": "#/definitions/decimal"},
            "size": {"$ref": "#/definitions/positive"},
            "words": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
            "name": {"anyOf": [{"$ref": "#/definitions/text"}, {"type": "null"}]},
            "other_name": {"$ref": "#/definitions/text"},
            "joined": {"$ref": "#/definitions/boolean"},
            "epochs": {"$ref": "#/definitions/decimal"},
            "steps": {"$ref": "#/definitions/count"},
            "split": {"$ref": "#/definitions/split"},
        },
        "additionalProperties": False,
        "oneOf": [{"required": ["epochs"]}, {"required": ["steps"]}],
    }


def test_a_key_of_training_is_a_field_and_a_key_of_the_configuration() -> None:
    """From the field follow the flag, its value from the study, the record, and its schema."""
    keys = [field.name for field in fields(Training)]
    study = load(yaml.safe_load((ROOT / "tests/mini.yaml").read_text(encoding="utf-8")))
    command = commands.recipe(study, study.tasks["mlm"])
    recorded = schema()["definitions"]["rules"]["train"]["properties"]

    assert set(keys) == configuration()["properties"]["training"]["properties"].keys()
    for name in keys:
        assert name in recorded
        assert getattr(study.training, name) is None or f"--{name.replace('_', '-')} " in command


def test_a_new_key_needs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is added to the dataclass is read, recorded, allowed and given its value."""
    smoothing: Any = ("label_smoothing", float, flag("of the labels", default=0.0))
    new = make_dataclass("New", [smoothing], bases=(train.Parameters,), frozen=True, kw_only=True)
    line = "--task t --head mlm --seed 1 --threads 1 --steps 1 --batch-size 1 --learning-rate 1"
    monkeypatch.setattr("sys.argv", ["train.py", *line.split(), "--label-smoothing", "0.1"])
    parameters = flags.parse(None, new)
    study = load(yaml.safe_load((ROOT / "tests/mini.yaml").read_text(encoding="utf-8")))
    object.__setattr__(study.training, "label_smoothing", 0.2)
    monkeypatch.setattr(train, "Parameters", new)

    assert flags.recorded(parameters)["label_smoothing"] == "0.1"
    assert form_of(new)["properties"]["label_smoothing"] == {"$ref": "#/definitions/decimal"}
    assert "label_smoothing" in form_of(new)["required"]
    assert "--label-smoothing 0.2" in commands.recipe(study, study.tasks["mlm"])
