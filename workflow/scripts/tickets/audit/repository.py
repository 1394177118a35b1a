"""Files as they were at a commit, read from a git repository that need not be trusted.

Only the repository's objects are used: git's plumbing reads them from an empty repository. So no
configuration, hook, replacement (`git replace`), graft, filter or line-end attribute of the
repository has an effect, and nothing in it is executed or fetched. git does not compare an object
with its id when it reads one. Here each object is hashed again, from the commit through its trees
to the file, so that only the commit's id and git's hash are trusted. With SHA-1, only someone who
makes both files can give them the same id; statements have the sha256 of the file itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tickets.errors import BadInput, Tampered

LARGEST = 2**24
"""The most bytes of an object that are read, far more than a file of code has."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FOLDER, _FILES = b"40000", (b"100644", b"100755")
_ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}


class Commits:
    """The commits of the repository with its objects in the folder `objects`; None: there is none.

    `empty` is a folder for the empty repository from which git reads.
    """

    def __init__(self, objects: Path | None, empty: Path) -> None:
        self._objects = objects
        self._empty = empty
        self._read: dict[str, bytes] = {}

    def file(self, commit: str, name: str) -> bytes | None:
        """The content of the file `name` at `commit`, as git stores it; None if there is none.

        Raises:
            BadInput: the repository lacks the commit, or a part of it.
            Tampered: an object does not have the hash that is its id.
        """
        if not _COMMIT.fullmatch(commit):
            raise BadInput(f"{commit[:64]!r} is not the id of a git commit")
        *folders, last = name.encode(errors="backslashreplace").split(b"/")
        entries = self._entries(self._object("commit", commit)[5:][: len(commit)].decode("latin-1"))
        for folder in folders:
            mode, id_ = entries.get(folder, (b"", ""))
            if mode != _FOLDER:
                return None
            entries = self._entries(id_)
        mode, id_ = entries.get(last, (b"", ""))
        return self._object("blob", id_) if mode in _FILES else None

    def _entries(self, tree: str) -> Mapping[bytes, tuple[bytes, str]]:
        """Mode and id of each entry of a folder, by name."""
        entry = rb"(\d+) ([^\0]+)\0(.{%d})" % (len(tree) // 2)
        entries = re.findall(entry, self._object("tree", tree), re.DOTALL)
        return {name: (mode, id_.hex()) for mode, name, id_ in entries}

    def _object(self, kind: str, id_: str) -> bytes:
        if id_ not in self._read:
            self._read[id_] = self._fetch(kind, id_)
        return self._read[id_]

    def _fetch(self, kind: str, id_: str) -> bytes:
        if self._objects is None:
            raise BadInput("there is no repository")
        algorithm = {40: "sha1", 64: "sha256"}[len(id_)]
        with subprocess.Popen(
            ["git", "--no-replace-objects", "cat-file", kind, id_],
            cwd=self._empty,
            env=_environment(
                GIT_DIR=str(_repository(self._empty, algorithm)),
                GIT_OBJECT_DIRECTORY=str(self._objects),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as git:
            assert git.stdout is not None
            data = git.stdout.read(LARGEST + 1)
        if (
            hashlib.new(algorithm, b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()
            == id_
        ):
            return data
        if data:
            raise Tampered(f"git's {kind} {id_} does not have that hash", "unknown-code")
        raise BadInput(f"the repository has no {kind} {id_}")


@contextmanager
def open_repository(repository: Path | None) -> Generator[Commits]:
    """The commits of the repository at `repository`: a work tree, a bare one, or None."""
    with tempfile.TemporaryDirectory() as folder:
        yield Commits(None if repository is None else _objects(repository), Path(folder))


def _objects(repository: Path) -> Path | None:
    """The folder of a repository's objects; None if there is no repository or no git."""
    # This reads the repository's configuration but runs nothing that it names: whose folder it is
    # does not matter (safe.directory).
    command = ["git", "-c", "safe.directory=*", "-C", str(repository), "rev-parse"]
    try:
        process = subprocess.run(
            [*command, "--git-path", "objects"],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return (repository / os.fsdecode(process.stdout.removesuffix(b"\n"))).absolute()


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | _ALONE | more


def _repository(folder: Path, algorithm: str) -> Path:
    """An empty bare repository whose object ids are of `algorithm`."""
    repository = folder / algorithm
    if not repository.exists():
        (repository / "refs").mkdir(parents=True)
        (repository / "HEAD").write_text("ref: refs/heads/none\n")
        (repository / "config").write_text(
            "[core]\nrepositoryFormatVersion = 1\nbare = true\n"
            f"[extensions]\nobjectFormat = {algorithm}\n"
        )
    return repository
