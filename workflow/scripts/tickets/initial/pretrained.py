"""theta_0: a pre-trained encoder's weights, as float32, with its family's own names.

`transformers` reads the checkpoint, in any format and precision, in one file or several.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from tickets import architecture
from tickets.architecture import PRETRAINED_HEAD, Names, mlm_head_names
from tickets.errors import BadInput

logging.set_verbosity_error()  # no reports of heads that are not loaded: this is intended
logging.disable_progress_bar()


Tensors = dict[str, NDArray[np.float32]]


def read(model: Path) -> Tensors:
    """The encoder's tensors, and those of its MLM head, if it has one, under `pretrained_head.`.

    A pooler that the checkpoint lacks is left out; task heads then contain one.

    Raises:
        BadInput: no weights, or a checkpoint that lacks part of the encoder.
    """
    names = architecture.read(model).names
    encoder, missing = _load(AutoModel, model)
    required = [name for name in missing if not name.startswith("pooler.")]
    if required:
        raise BadInput(
            f"model: {model} lacks {required[0]} and {len(required) - 1} more tensors of the"
            " encoder; use a whole checkpoint"
        )
    theta = _arrays(encoder)
    theta = {name: value for name, value in theta.items() if name not in missing}
    return theta | _mlm_head(model, names)


def write_configuration(model: Path, target: Path) -> None:
    """Write a model's architecture and tokenizer, without its weights, to `target`."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model / "config.json", target / "config.json")
    AutoTokenizer.from_pretrained(model, local_files_only=True).save_pretrained(target)


def _mlm_head(model: Path, names: Names) -> Tensors:
    network, missing = _load(AutoModelForMaskedLM, model)
    state = _arrays(network)
    head = mlm_head_names(names)
    if any(name in missing or name not in state for name in head.values()):
        return {}
    return {f"{PRETRAINED_HEAD}{ours}": state[theirs] for ours, theirs in head.items()}


def _load(kind: type, model: Path) -> tuple[PreTrainedModel, set[str]]:
    try:
        network, info = kind.from_pretrained(  # type: ignore[attr-defined]
            model, dtype=torch.float32, local_files_only=True, output_loading_info=True
        )
    except OSError as error:
        raise BadInput(f"model: {model} has no weights that can be read ({error})") from None
    return network, set(info["missing_keys"])


def _arrays(network: PreTrainedModel) -> Tensors:
    return {
        name: value.numpy().copy()
        for name, value in network.state_dict().items()
        if value.dtype == torch.float32
    }
