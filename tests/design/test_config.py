from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tickets.design import schema, strict_yaml
from tickets.design.config import Study, load
from tickets.errors import BadInput
from tickets.training import events

ROOT = Path(__file__).parents[2]
README = ROOT / "config" / "README.md"
REVISION = "86b5e0934494bd15c9632b12f734a8a67f723594"
HUB_MODEL = {"path": "google-bert/bert-base-uncased", "revision": REVISION}
BETWEEN_0_AND_1 = " a number above 0 and below 1"
NAN = float("nan")
SMALL = {"model": HUB_MODEL, "tasks": {"rte": None}}

Config = dict[str, Any]


def model_directory(folder: Path, **values: Any) -> Path:
    """A model directory as far as a configuration's check looks into it."""
    config = {
        "model_type": "bert",
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "vocab_size": 30,
        "max_position_embeddings": 64,
        **values,
    }
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def changed(path: str, value: Any, base: Mapping[str, Any] = SMALL) -> Config:
    """`base` with the value at a dotted path replaced."""
    config = deepcopy(dict(base))
    *parents, last = path.split(".")
    inner = config
    for key in parents:
        if inner.get(key) is None:
            inner[key] = {}
        inner = inner[key]
    inner[last] = value
    return config


def problem(config: Mapping[str, Any]) -> str:
    """The line that a configuration is refused with."""
    with pytest.raises(BadInput) as refused:
        load(config)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_defaults_fill_what_is_not_written() -> None:
    """A model and a task are a whole study: the paper's linear schedule to 70 %, rewound to 0 %."""
    study = load(SMALL)

    assert study.results == "results"
    assert study.seeds == (1, 2, 3)
    assert study.sparsities == tuple(Fraction(k, 10) for k in range(1, 8))
    assert study.rewind == 0
    assert study.threads == 1
    assert study.training.adam_epsilon == 1e-8
    assert study.training.clip_norm == 1.0
    assert study.training.dropout is None
    assert list(study.tasks) == ["rte"]
    assert study.tasks["rte"].max_length == 128


def test_a_section_keeps_the_defaults_of_what_it_leaves_out() -> None:
    """Naming one key of a section does not take the others away."""
    study = load(changed("training.dropout", 0.0))

    assert study.training.dropout == 0.0
    assert study.training.mlm_probability == 0.15


def test_loading_changes_nothing_it_is_given() -> None:
    """Snakemake's configuration stays as the user wrote it."""
    config = changed("pretraining.steps", 5000)
    before = deepcopy(config)

    load(config)

    assert config == before


def test_rewind_is_percent_of_training() -> None:
    """Five percent is a twentieth."""
    assert load(changed("rewind", 5)).rewind == Fraction(1, 20)


def test_event_files_need_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything runs, where they are asked for."""
    monkeypatch.setattr(events, "LIBRARY", "a_library_that_is_nowhere")

    assert not load(SMALL).tensorboard
    assert problem(SMALL | {"tensorboard": True}).startswith(
        "config: tensorboard: true, but a_library_that_is_nowhere is not installed; install"
    )
    monkeypatch.setattr(events, "LIBRARY", "json")
    assert load(SMALL | {"tensorboard": True}).tensorboard


def test_results_may_stand_anywhere(tmp_path: Path) -> None:
    """An absolute folder, and one outside this one, are taken as they are; a last slash is not."""
    assert load(changed("results", f"{tmp_path}/study/")).results == f"{tmp_path}/study"
    assert load(changed("results", "../study")).results == "../study"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("sparsity", 0.7, "sparsity: unknown key; write target_sparsity"),
        ("training.clipnorm", 1, "training.clipnorm: unknown key; write clip_norm"),
        ("model.xyz", 1, "model.xyz: unknown key; write path, revision or pretrain"),
        ("tasks.rte.learning_rte", 1, "tasks.rte.learning_rte: unknown key; write learning_rate"),
        ("tasks.rte.dataset.pth", "x", "tasks.rte.dataset.pth: unknown key; write path"),
        ("target_sparsity", 70, "target_sparsity: 70 is not possible; write 0.7"),
        ("target_sparsity", 0.0, "target_sparsity: 0.0 is not possible; write" + BETWEEN_0_AND_1),
        ("target_sparsity", NAN, "target_sparsity: NaN is not possible; write" + BETWEEN_0_AND_1),
        (
            "target_sparsity",
            0.75,
            "target_sparsity: 0.75 is never reached by a linear schedule of 0.1 a round;"
            " write 0.7 or 0.8",
        ),
        (
            "rewind",
            -5,
            "rewind: -5 is not possible; write a number of at least 0 and below 100",
        ),
        (
            "rewind",
            100,
            "rewind: 100 is not possible; write a number of at least 0 and below 100",
        ),
        ("schedule", "linaer", 'schedule: "linaer" is not possible; write linear or geometric'),
        ("threads", 1.0, "threads: 1.0 is not possible; write an integer of at least 1"),
        ("threads", True, "threads: true is not possible; write an integer of at least 1"),
        (
            "seeds",
            [],
            "seeds: [] is not possible; write a list of at least one integer from 0, all different",
        ),
        (
            "seeds",
            [1, 2, 1],
            "seeds: [1, 2, 1] is not possible; write a list of at least one integer from 0,"
            " all different",
        ),
        ("seeds", [1, -1], "seeds[1]: -1 is not possible; write an integer of at least 0"),
        (
            "training.adam_epsilon",
            "1e-8",
            'training.adam_epsilon: YAML reads "1e-8" as text; write 0.00000001',
        ),
        (
            "training.dropout",
            1,
            "training.dropout: 1 is not possible; write a number of at least 0 and below 1 or null",
        ),
        (
            "model.revision",
            "main",
            'model.revision: "main" is not possible; write 40 hexadecimal digits or null',
        ),
        ("tasks", {}, "tasks: {} is not possible; write a mapping with at least one task"),
        (
            "tasks",
            {"SST-2": None},
            'tasks: "SST-2" is not possible; write a name of lower-case letters, digits and _,'
            " the first a letter",
        ),
    ],
)
def test_a_value_outside_the_schema_gets_one_line(path: str, value: Any, line: str) -> None:
    """The line names the key, the value and what is allowed; a misspelt key gets its neighbour."""
    assert problem(changed(path, value)) == f"config: {line}"


def test_what_is_missing_is_named() -> None:
    """A study without a model has no default to fall back on."""
    assert problem({"tasks": {"rte": None}}) == "config: model: missing; write a mapping"
    assert problem(changed("model", {"revision": REVISION})) == (
        "config: model.path: missing; write text"
    )


def test_a_misspelt_task_gets_its_neighbour() -> None:
    """An unknown name without a definition is taken for a misspelt one."""
    line = problem(changed("tasks", {"colaa": None}))

    assert line.startswith("config: tasks.colaa: ")
    assert "cola" in line.removeprefix("config: tasks.colaa")


def test_a_task_that_contradicts_itself_is_refused() -> None:
    """Classes are for classification; the schema alone would let them pass."""
    assert problem(changed("tasks.rte.head", "regression")).startswith("config: tasks.rte.")


def test_a_hub_id_needs_a_revision() -> None:
    """Models and data sets alike: what a name points to may change."""
    model = problem(changed("model.revision", None))
    data = problem(changed("tasks.rte.dataset", {"path": "nyu-mll/glue", "name": "rte"}))

    assert model.startswith("config: model.path: google-bert/bert-base-uncased")
    assert "40 hexadecimal digits" in model
    assert data.startswith("config: tasks.rte.dataset: nyu-mll/glue")
    assert "40 hexadecimal digits" in data


def test_a_local_copy_stands_for_a_hub_id(tmp_path: Path) -> None:
    """With a directory named for it, a hub id needs no revision, and the directory is checked."""
    model = model_directory(tmp_path / "model", max_position_embeddings=128)
    config = changed("model.revision", None)
    config["local_copies"] = {"google-bert/bert-base-uncased": str(model)}

    assert load(config).model.revision is None

    (model / "config.json").unlink()
    assert "config.json" in problem(config)

    config["local_copies"] = {"google-bert/bert-base-uncased": str(tmp_path / "elsewhere")}
    assert problem(config).startswith("config: local_copies: ")


def test_a_model_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    """Neither a directory nor the form of a hub id."""
    line = problem(changed("model.path", str(tmp_path / "none")))

    assert line.startswith(f"config: model.path: {tmp_path}/none")


def test_a_model_directory_needs_weights(tmp_path: Path) -> None:
    """Safetensors, an index of several, or PyTorch's format."""
    model = model_directory(tmp_path / "model", max_position_embeddings=128)
    config = changed("model", {"path": str(model)})
    (model / "model.safetensors").unlink()

    assert "no weights" in problem(config)
    for name in ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"):
        (model / name).touch()
        assert load(config).model.path == str(model)
        (model / name).unlink()


def test_texts_may_not_be_longer_than_the_model_reads(tmp_path: Path) -> None:
    """Known at parse time for a local model; two of RoBERTa's positions take no token."""
    bert = model_directory(tmp_path / "bert", max_position_embeddings=64)
    roberta = model_directory(
        tmp_path / "roberta", model_type="roberta", max_position_embeddings=66, pad_token_id=1
    )
    for model in (bert, roberta):
        config = changed("tasks.rte.max_length", 64, changed("model", {"path": str(model)}))

        assert load(config).tasks["rte"].max_length == 64
        config["tasks"]["rte"]["max_length"] = 65
        line = problem(config)
        assert line.startswith("config: tasks.rte.max_length: 65")
        assert line.endswith("at most 64")


def test_pre_training_looks_at_its_own_section_instead_of_the_path() -> None:
    """The model need not be there yet; its size has to fit the tasks."""
    config = changed("model", {"path": "resources/none", "pretrain": True})
    config["pretraining"] = {"architecture": {"positions": 128}}

    assert load(config).model.pretrain

    config["tasks"] = {"rte": {"max_length": 129}}
    assert problem(config).startswith("config: tasks.rte.max_length: 129")
    config["tasks"] = {"rte": None}
    config["pretraining"]["architecture"]["heads"] = 3
    assert problem(config).startswith("config: pretraining.architecture.heads: 3")
    config["pretraining"]["architecture"]["heads"] = 4
    config["pretraining"].update(steps=1000, warmup_steps=500)
    warmup = "config: pretraining.warmup_steps: 500 of"
    assert problem(config) == f"{warmup} 600 and of 400 steps; write fewer than 400"
    config["pretraining"]["next_sentence"] = 0  # the rate rises once
    assert load(config).model.pretrain
    config["pretraining"]["steps"] = 500
    assert problem(config) == f"{warmup} 500 steps; write fewer than 500"


def test_local_data_is_looked_at(tmp_path: Path) -> None:
    """A missing folder, column or row is found before anything runs."""
    config = changed("tasks.rte.dataset", {"path": str(tmp_path)})
    assert problem(config).startswith("config: tasks.rte.dataset: ")

    table = pa.table({"sentence1": ["a"], "sentence2": ["b"], "label": [0]})
    for split in ("train", "validation"):
        pq.write_table(table, tmp_path / f"{split}-00000-of-00001.parquet")
    load(config)

    pq.write_table(table.drop_columns("label"), tmp_path / "train-00000-of-00001.parquet")
    assert "no column 'label'" in problem(config)
    pq.write_table(table.slice(0, 0), tmp_path / "train-00000-of-00001.parquet")
    assert "empty" in problem(config)


KEYS = [
    *schema.schema()["properties"],
    *(f"tasks.rte.{key}" for key in schema.schema()["$defs"]["task"]["properties"]),
    *(
        f"{section}.{key}"
        for section in ("model", "training", "language", "pretraining")
        for key in schema.schema()["properties"][section]["properties"]
    ),
]

names = st.text() | st.integers() | st.none()  # all can be keys in YAML
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(KEYS), value=anything)
@example(key="subsets", value={"": None, 0: None})
def test_whatever_is_written_the_answer_is_a_study_or_one_line(key: str, value: Any) -> None:
    """No value at any key makes the check itself fail."""
    try:
        found = load(changed(key, value))
    except BadInput as error:
        found = str(error)

    assert isinstance(found, Study) or re.fullmatch(r"config: .+(\nconfig: .+)*", found)


@given(value=anything)
def test_whatever_the_file_holds_the_answer_is_one_line(value: Any) -> None:
    """A configuration that is a list, a number or nothing at all is refused like any other."""
    with pytest.raises(BadInput, match=r"^config: .+; write .+(\nconfig: .+; write .+)*$"):
        load(value)


def test_the_readme_s_examples_are_right() -> None:
    """Known, changed and new tasks, and local copies, as they are shown."""
    blocks = re.findall(r"(?m)^    (?:tasks|local_copies):\n(?:     .*\n)+", README.read_text())
    tasks, copies = (yaml.safe_load(textwrap.dedent(block)) for block in blocks)

    study = load(SMALL | tasks)
    schema.check(SMALL | copies)

    assert list(study.tasks) == ["rte", "sst2", "emotion"]
    assert study.tasks["sst2"].train_examples == 10000
    assert study.tasks["emotion"].learning_rate == 2e-5


@pytest.mark.parametrize("config", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_the_configurations_that_come_with_it_fit_the_schema(config: Path) -> None:
    """Their keys and values; some are read after the default."""
    before = [ROOT / "config" / "config.yaml"] if config.name.startswith("beyond") else []
    schema.check(strict_yaml.merged([*before, config]))


def test_checking_a_configuration_is_light() -> None:
    """Every call of Snakemake pays for it: nothing that takes a second is imported."""
    heavy = "torch", "transformers", "datasets", "evaluate", "pandas", "huggingface_hub"
    program = f"import sys, tickets.design.config; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "workflow" / "scripts",
    )

    assert done.stdout == "[]\n"
