"""docs/architecture.md's "Where do I change X?": in a copy each X is added in its files, and used.

A criterion on a finished study, its audit, and one of a study's own are in
tests/workflow/test_whole_study.py; a table that is made, shown and audited is in
tests/design/test_registry.py.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from additions import ADDITIONS
from studies import ROOT, checkout, snakemake

PACKAGE = Path("workflow/scripts/tickets")
OUTSIDE = ("Snakefile", "config/", "workflow/")
NAMES = {
    "a criterion": "largest",
    "a criterion of one study's own": "mine",
    "a procedure": "once_trained",
    "a scope": "per_layer",
    "a table": "steadiness",
    "a figure": "steadiness",
    "a command": "count",
    "a rule": "kept_counts",
}
MADE = {
    "a criterion": "docs/experiments.md",
    **dict.fromkeys(("a scope", "a kind of task (head)", "a metric"), "config/README.md"),
    "a key of the configuration": "config/README.md",
}
ASKED: dict[str, Any] = {
    "seeds": [1],
    "rewinds": [50],
    "imp": {"scope": "per_layer"},
    "note": "an example",
    "tasks": {
        "opinions": {"max_length": 64},
        "shares": {
            **{"head": "share", "dataset": {"path": "language", "name": "acceptability"}},
            **{"text": ["sentence"], "label": "label", "metrics": ["pearson"], "steps": 3},
            **{"batch_size": 32, "learning_rate": 1e-3, "max_length": 64},
        },
    },
}
ROUND = "once_trained/mlm/rewind-50/seed-1/sparsity-10"
COUNT = f"results/counts/{ROUND}.json"


def rows() -> dict[str, tuple[set[str], str]]:
    """The document's rows: what is added, the files in the second column, and the third."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## Where do I change X?")[2].partition("\n##")[0]
    cells = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    file = r"`([\w/]+\.\w+(?:\.\w+)?|Snakefile)`"
    return {
        what.removeprefix("| "): (set(re.findall(file, named)), then.strip(" |"))
        for what, named, then in cells
    }


def place(file: str) -> Path:
    """Where a file is that the document names, in a copy of the project."""
    return Path(file) if file.startswith(OUTSIDE) else PACKAGE / file


@pytest.mark.parametrize("row", ADDITIONS)
def test_a_row_names_exactly_the_files_that_are_changed(row: str) -> None:
    """Those in which it is added below, and no other."""
    values = {"NAME": NAMES.get(row, ""), "STUDY": "mini", "FILE": "bars"}
    named = {
        re.sub("NAME|STUDY|FILE", lambda word: values[word[0]], file) for file in rows()[row][0]
    }

    assert named == set(ADDITIONS[row])


def test_the_third_column_names_what_is_there_and_what_is_made_from_code() -> None:
    """Tests and documents; which of these are made is seen below."""
    then = {row: third for row, (_, third) in rows().items()}
    files = {
        file for third in then.values() for file in re.findall(r"`((?:tests|docs)/.*?)`", third)
    }

    assert {row: third.partition("made: ")[2].strip("`") for row, third in then.items()} == {
        row: MADE.get(row, "") for row in then
    }
    assert [file for file in files if not (ROOT / file).exists()] == ["tests/test_NAME.py"]


def test_there_is_an_addition_for_each_row_in_their_order() -> None:
    """And no file is named that is neither there nor new."""
    assert list(rows()) == list(ADDITIONS)
    for edits in ADDITIONS.values():
        for file, edit in edits.items():
            known = (ROOT / place(file)).exists() or file in ("config/mini.yaml",)
            assert known or isinstance(edit, str) or file in ADDITIONS["a table"], file


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with all of them added."""
    folder = checkout(tmp_path_factory.mktemp("changed"))
    for edits in ADDITIONS.values():
        for file, edit in edits.items():
            path = folder / place(file)
            if isinstance(edit, str):
                assert not path.exists()
                path.write_text(edit.lstrip(), encoding="utf-8")
                continue
            text = path.read_text(encoding="utf-8")
            for old, new in edit:
                assert text.count(old) == 1, (file, old)
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
    return folder


def python(folder: Path, *arguments: str) -> str:
    """What a program prints that imports the copy's package."""
    paths = os.pathsep.join([str(folder / "workflow" / "scripts"), str(ROOT / "tests" / "helpers")])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dry_run(copy: Path) -> str:
    """The commands of a study that asks for all that is new."""
    mini = yaml.safe_load((copy / "config/mini.yaml").read_text(encoding="utf-8"))
    asked = ASKED | {"tasks": mini["tasks"] | ASKED["tasks"]}
    (copy / "config/asked.yaml").write_text(yaml.safe_dump(asked), encoding="utf-8")
    flags = ("config/asked.yaml", "--dry-run", "--nolock", "--printshellcmds")
    done = snakemake(copy, *flags, "--", "all", COUNT)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize(
    "command",
    [
        r"find_mask.py --finder largest --sparsity 10 --criterion largest --scope per_layer",
        r"find_mask.py --finder mine .*--criterion-file config/mine.py",
        r"find_mask.py --finder once_trained --sparsity 10 .*--task mlm --seed 1 --rewind 50 "
        r"--round 1 .*--weights results/trained/theta_i/mlm/rewind-50/seed-1/dense/on-mlm/",
        r"data.py --task graded --head regression",
        r"data.py --task opinions --head classification",
        r"train.py .*--task shares --head share",
        r"majority.py --head share",
        r"metrics.py .*graded=kendall .*--part steadiness",
        r"table.py steadiness .*results/metrics/steadiness.parquet",
        rf"kept_counts.py --mask results/masks/{ROUND}.safetensors --output {COUNT}",
    ],
)
def test_snakemake_plans_it(dry_run: str, command: str) -> None:
    """With its flags."""
    assert re.search(rf"(?m)^Shell command: python \S*{command}", dry_run)


def test_a_figure_is_among_the_files_of_its_table(dry_run: str) -> None:
    """As SVG and PNG."""
    outputs = re.findall(r"(?m)^    output: (.*)$", dry_run)
    [own] = [each for each in outputs if each.startswith("results/tables/steadiness.csv")]

    assert {"results/figures/steadiness.svg", "results/figures/steadiness.png"} < set(
        own.split(", ")
    )


@pytest.fixture(scope="module")
def used(copy: Path) -> dict[str, Any]:
    """What they give."""
    return json.loads(
        python(copy, str(ROOT / "tests" / "helpers" / "use_additions.py")).splitlines()[-1]
    )


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("largest", [True] * 9 + [False]),  # of 1 to 10 the largest goes
        ("per_layer", [1, 1]),  # a tenth of each layer of 10, though one has the small weights
        ("per_layer in the audit", 2),
        ("note", "an example"),
        ("kendall", 100 * 4 / 6),  # 5 pairs in order, 1 not
        ("kendall of a resample", 100.0),  # of the first two
        ("count in the help", True),
        ("count", "18\n"),
        ("kept_counts", ["18", None, "kept_counts", {"mask": f"masks/{ROUND}.safetensors"}]),
        ("once_trained", None),  # what its statement has wrong
        ("svg", True),
        ("page", [True, True]),
    ],
)
def test_it_works(used: dict[str, Any], what: str, expected: object) -> None:
    """By hand."""
    assert used[what] == (pytest.approx(expected) if what.startswith("kendall") else expected)


def test_a_head_is_trained_and_scored(used: dict[str, Any]) -> None:
    """From canonical columns to predictions between 0 and 1, and the constant answer."""
    share = used["share"]

    refused = "row 0 (counted from 0): label 2.0 is not a number; leave the row out"
    assert share["refused"] == f"tasks.shares, split train: {refused}"
    assert share["losses"][-1] < share["losses"][0]
    assert all(0 < value < 1 for value in share["predictions"])
    assert share["constant"] == [0.5] * 4
    assert share["drawn"] == "float32"
    assert share["bytes"] == 20


USED = (("criteria", "criteria"), ("design", "schema"), ("model", "encoder"))
"""The tests that an added X needs, by folder and name."""


def test_the_tests_compare_a_new_family_and_make_the_documents_again(copy: Path) -> None:
    """The test of encoders compares a new family; documents are made from code."""
    shutil.copytree(ROOT / "docs", copy / "docs")
    shutil.copyfile(ROOT / "pyproject.toml", copy / "pyproject.toml")
    tests = [f"{name}/test_{file}.py" for name, file in USED]
    for name in ("conftest.py", *tests):
        (copy / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "tests" / name, copy / "tests" / name)
    file = copy / "tests/model/test_encoder.py"
    text = file.read_text(encoding="utf-8").replace(
        "    BertModel,\n", "    BertModel,\n    ErnieConfig,\n"
    )
    text = text.replace('    "bert": Bert', '    "ernie": ErnieConfig(**BERT),\n    "bert": Bert')
    file.write_text(text, encoding="utf-8")
    before = {name: (copy / name).read_text(encoding="utf-8") for name in MADE.values()}

    made = "documents_say_what_the_criteria or readme_says"
    pytest_flags = ("-m", "pytest", "-q", "-p", "no:randomly", "--fix", "-k")
    files = [f"tests/{name}" for name in tests]
    said = python(copy, *pytest_flags, f"{made} or (word_scores and ernie)", *files)

    assert "6 passed" in said
    lines = {
        name: set((copy / name).read_text(encoding="utf-8").splitlines()) - set(text.splitlines())
        for name, text in before.items()
    }
    assert [line.split("`")[1] for line in lines["docs/experiments.md"]] == ["largest"]
    keys = {line.split("`")[1]: line for line in lines["config/README.md"]}
    assert keys.keys() == {"note", "imp.scope", "tasks.<task>.head", "tasks.<task>.metrics"}
    words = {
        "imp.scope": "per_layer",
        "tasks.<task>.head": "share",
        "tasks.<task>.metrics": "kendall",
    }
    assert all(word in keys[key] for key, word in words.items())


def test_nothing_else_was_changed(copy: Path) -> None:
    """No file but those that the rows name, and the documents that are made."""
    named = {str(place(file)) for edits in ADDITIONS.values() for file in edits}
    files = [
        path.relative_to(copy)
        for folder in ("workflow", "config", "Snakefile")
        for path in ((copy / folder).rglob("*") if (copy / folder).is_dir() else [copy / folder])
        if path.is_file() and "__pycache__" not in path.parts
    ]
    differ = {
        str(file)
        for file in files
        if not (ROOT / file).exists() or not filecmp.cmp(ROOT / file, copy / file, shallow=False)
    }

    assert differ - {"config/README.md", "config/asked.yaml"} == named
