"""Whatever is done to a study's files, the audit finds it; docs/audit.md has the same table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tamperings_of_files  # noqa: F401 - fills the table
import tamperings_of_statements  # noqa: F401 - and so does this
from kept_study import STUDY, audited, copied
from tamperings import TABLE, Tampering, rewritten
from tickets.audit.findings import FAULTS, REMARKS

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "audit.md"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_the_kept_study_is_clean() -> None:
    """Statements made by version 1 are still understood, and nothing is found."""
    found = audited(STUDY, ROOT)

    assert found.faults == []
    assert len(found.masks) > 20


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_tampering_is_found(study: Path, tmp_path: Path, row: Tampering) -> None:
    """With its own code at its own path; nothing is executed on the way."""
    row.do(study)

    found = audited(study, ROOT)

    assert (row.path, row.code) in {(each.path, each.code) for each in found.findings}
    assert not (tmp_path / "executed").exists()


def test_a_study_put_back_whole_is_found_with_an_anchor_only(study: Path, tmp_path: Path) -> None:
    """An old complete result set contradicts nothing; its root digest is another one."""
    old = audited(study, ROOT).root
    new = shutil.copytree(study, tmp_path / "new")
    rewritten(new)

    found = audited(new, ROOT)

    assert found.root != old
    assert audited(study, ROOT).root == old


def test_a_chain_rewritten_without_a_seam_is_found_with_an_anchor_only(study: Path) -> None:
    """Nothing contradicts it, so that only a root digest kept elsewhere tells."""
    before = audited(study, ROOT)

    rewritten(study)

    found = audited(study, ROOT)
    assert found.faults == []
    assert found.root != before.root


def test_every_fault_has_a_row_or_a_test() -> None:
    """No code without somebody who has seen it."""
    seen = {row.code for row in TABLE}

    assert (FAULTS | REMARKS).keys() - seen == ELSEWHERE


def rows_of(name: str) -> str:
    """What stands in the document between the marks of that name."""
    if name == "tampering":
        return "".join(f"| {row.fault} | {row.what} | `{row.code}` |\n" for row in TABLE)
    codes = FAULTS if name == "findings" else REMARKS
    return "".join(f"| `{code}` | {meaning} |\n" for code, meaning in codes.items())


@pytest.mark.parametrize("name", ["findings", "remarks", "tampering"])
def test_the_document_has_the_same_tables(name: str, request: pytest.FixtureRequest) -> None:
    """`pytest tests/test_tampering.py --fix` rewrites them."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    wanted = before + begin + rows_of(name) + end + after
    if request.config.getoption("--fix"):
        DOCUMENT.write_text(wanted, encoding="utf-8")

    assert text == wanted or request.config.getoption("--fix")


ELSEWHERE = {
    "bad-signature",  # test_signature.py
    "changed-meanwhile",  # test_audit.py
    "mixed-code",  # test_audit_code.py
    "no-commit",
    "no-design",  # test_audit.py
    "no-repository",  # test_audit_code.py
    "outside-code",
    "wrong-mask",  # test_audit.py
    "wrong-matrices",
    "wrong-root",
}
