"""A study as a Workflow Run RO-Crate, for archives and registries of workflows.

The crate's folder contains the workflow, its configuration and the study's outputs with their
statements; `ro-crate-metadata.json` describes each of them. The optional library rocrate writes it.
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
from tickets.exchange.files_with_statements import list_files_with_statements
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
"""By the suffix of a file's name; other files are plain text."""

HOME = provenance.SCRIPTS.parents[1]
MAIN = "Snakefile"
CODE = ("LICENSE", "pyproject.toml", "envs/*", "workflow/**/*")
NO_CODE = ("__pycache__", "bert_tickets.egg-info")
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
    "metrics": "the scores behind the tables, one row per training and metric",
    "masks": "the weights that a ticket keeps, one bit per weight",
}
"""Folders of the study that the crate contains, with descriptions."""
STATEMENT = "the origin of the file beside it: in-toto with SLSA provenance"
LINKED = {".safetensors"}


def write(files: Results, configuration: Mapping[str, Any], agent: str) -> None:
    """Write the crate of a finished study, replacing an earlier one; the description comes last.

    Masks are hard links to the study's, if the file system has them; other files are copied, so
    that editing the crate changes no result. agent: the name of the person who ran the study.

    Raises:
        BadInput: rocrate is not installed, or the workflow or all outputs are missing.
        Tampered: a file does not fit its statement.
        CannotWrite: the system refuses.
    """
    if find_spec(LIBRARY) is None:
        raise BadInput(f"{LIBRARY} is not installed; install the package's extra `crate`")
    if not (HOME / MAIN).is_file():
        raise BadInput(f"{HOME / MAIN}: no such file; make the crate in a clone of the workflow")
    outputs = {folder: list_files_with_statements(files.folder(folder)) for folder in OUTPUTS}
    if not any(outputs.values()):
        raise BadInput(f"{files.root}: it has no output with a statement; make the study first")
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
    """The user's name in git's configuration."""
    command = ["git", "config", "user.name"]
    with suppress(OSError):
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if name := process.stdout.strip():
            return name
    return "not stated"


class _Crate:
    """A crate being filled: files in `folder`, and their descriptions in rocrate.

    Methods that add something return its name in the description, for references.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._crate: Any = import_module("rocrate.rocrate").ROCrate(version=VERSION)
        self._crate.metadata.extra_contexts.append(CONTEXT)
        self._contextual: Any = import_module("rocrate.model.contextentity").ContextEntity

    def entity(self, name: str, kind: str, /, **about: Any) -> str:
        """Add something that is not a file."""
        self._crate.add(self._contextual(self._crate, name, properties={"@type": kind} | about))
        return name

    def file(self, place: str, data: bytes, link: Path | None = None, **about: Any) -> str:
        """Add a file with `data`: if possible a hard link to `link`, which has the same content."""
        target = self._folder / place
        if link is None or not _link(link, target):
            write_bytes(target, data)
        self._crate.add_file(dest_path=place, properties=_describe(place, data) | about)
        return place

    def workflow(self, data: bytes, version: str) -> None:
        """Add the main workflow, with its inputs and outputs."""
        write_bytes(self._folder / MAIN, data)
        about = _describe(MAIN, data) | {
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
        """Add the run of the workflow that made `results`."""
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
        """The description of the crate as JSON-LD; equal crates give equal bytes."""
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
    """Add the inputs that are not in the crate, by their origins and digests."""
    model = Path(files.weights(THETA_0))
    about = provenance.statement(model)
    yield crate.entity("#theta_0", "PropertyValue", **_value(about, "model", "theta_0"))
    for path in list_files_with_statements(files.folder("data")):
        about = provenance.statement(path)
        name = f"{path.parent.name}-{path.stem}"
        yield crate.entity(f"#{name}", "PropertyValue", **_value(about, "data", name))


def _value(about: Statement, parameter: str, name: str) -> dict[str, Any]:
    origin = [about.parameters.get(key) for key in ("model", "dataset", "name", "revision")]
    text = " ".join(str(each) for each in origin if each is not None)
    return {"name": name, "value": text, "sha256": about.digest} | _of(parameter)


def _output(crate: _Crate, folder: str, path: Path, place: str) -> Iterator[str]:
    """Add a file of the study, which is compared with its statement, and the statement."""
    statement = read_bytes(provenance.statement_path(path))
    place, statement_place = f"results/{place}", f"results/{place}{SUFFIX}"
    link, data = path if path.suffix in LINKED else None, provenance.read(path)
    yield crate.file(place, data, link, subjectOf=_to(statement_place), **_of(folder))
    yield crate.file(statement_place, statement, about=_to(place), description=STATEMENT)


def _run_of(files: Results) -> tuple[str, str, str]:
    """The start of the first job, the end of the last, and the commits of the code."""
    folders = sorted(path.name for path in Path(files.root).iterdir() if path.is_dir())
    all_statements = [
        provenance.statement(path)
        for folder in folders
        if folder not in UNSTATED
        for path in list_files_with_statements(files.folder(folder))
    ]
    commits = sorted({each.commit for each in all_statements if each.commit})
    started = min(each.started for each in all_statements)
    finished = max(each.finished for each in all_statements)
    return _offset(started), _offset(finished), ", ".join(commits) or "not under version control"


def _code() -> Iterator[Path]:
    for pattern in CODE:
        for path in sorted(HOME.glob(pattern)):
            if path.is_file() and not set(path.parts) & set(NO_CODE):
                yield path


def _link(source: Path, target: Path) -> bool:
    """Make a hard link; False if the system refuses."""
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target, follow_symlinks=False)
        return True
    return False


def _describe(place: str, data: bytes) -> dict[str, str]:
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
    """A statement's time in the profile's form."""
    return time.removesuffix("Z") + "+00:00" if time.endswith("Z") else time


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
