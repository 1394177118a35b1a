"""KeepZeros: under transformers' Trainer the zeros of a pruned model stay, whatever it does."""

from __future__ import annotations

import contextlib
import copy
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BertForSequenceClassification, TrainerCallback, default_data_collator

import fake_masks
import small_trainings
import tiny_bert
from small_trainings import CLIP, STEPS, Batch, adamw, network, trainer
from studies import ROOT
from tickets import masks
from tickets.code import PACKAGE, code_files
from tickets.errors import BadInput, Tampered
from tickets.exchange import zeros
from tickets.integrations.transformers import KeepZeros
from tickets.masks import Mask
from tickets.prunable import prunable_set


def where_kept(model: nn.Module) -> dict[str, Tensor]:
    """1 where a weight of a matrix is not zero."""
    return {name: (each != 0).float() for name, each in model.named_parameters() if each.dim() == 2}


def by_hand(
    model: nn.Module,
    batches: Sequence[Batch],
    *,
    accumulate: int = 1,
    bf16: bool = False,
    before_clipping: bool = True,
) -> None:
    """The training as a plain loop: products with the mask, of gradients and of weights."""
    kept = where_kept(model)
    optimizer = adamw(model)
    for begin in range(0, len(batches), accumulate):
        for batch in batches[begin : begin + accumulate]:
            with torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext():
                loss = model(**batch)["loss"]
            (loss / accumulate).backward()
        for name in kept if before_clipping else ():
            gradient = model.get_parameter(name).grad
            assert gradient is not None
            gradient.mul_(kept[name])
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        for name, bits in kept.items():
            model.get_parameter(name).data.mul_(bits)
        optimizer.zero_grad()


def equal(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def holds(model: nn.Module, kept: dict[str, Tensor]) -> bool:
    return all(not model.get_parameter(name)[bits == 0].any() for name, bits in kept.items())


@pytest.mark.parametrize(
    ("arguments", "loop"),
    [
        ({}, {}),
        ({"gradient_accumulation_steps": 2}, {"accumulate": 2}),
        ({"bf16": True}, {"bf16": True}),
    ],
    ids=["plain", "accumulated", "bfloat16"],
)
def test_it_trains_as_a_loop_that_multiplies_by_the_mask(
    tmp_path: Path, arguments: dict[str, Any], loop: dict[str, Any]
) -> None:
    """To the bit, over ten steps of AdamW with weight decay and clipping, on the same batches; a
    loop that clips the gradients of pruned weights too ends elsewhere.
    """
    model = network()
    start = copy.deepcopy(model)
    seen: list[Batch] = []

    def collate(examples: list[Any]) -> Batch:
        seen.append(default_data_collator(examples))
        return dict(seen[-1])

    trainer(model, tmp_path, KeepZeros(), collate=collate, **arguments).train()

    batches = seen[: STEPS * loop.get("accumulate", 1)]
    plain, late = copy.deepcopy(start), copy.deepcopy(start)
    by_hand(plain, batches, **loop)
    by_hand(late, batches, before_clipping=False, **loop)
    assert equal(model, plain)
    assert not equal(model, late)
    assert holds(model, where_kept(start))
    assert not equal(model, start)


def test_moments_of_pruned_weights_are_zero(tmp_path: Path) -> None:
    """So that nothing moves them, in this training or another with the same optimizer."""
    model = network()
    kept = where_kept(model)
    made = trainer(model, tmp_path, KeepZeros())

    made.train()

    for name, bits in kept.items():
        state = made.optimizer.state[model.get_parameter(name)]
        for moment in (state["exp_avg"], state["exp_avg_sq"]):
            assert not moment[bits == 0].any()
            assert moment[bits == 1].all()


def test_a_network_in_bfloat16_is_held(tmp_path: Path) -> None:
    """Its weights themselves, not only their products."""
    model = network().to(torch.bfloat16)
    kept = where_kept(model)

    def collate(examples: list[Any]) -> Batch:
        batch = default_data_collator(examples)
        return batch | {"x": batch["x"].to(torch.bfloat16)}

    trainer(model, tmp_path, KeepZeros(), collate=collate).train()

    assert model.first.weight.dtype == torch.bfloat16
    assert holds(model, kept)


def test_a_resumed_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    """And the same zeros, as those of one that was not interrupted."""
    whole, resumed = network(), network()
    saving = {"save_strategy": "steps", "save_steps": 4}
    trainer(whole, tmp_path, KeepZeros(), **saving).train()
    saved = load_file(tmp_path / "checkpoint-4" / "model.safetensors")
    assert all(not saved[name][bits == 0].any() for name, bits in where_kept(resumed).items())
    held = KeepZeros()

    made = trainer(resumed, tmp_path / "again", held)
    made.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))

    assert made.state.global_step == STEPS
    assert equal(resumed, whole)
    assert held.mask == zeros.mask_of(zeros.kept_by(network()), "model")


def test_a_zero_that_arose_in_training_is_not_held_when_it_goes_on(tmp_path: Path) -> None:
    """A kept weight that is zero in the checkpoint by chance trains on."""
    trainer(
        network(), tmp_path, KeepZeros(), save_strategy="steps", save_steps=4, max_steps=4
    ).train()
    path = tmp_path / "checkpoint-4" / "model.safetensors"
    saved = load_file(path)
    assert saved["first.weight"][0, 1] != 0
    saved["first.weight"][0, 1] = 0
    save_file(saved, path, metadata={"format": "pt"})
    model = network()

    trainer(model, tmp_path, KeepZeros()).train(resume_from_checkpoint=str(path.parent))

    assert model.first.weight[0, 1] != 0
    assert holds(model, where_kept(network()))


def test_a_model_that_was_saved_and_loaded_has_the_same_zeros(tmp_path: Path) -> None:
    """The mask that a second training takes from it is the first one's."""
    model, held, again = network(), KeepZeros(), KeepZeros()
    made = trainer(model, tmp_path, held)
    made.train()
    made.save_model(str(tmp_path / "model"))
    loaded = small_trainings.Network()
    loaded.load_state_dict(load_file(tmp_path / "model" / "model.safetensors"))

    trainer(loaded, tmp_path, again)

    assert again.mask == held.mask


def test_a_mask_is_put_onto_a_dense_model(tmp_path: Path) -> None:
    """A study's, by its file; it is checked against its statement."""
    torch.manual_seed(0)
    model = BertForSequenceClassification(tiny_bert.config())
    shapes = {name: tuple(each.shape) for name, each in model.bert.named_parameters()}
    prunable = prunable_set(shapes)
    flat = torch.rand(prunable.size, generator=torch.Generator().manual_seed(0)) < 0.4
    mask = masks.from_flat(prunable, flat.numpy())
    path = fake_masks.save(tmp_path / "mask.safetensors", mask)

    def collate(_: list[Any]) -> Batch:
        tokens = torch.randint(5, tiny_bert.VOCABULARY, (4, 8))
        return {"input_ids": tokens, "labels": tokens[:, 0] % 2}

    held = KeepZeros(str(path))
    trainer(model, tmp_path, held, collate=collate, remove_unused_columns=False).train()

    assert held.mask == mask
    kept = {f"bert.{name}": torch.from_numpy(bits).float() for name, bits in mask.kept.items()}
    assert holds(model, kept)
    masks.write(path, masks.dense(prunable))
    with pytest.raises(Tampered, match="its statement"):
        KeepZeros(path)


def test_a_callback_that_is_added_later_holds_too(tmp_path: Path) -> None:
    """It finds the zeros when training begins."""
    model = network()
    made = trainer(model, tmp_path)
    made.add_callback(KeepZeros)

    made.train()

    assert holds(model, where_kept(network()))


class Writes(TrainerCallback):
    """Something else that writes a weight, after the last step."""

    def on_epoch_end(self, *_: Any, model: Any, **__: Any) -> None:
        model.first.weight.data[0, :4] = float("nan")


def test_a_zero_that_did_not_stay_is_an_error(tmp_path: Path) -> None:
    """One line with how many and where, NaN among them."""
    with pytest.raises(BadInput) as caught:
        trainer(network(), tmp_path, KeepZeros(), Writes()).train()

    assert str(caught.value) == (
        "model: 2 of the 36 weights that the mask prunes are not zero, the first in first.weight; "
        "find what writes weights beside the optimizer, and apply the mask after it"
    )


def dense() -> nn.Module:
    model = network()
    for each in model.parameters():
        nn.init.ones_(each)
    return model


def test_nothing_to_keep_is_refused(tmp_path: Path) -> None:
    """A model without zeros, though its biases may have some, and a mask that prunes nothing."""
    model = dense()
    nn.init.zeros_(model.first.bias)
    for held in (KeepZeros(), KeepZeros(zeros.mask_of(zeros.kept_by(model), "model"))):
        with pytest.raises(BadInput, match="nothing is pruned; give it a pruned model, or a mask"):
            trainer(model, tmp_path, held)


def test_another_model_s_mask_is_refused(tmp_path: Path) -> None:
    """Before the first step."""
    other = fake_masks.mask({("third.weight", 0)}, {"third.weight": (2, 2)})

    with pytest.raises(BadInput, match=r"model: it has no third\.weight"):
        trainer(network(), tmp_path, KeepZeros(other)).train()


@pytest.mark.parametrize("sharded", ["fsdp", "deepspeed"])
def test_sharded_weights_are_refused(sharded: str) -> None:
    """The optimizer then steps on others."""
    args: Any = SimpleNamespace(**{"fsdp": None, "deepspeed": None, sharded: "on"})
    state: Any = None

    with pytest.raises(BadInput, match="FSDP and DeepSpeed shard the weights"):
        KeepZeros().on_init_end(args, state, state, model=network())


class Adapter(nn.Module):
    """As PEFT replaces a layer by one with LoRA: names, and a B that is zero."""

    adapter_layer_names = ("lora_A", "lora_B")

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.base_layer = layer.requires_grad_(False)
        self.lora_A = nn.ModuleDict({"default": nn.Linear(layer.in_features, 2, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(2, layer.out_features, bias=False)})
        nn.init.zeros_(self.lora_B["default"].weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.base_layer(x) + self.lora_B["default"](self.lora_A["default"](x))


def with_adapter(model: nn.Module) -> nn.Module:
    model.second = Adapter(model.second)
    return model


def by_peft(model: nn.Module) -> nn.Module:
    peft = pytest.importorskip("peft", reason="it is no package of this project")
    return peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules=["second"]))


def mask_of(*names: str) -> Mask:
    kept = zeros.kept_by(network())
    return zeros.mask_of({name: kept[name] for name in names}, "model")


@pytest.mark.parametrize("adapt", [with_adapter, by_peft])
def test_adapters_on_pruned_matrices_are_refused(
    tmp_path: Path, adapt: Callable[[nn.Module], nn.Module]
) -> None:
    """Merging them would fill the zeros; and without a mask their own zeros would be held."""
    for mask in (None, mask_of("second.weight"), mask_of("first.weight", "second.weight")):
        with pytest.raises(BadInput) as caught:
            trainer(adapt(network()), tmp_path, KeepZeros(mask))

        said = str(caught.value)
        assert "PEFT has put an adapter on " in said
        assert "second, which fills zeros when it is merged; train the weights themselves" in said
        assert "\n" not in said


@pytest.mark.parametrize("adapt", [with_adapter, by_peft])
def test_adapters_elsewhere_train(tmp_path: Path, adapt: Callable[[nn.Module], nn.Module]) -> None:
    """Where the mask prunes nothing."""
    model = adapt(network())

    trainer(model, tmp_path, KeepZeros(mask_of("first.weight"))).train()

    trained = dict(model.named_parameters())
    assert [n for n, each in trained.items() if "lora_B" in n and each.all()]
    (first,) = (each for name, each in trained.items() if name.endswith("first.weight"))
    assert not first.view(-1)[::2].any()


def test_no_job_reaches_an_integration() -> None:
    """A change of one makes nothing run again."""
    entries = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
    room = PACKAGE / "integrations"

    assert (room / "transformers.py").is_file()
    assert not [
        entry.name for entry in entries if any(room in f.parents for f in code_files(entry))
    ]


def test_two_processes_hold_the_same_zeros(tmp_path: Path) -> None:
    """DDP over gloo, with accumulation: both end with the same bits, and the zeros of the start."""
    path = [str(ROOT / "workflow" / "scripts"), os.environ.get("PYTHONPATH", "")]
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")

    done = subprocess.run(
        [sys.executable, *launch, small_trainings.__file__, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path), "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    one, other = (load_file(tmp_path / f"{rank}.safetensors") for rank in range(2))
    start = network()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert all(not torch.equal(one[name], each) for name, each in start.named_parameters())
    assert all(not one[name][bits == 0].any() for name, bits in where_kept(start).items())
