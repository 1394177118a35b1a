"""Checkpoints: whole or passed over, of this training or refused, and never lost to a full disk."""

from __future__ import annotations

import hashlib
import os
import signal
import string
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from checkpoint_folders import (
    BELONGS,
    CODE,
    TYPES,
    assert_holds,
    assert_same,
    forked,
    names,
    newest,
    saved,
    tensors,
)
from tickets.training.checkpoints import Checkpoints
from tickets.training.lock import exclusive


@settings(max_examples=50)
@given(
    values=st.dictionaries(
        # safetensors keeps this one name for itself
        st.text(string.ascii_letters + "._", min_size=1).filter(lambda n: n != "__metadata__"),
        st.sampled_from(TYPES).flatmap(
            lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0))
        ),
    ),
    step=st.integers(0, 10**8 - 1),
    transposed=st.booleans(),
)
def test_what_is_saved_is_found_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory,
    values: dict[str, NDArray[Any]],
    step: int,
    transposed: bool,
) -> None:
    """Any types and shapes, NaNs, arrays that are not in C order; the step with them."""
    checkpoints = Checkpoints(tmp_path_factory.mktemp("checkpoints"), BELONGS)
    given_ = {name: value.T if transposed else value for name, value in values.items()}

    checkpoints.save(step, given_)

    found = checkpoints.latest()
    assert found is not None
    assert found[0] == step
    assert_same(found[1], given_)


def test_equal_checkpoints_are_equal_files(tmp_path: Path) -> None:
    """A training that is at a step again writes the same file, by name and content."""
    for folder in ("one", "two"):
        saved(tmp_path / folder, 5)

    assert names(tmp_path / "one") == names(tmp_path / "two")
    assert newest(tmp_path / "one").read_bytes() == newest(tmp_path / "two").read_bytes()


def test_there_is_nothing_before_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder, no checkpoint, no word about it."""
    assert Checkpoints(tmp_path / "none", BELONGS).latest() is None
    assert capsys.readouterr().err == ""


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    """Older ones are deleted, and the name carries step and digest."""
    checkpoints = saved(tmp_path, 1, 9, 10, 2000)

    digest = hashlib.sha256(newest(tmp_path).read_bytes()).hexdigest()
    assert [name[:13] for name in names(tmp_path)] == ["step-00000010", "step-00002000"]
    assert names(tmp_path)[1] == f"step-00002000-{digest[:16]}.safetensors"
    assert_holds(checkpoints, 2000)


def test_older_ones_go_only_once_the_new_one_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is deleted before file and folder are on the disk."""
    saved(tmp_path, 1, 2)
    events: list[str] = []
    sync, unlink = os.fsync, Path.unlink

    def syncing(descriptor: int) -> None:
        events.append("sync")
        sync(descriptor)

    def unlinking(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        events.append(path.name[:13])

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "unlink", unlinking)
    saved(tmp_path, 3)

    assert events == ["sync", "sync", "step-00000001"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def misname(path: Path) -> None:
    path.rename(path.with_name(f"step-00000003-{'0' * 16}.safetensors"))


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("damage", [flip, truncate, empty, misname, link])
def test_a_damaged_one_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None]
) -> None:
    """One line names it, the one before is used; the training that goes on then replaces it."""
    checkpoints = saved(tmp_path, 1, 2, 3)
    damage(newest(tmp_path))

    assert_holds(checkpoints, 2)

    [line] = capsys.readouterr().err.splitlines()
    assert line == (f"checkpoint {newest(tmp_path)}: not whole; going back to the one before")
    checkpoints.save(3, tensors(3))
    assert_holds(checkpoints, 3)
    assert capsys.readouterr().err == ""


def test_every_flipped_byte_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it is, header or tensor; with nothing before it the training starts anew."""
    checkpoints = saved(tmp_path, 3)
    path = newest(tmp_path)
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        assert checkpoints.latest() is None
    assert len(capsys.readouterr().err.splitlines()) == len(content)


def test_one_of_another_training_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with each key that differs, both values, digests shortened; it is not used."""
    saved(tmp_path, 3)
    edited = hashlib.sha256(b"edited").hexdigest()
    now = {
        "threads": 2,
        "recipe": {"epochs": 3, "learning_rate": "0.1", "dropout": None},
        "code": {"train.py": edited},
    }

    assert Checkpoints(tmp_path, now).latest() is None

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"checkpoint {newest(tmp_path)}: of another training (")
    assert f'code.train.py: "{CODE[:12]}..." then, "{edited[:12]}..."' in line
    assert 'recipe.learning_rate: "0.005" then, "0.1" now' in line
    assert "recipe.dropout: absent then, null now" in line
    assert "threads: 1 then, 2 now" in line
    assert "epochs" not in line


def test_a_refused_one_makes_room(tmp_path: Path) -> None:
    """The checkpoints of a training that starts anew survive older ones of higher steps."""
    saved(tmp_path, 900, 1000)
    other = saved(tmp_path, 1, 2, belongs={"threads": 2})

    assert [name[:13] for name in names(tmp_path)] == ["step-00000001", "step-00000002"]
    assert_holds(other, 2)


def test_an_older_one_that_belongs_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newer one of another training does not hide it."""
    checkpoints = saved(tmp_path, 1)
    saved(tmp_path, 2, belongs={**BELONGS, "threads": 2})

    assert_holds(checkpoints, 1)
    assert "threads: 2 then, 1 now" in capsys.readouterr().err


def test_equal_in_json_is_equal(tmp_path: Path) -> None:
    """Order of keys, and tuple or list, do not matter; 1 and 1.0 do."""
    saved(tmp_path, 1, belongs={"a": [1, 2], "b": 1})

    assert Checkpoints(tmp_path, {"b": 1, "a": (1, 2)}).latest() is not None
    assert Checkpoints(tmp_path, {"b": 1.0, "a": [1, 2]}).latest() is None


def test_a_kill_before_the_rename_loses_nothing(tmp_path: Path) -> None:
    """The one before is found, and what the killed writer left is deleted by the next."""
    checkpoints = saved(tmp_path, 1)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def killed() -> None:
        os.replace = os.rename = die
        checkpoints.save(2, tensors(2))

    assert forked(killed) == -signal.SIGKILL
    assert [name.endswith(".tmp") for name in names(tmp_path)] == [True, False]
    assert_holds(checkpoints, 1)
    checkpoints.save(2, tensors(2))
    assert [name[:13] for name in names(tmp_path)] == ["step-00000001", "step-00000002"]
    assert forked(killed) == -signal.SIGKILL
    checkpoints.remove()
    assert names(tmp_path) == []


def test_nothing_is_left_at_the_end(tmp_path: Path) -> None:
    """The folder goes, and those above it up to `checkpoints`, as far as they are empty."""
    root = tmp_path / "results" / "checkpoints"
    one, two = (saved(root / "cola" / name, 1, 2) for name in ("seed-1", "seed-2"))

    with exclusive(root / "cola" / "seed-1"):
        one.remove()
    assert names(root / "cola") == ["seed-2"]
    with exclusive(root / "cola" / "seed-2"):
        two.remove()
        two.remove()  # nothing is there, and nothing happens
    assert names(tmp_path / "results") == []

    with exclusive(tmp_path / "elsewhere" / "folder"):
        saved(tmp_path / "elsewhere" / "folder", 1).remove()
    assert names(tmp_path / "elsewhere") == []
    assert (tmp_path / "elsewhere").exists()


def test_what_is_not_a_checkpoint_is_left_alone(tmp_path: Path) -> None:
    """A file of somebody else keeps the folder."""
    checkpoints = saved(tmp_path, 1)
    (tmp_path / "notes.txt").write_text("mine")

    checkpoints.remove()

    assert names(tmp_path) == ["notes.txt"]


def test_trainings_beside_each_other_do_not_hinder(tmp_path: Path) -> None:
    """Folders made and removed at the same time, under one parent that comes and goes."""
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for step in range(1, 40):
                folder = tmp_path / "checkpoints" / "cola" / name
                with exclusive(folder):
                    checkpoints = saved(folder, step)
                    assert_holds(checkpoints, step)
                    checkpoints.remove()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert names(tmp_path) == []
