"""A statement as its reader sees it: parsed strictly, from the bytes that stand beside a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from tickets.errors import Tampered
from tickets.files import canonical_json, sha256

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://bert-tickets.github.io/docs/statements/v1"
SUFFIX = ".prov.json"
"""What follows a file's name in its statement's."""

LARGEST = 2**53
"""Above it a reader that knows only floating-point numbers would see another one."""


class Malformed(Tampered):
    """Bytes that are no statement of this project."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code)


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A file that was read: its place as the job knew it, and the sha256 of it and its statement.

    history: the statement itself, where the file was not meant to last.
    """

    uri: str | None
    digest: str
    statement: str | None
    history: Statement | None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is stated about one file.

    name, digest: the file's name and sha256. rule, parameters: what made it. environment:
    versions, platform, job. commit: that of the code, None outside git; clean: whether no tracked
    file differed from it. code: sha256 by file name below workflow/scripts. dependencies: by their
    roles. facts: what was found out on the way. started, finished: UTC. itself: the sha256 of the
    statement's bytes.
    """

    name: str
    digest: str
    rule: str
    parameters: Mapping[str, Any]
    environment: Mapping[str, Any]
    commit: str | None
    clean: bool | None
    code: Mapping[str, str]
    dependencies: Mapping[str, Dependency]
    facts: Mapping[str, Any]
    started: str
    finished: str
    itself: str

    @property
    def is_kept(self) -> bool:
        """Whether the file stays when all that needs it is made.

        Deleted is what a round or a whole training leaves for the next one, unlike the weights of a
        training that ended early, theta_i. In studies of earlier versions tickets were weights too.
        """
        if not self.name.endswith(".safetensors"):
            return True
        if self.rule == "train":
            return self.parameters.get("to_percent", 100) != 100
        return self.rule not in ("round_start", "rewind")


def exact(value: Any) -> Any:
    """A number that is not whole as text: a statement's reader needs no float arithmetic."""
    return repr(value) if isinstance(value, float) else value


def to_bytes(value: Mapping[str, Any]) -> bytes:
    """A statement's bytes: canonical JSON and a line's end; equal values give equal bytes."""
    return canonical_json(value) + b"\n"


def parse(data: bytes, origin: str) -> Statement:
    """The statement in `data`; `origin` names it in errors.

    Raises:
        Malformed: not a statement, or not in the one form that this project writes.
    """
    return of(load(data, origin), sha256(data), origin)


def load(data: bytes, origin: str) -> dict[str, Any]:
    """The JSON object in `data`, which is exactly what `to_bytes` makes of it.

    No floats, no keys twice, no whole numbers above 2^53: what two readers could read differently.

    Raises:
        Malformed: anything else.
    """
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_float=_refuse,
            parse_constant=_refuse,
            parse_int=_whole,
        )
        again = to_bytes(value)
    except (ValueError, RecursionError) as error:
        raise Malformed("bad-json", f"{origin}: not a statement's JSON ({error})") from None
    if again != data:
        raise Malformed("not-canonical", f"{origin}: not written as statements are; restore it")
    if not isinstance(value, dict):
        raise Malformed("bad-statement", f"{origin}: not an in-toto Statement v1")
    return cast(dict[str, Any], value)


def of(value: Mapping[str, Any], itself: str, origin: str) -> Statement:
    """The statement that `load` has read from bytes with the sha256 `itself`.

    Raises:
        Malformed: a field is missing, or is none.
    """
    try:
        if (value["_type"], value["predicateType"]) != (STATEMENT_TYPE, PREDICATE_TYPE):
            raise ValueError("not an in-toto Statement v1 with SLSA provenance v1")
        (subject,) = value["subject"]
        definition = value["predicate"]["buildDefinition"]
        details = value["predicate"]["runDetails"]
        if definition["buildType"] != BUILD_TYPE:
            raise ValueError(f"its buildType is not {BUILD_TYPE}")
        parameters = dict(definition["externalParameters"])
        described = {str(each["name"]): each for each in definition["resolvedDependencies"]}
        if len(described) != len(definition["resolvedDependencies"]):
            raise ValueError("two dependencies have one name")
        source = described.pop("source", None)
        code = {
            name.removeprefix("code/"): digest_of(described.pop(name), origin)
            for name in list(described)
            if name.startswith("code/")
        }
        (facts,) = details["byproducts"]
        return Statement(
            name=str(subject["name"]),
            digest=digest_of(subject, origin),
            rule=str(parameters.pop("rule")),
            parameters=parameters,
            environment=definition["internalParameters"],
            commit=None if source is None else str(source["digest"]["gitCommit"]),
            clean=None if source is None else source["annotations"]["clean"] is True,
            code=code,
            dependencies=_dependencies(described, origin),
            facts=dict(facts["annotations"]),
            started=str(details["metadata"]["startedOn"]),
            finished=str(details["metadata"]["finishedOn"]),
            itself=itself,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise Malformed("bad-statement", f"{origin}: not a statement ({reason})") from None


def digest_of(descriptor: Mapping[str, Any], origin: str) -> str:
    """The sha256 of a resource: that and no other digest, as 64 lower-case hexadecimal digits.

    Raises:
        Malformed: it is not given so.
    """
    digests = descriptor["digest"]
    found = digests.get("sha256")
    if list(digests) != ["sha256"] or not _is_sha256(found):
        raise Malformed(
            "bad-digest",
            f"{origin}: {descriptor.get('name')} has no sha256 of 64 lower-case hexadecimal "
            "digits, alone",
        )
    return str(found)


def _dependencies(described: Mapping[str, Any], origin: str) -> dict[str, Dependency]:
    end = "-statement"
    stated = {name.removesuffix(end): each for name, each in described.items() if _ends(name)}
    files = {name: each for name, each in described.items() if not _ends(name)}
    if alone := stated.keys() - files.keys():
        raise ValueError(f"{min(alone)}{end} without {min(alone)}")
    return {
        name: Dependency(
            uri=each.get("uri"),
            digest=digest_of(each, origin),
            statement=digest_of(stated[name], origin) if name in stated else None,
            history=_history(stated[name], f"{origin}, {name}") if name in stated else None,
        )
        for name, each in files.items()
    }


def _history(descriptor: Mapping[str, Any], origin: str) -> Statement | None:
    """The statement that a descriptor carries, if any: its digest is that of the bytes it had."""
    if "annotations" not in descriptor:
        return None
    value = descriptor["annotations"]["statement"]
    itself = sha256(to_bytes(value))
    if itself != digest_of(descriptor, origin):
        raise Malformed("broken-link", f"{origin}: the history in it is not the one it names")
    return of(value, itself, origin)


def _ends(name: str) -> bool:
    return name.endswith("-statement")


def _is_sha256(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _whole(text: str) -> int:
    if len(text) > 16 or abs(int(text)) > LARGEST:
        raise ValueError(f"the number {text[:20]} is too large; text holds it exactly")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"the number {text[:20]} is not whole; write it as text")
