"""What an audit can find: kinds of faults and remarks, by codes that do not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tickets.statements import Statement

LONGEST = 500
"""The most characters of a message."""

FAULTS = {
    # files and statements
    "not-a-plain-file": "a link, pipe, device or other thing in the place of a file",
    "bad-name": "a file name that no path of a study has, or that two systems read differently",
    "extra-file": "a file that no study makes",
    "missing-statement": "a file without its statement",
    "missing-file": "a statement without its file",
    "changed-file": "the file's sha256 is not the one its statement gives",
    "changed-meanwhile": "the file changed while it was read",
    "foreign-statement": "the statement is about a file of another name",
    "bad-json": "not JSON that all readers read alike: a key twice, or a number that is no integer",
    "not-canonical": "JSON, but not in the canonical form of statements",
    "bad-statement": "not an in-toto statement of this project, or fields its rule does not have",
    "bad-digest": "a digest that is not one sha256 of 64 lower-case hexadecimal digits",
    # chain
    "missing-parent": "made from a file that is not here",
    "broken-link": "made from another version of a file that is here",
    "wrong-parent": "made from a file that its path does not allow",
    "wrong-parameters": "the statement's parameters are not those that the file's path names",
    "two-designs": "tables here were made for different studies",
    "missing-cell": "a training or mask that the study demands and that is not here",
    "extra-cell": "a training or mask that the study does not have",
    # masks and tickets
    "bad-mask": "not a mask file, or not written exactly as masks are",
    "wrong-bits": "the mask's bits do not have the digest that its statement gives",
    "wrong-count": "not as many weights pruned as sparsity and scope say",
    "wrong-matrices": "prunable matrices or shapes are not those of the study's model",
    "wrong-facts": "the statement's sparsities are not those of the mask",
    "not-nested": "the mask keeps a weight that the round before pruned",
    "wrong-mask": "made again from its inputs, the mask is another one",
    "bad-ticket": "not a ticket file, or of other weights or another mask than its statement says",
    "wrong-weights": "a weight that the mask prunes is not zero after the training, or not frozen",
    # scores
    "wrong-score": "scored again, the predictions give another score",
    "wrong-table": "made again from the scores, the table is another one",
    # code
    "dirty-code": "the code differed from its commit when the file was made",
    "unknown-code": "no file of the commit has the digest that the code had",
    "wrong-version": "a package's version is not the pinned one",
    # trust anchor
    "wrong-root": "the root digest is not the expected one",
    "bad-signature": "the signature is missing, or not of these files by this key",
}
"""Kinds of fault: with one of them the audit's verdict is a finding."""

REMARKS = {
    "same-mask": "two cells have the same mask, though found in other ways or by other seeds",
    "no-design": "no scores are here, so which cells the study demands is not known",
    "no-commit": "made outside git: its code cannot be looked up",
    "no-repository": "the commit is not in the repository: its code was not looked up",
    "mixed-code": "files of one rule were made by different code",
    "outside-code": "a mask was found by a criterion of the study's own, outside the repository",
    "odd-clock": "a job ended before it began, or in the future",
}
"""What a reader should know, though nothing may be wrong."""


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """One fault or remark: `path` is relative to the results folder, `code` one of those above.

    The message may quote a statement: it is escaped and cut to one line.
    """

    path: str
    code: str
    message: str

    def __post_init__(self) -> None:
        line = printable(self.message)
        line = line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
        object.__setattr__(self, "message", line)

    @property
    def is_fault(self) -> bool:
        """Whether it is a fault, on which the verdict depends."""
        return self.code in FAULTS


@dataclass(frozen=True, kw_only=True)
class Files:
    """A results folder as it was read: by path relative to `root`, in POSIX form.

    digests: the sha256 of each file's bytes. statements: those that could be parsed, by the path of
    their file.
    """

    root: Path
    digests: Mapping[str, str]
    statements: Mapping[str, Statement]


def finding_about(paths: Sequence[str], code: str, message: str) -> Finding:
    """One finding about all of `paths`, at the first of them."""
    files = "this file" if len(paths) == 1 else f"{len(paths)} files, this the first"
    return Finding(path=paths[0], code=code, message=f"{files}: {message}")


def printable(text: str) -> str:
    """`text` with everything escaped that is not printable."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
