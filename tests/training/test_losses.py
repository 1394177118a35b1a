"""MLM's loss before training, against transformers' network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import BertForMaskedLM

import tiny_bert
from tickets import architecture
from tickets.data.masking import IGNORED
from tickets.initial import pretrained
from tickets.model.network import Network
from tickets.training.loop import initial_head
from tickets.training.losses import sequence_losses

EXAMPLES = 30


def test_each_sequences_loss_is_that_of_its_hidden_words(tmp_path: Path) -> None:
    """In the order of the split, one that hides none included."""
    model = tiny_bert.model(tmp_path / "model")
    encoded = tiny_bert.texts(EXAMPLES, "mlm")
    random = np.random.default_rng(0)
    is_hidden = (random.random(encoded.tokens.size) < 0.3) & (encoded.tokens >= 5)
    is_hidden[: encoded.offsets[1]] = False
    labels = np.where(is_hidden, encoded.tokens, IGNORED).astype(np.int32)
    tokens = np.where(is_hidden, encoded.meta["mask_id"], encoded.tokens).astype(np.int32)
    encoded = replace(encoded, tokens=tokens, columns={"labels": labels})
    known = architecture.read(model)
    theta, gamma = initial_head(
        pretrained.read(model), known, head="mlm", labels=1, seed=0, task="mlm"
    )

    found = sequence_losses(Network.of(theta, gamma, known, "mlm"), encoded)

    theirs = BertForMaskedLM.from_pretrained(model, dtype=torch.float32).eval()
    for place in range(EXAMPLES):
        of = slice(*encoded.offsets[[place, place + 1]])
        with torch.inference_mode():
            logits = theirs(torch.from_numpy(tokens[of])[None].long()).logits[0]
        expected = torch.nn.functional.cross_entropy(
            logits, torch.from_numpy(labels[of]).long(), ignore_index=IGNORED, reduction="sum"
        )
        assert found["words"][place].as_py() == np.count_nonzero(is_hidden[of])
        assert abs(found["loss"][place].as_py() - expected.item()) < 1e-4
