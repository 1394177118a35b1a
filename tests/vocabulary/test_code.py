"""The digest of what an entry point can run: what counts, wherever the project lies."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from studies import ROOT, checkout, snakemake
from tickets.code import Code, code_files, digest, meanings

SCRIPTS = ROOT / "workflow" / "scripts"
TABLE = "results/tables/transfer.csv"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of all code."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(SCRIPTS, tmp_path / "elsewhere" / "scripts", ignore=ignored)


def digest_in(scripts: Path, *files: str) -> str:
    """The digest of files' code, as another process finds it in a copy."""
    program = (
        "import sys; from pathlib import Path; from tickets.code import digest\n"
        "print(digest(*map(Path, sys.argv[1:])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *files],
        cwd=scripts,
        env={"PYTHONPATH": str(scripts)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_digest_does_not_say_where_the_project_lies(copy: Path) -> None:
    """A copy elsewhere, called by a relative path or by a link, has the same."""
    here = digest(SCRIPTS / "find_mask.py")
    link = copy.parent / "link"
    link.symlink_to(copy)

    assert digest_in(copy, "find_mask.py") == here
    assert digest_in(link, str(link / "find_mask.py")) == here
    assert digest(SCRIPTS / "rewind.py") != here


def test_a_changed_constant_counts_where_it_is_reached(copy: Path) -> None:
    """And a comment, a docstring or another layout nowhere."""
    entries = [path.name for path in sorted(SCRIPTS.glob("*.py"))]
    module = copy / "tickets" / "scores" / "resampling.py"
    text = module.read_text()

    def changed(addition: str) -> set[str]:
        module.write_text(text + addition)
        return {name for name in entries if digest_in(copy, name) != digest(SCRIPTS / name)}

    assert changed('\n\n# A comment.\n"""A text."""\n') == set()
    assert changed("\nADDED = (\n    1,\n)\n") == {
        name for name in entries if "tickets/scores/resampling.py" in dict(meanings(SCRIPTS / name))
    }


def test_each_file_counts_by_its_place() -> None:
    """The entry point and all that it reaches, once; what it cannot reach does not."""
    entry = SCRIPTS / "find_mask.py"
    places = [place for place, _ in meanings(entry)]

    assert len(places) == len(set(places)) == len(code_files(entry))
    assert {"find_mask.py", "tickets/__init__.py", "tickets/masks.py"} <= set(places)
    assert not [place for place in places if place.startswith(("tickets/figures", "tickets/audit"))]


def test_files_from_elsewhere_count_with_what_they_import(tmp_path: Path) -> None:
    """By their names and their meanings; a file of the same name as another hides none."""
    mine = tmp_path / "find_mask.py"
    mine.write_text("import numpy\nfrom tickets.scores import resampling\nX = 1\n")
    entry = SCRIPTS / "find_mask.py"
    together = meanings(entry, mine)

    assert [place for place, _ in together].count("find_mask.py") == 2
    assert set(together) == set(meanings(entry)) | set(meanings(mine))
    assert "tickets/scores/resampling.py" in dict(together)
    assert digest(entry, mine) != digest(entry)


def test_a_file_from_elsewhere_counts_by_its_meaning(tmp_path: Path) -> None:
    """Wherever it lies."""
    texts = {"a": "X = 1\n", "b": "# One.\nX = (1)\n", "c": "X = 2\n"}
    files = {name: tmp_path / name / "mine.py" for name in texts}
    for name, file in files.items():
        file.parent.mkdir()
        file.write_text(texts[name])

    one, reworded, other = (digest(SCRIPTS / "find_mask.py", file) for file in files.values())

    assert one == reworded
    assert one != other


def test_what_is_no_python_is_named(tmp_path: Path) -> None:
    """With the file and the line."""
    mine = tmp_path / "mine.py"
    mine.write_text("x = 1\ny = = 2\n")

    with pytest.raises(SyntaxError) as raised:
        digest(mine)

    assert (raised.value.filename, raised.value.lineno) == (str(mine), 2)


def test_snakemake_sees_the_digest_and_no_path(tmp_path: Path) -> None:
    """It compares what `repr` gives; the command calls the path."""
    folder = checkout(tmp_path / "study")
    code = Code("workflow/scripts/language.py", digest(SCRIPTS / "language.py"))

    done = snakemake(folder, "--cores", "1", "--", "results/language/vocab.txt")

    assert done.returncode == 0, done.stdout
    records = [path.read_text() for path in (folder / ".snakemake/metadata").rglob("*")]
    assert len(records) > 1
    assert repr(code) == f"code {code.digest}"
    assert all(f'"{code!r}"' in record for record in records)
    assert all(f'"shellcmd": "python {code.path} ' in record for record in records)
