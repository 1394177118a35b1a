"""The commands data, encode and majority, with the flags that the rules give them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import statement_json
from model_directories import worded
from tickets import canonical
from tickets.design import flags
from tickets.encoded import Encoded
from tickets.paths import Results
from tickets.scores.metrics import score
from tickets.tasks import task

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
SPLITS = ("train", "validation")


def command(script: str, line: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(SCRIPTS / f"{script}.py"), *shlex.split(line)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def done(script: str, line: str) -> None:
    result = command(script, line)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def glue(tmp_path: Path) -> Path:
    """A local copy of GLUE that holds CoLA only, with five rows a split."""
    for split in SPLITS:
        file = tmp_path / f"glue/cola/{split}-00000-of-00001.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = {"sentence": list("abcde"), "label": [0, 1, 1, 0, 1], "idx": range(5)}
        pq.write_table(pa.table(rows), file)
    return tmp_path / "glue"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return worded(tmp_path / "model", max_position_embeddings=128)


def prepared(results: Results, glue: Path, label: str = "label") -> str:
    cola = task("cola", {"train_examples": 4, "label": label})
    outputs = (f"--{split}-output {results.data('cola', split)}" for split in SPLITS)
    return f"{flags.data(cola, {'nyu-mll/glue': str(glue)})} {' '.join(outputs)}"


def encoded(results: Results, model: Path) -> str:
    files = (
        f"--{split} {results.data('cola', split)} --{split}-output {results.encoded('cola', split)}"
        for split in SPLITS
    )
    return f"{flags.encoding(task('cola'))} --model {model} {' '.join(files)}"


def test_from_a_data_set_to_the_majority_answer(tmp_path: Path, glue: Path, model: Path) -> None:
    """Each stage reads what the one before wrote, and its statement names what it read."""
    results = Results(root=str(tmp_path / "results"))
    done("data", prepared(results, glue))
    done("encode", encoded(results, model))
    files = " ".join(
        f"--{split} {results.data('cola', split)}"
        f" --encoded-{split} {results.encoded('cola', split)}"
        for split in SPLITS
    )
    done("majority", f"--head classification {files} --output {results.majority('cola')}")

    train = Path(results.data("cola", "train"))
    assert canonical.read(train).num_rows == 4
    source = glue / "cola/train-00000-of-00001.parquet"
    definition = statement_json.definition(train)
    digests = {d["name"]: d["digest"] for d in definition["resolvedDependencies"]}
    assert digests[f"source/{source.name}"] == {"sha256": sha256(source.read_bytes()).hexdigest()}
    assert definition["externalParameters"]["revision"] == task("cola").dataset.revision

    path = Path(results.encoded("cola", "train"))
    found = Encoded.read(path)
    assert len(found) == 4
    assert found.columns["label"].tolist() == canonical.read(train)["label"].to_pylist()
    definition = statement_json.definition(path)
    digests = {d["name"]: d["digest"] for d in definition["resolvedDependencies"]}
    assert digests["data"] == {"sha256": sha256(train.read_bytes()).hexdigest()}
    assert {"data-statement", "model/vocab.txt", "model/config.json"} <= set(digests)

    majority = canonical.read(Path(results.majority("cola")))
    assert score(["accuracy"], majority)["accuracy"] in (40, 60)


def test_problems_are_one_line_and_leave_nothing(tmp_path: Path, glue: Path, model: Path) -> None:
    """A missing column, and data that was changed after it was written."""
    results = Results(root=str(tmp_path / "results"))
    missing = command("data", prepared(results, glue, label="stars"))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("error: tasks.cola, split train: no column 'stars'")
    assert missing.stderr.count("\n") == 1
    assert not Path(results.data("cola", "train")).exists()

    done("data", prepared(results, glue))
    train = Path(results.data("cola", "train"))
    train.write_bytes(train.read_bytes() + b"\0")
    changed = command("encode", encoded(results, model))
    assert changed.returncode == 1
    assert changed.stderr.startswith(f"error: {train}: its sha256 is")
    assert changed.stderr.count("\n") == 1
    assert not Path(results.encoded("cola", "train")).exists()
