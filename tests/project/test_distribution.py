"""The wheel, built and installed as others do it, away from the repository and its environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from import_graph import PACKAGE
from kept_study import copied
from studies import ROOT
from tickets import masks
from tickets.cli import COMMANDS
from tickets.exchange import interchange
from tickets.tables import published

MASK = "results/masks/oneshot/sparsity-20.safetensors"
THETA = "results/weights/theta_0.safetensors"
WITH_THE_CORE = (
    "progress results",
    "verify results",
    f"show {MASK}",
    f"why {MASK}",
    f"diff {MASK} {MASK}",
    f"prunable {THETA}",
)
"""Calls that the core alone is enough for; an output's name follows."""

WITH_THE_STUDY = (
    "check mini.yaml",
    "plan mini.yaml --at-once 1",
    "audit results",
    f"import mask.pt --theta {THETA} --output ",
    f"export {MASK} --format pt --output ",
    f"export {MASK} --format hugging-face --theta {THETA} --model results/model --output ",
    "publish results --repo somebody/masks --dry-run",
)
"""Calls that need the extra `study`."""

WITH_MORE = ("calibrate mini.yaml", "sign results --private-key key --signature ")
"""Calls that need that and a model, or another extra."""

LOAD = """\
import sys, tickets
mask = tickets.load_mask(sys.argv[1])
print(mask.digest, mask.pruned, tickets.__file__)
"""
APPLY = """\
import torch
model = torch.nn.Module()
for name, bits in mask.kept.items():
    *path, last = name.split(".")
    module = model
    for part in path:
        if part not in module._modules:
            module.add_module(part, torch.nn.Module())
        module = module._modules[part]
    module.register_parameter(last, torch.nn.Parameter(torch.ones(bits.shape)))
tickets.apply_mask(model, mask)
print(sum(int((each == 0).sum()) for each in model.parameters()))
"""


def outside(command: Iterable[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`, with nothing that tells Python of the repository, or pip of a
    network.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=kept | {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what belongs to it, as in a clone in which nothing was built before."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, folder / "clone" / PACKAGE.relative_to(ROOT), ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / "clone" / name)
    flags = ("--no-deps", "--no-build-isolation", "--wheel-dir", "dist")
    done = outside((sys.executable, "-m", "pip", "wheel", *flags, "./clone"), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = (folder / "dist").iterdir()
    return path


def environment(folder: Path, wheel: Path, packages: Iterable[str | Path]) -> Path:
    """A new environment with the wheel; other packages are found in the folders `packages`."""
    python = folder / "bin" / "python"
    commands = (
        (sys.executable, "-m", "venv", "--without-pip", folder),
        (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel),
    )
    for command in commands:
        done = outside(command, folder.parent)
        assert done.returncode == 0, done.stdout + done.stderr
    [site] = folder.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text("".join(f"{path}\n" for path in packages))
    return folder


def needed_by(requirements: Iterable[str]) -> set[str]:
    """The distributions that are required, directly or not, without any extra."""
    names: set[str] = set()
    for each in map(Requirement, requirements):
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            names |= {each.name} | needed_by(metadata.requires(each.name) or ())
    return names


def required(wheel: Path) -> set[str]:
    """What the wheel's own metadata requires."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = (name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(name).decode()
    return needed_by(re.findall(r"(?m)^Requires-Dist: (.*)$", text))


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """An environment with the wheel and what it requires, and no other package."""
    folder = tmp_path_factory.mktemp("core")
    packages = folder / "packages"
    packages.mkdir()
    for name in required(wheel):
        distribution = metadata.distribution(name)
        for top in {Path(file).parts[0] for file in distribution.files or ()} - {".."}:
            (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    return environment(folder / "venv", wheel, [packages])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """An environment with the wheel and all packages that these tests run with."""
    installed = dict.fromkeys(map(sysconfig.get_path, ("purelib", "platlib")))
    return environment(tmp_path_factory.mktemp("study") / "venv", wheel, installed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands are called: a study that others made, and a mask of the published code."""
    folder = tmp_path_factory.mktemp("elsewhere")
    copied(folder)
    (folder / "results" / "logs").mkdir()
    shutil.copyfile(ROOT / "tests" / "mini.yaml", folder / "mini.yaml")
    (folder / "mask.pt").write_bytes(interchange.to_pt(masks.read(folder / MASK)))
    return folder


def called(place: Path, folder: Path, call: str, output: Path) -> subprocess.CompletedProcess[str]:
    """A call of the command that is installed in the environment at `place`."""
    words = f"{call}{output}" if call.endswith(" ") else call
    return outside((place / "bin" / "tickets", *words.split()), folder)


def test_the_wheel_has_every_file_of_the_package_and_requires_little(wheel: Path) -> None:
    """Schemas, tasks and numbers too; what explains a folder to its readers stays outside."""
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if name.startswith("tickets/")}
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and path.name != "README.md"}

    assert wheel.name.startswith("bert_tickets-")
    assert found == {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in files
        if "__pycache__" not in path.parts
    }
    assert required(wheel) == {"numpy", "safetensors"}


def test_every_command_is_called_here() -> None:
    """None is left out when one is added."""
    calls = (*WITH_THE_CORE, *WITH_THE_STUDY, *WITH_MORE)

    assert {call.split()[0] for call in calls} == set(COMMANDS)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_needs_the_core_alone(core: Path, tmp_path: Path, name: str) -> None:
    """That of the whole lists all commands, that of each has its examples."""
    done = outside((core / "bin" / "tickets", *name.split(), "--help"), tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: tickets {name}".rstrip())
    assert "\nexamples:\n" in done.stdout if name else all(each in done.stdout for each in COMMANDS)


@pytest.mark.parametrize("call", WITH_THE_CORE)
def test_what_needs_the_core_alone_works_with_it(
    core: Path, folder: Path, tmp_path: Path, call: str
) -> None:
    """Without a word on the standard error; nothing differs from what is stated."""
    done = called(core, folder, call, tmp_path / "output")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("call", [*WITH_THE_STUDY, *WITH_MORE])
def test_what_needs_more_says_so_in_one_line(
    core: Path, folder: Path, tmp_path: Path, call: str
) -> None:
    """What is missing, and the extra that has it; nothing is written."""
    done = called(core, folder, call, tmp_path / "output")

    name = call.split()[0]
    study = rf"error: tickets {name} needs \w+; install bert-tickets\[study\]\n"
    signing = r"error: .* are not installed; install the package's extra `signing`\n"
    assert done.returncode == 2
    assert re.fullmatch(signing if name == "sign" else study, done.stderr)
    assert done.stdout == ""
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("call", WITH_THE_STUDY)
def test_with_the_extra_it_works_too(study: Path, folder: Path, tmp_path: Path, call: str) -> None:
    """From the wheel's files: no repository is there."""
    done = called(study, folder, call, tmp_path / "output")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout


def test_the_paper_s_numbers_are_in_the_wheel(study: Path, tmp_path: Path) -> None:
    """An audit makes the table again that compares with them."""
    program = "from tickets.tables import published as p; print(len(p.values(p.FOLDER)))"

    done = outside((study / "bin" / "python", "-c", program), tmp_path)

    assert done.stdout == f"{len(published.values(published.FOLDER))}\n", done.stderr


def test_a_mask_is_loaded_with_the_core_alone(core: Path, folder: Path) -> None:
    """The same bits, by the code of the wheel."""
    done = outside((core / "bin" / "python", "-c", LOAD, MASK), folder)

    mask = masks.read(folder / MASK)
    digest, pruned, file = done.stdout.split()
    assert (digest, int(pruned)) == (mask.digest, mask.pruned)
    assert Path(file).is_relative_to(core)


def test_a_mask_is_applied_where_torch_is(study: Path, folder: Path) -> None:
    """As many ones become zero in a network as the mask prunes."""
    done = outside((study / "bin" / "python", "-c", f"{LOAD}{APPLY}", MASK), folder)

    _, pruned, file, zeros = done.stdout.split()
    assert zeros == pruned == str(masks.read(folder / MASK).pruned)
    assert Path(file).is_relative_to(study)
