"""The pictures of docs/architecture.md show what is; `pytest tests/project/test_pictures.py --fix`
draws them again, with graphviz's `dot`.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from drawn_graphs import Edge, edges_of, svg
from import_graph import PACKAGE, ROOMS, rooms_behind
from studies import ROOT, checkout, snakemake

RULES = {
    "language": ["language", "pretraining_text"],
    "pretraining": ["new_model", "corpus", "pretrain"],
    "theta_0": ["theta_0"],
    "data": ["data"],
    "encode": ["encode"],
    "masks at theta_0": ["find_mask"],
    "other masks": ["layerwise_mask"],
    "other weights": ["reinit", "shuffle", "theta_i"],
    "rewind": ["rewind"],
    "train": ["train"],
    "prune": ["prune"],
    "metrics": ["majority", "metrics"],
    "winning": ["winning_sparsities", "winning_mask"],
    "tables": [
        *("transfer", "baselines", "sparsity_sweep", "essential_sparsity", "winning_tickets"),
        *("rewinding", "transfer_variants", "transferability"),
    ],
    "tables of masks": ["mask_overlap", "layer_sparsity"],
    "checks": ["full_models", "answerability"],
    "claims": ["versus_paper"],
    "audit": ["audit"],
    "report": ["story"],
}
"""What is drawn as one box."""

IMPLIED = {
    *(("train", "rewind"), ("theta_0", "train")),  # weights that standard pruning goes on from
    *(
        (masks, "train")
        for masks in ("masks at theta_0", "prune", "other masks", "other weights", "winning")
    ),
    *(("data", "train"), ("data", "metrics"), ("data", "tables")),  # references, sizes
    ("metrics", "claims"),
    ("pretraining", "report"),  # the losses on the way
    *(("encode", "other weights"), ("encode", "metrics"), ("masks at theta_0", "other weights")),
    *(("masks at theta_0", "winning"), ("language", "pretraining")),
}
"""What is not drawn: a file that another arrow already leads by, or that is read on the side."""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> set[Edge]:
    """The arrows between boxes, as Snakemake gives them between the rules of `all`."""
    done = snakemake(checkout(tmp_path_factory.mktemp("study")), "--nolock", "--rulegraph")
    assert done.returncode == 0, done.stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', done.stdout))
    box = {rule: name for name, rules in RULES.items() for rule in rules}
    assert set(names.values()) - {"all"} == set(box), "RULES in test_pictures.py names others"
    between = {
        (box[names[start]], box[names[end]])
        for start, end in re.findall(r"(\d+) -> (\d+)", done.stdout)
        if names[end] != "all"
    }
    return {(start, end) for start, end in between if start != end}


def compare(path: Path, boxes: dict[str, list[str]], edges: set[Edge], *, fix: bool) -> None:
    if fix:
        path.write_text(svg(boxes, edges), encoding="utf-8")
    image = path.read_text(encoding="utf-8")
    words = set(re.findall(r"<text [^>]*>(.*?)</text>", image))

    hint = (
        f"pytest tests/project/test_pictures.py --fix (with graphviz's dot) draws {path.name} again"
    )
    assert edges_of(image) == edges, hint
    assert words == set(chain(*boxes.values())), hint


def test_the_picture_of_the_rules_is_snakemakes(
    rules: set[Edge], request: pytest.FixtureRequest
) -> None:
    """Every arrow of the rule graph is drawn, or said to be implied."""
    assert rules >= IMPLIED
    compare(ROOT / "docs/rules.svg", RULES, rules - IMPLIED, fix=request.config.getoption("--fix"))


def test_the_picture_of_the_rooms_is_of_the_real_imports(request: pytest.FixtureRequest) -> None:
    """An arrow leads from a room to each that it imports from."""
    edges = {(room, behind) for room in ROOMS for behind in rooms_behind(room)}
    boxes = {room: [room] for room in ROOMS}

    assert (PACKAGE / "design").is_dir()
    compare(ROOT / "docs/rooms.svg", boxes, edges, fix=request.config.getoption("--fix"))
