"""A file's ancestry: all that it was made from, followed from statement to statement.

Nothing of what is found is trusted: whatever a file or a statement holds, it becomes an ancestor's
`problem`, and the search goes on where it can.
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
from tickets.errors import BadInput, Tampered
from tickets.files import read_bytes, sha256
from tickets.paths import is_kept
from tickets.provenance import read_statement, statement_path
from tickets.statements import SUFFIX, Dependency, Statement

PINS = "pins"
"""The role of the file that pins the packages: it belongs to the code, and is no ancestor."""

SHOWN = 12
"""How many parents of one kind are told apart; more become one line."""

DIGITS = 12
"""How many of a digest are shown."""

OTHERS = "files"
"""What files are called that belong to no folder of the study."""

State = Literal["here", "not kept", "from outside", "differs", "not here"]
FAULTS: tuple[State, ...] = ("differs", "not here")


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A file that another one was made from, or that one itself; or a group of such files.

    place: its path below the results folder, or what is known of it. digest: the sha256 that its
    child names, stated: that of its statement, None without one. statement: None where it is not to
    be had. problem: what is wrong with it. parents: pairs of role and key in the ancestry.
    """

    place: str
    digest: str
    stated: str | None
    statement: Statement | None
    state: State
    problem: str = ""
    parents: tuple[tuple[str, str], ...] = ()
    group: str = ""

    @property
    def kind(self) -> str:
        """The folder of the study that it belongs to; what is from elsewhere has none."""
        return self.group or ("" if "/" not in self.place else self.place.partition("/")[0])

    @property
    def is_fault(self) -> bool:
        """Whether it is not as its child's statement says."""
        return self.state in FAULTS


@dataclass(frozen=True, kw_only=True)
class Ancestry:
    """All ancestors of the file `root` by key, nearest first; the file itself is the first."""

    root: str
    ancestors: Mapping[str, Ancestor]

    @property
    def faults(self) -> list[Ancestor]:
        """Those that are not as they should be."""
        return [each for each in self.ancestors.values() if each.is_fault]


def find(path: Path) -> Ancestry:
    """The ancestry of the file at `path`, among the files of its results folder.

    Raises:
        Tampered: there is no statement beside it, or it is none.
        BadInput: a folder of the study cannot be read.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links
    stated = statements.parse(read_statement(path), str(statement_path(path)))
    found: dict[str, Ancestor] = {}
    study = _Study(path)
    named = Dependency(uri=None, digest=stated.digest, statement=stated.itself, history=None)
    root = _key("", named)
    waiting = deque([(root, study.read(path, stated, named))])
    while waiting:
        key, ancestor = waiting.popleft()
        if key in found:
            continue
        parents = _dependencies(ancestor.statement)
        names = tuple((role, _key(role, parent)) for role, parent in parents.items())
        found[key] = replace(ancestor, parents=names)
        for (role, parent), (_, name) in zip(parents.items(), names, strict=True):
            if name not in found and ancestor.statement is not None:
                waiting.append((name, study.ancestor(ancestor.statement, role, parent)))
    return Ancestry(root=root, ancestors=found)


def summarised(ancestry: Ancestry) -> Ancestry:
    """The same with one ancestor for all parents of one kind, where a file has very many.

    Below such a group stand those of its ancestors that are not as they should be, without their
    own ancestors, and where its study begins: theta_0 and the data.
    """
    whole = ancestry.ancestors
    found: dict[str, Ancestor] = {}
    told: dict[str, Ancestor] = {}
    waiting = deque([ancestry.root])
    while waiting:
        key = waiting.popleft()
        if key in found:
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
                told[f"{key} {kind}"] = group
                parents.append((kind or OTHERS, f"{key} {kind}"))
                for _, each in group.parents:
                    if _begins(whole[each]):
                        waiting.append(each)
                    else:
                        told[each] = replace(whole[each], parents=())
        found[key] = replace(ancestor, parents=tuple(parents))
    # What is at fault and stands elsewhere too keeps its ancestors.
    return Ancestry(root=ancestry.root, ancestors={**found, **told, **found})


def short(text: str) -> str:
    """As much of a digest, commit or revision as a person compares; any other text as it is."""
    is_digest = len(text) in (40, 64) and set(text) <= set("0123456789abcdef")
    return text[:DIGITS] if is_digest else text


def printable(text: str) -> str:
    """Text from a file without what would steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


class _Study:
    """The results folder that a file belongs to: the one in which its path is that of a study."""

    def __init__(self, path: Path) -> None:
        roots = (each for each in path.parents if parse_path(path.relative_to(each).as_posix()))
        known = next(roots, None)
        self.root = known or path.parent
        self._files: dict[str, Path] = {}
        for file in self._stated() if known else path.parent.glob(f"*{SUFFIX}"):
            try:
                digest = sha256(read_bytes(file))
            except Tampered:
                continue
            self._files.setdefault(digest, file.with_name(file.name.removesuffix(SUFFIX)))

    def _stated(self) -> Iterator[Path]:
        try:
            folders = walk(self.root).folders
        except OSError as error:
            raise BadInput(
                f"{error.filename}: cannot be looked through ({error.strerror}); make it readable"
            ) from None
        for folder, names in folders.items():
            yield from (self.root / folder / name for name in names if name.endswith(SUFFIX))

    def ancestor(self, child: Statement, role: str, named: Dependency) -> Ancestor:
        """What `child` names as its `role`, as it is here."""
        if named.statement is None:
            return self._unstated(child, role, named)
        if (path := self._files.get(named.statement)) is not None:
            return self._stated_ancestor(path, named)
        ancestor = Ancestor(
            place=self._place(named.uri) or role,
            digest=named.digest,
            stated=named.statement,
            statement=named.history,
            state="not here",
        )
        if named.history is not None and not is_kept(ancestor.place):
            if named.history.digest == named.digest:
                return replace(ancestor, state="not kept")
            problem = f"its statement gives it the sha256 {named.history.digest}"
            return replace(ancestor, state="differs", problem=problem)
        if problem := self._instead(named):
            return replace(ancestor, state="differs", problem=problem)
        return replace(ancestor, state="from outside") if _reads_outside(child) else ancestor

    def read(self, path: Path, stated: Statement, named: Dependency) -> Ancestor:
        """The file at `path`, beside which `stated` stands, compared with what is said of it."""
        ancestor = Ancestor(
            place=path.relative_to(self.root).as_posix(),
            digest=named.digest,
            stated=named.statement,
            statement=stated,
            state="here",
        )
        if stated.name != path.name:
            return replace(ancestor, state="differs", problem=f"its statement is of {stated.name}")
        if stated.digest != named.digest:
            problem = f"its statement gives it the sha256 {stated.digest}"
            return replace(ancestor, state="differs", problem=problem)
        return _compared(ancestor, path)

    def _stated_ancestor(self, path: Path, named: Dependency) -> Ancestor:
        """The file at `path`, whose statement was seen to be the named one."""
        try:
            stated = statements.parse(read_bytes(statement_path(path)), str(statement_path(path)))
        except Tampered as error:
            return Ancestor(
                place=path.relative_to(self.root).as_posix(),
                digest=named.digest,
                stated=named.statement,
                statement=None,
                state="differs",
                problem=str(error).replace(f"{self.root}/", ""),
            )
        return self.read(path, stated, named)

    def _instead(self, named: Dependency) -> str:
        """What stands where a file should be whose statement is nowhere."""
        path = self._where(named.uri)
        if path is None:
            return ""
        with suppress(Tampered):
            if sha256(read_bytes(path)) == named.digest:
                return "its statement is another one, or gone"
        return "another file stands in its place"

    def _unstated(self, child: Statement, role: str, named: Dependency) -> Ancestor:
        """A file that has no statement is known by its place alone."""
        path = self._where(named.uri)
        ancestor = Ancestor(
            place=self._place(named.uri) or role,
            digest=named.digest,
            stated=None,
            statement=None,
            state="from outside" if _reads_outside(child) else "not here",
        )
        if path is None:
            return ancestor
        found = replace(ancestor, place=path.relative_to(self.root).as_posix(), state="here")
        return _compared(found, path)

    def _place(self, uri: object) -> str:
        """What a job's path says: below the results folder, or else the whole of it."""
        tails = ("/".join(parts) for parts in _tails(uri))
        return next(filter(parse_path, tails), str(uri or ""))

    def _where(self, uri: object) -> Path | None:
        """The file of the results folder that a job's path leads to."""
        files = (self.root.joinpath(*parts) for parts in _tails(uri) if len(parts) > 1)
        return next(filter(_is_there, files), None)


def _compared(ancestor: Ancestor, path: Path) -> Ancestor:
    """The ancestor, whose bytes should be those at `path`."""
    if not _is_there(path):
        return replace(ancestor, state="not here")
    try:
        found = sha256(read_bytes(path))
    except Tampered as error:
        return replace(ancestor, state="differs", problem=str(error).removeprefix(f"{path}: "))
    if found == ancestor.digest:
        return ancestor
    return replace(ancestor, state="differs", problem=f"its sha256 is {found}")


def _is_there(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # no system has such a name
        return False


def _tails(uri: object) -> Iterator[tuple[str, ...]]:
    """The ends of a path, the longest first; none of one that could lead out of a folder."""
    parts = PurePosixPath(str(uri or "")).parts
    if ".." not in parts:
        yield from (parts[start:] for start in range(len(parts)) if parts[start] != "/")


def _key(role: str, named: Dependency) -> str:
    """What tells ancestors apart: a statement names its file, one without has but its path."""
    return f"{named.digest} {named.statement or named.uri or role}"


def _dependencies(statement: Statement | None) -> Mapping[str, Dependency]:
    if statement is None:
        return {}
    return {role: each for role, each in statement.dependencies.items() if role != PINS}


def _reads_outside(child: Statement) -> bool:
    """Whether its inputs come from outside the study, where their statements need not be here."""
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
        stated=None,
        statement=None,
        state="here",
        parents=tuple((each.kind or OTHERS, key) for each, key in shown),
        group=kind,
    )


def _begins(ancestor: Ancestor) -> bool:
    """Whether it is where a study begins: theta_0, or a data set."""
    rule = None if ancestor.statement is None else ancestor.statement.rule
    return rule == "data" or (rule == "theta_0" and ancestor.kind == "weights")
