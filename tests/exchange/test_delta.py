"""A training's changes as a file: on theta_0 they give the trained model, to the bit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import BertForMaskedLM, BertForSequenceClassification, BertModel

import tickets
import tiny_bert
from tickets import architecture, masks, provenance, weights
from tickets.architecture import HEAD
from tickets.criteria.random import draw
from tickets.errors import BadInput, Tampered
from tickets.exchange import delta
from tickets.initial import pretrained
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe

RECIPE = Recipe(epochs=1, steps=None, batch_size=8, learning_rate=5e-3)
MATRIX = "encoder.layer.1.output.dense.weight"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """theta_0, a mask, and the ends of two trainings that froze what it prunes."""
    root = tmp_path_factory.mktemp("study")
    theta = pretrained.read(tiny_bert.model(root / "model"))
    mask = draw(weights.prunable_of(theta), Fraction("3/4"), seed=1)
    weights.write(root / "theta_0.safetensors", theta)
    masks.write(root / "mask.safetensors", mask)
    known = architecture.read(root / "model")
    for head in ("classification", "mlm"):
        encoder, gamma = initial_head(theta, known, head=head, labels=2, seed=1, task="toy")
        texts = tiny_bert.texts(30, head)
        end = train(encoder, gamma, mask, texts, known, RECIPE, head=head, seed=1)
        heads = {f"{HEAD}{name}": value for name, value in end.gamma.items()}
        weights.write(root / f"{head}.safetensors", {**theta, **end.theta, **heads})
    for path in root.glob("*.safetensors"):
        facts = masks.facts(mask) if path.stem == "mask" else {}
        about = {"parameters": {}, "dependencies": {}, "started": provenance.now()}
        provenance.write(path, rule="toy", facts=facts, **about)
    for head in ("classification", "mlm"):
        exported(root, head, root / f"{head}.delta")
    return root


def exported(study: Path, trained: str, output: Path) -> Path:
    names = ("mask.safetensors", "theta_0.safetensors", f"{trained}.safetensors")
    delta.export(*(study / name for name in names), output)
    return output


def classifier(study: Path) -> BertForSequenceClassification:
    """theta_0 under a head of its own."""
    torch.manual_seed(7)
    return BertForSequenceClassification.from_pretrained(study / "model", dtype=torch.float32)


def same(tensor: torch.Tensor, value: np.ndarray) -> bool:
    return tensor.detach().numpy().tobytes() == value.tobytes()


def test_a_model_with_the_delta_is_the_trained_one(study: Path) -> None:
    """Every tensor of the encoder and the head, by transformers' names."""
    model, trained = classifier(study), weights.read(study / "classification.safetensors")
    assert not same(model.bert.get_parameter(MATRIX), trained[MATRIX])

    tickets.apply_delta(model, study / "classification.delta")

    state = model.state_dict()
    bare = {f"bert.{n}": v for n, v in trained.items() if f"bert.{n}" in state}
    bare |= {f"classifier.{part}": trained[f"head.output.{part}"] for part in ("weight", "bias")}
    assert bare.keys() == {name for name, each in state.items() if each.is_floating_point()}
    assert all(same(state[name], value) for name, value in bare.items())


def test_a_state_dict_is_changed_in_place(study: Path) -> None:
    """Without a model; and the head of MLM, with the embeddings that are tied to it."""
    state = BertForMaskedLM.from_pretrained(study / "model", dtype=torch.float32).state_dict()
    trained = weights.read(study / "mlm.safetensors")

    tickets.apply_delta(state, study / "mlm.delta")

    assert same(state[f"bert.{MATRIX}"], trained[MATRIX])  # it has no pooler, which is left out
    assert same(state["cls.predictions.transform.dense.weight"], trained["head.dense.weight"])
    assert same(state["cls.predictions.bias"], trained["head.bias"])
    words = trained["embeddings.word_embeddings.weight"]
    assert same(state["cls.predictions.decoder.weight"], words)


def test_a_head_that_the_model_does_not_have_is_left_out(study: Path) -> None:
    """The encoder alone gets its own tensors."""
    model, trained = BertModel.from_pretrained(study / "model"), "classification.safetensors"

    tickets.apply_delta(model, study / "classification.delta")

    ends = weights.read(study / trained)
    assert all(same(each, ends[name]) for name, each in model.named_parameters())


def test_the_file_has_the_kept_weights_and_what_else_changed(study: Path) -> None:
    """Positions in C order, new values, no difference; what did not change is not in it."""
    found = load_file(study / "classification.delta")
    mask, theta = (
        masks.read(study / "mask.safetensors"),
        weights.read(study / "theta_0.safetensors"),
    )
    trained = weights.read(study / "classification.safetensors")

    assert found[f"{MATRIX}.positions"].dtype == np.int32
    assert np.array_equal(found[f"{MATRIX}.positions"], np.flatnonzero(mask.kept[MATRIX]))
    assert np.array_equal(found[f"{MATRIX}.values"], trained[MATRIX][mask.kept[MATRIX]])
    others = {name for name in found if not name.endswith((delta.POSITIONS, delta.VALUES))}
    assert {"head.output.weight", "embeddings.LayerNorm.bias"} <= others
    assert not any(name.startswith("pretrained_head.") for name in others)
    kept = sum(value.size for name, value in found.items() if name.endswith(delta.VALUES))
    assert kept == mask.prunable.size - mask.pruned
    stated = provenance.statement(study / "classification.delta")
    assert (stated.rule, stated.parameters) == ("export", {"format": "delta"})
    assert {"mask", "theta", "trained"} <= stated.dependencies.keys()
    whole = delta.from_bytes((study / "classification.delta").read_bytes(), "delta")
    assert delta.to_bytes(whole) == (study / "classification.delta").read_bytes()
    assert set(whole.theta) | set(whole.whole) >= {n for n in theta if "pretrained" not in n}


def test_a_model_with_other_weights_is_left_alone(study: Path) -> None:
    """One bit of a frozen weight is enough; nothing is changed then."""
    model = classifier(study)
    with torch.no_grad():
        model.bert.get_parameter(MATRIX).view(torch.int32)[0, 0] ^= 1
    before = {name: each.clone() for name, each in model.state_dict().items()}

    with pytest.raises(BadInput, match=f"{MATRIX} is not theta_0's"):
        tickets.apply_delta(model, study / "classification.delta")

    assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (lambda model: model.bfloat16(), "is torch.bfloat16; load the model in float32"),
        (lambda model: torch.nn.ModuleList([model.bert, model]), "it has 2 of"),
        (lambda model: model.classifier, "it has 0 of"),
    ],
)
def test_what_is_no_such_model_is_refused(study: Path, wrong: object, line: str) -> None:
    """With the first tensor that does not fit."""
    with pytest.raises(BadInput, match=line):
        tickets.apply_delta(wrong(classifier(study)), study / "classification.delta")  # type: ignore[operator]


def test_a_training_that_froze_nothing_is_refused(study: Path, tmp_path: Path) -> None:
    """Its pruned weights are not theta's; and one of another model, a file that is no delta, or
    another one by now.
    """
    trained = weights.read(study / "classification.safetensors")
    mask = masks.read(study / "mask.safetensors")
    theta = weights.read(study / "theta_0.safetensors")
    with pytest.raises(BadInput, match="the meaning freeze under this mask"):
        delta.compare(mask, theta, trained | weights.rewind(theta, mask))
    with pytest.raises(BadInput, match="of different models"):
        delta.compare(mask, theta, trained | {MATRIX: trained[MATRIX][:-1]})

    with pytest.raises(BadInput, match="not a delta"):
        tickets.apply_delta(classifier(study), study / "theta_0.safetensors")
    copy = tmp_path / "classification.delta"
    data = (study / copy.name).read_bytes()
    copy.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    statement = provenance.statement_path(study / copy.name)
    provenance.statement_path(copy).write_bytes(statement.read_bytes())
    with pytest.raises(Tampered):
        tickets.apply_delta(classifier(study), copy)


def test_a_position_outside_its_matrix_is_refused(study: Path, tmp_path: Path) -> None:
    """Before its begin, after its end, or of a matrix whose digest is missing; nothing is changed
    then.
    """
    right = delta.from_bytes((study / "classification.delta").read_bytes(), "delta")
    positions, values = right.values[MATRIX]
    low, high = positions - positions[0] - 1, positions + 10**6
    unknown = {name: digest for name, digest in right.theta.items() if name != MATRIX}
    model, path = classifier(study), tmp_path / "wrong.delta"
    before = {name: each.clone() for name, each in model.state_dict().items()}
    for wrong, says in (
        (replace(right, values={**right.values, MATRIX: (low, values)}), "not a delta"),
        (replace(right, theta=unknown), "not a delta"),
        (replace(right, values={**right.values, MATRIX: (high, values)}), f"of {MATRIX}; export"),
    ):
        path.write_bytes(delta.to_bytes(wrong))
        with pytest.raises(BadInput, match=says):
            tickets.apply_delta(model, path)

    assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())
