"""Rows of the tamper table: subjects, the chain, replay (classes A to C)."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load, save

from forgery import definition, dependency, facts, flip, parameters, restate
from statement_json import statement
from tamperings import (
    CSV,
    DATA,
    FIRST,
    MAJORITY,
    OTHER_SEED,
    OTHER_TASK,
    PREDICTIONS,
    PRETRAINED,
    RANDOM,
    SCORES,
    SECOND,
    THETA,
    TICKET,
    TRAINED,
    WINNING,
    Exploding,
    changed,
    copy,
    remask,
    restated,
    set_parent,
    swap,
    tampering,
    with_header,
)
from tickets import masks, provenance, ticket
from tickets.files import canonical_json, sha256
from tickets.provenance import statement_path
from tickets.statements import to_bytes

# A: subjects


@tampering("A", "one bit of a mask flipped, size and times kept", "changed-file")
def _(root: Path) -> None:
    flip(root / FIRST, -1, 7)


@tampering("A", "one bit of a mask flipped, its statement rewritten", "wrong-bits")
def _(root: Path) -> None:
    data = bytearray((root / FIRST).read_bytes())
    data[-1] ^= 0x80
    restate(root / FIRST, bytes(data))


@tampering("A", "a byte of the header flipped", "bad-mask")
def _(root: Path) -> None:
    flip(root / FIRST, 20)


tampering("A", "truncated", "changed-file")(changed(lambda data: data[:-1]))
tampering("A", "a byte appended", "changed-file")(changed(lambda data: data + b"\0"))
tampering("A", "a byte appended, its statement rewritten", "bad-mask")(
    restated(lambda data: data + b"\0")
)
tampering("A", "its end set to zero", "changed-file")(changed(lambda data: data[:-64] + b"\0" * 64))
tampering("A", "empty", "changed-file")(changed(lambda data: data[:0]))
tampering("A", "empty, its statement rewritten", "bad-mask")(restated(lambda data: data[:0]))


@tampering("A", "a bit set after a matrix's last weight, its statement rewritten", "bad-mask")
def _(root: Path) -> None:
    mask = masks.packed_from_bytes((root / FIRST).read_bytes(), "")
    name = "encoder.layer.0.attention.self.query.weight"
    header = {
        "format": masks.FORMAT,
        "granularity": "element",
        "meaning": "prune",
        "prunable_set": mask.prunable.digest,
        "shapes": [[name, [3, 3]]],
    }
    bits = {name: np.array([0xFF, 0x81], np.uint8)}  # nine weights, and one bit after them
    restate(root / FIRST, save(bits, metadata={"mask": canonical_json(header).decode()}))


@tampering("A", "the file missing", "missing-file", f"{FIRST}.prov.json")
def _(root: Path) -> None:
    (root / FIRST).unlink()


@tampering("A", "its statement missing", "missing-statement")
def _(root: Path) -> None:
    statement_path(root / FIRST).unlink()


@tampering("A", "a file that no study has", "extra-file", "masks/imp/notes.txt")
def _(root: Path) -> None:
    (root / "masks/imp/notes.txt").write_text("by hand")


@tampering("A", "two masks swapped", "changed-file")
def _(root: Path) -> None:
    swap(root / FIRST, root / SECOND)


@tampering("A", "two statements swapped", "foreign-statement")
def _(root: Path) -> None:
    swap(statement_path(root / FIRST), statement_path(root / SECOND))


@tampering("A", "two seeds swapped, statements too", "wrong-parameters")
def _(root: Path) -> None:
    swap(root / FIRST, root / OTHER_SEED)
    swap(statement_path(root / FIRST), statement_path(root / OTHER_SEED))


@tampering("A", "the valid mask and statement of another task", "wrong-parameters")
def _(root: Path) -> None:
    copy(root, OTHER_TASK, FIRST)


@tampering("A", "a pickle named .safetensors", "bad-mask")
def _(root: Path) -> None:
    restate(root / FIRST, pickle.dumps(Exploding(root / "executed")))


@tampering("A", "a header that claims a huge tensor", "bad-mask")
def _(root: Path) -> None:
    tensor = {"dtype": "U8", "shape": [2**40], "data_offsets": [0, 2**40]}
    restate(root / FIRST, with_header({"x": tensor}))


@tampering("A", "a header that claims to be huge itself", "bad-mask")
def _(root: Path) -> None:
    restate(root / FIRST, (2**62).to_bytes(8, "little") + b"{}")


@tampering("A", "a tensor's name twice", "bad-mask")
def _(root: Path) -> None:
    data = (root / FIRST).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].rstrip()
    name = next(key for key in json.loads(header) if key != "__metadata__")
    again = json.dumps({name: json.loads(header)[name]})[1:-1].encode()
    twice = header[:-1] + b"," + again + b"}"
    restate(root / FIRST, len(twice).to_bytes(8, "little") + twice + data[8 + length :])


@tampering("A", "weights with a matrix of infinitely many rows", "wrong-matrices", THETA)
def _(root: Path) -> None:
    restate(root / THETA, with_header({"x": {"shape": [1e999]}}))


# B: the chain


@tampering("B", "a parent and its statement deleted", "missing-parent", SECOND)
def _(root: Path) -> None:
    (root / FIRST).unlink()
    statement_path(root / FIRST).unlink()


@tampering("B", "a mask the study demands deleted, with its statement", "missing-cell")
def _(root: Path) -> None:
    (root / FIRST).unlink()
    statement_path(root / FIRST).unlink()


@tampering("B", "predictions deleted, with their statement", "missing-cell", PREDICTIONS)
def _(root: Path) -> None:
    (root / PREDICTIONS).unlink()
    statement_path(root / PREDICTIONS).unlink()


@tampering("B", "another theta_0, its statement rewritten", "broken-link")
def _(root: Path) -> None:
    theta = load((root / THETA).read_bytes())
    theta["pooler.dense.weight"][0, 0] += 1
    restate(root / THETA, save(theta))


@tampering(
    "B",
    "a row of data changed, its statement rewritten",
    "broken-link",
    "encoded/acceptability/validation.arrow",
)
def _(root: Path) -> None:
    table = pq.read_table(root / DATA)
    names = table.column_names
    place = next(i for i, name in enumerate(names) if pa.types.is_integer(table.schema[i].type))
    column = table.column(place).to_pylist()
    column[0] = 1 - column[0] if column[0] in (0, 1) else column[0] + 1
    changed_ = table.set_column(place, table.schema[place], [column])
    pq.write_table(changed_, root / DATA)
    restate(root / DATA)


@tampering("B", "kept trained weights replaced, their statement rewritten", "broken-link")
def _(root: Path) -> None:
    history = dependency(statement(root / FIRST), "weights-statement")["annotations"]["statement"]
    (root / TRAINED).parent.mkdir(parents=True)
    statement_path(root / TRAINED).write_bytes(to_bytes(history))
    restate(root / TRAINED, (root / THETA).read_bytes())


@tampering("B", "an old statement of a mask embedded in that of the next", "broken-link", SECOND)
def _(root: Path) -> None:
    old = statement(root / FIRST)
    old["subject"][0]["digest"]["sha256"] = "0" * 64

    def edit(value: Any) -> None:
        dependency(value, "parent")["digest"]["sha256"] = "0" * 64
        embedded = {"digest": {"sha256": sha256(to_bytes(old))}, "annotations": {"statement": old}}
        dependency(value, "parent-statement").update(embedded)

    restate(root / SECOND, edit=edit)


@tampering("B", "a model's configuration without a statement changed", "broken-link", PRETRAINED)
def _(root: Path) -> None:
    with (root / "pretrained/config.json").open("a") as file:
        file.write("\n")


@tampering("B", "a training without its configuration", "wrong-parent", PREDICTIONS)
def _(root: Path) -> None:
    def edit(value: Any) -> None:
        for name in ("configuration", "configuration-statement"):
            definition(value)["resolvedDependencies"].remove(dependency(value, name))

    restate(root / PREDICTIONS, edit=edit)


@tampering("B", "a constant answer to another task's examples", "wrong-parent", MAJORITY)
def _(root: Path) -> None:
    other = root / "data/mlm/validation.parquet"
    restate(root / MAJORITY, edit=lambda value: set_parent(value, "validation", other))


@tampering("B", "a winning mask of another sparsity than the table names", "wrong-mask", WINNING)
def _(root: Path) -> None:
    def edit(value: Any) -> None:
        parameters(value)["sparsity"] = "10"
        set_parent(value, "mask", root / OTHER_TASK)

    remask(root, WINNING, root / OTHER_TASK)
    restate(root / WINNING, edit=edit)


@tampering("B", "a mask's parent that is another seed's", "wrong-parent", SECOND)
def _(root: Path) -> None:
    restate(root / SECOND, edit=lambda value: set_parent(value, "parent", root / OTHER_SEED))


@tampering("B", "a round skipped: the parent is the dense mask", "wrong-parent", SECOND)
def _(root: Path) -> None:
    dense = root / "masks/dense.safetensors"
    restate(root / SECOND, edit=lambda value: set_parent(value, "parent", dense))


@tampering("B", "a training that froze what it should zero", "wrong-parameters", PREDICTIONS)
def _(root: Path) -> None:
    restate(root / PREDICTIONS, edit=lambda value: parameters(value).update(meaning="freeze"))


@tampering("B", "its own parent", "broken-link", SECOND)
def _(root: Path) -> None:
    own = sha256(statement_path(root / SECOND).read_bytes())
    restate(
        root / SECOND,
        edit=lambda value: dependency(value, "parent-statement")["digest"].update(sha256=own),
    )


@tampering("B", "pruned again at another sparsity, its statement rewritten", "wrong-count")
def _(root: Path) -> None:
    remask(root, FIRST, root / SECOND)


@tampering("B", "a mask that is not nested, its statement rewritten", "not-nested", SECOND)
def _(root: Path) -> None:
    remask(root, SECOND, root / RANDOM)


@tampering("B", "a ticket of another mask than its statement says", "bad-ticket", TICKET)
def _other_ticket(root: Path) -> None:
    theta, dense = root / THETA, root / "masks/dense.safetensors"
    ticket.write(root / TICKET, theta, root / FIRST)
    provenance.write(
        root / TICKET,
        rule="rewind",
        parameters={},
        dependencies={"theta": theta, "mask": dense},
        facts={"mask_digest": masks.read(dense).digest},
        started=provenance.now(),
    )


@tampering("B", "a sparsity in the statement changed", "wrong-facts")
def _(root: Path) -> None:
    restate(root / FIRST, edit=lambda value: facts(value).update(sparsity="1/2"))


@tampering("B", "a history in the statement changed", "broken-link")
def _(root: Path) -> None:
    def edit(value: Any) -> None:
        history = dependency(value, "weights-statement")["annotations"]["statement"]
        parameters(history)["seed"] = 7

    restate(root / FIRST, edit=edit)


@tampering("B", "a score changed, its statement rewritten", "wrong-score", SCORES)
def _(root: Path) -> None:
    table = pq.read_table(root / SCORES)
    place = table.column_names.index("score")
    column = table.column(place).to_pylist()
    column[0] += 0.5
    pq.write_table(table.set_column(place, table.schema[place], [column]), root / SCORES)
    restate(root / SCORES)


@tampering("B", "a table changed, its statement rewritten", "wrong-table", CSV)
def _(root: Path) -> None:
    text = (root / CSV).read_text()
    restate(root / CSV, text.replace("acceptability", "acceptabillty", 1).encode())


# C: replay


@tampering("C", "one run copied to another seed", "same-mask", OTHER_SEED)
def _(root: Path) -> None:
    remask(root, OTHER_SEED, root / FIRST)


@tampering("C", "a study that demands fewer seeds than are here", "extra-cell", OTHER_SEED)
def _(root: Path) -> None:
    for path in (root / "metrics").glob("*.parquet"):
        restate(path, edit=lambda value: parameters(value)["design"].update(seeds=[1]))


@tampering("C", "scores of two different studies", "two-designs", SCORES)
def _(root: Path) -> None:
    restate(root / SCORES, edit=lambda value: parameters(value)["design"].update(seeds=[1, 2, 3]))
