"""A results folder as the audit's checks are given it."""

from __future__ import annotations

from pathlib import Path

from tickets import statements
from tickets.audit.findings import Files, Finding
from tickets.files import sha256
from tickets.provenance import statement_path


def read(root: Path) -> Files:
    """Every file but statements, and what is stated about it."""
    made = [path for path in sorted(root.rglob("*.*")) if not path.name.endswith(".prov.json")]
    named = {path.relative_to(root).as_posix(): path for path in made if path.is_file()}
    return Files(
        root=root,
        digests={name: sha256(path.read_bytes()) for name, path in named.items()},
        statements={
            name: statements.parse(statement_path(path).read_bytes(), name)
            for name, path in named.items()
            if statement_path(path).exists()
        },
    )


def places(findings: list[Finding]) -> list[tuple[str, str]]:
    """Path and code of each finding."""
    return [(finding.path, finding.code) for finding in findings]
