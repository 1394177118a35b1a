"""Pre-training in a study: from random weights as ever, or on from the study's model."""

from __future__ import annotations

import re
from argparse import Namespace
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file

from model_directories import configured
from parquet_files import line, put
from tickets.commands import check
from tickets.design import flags, plan
from tickets.design.allocation import Allocation
from tickets.design.config import load
from tickets.design.sizes import model_size

REVISION = "86b5e0934494bd15c9632b12f734a8a67f723594"
HUB = {"path": "google-bert/bert-base-uncased", "revision": REVISION}
ROWS = {"text": ["one two", "three four"]}
LENGTH = {"steps": 100, "batch_size": 8, "max_length": 32, "learning_rate": 1e-4}


@pytest.fixture
def adapting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A study whose model and text are here."""
    monkeypatch.chdir(tmp_path)
    matrix = "bert.encoder.layer.0.attention.self.query.weight"
    save_file(
        {matrix: np.zeros((8, 8), np.float32)}, configured(Path("bert")) / "model.safetensors"
    )
    for split in ("train", "validation"):
        put(Path("prose") / f"{split}-00000-of-00001.parquet", ROWS)
    text = {"dataset": {"path": "prose"}, "text": ["text"]}
    return {
        "model": {"path": "bert", "pretrain": True},
        "tasks": {"rte": {"max_length": 64}},
        "pretraining": {"from": "model", "text": text, "warmup_steps": 5, **LENGTH},
    }


def with_pretraining(study: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The study with these keys under `pretraining`; None takes one away."""
    config = deepcopy(study)
    kept = {**config["pretraining"], **changes}
    config["pretraining"] = {key: value for key, value in kept.items() if value is not None}
    return config


def refused(config: dict[str, Any]) -> str:
    return line(lambda: load(config))


def test_the_text_is_a_task_s_data_and_no_task(adapting: dict[str, Any]) -> None:
    """It is read as an MLM task's data are; the study's tasks are its own."""
    study = load(adapting)

    assert study.adaptation is not None
    assert list(study.tasks) == study.design.tasks == ["rte"]
    assert list(study.data) == ["rte", "pretraining_text"]
    text = study.data["pretraining_text"]
    assert text == study.adaptation.text
    assert (text.head, text.text, text.concatenate) == ("mlm", ("text",), True)
    assert (text.train_split, text.validation_split) == ("train", "validation")
    assert (text.steps, text.batch_size, text.max_length) == (100, 8, 32)
    assert (study.adaptation.dropout, study.adaptation.weight_decay) == (0.1, 0.01)


def test_the_model_is_the_one_that_is_read(adapting: dict[str, Any]) -> None:
    """Its size is that of its own configuration, not of `pretraining.architecture`."""
    study = load(adapting)

    assert study.new_architecture is None
    assert model_size(study).prunable == 8 * 8
    assert load({**adapting, "pretraining": {}}).new_architecture is not None


def test_the_flags_are_those_of_the_text_and_of_all_training(adapting: dict[str, Any]) -> None:
    """Each value once; dropout and masking are the pre-training's, the rest is that of training."""
    adapting["training"] = {"precision": "bfloat16", "dropout": 0.3, "mlm_probability": 0.4}

    assert flags.adaptation(load(with_pretraining(adapting, seed=7))) == (
        "--adam-epsilon 1e-08 --clip-norm 1.0 --dropout 0.1 --mlm-probability 0.15"
        " --precision bfloat16 --speedups packing vocabulary last_layer graphs --steps 100"
        " --batch-size 8 --learning-rate 0.0001 --warmup-steps 5 --weight-decay 0.01 --seed 7"
        " --threads 1"
    )
    assert flags.model(load(adapting)) == "--model bert"
    assert flags.theta_0(load(adapting), "results/adapted") == "--model results/adapted"


def test_what_it_asks_of_a_cluster_follows_from_its_text(adapting: dict[str, Any]) -> None:
    """100 steps of 8 texts of 32 tokens at 10 a second: 10 + 1.5 * 42.67 minutes."""
    study = load({**adapting, "tokens_per_second": 10})

    assert Allocation(study).minutes("pretraining_text", 1) == 74
    assert Allocation(study).megabytes("pretraining_text", 1) >= 1500


def test_the_plan_counts_it(adapting: dict[str, Any]) -> None:
    """As a training of 100 steps of 8 texts of 32 tokens, with two models that are kept."""
    with_it = plan.text(load(adapting), 1)
    without = plan.text(load({**adapting, "model": {"path": "bert"}, "pretraining": {}}), 1)

    assert re.search(r"pretraining_text +1\.0 +800 +25,600$", with_it, re.MULTILINE)
    kept, kept_without = (
        int(re.search(r"kept weights \(([\d,]+),", each)[1]) for each in (with_it, without)
    )
    assert kept == kept_without + 2
    assert "pretraining_text" not in without


def test_a_model_of_the_hub_goes_on_at_its_revision(adapting: dict[str, Any]) -> None:
    """It is pinned, and so is a text of the hub."""
    adapting["model"] = HUB | {"pretrain": True}
    assert flags.model(load(adapting)).endswith(f"--revision {REVISION}")

    text = {"dataset": {"path": "Salesforce/wikitext", "name": "raw"}, "text": ["text"]}
    told = refused(with_pretraining(adapting, text=text))
    assert told.startswith("config: pretraining.text.dataset: Salesforce/wikitext: no directory")
    del adapting["model"]["revision"]
    assert refused(adapting).startswith("config: model.path: google-bert/bert-base-uncased: no")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"architecture": {"layers": 2}},
            "pretraining.architecture: is for from: random, but this pre-training starts from:"
            " model; leave it out, or write from: random",
        ),
        (
            {"next_sentence": 0},
            "pretraining.next_sentence: is for from: random, but this pre-training starts from:"
            " model; leave it out, or write from: random",
        ),
        (
            {"from": None},
            "pretraining.text: is for from: model, but this pre-training starts from: random;"
            " leave it out, or write from: model",
        ),
        ({"text": None}, "pretraining: from: model needs text; add them"),
        (
            {"steps": None, "max_length": None},
            "pretraining: from: model needs steps, max_length; add them",
        ),
        ({"from": "scratch"}, 'pretraining.from: "scratch" is not possible; write random or model'),
        ({"warmup_steps": 100}, "pretraining.warmup_steps: 100 of 100 steps; write fewer"),
        (
            {"text": {"text": ["text"]}},
            "pretraining.text.dataset: missing; write a mapping",
        ),
        (
            {"text": {"dataset": {"path": "prose"}, "text": ["text"], "train_example": 3}},
            "pretraining.text.train_example: unknown key; write train_examples",
        ),
        (
            {"text": {"dataset": {"name": "x"}, "text": ["text"]}},
            "pretraining.text: a new task needs dataset.path; add them",
        ),
        (
            {"text": {"dataset": {"path": "prose"}, "text": ["text", "text"]}},
            "pretraining.text.text: ['text', 'text']; text must be 1 columns here",
        ),
        (
            {"text": {"dataset": {"path": "prose"}, "text": ["sentence"]}},
            "pretraining.text, split train: no column 'sentence' in"
            " prose/train-00000-of-00001.parquet; it has text",
        ),
        (
            {"text": {"dataset": {"path": "prose"}, "text": ["text"], "train_examples": 3}},
            "pretraining.text: 3 examples of split train, which has 2; write at most 2",
        ),
        (
            {"text": {"dataset": {"path": "language", "name": "poems"}, "text": ["text"]}},
            "pretraining.text.dataset: poems is not a task of the generated language; write",
        ),
        (
            {"max_length": 65},
            "pretraining.max_length: 65, but the model in bert reads 64 tokens; write at most 64",
        ),
    ],
)
def test_what_does_not_go_together_gets_one_line(
    adapting: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    """Under the key where it is written."""
    assert refused(with_pretraining(adapting, **changes)).startswith(f"config: {told}")


def test_a_pre_training_is_asked_for_in_one_place(adapting: dict[str, Any]) -> None:
    """Without `model.pretrain` nothing would come of it."""
    adapting["model"]["pretrain"] = False

    assert refused(adapting) == (
        "config: pretraining.from: model, but model.pretrain is false; write true there"
    )


def test_no_task_has_the_text_s_name(adapting: dict[str, Any]) -> None:
    adapting["tasks"]["pretraining_text"] = {}

    assert refused(adapting) == (
        "config: tasks: pretraining_text is the text of a pre-training; write another name"
    )


def test_the_check_says_what_the_study_reads(
    adapting: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """As of any other study."""
    file = Path("study.yaml")
    file.write_text(yaml.safe_dump(adapting))

    assert check.run(Namespace(config=[file])) == 0
    assert capsys.readouterr().out.endswith("a study of 1 tasks\n")


def test_pre_training_from_random_weights_has_the_flags_that_it_had() -> None:
    """Nothing of the other way is recorded: no finished study of it is made again."""
    study = load(yaml.safe_load((Path(__file__).parents[1] / "mini.yaml").read_text()))

    assert study.adaptation is None
    assert study.data == study.tasks
    assert flags.theta_0(study, "results/pretrained") == "--model results/pretrained"
    assert flags.new_model(study) == (
        "--hidden-size 16 --layers 2 --heads 2 --intermediate-size 32 --positions 64"
        " --next-sentence"
    )
    assert flags.pretraining(study) == (
        "--steps 20 --warmup-steps 2 --batch-size 16 --learning-rate 0.001 --seed 1 --threads 1"
        " --mlm-probability 0.15 --mlm-share 0.6 --dropout 0.1 --weight-decay 0.01"
    )
