"""A system that refuses to write: one line, and nothing that was there is lost."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoint_folders import (
    assert_holds,
    forked,
    names,
    saved,
    tensors,
)
from tickets import files
from tickets.errors import CannotWrite


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "writable"),
        (errno.EIO, "fix"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_system_that_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str, call: str
) -> None:
    """File, reason and remedy; old checkpoints stay, nothing else does, and later it works."""
    checkpoints = saved(tmp_path, 1, 2)
    before = names(tmp_path)
    real = os.open

    def refuse(*arguments: Any, **named: Any) -> int:
        if call == "open" and not str(arguments[0]).endswith(".tmp"):
            return real(*arguments, **named)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(CannotWrite) as caught:
            checkpoints.save(3, tensors(3))

    assert str(caught.value).startswith(f"{tmp_path}/step-00000003-")
    assert f"({os.strerror(number)}); the last good file is untouched" in str(caught.value)
    assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == before
    assert_holds(checkpoints, 2)
    checkpoints.save(3, tensors(3))
    assert_holds(checkpoints, 3)


def test_a_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not writable, or a file in its place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match=r"file/step-.*\(File exists\)"):
        saved(tmp_path / "file", 1)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "mkdir", refuse)  # root may write everywhere
    with pytest.raises(CannotWrite, match=r"Permission denied.*make its folder writable"):
        saved(tmp_path / "new", 1)


def test_a_limit_on_the_size_of_files_is_one_line(tmp_path: Path) -> None:
    """A write that stops half-way: the old file is whole, and no part of the new one is left."""
    path = tmp_path / "file"
    files.write_bytes(path, b"old")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with pytest.raises(CannotWrite, match=r"File too large.*ulimit -f"):
            files.write_bytes(path, bytes(5000))

    assert forked(limited) == 0
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line(tiny_disk: Path) -> None:
    """A real one: the checkpoints there stay, nothing half-written does, and room mends it."""
    checkpoints = saved(tiny_disk, 1, 2)
    filler = tiny_disk / "filler"
    filler.write_bytes(bytes(48 << 10))
    before = names(tiny_disk)

    with pytest.raises(CannotWrite, match=r"No space left on device.*make room"):
        checkpoints.save(3, {"large": np.ones(1 << 14, np.float32)})

    assert names(tiny_disk) == before
    assert_holds(checkpoints, 2)
    filler.unlink()
    checkpoints.save(3, tensors(3))
    assert_holds(checkpoints, 3)
