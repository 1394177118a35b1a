"""Which weights may be pruned: the patterns of names for every family of encoders.

The prunable set is each encoder layer's query, key, value, attention output, intermediate and
output matrix, and the pooler's matrix (paper, section 3; BERT-base: 73 matrices, 85,524,480
weights). Embeddings, LayerNorm, biases and heads are never pruned.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tickets.errors import BadInput
from tickets.files import canonical_json, sha256

# The names of prunable matrices within the encoder, without the family's prefix, and their kinds.
# BERT, RoBERTa, ELECTRA and MiniLM share their names; DistilBERT has its own.
_KINDS = {
    r"encoder\.layer\.(\d+)\.attention\.self\.query\.weight": "query",
    r"encoder\.layer\.(\d+)\.attention\.self\.key\.weight": "key",
    r"encoder\.layer\.(\d+)\.attention\.self\.value\.weight": "value",
    r"encoder\.layer\.(\d+)\.attention\.output\.dense\.weight": "attention_output",
    r"encoder\.layer\.(\d+)\.intermediate\.dense\.weight": "intermediate",
    r"encoder\.layer\.(\d+)\.output\.dense\.weight": "output",
    r"pooler\.dense\.weight": "pooler",
    r"transformer\.layer\.(\d+)\.attention\.q_lin\.weight": "query",
    r"transformer\.layer\.(\d+)\.attention\.k_lin\.weight": "key",
    r"transformer\.layer\.(\d+)\.attention\.v_lin\.weight": "value",
    r"transformer\.layer\.(\d+)\.attention\.out_lin\.weight": "attention_output",
    r"transformer\.layer\.(\d+)\.ffn\.lin1\.weight": "intermediate",
    r"transformer\.layer\.(\d+)\.ffn\.lin2\.weight": "output",
}
KINDS = tuple(dict.fromkeys(_KINDS.values()))


@dataclass(frozen=True, kw_only=True)
class PrunableSet:
    """The prunable matrices and their shapes, in the order of layers and names."""

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """How many weights may be pruned."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def digest(self) -> str:
        """The sha256 of names and shapes; masks are comparable if these digests are equal."""
        return sha256(canonical_json([[name, list(s)] for name, s in self.shapes.items()]))

    def __str__(self) -> str:
        rows = [f"{name}  {' x '.join(map(str, shape))}" for name, shape in self.shapes.items()]
        return "\n".join([*rows, f"{len(rows)} matrices, {self.size:,} weights"])


def prunable_set(shapes: Mapping[str, tuple[int, ...]]) -> PrunableSet:
    """The prunable set of a model whose tensors have these `shapes`, by name.

    Raises:
        BadInput: no tensor's name fits a pattern.
    """
    prunable = {name: shapes[name] for name in sorted(shapes, key=_natural) if is_prunable(name)}
    if not prunable:
        raise BadInput(
            "model: none of its tensors is a prunable matrix; use a BERT, RoBERTa, DistilBERT, "
            "ELECTRA or MiniLM encoder"
        )
    return PrunableSet(shapes=prunable)


def is_prunable(name: str) -> bool:
    """Whether the tensor called `name` may be pruned."""
    return any(re.fullmatch(pattern, name) for pattern in _KINDS)


def place(name: str) -> tuple[str, str]:
    """A prunable matrix's layer, counted from 0, and kind; for the pooler both are "pooler".

    Raises:
        BadInput: no prunable matrix has this name.
    """
    for pattern, kind in _KINDS.items():
        if match := re.fullmatch(pattern, name):
            return "".join(match.groups()) or kind, kind
    raise BadInput(f"prunable set: it contains no matrix {name}; make the mask again")


def _natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts layer 2 before layer 10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in name.split(".")]
