"""Precision is what is asked for, where the device has it."""

from __future__ import annotations

import pytest
import torch

from tickets.model.device import product_dtype


@pytest.mark.parametrize("capability", ["avx512_bf16", "amx_bf16"])
def test_bfloat16_needs_instructions(capability: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor with either of them takes products in bfloat16, one with neither in float32."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    assert product_dtype("bfloat16") == torch.bfloat16
    assert product_dtype("float32") == torch.float32

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: False})
    assert product_dtype("bfloat16") == torch.float32


def test_a_gpu_must_not_emulate_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU would only emulate is not used."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    assert product_dtype("bfloat16") == torch.float32
