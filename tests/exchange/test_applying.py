"""Masks on networks of one's own: what is zero, and stays so whatever trains."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save as save_tensors
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
)

import tickets
import tiny_bert
from fake_masks import save
from studies import ROOT
from tickets import masks, provenance
from tickets.code import PACKAGE, code_files
from tickets.errors import BadInput, Tampered
from tickets.masks import Mask, from_flat
from tickets.prunable import PrunableSet, prunable_set

SMALL = {
    "hidden_size": 8,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "num_hidden_layers": 2,
    "embedding_size": 4,
}
DISTIL = {"dim": 8, "n_heads": 2, "hidden_dim": 12, "n_layers": 2}
HEADS = {
    "none": AutoModel,
    "classification": AutoModelForSequenceClassification,
    "span": AutoModelForQuestionAnswering,
    "mlm": AutoModelForMaskedLM,
}
MATRIX = "encoder.layer.1.intermediate.dense.weight"


def small(family: str, head: str = "none") -> PreTrainedModel:
    sizes = DISTIL if family == "distilbert" else SMALL
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, vocab_size=20, max_position_embeddings=20, **sizes)
    return HEADS[head].from_config(config)


def drawn(prunable: PrunableSet, seed: int = 0, keep: float = 0.4) -> Mask:
    return from_flat(prunable, np.random.default_rng(seed).random(prunable.size) < keep)


def mask_for(encoder: nn.Module, seed: int = 0) -> Mask:
    """A random mask for a network whose names have no prefix."""
    shapes = {name: tuple(each.shape) for name, each in encoder.named_parameters()}
    return drawn(prunable_set(shapes), seed)


def classifier() -> BertForSequenceClassification:
    torch.manual_seed(0)
    return BertForSequenceClassification(tiny_bert.config())


def pruned_weights(model: nn.Module, mask: Mask) -> Iterator[tuple[nn.Parameter, torch.Tensor]]:
    """Each parameter under the mask, and where it is pruned."""
    for whole, parameter in model.named_parameters():
        name = next((each for each in mask.kept if f".{whole}".endswith(f".{each}")), None)
        if name is not None:
            yield parameter, torch.from_numpy(~mask.kept[name])


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 3) -> None:
    torch.manual_seed(1)
    for _ in range(steps):
        tokens = torch.randint(0, tiny_bert.VOCABULARY, (4, 8))
        optimizer.zero_grad()
        model(tokens, labels=tokens[:, 0] % 2).loss.backward()
        optimizer.step()


def is_held(model: nn.Module, mask: Mask) -> bool:
    return all(not parameter[where].any() for parameter, where in pruned_weights(model, mask))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "electra"])
def test_exactly_the_pruned_weights_become_zero(family: str, head: str) -> None:
    """In every family and under every head, with the pooler or without; no name changes."""
    mask = mask_for(small(family))
    model = small(family, head)
    names = list(model.state_dict())
    before = {name: value.clone() for name, value in model.named_parameters()}

    tickets.apply_mask(model, mask)

    assert list(model.state_dict()) == names
    zeroed = 0
    for whole, now in model.named_parameters():
        bare = whole.removeprefix(f"{model.base_model_prefix}.")
        kept = torch.from_numpy(mask.kept[bare]) if bare in mask.kept else torch.ones_like(now)
        expected = torch.where(kept.bool(), before[whole], 0.0)
        assert torch.equal(now.view(torch.int32), expected.view(torch.int32))
        zeroed += int((~kept.bool()).sum())
    has_pooler = any("pooler" in name for name in names)
    of_pooler = [int((~bits).sum()) for name, bits in mask.kept.items() if "pooler" in name]
    assert zeroed == mask.pruned - (0 if has_pooler else sum(of_pooler)) > 0


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda weights: torch.optim.AdamW(weights, lr=0.05, weight_decay=0.1),
        lambda weights: torch.optim.AdamW(weights, lr=0.05, amsgrad=True, fused=True),
        lambda weights: torch.optim.SGD(weights, lr=0.5, momentum=0.9, nesterov=True),
        lambda weights: torch.optim.Rprop(weights, lr=0.05),
        lambda weights: torch.optim.RMSprop(weights, lr=0.01, centered=True, momentum=0.5),
        lambda weights: torch.optim.Adafactor(weights, lr=0.05),
    ],
    ids=["adamw", "amsgrad", "sgd", "rprop", "rmsprop", "adafactor"],
)
def test_zeros_stay_whatever_the_optimizer(
    optimizer: Callable[[list[nn.Parameter]], torch.optim.Optimizer],
) -> None:
    """While survivors of every matrix move."""
    model = classifier()
    mask = mask_for(model.bert)
    tickets.apply_mask(model, mask)
    before = [parameter.clone() for parameter, _ in pruned_weights(model, mask)]

    train(model, optimizer(list(model.parameters())))

    assert is_held(model, mask)
    pairs = list(zip(before, pruned_weights(model, mask), strict=True))
    assert len(pairs) == 13
    assert all(not torch.equal(was, now) for was, (now, _) in pairs)


def test_moments_older_than_the_mask_bring_nothing_back() -> None:
    """An optimizer that was used before moves a weight without a gradient; it is back at 0."""
    model = classifier()
    mask = mask_for(model.bert)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    train(model, optimizer)
    tickets.apply_mask(model, mask)
    assert all(
        optimizer.state[each]["exp_avg"][where].all() for each, where in pruned_weights(model, mask)
    )

    for _ in range(3):
        train(model, optimizer, steps=1)
        assert is_held(model, mask)


def test_a_loop_without_an_optimizer_sees_no_gradient_of_pruned_weights() -> None:
    """Steps by hand keep the zeros too."""
    model = classifier()
    mask = mask_for(model.bert)
    tickets.apply_mask(model, mask)

    model(torch.ones(2, 4, dtype=torch.long), labels=torch.tensor([0, 1])).loss.backward()

    for parameter, where in pruned_weights(model, mask):
        assert parameter.grad is not None
        assert not parameter.grad[where].any()
        assert parameter.grad[~where].any()
        parameter.data -= parameter.grad
    assert is_held(model, mask)


def test_clipping_sees_the_norm_of_the_survivors() -> None:
    """It is that of a network with the same weights whose pruned gradients are left out."""
    model, plain = classifier(), classifier()
    mask = mask_for(model.bert)
    tickets.apply_mask(model, mask)
    plain.load_state_dict(model.state_dict())
    for each in (model.eval(), plain.eval()):
        each(torch.ones(2, 4, dtype=torch.long), labels=torch.tensor([0, 1])).loss.backward()
    for parameter, where in pruned_weights(plain, mask):
        assert parameter.grad is not None
        assert parameter.grad[where].any()
        parameter.grad[where] = 0

    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)

    assert norm == nn.utils.clip_grad_norm_(plain.parameters(), 1.0)


def test_weights_that_are_frozen_for_a_while_are_held_too() -> None:
    """They stay frozen under the mask, and are held once they train."""
    model = classifier()
    mask = mask_for(model.bert)
    model.bert.requires_grad_(False)
    tickets.apply_mask(model, mask)
    assert not any(parameter.requires_grad for parameter in model.bert.parameters())
    model.requires_grad_(True)

    train(model, torch.optim.SGD(model.parameters(), lr=0.1), steps=1)

    for parameter, where in pruned_weights(model, mask):
        assert parameter.grad is not None
        assert not parameter.grad[where].any()
    assert is_held(model, mask)


def test_a_network_moved_to_another_type_is_held() -> None:
    """In double precision, as on another device, parameters are the same objects."""
    model = classifier()
    mask = mask_for(model.bert)
    tickets.apply_mask(model, mask)

    train(model.double(), torch.optim.AdamW(model.parameters()))

    assert is_held(model, mask)


def test_what_is_saved_is_an_ordinary_model_with_zeros(tmp_path: Path) -> None:
    """Nothing is missing or too much when it is loaded, and no bit differs."""
    model = classifier()
    mask = mask_for(model.bert)
    tickets.apply_mask(model, mask)
    train(model, torch.optim.AdamW(model.parameters()))

    model.save_pretrained(tmp_path)
    again, info = BertForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)

    assert not any(info.values())
    state = again.state_dict()
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    zeros = [int((each == 0).sum()) for each, _ in pruned_weights(again, mask)]
    assert sum(zeros) == mask.pruned


def test_another_mask_takes_the_first_one_s_place() -> None:
    """Weights that it keeps begin at zero and train; gradients are not cut twice."""
    model = classifier()
    first, second = mask_for(model.bert, seed=1), mask_for(model.bert, seed=2)
    tickets.apply_mask(model, first)
    tickets.apply_mask(model, second)
    assert is_held(model, first)

    train(model, torch.optim.AdamW(model.parameters(), lr=0.05))

    assert is_held(model, second)
    assert not is_held(model, first)


def test_a_copy_has_no_mask() -> None:
    """As the page says: its weights are zero, and train."""
    model = classifier()
    mask = mask_for(model.bert)
    tickets.apply_mask(model, mask)
    copied = copy.deepcopy(model)
    assert is_held(copied, mask)

    train(copied, torch.optim.AdamW(copied.parameters()), steps=1)

    assert not is_held(copied, mask)
    assert is_held(model, mask)


class Own(nn.Module):
    """A torch module whose parameters have the encoder's names at some place."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)


def test_any_module_with_the_names_will_do() -> None:
    """Whatever stands before them."""
    encoder = small("bert")
    mask = mask_for(encoder)

    tickets.apply_mask(Own(text=encoder, other=nn.Linear(2, 2)), mask)

    assert is_held(encoder, mask)
    assert sum(int((each == 0).sum()) for each, _ in pruned_weights(encoder, mask)) == mask.pruned


def deeper() -> nn.Module:
    return AutoModel.from_config(BertConfig(**SMALL | {"num_hidden_layers": 3}))


def wider() -> nn.Module:
    return AutoModel.from_config(BertConfig(**SMALL | {"intermediate_size": 13}))


def shallower() -> nn.Module:
    return AutoModel.from_config(BertConfig(**SMALL | {"num_hidden_layers": 1}))


def in_integers() -> nn.Module:
    encoder = small("bert")
    weight = encoder.get_submodule(MATRIX.removesuffix(".weight"))
    weight.weight = nn.Parameter(weight.weight.to(torch.int8), requires_grad=False)
    return encoder


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (shallower, r"model: it has no encoder\.layer\.1\.[a-z.]* \(6 of the mask's 13 are"),
        (deeper, r"mask: it has no encoder\.layer\.2\.[a-z.]* \(6 of the model's 19 are"),
        (wider, r"intermediate\.dense\.weight is torch\.float32 \(13, 8\), .* floats \(12, 8\)"),
        (lambda: small("distilbert"), r"model: it has no encoder\.layer\.0\..* \(12 of"),
        (lambda: nn.Linear(2, 2), r"model: it has no encoder\.layer\.0\..* \(12 of"),
        (
            lambda: Own(one=small("bert"), two=small("bert")),
            r"model: it has two of encoder\.layer\.0\.[a-z.]* \(parts\.two\.encoder",
        ),
        (in_integers, r"is torch\.int8 \(12, 8\), the mask is for floats \(12, 8\)"),
    ],
    ids=["shallower", "deeper", "wider", "family", "linear", "two", "integers"],
)
def test_what_does_not_fit_is_refused_untouched(make: Callable[[], nn.Module], says: str) -> None:
    """One line that says what to use instead."""
    model, mask = make(), mask_for(small("bert"))
    before = {name: value.clone() for name, value in model.named_parameters()}

    with pytest.raises(BadInput, match=says) as error:
        tickets.apply_mask(model, mask)

    assert "\n" not in str(error.value)
    assert all(torch.equal(before[name], now) for name, now in model.named_parameters())


def test_a_mask_is_read_with_its_statement_or_without(tmp_path: Path) -> None:
    """Checked where there is one: a mask exchanged for another is found."""
    prunable = PrunableSet(shapes={MATRIX: (3, 4)})
    one, other = drawn(prunable, 1), drawn(prunable, 2)
    path = save(tmp_path / "one.safetensors", one)
    assert tickets.load_mask(str(path)) == one

    masks.write(path, other)
    with pytest.raises(Tampered, match="its statement"):
        tickets.load_mask(path)

    provenance.statement_path(path).unlink()
    assert tickets.load_mask(path) == other


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    """A text, weights, a folder, a path that leads nowhere: one line each."""
    text, weights, none = (tmp_path / name for name in ("text", "weights", "none"))
    text.write_text("mask")
    weights.write_bytes(save_tensors({"a": np.zeros(3, np.float32)}))
    said = {text: "not a mask file", weights: "not a mask file", tmp_path: "it is a folder"}
    for path, says in (said | {none: "there is no such file"}).items():
        with pytest.raises(BadInput) as found:
            tickets.load_mask(path)
        assert str(found.value).startswith(f"{path}: {says}; name ")
        assert "\n" not in str(found.value)


def test_importing_the_package_imports_nothing_heavy(tmp_path: Path) -> None:
    """Torch comes with the first mask that is applied; a mask is read without."""
    path = save(tmp_path / "one.safetensors", drawn(PrunableSet(shapes={MATRIX: (3, 4)})))
    heavy = "sorted({'numpy', 'torch', 'transformers'} & set(sys.modules))"
    program = (
        f"import sys, tickets; print({heavy}, [n for n in sys.modules if 'tickets' in n])\n"
        f"tickets.load_mask({str(path)!r}); print({heavy}[1:])\n"
    )
    scripts = ROOT / "workflow" / "scripts"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=scripts
    )

    assert done.stdout.splitlines() == ["[] ['tickets']", "[]"]


def test_no_job_depends_on_what_the_package_offers_to_python() -> None:
    """The package's first file, which is part of every job's code, brings no other one with it."""
    first = PACKAGE / "__init__.py"
    entries = sorted((ROOT / "workflow" / "scripts").glob("*.py"))

    assert code_files(first) == [first]
    applying = PACKAGE / "exchange" / "applying.py"
    assert applying.is_file()
    assert not [entry.name for entry in entries if applying in code_files(entry)]


def test_other_names_are_not_there() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'tickets' has no attribute 'apply'"):
        _ = tickets.apply  # type: ignore[attr-defined]
