"""What every test shares: no hub is asked for anything."""

from __future__ import annotations

import os

import hypothesis
import pytest

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# Set before any test imports a library that reads them.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Tests hold on every machine; benchmarks/on_gpu.py tests GPUs.
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["OMP_NUM_THREADS"] = "1"  # for matrices this small a second thread is a hindrance


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fix", action="store_true", help="rewrite generated parts of documents")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run studies come first: if one came last, the other processes would be idle."""
    items.sort(key=lambda item: item.path.parent.name not in ("workflow", "project"))
