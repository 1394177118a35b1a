"""Parsing statements strictly, from the bytes of the file beside the one they are about."""

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
"""What a statement's file name adds to that of the file it is about."""

LARGEST = 2**53
"""Larger integers are not exact for a reader that knows only floating-point numbers."""


class Malformed(Tampered):
    """Bytes that are no statement of this project."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code)


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A file that a job read: its path as the job knew it, its sha256 and that of its statement.

    history: the statement itself, embedded where the file is not kept.
    """

    uri: str | None
    digest: str
    statement: str | None
    history: Statement | None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The statement about one file.

    name, digest: the file's name and sha256. rule, parameters: what made it. environment:
    versions, platform, job. commit: the code's, None outside git; clean: whether no tracked file
    differed from it. code: sha256 by path below workflow/scripts. dependencies: by role. facts:
    what the job measured. started, finished: UTC. itself: the sha256 of the statement's bytes.
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
        """Whether the file stays when everything that needs it has been made.

        What a round or a whole training leaves for the next one is deleted; theta_i, the weights of
        a training that ended early, stays. In studies of earlier versions tickets were weights too.
        """
        if not self.name.endswith(".safetensors"):
            return True
        if self.rule == "train":
            return self.parameters.get("to_percent", 100) != 100
        return self.rule not in ("round_start", "rewind")


def exact(value: Any) -> Any:
    """A float as text, so that a statement's reader needs no float arithmetic; else `value`."""
    return repr(value) if isinstance(value, float) else value


def to_bytes(value: Mapping[str, Any]) -> bytes:
    """A statement's bytes: canonical JSON and a newline; equal values give equal bytes."""
    return canonical_json(value) + b"\n"


def parse(data: bytes, origin: str) -> Statement:
    """The statement in `data`; `origin` names it in errors.

    Raises:
        Malformed: it is not a statement in the one form that this project writes.
    """
    return of(load(data, origin), sha256(data), origin)


def load(data: bytes, origin: str) -> dict[str, Any]:
    """The JSON object in `data`; `origin` names it in errors.

    Raises:
        Malformed: `data` is not what `to_bytes` gives, or two readers could read it differently:
            floats, a key twice, integers above 2^53.
    """
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_float=_refuse,
            parse_constant=_refuse,
            parse_int=_whole,
        )
        canonical = to_bytes(value)
    except (ValueError, RecursionError) as error:
        raise Malformed("bad-json", f"{origin}: not a statement's JSON ({error})") from None
    if canonical != data:
        raise Malformed("not-canonical", f"{origin}: not canonical JSON; restore it")
    if not isinstance(value, dict):
        raise Malformed("bad-statement", f"{origin}: not an in-toto Statement v1")
    return cast(dict[str, Any], value)


def of(value: Mapping[str, Any], itself: str, origin: str) -> Statement:
    """The statement in an object that `load` gives; `itself` is the sha256 of its bytes.

    Raises:
        Malformed: a field is missing or has a wrong value.
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
        resources = {str(each["name"]): each for each in definition["resolvedDependencies"]}
        if len(resources) != len(definition["resolvedDependencies"]):
            raise ValueError("two dependencies have one name")
        source = resources.pop("source", None)
        code = {
            name.removeprefix("code/"): digest_of(resources.pop(name), origin)
            for name in list(resources)
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
            dependencies=_dependencies(resources, origin),
            facts=dict(facts["annotations"]),
            started=str(details["metadata"]["startedOn"]),
            finished=str(details["metadata"]["finishedOn"]),
            itself=itself,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise Malformed("bad-statement", f"{origin}: not a statement ({reason})") from None


def digest_of(descriptor: Mapping[str, Any], origin: str) -> str:
    """The sha256 of a resource, as 64 lower-case hexadecimal digits.

    Raises:
        Malformed: it has none, or another digest too.
    """
    digests = descriptor["digest"]
    digest = digests.get("sha256")
    if list(digests) != ["sha256"] or not _is_sha256(digest):
        raise Malformed(
            "bad-digest",
            f"{origin}: {descriptor.get('name')}: its digest is not one sha256 of 64 lower-case"
            " hexadecimal digits",
        )
    return str(digest)


def _dependencies(resources: Mapping[str, Any], origin: str) -> dict[str, Dependency]:
    end = "-statement"
    statements = {n.removesuffix(end): each for n, each in resources.items() if n.endswith(end)}
    files = {name: each for name, each in resources.items() if not name.endswith(end)}
    if alone := statements.keys() - files.keys():
        raise ValueError(f"{min(alone)}{end} without {min(alone)}")
    return {
        name: Dependency(
            uri=each.get("uri"),
            digest=digest_of(each, origin),
            statement=digest_of(statements[name], origin) if name in statements else None,
            history=_history(statements[name], f"{origin}, {name}") if name in statements else None,
        )
        for name, each in files.items()
    }


def _history(descriptor: Mapping[str, Any], origin: str) -> Statement | None:
    """The statement embedded in a descriptor, if any, checked against the descriptor's digest."""
    if "annotations" not in descriptor:
        return None
    value = descriptor["annotations"]["statement"]
    itself = sha256(to_bytes(value))
    if itself != digest_of(descriptor, origin):
        raise Malformed(
            "broken-link", f"{origin}: the embedded statement does not have the digest given"
        )
    return of(value, itself, origin)


def _is_sha256(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key twice")
    return value


def _whole(text: str) -> int:
    if len(text) > 16 or abs(int(text)) > LARGEST:
        raise ValueError(f"the number {text[:20]} is too large; write it as text")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"the number {text[:20]} is not an integer; write it as text")
