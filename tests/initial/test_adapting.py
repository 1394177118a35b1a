"""A model whose pre-training goes on: what transformers reads of it is the oracle."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

from headless_models import FAMILIES, encoder, sentences
from tickets import architecture, provenance, weights
from tickets.architecture import CONFIGURATION, PRETRAINED_HEAD
from tickets.data.encoding import encode
from tickets.data.masking import IGNORED
from tickets.data.settings import Settings
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.model.network import Network
from tickets.training.evaluation import batches
from tiny_trainings import ENVIRONMENT, HELPERS, SCRIPTS, Ended, Runner

STEPS = 60
OUTPUTS = ("model.safetensors", "validation.csv", *CONFIGURATION)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    command = [sys.executable, str(HELPERS / "crash_runner.py"), str(SCRIPTS / "adapt.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        yield Runner(process=process)


@dataclass(frozen=True, kw_only=True)
class Adapting:
    """A model, its text, and a folder for what comes out."""

    runner: Runner
    inputs: Path
    output: Path

    def run(self, death: dict[str, object] | None = None) -> Ended:
        self.output.mkdir(parents=True, exist_ok=True)
        named = {
            "theta": self.inputs / "theta.safetensors",
            "train": self.inputs / "train.arrow",
            "validation": self.inputs / "validation.arrow",
            "model": self.inputs / "model",
            "output": self.output / "model.safetensors",
            "losses": self.output / "validation.csv",
            "checkpoints": self.output / "checkpoints" / "adapt",
            "checkpoint_minutes": 0,
            **{"steps": STEPS, "batch_size": 8, "learning_rate": 0.01, "warmup_steps": 5},
            **{"weight_decay": 0.01, "dropout": 0.1, "mlm_probability": 0.15},
            **{"seed": 1, "threads": 1},
        }
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in named.items()]
        return self.runner(flags, self.output.with_suffix(".log"), death)

    def written(self) -> dict[str, bytes]:
        return {name: (self.output / name).read_bytes() for name in OUTPUTS}


def write_inputs(folder: Path, family: str) -> Path:
    """Weights, configuration and encoded text, as the jobs before leave them."""
    checkpoint = encoder(folder / "checkpoint", family)
    weights.write(folder / "theta.safetensors", pretrained.read(checkpoint))
    pretrained.write_configuration(checkpoint, folder / "model")
    settings = Settings(task="text", head="mlm", max_length=16, concatenate=True)
    for split, count in (("train", 300), ("validation", 40)):
        texts = pa.array(sentences(count, seed=count))
        table = pa.table({"id": texts, "text_a": texts, "text_b": pa.nulls(count, pa.string())})
        encoded = encode(table, settings, folder / "model", validation=split == "validation")
        encoded.write(folder / f"{split}.arrow")
    for path in (*folder.glob("*.*"), *(folder / "model" / name for name in CONFIGURATION)):
        provenance.write(path, rule="toy", parameters={}, dependencies={}, started=provenance.now())
    return folder


@pytest.fixture(scope="module", params=FAMILIES)
def adapted(
    request: pytest.FixtureRequest, runner: Runner, tmp_path_factory: pytest.TempPathFactory
) -> Adapting:
    """A model of each family, adapted without a stop."""
    folder = tmp_path_factory.mktemp(request.param)
    inputs = write_inputs(folder / "inputs", request.param)
    done = Adapting(runner=runner, inputs=inputs, output=folder / "adapted")
    ended = done.run()
    assert ended.status == 0, ended.stderr
    return done


def losses(adapting: Adapting) -> list[dict[str, str]]:
    with (adapting.output / "validation.csv").open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


def hidden_words(encoded: Encoded) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Each text as the network sees it, and its words where they are hidden."""
    labels = encoded.columns["labels"]
    for begin, end in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True):
        seen, hidden = (values[begin:end].astype(np.int64) for values in (encoded.tokens, labels))
        yield torch.from_numpy(seen), torch.from_numpy(hidden)


def test_transformers_predicts_what_our_network_does(adapted: Adapting) -> None:
    """Nothing is missing or left over but a pooler; the same scores of all words in float32."""
    network, info = AutoModelForMaskedLM.from_pretrained(adapted.output, output_loading_info=True)
    network.eval()
    theta = pretrained.read(adapted.output)
    head = {
        name.removeprefix(PRETRAINED_HEAD): value
        for name, value in theta.items()
        if name.startswith(PRETRAINED_HEAD)
    }
    ours = Network.of(
        {name: value for name, value in theta.items() if not name.startswith(PRETRAINED_HEAD)},
        head,
        architecture.read(adapted.output),
        "mlm",
    )
    encoded = Encoded.read(adapted.inputs / "validation.arrow")
    with torch.no_grad():
        theirs = [
            network(tokens[None]).logits[0, labels != IGNORED]
            for tokens, labels in hidden_words(encoded)
        ]
        found = [(packed.examples, ours.words(batch)) for packed, batch in batches(ours, encoded)]

    assert network.dtype == torch.float32
    assert not info["missing_keys"]
    assert not [name for name in info["unexpected_keys"] if "pooler" not in name]
    assert len(head) == 5
    for examples, scores in found:
        expected = torch.cat([theirs[example] for example in examples])
        assert torch.allclose(scores, expected, atol=1e-5)


def test_the_head_is_tied_and_the_configuration_says_what_the_folder_is(adapted: Adapting) -> None:
    """The decoder is the table of words; the class is that of the family's MLM."""
    config = AutoConfig.from_pretrained(adapted.output)
    network = AutoModelForMaskedLM.from_pretrained(adapted.output)
    text = "the boat sails fast ."
    tokens = [
        AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
        for folder in (adapted.output, adapted.inputs / "model")
    ]

    assert network.get_output_embeddings().weight is network.get_input_embeddings().weight
    assert config.architectures == [type(network).__name__]
    assert config.model_type == architecture.read(adapted.inputs / "model").family
    assert tokens[0] == tokens[1]
    assert len(set(tokens[0])) == 7


def test_the_loss_on_held_out_text_falls_to_what_transformers_computes(adapted: Adapting) -> None:
    """A row at every twentieth; the last one is the loss of what was written."""
    network = AutoModelForMaskedLM.from_pretrained(adapted.output).eval()
    rows = losses(adapted)
    encoded = Encoded.read(adapted.inputs / "validation.arrow")
    with torch.no_grad():
        pairs = [(network(tokens[None]).logits[0], ls) for tokens, ls in hidden_words(encoded)]
    scores, labels = (torch.cat(each) for each in zip(*pairs, strict=True))

    assert [int(row["step"]) for row in rows] == list(range(3, STEPS + 1, 3))
    assert float(rows[-1]["mlm_loss"]) < float(rows[0]["mlm_loss"]) - 0.1
    assert float(rows[-1]["mlm_loss"]) == pytest.approx(
        float(F.cross_entropy(scores, labels)), abs=1e-3
    )
    assert {row["next_sentence_loss"] for row in rows} == {""}


def test_mlm_leaves_the_pooler_as_it_was(adapted: Adapting) -> None:
    """Bit by bit, decay or not; the rest of the encoder has moved, and no name is lost."""
    before = weights.read(adapted.inputs / "theta.safetensors")
    after = pretrained.read(adapted.output)

    assert {name for name in after if not name.startswith(PRETRAINED_HEAD)} == before.keys()
    for name, value in before.items():
        if name.startswith("pooler."):
            assert np.array_equal(after[name], value)
        elif name.endswith("weight"):
            assert not np.array_equal(after[name], value), name


def test_its_statement_names_what_it_comes_from(adapted: Adapting) -> None:
    """Weights, text and configuration, of each file that is written."""
    for name in OUTPUTS:
        stated = provenance.statement(adapted.output / name)
        assert stated.rule == "adapt"
        assert stated.parameters["steps"] == STEPS
        assert stated.facts["products"] == "torch.float32"
        for role, path in {
            "theta": "theta.safetensors",
            "train": "train.arrow",
            "validation": "validation.arrow",
            "model/config.json": "model/config.json",
        }.items():
            parent = provenance.statement(adapted.inputs / path)
            assert stated.dependencies[role].statement == parent.itself


@pytest.mark.parametrize("death", ["SIGTERM", "SIGKILL"])
def test_one_that_was_stopped_ends_with_the_same_bits(
    adapted: Adapting, death: str, tmp_path: Path
) -> None:
    """It goes on from its last checkpoint, rows on held-out text and all."""
    again = Adapting(runner=adapted.runner, inputs=adapted.inputs, output=tmp_path / "adapted")
    stopped = again.run({"at": "step", "count": 20, "what": death})
    assert stopped.status == (1 if death == "SIGTERM" else -signal.SIGKILL), stopped.stderr
    assert not (again.output / "model.safetensors").exists()

    ended = again.run()

    assert ended.status == 0, ended.stderr
    assert ended.resumed
    assert again.written() == adapted.written()
    assert not (again.output / "checkpoints").exists()


def test_a_head_that_is_there_is_trained_on(runner: Runner, tmp_path: Path) -> None:
    """A second adaptation begins where the first one ended: with its head, not with a drawn one."""
    first = Adapting(
        runner=runner, inputs=write_inputs(tmp_path / "first", "bert"), output=tmp_path / "adapted"
    )
    assert first.run().status == 0
    inputs = write_inputs(tmp_path / "second", "bert")
    weights.write(inputs / "theta.safetensors", pretrained.read(first.output))
    provenance.write(
        inputs / "theta.safetensors",
        rule="toy",
        parameters={},
        dependencies={},
        started=provenance.now(),
    )
    second = Adapting(runner=runner, inputs=inputs, output=tmp_path / "again")

    assert second.run().status == 0

    begins, ended = losses(second)[0], losses(first)[-1]
    assert float(begins["mlm_loss"]) < float(ended["mlm_loss"]) + 0.1
