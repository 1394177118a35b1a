"""The published code's mask.pt: what PyTorch itself writes is the oracle."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn.utils import prune
from transformers import BertForSequenceClassification

import tiny_bert
from tickets import masks, provenance, weights
from tickets.errors import BadInput
from tickets.exchange import interchange
from tickets.masks import Mask
from tickets.prunable import PrunableSet

QUERY = "encoder.layer.0.attention.self.query.weight"
KEY = f"bert.{QUERY}_mask"
SMALL = PrunableSet(shapes={QUERY: (2, 3), "pooler.dense.weight": (1, 5)})
Tensors = dict[str, Any]
Command = Callable[..., int]


@pytest.fixture(scope="module")
def network() -> BertForSequenceClassification:
    """A classifier pruned as the published code prunes: globally, by magnitude, pooler included."""
    torch.manual_seed(0)
    found = BertForSequenceClassification(tiny_bert.config())
    matrices = [
        part
        for layer in found.bert.encoder.layer
        for part in (
            layer.attention.self.query,
            layer.attention.self.key,
            layer.attention.self.value,
            layer.attention.output.dense,
            layer.intermediate.dense,
            layer.output.dense,
        )
    ]
    prune.global_unstructured(
        [(each, "weight") for each in (*matrices, found.bert.pooler.dense)],
        pruning_method=prune.L1Unstructured,
        amount=0.3,
    )
    return found


@pytest.fixture
def tensors(network: BertForSequenceClassification) -> Tensors:
    """What it saves of the network: every tensor with `mask` in its name."""
    return {name: value for name, value in network.state_dict().items() if "mask" in name}


@pytest.fixture
def theta_0(network: BertForSequenceClassification, tmp_path: Path) -> Path:
    path = tmp_path / "theta_0.safetensors"
    state = network.bert.state_dict()
    theta = {
        name.removesuffix("_orig"): value.numpy()
        for name, value in state.items()
        if not name.endswith("_mask") and value.dtype == torch.float32
    }
    weights.write(path, theta)
    provenance.write(path, rule="theta_0", parameters={}, dependencies={}, started=provenance.now())
    return path


def saved(value: Any, *, as_archive: bool = True) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=as_archive)
    return buffer.getvalue()


def line(data: bytes, prunable: PrunableSet) -> str:
    """The one line with which it is refused."""
    with pytest.raises(BadInput) as caught:
        interchange.from_pt(data, prunable, "mask.pt")
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("as_archive", [True, False], ids=["archive", "before PyTorch 1.6"])
def test_the_mask_is_the_one_that_pytorch_prunes_with(
    network: BertForSequenceClassification,
    tensors: Tensors,
    theta_0: Path,
    command: Command,
    as_archive: bool,
) -> None:
    """Kept is what is not zero in the pruned network; in both forms that PyTorch has written."""
    source, made = theta_0.with_name("mask.pt"), theta_0.with_name("imported.safetensors")
    source.write_bytes(saved(tensors, as_archive=as_archive))

    assert command("import", source, "--theta", theta_0, "--output", made) == 0

    mask = masks.read(made)
    pruned = {
        f"{name}.weight": module.weight.detach().numpy() == 0
        for name, module in network.bert.named_modules()
        if prune.is_pruned(module) and hasattr(module, "weight_mask")
    }
    assert len(pruned) == 13
    assert set(mask.kept) == set(pruned)
    assert all(np.array_equal(~mask.kept[name], zeros) for name, zeros in pruned.items())
    assert mask.pruned == round(0.3 * mask.prunable.size)


def test_an_imported_mask_says_so(
    tensors: Tensors, theta_0: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rule, digest of the imported file, digests of theta_0 and its statement; `verify` agrees."""
    folder = theta_0.parent
    source, made = folder / "mask.pt", folder / "imported.safetensors"
    source.write_bytes(saved(tensors))
    command("import", source, "--theta", theta_0, "--output", made)
    capsys.readouterr()

    stated = provenance.statement(made)

    assert stated.rule == "import"
    assert stated.parameters == {"finder": "imported", "format": "pt"}
    assert stated.facts == masks.facts(masks.read(made))
    files = {name: each.digest for name, each in stated.dependencies.items() if name != "pins"}
    assert files == {
        "imported": provenance.sha256(source.read_bytes()),
        "theta_0": provenance.sha256(theta_0.read_bytes()),
    }
    assert stated.dependencies["theta_0"].statement == provenance.statement(theta_0).itself
    assert command("verify", folder) == 0
    assert capsys.readouterr().out == "2 files, 0 findings\n"
    assert command("show", made) == 0
    assert "rule: import\n" in capsys.readouterr().out


def test_there_and_back(tensors: Tensors, theta_0: Path, command: Command) -> None:
    """Imported and exported, the same names and floats; imported again, the same bytes; and the
    exported file's statement is part of the history.
    """
    folder = theta_0.parent
    source, out = folder / "mask.pt", folder / "out" / "mask.pt"
    first, second = folder / "first.safetensors", folder / "second.safetensors"
    source.write_bytes(saved(tensors))

    assert command("import", source, "--theta", theta_0, "--output", first) == 0
    assert command("export", first, "--format", "pt", "--output", out) == 0
    assert command("import", out, "--theta", theta_0, "--output", second) == 0

    again = torch.load(out, weights_only=True)
    assert again.keys() == tensors.keys()
    assert all(again[name].dtype == torch.float32 for name in again)
    assert all(torch.equal(again[name], value) for name, value in tensors.items())
    assert second.read_bytes() == first.read_bytes()
    exported = provenance.statement(out)
    assert exported.rule == "export"
    assert exported.dependencies["mask"].statement == provenance.statement(first).itself
    assert provenance.statement(second).dependencies["imported"].statement == exported.itself


@st.composite
def any_mask(draw: st.DrawFn) -> Mask:
    kept = {
        name: draw(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7)))
        for name in SMALL.shapes
    }
    return Mask(prunable=PrunableSet(shapes={n: b.shape for n, b in kept.items()}), kept=kept)


@given(any_mask())
def test_every_mask_survives_the_way(mask: Mask) -> None:
    """Bit by bit; and equal masks give equal files."""
    data = interchange.to_pt(mask)

    assert interchange.from_pt(data, mask.prunable, "mask.pt") == mask
    assert interchange.to_pt(mask) == data


@given(any_mask(), st.data())
def test_a_damaged_file_is_a_mask_or_refused(mask: Mask, data: st.DataObject) -> None:
    """Whatever bytes are changed or cut off, in either form: no other error."""
    tensors = torch.load(io.BytesIO(interchange.to_pt(mask)), weights_only=True)
    whole = saved(tensors, as_archive=data.draw(st.booleans()))
    changed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        if place < len(changed):
            changed[place] = data.draw(st.integers(0, 255))
    try:
        found = interchange.from_pt(bytes(changed), mask.prunable, "mask.pt")
    except BadInput:
        return
    assert found.prunable == mask.prunable


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    """With one line."""
    assert line(data, SMALL).startswith("mask.pt: ")
    assert line(b"\x80\x02" + data, SMALL).startswith("mask.pt: ")


class Trap:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.mkdir, (self.folder,)


def test_a_malicious_pickle_is_not_run(tmp_path: Path) -> None:
    """As an entry, as the whole file, in the old form, as a bare pickle: one line, nothing done."""
    folder = tmp_path / "done"
    trap = Trap(folder)
    for data in (
        saved({KEY: trap}),
        saved(trap),
        saved({KEY: trap}, as_archive=False),
        pickle.dumps(trap),
        pickle.dumps({KEY: trap}, protocol=2),
    ):
        assert "nothing else in a pickle is run" in line(data, SMALL)

    assert not folder.exists()


def test_a_whole_network_is_no_mask(network: BertForSequenceClassification) -> None:
    """The model.pt beside a mask.pt is a pickled module."""
    assert "not a dict of tensors" in line(saved(network), SMALL)


def small() -> Tensors:
    return {f"bert.{name}_mask": torch.ones(shape) for name, shape in SMALL.shapes.items()}


@pytest.mark.parametrize("prefix", ["", "module.", "module.bert.", "roberta.", "distilbert."])
def test_prefixes_do_not_matter(prefix: str) -> None:
    """Another family's, that of DataParallel, or none."""
    tensors = {name.replace("bert.", prefix): value for name, value in small().items()}

    assert interchange.from_pt(saved(tensors), SMALL, "mask.pt") == masks.dense(SMALL)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.bool])
def test_precision_does_not_matter(dtype: torch.dtype) -> None:
    """0 and 1 are exact in all of them."""
    tensors = {name: value.to(dtype) for name, value in small().items()}

    assert interchange.from_pt(saved(tensors), SMALL, "mask.pt") == masks.dense(SMALL)


def test_a_mask_saved_on_a_gpu_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published code trained on one."""
    with monkeypatch.context() as changed:
        changed.setattr(torch.serialization, "location_tag", lambda _: "cuda:0")
        data = saved(small())
    assert b"cuda:0" in data

    assert interchange.from_pt(data, SMALL, "mask.pt") == masks.dense(SMALL)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({KEY: None}, "is no plain tensor"),
        ({KEY: torch.ones(2, 3, dtype=torch.int64)}, "is no plain tensor"),
        ({KEY: torch.ones(2, 3, device="meta")}, "is no plain tensor"),
        ({KEY: torch.ones(2, 3).to_sparse()}, "is no plain tensor"),
        ({KEY: torch.nn.Parameter(torch.ones(2, 3))}, "is no plain tensor"),
        ({KEY: torch.ones(3, 2)}, r"is \(3, 2\), the matrix \(2, 3\)"),
        ({KEY: torch.ones(1).expand(10**6, 10**6)}, r"is \(1000000, 1000000\)"),
        ({KEY: torch.full((2, 3), 0.5)}, f"{QUERY}: its mask has values other than 0 and 1"),
        ({KEY: torch.full((2, 3), float("nan"))}, "values other than 0 and 1"),
        ({KEY: torch.full((2, 3), 1 + 2**-23)}, "values other than 0 and 1"),
        ({KEY: torch.full((2, 3), -1.0)}, "values other than 0 and 1"),
        ({f"module.{KEY}": torch.ones(2, 3)}, f"two masks of {QUERY}"),
        ({"bert.pooler.dense.weight": torch.ones(1, 5)}, "is no mask of a prunable matrix"),
        ({"classifier.weight_mask": torch.ones(1, 5)}, "'classifier.weight_mask' is no mask"),
        ({f"x.{KEY}": torch.ones(2, 3)}, "is no mask of a prunable matrix"),
        ({1: torch.ones(2, 3)}, "1 is no mask of a prunable matrix"),
        ({"a\nb" * 100: torch.ones(2, 3)}, "is no mask of a prunable matrix"),
    ],
)
def test_what_is_no_mask_of_the_model_is_refused(change: dict[Any, Any], expected: str) -> None:
    """Types, names, shapes and values: one line that says which."""
    with pytest.raises(BadInput, match=expected) as caught:
        interchange.from_pt(saved(small() | change), SMALL, "mask.pt")
    assert str(caught.value).isprintable()


def test_a_missing_matrix_is_refused() -> None:
    """A file without the pooler's mask leaves open what becomes of it."""
    tensors = small()
    del tensors["bert.pooler.dense.weight_mask"]

    assert "no mask of pooler.dense.weight (1 of 2 are missing)" in line(saved(tensors), SMALL)
    assert "no mask of encoder" in line(saved({}), SMALL)
    assert "not a dict" in line(saved(list(tensors.values())), SMALL)


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused() -> None:
    """PyTorch would take the memory: a thousand times the file's size."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({KEY: torch.zeros(1000, 1000)}))) as whole,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in whole.namelist():
            archive.writestr(name, whole.read(name))

    assert "compressed" in line(packed.getvalue(), SMALL)


def test_a_refused_file_leaves_nothing(
    theta_0: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and no output; the same for one that is not there."""
    source, made = theta_0.with_name("mask.pt"), theta_0.with_name("imported.safetensors")
    for data in (None, b"", saved(small())):
        if data is not None:
            source.write_bytes(data)

        assert command("import", source, "--theta", theta_0, "--output", made) != 0
        error = capsys.readouterr().err
        assert error.startswith(f"error: {source}")
        assert error.count("\n") == 1

    assert not made.exists()


def test_an_exported_file_that_was_changed_is_not_imported(
    tensors: Tensors, theta_0: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there is a statement beside it, it is believed only as that says."""
    source, made = theta_0.with_name("mask.pt"), theta_0.with_name("imported.safetensors")
    source.write_bytes(saved(tensors))
    provenance.write(
        source, rule="export", parameters={}, dependencies={}, started=provenance.now()
    )
    tensors[KEY] = 1 - tensors[KEY]
    source.write_bytes(saved(tensors))

    assert command("import", source, "--theta", theta_0, "--output", made) == 1
    assert "its statement" in capsys.readouterr().err


def test_a_file_that_changes_while_it_is_imported_is_found(
    tensors: Tensors,
    theta_0: Path,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The digest in the statement would not be that of the bits."""
    source, made = theta_0.with_name("mask.pt"), theta_0.with_name("imported.safetensors")
    source.write_bytes(saved(tensors))
    read = interchange.from_pt

    def changing(*arguments: Any) -> Mask:
        found = read(*arguments)
        source.write_bytes(saved(tensors, as_archive=False))
        return found

    monkeypatch.setattr(interchange, "from_pt", changing)

    assert command("import", source, "--theta", theta_0, "--output", made) == 1
    assert "changed while it was read" in capsys.readouterr().err


def test_wrong_use_has_status_2(theta_0: Path, command: Command) -> None:
    """Flags of one format with the other."""
    export = ("export", theta_0, "--output", theta_0.with_name("out"))

    assert command(*export, "--format", "hugging-face", "--theta", theta_0) == 2
    assert command(*export, "--format", "pt", "--theta", theta_0) == 2
    assert command(*export, "--format", "onnx") == 2
