"""A file's ancestry: all files that it was made from, followed from statement to statement.

No file or statement is trusted: whatever is wrong becomes an ancestor's `problem`, and the search
goes on where it can.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from tickets import statements
from tickets.audit.study_files import parse_path
from tickets.audit.tree import walk
from tickets.errors import Tampered
from tickets.files import read_bytes, sha256
from tickets.paths import is_kept
from tickets.provenance import read_statement, statement_path
from tickets.statements import SUFFIX, Dependency, Statement

PINS = "pins"
"""The role of the file that pins the packages; it belongs to the code and is no ancestor."""

SHOWN = 12
"""The most parents of one kind that are shown one by one; more become a group."""

DIGITS = 12
"""The number of digits shown of a digest."""

OTHERS = "files"
"""The name for files that belong to no folder of the study."""

State = Literal["here", "not kept", "from outside", "differs", "not here"]
FAULTS: tuple[State, ...] = ("differs", "not here")


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """The file itself, a file that it was made from, or a group of such files.

    place: its path below the results folder, or what is known of it. digest: the sha256 that its
    child names. statement_digest: that of its statement, None without one. statement: None if it is
    not available. problem: what is wrong. parents: pairs of role and key in the ancestry.
    """

    place: str
    digest: str
    statement_digest: str | None
    statement: Statement | None
    state: State
    problem: str = ""
    parents: tuple[tuple[str, str], ...] = ()
    group: str = ""

    @property
    def kind(self) -> str:
        """The folder of the study that it belongs to; empty for a file from elsewhere."""
        return self.group or ("" if "/" not in self.place else self.place.partition("/")[0])

    @property
    def is_fault(self) -> bool:
        """Whether it differs from what its child's statement says."""
        return self.state in FAULTS


@dataclass(frozen=True, kw_only=True)
class Ancestry:
    """The file `root` and all its ancestors by key, nearest first."""

    root: str
    ancestors: Mapping[str, Ancestor]

    @property
    def faults(self) -> list[Ancestor]:
        """The ancestors that differ from their children's statements."""
        return [each for each in self.ancestors.values() if each.is_fault]


def find(path: Path) -> Ancestry:
    """Find the ancestry of the file at `path` among the files of its results folder.

    Raises:
        Tampered: its statement is missing or malformed.
        BadInput: a folder of the study cannot be read.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links
    own = statements.parse(read_statement(path), str(statement_path(path)))
    ancestors: dict[str, Ancestor] = {}
    study = _Study(path)
    dependency = Dependency(uri=None, digest=own.digest, statement=own.itself, history=None)
    root = _key("", dependency)
    waiting = deque([(root, study.read(path, own, dependency))])
    while waiting:
        key, ancestor = waiting.popleft()
        if key in ancestors:
            continue
        parents = _dependencies(ancestor.statement)
        keys = tuple((role, _key(role, parent)) for role, parent in parents.items())
        ancestors[key] = replace(ancestor, parents=keys)
        for (role, parent), (_, parent_key) in zip(parents.items(), keys, strict=True):
            if parent_key not in ancestors and ancestor.statement is not None:
                waiting.append((parent_key, study.ancestor(ancestor.statement, role, parent)))
    return Ancestry(root=root, ancestors=ancestors)


def summarise(ancestry: Ancestry) -> Ancestry:
    """Group the parents of one kind where a file has more than `SHOWN`.

    A group's parents are its faulty ancestors, without their own ancestors, and the files with
    which the study begins: theta_0 and the data.
    """
    whole = ancestry.ancestors
    shown: dict[str, Ancestor] = {}
    grouped: dict[str, Ancestor] = {}
    waiting = deque([ancestry.root])
    while waiting:
        key = waiting.popleft()
        if key in shown:
            continue
        ancestor = whole[key]
        kinds: dict[str, list[str]] = defaultdict(list)
        for _, parent in ancestor.parents:
            kinds[whole[parent].kind].append(parent)
        parents = [pair for pair in ancestor.parents if len(kinds[whole[pair[1]].kind]) <= SHOWN]
        waiting.extend(each for _, each in parents)
        for kind, members in kinds.items():
            if len(members) > SHOWN:
                group = _group(kind, members, whole)
                grouped[f"{key} {kind}"] = group
                parents.append((kind or OTHERS, f"{key} {kind}"))
                for _, each in group.parents:
                    if _begins(whole[each]):
                        waiting.append(each)
                    else:
                        grouped[each] = replace(whole[each], parents=())
        shown[key] = replace(ancestor, parents=tuple(parents))
    # A faulty file that is shown elsewhere too keeps its ancestors.
    return Ancestry(root=ancestry.root, ancestors={**shown, **grouped, **shown})


def short(text: str) -> str:
    """The first digits of a digest, commit or revision; any other text unchanged."""
    is_digest = len(text) in (40, 64) and set(text) <= set("0123456789abcdef")
    return text[:DIGITS] if is_digest else text


def printable(text: str) -> str:
    """Text from a file, without characters that control a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


class _Study:
    """The results folder of a file: the one in which its path is one of a study's paths."""

    def __init__(self, path: Path) -> None:
        roots = (each for each in path.parents if parse_path(path.relative_to(each).as_posix()))
        root = next(roots, None)
        self.root = root or path.parent
        self._files: dict[str, Path] = {}
        for file in self._statements() if root else path.parent.glob(f"*{SUFFIX}"):
            try:
                digest = sha256(read_bytes(file))
                subject = file.with_name(file.name.removesuffix(SUFFIX))
            except (Tampered, ValueError):  # of no file: its name is the suffix alone
                continue
            self._files.setdefault(digest, subject)

    def _statements(self) -> Iterator[Path]:
        """All files with statements."""
        for folder, names in walk(self.root).folders.items():
            yield from (self.root / folder / name for name in names if name.endswith(SUFFIX))

    def ancestor(self, child: Statement, role: str, dependency: Dependency) -> Ancestor:
        """The file that `child` names as its `role`, as it is here."""
        if dependency.statement is None:
            return self._find_by_path(child, role, dependency)
        if (path := self._files.get(dependency.statement)) is not None:
            return self._find_by_statement(path, dependency)
        ancestor = Ancestor(
            place=self._place(dependency.uri) or role,
            digest=dependency.digest,
            statement_digest=dependency.statement,
            statement=dependency.history,
            state="not here",
        )
        if dependency.history is not None and not is_kept(ancestor.place):
            if dependency.history.digest == dependency.digest:
                return replace(ancestor, state="not kept")
            problem = f"its statement gives it the sha256 {dependency.history.digest}"
            return replace(ancestor, state="differs", problem=problem)
        if problem := self._mismatch(dependency):
            return replace(ancestor, state="differs", problem=problem)
        return replace(ancestor, state="from outside") if _reads_outside(child) else ancestor

    def read(self, path: Path, statement: Statement, dependency: Dependency) -> Ancestor:
        """The file at `path`, compared with its statement and with what its child says of it."""
        ancestor = Ancestor(
            place=path.relative_to(self.root).as_posix(),
            digest=dependency.digest,
            statement_digest=dependency.statement,
            statement=statement,
            state="here",
        )
        if statement.name != path.name:
            problem = f"its statement is of {statement.name}"
            return replace(ancestor, state="differs", problem=problem)
        if statement.digest != dependency.digest:
            problem = f"its statement gives it the sha256 {statement.digest}"
            return replace(ancestor, state="differs", problem=problem)
        return _compare(ancestor, path)

    def _find_by_statement(self, path: Path, dependency: Dependency) -> Ancestor:
        """The file at `path`, whose statement has the digest that its child names."""
        try:
            beside = statement_path(path)
            statement = statements.parse(read_bytes(beside), str(beside))
        except Tampered as error:
            return Ancestor(
                place=path.relative_to(self.root).as_posix(),
                digest=dependency.digest,
                statement_digest=dependency.statement,
                statement=None,
                state="differs",
                problem=str(error).replace(f"{self.root}/", ""),
            )
        return self.read(path, statement, dependency)

    def _mismatch(self, dependency: Dependency) -> str:
        """What is wrong with a file whose statement is missing; "" if the file is missing too."""
        path = self._where(dependency.uri)
        if path is None:
            return ""
        with suppress(Tampered):
            if sha256(read_bytes(path)) == dependency.digest:
                return "its statement is another one, or gone"
        return "another file stands in its place"

    def _find_by_path(self, child: Statement, role: str, dependency: Dependency) -> Ancestor:
        """A file that has no statement, found by its path alone."""
        path = self._where(dependency.uri)
        ancestor = Ancestor(
            place=self._place(dependency.uri) or role,
            digest=dependency.digest,
            statement_digest=None,
            statement=None,
            state="from outside" if _reads_outside(child) else "not here",
        )
        if path is None:
            return ancestor
        place_here = path.relative_to(self.root).as_posix()
        return _compare(replace(ancestor, place=place_here, state="here"), path)

    def _place(self, uri: object) -> str:
        """A job's path below the results folder, or the whole path if it is not in one."""
        tails = ("/".join(parts) for parts in _tails(uri))
        return next(filter(parse_path, tails), str(uri or ""))

    def _where(self, uri: object) -> Path | None:
        """The file in the results folder for a job's path."""
        files = (self.root.joinpath(*parts) for parts in _tails(uri) if len(parts) > 1)
        return next(filter(_exists, files), None)


def _compare(ancestor: Ancestor, path: Path) -> Ancestor:
    """The ancestor, with its state from the file at `path`."""
    if not _exists(path):
        return replace(ancestor, state="not here")
    try:
        digest = sha256(read_bytes(path))
    except Tampered as error:
        return replace(ancestor, state="differs", problem=str(error).removeprefix(f"{path}: "))
    if digest == ancestor.digest:
        return ancestor
    return replace(ancestor, state="differs", problem=f"its sha256 is {digest}")


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # not a possible name
        return False


def _tails(uri: object) -> Iterator[tuple[str, ...]]:
    """The ends of a path, longest first; none if it could lead out of a folder."""
    parts = PurePosixPath(str(uri or "")).parts
    if ".." not in parts:
        yield from (parts[start:] for start in range(len(parts)) if parts[start] != "/")


def _key(role: str, dependency: Dependency) -> str:
    """An ancestor's key: by its statement, or without one by its path."""
    return f"{dependency.digest} {dependency.statement or dependency.uri or role}"


def _dependencies(statement: Statement | None) -> Mapping[str, Dependency]:
    if statement is None:
        return {}
    return {role: each for role, each in statement.dependencies.items() if role != PINS}


def _reads_outside(child: Statement) -> bool:
    """Whether its inputs come from outside the study, where their statements may be missing."""
    foreign = child.rule == "data" and child.parameters.get("dataset") != "language"
    return foreign or child.rule in ("theta_0", "import")


def _group(kind: str, members: Sequence[str], whole: Mapping[str, Ancestor]) -> Ancestor:
    """One ancestor for `members`."""
    seen = dict.fromkeys(members)
    waiting = deque(seen)
    while waiting:
        for _, parent in whole[waiting.popleft()].parents:
            if parent not in seen:
                seen[parent] = None
                waiting.append(parent)
    shown = [(whole[key], key) for key in seen if whole[key].is_fault or _begins(whole[key])]
    shown.sort(key=lambda each: (not each[0].is_fault, each[0].kind != "weights"))
    return Ancestor(
        place=f"{len(members):,} {kind or OTHERS}",
        digest="",
        statement_digest=None,
        statement=None,
        state="here",
        parents=tuple((each.kind or OTHERS, key) for each, key in shown),
        group=kind,
    )


def _begins(ancestor: Ancestor) -> bool:
    """Whether a study begins with it: theta_0 or a data set."""
    rule = None if ancestor.statement is None else ancestor.statement.rule
    return rule == "data" or (rule == "theta_0" and ancestor.kind == "weights")
