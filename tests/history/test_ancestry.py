"""What a file was made from: found among the files of its study, and told as a tree."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fake_histories import COMMIT, Study, call, flip, states
from tickets import provenance, statements
from tickets.commands import why
from tickets.files import sha256
from tickets.history import ancestry, dot

IMP = "masks/imp/mrpc/rewind-0/seed-1"
TRAINED = "trained/theta_0/{}/on-mrpc/seed-1.safetensors"
TICKET = "tickets/theta_0/{}.json"
SECOND = "imp/mrpc/rewind-0/seed-1/sparsity-10"


GONE = {
    TRAINED.format("dense"): "not kept",
    TRAINED.format(SECOND): "not kept",
    "bert.safetensors": "from outside",
    "train-0.parquet": "from outside",
}


def test_the_tree_leads_from_a_mask_to_theta_0_and_the_data(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line an ancestor, each once: role, digest, commit, place, and what it is; numbers refer to
    those that are spoken of again. Model and data set come with their revisions.
    """
    findings = call(why, study.last)

    printed = capsys.readouterr().out

    c = f"{COMMIT[:12]} "
    d = study.short
    mask, before, dense = f"{IMP}/sparsity-20", f"{IMP}/sparsity-10", "masks/dense"
    mask, before, dense = (f"{name}.safetensors" for name in (mask, before, dense))
    theta, encoded, data = (
        *("weights/theta_0.safetensors", "encoded/mrpc/train.arrow"),
        "data/mrpc/train.parquet",
    )
    bert, rows = sha256(b"pretrained")[:12], sha256(b"rows")[:12]
    none = " " * 13
    one, two = (TICKET.format(name) for name in ("dense", SECOND))
    first, second = (TRAINED.format(name) for name in ("dense", SECOND))
    imp = "prune: finder imp, task mrpc, seed 1, rewind 0, round"
    model = "theta_0: model google-bert/bert-base-uncased, revision 86b5e0930000"
    source = "data: dataset nyu-mll/glue, name mrpc, revision bcdcba790000, split train"
    assert printed == (
        f"""\
this file           {d(mask)}  {c}  {mask}  {imp} 2, sparsity 20
├─ weights          {d(second)}  {c}  not kept: {second}  train: task mrpc, seed 1
│  ├─ mask [3]
│  ├─ ticket        {d(two)}  {c}  {two}  rewind
│  │  └─ theta [1], mask [3]
│  ├─ theta         {d(theta)}  {c}  [1] {theta}  {model}
│  │  └─ model      {bert}  {none}  from outside: bert.safetensors
│  └─ train         {d(encoded)}  {c}  [2] {encoded}  encode: task mrpc, split train
│     └─ data       {d(data)}  {c}  {data}  {source}
│        └─ source  {rows}  {none}  from outside: train-0.parquet
└─ parent           {d(before)}  {c}  [3] {before}  {imp} 1, sparsity 10
   ├─ weights       {d(first)}  {c}  not kept: {first}  train: task mrpc, seed 1
   │  ├─ theta [1], mask [4], train [2]
   │  └─ ticket     {d(one)}  {c}  {one}  rewind
   │     └─ theta [1], mask [4]
   └─ parent        {d(dense)}  {c}  [4] {dense}  prune: finder dense, sparsity 0
      └─ weights [1]

12 files: 8 here, 2 not kept, 2 from outside
"""
    )
    assert findings == 0


def test_where_a_results_folder_stands_is_read_off_the_path(study: Study) -> None:
    """A copy elsewhere, and folders above it that are named as a study's, change nothing."""
    whole = states(ancestry.find(study.last))
    copy = Path("data/masks/weights")
    copy.mkdir(parents=True)
    study.root.rename(copy / "results")

    moved = ancestry.find(copy / "results" / study.last.relative_to(study.root))

    assert states(moved) == whole == GONE
    assert moved.ancestors[moved.root].place == f"{IMP}/sparsity-20.safetensors"


def test_a_file_alone_says_what_it_was_made_from(study: Study) -> None:
    """Away from its study nothing is found, but what its own statement carries is told."""
    alone = Path("alone")
    alone.mkdir()
    for path in (study.last, provenance.statement_path(study.last)):
        path.rename(alone / path.name)

    found = states(ancestry.find(alone / study.last.name))

    assert found == {
        TICKET.format(SECOND): "not here",
        TRAINED.format(SECOND): "not kept",
        f"{IMP}/sparsity-10.safetensors": "not here",
        "encoded/mrpc/train.arrow": "not here",
        "weights/theta_0.safetensors": "not here",
    }


def chain(length: int) -> Path:
    """A file with so many ancestors, one the parent of the other."""
    path = Study("results").last
    for number in range(length):
        stated = statements.load(provenance.statement_path(path).read_bytes(), "")
        parent = [
            {"name": "parent", "digest": {"sha256": sha256(path.read_bytes())}},
            {
                "name": "parent-statement",
                "digest": {"sha256": sha256(provenance.statement_path(path).read_bytes())},
            },
        ]
        path = Path(f"results/masks/random/seed-{number}/sparsity-10.safetensors")
        path.parent.mkdir(parents=True)
        path.write_bytes(f"{number}".encode())
        stated["subject"] = [{"name": path.name, "digest": {"sha256": sha256(path.read_bytes())}}]
        stated["predicate"]["buildDefinition"]["resolvedDependencies"] = parent
        provenance.statement_path(path).write_bytes(statements.to_bytes(stated))
    return path


def test_a_long_history_is_no_deep_one() -> None:
    """More generations than Python has frames."""
    length = sys.getrecursionlimit() + 200
    found = ancestry.find(chain(length))

    assert len(found.ancestors) == length + 3
    assert found.faults == []
    assert len(why.tree(ancestry.summarise(found))) == length + 3
    assert len(dot.group(found)[0]) == length + 3
    assert dot.graph(found).count(" -> ") == length + 2


@pytest.fixture
def table(study: Study) -> Path:
    """A table of 14 predictions and one mask, one of the predictions changed afterwards."""
    files = [
        study.made(
            f"predictions/theta_0/dense/on-mrpc/seed-{seed}.parquet",
            "train",
            {"task": "mrpc", "seed": seed},
            {"mask": study.last, "train": study.encoded},
        )
        for seed in range(14)
    ]
    parents = {path.relative_to(study.root).as_posix(): path for path in files}
    made = study.made("metrics/transfer.parquet", "metrics", {"part": "transfer"}, parents)
    flip(files[3])
    return made


def test_very_many_files_of_a_kind_are_one_line(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under it stands what is at fault, and theta_0 and the data that all rest on; with --all, each
    stands for itself. Both find the same.
    """
    findings = call(why, table), call(why, "--all", table)

    lines = capsys.readouterr().out.splitlines()
    number = 1 + lines.index("")
    short, full = lines[: number + 1], lines[number + 1 :]
    roles = [line.rpartition("─ ")[2].split()[0] for line in short[1:-2]]
    assert roles == ["predictions", "predictions", "weights", "model", "data", "source"]
    assert short[1].split() == ["└─", "predictions", "14", "predictions"]
    assert "DIFFERS: predictions/theta_0/dense/on-mrpc/seed-3.parquet" in short[2]
    assert sum("predictions/" in line for line in full) == 14
    assert short[-1] == full[-1]
    assert short[-1] == "27 files: 22 here, 2 not kept, 2 from outside, 1 differs"
    assert findings == (1, 1)
