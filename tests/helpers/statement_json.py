"""Statements as the JSON that they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tickets import provenance


def statement(path: Path) -> Any:
    """What stands beside `path`."""
    return json.loads(provenance.statement_path(path).read_bytes())


def definition(path: Path) -> Any:
    """What it says about how the file was made."""
    return statement(path)["predicate"]["buildDefinition"]
