"""The design of a study, as its configuration says it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tickets.design import schema
from tickets.design.config import load
from tickets.errors import BadInput

CONFIGS = Path(__file__).parents[2] / "config"
SMALL = {
    "model": {
        "path": "google-bert/bert-base-uncased",
        "revision": "86b5e0934494bd15c9632b12f734a8a67f723594",
    },
    "tasks": {"rte": None},
}


def test_the_design_is_the_study_as_paths_write_it() -> None:
    """Sparsities and rewind are plain percents, tasks and seeds in the order of the file."""
    config = SMALL | {
        "schedule": "geometric",
        "target_sparsity": 0.271,
        "rewind": 2.5,
        "seeds": [3, 1],
        "tasks": {"sst2": None, "cola": None},
    }

    design = load(config).design

    assert design.sparsities == ["10", "19", "27.1"]
    assert design.rewind == "2.5"
    assert design.seeds == (3, 1)
    assert design.tasks == ["sst2", "cola"]


def test_a_part_of_a_task_is_a_source_and_no_target() -> None:
    """It is the task on fewer examples, under a name of its own."""
    study = load(SMALL | {"subsets": {"rte": [100, 200]}})

    assert [study.tasks[name].train_examples for name in study.tasks] == [None, 100, 200]
    assert study.design.tasks == ["rte"]
    assert study.design.subsets == {"rte_100": "rte", "rte_200": "rte"}


def test_a_part_of_mlm_is_trained_so_and_is_no_mlm_task() -> None:
    """Its rounds are those of MLM; claims about MLM's mask are about the whole task's."""
    study = load(SMALL | {"tasks": {"rte": None, "mlm": None}, "subsets": {"mlm": [100]}})

    assert study.design.mlm == ["mlm", "mlm_100"]
    assert study.design.mlm_tasks == ["mlm"]


def test_one_task_has_no_table_of_transfer_to_others() -> None:
    assert "transferability" not in load(SMALL).tables
    assert "transferability" in load(SMALL | {"tasks": {"rte": None, "cola": None}}).tables


def test_the_sparsity_of_transfer_is_one_of_the_rounds() -> None:
    """Without one it is the last."""
    assert load(SMALL).design.transfer == "70"
    assert load(SMALL | {"transfer_sparsity": 0.3}).design.transfer == "30"
    with pytest.raises(BadInput, match=r"transfer_sparsity: no round reaches 0.35; write 0.1, 0.2"):
        load(SMALL | {"transfer_sparsity": 0.35})


def test_the_published_code_s_study_is_the_paper_s_but_where_they_differ() -> None:
    """And each difference is on the code's side."""
    paper, code = (
        schema.complete(yaml.safe_load((CONFIGS / name).read_text()), schema.schema())
        for name in ("paper.yaml", "published_code.yaml")
    )

    changes = {key: code[key] for key in paper if code[key] != paper[key]}

    assert paper["imp"] == {
        "scope": "global",
        "head": "rewind",
        "decay": "round",
        "first_mlm_mask": "trained",
        "mlm_weights": "rewind",
        "mlm_text": "same",
    }
    assert changes == {
        "results": "results-published_code",
        "tasks": paper["tasks"] | {"squad": {"epochs": 4}},
        "imp": {
            "scope": "global",
            "head": "keep",
            "decay": "all",
            "first_mlm_mask": "oneshot",
            "mlm_weights": "continue",
            "mlm_text": "new",
        },
    }
