"""A ticket as a Hugging Face model directory: weights, tokenizer, mask, and a card."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from safetensors.numpy import save

from tickets import architecture, masks, provenance, statements, weights
from tickets.architecture import CONFIGURATION, Architecture
from tickets.errors import BadInput, CannotWrite
from tickets.exchange.cards import TAGS, code_of, front_matter
from tickets.exchange.checkpoint import in_float32, rename_tensors
from tickets.files import read_bytes, write_bytes
from tickets.masks import Mask
from tickets.statements import Statement
from tickets.weights import Weights

WEIGHTS = "model.safetensors"
MASK = "mask"  # the mask's folder: its file keeps the name that its statement gives


def export(mask_file: Path, theta_file: Path, model: Path, output: Path) -> None:
    """Write the ticket m . theta to the new folder `output`, which is complete or not there.

    `model` is the study's model directory: architecture and tokenizer, with their statements.

    Raises:
        BadInput: `output` exists and is not empty, or mask, weights and model do not fit.
        Tampered: one of the files does not fit its statement.
    """
    started = provenance.now()
    with _temporary(output) as folder:
        mask = masks.read(mask_file)
        statement = read_bytes(provenance.statement_path(mask_file))
        copy = folder / MASK / mask_file.name
        write_bytes(copy, masks.to_bytes(mask))  # equal masks are equal files
        write_bytes(provenance.statement_path(copy), statement)
        provenance.read(copy)

        configuration = {name: provenance.read(model / name) for name in CONFIGURATION}
        configuration["config.json"] = in_float32(configuration["config.json"])
        for name, data in configuration.items():
            write_bytes(folder / name, data)

        theta = weights.read(theta_file)
        encoder = architecture.read(model)
        _check(mask, theta, encoder, model)
        tensors = rename_tensors(weights.rewind(theta, mask), encoder)
        # transformers needs this key; several keys would be written in random order.
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
            statements.parse(statement, str(provenance.statement_path(mask_file))),
        )
        write_bytes(folder / "README.md", text.encode())


def card(ticket: Statement, mask: Statement) -> str:
    """The model card: the ticket's description and origin, how to check it, how to train it."""
    facts = ticket.facts
    m, theta = ticket.dependencies["mask"], ticket.dependencies["theta"]
    return front_matter({"library_name": "transformers", "tags": TAGS}) + _CARD.format(
        sparsity=f"{float(Fraction(facts['sparsity'])):.2%}",
        exact=facts["sparsity"],
        pruned=f"{facts['pruned']:,}",
        prunable=f"{facts['prunable']:,}",
        digest=ticket.digest,
        mask=m,
        mask_digest=facts["mask_digest"],
        theta=theta,
        code=code_of(mask),
        rule=mask.rule,
        parameters=json.dumps(dict(mask.parameters), indent=2, sort_keys=True),
        file=f"{MASK}/{mask.name}",
    )


def _check(mask: Mask, theta: Weights, encoder: Architecture, model: Path) -> None:
    """Check that the model directory was written together with weights of this shape."""
    words = theta.get("embeddings.word_embeddings.weight")
    prunable_set = provenance.facts(model / "config.json").get("prunable_set")
    if prunable_set != mask.prunable.digest or words is None or len(words) != encoder.vocabulary:
        raise BadInput(
            f"export: {model} is another model's than mask and weights; "
            "use the results/model of their own study"
        )


@contextmanager
def _temporary(folder: Path) -> Generator[Path]:
    """A temporary folder, which is renamed to `folder` at the end of the block."""
    folder = folder.absolute()
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        if os.path.lexists(folder) and not _is_empty(folder):
            raise BadInput(f"export: {folder} is there and not an empty folder; name a new one")
        yield temporary
        temporary.replace(folder)
    except OSError as error:
        raise CannotWrite(
            f"{folder}: cannot be written ({error.strerror}); write elsewhere"
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())


_CARD = """
# A lottery ticket, {sparsity} sparse

The weights theta of an encoder under a mask m: {pruned} of its {prunable} prunable
weights are exactly zero ({exact}); every other weight has the same bits as in theta.

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

compare every file here with its statement (`*.prov.json`, in-toto with SLSA provenance) and print
the mask's description. The digests above are also in `model.safetensors.prov.json`; the digest of a
statement covers everything that its file was made from. If you have the study, compare them with
its files (`tickets audit results`); the same export from them gives the same `model.safetensors`.

## How to train it

Zeros stay zero only if the gradients of pruned weights are zero. Set them to zero before gradients
are clipped, as the norm that is clipped has to leave them out:

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
