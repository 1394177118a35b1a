"""Git repositories with the project's files in them, and statements that name their commits."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tickets.audit.findings import Files
from tickets.files import sha256
from tickets.statements import Dependency, Statement

CODE = {"prune.py": b"print('prune')\n", "tickets/masks.py": b"bits = 1\n"}
PINS = b"# direct\nnumpy==2.4.6\ntorch==2.13.0\nhuggingface_hub==2.4.0\n"
DIGESTS = {name: sha256(content) for name, content in CODE.items()}


def git(folder: Path, *arguments: str) -> str:
    """What git says, whatever the user's configuration is."""
    settings = ["user.name=somebody", "user.email=somebody@example.org", "commit.gpgSign=false"]
    command = ["git", *(word for each in settings for word in ("-c", each)), *arguments]
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | alone, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def repository(folder: Path, algorithm: str = "sha1") -> Path:
    """A repository with one commit."""
    folder.mkdir()
    git(folder, "init", "--quiet", f"--object-format={algorithm}")
    for name, content in CODE.items():
        write(folder / "workflow" / "scripts" / name, content)
    write(folder / "envs" / "constraints.txt", PINS)
    commit(folder)
    return folder


def commit(folder: Path) -> str:
    """Commit all that is there."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")
    return head(folder)


def head(folder: Path) -> str:
    """The commit that a repository stands at."""
    return git(folder, "rev-parse", "HEAD")


def write(path: Path, content: bytes) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def stated(commit: str | None, **changes: Any) -> Statement:
    """A statement about a file that was made at `commit`, by its code and under its pins."""
    values: dict[str, Any] = {
        "name": "mask.safetensors",
        "digest": "0" * 64,
        "rule": "prune",
        "parameters": {},
        "environment": {"packages": {"numpy": "2.4.6"}},
        "commit": commit,
        "clean": None if commit is None else True,
        "code": DIGESTS,
        "dependencies": {"pins": pins(sha256(PINS))},
        "facts": {},
        "started": "2026-11-24T18:31:42Z",
        "finished": "2026-11-24T18:31:43Z",
    }
    values |= changes
    return Statement(**values, itself=sha256(repr(sorted(values.items())).encode()))


def pins(digest: str) -> Dependency:
    """The file of pins as a statement names it."""
    return Dependency(uri="envs/constraints.txt", digest=digest, statement=None, history=None)


def carried(statement: Statement) -> Dependency:
    """A file that does not last, with its statement."""
    return Dependency(
        uri="trained/theta_0/dense/on-rte/seed-1.safetensors",
        digest=statement.digest,
        statement=statement.itself,
        history=statement,
    )


def folder_of(statements: Mapping[str, Statement]) -> Files:
    """A results folder with these statements, by their files' paths."""
    digests = {path: statement.digest for path, statement in statements.items()}
    return Files(root=Path("results"), digests=digests, statements=statements)
