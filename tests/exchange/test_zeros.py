"""Masks of the exact zeros in anyone's model: read, described, compared, put back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.torch import save, save_file
from torch import nn
from transformers import BertForSequenceClassification, BertModel, GPT2Config, GPT2LMHeadModel

import fake_masks
import tickets
import tiny_bert
from tickets import masks, provenance, weights
from tickets.errors import BadInput
from tickets.exchange import zeros
from tickets.masks import Mask

Command = Callable[..., int]

DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.float8_e4m3fn, torch.float8_e5m2),
)


def gpt2() -> GPT2LMHeadModel:
    """Half of each matrix in its layers is zero; its embeddings, tied to the head, have none."""
    torch.manual_seed(0)
    network = GPT2LMHeadModel(
        GPT2Config(vocab_size=20, n_positions=16, n_embd=8, n_layer=11, n_head=2)
    )
    with torch.no_grad():
        for name, each in network.named_parameters():
            if ".h." in name and each.dim() == 2:
                each.view(-1)[::2] = 0
    return network


def file(folder: Path, tensors: dict[str, torch.Tensor]) -> Path:
    path = folder / "model.safetensors"
    save_file(tensors, path)
    return path


def of_file(path: Path) -> Mask:
    return zeros.mask_of(zeros.kept_in(path.read_bytes(), str(path)), str(path))


@st.composite
def some_kept(draw: st.DrawFn) -> dict[str, Any]:
    known = st.sampled_from(["w", "h.2.w", "h.10.w", "0.weight", "a b\n.ü"])
    names = draw(st.sets(known, min_size=1))
    shapes = hnp.array_shapes(min_dims=2, max_dims=4, max_side=5)
    return {name: draw(hnp.arrays(np.bool_, shapes)) for name in names}


@given(some_kept(), st.sampled_from(DTYPES), st.randoms(use_true_random=False))
def test_a_mask_put_onto_weights_without_zeros_comes_back(
    kept: dict[str, Any], dtype: torch.dtype, drawn: Any
) -> None:
    """In each precision, and whatever the signs of weights and zeros; vectors and integers beside
    them do not count.
    """
    tensors: dict[str, torch.Tensor] = {
        "bias": torch.zeros(3),
        "ids": torch.zeros(2, 2, dtype=torch.int64),
        "none": torch.zeros(0, 2),
    }
    for name, bits in kept.items():
        values = [drawn.choice((-2, -1, -0.5, 0.5, 1)) for _ in range(bits.size)]
        dense = torch.tensor(values).reshape(bits.shape)
        tensors[name] = (dense * torch.from_numpy(bits)).to(dtype)  # gives -0 too

    found = zeros.mask_of(zeros.kept_in(save(tensors), "it"), "it")

    assert set(found.kept) == set(kept)
    assert all(np.array_equal(found.kept[name], bits) for name, bits in kept.items())


def test_only_zeros_are_pruned(tmp_path: Path) -> None:
    """Both of them; the smallest number there is, infinity and NaN are kept."""
    values = [0.0, -0.0, 2.0**-149, -(2.0**-149), float("inf"), float("nan")]

    found = of_file(file(tmp_path, {"w": torch.tensor([values])}))

    assert found.kept["w"].tolist() == [[False, False, True, True, True, True]]


def test_memory_and_file_agree(tmp_path: Path) -> None:
    """The network's zeros are those of its checkpoint; layers are in order, 10 after 2."""
    network = gpt2()
    network.save_pretrained(tmp_path)

    found = zeros.mask_of(zeros.kept_by(network), "model")

    assert found == of_file(tmp_path / "model.safetensors")
    inner = [n for n, each in network.named_parameters() if ".h." in n and each.dim() == 2]
    assert found.pruned == sum(network.get_parameter(n).numel() // 2 for n in inner) > 0
    layers = [int(name.split(".")[2]) for name in found.kept if ".h." in name]
    assert layers == sorted(layers)
    assert found.sparsity_of("transformer.wte.weight") == 0


def test_a_checkpoint_in_several_files(tmp_path: Path, command: Command) -> None:
    """Gives the mask of one in one file; its statement names each file; links are followed."""
    network, folder = gpt2(), tmp_path / "blobs"
    network.save_pretrained(tmp_path / "whole")
    network.save_pretrained(folder, max_shard_size="4KB")
    parts = sorted(path.name for path in folder.glob("model*"))
    assert len(parts) > 2
    cached = tmp_path / "cached"
    cached.mkdir()
    for name in parts:
        (cached / name).symlink_to(folder / name)

    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    assert command("import", tmp_path / "whole", "--from-zeros", "--output", one) == 0
    assert command("import", cached, "--from-zeros", "--output", other) == 0

    assert one.read_bytes() == other.read_bytes()
    assert masks.read(other) == zeros.mask_of(zeros.kept_by(network), "model")
    stated = provenance.statement(other)
    assert stated.rule == "import"
    assert stated.parameters == {"finder": "imported", "format": "zeros"}
    assert stated.facts == masks.facts(masks.read(other))
    digests = {name: each.digest for name, each in stated.dependencies.items() if name != "pins"}
    assert digests == {
        f"imported/{name}": provenance.sha256((folder / name).read_bytes()) for name in parts
    }


def test_show_has_a_line_for_each_matrix(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of names that are no encoder's."""
    source, made = tmp_path / "model.safetensors", tmp_path / "mask.safetensors"
    save_file({"h.10.w": torch.ones(2, 3), "h.2.w": torch.eye(2), "b": torch.zeros(2)}, source)
    assert command("import", source, "--from-zeros", "--output", made) == 0
    assert capsys.readouterr().out == f"{made}: 2 of 10 pruned\n"

    assert command("show", made) == 0

    _, _, table = capsys.readouterr().out.partition("\n\n")
    assert table == " 50.00%  h.2.w  2 x 2\n  0.00%  h.10.w  2 x 3\n\npruned: 2 of 10 (20.0000%)\n"


def test_diff_says_what_was_filled(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """By matrix, over those that both models have; a new head is named beside them."""
    before, after = tmp_path / "before.safetensors", tmp_path / "after.safetensors"
    file(tmp_path, {"w": torch.eye(2), "v": torch.eye(4), "head": torch.ones(2, 2)})
    command("import", tmp_path, "--from-zeros", "--output", before)
    filled = torch.eye(2)
    filled[0, 1] = 1
    file(tmp_path, {"w": filled, "v": torch.eye(4), "head": torch.ones(3, 2)})
    command("import", tmp_path, "--from-zeros", "--output", after)
    capsys.readouterr()

    command("diff", before, after)

    *_, head, v, w, whole, one, other = capsys.readouterr().out.splitlines()
    assert head.split() == ["bits", "differing", "Jaccard"]
    assert v.split() == ["v", "0.0000%", "1.0000"]
    assert w.split() == ["w", "25.0000%", "0.6667"]
    assert whole.split() == ["all", "5.0000%", "0.8571"]
    assert one == f"not compared, only in {before}: 1 matrices, such as head"
    assert other == f"not compared, only in {after}: 1 matrices, such as head"


def test_with_theta_it_is_a_mask_of_a_study(tmp_path: Path, command: Command) -> None:
    """The mask that was put onto a BERT comes back, under the names of its prunable matrices; a
    checkpoint that lacks one of them has no such mask.
    """
    network = tiny_bert.model(tmp_path / "model")
    theta = tmp_path / "theta_0.safetensors"
    encoder = BertModel.from_pretrained(network)
    tensors = {name: each.detach().numpy().copy() for name, each in encoder.named_parameters()}
    weights.write(theta, tensors)
    provenance.write(theta, rule="toy", parameters={}, dependencies={}, started=provenance.now())
    prunable = weights.prunable_of(tensors)
    flat = np.random.default_rng(0).random(prunable.size) < 0.4
    mask = masks.from_flat(prunable, flat)
    wrapped = nn.ModuleDict({"bert": encoder, "classifier": nn.Linear(2, 2)})
    tickets.apply_mask(wrapped, mask)
    save_file(wrapped.state_dict(), tmp_path / "trained.safetensors")
    made = tmp_path / "made.safetensors"
    call = ("--from-zeros", "--theta", theta, "--output", made)

    assert command("import", tmp_path / "trained.safetensors", *call) == 0

    assert masks.read(made) == mask
    assert "theta_0" in provenance.statement(made).dependencies
    del encoder.pooler
    save_file(wrapped.state_dict(), tmp_path / "trained.safetensors")
    assert command("import", tmp_path / "trained.safetensors", *call) == 2


def index(value: Any) -> bytes:
    return json.dumps(value).encode()


def of_dimensions(number: int) -> bytes:
    about = {"dtype": "F32", "shape": [1] * number, "data_offsets": [0, 4]}
    header = json.dumps({"w": about}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "it has no model.safetensors and no model.safetensors.index.json; name "),
        ({"pytorch_model.bin": b""}, "a pytorch_model.bin is not read"),
        ({"model.safetensors": b"no"}, "model.safetensors: not a file of weights ("),
        ({"model.safetensors": of_dimensions(65)}, "model.safetensors: not a file of weights ("),
        ({"model.safetensors": save({"b": torch.zeros(3)})}, "it has no tensor of floats with two"),
        ({zeros.INDEX: b"{"}, "not an index of safetensors files"),
        ({zeros.INDEX: b"[" * 100_000}, "not an index of safetensors files"),
        ({zeros.INDEX: index([])}, "not an index of safetensors files"),
        ({zeros.INDEX: index({"weight_map": {"w": 1}})}, "not an index of safetensors files"),
        ({zeros.INDEX: index({"weight_map": {"w": "../w"}})}, "not an index of safetensors files"),
        ({zeros.INDEX: index({"weight_map": {"w": "none"}})}, "none: cannot be read as a plain"),
    ],
)
def test_what_is_no_model_is_refused(
    tmp_path: Path,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, bytes],
    says: str,
) -> None:
    """One line, and no output."""
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    made = tmp_path / "made"

    assert command("import", tmp_path, "--from-zeros", "--output", made) != 0

    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path}")
    assert says in error
    assert error.count("\n") == 1
    assert not made.exists()


def test_a_mask_pt_needs_theta(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it says which matrices there are."""
    assert command("import", tmp_path / "mask.pt", "--output", tmp_path / "made") == 2
    assert "--theta is missing" in capsys.readouterr().err


def test_a_checkpoint_that_changes_while_it_is_read_is_found(
    tmp_path: Path,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The digest in the statement would not be that of the zeros."""
    path = file(tmp_path, {"w": torch.eye(2)})
    read = zeros.kept_in

    def changing(*arguments: Any) -> Any:
        found = read(*arguments)
        file(tmp_path, {"w": torch.ones(2, 2)})
        return found

    monkeypatch.setattr(zeros, "kept_in", changing)

    assert command("import", path, "--from-zeros", "--output", tmp_path / "made") == 1
    assert "changed while it was read" in capsys.readouterr().err


def test_it_is_put_onto_any_network() -> None:
    """Under a prefix or without one, and held there; tied weights are the same by either name."""
    mask = zeros.mask_of(zeros.kept_by(gpt2()), "model")
    dense = gpt2()
    for each in dense.parameters():
        nn.init.ones_(each)
    whole = nn.ModuleDict({"module": dense})

    tickets.apply_mask(whole, mask)

    assert zeros.mask_of(zeros.kept_by(dense), "model") == mask
    tied = {"lm_head.weight": np.eye(20, 8, dtype=bool)}
    tickets.apply_mask(dense, zeros.mask_of(tied, "model"))
    assert torch.equal(dense.transformer.wte.weight, torch.eye(20, 8))


def test_a_name_without_a_prefix_is_preferred() -> None:
    """`0.weight` is the first part's, not that of a part within another."""
    network = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2)))
    mask = fake_masks.mask({("0.weight", 0)}, {"0.weight": (2, 2)})
    inner = network[1][0].weight.clone()

    tickets.apply_mask(network, mask)

    assert torch.count_nonzero(network[0].weight) == 1
    assert torch.equal(network[1][0].weight, inner)


def test_a_matrix_that_keeps_all_may_be_missing() -> None:
    """As another head's, or have another shape; one that is pruned may not."""
    shapes = {"body": (2, 2), "head": (2, 2)}
    network = nn.ParameterDict({"body": nn.Parameter(torch.ones(2, 2))})
    kept = {("body", 0), *(("head", i) for i in range(4))}

    tickets.apply_mask(network, fake_masks.mask(kept, shapes))

    assert torch.count_nonzero(network["body"]) == 1
    larger = nn.ParameterDict(network | {"head": nn.Parameter(torch.ones(3, 2))})
    tickets.apply_mask(larger, fake_masks.mask(kept, shapes))
    assert larger["head"].all()
    with pytest.raises(BadInput, match=r"model: it has no head \(1 of the mask's 2 are"):
        tickets.apply_mask(network, fake_masks.mask(kept - {("head", 3)}, shapes))


def test_another_mask_releases_a_matrix_that_it_lacks() -> None:
    """As an encoder's does the head that the mask of a whole model held: it trains again."""
    network = nn.ParameterDict({name: nn.Parameter(torch.ones(2, 2)) for name in ("body", "head")})
    tickets.apply_mask(network, fake_masks.mask(set(), {"body": (2, 2), "head": (2, 2)}))
    tickets.apply_mask(network, fake_masks.mask(set(), {"body": (2, 2)}))

    (network["body"] + network["head"]).sum().backward()
    torch.optim.SGD(network.parameters(), lr=0.1).step()

    assert not network["body"].any()
    assert network["head"].all()


def test_a_mask_of_a_whole_bert_refuses_a_deeper_one() -> None:
    """Whose last layer it knows nothing of; though its names have a prefix."""
    mask = zeros.mask_of(zeros.kept_by(BertForSequenceClassification(tiny_bert.config())), "model")
    config = tiny_bert.config()
    config.num_hidden_layers += 1

    with pytest.raises(
        BadInput, match=r"mask: it has no encoder\.layer\.2\..* \(6 of the model's 19"
    ):
        tickets.apply_mask(BertForSequenceClassification(config), mask)
