"""The audit as a whole; tests/audit/test_tampering.py has the table of faults."""

from __future__ import annotations

import errno
import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load, save

from forgery import facts, restate
from kept_study import audited, copied
from tamperings import FIRST, RANDOM, THETA, remask, rewritten
from tickets import files, masks
from tickets.audit import completeness, tree
from tickets.audit.findings import Files
from tickets.design.dag import Design
from tickets.errors import BadInput, Tampered

ROOT = Path(__file__).parents[2]
ONESHOT = "masks/oneshot/sparsity-20.safetensors"
PROGRAM = (
    "import sys\nfrom tickets.cli import main\n"
    "try: main()\n"
    "finally: print('loaded', {'torch', 'transformers', 'datasets', 'evaluate', 'snakemake'}"
    " & set(sys.modules))"
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return copied(tmp_path)


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", PROGRAM, "audit", *map(str, arguments)]
    scripts = ROOT / "workflow" / "scripts"
    return subprocess.run(line, cwd=scripts, capture_output=True, text=True, check=False)


def found_in(root: Path) -> set[tuple[str, str]]:
    return {(each.path, each.code) for each in audited(root).findings}


def test_the_command_says_what_it_may_say(study: Path, tmp_path: Path) -> None:
    """Self-consistent without an anchor, authentic with one; nothing heavy is loaded."""
    page, table = tmp_path / "report.html", tmp_path / "masks.csv"
    done = command(study, "--report", page, "--masks", table)
    root = next(line for line in done.stdout.splitlines() if line.startswith("root digest"))
    digest = root.split()[-1]

    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nself-consistent: " in done.stdout
    assert "authentic" not in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded set()"
    assert digest in page.read_text()
    assert len(table.read_text().splitlines()) == 1 + len(
        list(study.glob("masks/**/*.safetensors"))
    )
    assert "\nauthentic: " in command(study, "--expect-root", digest).stdout


def test_the_command_finds_another_root(study: Path) -> None:
    """A chain without a seam is found by the root digest that was kept elsewhere."""
    before = audited(study).root
    rewritten(study)

    done = command(study, "--expect-root", before)

    assert done.returncode == 1
    assert "wrong-root  .: " in done.stdout
    assert "\nnot clean: 1 finding; " in done.stdout


@pytest.mark.parametrize(
    "flags",
    [
        ("nowhere",),
        (".", "--expect-root", "abc"),
        (".", "--public-key", "key.pem"),
        (".",),
    ],
)
def test_wrong_use_is_status_2(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """One line and no traceback; also for a folder without a study."""
    results, *others = flags
    done = command(tmp_path / results, *others)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")


def test_the_root_digest_is_of_what_lasts(study: Path) -> None:
    """Logs, and trained weights that come and go, are no part of it; everything else is."""
    before = audited(study).root
    (study / "logs").mkdir(exist_ok=True)
    (study / "logs" / "x.log").write_text("x")
    trained = study / "trained/theta_0/dense/on-mlm/seed-1.safetensors"
    trained.parent.mkdir(parents=True)
    shutil.copyfile(study / "weights/theta_0.safetensors", trained)
    assert audited(study).root == before

    restate(study / FIRST, edit=lambda value: facts(value).update(sparsity="1/2"))
    assert audited(study).root != before


def test_the_root_digest_is_that_of_any_copy(study: Path, tmp_path: Path) -> None:
    """Neither times nor the folder's place count."""
    copy = shutil.copytree(study, tmp_path / "elsewhere", copy_function=shutil.copyfile)

    assert audited(copy).root == audited(study).root


def test_a_mask_that_other_weights_would_give(study: Path) -> None:
    """One-shot masks are pruned again from theta_0: right counts do not hide another choice."""
    remask(study, ONESHOT, study / RANDOM)

    assert (ONESHOT, "wrong-mask") in found_in(study)


def test_a_mask_of_another_model(study: Path) -> None:
    """Its matrices are not those of theta_0."""
    theta = load((study / THETA).read_bytes())
    del theta["pooler.dense.weight"]
    restate(study / THETA, save(theta))

    assert (FIRST, "wrong-matrices") in found_in(study)


def test_without_scores_the_study_is_not_known(study: Path) -> None:
    """A remark, as a study that is not done has none yet."""
    for folder in ("metrics", "tables"):
        shutil.rmtree(study / folder)

    found = audited(study)

    assert ("metrics", "no-design") in {(each.path, each.code) for each in found.findings}


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was hashed would not be what is there."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    status = files.os.fstat

    def writing(descriptor: int) -> object:
        found = status(descriptor)
        path.write_bytes(b"longer")
        return found

    monkeypatch.setattr(files.os, "fstat", writing)
    with pytest.raises(Tampered) as caught:
        files.read_bytes(path)
    assert caught.value.code == "changed-meanwhile"


def test_masks_of_kept_weights_are_pruned_again(study: Path) -> None:
    """The dense mask stays; a mask that keeps its count and not its weights is found."""
    mask = masks.from_bytes((study / ONESHOT).read_bytes(), "")

    assert mask.pruned > 0
    assert not {code for path, code in found_in(study) if path == ONESHOT}


def test_folders_however_deep_are_listed(tmp_path: Path) -> None:
    """Deeper than functions may call each other."""
    folder = tmp_path
    for _ in range(200):
        folder /= "a"
        folder.mkdir()
    (folder / "x").touch()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        found = tree.walk(tmp_path)
    finally:
        sys.setrecursionlimit(limit)

    assert found.folders == {folder.relative_to(tmp_path).as_posix(): ["x"]}


def test_a_folder_that_cannot_be_read_is_named(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For root no folder is closed."""
    listed = os.scandir

    def refusing(folder: Path) -> object:
        if folder == study / "masks":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(tree.os, "scandir", refusing)
    with pytest.raises(BadInput, match=r"masks: cannot be looked through \(Permission denied\)"):
        audited(study)


def test_an_empty_folder_is_no_study(tmp_path: Path) -> None:
    """Nothing found in nothing would be a lie."""
    with pytest.raises(BadInput, match="no file of a study"):
        audited(tmp_path)


def test_without_the_sweeps_scores_its_finders_are_not_known() -> None:
    """A study that is not done may have their masks before, of its own tasks, seeds and rounds."""
    design = Design(
        tasks=["rte"], seeds=[1], sparsities=["10", "20"], transfer="20", rewind="0", sweep=()
    )
    masks_here = [f"masks/snip/rte/seed-{n}/sparsity-10.safetensors" for n in (1, 9)]

    def extra(*tables: str, **changes: Sequence[str]) -> list[str]:
        digests = dict.fromkeys([*masks_here, *(f"metrics/{each}.parquet" for each in tables)], "")
        here = Files(root=Path(), digests=digests, statements={})
        found = completeness.check(here, replace(design, **changes))
        return [each.path for each in found if each.code == "extra-cell"]

    assert extra("transfer") == masks_here[1:]
    assert extra("transfer", sweep=["oneshot"]) == masks_here  # an earlier version said it there
    assert extra("transfer", "sweep") == masks_here
    assert extra("transfer", "sweep", sweep=["snip"]) == masks_here[1:]
