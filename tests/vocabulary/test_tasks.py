from __future__ import annotations

import re
from typing import Any

import pytest

from tickets.errors import BadInput
from tickets.tasks import METRICS, Dataset, known, task

NEW: dict[str, Any] = {
    "head": "classification",
    "dataset": {"path": "data/reviews"},
    "text": ["review"],
    "label": "stars",
    "labels": 5,
    "metrics": ["accuracy"],
    "epochs": 3,
    "batch_size": 32,
    "learning_rate": 2e-5,
    "max_length": 128,
}


def refusal(name: str, overrides: dict[str, Any] | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        task(name, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_table_holds_the_papers_eleven_tasks() -> None:
    """All nine GLUE tasks, SQuAD and MLM, with Table 1's lengths and the reported metric first."""
    primary = {name: task(name).metrics[0] for name in known()}

    assert primary == {
        "mnli": "accuracy",
        "qqp": "accuracy",
        "stsb": "pearson",
        "wnli": "accuracy",
        "qnli": "accuracy",
        "mrpc": "accuracy",
        "rte": "accuracy",
        "sst2": "accuracy",
        "cola": "matthews_correlation",
        "squad": "span_f1",
        "mlm": "masked_accuracy",
    }
    for name in set(known()) - {"squad", "mlm"}:
        glue = task(name)
        assert (glue.epochs, glue.batch_size, glue.learning_rate) == (3, 32, 2e-5)
        assert (glue.max_length, glue.dataset.path, glue.dataset.name) == (
            128,
            "nyu-mll/glue",
            name,
        )
    squad, mlm = task("squad"), task("mlm")
    assert (squad.epochs, squad.batch_size, squad.learning_rate) == (2, 16, 3e-5)
    assert (squad.max_length, squad.stride, squad.text) == (384, 128, ("question", "context"))
    assert (mlm.steps, mlm.batch_size, mlm.learning_rate, mlm.max_length) == (10000, 16, 5e-5, 512)


def test_known_tasks_are_pinned() -> None:
    """Every known data set names a commit of the hub, not a branch."""
    for name in known():
        assert re.fullmatch("[0-9a-f]{40}", task(name).dataset.revision or "")


def test_mnli_is_validated_on_the_matched_genres() -> None:
    """MNLI has three classes and no split that is called validation."""
    mnli = task("mnli")

    assert (mnli.labels, mnli.validation_split, mnli.train_split) == (
        3,
        "validation_matched",
        "train",
    )


def test_overrides_replace_what_they_name_only() -> None:
    """Everything else is the table's."""
    found = task("cola", {"batch_size": 8, "train_examples": 100})

    assert (found.batch_size, found.train_examples, found.learning_rate) == (8, 100, 2e-5)
    assert found.dataset == task("cola").dataset


def test_a_length_in_steps_replaces_one_in_epochs() -> None:
    """A task of the table has one length, whichever way the config gives it."""
    assert (task("cola", {"steps": 50}).epochs, task("cola", {"steps": 50}).steps) == (None, 50)
    assert task("mlm", {"epochs": 1}).steps is None


def test_a_data_set_with_a_path_replaces_the_whole() -> None:
    """The table's revision is no revision of another data set."""
    moved = task("cola", {"dataset": {"path": "data/cola"}})
    pinned = task("cola", {"dataset": {"revision": "a" * 40}})

    assert moved.dataset == Dataset(path="data/cola")
    assert pinned.dataset == Dataset(path="nyu-mll/glue", name="cola", revision="a" * 40)


def test_a_new_task_needs_no_code() -> None:
    """A whole definition under a new name is a task."""
    found = task("reviews", NEW)

    assert (found.name, found.labels, found.text) == ("reviews", 5, ("review",))


def test_an_unknown_task_names_the_closest() -> None:
    """A misspelt name is answered with the one that was meant, with and without overrides."""
    assert "perhaps cola" in refusal("coal")
    assert "or write mnli" in refusal("mnl1", {"epochs": 1})


def test_a_new_task_lists_what_is_missing() -> None:
    """All missing keys at once."""
    message = refusal("reviews", {"head": "classification", "text": ["review"]})

    for key in ("dataset.path", "metrics", "batch_size", "learning_rate", "max_length"):
        assert key in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochz": 3}, "tasks.reviews.epochz: unknown key; perhaps epochs"),
        ({"dataset": {"path": "x", "nam": "y"}}, "tasks.reviews.dataset.nam: unknown key"),
        (
            {"steps": 10},
            "tasks.reviews: both epochs (3) and steps (10) are given; write one of them",
        ),
        ({"epochs": None}, "tasks.reviews: neither epochs nor steps is given; write one of them"),
        ({"head": "classify"}, "one of classification, regression, span, mlm"),
        ({"labels": None}, "tasks.reviews.labels: None"),
        ({"labels": 1}, "tasks.reviews.labels: 1"),
        ({"label": None}, "tasks.reviews.label: None"),
        ({"metrics": []}, "tasks.reviews.metrics: []"),
        ({"metrics": ["pearson"]}, "of accuracy, f1, matthews_correlation"),
        ({"metrics": ["f1"]}, "f1 for two classes only"),
        ({"text": ["a", "b", "c"]}, "1 or 2 columns"),
        ({"batch_size": 0}, "tasks.reviews.batch_size: 0; batch_size must be above zero"),
        ({"learning_rate": -1.0}, "learning_rate must be above zero"),
        ({"stride": 8}, "span only"),
        ({"concatenate": True}, "concatenate"),
        ({"train_examples": 0}, "train_examples must be above zero"),
    ],
)
def test_values_that_do_not_go_together_are_refused(change: dict[str, Any], message: str) -> None:
    """One line that names the key, what it holds and what it may hold."""
    assert message in refusal("reviews", {**NEW, **change})


def test_span_and_mlm_state_what_only_they_have() -> None:
    """A span task has a stride and two columns, mlm says whether texts are joined."""
    assert "tasks.squad.stride" in refusal("squad", {"stride": None})
    assert "tasks.squad.text" in refusal("squad", {"text": ["context"]})
    assert "tasks.mlm.concatenate" in refusal("mlm", {"concatenate": None})
    assert "tasks.mlm.text" in refusal("mlm", {"text": ["a", "b"]})
    assert task("mlm", {"text": ["a", "b"], "concatenate": False}).text == ("a", "b")


def test_every_metric_belongs_to_one_head() -> None:
    """A metric's name alone says which predictions it takes."""
    names = [name for names in METRICS.values() for name in names]

    assert len(names) == len(set(names))
