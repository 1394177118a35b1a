"""BERTs with random weights, on which speed does not depend, so that none needs a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForPreTraining

from engine_job import EngineJob

CONFIGS = {
    "bert-base": BertConfig(),  # uncased: 12 layers of 768, 30,522 word pieces
    "small": BertConfig(
        vocab_size=2000,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        max_position_embeddings=128,
    ),
    "tiny": BertConfig(
        vocab_size=100,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        initializer_range=0.2,
    ),
}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def make(job: EngineJob) -> dict[str, Any]:
    """Write a model directory to the job's folder; the answer has its path as `model`.

    An encoder with pooler, and an MLM head, of the job's `CONFIGS`, with weights drawn from its
    seed. The tokenizer is the job's, or one of made-up words.
    """
    torch.manual_seed(job.seed)
    target, config = job.path("model"), CONFIGS[job.model]
    BertForPreTraining(config).save_pretrained(target)
    if job.tokenizer:
        _tokenizer(Path(job.tokenizer), config).save_pretrained(target)
    else:
        words = [*SPECIAL, *(f"w{number}" for number in range(len(SPECIAL), config.vocab_size))]
        (target / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return {"model": str(target)}


def _tokenizer(folder: Path, config: BertConfig) -> Any:
    # The folder has no configuration that gives the tokenizer's kind.
    return AutoTokenizer.from_pretrained(folder, config=config, local_files_only=True)
