"""The picture of a file's ancestry, and where it has its boxes and lines."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_histories import Study, call, flip
from tickets.commands import why
from tickets.files import sha256
from tickets.history.ancestry import Ancestor, Ancestry
from tickets.history.layout import LANES, layout

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
IMP = "masks/imp/mrpc/rewind-0/seed-1"
SVG = "{http://www.w3.org/2000/svg}"


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


def drawn(image: bytes) -> tuple[list[str], list[ElementTree.Element]]:
    """What can be read in a picture, and its frames."""
    root = ElementTree.fromstring(image)
    shown = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    marks = [each for each in root.iter(f"{SVG}path") if "stroke-dasharray" in each.attrib]
    return shown, marks


def test_the_picture_has_a_box_for_every_file(study: Study, folder: Path) -> None:
    """With its name and digest: dashed where the file is not here, red where it is at fault; the
    columns are named by kind, and the same tree gives the same bytes.
    """
    flip(study.encoded)

    findings = [call(why, study.last, "--picture", folder / f"{n}.svg") for n in ("one", "two")]

    image = (folder / "one.svg").read_bytes()
    shown, frames = drawn(image)
    assert findings == [1, 1]
    assert image == (folder / "two.svg").read_bytes()
    assert {
        *("seed-1/sparsity-20", "seed-1/sparsity-10", "dense", "theta_0", "theta_0/dense"),
        *("mrpc/train", "on-mrpc/seed-1", "bert.safetensors", "train-0.parquet"),
    } <= set(shown)
    assert {"from outside", "data", "weights", "encoded", "tickets", "trained", "masks"} <= set(
        shown
    )
    assert study.short(f"{IMP}/sparsity-20.safetensors")[:8] in shown
    assert f"{study.digests['encoded/mrpc/train.arrow'][:8]} · differs" in shown
    assert len(frames) == 12
    assert sum(frame.get("stroke-dasharray") == "4,3" for frame in frames) == 2 + 2
    assert [frame.get("stroke") for frame in frames].count("#B00020") == 1


def test_altair_is_loaded_only_for_a_picture(study: Study, folder: Path) -> None:
    """It takes longer than all else that the command does; and nothing heavy is loaded at all."""
    program = (
        "import argparse, sys; from tickets.commands import why\n"
        "parser = argparse.ArgumentParser(); why.add_flags(parser)\n"
        "why.run(parser.parse_args())\n"
        "print(sorted({'altair', 'torch', 'transformers', 'pandas'} & set(sys.modules)))"
    )

    loaded = [
        subprocess.run(
            [sys.executable, "-c", program, study.last, *picture],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        ).stdout.splitlines()[-1]
        for picture in ((), ("--picture", folder / "why.svg"))
    ]

    assert loaded == ["[]", "['altair', 'pandas']"]


@st.composite
def ancestries(draw: st.DrawFn) -> Ancestry:
    """Any files made from any: each from some of those before it."""
    kinds = [kind for lane in LANES for kind in lane]
    found: dict[str, Ancestor] = {}
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(kinds))
        parents = draw(st.sets(st.sampled_from([*found] or ["none"]), max_size=5))
        found[str(number)] = Ancestor(
            place=f"{kind}/{number}/file" if kind else f"{number}",
            digest=sha256(str(number).encode()),
            stated=None,
            statement=None,
            state="here",
            parents=tuple((f"role {each}", each) for each in sorted(parents & found.keys())),
        )
    root = str(len(found) - 1)
    return Ancestry(root=root, ancestors=dict(reversed(found.items())))


@given(ancestries())
def test_no_line_crosses_a_box_or_hides_another(shown: Ancestry) -> None:
    """Boxes do not meet; lines are upright or level, go around boxes, and begin and end at their
    own; and where two lie upon each other, they lead from the same box.
    """
    plan = layout(shown)
    pieces: list[tuple[int, tuple[float, float], tuple[float, float]]] = []

    for one, other in combinations(plan.frames, 2):
        apart = one.right < other.left or other.right < one.left
        assert apart or one.bottom < other.top or other.bottom < one.top
    for (parent, child), points in plan.lines.items():
        start, end = plan.frames[parent], plan.frames[child]
        assert points[0] in [(start.right, start.down), (start.across, start.bottom)]
        assert points[-1][0] == end.left or points[-1] == (end.across, end.top)
        assert end.top <= points[-1][1] <= end.bottom
        for (x, y), (to_x, to_y) in pairwise(points):
            assert x == to_x or y == to_y
            low, high = (min(x, to_x), min(y, to_y)), (max(x, to_x), max(y, to_y))
            assert low >= (0, 0)
            assert high[0] <= plan.width
            assert high[1] <= plan.height
            for box in plan.frames:
                beside = high[0] <= box.left or low[0] >= box.right
                assert beside or high[1] <= box.top or low[1] >= box.bottom
            pieces.append((parent, low, high))
    for (one, low, high), (other, low_2, high_2) in combinations(pieces, 2):
        if one != other:
            common = [min(high[i], high_2[i]) - max(low[i], low_2[i]) for i in (0, 1)]
            assert min(common) < 0 or max(common) == 0 or _cross(low, high, low_2, high_2)
    links = {
        (each.digest, shown.ancestors[key].digest)
        for each in shown.ancestors.values()
        for _, key in each.parents
    }
    drawn_links = {
        (file.digest, made_of.digest)
        for parent, child in plan.lines
        for file in plan.boxes[child].files
        for made_of in plan.boxes[parent].files
    }
    assert links <= drawn_links


def _cross(
    low: tuple[float, float],
    high: tuple[float, float],
    low_2: tuple[float, float],
    high_2: tuple[float, float],
) -> bool:
    """Whether one piece is level and the other upright."""
    return (low[0] == high[0]) != (low_2[0] == high_2[0])
