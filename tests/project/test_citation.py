from __future__ import annotations

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_citation_is_of_this_version_and_of_the_paper() -> None:
    """Version and license are the package's; the paper has its seven authors."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (paper,) = citation["references"]

    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert [author["family-names"] for author in paper["authors"]] == [
        *("Chen", "Frankle", "Chang", "Liu", "Zhang", "Wang", "Carbin"),
    ]
