from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from model_directories import configured
from parquet_files import line, put
from tickets.data.sources import check_length, hub_configuration, locate, model_directory

REVISION = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """A hub cache as huggingface_hub keeps it: `hub(kind, id)` is the snapshot at REVISION."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    def snapshot(kind: str, repository: str) -> Path:
        folder = cache / f"{kind}s--{repository.replace('/', '--')}" / "snapshots" / REVISION
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    return snapshot


def model(folder: Path, *files: str, **changes: Any) -> Path:
    configured(folder, **changes)
    for file in files:
        (folder / file).write_text("")
    return folder


def test_both_local_layouts_are_found_in_order(tmp_path: Path) -> None:
    """A configuration's folder or the data set's own, all shards of a split, sorted."""
    shards = [put(tmp_path / f"glue/cola/train-0000{i}-of-00002.parquet") for i in (1, 0)]
    flat = put(tmp_path / "reviews/train-00000-of-00001.parquet")
    put(tmp_path / "glue/cola/test-00000-of-00001.parquet")

    found = locate(str(tmp_path / "glue"), "cola", None, {}, ["train"])
    assert found.splits == {"train": tuple(sorted(shards))}
    assert locate(str(tmp_path / "reviews"), None, None, {}, ["train"]).splits == {"train": (flat,)}
    named = locate(str(tmp_path / "reviews"), "plain", None, {}, ["train"])
    assert named.splits == {"train": (flat,)}


def test_a_local_copy_stands_for_a_hub_id(tmp_path: Path) -> None:
    """The copy is read, no revision is needed, and none is claimed."""
    file = put(tmp_path / "cola/train-00000-of-00001.parquet")

    found = locate("nyu-mll/glue", "cola", None, {"nyu-mll/glue": str(tmp_path)}, ["train"])

    assert (found.splits["train"], found.revision) == ((file,), None)


def test_the_hub_is_asked_for_the_pinned_revision(hub: Callable[[str, str], Path]) -> None:
    """The hub's own cache answers without a network, at exactly that revision."""
    file = put(hub("dataset", "nyu-mll/glue") / "cola/train-00000-of-00001.parquet")

    found = locate("nyu-mll/glue", "cola", REVISION, {}, ["train"])

    assert (found.splits["train"], found.revision) == ((file,), REVISION)


def test_only_the_wanted_files_are_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a data set its named splits; of a model what is needed, its weights in one format."""
    asked: list[tuple[Any, ...]] = []

    def snapshot_download(path: str, **options: Any) -> str:
        asked.append((path, options["repo_type"], options["revision"], options["allow_patterns"]))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    put(tmp_path / "cola/train-00000-of-00001.parquet")
    locate("nyu-mll/glue", "cola", REVISION, {}, ["train"])
    model(tmp_path, "model.safetensors")
    model_directory("org/bert", REVISION, {})

    assert asked[0] == ("nyu-mll/glue", "dataset", REVISION, ["cola/train-*.parquet"])
    assert asked[1][:3] == ("org/bert", "model", REVISION)
    assert "model*.safetensors*" in asked[1][3]
    assert not any(".bin" in pattern for pattern in asked[1][3])
    assert len(asked) == 2


def test_a_model_of_the_hub_may_have_old_weights_only(hub: Callable[[str, str], Path]) -> None:
    """Without safetensors the .bin weights are fetched."""
    folder = model(hub("model", "org/bert"), "pytorch_model.bin")

    assert model_directory("org/bert", REVISION, {}) == folder


@pytest.mark.parametrize("revision", [None, "main", "bcdcba7", REVISION.upper()])
def test_a_hub_id_needs_a_whole_revision(revision: str | None) -> None:
    """A branch or a short id may point elsewhere tomorrow."""
    message = line(lambda: locate("nyu-mll/glue", "cola", revision, {}, ["train"]))

    assert "nyu-mll/glue" in message
    assert "40 hexadecimal digits" in message


def test_what_the_hub_lacks_is_one_line(hub: Callable[[str, str], Path]) -> None:
    """Offline, an unknown repository says what to do instead."""
    hub("dataset", "nyu-mll/glue")

    assert "local_copies" in line(lambda: locate("nyu-mll/none", None, REVISION, {}, ["train"]))


def test_missing_directories_and_files_are_one_line(tmp_path: Path) -> None:
    """Each says which directory, and what belongs there."""
    put(tmp_path / "cola/train-00000-of-00001.parquet")

    missing = line(lambda: locate("/no/such/place", None, None, {}, ["train"]))
    assert "/no/such/place: neither a directory here nor a hub id" in missing
    copy = line(lambda: locate("nyu-mll/glue", "cola", None, {"nyu-mll/glue": "/no"}, ["train"]))
    assert copy.startswith("local_copies: /no, named for nyu-mll/glue, is not a directory")
    split = line(lambda: locate(str(tmp_path), "cola", None, {}, ["train", "dev"]))
    assert "no dev-*.parquet there" in split
    weights = line(lambda: model_directory(str(model(tmp_path / "model")), None, {}))
    assert "has no weights" in weights


def test_a_configuration_is_looked_up_in_the_cache(
    hub: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline nothing is asked, and a hub that does not answer is asked once."""
    snapshot = hub("model", "org/name")
    assert hub_configuration("org/name", REVISION, fetch=True) is None
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    assert hub_configuration("org/name", REVISION, fetch=True) is None
    (snapshot / "config.json").write_text("{}")
    assert hub_configuration("org/name", REVISION) == snapshot


def test_texts_are_no_longer_than_the_models_positions(tmp_path: Path) -> None:
    """RoBERTa's table of positions holds two that no token can take."""
    bert = model(tmp_path / "bert", max_position_embeddings=32)
    roberta = model(
        tmp_path / "roberta", model_type="roberta", pad_token_id=1, max_position_embeddings=32
    )

    check_length(bert, "cola", 32)
    assert "write at most 32" in line(lambda: check_length(bert, "cola", 33))
    check_length(roberta, "cola", 30)
    assert "tasks.cola.max_length: 31" in line(lambda: check_length(roberta, "cola", 31))


def test_the_hub_s_files_are_where_the_libraries_keep_them(tmp_path: Path) -> None:
    """HF_HOME says where, and offline a file that is not there is missed at once, in one line."""
    snapshot = tmp_path / f"hub/datasets--nyu-mll--glue/snapshots/{REVISION}"
    file = put(snapshot / "cola/train-00000-of-00001.parquet")
    program = (
        "from tickets.data.sources import locate\n"
        "from tickets.errors import BadInput\n"
        f"found = locate('nyu-mll/glue', 'cola', {REVISION!r}, {{}}, ['train'])\n"
        "print(*found.splits['train'])\n"
        f"try: locate('org/other', None, {REVISION!r}, {{}}, ['train'])\n"
        "except BadInput as error: print(error)\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=kept | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2] / "workflow" / "scripts",
    )

    cached, missed = done.stdout.splitlines()
    assert Path(cached) == file
    assert missed.startswith(f"org/other at {REVISION}: cannot be downloaded from the hub")
    assert missed.endswith("name a directory with the same layout under local_copies")
