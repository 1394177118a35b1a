"""The command that makes a table, as its rule calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "table.py"


def make_table(
    name: str, results: Path, parameters: Mapping[str, Any], inputs: Mapping[str, Path], *words: str
) -> subprocess.CompletedProcess[str]:
    """Make a table in the folder `results` from files by role; `words` stand for further ones."""
    return subprocess.run(
        [
            *(sys.executable, SCRIPT, name, "--results", results),
            *("--parameters", json.dumps(parameters)),
            *("--inputs", *(f"{role}={path}" for role, path in inputs.items()), *words),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
