"""How fast a machine trains, measured before a study: on drawn texts of the task's own shape."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

import tiny_bert
from fake_histories import call
from studies import ROOT
from tickets import architecture, weights
from tickets.commands import calibrate
from tickets.design import config
from tickets.initial import pretrained
from tickets.monitoring.calibration import draw_texts, tokens_per_second

TASKS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["tasks"]
ADAPTING = {
    **{"from": "model", "steps": 9, "warmup_steps": 1, "batch_size": 4, "max_length": 16},
    **{"learning_rate": 0.001, "text": {"dataset": TASKS["mlm"]["dataset"], "text": ["first"]}},
}
HEADS = {task["head"]: task | {"batch_size": 4, "max_length": 16} for task in TASKS.values()}


def written(folder: Path, head: str, **values: object) -> Path:
    """A study of one task on a model that is here."""
    study = {
        "results": str(folder / "results"),
        "model": {"path": str(tiny_bert.model(folder / "model"))},
        "tasks": {"one": HEADS[head]},
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study | values))
    return path


@pytest.mark.parametrize("head", HEADS)
def test_what_is_printed_can_be_written_into_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], head: str
) -> None:
    """Whatever the task's head; and nothing of its trainings is said."""
    file = written(tmp_path, head)
    capsys.readouterr()

    assert call(calibrate, file) == 0

    printed = capsys.readouterr()
    found = yaml.safe_load(printed.out)
    assert found.keys() == {"tokens_per_second", "seconds_to_start"}
    assert printed.err == ""
    values = yaml.safe_load(file.read_text()) | {"tokens_per_second": found["tokens_per_second"]}
    assert config.load(values).tokens_per_second > 0


@pytest.mark.parametrize(
    ("name", "folder", "pretraining"),
    [("theta_0", "model", {}), ("original", "original", ADAPTING)],
)
def test_a_model_that_was_fetched_is_enough(
    tmp_path: Path, name: str, folder: str, pretraining: dict[str, object]
) -> None:
    """The study's own, whatever its name says: theta_0, or what it will be adapted from, and its
    configuration in the results.
    """
    file = written(tmp_path, "mlm", pretraining=pretraining)
    fetched = pretrained.read(tmp_path / "model")
    weights.write(tmp_path / f"results/weights/{name}.safetensors", fetched)
    (tmp_path / "results" / folder).mkdir()
    shutil.copy(tmp_path / "model/config.json", tmp_path / "results" / folder)
    values = yaml.safe_load(file.read_text())
    hub = {"path": "a/b", "revision": "0" * 40, "pretrain": bool(pretraining)}

    assert tokens_per_second(config.load(values | {"model": hub})) > 0


def test_texts_are_as_long_as_the_tasks_and_of_its_models_words(tmp_path: Path) -> None:
    """No special one among them, so that none is drawn which a batch treats otherwise."""
    study = config.load(yaml.safe_load(written(tmp_path, "span").read_text()))
    known = architecture.read(tmp_path / "model")

    encoded = draw_texts(study.tasks["one"], 50, 7, known)

    assert len(encoded) == 50
    assert set(encoded.offsets[1:] - encoded.offsets[:-1]) == {7}
    assert 5 <= encoded.tokens.min() <= encoded.tokens.max() < known.vocabulary
    assert not set(encoded.meta["special_ids"]) & set(encoded.tokens.tolist())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model": {"path": "a/b", "revision": "0" * 40}}, "model: a/b is not on this machine"),
        ({"model": {"path": "own", "pretrain": True}}, "model: it is not pre-trained yet"),
        ({"model": {"path": "gone"}}, "gone"),
    ],
)
def test_a_model_that_is_not_here_cannot_be_timed(
    tmp_path: Path, values: dict[str, object], said: str
) -> None:
    """One line says so."""
    with pytest.raises(config.BadInput, match=said):
        call(calibrate, written(tmp_path, "mlm", **values))
