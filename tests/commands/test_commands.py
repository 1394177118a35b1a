"""The commands' help and docs/commands.md say the same; their examples run."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kept_study import copied
from studies import ROOT, checkout, snakemake
from tickets import provenance, weights
from tickets.cli import COMMANDS, parser
from tickets.exchange import signature

PAGE = (ROOT / "docs" / "commands.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^## tickets (\S+)\n(.*?)(?=^## |\Z)", PAGE))
SUBPARSERS: dict[str, argparse.ArgumentParser] = next(
    action.choices  # type: ignore[misc]
    for action in parser()._actions
    if isinstance(action, argparse._SubParsersAction)
)


def examples(text: str) -> list[str]:
    """The calls of `tickets` in a help text or a page, each with the lines that go on from it."""
    found = re.findall(r"(?m)^    (tickets (?:.*\\\n)*.*)$", text)
    return [re.sub(r"\\\n +", "", call) for call in found]


def words(call: str) -> list[str]:
    return shlex.split(call)[1:]


def flags(name: str) -> set[str]:
    return {
        option
        for action in SUBPARSERS[name]._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }


def test_the_page_has_a_section_for_each_command_in_the_order_of_the_help() -> None:
    """And for no other one."""
    assert list(SECTIONS) == list(COMMANDS) == list(SUBPARSERS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_exactly_the_command_s_flags(name: str) -> None:
    """Each flag in its text or examples, and none that the command has not."""
    # The same word is a flag of another program where Snakemake's are spoken of.
    others = {"plan": {"--configfile", "--cores", "--help"}, "calibrate": {"--gpus"}}

    named = set(re.findall(r"--[a-z][a-z-]*", SECTIONS[name]))
    assert named - others.get(name, set()) == flags(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_the_examples_of_the_page(name: str) -> None:
    """The same ones in the same order, each a call of this command that its parser takes."""
    text = SUBPARSERS[name].format_help()
    _, _, end = text.partition("\nexamples:\n")
    calls = examples(end)

    assert calls == examples(SECTIONS[name])
    assert calls
    for call in calls:
        assert parser().parse_args(words(call)).command == name
    assert all(line.startswith("    ") for line in end.splitlines())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples run: the kept study, configurations, and what export and import make."""
    folder = tmp_path_factory.mktemp("examples")
    copied(folder)
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "local.yaml").write_text("seeds: [1]\n")
    frozen = frozen_training(folder, examples(SECTIONS["export"]))
    for call in (*examples(SECTIONS["export"]), *examples(SECTIONS["import"])):
        assert ran(folder, call).returncode == 0
    shutil.rmtree(frozen)
    return folder


def frozen_training(folder: Path, calls: list[str]) -> Path:
    """The folder of the trained weights that an example reads, which the kept study has not: here
    theta_0, as if a training had frozen all.
    """
    [named] = [word for call in calls for word in words(call) if "/trained/" in word]
    path = folder / named.replace("sparsity-70", "sparsity-20")
    weights.write(path, weights.read(folder / "results" / "weights" / "theta_0.safetensors"))
    about = {"parameters": {}, "dependencies": {}, "started": provenance.now()}
    provenance.write(path, rule="toy", **about)
    return folder / "results" / "trained"


def ran(folder: Path, call: str) -> subprocess.CompletedProcess[str]:
    """An example, on the kept study's sparsity."""
    program = f"import sys; sys.path.insert(0, {str(ROOT / 'workflow' / 'scripts')!r})\n"
    program += "from tickets.cli import main; main()"
    command = [sys.executable, "-c", program, *words(call.replace("sparsity-70", "sparsity-20"))]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "call",
    [
        call
        for name in ("plan", "verify", "show", "why", "diff", "prunable")
        for call in examples(SECTIONS[name])
    ],
)
def test_examples_run(folder: Path, call: str) -> None:
    """They end well, with no word on the standard error; diff finds what differs."""
    done = ran(folder, call)

    assert done.stderr == ""
    assert done.stdout
    assert done.returncode == (1 if call.startswith("tickets diff") else 0)


def test_examples_write_what_they_say(folder: Path) -> None:
    """What export wrote and import read is the same mask; export's others are a ticket and a
    delta.
    """
    mask = folder / "results" / "masks" / "oneshot" / "sparsity-20.safetensors"
    assert (folder / "imported.safetensors").read_bytes() == mask.read_bytes()
    assert provenance.statement(folder / "delta.safetensors").parameters == {"format": "delta"}
    assert (folder / "ticket" / "mask" / mask.name).read_bytes() == mask.read_bytes()


@pytest.mark.skipif(not signature.installed(), reason="an extra that the tests' set-up leaves out")
def test_the_examples_of_signature_and_audit_run(folder: Path) -> None:
    """A root digest that is none is wrong use; all others end well."""
    from signing_keys import elliptic

    elliptic(folder).with_suffix(".pub").rename(folder / "key.pub.pem")

    (signed,) = examples(SECTIONS["sign"])
    assert ran(folder, signed).returncode == 0
    for call in examples(SECTIONS["audit"]):
        done = ran(folder, call)

        assert done.returncode == (2 if "..." in call else 0), done.stdout + done.stderr
    assert "authentic:" in done.stdout
    assert (folder / "masks.csv").read_text().count("\n") == 40  # 39 masks and a head
    assert "<html" in (folder / "report.html").read_text()


def test_plan_prints_what_snakemake_s_target_prints(tmp_path: Path) -> None:
    """Of two configuration files, the second going before the first."""
    folder = checkout(tmp_path)
    (folder / "more.yaml").write_text("seeds: [3]\ntraining: {dropout: 0.2}\n")
    call = ("more.yaml", "--cores", "3", "--quiet", "all", "--", "plan")

    target = snakemake(folder, *call).stdout
    command = ran(folder, "tickets plan config/mini.yaml more.yaml --at-once 3").stdout

    assert command in target
    assert "2 tasks and 0 subsets, 1 seeds" in command
    assert "while 3 train at a time" in command


def test_plan_without_at_once_takes_the_cores(folder: Path) -> None:
    """Threads of a training are those of the configuration."""
    from snakemake.utils import available_cpu_count

    (folder / "wide.yaml").write_text(f"threads: {available_cpu_count() + 1}\n")

    said = ran(folder, "tickets plan config/minilm.yaml wide.yaml").stdout

    assert "while 1 trains at a time" in said


@pytest.mark.parametrize(
    ("text", "flag", "says"),
    [
        ("model: [", "", "bad.yaml, line 1: not YAML ("),
        ("- one", "", "bad.yaml: it is a list, not a mapping; write lines of `key: value`"),
        (None, "", "bad.yaml: No such file or directory; write the path of a YAML file"),
        ("tasks: {rte: }", "", "config: model: missing"),
        ("{}", " --at-once 0", "--at-once: 0 trainings at a time; write at least 1"),
    ],
)
def test_plan_says_in_one_line_what_is_wrong(
    tmp_path: Path, text: str | None, flag: str, says: str
) -> None:
    """A file that is not there, not YAML or no mapping; a study that is none."""
    if text is not None:
        (tmp_path / "bad.yaml").write_text(text)

    done = ran(tmp_path, f"tickets plan bad.yaml{flag}")

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {says}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
