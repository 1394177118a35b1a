from __future__ import annotations

import os
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SECTIONS = (
    "direct",
    "what those need",
    "test extra, and what it needs; the benchmark extra is part of it",
    "tensorboard extra, and what it needs",
    "crate extra, and what it needs",
    "docs extra, and what it needs",
    "signing extra, and what it needs (protobuf stands above)",
    "slurm extra, and what it needs",
)
MODULES = {  # of each extra, by which it is seen to be installed
    "benchmark": "accelerate",
    "tensorboard": "tensorboardX",
    "crate": "rocrate",
    "docs": "zensical",
    "signing": "model_signing",
    "slurm": "snakemake_executor_plugin_slurm",
}

# Where packages, images and Node.js are served from.
REGISTRY = re.compile(
    rb"\b(pypi|pythonhosted|download\.pytorch|anaconda|npmjs|nodejs|docker|quay|ghcr)\.(org|com|io)\b"
)


def pins() -> dict[str, dict[str, str]]:
    """envs/constraints.txt: section -> package -> version."""
    found: dict[str, dict[str, str]] = {}
    for line in (ROOT / "envs" / "constraints.txt").read_text().splitlines():
        if line.removeprefix("# ") in SECTIONS:
            found[line.removeprefix("# ")] = {}
        elif line and not line.startswith("#"):
            name, version = line.split("==")
            section = list(found)[-1]
            assert name not in found[section], f"{name} is pinned twice"
            found[section][str(canonicalize_name(name))] = version
    return found


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def extra_of(name: str) -> list[str]:
    """What an extra adds to the core."""
    return project()["optional-dependencies"][name]


def names(requirements: list[str]) -> set[str]:
    return {str(canonicalize_name(Requirement(each).name)) for each in requirements}


def conda() -> tuple[list[str], list[str]]:
    """envs/environment.yaml: what conda installs, and what pip then does."""
    *packages, pip = yaml.safe_load((ROOT / "envs" / "environment.yaml").read_text())[
        "dependencies"
    ]
    return packages, pip["pip"]


def test_every_dependency_is_pinned_once() -> None:
    """The direct section is what studies need; no package stands in two sections."""
    sections = [pins()[section] for section in SECTIONS]
    direct, _, test, *extras = sections

    assert set(direct) == names(project()["dependencies"]) | names(extra_of("study"))
    for each in ("test", "benchmark"):
        assert names(extra_of(each)) <= set(test)
    for name, extra in zip(
        ("tensorboard", "crate", "docs", "signing", "slurm"), extras, strict=True
    ):
        assert names(extra_of(name)) <= set(extra)
    assert len(set().union(*sections)) == sum(map(len, sections))


def test_conda_gets_the_same_versions() -> None:
    """environment.yaml names each direct dependency at its pin, the constraints all others."""
    constraint, *packages, editable = conda()[1]
    found = {str(canonicalize_name(each.name)): each for each in map(Requirement, packages)}

    assert constraint == "--constraint constraints.txt"
    assert editable == "--editable ..[study]"
    assert {name: str(each.specifier) for name, each in found.items()} == {
        name: f"=={version}" for name, version in pins()["direct"].items()
    }


def test_the_container_is_set_up_by_make_from_the_same_files() -> None:
    """It names no version but Python's, which is conda's and satisfies the package."""
    text = (ROOT / "envs" / "Containerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    copied = {word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]}
    (python,) = (line.removeprefix("FROM python:") for line in lines if line.startswith("FROM"))
    version = python.removesuffix("-slim")

    assert "RUN make setup" in lines
    assert {"Makefile", "pyproject.toml", "envs", "workflow"} <= copied
    assert f"python={version}" in conda()[0]
    assert project()["requires-python"] == f">={version}"
    assert "==" not in "".join(lines)
    assert "pip install" not in "".join(lines)


def closure(requirements: list[str]) -> dict[str, str]:
    """Every installed distribution that these need, directly or not, with its version."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    pending = [Requirement(each) for each in requirements]
    while pending:
        each = pending.pop()
        name = str(canonicalize_name(each.name))
        found[name] = metadata.version(name)
        for extra in ("", *each.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            needed = [Requirement(text) for text in metadata.requires(name) or ()]
            pending += [
                n for n in needed if n.marker is None or n.marker.evaluate({"extra": extra})
            ]
    return found


@pytest.mark.parametrize("extra", ["", "study", "test", *MODULES])
def test_what_is_installed_is_what_is_pinned(extra: str) -> None:
    """Nothing that the workflow needs is left to the day on which it is installed."""
    if extra in MODULES:
        pytest.importorskip(MODULES[extra], reason="this extra is not installed")
    needed = project()["dependencies"] + (extra_of(extra) if extra else [])
    pinned = {name: version for section in pins().values() for name, version in section.items()}

    installed = closure(needed)

    # CUDA builds of torch bring libraries that differ by platform; torch itself pins those.
    libraries = re.compile(r"nvidia-.*|cuda-.*|triton")
    found = {name: v.split("+")[0] for name, v in installed.items() if not libraries.match(name)}
    assert found == {name: pinned.get(name) for name in found}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says which files are the project's")
def test_no_file_names_a_registry() -> None:
    """Where packages come from is the user's configuration of pip, conda and podman."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]

    found = {
        str(path.relative_to(ROOT)): host[0]
        for path in paths
        if path.is_file() and (host := REGISTRY.search(path.read_bytes().lower()))
    }

    assert found == {}


def make(*arguments: str) -> list[str]:
    """The lines that make prints, as it would outside `make test`."""
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_make_prints_what_it_can_do() -> None:
    """`make` alone lists the targets that the README speaks of."""
    targets = {line.split()[0] for line in make()}

    assert {"setup", "transfer", "test", "lint", "docs"} <= targets


def test_make_runs_the_command_that_a_user_would() -> None:
    """`make transfer` is Snakemake's call, after set-up."""
    command = make("--dry-run", "transfer")[-1]

    assert command == ".venv/bin/snakemake --cores all results/tables/transfer.csv"


@pytest.mark.parametrize(("uv", "installers"), [("true", {"uv"}), ("false", {"uv", "pip"})])
def test_make_installs_by_uv_or_else_by_pip(uv: str, installers: set[str], tmp_path: Path) -> None:
    """Where uv does it, which gets to choose torch's build, pip is not called; where uv is there
    but fails, pip installs the same.
    """
    for name in ("Makefile", "pyproject.toml", "envs/constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    calls = tmp_path / "calls"
    for path, name, status in ((folder / "python", "pip", "true"), (tmp_path / "uv", "uv", uv)):
        path.write_text(f'#!/bin/sh\necho "{name} $UV_TORCH_BACKEND $*" >> {calls}\n{status}\n')
        path.chmod(0o755)
    (folder / "pip").touch()

    done = make("--directory", str(tmp_path), f"UV={tmp_path}/uv", "setup-test")

    assert done[-1] == "set-up: tools for tests and lint"
    lines = [line.split() for line in calls.read_text().splitlines()]
    assert {line[0] for line in lines} == installers
    assert all(line[1] == "auto" for line in lines)
    for installer in installers:
        named = [line[-1] for line in lines if line[0] == installer and "--editable" in line]
        assert named == [".[study]", ".[test,crate,docs,signing,slurm]"]
    assert all("envs/constraints.txt" in line for line in lines)
