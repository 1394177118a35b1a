"""A ticket as a model directory: what transformers reads from it is the oracle."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from tickets import architecture, masks, provenance, weights
from tickets.architecture import CONFIGURATION
from tickets.commands import verify
from tickets.errors import BadInput, Tampered
from tickets.exchange.checkpoint import rename_tensors
from tickets.exchange.hugging_face import export
from tickets.files import sha256
from tickets.initial import pretrained
from tickets.initial.pretraining import SPECIAL, Size, write_model
from tickets.masks import Mask

SIZE = Size(hidden_size=12, layers=2, heads=3, intermediate_size=20, positions=16)
WORDS = (*SPECIAL, "the", "boat", "sees", "?")
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def masked(path: Path, mask: Mask) -> Path:
    masks.write(path, mask)
    provenance.write(
        path,
        rule="prune",
        parameters={"finder": "imp", "task": "mrpc", "seed": 3},
        dependencies={},
        facts=masks.facts(mask),
        started=provenance.now(),
    )
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """theta_0 and its configuration as the workflow writes them, and a mask; its checkpoint says
    that it is to be loaded in half precision.
    """
    root = tmp_path_factory.mktemp("study")
    source = root / "checkpoint"
    write_model(source, SIZE, WORDS, next_sentence=False)
    torch.manual_seed(0)
    network = AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(source))
    network.bert = AutoModel.from_config(network.config)  # with a pooler
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    network.tie_weights()
    network.save_pretrained(source)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"torch_dtype": "float16"}))
    arguments = ["--model", source, "--configuration", root / "model"]
    command = ["theta_0.py", *arguments, "--output", root / "theta_0.safetensors"]
    subprocess.run([sys.executable, *map(str, command)], check=True, cwd=SCRIPTS)

    prunable = weights.prunable_of(weights.read(root / "theta_0.safetensors"))
    drawn = np.random.default_rng(0)
    kept = {name: drawn.random(shape) < 0.4 for name, shape in prunable.shapes.items()}
    masked(root / "sparsity-60.safetensors", Mask(prunable=prunable, kept=kept))
    return root


@pytest.fixture(scope="module")
def ticket(study: Path) -> Path:
    return exported(study, study / "out" / "ticket")


def exported(study: Path, output: Path, mask: str = "sparsity-60.safetensors") -> Path:
    export(study / mask, study / "theta_0.safetensors", study / "model", output)
    return output


def expected(study: Path) -> dict[str, torch.Tensor]:
    """The encoder's tensors with zeros where the mask prunes."""
    mask = masks.read(study / "sparsity-60.safetensors")
    theta = weights.read(study / "theta_0.safetensors")
    found = {
        name: torch.from_numpy(value.copy())
        for name, value in theta.items()
        if not name.startswith("pretrained_head.")
    }
    for name, bits in mask.kept.items():
        found[name][torch.from_numpy(~bits)] = 0.0
    return found


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """The same bits, signs of zeros among them."""
    return one.dtype == other.dtype and torch.equal(one.view(torch.int32), other.view(torch.int32))


def test_transformers_reads_exactly_the_ticket(study: Path, ticket: Path) -> None:
    """Every tensor of the encoder, bit by bit, in float32 whatever the checkpoint was."""
    network, info = AutoModel.from_pretrained(ticket, output_loading_info=True)

    state = {n: v for n, v in network.state_dict().items() if v.is_floating_point()}
    wanted = expected(study)
    assert not info["missing_keys"]
    assert state.keys() == wanted.keys()
    assert all(same(state[name], value) for name, value in wanted.items())
    zeros = sum(int((state[name] == 0).sum()) for name in state)
    assert zeros == masks.read(study / "sparsity-60.safetensors").pruned > 0


def test_the_head_of_pre_training_comes_along(study: Path, ticket: Path) -> None:
    """As a masked language model it lacks nothing; under another head the encoder is the same."""
    source = AutoModelForMaskedLM.from_pretrained(study / "checkpoint", dtype=torch.float32)
    network, info = AutoModelForMaskedLM.from_pretrained(ticket, output_loading_info=True)
    assert not info["missing_keys"]
    head = network.cls.state_dict()
    assert all(same(head[name], value) for name, value in source.cls.state_dict().items())

    classifier = AutoModelForSequenceClassification.from_pretrained(ticket)
    state = classifier.bert.state_dict()
    assert all(same(state[name], value) for name, value in expected(study).items())


def test_a_training_s_own_head_is_left_out(study: Path) -> None:
    """Names of the encoder with the family's prefix, names of the MLM head as they are there."""
    theta = {
        name: np.zeros(1) for name in ("pooler.dense.bias", "head.bias", "pretrained_head.bias")
    }

    found = rename_tensors(theta, architecture.read(study / "model"))

    assert list(found) == ["bert.pooler.dense.bias", "cls.predictions.bias"]


@pytest.mark.parametrize("family", ["roberta", "electra", "distilbert"])
def test_other_families_keep_their_names(family: str, tmp_path: Path) -> None:
    """Encoder and MLM head are found under them by transformers, none is missing."""
    small = {"bert": {}, "distilbert": {"dim": 8, "n_heads": 1, "hidden_dim": 8, "n_layers": 1}}
    sizes = small.get(family) or {
        "hidden_size": 8,
        "num_attention_heads": 1,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
    }
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, vocab_size=20, max_position_embeddings=20, **sizes)
    network = AutoModelForMaskedLM.from_config(config)
    network.save_pretrained(tmp_path / "checkpoint")
    theta = pretrained.read(tmp_path / "checkpoint")

    shutil.copytree(tmp_path / "checkpoint", tmp_path / "ticket")
    save_file(
        rename_tensors(theta, architecture.read(tmp_path / "checkpoint")),
        tmp_path / "ticket" / "model.safetensors",
        metadata={"format": "pt"},
    )

    again, info = AutoModelForMaskedLM.from_pretrained(
        tmp_path / "ticket", output_loading_info=True
    )
    assert not info["missing_keys"]
    assert not [name for name in info["unexpected_keys"] if "pooler" not in name]
    state = again.state_dict()
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    encoder, info = AutoModel.from_pretrained(tmp_path / "ticket", output_loading_info=True)
    assert not [name for name in info["missing_keys"] if "pooler" not in name]
    assert all(
        torch.equal(value, torch.from_numpy(theta[name]))
        for name, value in encoder.state_dict().items()
        if name in theta
    )


def test_the_folder_is_whole(study: Path, ticket: Path) -> None:
    """Weights, configuration, tokenizer, card, mask, statements; nothing else, there or beside."""
    files = {path.relative_to(ticket).as_posix() for path in ticket.rglob("*") if path.is_file()}
    stated = {"model.safetensors", *CONFIGURATION, "mask/sparsity-60.safetensors"}

    assert files == stated | {f"{name}.prov.json" for name in stated} | {"README.md"}
    assert [path.name for path in ticket.parent.iterdir()] == ["ticket"]
    mask = study / "sparsity-60.safetensors"
    for copied, path in (
        (ticket / "mask" / mask.name, mask),
        (provenance.statement_path(ticket / "mask" / mask.name), provenance.statement_path(mask)),
    ):
        assert copied.read_bytes() == path.read_bytes()
    text = "the boat sees ?"
    encoded = [AutoTokenizer.from_pretrained(at)(text) for at in (ticket, study / "model")]
    assert encoded[0]["input_ids"] == encoded[1]["input_ids"]
    assert len(set(encoded[0]["input_ids"])) == 6


def test_its_statement_names_what_it_is_made_of(study: Path, ticket: Path) -> None:
    """Mask, weights and configuration with their statements; `verify` agrees, until a bit flips."""
    stated = provenance.statement(ticket / "model.safetensors")

    assert stated.rule == "export"
    assert stated.parameters == {"format": "hugging-face"}
    for name, path in {
        "mask": study / "sparsity-60.safetensors",
        "theta": study / "theta_0.safetensors",
        "model/config.json": study / "model" / "config.json",
    }.items():
        assert stated.dependencies[name].digest == sha256(path.read_bytes())
        assert stated.dependencies[name].statement == provenance.statement(path).itself

    flags = argparse.Namespace(paths=[ticket])
    assert verify.run(flags) == 0
    weight_file = ticket / "model.safetensors"
    whole = weight_file.read_bytes()
    weight_file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert verify.run(flags) == 1
    weight_file.write_bytes(whole)


def test_the_card_says_where_it_comes_from(study: Path, ticket: Path) -> None:
    """Digests of files and statements, the count, the mask's parameters and its code's commit."""
    text = (ticket / "README.md").read_text()
    mask, theta = study / "sparsity-60.safetensors", study / "theta_0.safetensors"
    found = masks.read(mask)
    stated = provenance.statement(mask)

    assert text.startswith("---\nlibrary_name: transformers\n")
    for digest in (
        sha256((ticket / "model.safetensors").read_bytes()),
        sha256(mask.read_bytes()),
        sha256(provenance.statement_path(mask).read_bytes()),
        sha256(theta.read_bytes()),
        sha256(provenance.statement_path(theta).read_bytes()),
        found.digest,
    ):
        assert f"| `{digest}` |" in text
    assert f"# A lottery ticket, {found.pruned / found.prunable.size:.2%} sparse" in text
    assert f"{found.pruned:,} of its {found.prunable.size:,} prunable" in text
    assert f"({found.sparsity})" in text
    assert "by the rule `prune`" in text
    assert '"finder": "imp",\n  "seed": 3,\n  "task": "mrpc"\n' in text
    assert (f"commit `{stated.commit}`" if stated.commit else "not known") in text
    assert ("with changes" in text) == (stated.clean is False)


def test_what_the_card_tells_to_do_keeps_the_zeros(
    study: Path, ticket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its Python runs as it stands in the folder; a step with decay then moves survivors only."""
    monkeypatch.chdir(ticket)
    blocks = re.findall(r"```python\n(.*?)```", (ticket / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, AutoModel] = {}
    for block in blocks:
        exec(block, names)
    network = names["model"]
    before = {name: value.clone() for name, value in network.state_dict().items()}

    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1)
    network(torch.tensor([[2, 5, 6, 3]])).pooler_output.sum().backward()
    optimizer.step()

    mask = masks.read(study / "sparsity-60.safetensors")
    for name, bits in mask.kept.items():
        kept, now = torch.from_numpy(bits), network.get_parameter(name).detach()
        assert not now[~kept].any()
        assert not torch.equal(now[kept], before[name][kept])


def test_the_same_export_gives_the_same_weights(study: Path, ticket: Path, tmp_path: Path) -> None:
    """Byte by byte; into an empty folder that is there already, too."""
    (tmp_path / "again").mkdir()

    again = exported(study, tmp_path / "again")

    for name in ("model.safetensors", *CONFIGURATION):
        assert (again / name).read_bytes() == (ticket / name).read_bytes()


@pytest.mark.parametrize("there", ["full", "file", "link"])
def test_what_is_there_stays(study: Path, tmp_path: Path, there: str) -> None:
    """A folder with something in it, a file or a link is refused with one line, and untouched."""
    output = tmp_path / "out"
    if there == "full":
        output.mkdir()
        (output / "mine").write_text("x")
    elif there == "file":
        output.write_text("x")
    else:
        output.symlink_to(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(BadInput, match=r"is there and not an empty folder; name a new one$"):
        exported(study, output)

    assert sorted(tmp_path.rglob("*")) == before


def test_what_does_not_fit_is_refused(study: Path, tmp_path: Path) -> None:
    """Another model's mask or directory, or a changed mask: one line, and no folder."""
    prunable = weights.prunable_of({"pooler.dense.weight": np.zeros((2, 2))})
    other = masked(tmp_path / "other.safetensors", masks.dense(prunable))
    with pytest.raises(BadInput, match="is another model's than mask and weights"):
        exported(study, tmp_path / "out", str(other))

    theta = weights.read(study / "theta_0.safetensors")
    words = theta["embeddings.word_embeddings.weight"]
    theta["embeddings.word_embeddings.weight"] = words[:-1]
    weights.write(tmp_path / "theta.safetensors", theta)
    provenance.write(
        tmp_path / "theta.safetensors",
        rule="theta_0",
        parameters={},
        dependencies={},
        started=provenance.now(),
    )
    mask = study / "sparsity-60.safetensors"
    with pytest.raises(BadInput, match="is another model's"):
        export(mask, tmp_path / "theta.safetensors", study / "model", tmp_path / "out")

    changed = tmp_path / mask.name
    changed.write_bytes(mask.read_bytes() + b" ")
    shutil.copy(provenance.statement_path(mask), provenance.statement_path(changed))
    with pytest.raises(Tampered, match="its statement"):
        exported(study, tmp_path / "out", str(changed))

    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))
