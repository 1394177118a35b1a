"""Fuzz the readers of masks and statements, guided by coverage: they raise documented errors only.

    pip install atheris==3.0.0
    python benchmarks/fuzz_readers.py mask -max_total_time=300
    python benchmarks/fuzz_readers.py statement -max_total_time=300

Arguments after the reader's name are libFuzzer's. It starts from the files of the kept study; any
other error ends it, with a traceback and a file with the input. docs/audit.md describes a run.
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
    """Read a mask and its parts."""
    try:
        packed = masks.packed_from_bytes(data, "mask")
    except BadInput:
        return
    packed.kept.sum()
    masks.from_bytes(data, "mask")


def statement(data: bytes) -> None:
    """Read a statement and compare it with its schema."""
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
