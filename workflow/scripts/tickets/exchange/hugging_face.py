"""A ticket as a Hugging Face model directory: weights, tokenizer, mask, and a card."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import save

from tickets import architecture, masks, provenance, statements, weights
from tickets.architecture import CONFIGURATION, HEAD, PRETRAINED_HEAD, Architecture, mlm_head_names
from tickets.errors import BadInput, CannotWrite
from tickets.files import read_bytes, write_bytes
from tickets.masks import Mask
from tickets.statements import Statement
from tickets.weights import Weights

WEIGHTS = "model.safetensors"
MASK = "mask"  # the mask's folder: its file keeps the name that its statement speaks of


def export(mask_file: Path, theta_file: Path, model: Path, output: Path) -> None:
    """Write the ticket m . theta to the new folder `output`, which is there whole or not at all.

    `model` is the study's model directory: architecture and tokenizer, with their statements.

    Raises:
        BadInput: `output` is there and not empty, or mask, weights and model do not fit.
        Tampered: one of the files is not the one its statement speaks of.
    """
    started = provenance.now()
    with _whole(output) as folder:
        mask = masks.read(mask_file)
        stated = read_bytes(provenance.statement_path(mask_file))
        copied = folder / MASK / mask_file.name
        write_bytes(copied, masks.to_bytes(mask))  # equal masks are equal files
        write_bytes(provenance.statement_path(copied), stated)
        provenance.read(copied)

        configuration = {name: provenance.read(model / name) for name in CONFIGURATION}
        configuration["config.json"] = _in_float32(configuration["config.json"])
        for name, data in configuration.items():
            write_bytes(folder / name, data)

        theta = weights.read(theta_file)
        known = architecture.read(model)
        _check(mask, theta, known, model)
        tensors = named(weights.rewind(theta, mask), known)
        # One key: transformers asks for it, and several would be written in random order.
        write_bytes(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))

        provenance.write(
            *(folder / name for name in (WEIGHTS, *CONFIGURATION)),
            rule="export",
            parameters={"format": "hugging-face"},
            dependencies={"mask": mask_file, "theta": theta_file}
            | {f"model/{name}": model / name for name in CONFIGURATION},
            facts=masks.facts(mask),
            started=started,
        )
        text = card(
            provenance.statement(folder / WEIGHTS),
            statements.parse(stated, str(provenance.statement_path(mask_file))),
        )
        write_bytes(folder / "README.md", text.encode())


def named(ticket: Weights, known: Architecture) -> dict[str, NDArray[Any]]:
    """The tensors under the names of the family's own checkpoints, with the head of pre-training.

    A training's own head is left out: who uses a ticket brings a new one.
    """
    heads = {f"{PRETRAINED_HEAD}{ours}": n for ours, n in mlm_head_names(known.names).items()}
    return {
        heads.get(name, f"{known.family}.{name}"): tensor
        for name, tensor in ticket.items()
        if not name.startswith(HEAD)
    }


def card(ticket: Statement, mask: Statement) -> str:
    """The model card: what the ticket is, where it comes from, how to check it and train on."""
    facts = ticket.facts
    code = "not known" if mask.commit is None else f"commit `{mask.commit}`"
    if mask.clean is False:
        code += ", with changes that are not in it"
    m, theta = ticket.dependencies["mask"], ticket.dependencies["theta"]
    return _CARD.format(
        sparsity=f"{float(Fraction(facts['sparsity'])):.2%}",
        exact=facts["sparsity"],
        pruned=f"{facts['pruned']:,}",
        prunable=f"{facts['prunable']:,}",
        digest=ticket.digest,
        mask=m,
        mask_digest=facts["mask_digest"],
        theta=theta,
        code=code,
        rule=mask.rule,
        parameters=json.dumps(dict(mask.parameters), indent=2, sort_keys=True),
        file=f"{MASK}/{mask.name}",
    )


def _check(mask: Mask, theta: Weights, known: Architecture, model: Path) -> None:
    """The model directory was written together with weights of this shape."""
    words = theta.get("embeddings.word_embeddings.weight")
    stated = provenance.facts(model / "config.json").get("prunable_set")
    if stated != mask.prunable.digest or words is None or len(words) != known.vocabulary:
        raise BadInput(
            f"export: {model} is another model's than mask and weights; "
            "use the results/model of their own study"
        )


def _in_float32(config: bytes) -> bytes:
    """The configuration of float32 weights: transformers would load them as the type it names."""
    value = json.loads(config)
    value.pop("torch_dtype", None)  # the key's older name
    return json.dumps(value | {"dtype": "float32"}, indent=2).encode() + b"\n"


@contextmanager
def _whole(folder: Path) -> Generator[Path]:
    """A temporary folder beside `folder`, which takes its name once all is written."""
    folder = folder.absolute()
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        if os.path.lexists(folder) and not _is_empty(folder):
            raise BadInput(f"export: {folder} is there and not an empty folder; name a new one")
        yield temporary
        temporary.replace(folder)
    except OSError as error:
        raise CannotWrite(f"{folder}: cannot be written ({error.strerror}); mend that") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())


_CARD = """\
---
library_name: transformers
tags:
- lottery-ticket
- pruning
---

# A lottery ticket, {sparsity} sparse

The weights theta of an encoder under a mask m: {pruned} of its {prunable} prunable
weights are exactly zero ({exact}), every other weight has the bits it has in theta.

```python
from transformers import AutoModel

model = AutoModel.from_pretrained(".")  # this folder
```

## Where it comes from

| | |
|---|---|
| sha256 of `model.safetensors` | `{digest}` |
| mask m | `{mask.uri}`, here `{file}` |
| sha256 of the mask file | `{mask.digest}` |
| sha256 of its statement | `{mask.statement}` |
| digest of the mask itself | `{mask_digest}` |
| weights theta | `{theta.uri}` |
| sha256 of the weight file | `{theta.digest}` |
| sha256 of its statement | `{theta.statement}` |
| code that made the mask | {code} |

The mask was made by the rule `{rule}` with these parameters:

```json
{parameters}
```

## How to check it

    tickets verify .
    tickets show {file}

compares every file here with its statement (`*.prov.json`, in-toto with SLSA provenance) and
prints what the mask's says. The digests above stand in `model.safetensors.prov.json` too; that of a
statement stands for all that the file was made from. Who has the study compares them with its files
(`tickets audit results`); the same export from them gives the same `model.safetensors`.

## How to train on

Zeros stay zero only if pruned weights get no gradient; and before gradients are clipped, or the
clipped norm is another one:

```python
import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModel

model = AutoModel.from_pretrained(".")
for name, bits in load_file("{file}").items():
    weight = model.get_parameter(name)
    kept = np.unpackbits(bits, count=weight.numel()).reshape(weight.shape)
    mask = torch.from_numpy(kept).to(weight)
    weight.register_hook(lambda gradient, mask=mask: gradient * mask)
```
"""
