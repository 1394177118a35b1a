"""The shipped theta_0 is what the default study's recipe makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import statement_json
from tickets import canonical, provenance
from tickets.canonical import Selection
from tickets.data.encoding import Settings, encode
from tickets.design import config
from tickets.design.config import Study
from tickets.files import sha256
from tickets.language import generator

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "resources" / "theta_0"
CHECKPOINT = SHIPPED / "model.safetensors"


@pytest.fixture(scope="module")
def study() -> Study:
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    raw["model"]["path"] = str(SHIPPED)
    return config.load(raw)


def test_the_shipped_file_is_the_one_its_statement_names() -> None:
    """Its digest is right, and it is small enough to ship."""
    assert len(provenance.read(CHECKPOINT)) < 8 * 1024**2


def test_its_statement_names_the_recipe_of_the_default_study(study: Study) -> None:
    """Rule, steps, batch, rate, masking, seed, threads and size are those of config.yaml."""
    recipe = vars(study.pretraining).copy()
    size = recipe.pop("architecture")
    del recipe["next_sentence"]  # of the text
    definition = statement_json.definition(CHECKPOINT)

    expected = {name: str(value) for name, value in (recipe | {"threads": 1}).items()}
    assert definition["externalParameters"] == expected | {"rule": "pretrain"}
    shipped = json.loads((SHIPPED / "config.json").read_text())
    assert shipped["hidden_size"] == size.hidden_size
    assert shipped["num_hidden_layers"] == size.layers
    assert shipped["num_attention_heads"] == size.heads
    assert shipped["intermediate_size"] == size.intermediate_size
    assert shipped["max_position_embeddings"] == size.positions


def test_its_text_is_what_the_language_generates(study: Study, tmp_path: Path) -> None:
    """The corpus generated now has the very digest that the statement names."""
    pairs = canonical.prepare(
        [
            generator.write_pretraining(
                study.language,
                study.pretraining_pairs,
                study.pretraining.next_sentence,
                tmp_path,
            )
        ],
        Selection(
            task="pretraining",
            head="mlm",
            split="train",
            text=("first", "second"),
            label="label",
            labels=2,
        ),
    )
    longest = study.pretraining.architecture.positions
    settings = Settings(task="pretraining", head="mlm", max_length=longest, concatenate=False)
    encode(pairs, settings, SHIPPED, validation=False).write(tmp_path / "corpus.arrow")
    definition = statement_json.definition(CHECKPOINT)

    [made_of] = [
        each["digest"]["sha256"]
        for each in definition["resolvedDependencies"]
        if each["name"] == "corpus"
    ]

    assert sha256((tmp_path / "corpus.arrow").read_bytes()) == made_of
