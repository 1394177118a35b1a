"""The names of a model whose pre-training goes on in a study: before, on the way, and after.

They are not among `paths`, which the jobs of every study read: their code would be another one.
"""

from __future__ import annotations

from tickets.paths import Results

TEXT = "pretraining_text"
"""The text that the pre-training goes on with, among the data of tasks."""

ORIGINAL = "original"
"""The model that it goes on from: its weights, and the folder of its architecture and tokenizer."""

ADAPTED = "adapted"
"""The folder of the model that comes out."""


def checkpoint(files: Results) -> str:
    """The weights of the model that comes out, under the names of its family's checkpoints."""
    return f"{files.folder(ADAPTED)}/model.safetensors"


def losses(files: Results) -> str:
    """The losses on held-out text on the way."""
    return f"{files.folder(ADAPTED)}/validation.csv"
