"""The graph of a file's ancestry, and graphviz's picture of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_histories import Study, call, flip
from tickets.commands import why
from tickets.errors import BadInput
from tickets.files import sha256
from tickets.history import dot
from tickets.history.ancestry import Ancestor, Ancestry

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
IMP = "masks/imp/mrpc/rewind-0/seed-1"
SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("", "data", "weights", "encoded", "tickets", "trained", "masks", "predictions", "tables")

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Statements name paths as jobs know them: from the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(folder: Path) -> Study:
    """Two rounds, whose tickets and trained weights are gone."""
    assert Path.cwd() == folder
    made = Study("results")
    made.round(1)
    made.round(2)
    return made


def read(graph: str) -> tuple[dict[str, list[str]], list[str], set[tuple[str, str]]]:
    """A graph's boxes by name with their lines of text, what is said of each, and its arrows."""
    boxes = re.findall(r'^(n\d+) \[label="((?:[^"\\]|\\.)*)", (.*)\]$', graph, re.MULTILINE)
    arrows = re.findall(r"^(n\d+) -> (n\d+) ", graph, re.MULTILINE)
    lines = {name: text.removesuffix(r"\n").split(r"\n") for name, text, _ in boxes}
    return lines, [style for _, _, style in boxes], set(arrows)


EXPECTED = {
    *("seed-1/sparsity-20", "seed-1/sparsity-10", "dense", "theta_0", "theta_0/dense"),
    *("mrpc/train", "on-mrpc/seed-1", "bert.safetensors", "train-0.parquet"),
    *("from outside", "data", "weights", "encoded", "tickets", "trained", "masks"),
}


def test_the_picture_has_a_box_for_every_file(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its kind, name and digest: dashed where the file is not here, red where it is at fault;
    the same tree gives the same bytes.
    """
    flip(study.encoded)

    findings = [call(why, study.last, "--dot") for _ in range(2)]

    one, two = capsys.readouterr().out.split("digraph")[1:]
    boxes, styles, _ = read(one)
    shown = [line for lines in boxes.values() for line in lines]
    assert findings == [1, 1]
    assert one == two
    assert set(shown) >= EXPECTED
    assert study.short(f"{IMP}/sparsity-20.safetensors")[:8] in shown
    assert f"{study.digests['encoded/mrpc/train.arrow'][:8]} · differs" in shown
    assert len(styles) == 12
    assert sum("dashed" in style for style in styles) == 2 + 2
    assert ['color="#B00020"' in style for style in styles].count(True) == 1


@needs_graphviz
def test_graphviz_draws_every_box(study: Study, folder: Path) -> None:
    """`--picture` writes what `dot` makes of the graph: the same boxes, dashed and red alike."""
    flip(study.encoded)

    findings = [call(why, study.last, "--picture", folder / f"{n}.svg") for n in ("one", "two")]

    image = (folder / "one.svg").read_bytes()
    root = ElementTree.fromstring(image)
    nodes = [each for each in root.iter(f"{SVG}g") if each.get("class") == "node"]
    frames = [next(each.iter(f"{SVG}path")) for each in nodes]
    assert findings == [1, 1]
    assert image == (folder / "two.svg").read_bytes()
    assert {"".join(text.itertext()) for text in root.iter(f"{SVG}text")} >= EXPECTED
    assert len(frames) == 12
    assert sum("stroke-dasharray" in frame.attrib for frame in frames) == 2 + 2
    assert [str(frame.get("stroke")).upper() for frame in frames].count("#B00020") == 1


def test_without_graphviz_a_picture_is_refused_in_one_line(
    study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to do, and writes nothing."""
    monkeypatch.setenv("PATH", str(folder))

    with pytest.raises(BadInput, match="install graphviz, or print the graph with --dot") as caught:
        call(why, study.last, "--picture", folder / "why.svg")

    assert "\n" not in str(caught.value)
    assert not (folder / "why.svg").exists()


def test_a_graphviz_that_fails_is_told_in_one_line(
    study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without a way to write SVG, for example; with its own words."""
    program = folder / "dot"
    program.write_text("#!/bin/sh\necho 'Format: svg not\nrecognized.' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))

    with pytest.raises(BadInput, match=r"failed \(Format: svg not recognized\.\)") as caught:
        call(why, study.last, "--picture", folder / "why.svg")

    assert len(caught.value.mistakes) == 1
    assert not (folder / "why.svg").exists()


def test_nothing_heavy_is_loaded(study: Study) -> None:
    """Neither for the tree nor for the graph."""
    program = (
        "import argparse, sys; from tickets.commands import why\n"
        "parser = argparse.ArgumentParser(); why.add_flags(parser)\n"
        "why.run(parser.parse_args())\n"
        "print(sorted({'altair', 'torch', 'transformers', 'pandas'} & set(sys.modules)))"
    )

    loaded = [
        subprocess.run(
            [sys.executable, "-c", program, study.last, *graph],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        ).stdout.splitlines()[-1]
        for graph in ((), ("--dot",))
    ]

    assert loaded == ["[]", "[]"]


@st.composite
def ancestries(draw: st.DrawFn) -> Ancestry:
    """Any files made from any: each from some of those before it."""
    found: dict[str, Ancestor] = {}
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(KINDS))
        parents = draw(st.sets(st.sampled_from([*found] or ["none"]), max_size=5))
        found[str(number)] = Ancestor(
            place=f"{kind}/{number}/file" if kind else f"{number}",
            digest=sha256(str(number).encode()),
            statement_digest=None,
            statement=None,
            state="here",
            parents=tuple((f"role {each}", each) for each in sorted(parents & found.keys())),
        )
    root = str(len(found) - 1)
    return Ancestry(root=root, ancestors=dict(reversed(found.items())))


@given(ancestries())
def test_every_file_is_in_one_box_and_every_link_is_drawn(shown: Ancestry) -> None:
    """And every arrow is of a link: from a file to what was made from it."""
    boxes, _ = dot.group(shown)
    lines, _, arrows = read(dot.graph(shown))

    files = [file.digest for box in boxes for file in box.files]
    links = {
        (shown.ancestors[key].digest, each.digest)
        for each in shown.ancestors.values()
        for _, key in each.parents
    }
    drawn = [
        {
            (made_of.digest, file.digest)
            for made_of in boxes[int(start[1:])].files
            for file in boxes[int(end[1:])].files
        }
        for start, end in arrows
    ]
    assert sorted(files) == sorted(each.digest for each in shown.ancestors.values())
    assert [box.lines for box in boxes] == list(lines.values())
    assert boxes[0].files == (shown.ancestors[shown.root],)
    assert links <= set().union(*drawn)
    assert all(pairs & links for pairs in drawn)


@needs_graphviz
@pytest.mark.parametrize(
    "name", ['"', "\\", '\\"]; x [label="', "&amp;<b>", "\\N", "a\nb", "<svg>"]
)
def test_a_name_is_drawn_as_it_is(name: str) -> None:
    """Nothing in it is read as graphviz's language."""
    file = Ancestor(
        place=name, digest="0" * 64, statement_digest=None, statement=None, state="here"
    )
    graph = dot.graph(Ancestry(root="it", ancestors={"it": file}))

    root = ElementTree.fromstring(dot.svg(graph))

    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert name.replace("\n", "?") in texts
    assert len([each for each in root.iter(f"{SVG}g") if each.get("class") == "node"]) == 1
