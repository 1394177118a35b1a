"""A model without a checkpoint: BERT-base with random weights, as speed does not depend on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForPreTraining

from engine_job import Job

CONFIG = BertConfig()  # BERT-base, uncased: 12 layers of 768, 30,522 word pieces
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def make(job: Job) -> dict[str, Any]:
    """Write a model directory to the job's folder; the answer says where: `model`.

    Its weights are drawn from the job's seed: an encoder with its pooler, and an MLM head. Its
    tokenizer is the job's, or knows made-up words only.
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
    # Without the model's configuration beside it the tokenizer's kind has to be told.
    return AutoTokenizer.from_pretrained(folder, config=CONFIG, local_files_only=True)
