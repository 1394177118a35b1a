from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from import_graph import (
    ENTRY_POINTS,
    HEAVY,
    MODULES,
    PACKAGE,
    ROOMS,
    ROOT,
    SCRIPTS,
    imported,
    imports,
    module,
    name_of,
    reached,
    rooms_behind,
)

RULES = sorted([*ROOT.glob("Snakefile"), *ROOT.glob("workflow/**/*.smk")])
PYTHON = sorted(
    [*ENTRY_POINTS, *MODULES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/*.py")]
)

# What the field's words mean stands in no folder: the lowest layer, which knows none of the stages.
VOCABULARY = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "cli"}
# Entry points that cannot do without: they run networks and tokenizers, or Hugging Face's metrics.
HEAVY_ENTRY_POINTS = {
    *("adapt", "corpus", "encode", "initial_loss", "interpolate", "metrics", "pretrain"),
    *("theta_0", "train"),
}
LIGHT_ENTRY_POINTS = [path for path in ENTRY_POINTS if path.stem not in HEAVY_ENTRY_POINTS]
CEILINGS = {"Snakefile": 60, "common.smk": 150}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_imports_itself_in_a_circle(path: Path) -> None:
    """Each module can be read after those that it imports."""
    assert name_of(path) not in reached(name_of(path))


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_itself_in_a_circle(room: str) -> None:
    """Nor do folders: of each two, one can be read without the other."""
    found: set[str] = set()
    pending = [room]
    while pending:
        for next_room in rooms_behind(pending.pop()) - found:
            found.add(next_room)
            pending.append(next_room)

    assert room not in found


@pytest.mark.parametrize("path", [*MODULES, *ENTRY_POINTS], ids=lambda path: path.name)
def test_nothing_imports_an_entry_point(path: Path) -> None:
    """Entry points call the package; the package and other entry points do not call them."""
    assert not imports(path)[1] & {entry.stem for entry in ENTRY_POINTS}


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_vocabulary_knows_no_stage(name: str) -> None:
    """Imports run one way, from stages to vocabulary; and vocabulary is light."""
    used = {name} | reached(name)

    assert used <= VOCABULARY
    assert not HEAVY & frozenset().union(*(imports(module(each))[1] for each in used))


@pytest.mark.parametrize("path", ENTRY_POINTS, ids=lambda path: path.stem)
def test_entry_points_explain_themselves(path: Path) -> None:
    """`--help` has a description, and a text for every flag."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = [(ast.unparse(call.func), call.args) for call in calls]
    (parsed,) = (arguments for name, arguments in named if name == "flags.parse")
    helps = [arguments[0] for name, arguments in named if name in ("flag", "source")]

    assert ast.unparse(parsed[0]) == "__doc__"
    assert not {name for name, _ in named if "add_argument" in name or "ArgumentParser" in name}
    assert all(isinstance(text, ast.Constant) and text.value for text in helps)


@pytest.mark.parametrize("path", LIGHT_ENTRY_POINTS, ids=lambda path: path.stem)
def test_light_entry_points_start_light(path: Path) -> None:
    """By the time they show their help they have imported all they need, and nothing heavy."""
    program = (
        "import runpy, sys; sys.argv[1:] = ['--help']\n"
        f"try: runpy.run_path({str(path)!r}, run_name='__main__')\n"
        f"except SystemExit: print('loaded:', sorted(set(sys.modules) & set({sorted(HEAVY)})))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=SCRIPTS
    )

    assert done.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("path", ENTRY_POINTS, ids=lambda path: path.stem)
def test_entry_points_do_nothing_when_imported(path: Path) -> None:
    """Imports, constants, classes and functions, then the call that `python path` makes."""
    docstring, *body, guard = ast.parse(path.read_text(encoding="utf-8")).body
    passive = (
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    )

    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(node, passive) for node in body)
    assert ast.unparse(guard) == "if __name__ == '__main__':\n    run(main)"


@pytest.mark.parametrize("path", ENTRY_POINTS, ids=lambda path: path.stem)
def test_entry_points_shadow_no_other_module(path: Path) -> None:
    """Their folder comes first on Python's path: an evaluate.py there would hide the package."""
    assert path.stem not in sys.stdlib_module_names
    assert path.stem not in metadata.packages_distributions()


@pytest.mark.parametrize("path", RULES, ids=names(RULES))
def test_rules_import_nothing_heavy(path: Path) -> None:
    """Snakemake reads them at every call: what they import from the package is light too."""
    # Snakemake's language is no Python for `ast`; its import statements are.
    statements = re.findall(
        r"(?m)^[ \t]*((?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(?:\([^)]*\)|[^(\n]+))",
        path.read_text(encoding="utf-8"),
    )
    own, others = imported("\n".join(statements))

    used = own.union(*(reached(name) for name in own))
    assert not {*HEAVY, "pandas"} & others.union(*(imports(module(name))[1] for name in used))


@pytest.mark.parametrize("path", [*PYTHON, *RULES], ids=names([*PYTHON, *RULES]))
def test_files_stay_short(path: Path) -> None:
    """One idea a module; Snakefile is a table of contents, common.smk only loads and resolves."""
    with path.open(encoding="utf-8") as lines:
        length = sum(1 for _ in lines)

    assert length <= CEILINGS.get(path.name, 400)
