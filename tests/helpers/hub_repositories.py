"""Git repositories with the layouts of what `config/paper.yaml` takes from the hub, tiny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM

from parquet_files import put
from repositories import commit, git, write
from tickets import tasks
from tickets.initial.pretraining import SPECIAL, Size, write_model

WORDS = ("the", "a", "boat", "dog", "man", "sees", "finds", "likes", "red", "old", ".", "?")
SIZE = Size(hidden_size=16, layers=2, heads=2, intermediate_size=32, positions=64)
ROWS = {"train": 48, "validation": 24, "test": 8}
EXTRA = b"not asked for"


def bert(folder: Path) -> str:
    """`google-bert/bert-base-uncased`: also with weights as a pickle, and for other libraries."""
    _begin(folder)
    write_model(folder, SIZE, (*SPECIAL, *WORDS), next_sentence=False)
    torch.manual_seed(0)
    network = AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(folder))
    network.bert = AutoModel.from_config(network.config)  # with a pooler
    network.tie_weights()
    network.save_pretrained(folder)
    for name in ("pytorch_model.bin", "tf_model.h5", "README.md"):
        write(folder / name, EXTRA)
    return commit(folder)


def glue(folder: Path, names: Sequence[str]) -> str:
    """`nyu-mll/glue`: a folder for each configuration, one file for each split."""
    _begin(folder)
    for name in names:
        task = tasks.task(name)
        splits = {task.train_split: "train", task.validation_split: "validation", "test": "test"}
        for seed, (split, rows) in enumerate(splits.items()):
            drawn = np.random.default_rng(seed)
            labels = drawn.random(ROWS[rows]) * 5
            if task.labels:
                labels = drawn.integers(task.labels, size=ROWS[rows])
            columns = {column: _sentences(drawn, ROWS[rows]) for column in task.text}
            put(folder / name / f"{split}-00000-of-00001.parquet", columns | {"label": [*labels]})
    return commit(folder)


def squad(folder: Path) -> str:
    """`rajpurkar/squad`."""
    _begin(folder)
    for seed, split in enumerate(("train", "validation")):
        drawn = np.random.default_rng(seed)
        contexts = _sentences(drawn, ROWS[split])
        rows: Mapping[str, Any] = {
            "id": [f"{split}-{i}" for i in range(ROWS[split])],
            "question": _sentences(drawn, ROWS[split]),
            "context": contexts,
            "answers": [{"text": [each.split()[0]], "answer_start": [0]} for each in contexts],
        }
        put(folder / "plain_text" / f"{split}-00000-of-00001.parquet", rows)
    return commit(folder)


def wikitext(folder: Path) -> str:
    """`Salesforce/wikitext`: a training split in two files."""
    _begin(folder)
    for seed, name in enumerate(("train-00000-of-00002", "train-00001-of-00002")):
        _text(folder, name, seed)
    for seed, split in enumerate(("validation", "test"), 2):
        _text(folder, f"{split}-00000-of-00001", seed)
    return commit(folder)


def _text(folder: Path, name: str, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    rows = {"text": ["", *_sentences(drawn, ROWS["train"])]}
    put(folder / "wikitext-103-raw-v1" / f"{name}.parquet", rows)


def _begin(folder: Path) -> None:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")


def _sentences(drawn: np.random.Generator, rows: int) -> list[str]:
    return [" ".join(drawn.choice(WORDS, 6)) for _ in range(rows)]
