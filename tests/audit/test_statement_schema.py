"""The JSON schema of statements: every rule's own parameters, and nothing else anywhere."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from example_statements import EXAMPLES, FACTS, OPTIONAL, TRAINING, carrying, example
from tickets import provenance, statements
from tickets.audit import schema_of_statements
from tickets.audit.findings import LONGEST, Finding
from tickets.audit.schema_of_statements import problem, schema
from tickets.design import registry
from tickets.design.dag import Design
from tickets.names import SHUFFLES, WINNING
from tickets.tasks import METRICS

SCRIPTS = Path(provenance.__file__).parents[1]
# Rules that a script knows by another name than a constant.
NAMED_ELSEWHERE = {
    "find_mask.py": {"find_mask", "prune"},
    "language.py": {"language", "pretraining_text"},
    "table.py": set(registry.tables()),
}
# Rules of earlier versions, whose studies stay readable.
OLDER = {"random_mask", "snip", "winning_sparsity", "curve"}

WHOLE = [example(rule, parameters, {}) for rule, parameters in EXAMPLES] + [
    example("rewind", {}, facts) for facts in FACTS
]


def test_the_schema_is_one_of_draft_7() -> None:
    """So that others' validators read it too."""
    Draft7Validator.check_schema(schema())


@pytest.mark.parametrize(("rule", "parameters"), EXAMPLES)
def test_a_rule_has_exactly_its_parameters(rule: str, parameters: dict[str, Any]) -> None:
    """None is missing, none is added, and none is something else; beside others or carried."""
    good = example(rule, parameters, {})
    wrong = [example(rule, parameters | {"unknown": "1"}, {})]
    wrong += [example(rule, _without(parameters, name), {}) for name in parameters]
    wrong += [example(rule, parameters | {name: {"": None}}, {}) for name in parameters]

    assert problem(good) is None
    assert problem(carrying(good)) is None
    for each in wrong:
        found = problem(each)
        assert found is not None
        assert found.startswith("predicate.buildDefinition.externalParameters")
        inner = problem(carrying(each))
        assert inner is not None
        assert ".resolvedDependencies[4].annotations.statement.predicate" in inner


@pytest.mark.parametrize("whole", WHOLE)
def test_no_object_anywhere_takes_another_key(whole: dict[str, Any]) -> None:
    """From the statement itself to the innermost digest of one that it carries."""
    value = carrying(deepcopy(whole))
    objects = [value, *(each for _, each in _inside(value) if isinstance(each, dict))]
    for each in objects:
        each["unknown"] = None
        assert problem(value) is not None
        del each["unknown"]
    assert problem(value) is None


def test_what_a_training_may_have() -> None:
    """A length, in one of two ways; a head's name and a dropout, if it was given one; what not
    every version records.
    """
    parameters = TRAINING | {"steps": 120} | OPTIONAL["train"]

    assert problem(example("train", parameters, {})) is None
    assert problem(example("train", parameters | {"epochs": "3.0"}, {})) is not None
    assert problem(example("train", TRAINING, {})) is not None


@pytest.mark.parametrize("rule", OPTIONAL)
def test_what_later_versions_record_may_be_missing(rule: str) -> None:
    """A statement is valid without it, and with it."""
    parameters = next(has for each, has in EXAMPLES if each == rule and "epochs" not in has)

    assert problem(example(rule, parameters, {})) is None
    assert problem(example(rule, parameters | OPTIONAL[rule], {})) is None


@pytest.mark.parametrize("rule", ["transferability", "versus_paper"])
def test_what_came_to_a_table_later_may_be_there(rule: str) -> None:
    """As it is written now, or not at all; no other word."""
    earlier, later = dict(EXAMPLES)[rule], OPTIONAL[rule]

    assert problem(example(rule, earlier, {})) is None
    assert problem(example(rule, earlier | later, {})) is None
    for name in later:
        assert problem(example(rule, earlier | later | {name: "plain"}, {})) is not None


@pytest.mark.parametrize("facts", FACTS)
def test_facts_are_those_of_one_kind(facts: dict[str, Any]) -> None:
    """All or none of them."""
    assert problem(example("rewind", {}, facts)) is None
    fewer = [_without(facts, name) for name in facts]
    for rest in (each for each in fewer if each not in FACTS):
        assert problem(example("rewind", {}, rest)) is not None
    assert problem(example("rewind", {}, facts | {"unknown": 1})) is not None


def test_every_rule_that_a_script_writes_is_known_and_no_other() -> None:
    """A new rule needs its parameters here, and an example above."""
    written: set[str] = set()
    elsewhere: set[str] = set()
    for path in SCRIPTS.rglob("*.py"):
        for rule in _rules(path):
            if isinstance(rule, ast.Constant):
                written.add(str(rule.value))
            else:
                elsewhere.add(path.name)
    written = written.union(*NAMED_ELSEWHERE.values())
    parameters = schema()["definitions"]["parameters"]
    dispatched = [each["if"]["properties"]["rule"]["const"] for each in parameters["allOf"]]
    led_to = [each["then"]["$ref"].rpartition("/")[2] for each in parameters["allOf"]]

    assert elsewhere == NAMED_ELSEWHERE.keys()
    assert not OLDER & written
    written |= OLDER
    assert schema()["definitions"]["rules"].keys() == written
    assert set(parameters["properties"]["rule"]["enum"]) == written
    assert dispatched == led_to == parameters["properties"]["rule"]["enum"]
    assert {rule for rule, _ in EXAMPLES} == written


def test_a_training_records_all_its_flags_but_paths() -> None:
    """As the command itself puts it."""
    command = [sys.executable, str(SCRIPTS / "train.py"), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    flags = {word.replace("-", "_") for word in re.findall(r"--([a-z-]+)", told)} - {"help"}
    left_out = {
        *("ticket", "theta", "mask", "model", "train", "validation", "data", "predictions"),
        *("trained", "movement", "checkpoints", "checkpoint_minutes", "trainings_per_gpu"),
        "events",
    }

    assert left_out < flags
    assert schema()["definitions"]["rules"]["train"]["properties"].keys() == {
        *("rule", "round"),  # earlier versions had a flag `round`
        *(flags - left_out),
    }


def test_the_documents_name_each_rule_and_its_parameters() -> None:
    """As the schema does; words in the same column that are values stand there too."""
    text = (SCRIPTS.parents[1] / "docs" / "statements.md").read_text(encoding="utf-8")
    table = text.partition("## Rules")[2].partition("## Facts")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    named = {rule: set(_quoted(said)) for rules, said in rows for rule in _quoted(rules)}
    finders = {"dense", "oneshot", "imp", "movement_imp", "standard", "change"}
    values = {"language", "freeze", "0"} | finders

    assert named.keys() == schema()["definitions"]["rules"].keys()
    for rule, said in named.items():
        known = {name for each, has in EXAMPLES if each == rule for name in has}
        known |= OPTIONAL.get(rule, {}).keys()
        if rule == "find_mask":  # what criteria add, a table of docs/experiments.md says
            known = {"finder", "scope", "sparsity", "task", "seed"}
        assert known <= said, rule
        others = {"pretraining_pairs", "next_sentence"} if rule == "language" else set[str]()
        assert said - known <= values | others, rule


def test_words_are_those_of_the_code() -> None:
    """What the schema's file lists is what the workflow knows."""
    known = schema()["definitions"]
    design, rules = known["design"], known["rules"]

    assert known["scope"]["enum"] == [
        "global",
        "groups_of_4",
        "groups_of_8",
        "heads_of_32_and_units",
        "heads_of_64_and_units",
        "per_matrix",
        "per_row",
    ]
    assert known["head"]["enum"] == list(METRICS)
    assert rules["shuffle"]["properties"]["how"]["enum"] == list(SHUFFLES)
    assert rules["winning_mask"]["properties"]["criterion"]["enum"] == list(WINNING.values())
    assert rules["metrics"]["properties"]["part"] == {"$ref": "#/definitions/part"}
    assert known["part"]["enum"] == [
        *("full_models", "transfer", "baselines", "winning_sparsities", "winning_tickets"),
        *("sweep", "rewinding", "transfer_variants", "transferability"),
        *("freezing", "mask_loss", "tickets"),
    ]
    for name, table in registry.tables().items():
        assert rules[name] == table.form()
    assert list(design["properties"]) == [field.name for field in fields(Design)]
    later = {"criteria", "combine", "mlm_weights", "mlm_text", "evaluation"}
    assert set(design["required"]) == design["properties"].keys() - later
    packages = known["environment"]["properties"]["packages"]["properties"]
    assert list(packages) == list(provenance.PACKAGES)
    values = schema()["properties"]
    definition = values["predicate"]["properties"]["buildDefinition"]["properties"]
    assert values["_type"]["const"] == statements.STATEMENT_TYPE
    assert values["predicateType"]["const"] == statements.PREDICATE_TYPE
    assert definition["buildType"]["const"] == statements.BUILD_TYPE


def test_what_is_written_now_is_as_the_schema_says(tmp_path: Path) -> None:
    """With a parent that lasts and one that does not."""
    theta, mask = tmp_path / "weights/theta_0.safetensors", tmp_path / "masks/dense.safetensors"
    ticket = tmp_path / "tickets/theta_0/dense.json"
    trained = tmp_path / "trained/theta_0/dense/on-rte/seed-1.safetensors"
    found = tmp_path / "masks/imp/rte/rewind-0/seed-1/sparsity-10.safetensors"
    made = {
        theta: ("theta_0", dict(EXAMPLES)["theta_0"], {}),
        mask: ("find_mask", EXAMPLES[2][1], {"theta_0": theta}),
        ticket: ("rewind", {}, {"theta": theta, "mask": mask}),
    }
    made[trained] = (
        "train",
        EXAMPLES[0][1] | {"to_percent": 100},
        {"ticket": ticket, "theta": theta, "mask": mask},
    )
    made[found] = ("prune", dict(EXAMPLES)["prune"], {"weights": trained, "parent": mask})
    for path, (rule, parameters, dependencies) in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
        provenance.write(
            path,
            rule=rule,
            parameters=parameters,
            dependencies=dependencies,
            started=provenance.now(),
        )
        assert problem(json.loads(provenance.statement_path(path).read_bytes())) is None
    assert '"annotations":{"statement":' in provenance.statement_path(found).read_text()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("subject", 0, "digest", "sha256"), "A" * 64),
        (("subject", 0, "digest", "sha256"), "a" * 64 + "\n"),
        (("subject", 0, "digest"), {"sha256": "a" * 64, "md5": "0" * 32}),
        (("subject", 0, "name"), "../masks.safetensors"),
        (("subject", 0, "name"), "masks/x.safetensors"),
        (("subject",), []),
        (("predicate", "runDetails", "metadata", "startedOn"), "2026-11-24T18:31:42+00:00"),
        (("predicate", "runDetails", "metadata", "startedOn"), "٢٠٢٦-11-24T18:31:42Z"),
        (("predicate", "runDetails", "builder", "id"), "https://slsa.dev/level4"),
        (("predicate", "runDetails", "byproducts"), []),
        (("predicate", "buildDefinition", "internalParameters", "packages", "evil"), "1.0"),
        (("predicate", "buildDefinition", "internalParameters", "packages", "numpy"), "latest"),
        (("predicate", "buildDefinition", "resolvedDependencies"), []),
        (("predicate", "buildDefinition", "resolvedDependencies", 0, "digest"), {}),
        (("predicate", "buildDefinition", "resolvedDependencies", 0, "annotations"), {}),
        (("predicate", "buildDefinition", "resolvedDependencies", 1, "name"), "code/../x.py"),
        (("predicate", "buildDefinition", "resolvedDependencies", 1, "name"), "code/x.pyc"),
        (("predicate", "buildDefinition", "resolvedDependencies", 1, "uri"), "x.py"),
        (("predicate", "buildDefinition", "resolvedDependencies", 2, "uri"), "other.txt"),
        (("predicate", "buildDefinition", "resolvedDependencies", 3, "uri"), "a\nb"),
        (("predicate", "buildDefinition", "resolvedDependencies", 4, "annotations"), {}),
        (("predicate", "buildDefinition", "externalParameters", "rule"), "unknown"),
        (("extra",), 1),
    ],
)
def test_what_is_no_statement_is_named(place: tuple[Any, ...], value: Any) -> None:
    """One line that says where; also where it is carried inside another one."""
    wrong = example("rewind", {}, {})
    _put(wrong, place, value)

    for each in (wrong, carrying(wrong)):
        found = problem(each)
        assert found is not None
        message = Finding(path="file", code="bad-statement", message=found).message
        assert message.isprintable()
        assert len(message) <= LONGEST


def test_nesting_that_no_reader_follows_is_a_problem() -> None:
    """It does not break the audit."""
    value = example("rewind", {}, {})
    for _ in range(2000):
        value = carrying(value)

    assert problem(value) == "statements are embedded in it too deeply"


@given(st.sampled_from(WHOLE), st.data())
def test_another_validator_says_the_same(whole: dict[str, Any], data: st.DataObject) -> None:
    """Whatever is added, left out or changed anywhere in a statement."""
    value = deepcopy(data.draw(st.sampled_from([whole, carrying(whole)])))
    place = data.draw(st.sampled_from([place for place, _ in _inside(value)]))
    *before, last = place
    holder = value
    for each in before:
        holder = holder[each]
    change = data.draw(st.sampled_from(["change", "add", "leave out"]))
    if change == "leave out":
        del holder[last]
    elif change == "add" and isinstance(holder, dict):
        holder[data.draw(st.text(max_size=5))] = data.draw(_JSON)
    else:
        holder[last] = data.draw(_JSON)

    assert (problem(value) is None) == _ORACLE.is_valid(value)


_ORACLE = Draft7Validator(schema_of_statements.schema())
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**53 + 1)
    | st.text(max_size=8)
    | st.sampled_from(["0" * 64, "10", "0.5", "train", "mlm", "code/x.py", "x-statement"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def _inside(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """All that a JSON value holds, with its path."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*before, key), each
        if isinstance(each, dict | list):
            yield from _inside(each, (*before, key))


def _put(value: Any, place: tuple[Any, ...], new: Any) -> None:
    *before, last = place
    for each in before:
        value = value[each]
    value[last] = new


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in values.items() if other != name}


def _quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def _rules(path: Path) -> Iterator[ast.expr]:
    """What a file's calls that write statements name as their rule."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "provenance.write":
            (rule,) = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
            yield rule
