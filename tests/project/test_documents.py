"""Links in the documents lead somewhere; their commands are run by a test, or it says why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), ROOT / "config" / "README.md", *ROOT.glob("docs/*.md")])
COMMANDS = ROOT / "tests" / "documented_commands.yaml"
# A line of a block that begins with one of these is a command, `$ ` and variables before it or not.
PROGRAMS = (
    *("snakemake", "make", "python", "pip", "pytest", "tickets", "git", "podman", "conda", "tail"),
    *(
        "rocrate-validator",
        "time",
        "openssl",
        "model_signing",
        "squeue",
        "sbatch",
        "sinfo",
        "cat",
        "mkdir",
        "cp",
    ),
)


def blocks(text: str) -> list[str]:
    """The fenced blocks, but those of programs and data, and the indented ones."""
    fence = r"(?ms)^( *)```(\w*)\n(.*?)^\1```$"
    fenced = [body for _, kind, body in re.findall(fence, text) if kind in ("", "sh")]
    rest = re.sub(fence, "", text)
    # The body of a list's item is indented too: a block begins after an empty line or a paragraph.
    return fenced + re.findall(r"(?m)(?:^(?: {4,}.*)?\n)*^ {4,}\S.*\n(?:^(?: {4,}.*)?\n)*", rest)


def commands(text: str) -> list[str]:
    """The commands in a document's blocks, without comments, each on one line."""
    lines = [
        line.strip().removeprefix("$ ")
        for block in blocks(text)
        for line in re.sub(r" *\\\n\s*", " ", block).splitlines()
    ]
    start = rf"(?:[A-Z_]+=\S+ )*(?:\S*/)?(?:{'|'.join(PROGRAMS)})(?: |$)"
    return [re.sub(r"\s+#\s.*", "", line) for line in lines if re.match(start, line)]


def anchors(text: str) -> set[str]:
    """What a heading is linked by."""
    headings = re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", text))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_what_is_there(path: Path) -> None:
    """A relative link names a file or folder of the project, and a heading in it."""
    text = re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8"))
    dead: list[str] = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(link)

    assert dead == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_run_by_a_test_or_it_is_said_why_not(path: Path) -> None:
    """Whoever writes a command into a document says what tells when it stops working."""
    listed = yaml.safe_load(COMMANDS.read_text(encoding="utf-8"))
    name = str(path.relative_to(ROOT))
    found = [] if name in listed["documents"] else commands(path.read_text(encoding="utf-8"))

    unknown = [each for each in dict.fromkeys(found) if each not in listed["commands"]]
    lines = dict.fromkeys(unknown, "test_file.py::test_name, or in words why no test runs it")
    assert not unknown, f"add to {COMMANDS.name}:\n{yaml.safe_dump(lines, width=1000)}"


def test_what_is_listed_is_in_a_document_and_its_tests_are_there() -> None:
    """A command that left the documents leaves the list; a test that is named exists."""
    listed = yaml.safe_load(COMMANDS.read_text(encoding="utf-8"))
    found = {each for path in DOCUMENTS for each in commands(path.read_text(encoding="utf-8"))}
    reasons = [*listed["documents"].values(), *listed["commands"].values()]
    named = re.findall(r"\b(test_\w+\.py)::(\w+)", "\n".join(reasons))

    assert set(listed["commands"]) <= found, f"take out of {COMMANDS.name} what no document has"
    for file, test in named:
        assert f"def {test}(" in next(ROOT.glob(f"tests/*/{file}")).read_text(encoding="utf-8"), (
            test
        )
