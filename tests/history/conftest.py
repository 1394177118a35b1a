"""The study whose histories are read: two rounds of pruning, copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fake_histories import Study, two_rounds


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Statements name paths as jobs know them: from the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    place = tmp_path_factory.mktemp("original")
    return place, two_rounds(place)


@pytest.fixture
def study(original: tuple[Path, Study], folder: Path) -> Study:
    """A copy that the test may damage."""
    shutil.copytree(original[0] / "results", folder / "results")
    return original[1]
