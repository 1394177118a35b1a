"""BERT-base with random weights, on which speed does not depend, so that it needs no checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForPreTraining

from engine_job import EngineJob

CONFIG = BertConfig()  # BERT-base, uncased: 12 layers of 768, 30,522 word pieces
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def make(job: EngineJob) -> dict[str, Any]:
    """Write a model directory to the job's folder; the answer has its path as `model`.

    An encoder with pooler, and an MLM head, with weights drawn from the job's seed. The tokenizer
    is the job's, or one of made-up words.
    """
    torch.manual_seed(job.seed)
    target = job.path("model")
    BertForPreTraining(CONFIG).save_pretrained(target)
    if job.tokenizer:
        _tokenizer(Path(job.tokenizer)).save_pretrained(target)
    else:
        words = [*SPECIAL, *(f"w{number}" for number in range(len(SPECIAL), CONFIG.vocab_size))]
        (target / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return {"model": str(target)}


def _tokenizer(folder: Path) -> Any:
    # The folder has no configuration that gives the tokenizer's kind.
    return AutoTokenizer.from_pretrained(folder, config=CONFIG, local_files_only=True)
