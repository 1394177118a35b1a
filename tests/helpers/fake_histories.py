"""Made-up studies: files of a few bytes, with true statements about how they came about."""

from __future__ import annotations

import argparse
import contextlib
import copy
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from fake_masks import WEIGHTS, mask
from tickets import masks, provenance, statements
from tickets.files import sha256, write_bytes
from tickets.history.ancestry import Ancestry

MODEL = {"model": "google-bert/bert-base-uncased", "revision": "86b5e093" + "0" * 32}
DATA = {"dataset": "nyu-mll/glue", "name": "mrpc", "revision": "bcdcba79" + "0" * 32}
KEPT = {"0": WEIGHTS, "10": WEIGHTS[6:], "20": WEIGHTS[12:]}
SECOND = (("pooler.dense.weight", 0), ("pooler.dense.weight", 1))
"""What the masks of another seed than the first prune beside."""

Change = Callable[[Any], None]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


COMMIT = "0123456789abcdef0123456789abcdef01234567"
SURROUNDINGS = {"python": "3.11.7", "packages": {"numpy": "2.4.6"}, "slurmJobId": ""}


def call(command: ModuleType, *arguments: str | Path) -> int:
    """Run a command of `tickets` in this process; how many findings it has."""
    parser = argparse.ArgumentParser()
    command.add_flags(parser)
    return command.run(parser.parse_args([*map(str, arguments)]))


def spoilt(statement: bytes, data: st.DataObject) -> Any:
    """A statement that says something else in one place."""
    value: Any = statements.load(statement, "")
    holder, key, place = value, "", value
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        holder, key = place, data.draw(st.sampled_from(keys))
        place = holder[key]
        if data.draw(st.sampled_from([False, False, True])):
            break
    holder[key] = data.draw(JSON)
    return value


def _elsewhere(definition: Any) -> None:
    """Have a statement say that it was written by other code than that of these tests."""
    made_of = definition["resolvedDependencies"]
    code = re.compile("source|pins|code/.*")
    own = [each for each in made_of if not code.fullmatch(each["name"])]
    source = {"digest": {"gitCommit": COMMIT}, "annotations": {"clean": True}}
    prune = {"name": "code/prune.py", "digest": {"sha256": "c" * 64}}
    definition["resolvedDependencies"] = [{"name": "source", **source}, prune, *own]
    definition["internalParameters"] = copy.deepcopy(SURROUNDINGS)


class Study:
    """IMP on one task below `root`, a relative path: statements then name paths as jobs do.

    changes: by a file's path, what is changed in its statement, as if another machine or other code
    had written it.
    """

    def __init__(
        self,
        root: str,
        *,
        seed: int = 1,
        rows: bytes = b"rows",
        threads: int = 1,
        changes: Mapping[str, Change] | None = None,
    ) -> None:
        self.root, self.seed, self.threads = Path(root), seed, threads
        self.changes = changes or {}
        self.digests: dict[str, str] = {}
        hub = Path("hub", root).absolute()
        write_bytes(hub / "bert.safetensors", b"pretrained")
        write_bytes(hub / "train-0.parquet", rows)
        model = {"model/bert.safetensors": hub / "bert.safetensors"}
        source = {"source/train-0.parquet": hub / "train-0.parquet"}
        split = {"split": "train"}
        self.theta = self.made("weights/theta_0.safetensors", "theta_0", MODEL, model)
        data = self.made("data/mrpc/train.parquet", "data", DATA | split, source, {"rows": 4})
        self.encoded = self.made(
            "encoded/mrpc/train.arrow", "encode", {"task": "mrpc"} | split, {"data": data}
        )
        dense = {"finder": "dense", "sparsity": "0"}
        self.last = self.pruned("masks/dense.safetensors", dense, "0", {"weights": self.theta})

    def made(
        self,
        name: str,
        rule: str,
        parameters: Mapping[str, Any],
        parents: Mapping[str, Path],
        facts: Mapping[str, Any] | None = None,
        content: bytes | None = None,
    ) -> Path:
        """A file with its statement; its content follows from what it is made of."""
        path = self.root / name
        basis = [sha256(each.read_bytes()) for each in parents.values()]
        write_bytes(path, content or f"{rule} {sorted(parameters.items())} {basis}".encode())
        provenance.write(
            path,
            rule=rule,
            parameters=parameters,
            dependencies=parents,
            facts=facts,
            started=provenance.now(),
        )
        beside = provenance.statement_path(path)
        value = statements.load(beside.read_bytes(), name)
        _elsewhere(value["predicate"]["buildDefinition"])
        if name in self.changes:
            self.changes[name](value["predicate"])
        beside.write_bytes(statements.to_bytes(value))
        self.digests[name] = sha256(path.read_bytes())
        return path

    def pruned(
        self, name: str, parameters: Mapping[str, Any], sparsity: str, parents: Mapping[str, Path]
    ) -> Path:
        """A mask with its statement."""
        kept = set(KEPT[sparsity])
        kept -= set(SECOND) if self.seed != 1 and sparsity != "0" else set()
        found = mask(kept)
        content = masks.to_bytes(found)
        return self.made(name, "prune", parameters, parents, masks.facts(found), content)

    def round(self, number: int) -> Path:
        """Rewind, train and prune; the trained weights are deleted."""
        on = self.last.relative_to(self.root / "masks").with_suffix("")
        ticket = self.made(
            f"tickets/theta_0/{on}.json",
            "rewind",
            {},
            {"theta": self.theta, "mask": self.last},
        )
        trained = self.made(
            f"trained/theta_0/{on}/on-mrpc/seed-{self.seed}.safetensors",
            "train",
            {"task": "mrpc", "seed": self.seed},
            {"ticket": ticket, "theta": self.theta, "mask": self.last, "train": self.encoded},
            {"threads": self.threads, "device": "cpu", "final_loss": f"0.{self.seed}"},
        )
        asked = {"finder": "imp", "task": "mrpc", "seed": self.seed, "rewind": "0"}
        self.last = self.pruned(
            f"masks/imp/mrpc/rewind-0/seed-{self.seed}/sparsity-{number}0.safetensors",
            asked | {"round": number, "sparsity": f"{number}0"},
            f"{number}0",
            {"weights": trained, "parent": self.last},
        )
        trained.unlink()
        provenance.statement_path(trained).unlink()
        return self.last

    def short(self, name: str) -> str:
        """The first digits of a file's digest."""
        return self.digests[name][:12]


def two_rounds(folder: Path) -> Study:
    """A study of two rounds in `folder`, whose trained weights are gone."""
    with contextlib.chdir(folder):
        study = Study("results")
        study.round(1)
        study.round(2)
    return study


def states(found: Ancestry) -> dict[str, str]:
    """State and problem of all that is not simply here, by place."""
    return {
        each.place: f"{each.state}: {each.problem}".removesuffix(": ")
        for each in found.ancestors.values()
        if each.state != "here"
    }


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def forget(path: Path) -> None:
    provenance.statement_path(path).unlink()


def restate(path: Path, change: Callable[[Any], None]) -> None:
    """Put a true statement's place to another one, in the right form."""
    beside = provenance.statement_path(path)
    value = statements.load(beside.read_bytes(), "")
    change(value)
    beside.write_bytes(statements.to_bytes(value))
