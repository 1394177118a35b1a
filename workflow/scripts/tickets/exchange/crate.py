"""A study as a Workflow Run RO-Crate: what archives and registries of workflows read.

In the crate's folder stand the workflow, its configuration and the study's outputs with their
statements; `ro-crate-metadata.json` describes each of them. The library rocrate, which makes that,
is installed only where it is wanted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tickets import provenance
from tickets.errors import BadInput
from tickets.files import read_bytes, sha256, write_bytes
from tickets.names import THETA_0
from tickets.paths import UNSTATED, Results
from tickets.statements import SUFFIX, Statement

LIBRARY = "rocrate"
VERSION = "1.1"  # of RO-Crate: the profiles' 0.5 builds on it
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
BIOSCHEMAS = "https://bioschemas.org/profiles"
ENCODINGS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".py": "text/x-python",
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
}
"""By the end of a file's name; what is not named here is plain text."""

HOME = provenance.SCRIPTS.parents[1]
MAIN = "Snakefile"
CODE = ("LICENSE", "pyproject.toml", "envs/*", "workflow/**/*")
NO_CODE = ("__pycache__", "tickets.egg-info")
LICENSE = "https://spdx.org/licenses/Apache-2.0"
UNLICENSED = "not stated for the results: name one before you publish; the workflow is Apache-2.0"

INPUTS = {
    "configuration": ("File", "the study's configuration, for Snakemake's --configfile"),
    "model": ("PropertyValue", "the pre-trained weights that the study starts from"),
    "data": ("PropertyValue", "the examples of a task's split, in canonical columns"),
}
OUTPUTS = {
    "tables": "tables, as CSV and as text",
    "figures": "figures",
    "metrics": "the scores that tables are made of, one row a training and metric",
    "masks": "which weights a ticket keeps, one bit a weight",
}
"""Folders of the study that the crate holds, and what is in them."""
STATEMENT = "how the file beside it came about: in-toto with SLSA provenance"
LINKED = {".safetensors"}


def write(files: Results, configuration: Mapping[str, Any], agent: str) -> None:
    """Make the crate of a finished study, in an earlier one's place; its description comes last.

    Masks are hard links to the study's own, where the file system can; all else is copied, so that
    editing the crate changes no result. agent: the name of who ran the study.

    Raises:
        BadInput: rocrate is not installed, or there is no workflow or no output to describe.
        Tampered: a file is not the one that its statement speaks of.
        CannotWrite: the system refuses.
    """
    if find_spec(LIBRARY) is None:
        raise BadInput(f"{LIBRARY} is not installed; install the package's extra `crate`")
    if not (HOME / MAIN).is_file():
        raise BadInput(f"{HOME / MAIN}: the workflow is not there; make the crate in its clone")
    outputs = {folder: list(_stated(files, folder)) for folder in OUTPUTS}
    if not any(outputs.values()):
        raise BadInput(f"{files.root}: no output with a statement is there; make the study first")
    shutil.rmtree(Path(files.crate()).parent, ignore_errors=True)
    crate = _Crate(Path(files.crate()).parent)
    inputs = [
        crate.file("configuration.json", _json(configuration), **_of("configuration")),
        *_values(crate, files),
    ]
    results = [
        name
        for folder, paths in outputs.items()
        for path in paths
        for name in _output(crate, folder, path, path.relative_to(files.root).as_posix())
    ]
    for path in _code():
        place = path.relative_to(HOME).as_posix()
        crate.file(place, read_bytes(path), license=_to(LICENSE))
    started, finished, commits = _run_of(files)
    crate.workflow(read_bytes(HOME / MAIN), version=commits)
    crate.run(inputs, results, agent, started, finished)
    write_bytes(Path(files.crate()), crate.description(Path(files.root).resolve().name, finished))


def agent() -> str:
    """The name that git knows its user by."""
    command = ["git", "config", "user.name"]
    with suppress(OSError):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if name := done.stdout.strip():
            return name
    return "not stated"


class _Crate:
    """A crate while it is filled: files under `folder`, and what rocrate knows of them.

    What is added gives its name in the description, by which others refer to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._crate: Any = import_module("rocrate.rocrate").ROCrate(version=VERSION)
        self._crate.metadata.extra_contexts.append(CONTEXT)
        self._contextual: Any = import_module("rocrate.model.contextentity").ContextEntity

    def entity(self, name: str, kind: str, /, **about: Any) -> str:
        """Something that is no file."""
        self._crate.add(self._contextual(self._crate, name, properties={"@type": kind} | about))
        return name

    def file(self, place: str, data: bytes, link: Path | None = None, **about: Any) -> str:
        """A file with `data`: a hard link to `link`, which holds the same, where that can be."""
        target = self._folder / place
        if link is None or not _linked(link, target):
            write_bytes(target, data)
        self._crate.add_file(dest_path=place, properties=_described(place, data) | about)
        return place

    def workflow(self, data: bytes, version: str) -> None:
        """The main workflow, with what it takes and gives."""
        write_bytes(self._folder / MAIN, data)
        about = _described(MAIN, data) | {
            "conformsTo": _to(f"{BIOSCHEMAS}/ComputationalWorkflow/1.0-RELEASE"),
            "version": version,
            "license": _to(LICENSE),
            "input": [self._parameter(name, *INPUTS[name]) for name in INPUTS],
            "output": [self._parameter(name, "File", OUTPUTS[name]) for name in OUTPUTS],
        }
        self._crate.add_workflow(dest_path=MAIN, main=True, lang="snakemake", properties=about)
        self.entity(LICENSE, "CreativeWork", name="Apache License 2.0")

    def run(
        self, inputs: list[str], results: list[str], agent: str, started: str, finished: str
    ) -> None:
        """The one run of the workflow that gave `results`."""
        action = self.entity(
            "#run",
            "CreateAction",
            name="the study's run",
            description="From its first job's start to its last job's end, as their statements say",
            instrument=_to(MAIN),
            agent=_to(self.entity("#agent", "Person", name=agent)),
            object=[_to(name) for name in inputs],
            result=[_to(name) for name in results],
            startTime=started,
            endTime=finished,
            actionStatus="http://schema.org/CompletedActionStatus",
        )
        self._crate.root_dataset["mentions"] = _to(action)

    def description(self, study: str, published: str) -> bytes:
        """What all of it is, as JSON-LD; equal crates give equal bytes."""
        root = self._crate.root_dataset
        root["name"] = f"Lottery tickets: {study}"
        root["description"] = "A study of lottery tickets in a pre-trained encoder, and its run"
        root["datePublished"] = published
        root["license"] = _to(self.entity("#license", "CreativeWork", name=UNLICENSED))
        root["author"] = _to("#agent")
        root["conformsTo"] = [
            _to(self.entity(name, "CreativeWork", name=title, version=name.rpartition("/")[2]))
            for name, title in PROFILES.items()
        ]
        return _json(self._crate.metadata.generate())

    def _parameter(self, name: str, kind: str, text: str) -> dict[str, str]:
        return _to(
            self.entity(
                f"#{name}",
                "FormalParameter",
                conformsTo=_to(f"{BIOSCHEMAS}/FormalParameter/1.0-RELEASE"),
                additionalType=kind,
                name=name,
                description=text,
            )
        )


def _values(crate: _Crate, files: Results) -> Iterator[str]:
    """The inputs that are no files of the crate: by where they come from, and their digests."""
    model = Path(files.weights(THETA_0))
    about = provenance.statement(model)
    yield crate.entity("#theta_0", "PropertyValue", **_value(about, "model", "theta_0"))
    for path in _stated(files, "data"):
        about = provenance.statement(path)
        name = f"{path.parent.name}-{path.stem}"
        yield crate.entity(f"#{name}", "PropertyValue", **_value(about, "data", name))


def _value(about: Statement, parameter: str, name: str) -> dict[str, Any]:
    origin = [about.parameters.get(key) for key in ("model", "dataset", "name", "revision")]
    text = " ".join(str(each) for each in origin if each is not None)
    return {"name": name, "value": text, "sha256": about.digest} | _of(parameter)


def _output(crate: _Crate, folder: str, path: Path, place: str) -> Iterator[str]:
    """A file of the study, which is read and compared with its statement, and that statement."""
    beside = provenance.statement_path(path)
    place, stated = f"results/{place}", f"results/{place}{SUFFIX}"
    link = path if path.suffix in LINKED else None
    yield crate.file(place, provenance.read(path), link, subjectOf=_to(stated), **_of(folder))
    yield crate.file(stated, read_bytes(beside), about=_to(place), description=STATEMENT)


def _stated(files: Results, folder: str) -> Iterator[Path]:
    """Every file of a folder of the study that a statement speaks of."""
    return provenance.stated_below(Path(files.folder(folder)))


def _run_of(files: Results) -> tuple[str, str, str]:
    """When the first of all stated jobs started and the last ended, and the commits of the code."""
    folders = sorted(path.name for path in Path(files.root).iterdir() if path.is_dir())
    found = [
        provenance.statement(path)
        for folder in folders
        if folder not in UNSTATED
        for path in _stated(files, folder)
    ]
    commits = sorted({each.commit for each in found if each.commit})
    started, finished = min(each.started for each in found), max(each.finished for each in found)
    return _offset(started), _offset(finished), ", ".join(commits) or "not under version control"


def _code() -> Iterator[Path]:
    for pattern in CODE:
        for path in sorted(HOME.glob(pattern)):
            if path.is_file() and not set(path.parts) & set(NO_CODE):
                yield path


def _linked(source: Path, target: Path) -> bool:
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target, follow_symlinks=False)
        return True
    return False


def _described(place: str, data: bytes) -> dict[str, str]:
    return {
        "name": place,
        "sha256": sha256(data),
        "contentSize": str(len(data)),
        "encodingFormat": ENCODINGS.get(Path(place).suffix, "text/plain"),
    }


def _to(name: str) -> dict[str, str]:
    return {"@id": name}


def _of(parameter: str) -> dict[str, Any]:
    return {"exampleOfWork": _to(f"#{parameter}")}


def _offset(time: str) -> str:
    """A statement's time as the profile writes it."""
    return time.removesuffix("Z") + "+00:00" if time.endswith("Z") else time


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
