"""docs/troubleshooting.md quotes what is really printed."""

from __future__ import annotations

import re
from pathlib import Path

import snakemake

ROOT = Path(__file__).parents[2]
ERRORS = "error: config: "  # what `common.smk` and `config.load` put before a line


def said() -> str:
    """The code's text, a message on several lines joined; Snakemake's own too."""
    ours = [*ROOT.glob("workflow/**/*.py"), ROOT / "Makefile"]
    paths = [*ours, Path(snakemake.__file__).with_name("exceptions.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return re.sub(r'"\s*\\?\n\s*f?"', "", text)


def test_messages_are_those_of_the_code() -> None:
    """Each line of a quoted block, but what `...` stands for, is in the code."""
    document = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    lines = "".join(re.findall(r"(?ms)^```text\n(.*?)^```$", document)).splitlines()
    code = said()

    assert len(lines) > 20
    for line in lines:
        for part in line.removeprefix(ERRORS).split("..."):
            assert part.strip(' ().:;,"') in code, line
