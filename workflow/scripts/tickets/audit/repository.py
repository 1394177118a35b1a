"""Files as they were at a commit, read from a git repository that need not be trusted.

Of the repository nothing is used but its objects: git's plumbing reads them from within an empty
folder of its own. So no configuration, hook, replacement (`git replace`), graft, filter or line-end
attribute of the repository has a say, and nothing of it is executed or fetched. git itself does not
compare an object with its id when it reads one. Here each one is hashed again, from the commit's id
over its trees to the file: what is trusted is that id and git's hash. Of SHA-1 whoever made both
files can make two with one id, and no one else; the statements' sha256 is of the file itself.
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
"""Bytes of an object that is read; no file of code comes near."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FOLDER, _FILES = b"40000", (b"100644", b"100755")
_ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}


class Commits:
    """The commits of a repository whose objects lie in the folder `objects`; None: there is none.

    `empty` is a folder for the repository that git believes to be in.
    """

    def __init__(self, objects: Path | None, empty: Path) -> None:
        self._objects = objects
        self._empty = empty
        self._read: dict[str, bytes] = {}

    def file(self, commit: str, name: str) -> bytes | None:
        """The content of the file `name` at `commit`, as git holds it; None where it has no such.

        Raises:
            BadInput: the repository lacks the commit, or a part of it.
            Tampered: an object is not the one that its id names.
        """
        if not _COMMIT.fullmatch(commit):
            raise BadInput(f"{commit[:64]!r} is no commit of git")
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
        """Mode and id of what a folder holds, by name."""
        entry = rb"(\d+) ([^\0]+)\0(.{%d})" % (len(tree) // 2)
        found = re.findall(entry, self._object("tree", tree), re.DOTALL)
        return {name: (mode, id_.hex()) for mode, name, id_ in found}

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
            raise Tampered(f"git's {kind} {id_} is not what its id names", "unknown-code")
        raise BadInput(f"the repository has no {kind} {id_}")


@contextmanager
def opened(repository: Path | None) -> Generator[Commits]:
    """The commits of the repository at `repository`: a work tree, a bare one, or None."""
    with tempfile.TemporaryDirectory() as folder:
        yield Commits(None if repository is None else _objects(repository), Path(folder))


def _objects(repository: Path) -> Path | None:
    """Where a repository's objects lie; None where there is no repository, or no git."""
    # This reads the repository's configuration, but runs nothing that it names. Whose folder it is
    # matters not.
    command = ["git", "-c", "safe.directory=*", "-C", str(repository), "rev-parse"]
    try:
        done = subprocess.run(
            [*command, "--git-path", "objects"],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return (repository / os.fsdecode(done.stdout.removesuffix(b"\n"))).absolute()


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | _ALONE | more


def _repository(folder: Path, algorithm: str) -> Path:
    """An empty bare repository whose object ids are of `algorithm`."""
    made = folder / algorithm
    if not made.exists():
        (made / "refs").mkdir(parents=True)
        (made / "HEAD").write_text("ref: refs/heads/none\n")
        (made / "config").write_text(
            "[core]\nrepositoryFormatVersion = 1\nbare = true\n"
            f"[extensions]\nobjectFormat = {algorithm}\n"
        )
    return made
