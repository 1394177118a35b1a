"""What every test shares: no hub is asked for anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from studies import checkout, clone, snakemake

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


@pytest.fixture(scope="session")
def clone_prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Clones the miniature study into a folder, with its theta_0 and data, which are made once."""
    study = checkout(tmp_path_factory.mktemp("prepared"))
    data = [
        f"results/encoded/{task}/{split}.arrow"
        for task in ("acceptability", "mlm")
        for split in ("train", "validation")
    ]
    done = snakemake(study, "--cores", "2", "--", "results/weights/theta_0.safetensors", *data)
    assert done.returncode == 0, done.stdout
    return lambda folder: clone(study, folder)
