"""Models and data from a hub that refuses: one line says what, and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from parquet_files import line
from stub_hub import Fault, StubHub, connect, served
from tickets.data.sources import hub_configuration, locate, model_directory

MODEL, DATA = "org/model", "org/data"
MODEL_FILES = {
    "config.json": b"{}",
    "vocab.txt": b"[PAD]",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"a pickle",
}
DATA_FILES = {
    "rte/train-00000-of-00001.parquet": b"rows",
    "rte/test-00000-of-00001.parquet": b"more rows",
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubHub]:
    with served() as hub:
        connect(monkeypatch, hub, tmp_path / "cache")
        yield hub


def test_a_model_and_data_are_fetched_once(hub: StubHub) -> None:
    """At their commits: what is needed, and no pickle; the second time nothing is asked."""
    model, data = hub.add(f"models/{MODEL}", MODEL_FILES), hub.add(f"datasets/{DATA}", DATA_FILES)

    def fetch() -> tuple[dict[str, bytes], tuple[Path, ...]]:
        folder = model_directory(MODEL, model, {})
        found = locate(DATA, "rte", data, {}, ["train"]).splits["train"]
        return {each.name: each.read_bytes() for each in folder.iterdir()}, found

    files, (rows,) = fetch()
    assert files == {name: data for name, data in MODEL_FILES.items() if name[-3:] != "bin"}
    assert rows.read_bytes() == b"rows"
    asked = list(hub.asked)
    assert sum("/resolve/" in each and each.startswith("GET") for each in asked) == 4
    assert fetch() == (files, (rows,))
    assert hub.asked == asked


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            Fault(status=403, code="GatedRepo"),
            "(it is gated); ask for access on its page, and set HF_TOKEN to your token",
        ),
        (
            Fault(status=401, code="RepoNotFound"),
            "(there is none of that name, or it is private); correct the name, or set HF_TOKEN to a"
            " token that may read it",
        ),
        (Fault(status=401), "(it asks who you are); set HF_TOKEN to a valid token"),
        (Fault(status=403), "(forbidden); set HF_TOKEN to a token that may do that"),
        (
            Fault(status=404, code="RevisionNotFound"),
            "(it has no such commit); take one that its page shows under 'History'",
        ),
        (Fault(status=404, code="RepoNotFound"), "(there is none of that name, or it is private)"),
        (Fault(status=429), "(too many requests); wait some minutes, then run again"),
        (Fault(where="tree", cut=5), "name a directory with the same layout under local_copies"),
        (Fault(where="GET /", cut=0), "name a directory with the same layout under local_copies"),
        (Fault(where="HEAD", status=403, code="GatedRepo"), "(it is gated); ask for access"),
    ],
)
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_refusal_is_one_line(kind: str, hub: StubHub, fault: Fault, says: str) -> None:
    """Of a model as of data; it names the id and the commit."""
    model, data = hub.add(f"models/{MODEL}", MODEL_FILES), hub.add(f"datasets/{DATA}", DATA_FILES)
    hub.fault = fault

    if kind == "model":
        said = line(lambda: model_directory(MODEL, model, {}))
        assert said.startswith(f"{MODEL} at {model}: cannot be downloaded from the hub (")
    else:
        said = line(lambda: locate(DATA, "rte", data, {}, ["train"]))
        assert said.startswith(f"{DATA} at {data}: cannot be downloaded from the hub (")
    assert says in said


def test_what_the_hub_does_not_have_is_one_line(hub: StubHub) -> None:
    """A repository, a commit of one that is there, a split."""
    commit = hub.add(f"datasets/{DATA}", DATA_FILES)

    assert "none of that name" in line(lambda: locate("org/other", None, commit, {}, ["train"]))
    assert "no such commit" in line(lambda: locate(DATA, "rte", "a" * 40, {}, ["train"]))
    assert "no dev-*.parquet" in line(lambda: locate(DATA, "rte", commit, {}, ["dev"]))


def test_what_was_cut_off_is_asked_for_again(hub: StubHub) -> None:
    """A list of files from its beginning, a file from where it ended."""
    commit = hub.add(f"datasets/{DATA}", DATA_FILES)
    for where in ("/tree/", "GET /datasets/"):
        hub.fault = Fault(where=where, cut=2, times=1)
        (file,) = locate(DATA, "rte", commit, {}, ["train"]).splits["train"]
        assert file.read_bytes() == b"rows"
        assert hub.fault.times == 0
        shutil.rmtree(file.parents[4])


def test_a_configuration_that_is_refused_is_none(hub: StubHub) -> None:
    """`tickets check` warns, and goes on; a broken answer is no more than a refusal."""
    commit = hub.add(f"models/{MODEL}", MODEL_FILES)
    for fault in (Fault(status=403, code="GatedRepo"), Fault(where="GET", cut=0)):
        hub.fault = fault
        assert hub_configuration(MODEL, commit, fetch=True) is None
    hub.fault = None

    folder = hub_configuration(MODEL, commit, fetch=True)

    assert folder is not None
    assert (folder / "config.json").read_bytes() == b"{}"


def test_without_the_hubs_library_it_is_said(hub: StubHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment for masks alone may lack it."""
    commit = hub.add(f"models/{MODEL}", MODEL_FILES)
    monkeypatch.setattr("tickets.hub.find_spec", lambda _: None)

    assert "huggingface_hub is not installed" in line(lambda: model_directory(MODEL, commit, {}))
