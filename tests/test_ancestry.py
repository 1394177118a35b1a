"""What a file was made from: found, told as a tree, and drawn."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_histories import COMMIT, Study, call, spoilt
from tickets import ancestry, provenance, statements
from tickets.ancestry import Ancestor, Ancestry
from tickets.ancestry_layout import LANES, layout
from tickets.commands import why
from tickets.errors import Tampered
from tickets.files import sha256

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
IMP = "masks/imp/mrpc/rewind-0/seed-1"
TRAINED = "trained/theta_0/{}/on-mrpc/seed-1.safetensors"
TICKET = "tickets/theta_0/{}.safetensors"
SECOND = "imp/mrpc/rewind-0/seed-1/sparsity-10"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Statements name paths as jobs know them: from the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """Two rounds, whose tickets and trained weights are gone, and the folder that they are in."""
    place = tmp_path_factory.mktemp("made")
    with contextlib.chdir(place):
        study = Study("results")
        study.round(1)
        study.round(2)
    return place, study


@pytest.fixture
def study(made: tuple[Path, Study], folder: Path) -> Study:
    """A copy of it, to be spoilt."""
    shutil.copytree(made[0] / "results", folder / "results")
    return made[1]


def states(found: Ancestry) -> dict[str, str]:
    """State and problem of all that is not simply here, by place."""
    return {
        each.place: f"{each.state}: {each.problem}".removesuffix(": ")
        for each in found.ancestors.values()
        if each.state != "here"
    }


GONE = {
    TICKET.format("dense"): "not kept",
    TICKET.format(SECOND): "not kept",
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
│  ├─ ticket        {d(two)}  {c}  not kept: {two}  rewind
│  │  ├─ mask [3]
│  │  └─ theta      {d(theta)}  {c}  [1] {theta}  {model}
│  │     └─ model   {bert}  {none}  from outside: bert.safetensors
│  └─ train         {d(encoded)}  {c}  [2] {encoded}  encode: task mrpc, split train
│     └─ data       {d(data)}  {c}  {data}  {source}
│        └─ source  {rows}  {none}  from outside: train-0.parquet
└─ parent           {d(before)}  {c}  [3] {before}  {imp} 1, sparsity 10
   ├─ weights       {d(first)}  {c}  not kept: {first}  train: task mrpc, seed 1
   │  ├─ mask [4], train [2]
   │  └─ ticket     {d(one)}  {c}  not kept: {one}  rewind
   │     └─ theta [1], mask [4]
   └─ parent        {d(dense)}  {c}  [4] {dense}  prune: finder dense, sparsity 0
      └─ weights [1]

12 files: 6 here, 4 not kept, 2 from outside
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
    for path in (study.last, provenance.beside(study.last)):
        path.rename(alone / path.name)

    found = states(ancestry.find(alone / study.last.name))

    assert found == {
        TICKET.format(SECOND): "not kept",
        TRAINED.format(SECOND): "not kept",
        f"{IMP}/sparsity-10.safetensors": "not here",
        "encoded/mrpc/train.arrow": "not here",
        "weights/theta_0.safetensors": "not here",
    }


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def forget(path: Path) -> None:
    provenance.beside(path).unlink()


def restate(path: Path, change: Callable[[Any], None]) -> None:
    """Put a true statement's place to another one, in the right form."""
    beside = provenance.beside(path)
    value = statements.load(beside.read_bytes(), "")
    change(value)
    beside.write_bytes(statements.to_bytes(value))


def rename(path: Path) -> None:
    def change(value: Any) -> None:
        value["subject"][0]["name"] = "another.safetensors"

    restate(path, change)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_statement(path: Path) -> None:
    """The same bytes, but through a link."""
    beside = provenance.beside(path)
    beside.rename(beside.with_suffix(".elsewhere"))
    beside.symlink_to(beside.with_suffix(".elsewhere").absolute())


def replace(path: Path) -> None:
    path.write_bytes(b"other")
    forget(path)


TAMPERED = {
    "flipped": (flip, "differs: its sha256 is {}"),
    "deleted": (Path.unlink, "not here"),
    "without its statement": (forget, "differs: its statement is another one, or gone"),
    "with another statement": (rename, "differs: its statement is another one, or gone"),
    "with a link for a statement": (
        link_statement,
        "differs: its statement is another one, or gone",
    ),
    "replaced": (replace, "differs: another file stands in its place"),
    "a link": (link, "differs: cannot be read as a plain file (Too many levels of symbolic links)"),
    "a pipe": (pipe, "differs: cannot be read as a plain file (it is no regular file)"),
}


@pytest.mark.parametrize("name", TAMPERED)
@pytest.mark.parametrize(
    "place",
    ["weights/theta_0.safetensors", "encoded/mrpc/train.arrow", f"{IMP}/sparsity-10.safetensors"],
)
def test_what_is_not_as_stated_is_told_and_the_rest_of_the_tree_too(
    study: Study, name: str, place: str
) -> None:
    """Wherever it happens, exactly this ancestor is at fault."""
    tamper, expected = TAMPERED[name]
    path = study.root / place
    tamper(path)

    found = ancestry.find(study.last)

    said = expected.format(sha256(path.read_bytes())) if name == "flipped" else expected
    assert states(found)[place] == said
    assert [each.place for each in found.faults] == [place]
    assert (
        states(found).items()
        >= {
            TICKET.format(SECOND): "not kept",
            TRAINED.format(SECOND): "not kept",
        }.items()
    )


def test_a_file_that_differs_is_said_to_differ(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the file itself too; the exit status is then 1, and nothing else goes wrong."""
    flip(study.last)

    findings = call(why, study.last)

    printed = capsys.readouterr().out

    first, last = printed.splitlines()[0], printed.splitlines()[-1]
    assert f"DIFFERS: {IMP}/sparsity-20.safetensors  prune: " in first
    assert first.endswith(f"(its sha256 is {sha256(study.last.read_bytes())})")
    assert last == "12 files: 5 here, 4 not kept, 2 from outside, 1 differs"
    assert findings == 1


def test_a_missing_parent_is_shown_with_its_digest(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    """As not here, by the path that its child's statement gives."""
    data = study.root / "data/mrpc/train.parquet"
    data.unlink()
    forget(data)

    findings = call(why, study.last)

    printed = capsys.readouterr().out

    digest = study.short("data/mrpc/train.parquet")
    assert f"{digest}{' ' * 17}NOT HERE: data/mrpc/train.parquet\n" in printed
    assert printed.endswith("11 files: 5 here, 4 not kept, 1 from outside, 1 not here\n")
    assert findings == 1


def test_without_a_statement_there_is_no_history(study: Study) -> None:
    """One line says so; another file's statement is said to be that."""
    forget(study.theta)
    with pytest.raises(Tampered, match=r"theta_0\.safetensors\.prov\.json: cannot be read"):
        ancestry.find(study.theta)

    rename(study.encoded)
    found = ancestry.find(study.encoded)
    assert found.ancestors[found.root].problem == "its statement is of another.safetensors"


def test_a_statement_and_its_child_may_disagree(study: Study) -> None:
    """A child that names a parent's statement, but other bytes than that speaks of; and one that
    carries the history of another file.
    """

    def parent(value: Any) -> None:
        made_of = value["predicate"]["buildDefinition"]["resolvedDependencies"]
        for each in made_of:
            if each["name"] in ("parent", "weights"):
                each["digest"]["sha256"] = "0" * 64

    restate(study.last, parent)

    found = states(ancestry.find(study.last))

    before = study.digests[f"{IMP}/sparsity-10.safetensors"]
    trained = study.digests[TRAINED.format(SECOND)]
    wrong = "differs: its statement gives it the sha256 {}"
    assert found[f"{IMP}/sparsity-10.safetensors"] == wrong.format(before)
    assert found[TRAINED.format(SECOND)] == wrong.format(trained)


def test_only_what_is_not_meant_to_last_may_be_gone(study: Study) -> None:
    """A history that a statement carries excuses no missing mask."""

    def carry(value: Any) -> None:
        made_of = value["predicate"]["buildDefinition"]["resolvedDependencies"]
        (parent,) = (each for each in made_of if each["name"] == "parent-statement")
        beside = provenance.beside(study.root / IMP / "sparsity-10.safetensors")
        parent["annotations"] = {"statement": statements.load(beside.read_bytes(), "")}

    restate(study.last, carry)
    forget(study.root / IMP / "sparsity-10.safetensors")
    (study.root / IMP / "sparsity-10.safetensors").unlink()

    found = ancestry.find(study.last)

    assert [each.place for each in found.faults] == [f"{IMP}/sparsity-10.safetensors"]
    assert states(found)[f"{IMP}/sparsity-10.safetensors"] == "not here"
    assert states(found)[TRAINED.format("dense")] == "not kept"


def test_a_path_in_a_statement_leads_nowhere_else(study: Study) -> None:
    """Neither out of the folder nor to a name that no system has; and a file without a statement is
    known by its digest.
    """
    Path("secret").write_bytes(b"secret")
    (study.root / "pretrained").mkdir()
    (study.root / "pretrained/config.json").write_bytes(b"config")
    uris = ("results/../secret", "/etc/passwd", "results/a\0b", "results/pretrained/config.json")

    def name(value: Any) -> None:
        for uri in uris:
            digest = {"sha256": sha256(b"config")}
            value["predicate"]["buildDefinition"]["resolvedDependencies"].append(
                {"name": f"of {uri}", "uri": uri, "digest": digest}
            )

    restate(study.last, name)

    found = ancestry.find(study.last)

    assert [each.place for each in found.faults] == list(uris[:3])
    assert "pretrained/config.json" in [each.place for each in found.ancestors.values()]
    (study.root / "pretrained/config.json").write_bytes(b"other")
    assert states(ancestry.find(study.last))["pretrained/config.json"].startswith("differs")


def test_a_terminal_is_not_steered(study: Study) -> None:
    """What a statement says is printed without control characters."""

    def steer(value: Any) -> None:
        value["predicate"]["buildDefinition"]["externalParameters"]["task"] = "\x1b[2J\nmrpc"

    restate(study.last, steer)

    assert "task ?[2J?mrpc" in why.tree(ancestry.find(study.last))[0]


def chain(length: int) -> Path:
    """A file with so many ancestors, one the parent of the other."""
    path = Study("results").last
    for number in range(length):
        stated = statements.load(provenance.beside(path).read_bytes(), "")
        parent = [
            {"name": "parent", "digest": {"sha256": sha256(path.read_bytes())}},
            {
                "name": "parent-statement",
                "digest": {"sha256": sha256(provenance.beside(path).read_bytes())},
            },
        ]
        path = Path(f"results/masks/random/seed-{number}/sparsity-10.safetensors")
        path.parent.mkdir(parents=True)
        path.write_bytes(f"{number}".encode())
        stated["subject"] = [{"name": path.name, "digest": {"sha256": sha256(path.read_bytes())}}]
        stated["predicate"]["buildDefinition"]["resolvedDependencies"] = parent
        provenance.beside(path).write_bytes(statements.to_bytes(stated))
    return path


def test_a_long_history_is_no_deep_one() -> None:
    """More generations than Python has frames."""
    length = sys.getrecursionlimit() + 200
    found = ancestry.find(chain(length))

    assert len(found.ancestors) == length + 3
    assert found.faults == []
    assert len(why.tree(ancestry.summarised(found))) == length + 3
    assert len(layout(found).boxes) == length + 3


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
    assert short[-1] == "27 files: 20 here, 4 not kept, 2 from outside, 1 differs"
    assert findings == (1, 1)


SVG = "{http://www.w3.org/2000/svg}"


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
    assert sum(frame.get("stroke-dasharray") == "4,3" for frame in frames) == len(GONE)
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


def test_no_statement_makes_it_fail(study: Study) -> None:
    """Whatever stands where a statement says something, only the documented error comes out, and
    what is told is a printable line an ancestor.
    """
    beside = provenance.beside(study.last)
    original = beside.read_bytes()

    @given(st.data())
    def check(data: st.DataObject) -> None:
        beside.write_bytes(statements.to_bytes(spoilt(original, data)))
        try:
            found = ancestry.find(study.last)
        except Tampered:
            return
        lines = why.tree(ancestry.summarised(found))
        assert all(line.isprintable() for line in lines)
        assert lines[0].startswith("this file")

    check()
