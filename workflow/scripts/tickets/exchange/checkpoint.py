"""A checkpoint as transformers reads it: the names of its tensors, and its config.json."""

from __future__ import annotations

import json
from typing import Any

from numpy.typing import NDArray

from tickets.architecture import HEAD, PRETRAINED_HEAD, Architecture, mlm_head_names
from tickets.weights import Weights


def rename_tensors(theta: Weights, encoder: Architecture) -> dict[str, NDArray[Any]]:
    """The tensors under the names in the family's checkpoints, with the head of pre-training.

    A training's head is left out: users of a ticket add their own.
    """
    heads = {f"{PRETRAINED_HEAD}{ours}": n for ours, n in mlm_head_names(encoder.names).items()}
    return {
        heads.get(name, f"{encoder.family}.{name}"): tensor
        for name, tensor in theta.items()
        if not name.startswith(HEAD)
    }


def in_float32(config: bytes) -> bytes:
    """The configuration with dtype float32: transformers loads weights as the dtype in it."""
    value = json.loads(config)
    value.pop("torch_dtype", None)  # the key's older name
    return _to_bytes(value | {"dtype": "float32"})


def with_mlm_head(config: bytes) -> bytes:
    """The configuration of the same model with an MLM head, tied to its word embeddings."""
    # This import takes a second, which exports can save.
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    value = json.loads(config)
    name = MODEL_FOR_MASKED_LM_MAPPING_NAMES[value["model_type"]]
    return _to_bytes(value | {"architectures": [name], "tie_word_embeddings": True})


def _to_bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
