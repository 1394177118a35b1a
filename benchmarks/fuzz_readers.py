"""Fuzz the readers of masks and statements, guided by coverage: only documented errors come out.

    pip install atheris==3.0.0
    python benchmarks/fuzz_readers.py mask -max_total_time=300
    python benchmarks/fuzz_readers.py statement -max_total_time=300

What stands after the reader's name goes to libFuzzer. It starts from the files of the kept study,
and ends with a traceback and the input's file where anything else is raised. docs/audit.md has a
run.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tickets", "json"]):
    from tickets import masks, statements
    from tickets.audit import schema_of_statements
    from tickets.errors import BadInput
    from tickets.statements import Malformed

STUDY = Path(__file__).parents[1] / "tests" / "study_v1"


def mask(data: bytes) -> None:
    """A mask, and its parts."""
    try:
        packed = masks.packed_from_bytes(data, "mask")
    except BadInput:
        return
    packed.kept.sum()
    masks.from_bytes(data, "mask")


def statement(data: bytes) -> None:
    """A statement, and what its schema says of it."""
    try:
        value = statements.load(data, "statement")
        schema_of_statements.problem(value)
        statements.parse(data, "statement")
    except Malformed:
        return


READERS: dict[str, tuple[Callable[[bytes], None], str]] = {
    "mask": (mask, "masks/**/*.safetensors"),
    "statement": (statement, "**/*.prov.json"),
}


def main() -> None:
    """Fuzz one reader."""
    if len(sys.argv) < 2 or sys.argv[1] not in READERS:
        sys.exit(f"usage: fuzz_readers.py {'|'.join(READERS)} [libFuzzer's flags]")
    reader, pattern = READERS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory() as corpus:
        for number, file in enumerate(sorted(STUDY.glob(pattern))):
            (Path(corpus) / str(number)).write_bytes(file.read_bytes())
        atheris.Setup([*sys.argv, corpus], reader)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
