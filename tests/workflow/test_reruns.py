"""What is made again when code changes: what its imports reach, and what follows from that."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from studies import change, checkout, planned, snakemake
from tickets.design import registry

EVERYTHING = {
    "seeds": [1],
    "target_sparsity": 0.1,
    "rewinds": [50],
    "later_sources": ["mlm"],
    "sweep": ["oneshot", "random", "snip"],
    "subsets": {"acceptability": [32]},
}
SCRIPTS = Path("workflow", "scripts")
CONSTANT = "\nCONSTANT = {}\n"
CHANGED = (
    *("paths", "provenance", "masks", "schedule", "data.encoding", "initial.shuffling"),
    *("training.adamw", "scores.resampling", "tables.tabulation", "figures.curves"),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that Snakemake takes for finished, though nothing ran: each file holds its name.

    Every module of its copy of the code has a constant to change.
    """
    folder = checkout(tmp_path_factory.mktemp("finished"))
    change(folder, EVERYTHING)
    for module in modules(folder):
        module.write_text(module.read_text() + CONSTANT.format(1))
    for path in (folder / row["output_file"] for row in summary(folder)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    done = snakemake(folder, "--touch", "--forceall", "--cores", "2", "--quiet", "--", "all")
    assert done.returncode == 0, done.stdout
    return folder


def modules(folder: Path) -> list[Path]:
    """Entry points and all of the package."""
    return sorted((folder / SCRIPTS).rglob("*.py"))


def summary(folder: Path) -> list[dict[str, str]]:
    """What Snakemake says of each file of the study: its rule, its status, what is planned."""
    done = snakemake(folder, "--summary", "--nolock", "--", "all")
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.count("\t") == 5]
    return list(csv.DictReader(lines, delimiter="\t"))


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """Each job's rule, by the job's number; and the pairs of which the second reads the first."""

    rules: dict[str, str]
    pairs: set[tuple[str, str]]

    def following(self, rules: set[str]) -> Counter[str]:
        """How many jobs of each rule are of one of these, or come after such a job."""
        waiting = [job for job, rule in self.rules.items() if rule in rules]
        reached: set[str] = set()
        while waiting:
            job = waiting.pop()
            if job not in reached:
                reached.add(job)
                waiting += [later for earlier, later in self.pairs if earlier == job]
        return Counter(self.rules[job] for job in reached)


@pytest.fixture(scope="module")
def jobs(study: Path) -> Jobs:
    """All of the study, as Snakemake draws them."""
    drawn = snakemake(study, "--dag", "--nolock", "--", "all").stdout
    rules = dict(re.findall(r'(?m)^\s*(\d+)\[label = "(\w+)', drawn))
    pairs = set(re.findall(r"(?m)^\s*(\d+) -> (\d+)", drawn))
    assert len(pairs) > len(rules) > 100, drawn
    return Jobs(rules=rules, pairs=pairs)


def entries(folder: Path) -> dict[str, list[str]]:
    """The programs of each rule: its entry point, and what that loads by name in this study."""
    rules: dict[str, list[str]] = {}
    for file in (folder / "workflow" / "rules").glob("*.smk"):
        for body in re.split(r"(?m)^(?:use rule \w+ as|rule) ", file.read_text())[1:]:
            name = re.match(r"\w+", body)
            assert name is not None
            if named := re.search(r'\bcode\("(\w+)"', body):
                rules[name[0]] = [named[1]]
            elif "finding_code" in body:
                rules[name[0]] = ["find_mask"]
    tables = {name: f"tickets/tables/{name}" for name in registry.tables()}
    rules["find_mask_on_data"].append("tickets/criteria/snip")
    rules["metrics"].append("tickets/design/experiments")
    for name in ("audit", "plan", "story"):
        rules[name] += tables.values()
    return rules | {name: ["table", file] for name, file in tables.items()}


@cache
def loaded(scripts: Path, entry: str) -> frozenset[str]:
    """The modules that a program may import, in the judgement of Python's own library."""
    finder = ModuleFinder(path=[str(scripts)])
    finder.run_script(str(scripts / f"{entry}.py"))
    return frozenset(finder.modules)


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_constant_reruns_what_reaches_it(study: Path, jobs: Jobs, name: str) -> None:
    """Exactly the rules whose entry points can import it have other parameters; with them runs
    what reads their files, and nothing else.
    """
    module = study.joinpath(SCRIPTS, "tickets", *name.split(".")).with_suffix(".py")
    before = module.read_text()
    module.write_text(before.removesuffix(CONSTANT.format(1)) + CONSTANT.format(2))
    try:
        rows = summary(study)
    finally:
        module.write_text(before)

    reaching = {
        rule
        for rule, programs in entries(study).items()
        if any(f"tickets.{name}" in loaded(study / SCRIPTS, each) for each in programs)
    } & set(jobs.rules.values())
    again = {(row["rule"], row["log-file(s)"]) for row in rows if row["plan"] == "update pending"}
    assert reaching
    assert {row["rule"] for row in rows if row["status"] == "params changed"} == reaching
    assert Counter(rule for rule, _ in again) + Counter(all=1) == jobs.following(reaching)


def test_each_module_written_anew_reruns_nothing(study: Path) -> None:
    """Every line in another layout, every comment gone and one come, every docstring another."""
    before = {module: module.read_text() for module in modules(study)}
    assert planned(study, "all") == {}
    for module, text in before.items():
        module.write_text(reworded(text))
    try:
        changed = [module for module, text in before.items() if module.read_text() != text]
        again = planned(study, "all")
    finally:
        for module, text in before.items():
            module.write_text(text)

    assert changed == list(before)
    assert again == {}


def reworded(text: str) -> str:
    """The same code as another would have written it."""
    tree = ast.parse(text)
    for node in documented(tree):
        node.value = ast.Constant("Something else.")
    return f"# A comment.\n{ast.unparse(tree)}"


def documented(tree: ast.AST) -> Iterator[ast.Expr]:
    for node in ast.walk(tree):
        body: Iterable[ast.stmt] = getattr(node, "body", ()) if has_docstring(node) else ()
        yield from (each for each in list(body)[:1] if isinstance(each, ast.Expr))


def has_docstring(node: ast.AST) -> bool:
    known = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, known) and ast.get_docstring(node) is not None


def test_a_module_that_is_gone_or_new_counts(study: Path) -> None:
    """A module that an import names comes and goes with what that import means."""
    room = study / SCRIPTS / "tickets" / "figures"
    place = room / "curves.py"
    place.rename(room / "curves.txt")
    try:
        rows = summary(study)
    finally:
        (room / "curves.txt").rename(place)

    changed = {row["rule"] for row in rows if row["status"] == "params changed"}
    assert "sparsity_sweep" in changed
    assert "train" not in changed
