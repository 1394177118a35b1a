"""What an audit names first: the files that its findings come from, and no others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fake_histories import call
from forgery import flip, parameters, restate
from kept_study import assert_each_fault_once, audited, cause_paths, copied
from tamperings import CSV, DATA, FIRST, OTHER_SEED, RANDOM, SECOND, THETA, copy
from tickets.audit import report, verdict
from tickets.audit.causes import find_causes
from tickets.audit.findings import Files, Finding
from tickets.audit.study import Audit
from tickets.commands import audit as command
from tickets.provenance import statement_path
from tickets.statements import Dependency, Statement

LANGUAGE = "language/acceptability/train-00000-of-00001.parquet"
ENCODED = "encoded/mlm/train.arrow"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return copied(tmp_path)


def lines(result: Audit, *, full: bool = False) -> list[str]:
    text = verdict.text(result, verdict.of(result, anchored=False), full=full)
    return text.splitlines()


def delete(path: Path) -> None:
    path.unlink()
    statement_path(path).unlink()


def later(path: Path) -> None:
    """Make a file again at another time: the same bytes, another statement."""

    def edit(value: dict[str, dict[str, dict[str, dict[str, str]]]]) -> None:
        times = {"startedOn": "2026-01-01T00:00:00Z", "finishedOn": "2026-01-01T00:00:00Z"}
        value["predicate"]["runDetails"]["metadata"].update(times)

    restate(path, edit=edit)


def test_a_changed_byte_of_theta_0_is_one_line(study: Path) -> None:
    """The first; the second counts all that was made from it, kind by kind."""
    flip(study / THETA, -1)

    result = audited(study)

    cause, following, *remarks, hint, _, _, last = lines(result)
    number = len(result.faults) - 1
    assert number > 80
    assert {each.code for each in result.faults} == {"changed-file", "broken-link"}
    assert cause.startswith(f"changed-file  {THETA}: its sha256 is ")
    assert following == f"{number} findings follow from {THETA}: {number} broken-link"
    assert all(line.startswith("remark: ") for line in remarks)
    assert hint == "--full, or a report, lists every finding"
    assert last.startswith(f"not clean: {number + 1} findings; ")


def test_many_files_with_one_fault_are_one_line(study: Path) -> None:
    """As those of a removed seed. A few are named one by one, and `full` names all."""
    paths = [f"masks/random/seed-{seed}/sparsity-70.safetensors" for seed in range(5)]
    findings = [
        Finding(path=each, code="extra-cell", message="not of this study") for each in paths
    ]
    result = audited(study)

    def said(number: int, *, full: bool = False) -> list[str]:
        made = replace(result, findings=tuple(findings[:number]))
        return [line for line in lines(made, full=full) if line.startswith("extra-cell")]

    assert said(5) == [f"extra-cell  5 files, the first {paths[0]}: not of this study"]
    assert len(said(3)) == 3
    assert said(5, full=True) == [f"extra-cell  {each}: not of this study" for each in paths]


def test_full_lists_each_finding_below_its_cause(study: Path) -> None:
    """Every fault has one line, and none is counted without one."""
    flip(study / THETA, -1)

    result = audited(study)
    text = lines(result, full=True)

    below = [line for line in text if line.startswith("  ")]
    assert text[2 : 2 + len(below)] == below
    assert {f"{each.code}  {each.path}: {each.message}" for each in result.faults} == {
        text[0],
        *(line.strip() for line in below),
    }


def test_the_command_has_the_flag(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints more, and its exit status stays the number of faults."""
    flip(study / FIRST, -1, 7)
    printed = []

    for flags in ([], ["--full"]):
        assert call(command, study, *flags) == 9
        printed.append(capsys.readouterr().out.splitlines())

    short, full = printed
    assert len(full) == len(short) + 8 - 1
    assert short[:2] == full[:2]


def test_the_page_has_causes_first_and_all_else_folded_away(study: Path) -> None:
    """Each fault has a row, those that follow within `details`."""
    flip(study / FIRST, -1, 7)

    result = audited(study)
    page = report.html(result, verdict.of(result, anchored=False))

    causes = page.index("<h2>Causes</h2>")
    assert causes < page.index("<td>changed-file</td>") < page.index("<details>")
    assert f"<summary>8 findings follow from {FIRST}: 2 broken-link, 1 not-nested" in page
    rows = page[causes : page.index("<h2>Remarks</h2>")]
    assert rows.count("<tr><td>") == len(result.faults) == 9


def test_a_removed_mask(study: Path) -> None:
    """Whoever misses it follows from it: the next round, what was trained on it, the table."""
    delete(study / FIRST)

    result = audited(study)

    assert lines(result)[0] == (
        f"missing-cell  {FIRST}: metrics/transfer.parquet demands it; it is not here"
    )
    assert lines(result)[1] == f"3 findings follow from {FIRST}: 3 missing-parent"


def test_another_seeds_mask(study: Path) -> None:
    """It fits its own statement, which was copied too; it is out of place."""
    copy(study, OTHER_SEED, FIRST)

    result = audited(study)

    assert cause_paths(result) == {FIRST}
    assert_each_fault_once(result)


ACTS: dict[str, Callable[[Path], None]] = {
    "changed": lambda path: flip(path, -1),
    "deleted": delete,
    "made again": later,
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    "path",
    [
        *(DATA, ENCODED, THETA, RANDOM, SECOND, "masks/dense.safetensors", "model/config.json"),
        *("metrics/transfer.parquet", "tables/winning_sparsities.csv", "pretrained/corpus.arrow"),
    ],
)
def test_whatever_is_done_to_a_file_it_is_the_cause(study: Path, path: str, act: str) -> None:
    """Alone, whether it is found by its own digest or only by those of what was made from it."""
    ACTS[act](study / path)

    result = audited(study)

    assert cause_paths(result) == {path}
    assert_each_fault_once(result)


def test_a_source_known_by_its_name_alone_is_found_by_its_bytes(study: Path) -> None:
    """Statements of data say how their source is called, and not where it lies."""
    later(study / LANGUAGE)

    assert cause_paths(audited(study)) == {LANGUAGE}


def tamper_table(root: Path) -> None:
    text = (root / CSV).read_text().replace("acceptability", "acceptabillty", 1)
    restate(root / CSV, text.encode())


PAIRS: dict[str, tuple[tuple[str, Callable[[Path], object]], ...]] = {
    "ancestor and mask": (
        (THETA, lambda root: flip(root / THETA, -1)),
        (SECOND, lambda root: flip(root / SECOND, -1, 7)),
    ),
    "ancestor remade and mask": (
        (THETA, lambda root: later(root / THETA)),
        (FIRST, lambda root: flip(root / FIRST, -1, 7)),
    ),
    "ancestor and table": ((THETA, lambda root: flip(root / THETA, -1)), (CSV, tamper_table)),
    "ancestor and wrong statement": (
        (DATA, lambda root: flip(root / DATA, -1)),
        (
            FIRST,
            lambda root: restate(
                root / FIRST, edit=lambda value: parameters(value).update(task="mlm")
            ),
        ),
    ),
    "missing and foreign": (
        (RANDOM, lambda root: delete(root / RANDOM)),
        ("notes.txt", lambda root: (root / "notes.txt").write_text("by hand")),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_independent_changes_are_two_causes(study: Path, pair: str) -> None:
    """Also where one of the two files was made from the other."""
    for _, act in PAIRS[pair]:
        act(study)

    result = audited(study)

    assert cause_paths(result) == {path for path, _ in PAIRS[pair]}
    assert_each_fault_once(result)
    first = [line.split("  ")[1].split(": ")[0] for line in lines(result)[:2]]
    assert first == sorted(path for path, _ in PAIRS[pair])


def test_what_follows_from_two_is_counted_once(study: Path) -> None:
    """Under the first: a mask of the second round was made from both."""
    flip(study / FIRST, -1, 7)
    flip(study / THETA, -1)

    first, second = audited(study).causes

    assert (first.finding.path, second.finding.path) == (FIRST, THETA)
    paths = [each.path for cause in (first, second) for each in cause.consequences]
    assert SECOND in paths
    assert len({*first.consequences, *second.consequences}) == len(paths)


def statement(name: str, digest: str, **parents: tuple[str, str]) -> Statement:
    """A statement of a file made from `parents`: their paths and the digests they had."""
    return Statement(
        name=name,
        digest=digest,
        rule="rewind",
        parameters={},
        environment={},
        commit=None,
        clean=None,
        code={},
        dependencies={
            role: Dependency(uri=path, digest=read, statement=f"statement of {read}", history=None)
            for role, (path, read) in parents.items()
        },
        facts={},
        started="",
        finished="",
        itself=f"statement of {digest}",
    )


def contradiction(*others: str, beside: tuple[Finding, ...] = ()) -> list[str]:
    """Causes where CSV read another version of SECOND, which `others` read as it is; `beside` are
    findings beside that.
    """
    statements = {
        SECOND: statement("second", "new"),
        CSV: statement("csv", "csv", parent=(SECOND, "old")),
        **{path: statement(path, path, parent=(SECOND, "new")) for path in others},
    }
    files = Files(
        root=Path(),
        digests={path: each.digest for path, each in statements.items()},
        statements=statements,
    )
    link = Finding(path=CSV, code="broken-link", message="made from another one")
    return [each.finding.path for each in find_causes(files, [link, *beside])]


def test_the_many_are_believed() -> None:
    """A file that others read as it is was not replaced: the one that contradicts it is wrong."""
    assert contradiction(RANDOM) == [CSV]


def test_where_nobody_says_which_of_two_is_wrong_both_are_causes() -> None:
    """Nothing was made from the one, and nothing else from the other."""
    assert contradiction() == [SECOND, CSV]


def test_a_fault_says_which_of_two_is_wrong() -> None:
    """That of a replaced mask which has too few weights."""
    count = Finding(path=SECOND, code="wrong-count", message="too few")

    assert contradiction(beside=(count,)) == [SECOND]


def test_a_clean_study_has_no_causes(study: Path) -> None:
    """And says nothing of findings."""
    shutil.rmtree(study / "figures", ignore_errors=True)
    result = audited(study)

    assert result.causes == []
    assert lines(result)[0].endswith(" masks") or lines(result)[0].startswith("remark: ")
