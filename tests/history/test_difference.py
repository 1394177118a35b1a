"""What differs between two histories, and between the bits of two masks."""

from __future__ import annotations

import contextlib
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_histories import Change, Study, call, spoilt
from fake_masks import SHAPES, WEIGHTS, mask
from tickets import masks, provenance, statements
from tickets.commands import diff
from tickets.errors import Tampered
from tickets.files import sha256
from tickets.history import ancestry
from tickets.history.difference import compare, compare_bits
from tickets.masks import pack
from tickets.prunable import place

IMP = "masks/imp/mrpc/rewind-0/seed-{}/sparsity-{}.safetensors"
THETA = "weights/theta_0.safetensors"
DATA = "data/mrpc/train.parquet"
TRAINED = "trained/theta_0/dense/on-mrpc/seed-{}.safetensors"
SAME = """\

bits    differing    Jaccard
query     0.0000%     1.0000
output    0.0000%     1.0000
pooler    0.0000%     1.0000
all       0.0000%     1.0000
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Statements name paths as jobs know them: from the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a study of two rounds, `one`, was made."""
    place = tmp_path_factory.mktemp("made")
    with contextlib.chdir(place):
        rounds(Study("one"))
    return place


@pytest.fixture
def one(made: Path, folder: Path) -> Path:
    """The mask of its second round."""
    shutil.copytree(made / "one", folder / "one")
    return Path("one") / IMP.format(1, 20)


def rounds(study: Study) -> Path:
    study.round(1)
    return study.round(2)


def told(one: Path, other: Path) -> list[str]:
    """The lines about differences."""
    return diff.format_differences(compare(ancestry.find(one), ancestry.find(other)))


def setting(*keys: str | int, value: Any) -> Change:
    """A change of what a statement says at `keys`."""

    def change(predicate: Any) -> None:
        for key in keys[:-1]:
            predicate = predicate[key]
        predicate[keys[-1]] = value

    return change


def descriptor(name: str, *values: dict[str, Any]) -> Change:
    """Another one, or none, of a statement's dependencies."""

    def change(predicate: Any) -> None:
        made_of = predicate["buildDefinition"]["resolvedDependencies"]
        made_of[:] = [each for each in made_of if each["name"] != name]
        made_of += [{"name": name, **value} for value in values]

    return change


def named(name: str, digits: str = "") -> Change:
    """A dependency whose digest begins so and ends with the last digit; or none."""
    digest = {"sha256": digits.ljust(64, digits[-1:] or " ")}
    return descriptor(name, *[{"uri": name, "digest": digest}] if digits else [])


def source(commit: str, *, clean: bool) -> Change:
    return descriptor("source", {"digest": {"gitCommit": commit}, "annotations": {"clean": clean}})


def both(*changes: Change) -> Change:
    def change(predicate: Any) -> None:
        for each in changes:
            each(predicate)

    return change


def test_made_again_nothing_differs(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times, SLURM's job numbers, folders and what was kept do not count: exit status 0."""
    change = setting("buildDefinition", "internalParameters", "slurmJobId", value="7")
    times = setting("runDetails", "metadata", "startedOn", value="2001-01-01T00:00:00Z")
    other = rounds(Study("other", changes={THETA: change, DATA: times}))

    findings = call(diff, one, other)
    printed = capsys.readouterr().out

    assert printed == f"- {one}\n+ {other}\n\ntheir histories do not differ\n{SAME}"
    assert findings == 0


def test_another_seed_is_told_where_it_first_arises(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the first training, not at all that was made from it; then the bits, by hand: the other
    masks prune two of the pooler's four weights besides.
    """
    other = rounds(Study("other", seed=2))

    findings = call(diff, one, other)
    printed = capsys.readouterr().out

    assert printed == (
        f"- {one}\n+ {other}\n"
        f"""
{TRAINED.format(1)}
{TRAINED.format(2)}
  parameter seed: 1 -> 2  (and in 3 more)

bits    differing    Jaccard
query     0.0000%     1.0000
output    0.0000%     1.0000
pooler   50.0000%     0.5000
all       3.4483%     0.9565
"""
    )
    assert findings > 0


def test_other_data_are_told_once(one: Path) -> None:
    """At the file from outside: that all else has another content follows from it."""
    other = rounds(Study("other", rows=b"ROWS"))

    before, after = (sha256(rows)[:12] for rows in (b"rows", b"ROWS"))
    assert told(one, other) == ["", "train-0.parquet", f"  content: {before} -> {after}"]


INTERNAL = ("buildDefinition", "internalParameters")
EXTERNAL = ("buildDefinition", "externalParameters")
FACTS = ("runDetails", "byproducts", 0, "annotations")
CHANGES = {
    "python": ([setting(*INTERNAL, "python", value=v) for v in ("3.11", "3.12")],
        ["python: 3.11 -> 3.12"]),
    "package": ([setting(*INTERNAL, "packages", value={"numpy": v}) for v in ("1.0", "2.0")],
        ["packages.numpy: 1.0 -> 2.0"]),
    "platform": ([setting(*INTERNAL, "platform", value=v) for v in ("Linux", "Darwin")],
        ["platform: Linux -> Darwin"]),
    "commit": ([source("1" * 40, clean=True), source("2" * 40, clean=True)],
        ["commit: 111111111111 -> 222222222222"]),
    "changed files": ([source("1" * 40, clean=True), source("1" * 40, clean=False)],
        ["commit's files unchanged: true -> false"]),
    "no commit": ([source("1" * 40, clean=True), named("source")],
        ["commit: 111111111111 -> none", "commit's files unchanged: true -> null"]),
    "code": ([named("code/prune.py", d) for d in ("3", "4")],
        ["code prune.py: 333333333333 -> 444444444444"]),
    "alike at first": ([named("code/prune.py", d) for d in (f"{'5' * 12}6", f"{'5' * 12}7")],
        [f"code prune.py: {'5' * 12}{'6' * 52} -> {'5' * 12}{'7' * 52}"]),
    "other code": ([named("code/one.py", "3"), named("code/two.py", "4")],
        ["code one.py: 333333333333 -> none", "code two.py: none -> 444444444444"]),
    "pins": ([named("pins", d) for d in ("8", "9")],
        ["pins: 888888888888 -> 999999999999"]),
    "revision": ([setting(*EXTERNAL, "revision", value=v * 40) for v in "ab"],
        ["parameter revision: aaaaaaaaaaaa -> bbbbbbbbbbbb"]),
    "rule": ([setting(*EXTERNAL, "rule", value=v) for v in ("theta_0", "import")],
        ["rule: theta_0 -> import"]),
    "parameter": ([setting(*EXTERNAL, "a", value=1), setting(*EXTERNAL, "b", value=[])],
        ["parameter a: 1 -> none", "parameter b: none -> []"]),
    "text or number": ([setting(*EXTERNAL, "a", value=v) for v in (1, "1")],
        ['parameter a: 1 -> "1"']),
    "inner parameter": ([setting(*EXTERNAL, "a", value={"b": v, "c": 1}) for v in ("x", "y")],
        ["parameter a.b: x -> y"]),
    "input": ([named("more", "5"), named("less", "5")],
        ["input less: none -> read", "input more: read -> none"]),
    "content of an input": ([named("more", "5"), named("more", "6")], None),
    "device": ([setting(*FACTS, "device", value=v) for v in ("cpu", "cuda:0")],
        ["device: cpu -> cuda:0"]),
    "result": ([setting(*FACTS, "loss", value=v) for v in ("0.1", "0.2")],
        ["fact loss: 0.1 -> 0.2"]),
    "result that follows": (
        [
            both(setting(*FACTS, "loss", value=v), setting(*FACTS, "threads", value=v))
            for v in (1, 2)
        ],
        ["threads: 1 -> 2"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_differs_is_named(name: str) -> None:
    """Parameters, inputs, code, commit, versions and conditions, with both values; facts that are
    results only where nothing explains them.
    """
    changes, expected = CHANGES[name]
    one, other = (
        Study(root, changes={THETA: change}).theta
        for root, change in zip(("one", "other"), changes, strict=True)
    )

    lines = told(one, other)

    if expected is None:
        assert lines == ["", "more", "  content: 555555555555 -> 666666666666"]
    else:
        assert lines == ["", THETA, *(f"  {line}" for line in expected)]


def test_a_condition_is_told_where_it_first_arises(one: Path) -> None:
    """Another number of threads of all trainings: at the first of them, and how often again."""
    assert told(one, rounds(Study("other", threads=2))) == [
        "",
        TRAINED.format(1),
        "  threads: 1 -> 2  (and in 1 more)",
    ]


def test_what_came_out_otherwise_without_a_reason_is_told() -> None:
    """Made in the same way from the same, with another content: the find of all finds."""
    studies = [Study("one"), Study("other")]
    files = [
        study.made("weights/reinit/seed-1.safetensors", "reinit", {"seed": 1}, {}, None, content)
        for study, content in zip(studies, (b"a", b"b"), strict=True)
    ]

    before, after = (sha256(content)[:12] for content in (b"a", b"b"))
    assert told(files[0], files[1]) == [
        "",
        "weights/reinit/seed-1.safetensors",
        f"  content, though made alike: {before} -> {after}",
    ]


def test_outputs_of_one_job_are_not_said_to_be_alike() -> None:
    """Two tasks of one generated language have the same statement, and differ."""
    study = Study("one")
    paths = [f"language/{task}/train-00000-of-00001.parquet" for task in ("mlm", "span")]
    files = [study.made(path, "language", {"seed": 1}, {}, None, path.encode()) for path in paths]

    before, after = (study.short(path) for path in paths)
    assert told(files[0], files[1]) == ["", *paths, f"  content: {before} -> {after}"]


def test_very_many_inputs_are_counted() -> None:
    """Where a table has predictions that another has not, their number is told."""
    studies = [Study("other"), Study("third")]
    tables: list[Path] = []
    for study, count in zip(studies, (16, 2), strict=True):
        files = [
            study.made(f"predictions/majority/on-{task}.parquet", "majority", {"task": task}, {})
            for task in "abcdefghijklmnop"[:count]
        ]
        parents = {path.relative_to(study.root).as_posix(): path for path in files}
        tables.append(study.made("metrics/transfer.parquet", "metrics", {}, parents))

    assert told(tables[0], tables[1]) == [
        "",
        "metrics/transfer.parquet",
        "  input files: 14 that the other has not -> none",
    ]


def test_rounds_of_one_chain_say_which_is_the_ancestor(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside what differs."""
    before = Path("one") / IMP.format(1, 10)

    findings = call(diff, before, one)
    printed = capsys.readouterr().out

    assert printed.splitlines()[2] == f"  {before} is an ancestor of the other"
    assert "  parameter round: 1 -> 2" in printed.splitlines()
    assert findings > 0


def test_what_is_not_as_stated_is_told_too(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A history with a broken file is no equal one, and a mask that was changed has no bits to
    compare; a history that is gone cannot be compared.
    """
    other = rounds(Study("other", changes={THETA: setting(*INTERNAL, "slurmJobId", value="7")}))
    other.write_bytes(other.read_bytes() + b" ")
    Path("other", DATA).unlink()

    findings = call(diff, one, other)
    printed = capsys.readouterr().out

    lines = printed.splitlines()
    assert lines[2:5] == [
        f"  not as stated: 2 files (tickets why {other})",
        "",
        "their histories do not differ",
    ]
    assert lines[6].startswith(f"bits: not compared, {other}: its sha256 is ")
    assert findings > 0

    provenance.statement_path(Path("other", THETA)).unlink()
    digests = [
        sha256(provenance.statement_path(Path("one", THETA)).read_bytes())[:12],
        statements.parse(provenance.statement_path(other).read_bytes(), "").itself,
    ]
    lines = told(one, other)
    assert lines[:2] == ["", THETA]
    assert lines[2].startswith(f"  statement: {digests[0]} -> ")


def test_masks_for_different_models_are_not_compared(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so; the histories are told."""
    study = Study("other")
    shapes = {**SHAPES, "pooler.dense.weight": (3, 3)}
    foreign = mask(WEIGHTS, shapes)
    content, facts = masks.to_bytes(foreign), masks.facts(foreign)
    other = study.made(IMP.format(1, 20), "prune", {"finder": "imp"}, {}, facts, content)

    call(diff, one, other)
    printed = capsys.readouterr().out

    assert "parameter seed: 1 -> none" in printed
    assert printed.splitlines()[-1] == (
        "bits: not compared, masks: they are for different models; compare masks of one"
    )


WEIGHT_SETS = st.sets(st.sampled_from(WEIGHTS))


@given(WEIGHT_SETS, WEIGHT_SETS)
def test_bits_are_compared_weight_by_weight(
    one: set[tuple[str, int]], other: set[tuple[str, int]]
) -> None:
    """Counted from sets of weights: of each kind of matrix over all layers, and of all."""
    found = compare_bits(pack(mask(one)), pack(mask(other)))

    assert [each.kind for each in found] == ["query", "output", "pooler", "all"]
    for each in found:
        within = {w for w in WEIGHTS if each.kind in (place(w[0])[1], "all")}
        first, second = one & within, other & within
        assert each.size == len(within)
        assert each.kept == (len(first), len(second))
        assert each.differing == Fraction(len(first ^ second), len(within))
        either = first | second
        assert each.jaccard == (Fraction(len(first & second), len(either)) if either else 1)


def test_no_statement_makes_it_fail(one: Path) -> None:
    """Whatever stands where a statement says something, only the documented error comes out; what
    says something else differs.
    """
    other = Path("other") / one.relative_to("one")
    shutil.copytree("one", "other")
    beside = provenance.statement_path(other)
    original = beside.read_bytes()

    @given(st.data())
    def check(data: st.DataObject) -> None:
        beside.write_bytes(statements.to_bytes(spoilt(original, data)))
        with contextlib.suppress(Tampered):
            compare(ancestry.find(one), ancestry.find(other))

    check()
