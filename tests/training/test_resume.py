"""Trainings killed at any moment: run again they go on, and end with the bits of one never killed.

Dropout is on, so that data order and every random draw have to be resumed too.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import tiny_bert
from tickets import canonical, masks, provenance, ticket, weights
from tickets.criteria.random import draw
from tickets.initial import pretrained
from tickets.training.lock import exclusive
from tiny_trainings import (
    ENVIRONMENT,
    HELPERS,
    OUTPUTS,
    SCRIPTS,
    STEPS,
    TRAIN,
    Runner,
    Training,
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    theta = pretrained.read(tiny_bert.model(folder / "model"))
    mask = draw(weights.prunable_of(theta), Fraction("1/2"), seed=1)
    weights.write(folder / "theta.safetensors", theta)
    masks.write(folder / "mask.safetensors", mask)
    tiny_bert.texts(30, "classification").write(folder / "train.arrow")
    tiny_bert.texts(12, "classification", seed=1).write(folder / "validation.arrow")
    canonical.write(
        folder / "validation.parquet", pa.table({"id": [str(row) for row in range(12)]})
    )
    for path in sorted(folder.glob("*.*")):
        state(path, masks.facts(mask) if path.name == "mask.safetensors" else {})
    made = folder / "ticket.json"
    ticket.write(made, folder / "theta.safetensors", folder / "mask.safetensors")
    state(made, {})
    return folder


def state(path: Path, facts: Mapping[str, Any]) -> None:
    provenance.write(
        path, rule="toy", parameters={}, dependencies={}, facts=facts, started=provenance.now()
    )


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    command = [sys.executable, str(HELPERS / "crash_runner.py"), str(TRAIN)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        yield Runner(process=process)


@pytest.fixture
def training(runner: Runner, inputs: Path, tmp_path: Path) -> Training:
    return Training(runner=runner, inputs=inputs, folder=tmp_path / "training")


@pytest.fixture(scope="module")
def expected(
    runner: Runner, inputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The outputs of a training that nothing interrupts."""
    return uninterrupted(
        Training(runner=runner, inputs=inputs, folder=tmp_path_factory.mktemp("x"))
    )


def uninterrupted(training: Training, **changed: object) -> dict[str, bytes]:
    done = training.run(None, 1, **changed)
    assert done.status == 0, done.stderr
    assert not done.resumed
    return training.outputs()


def at(moment: str, count: int, what: str = "SIGKILL") -> dict[str, Any]:
    return {"at": moment, "count": count, "what": what}


def killed(training: Training, count: int, moment: str = "step", every: int = 1) -> None:
    done = training.run(at(moment, count), every)
    assert done.status == -signal.SIGKILL, done.stderr


def assert_goes_on(
    training: Training, expected: Mapping[str, bytes], *, resumed: bool = True
) -> None:
    done = training.run()
    assert done.status == 0, done.stderr
    assert done.resumed == resumed, done.stderr
    assert training.outputs() == expected


def test_checkpoints_change_nothing(training: Training, expected: dict[str, bytes]) -> None:
    """A training that writes none ends with the same bits; another seed does not."""
    done = training.run(checkpoint_minutes=1000)

    assert done.status == 0, done.stderr
    assert training.outputs() == expected
    assert uninterrupted(training, seed=2) != expected


def test_a_second_attempt_finds_the_work_done(
    training: Training, expected: dict[str, bytes]
) -> None:
    """Of two that wait for a third one trains, and the other one keeps what it made."""
    command = [sys.executable, str(TRAIN), *training.flags(checkpoint_minutes=1000)]
    with exclusive(training.checkpoints):
        both = [
            subprocess.Popen(command, env=ENVIRONMENT, text=True, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        for each in both:
            assert each.stderr is not None
            assert each.stderr.readline().startswith("waiting for another attempt")
    said = [each.communicate()[1] for each in both]

    assert [each.returncode for each in both] == [0, 0], said
    assert sorted("the other attempt has ended this training" in each for each in said) == [
        False,
        True,
    ]
    assert sorted("step" in each for each in said) == [False, True]
    assert training.outputs() == expected


def test_a_second_attempt_by_reworded_code_finds_the_work_done(
    training: Training, tmp_path: Path
) -> None:
    """The later attempt has another comment; one whose code means something else trains again."""
    uninterrupted(training)

    def waited(addition: str) -> str:
        command = [sys.executable, edited(tmp_path / addition[0], addition), *training.flags()]
        with exclusive(training.checkpoints):
            later = subprocess.Popen(command, env=ENVIRONMENT, text=True, stderr=subprocess.PIPE)
            assert later.stderr is not None
            assert later.stderr.readline().startswith("waiting for another attempt")
        said = later.communicate()[1]
        assert later.returncode == 0, said
        return said

    assert "the other attempt has ended this training" in waited("# edited\n")
    assert "the other attempt has ended this training" not in waited("EDITED = 1\n")


def test_killed_at_twenty_random_steps(
    runner: Runner, inputs: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    """With a checkpoint every step, every second and every third: some steps are done again."""
    for count in sorted(random.Random(0).sample(range(1, STEPS + 1), 20)):
        every = 1 + count % 3
        training = Training(runner=runner, inputs=inputs, folder=tmp_path / str(count))
        killed(training, count, every=every)
        assert_goes_on(training, expected, resumed=count > every)


@pytest.mark.parametrize("moment", ["fsync", "unlink"])
def test_killed_wherever_files_come_and_go(
    runner: Runner, inputs: Path, tmp_path: Path, moment: str
) -> None:
    """Of checkpoints, weights, predictions and statements; and when, at the end, checkpoints go."""
    whole = Training(runner=runner, inputs=inputs, folder=tmp_path / "whole")
    expected = uninterrupted(whole, epochs=1)
    count, survived = 0, False
    while not survived:
        count += 1
        training = Training(runner=runner, inputs=inputs, folder=tmp_path / str(count))
        done = training.run(at(moment, count), epochs=1)
        survived = done.status == 0
        if not survived:
            assert done.status == -signal.SIGKILL, done.stderr
            done = training.run(epochs=1)
            assert done.status == 0, done.stderr
        assert training.outputs() == expected
    assert count > 2 * 2 * len(OUTPUTS)


def test_killed_twice(training: Training, expected: dict[str, bytes]) -> None:
    """The second time in what the first had resumed."""
    killed(training, 7)
    killed(training, 9)
    assert_goes_on(training, expected)


def test_killed_before_the_first_checkpoint(training: Training, expected: dict[str, bytes]) -> None:
    """It starts anew."""
    killed(training, 1, moment="save")
    assert_goes_on(training, expected, resumed=False)


@pytest.mark.parametrize("count", [1, 2, 13])
def test_killed_while_a_checkpoint_is_written(
    training: Training, expected: dict[str, bytes], count: int
) -> None:
    """Half of its bytes are on the disk: the one before is taken, and the half is removed."""
    done = training.run(at("write", count, "half"))
    assert done.status == -signal.SIGKILL, done.stderr
    assert list(training.checkpoints.glob(".*.tmp"))
    assert_goes_on(training, expected, resumed=count > 1)


@pytest.mark.parametrize("count", [1, 2, 13])
def test_a_full_disk(training: Training, expected: dict[str, bytes], count: int) -> None:
    """One line says so; with room again, the training goes on from the one before."""
    done = training.run(at("write", count, "full"))

    assert done.status == 1
    [line] = done.errors
    assert "No space left on device" in line
    assert "step-" in line
    assert "Traceback" not in done.stderr
    assert not list(training.checkpoints.glob(".*.tmp"))
    assert_goes_on(training, expected, resumed=count > 1)


def test_a_full_disk_at_the_end(training: Training, expected: dict[str, bytes]) -> None:
    """The weights do not fit any more: the checkpoints stay, and all but writing is saved."""
    done = training.run(at("write", STEPS + 1, "full"))

    assert done.status == 1
    [line] = done.errors
    assert str(training.folder / OUTPUTS[0]) in line
    assert list(training.checkpoints.iterdir())
    assert_goes_on(training, expected)


def test_a_damaged_checkpoint(training: Training, expected: dict[str, bytes]) -> None:
    """The one before is taken, and a line says so."""
    killed(training, 10)
    newest = max(training.checkpoints.iterdir())
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(content)

    done = training.run()

    assert done.status == 0, done.stderr
    assert f"{newest}: not whole; going back to the one before" in done.stderr
    assert done.resumed
    assert training.outputs() == expected


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"threads": 2}, "threads"),
        ({"learning_rate": 1e-3}, "learning_rate"),
        ({"epochs": 5}, "epochs"),
        ({"seed": 2}, "seed"),
    ],
)
def test_another_recipe_is_not_resumed(
    training: Training, changed: dict[str, object], key: str
) -> None:
    """A line names what differs; the training starts anew, as if nothing had been there."""
    expected = uninterrupted(training, **changed)
    killed(training, 6)

    done = training.run(None, 1, **changed)

    assert done.status == 0, done.stderr
    assert not done.resumed
    [line] = [line for line in done.stderr.splitlines() if line.startswith("checkpoint ")][:1]
    assert "of another training" in line
    assert key in line
    assert training.outputs() == expected


def edited(folder: Path, addition: str) -> str:
    """A copy of all code, with an addition to one module; its entry point."""
    copy = folder / "scripts"
    shutil.copytree(SCRIPTS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "tickets" / "seeds.py").open("a") as file:
        file.write(addition)
    return str(copy / "train.py")


def test_code_of_the_same_meaning_goes_on(
    training: Training, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """A checkpoint outlives a new comment and a new text that nobody reads."""
    killed(training, 6)

    done = training.subprocess(edited(tmp_path, '# edited\n"""Edited."""\n'))

    assert done.status == 0, done.stderr
    assert done.resumed
    assert training.outputs() == expected


def test_another_code_is_not_resumed(training: Training, tmp_path: Path) -> None:
    """A checkpoint belongs to what its code meant; a line names the file that differs."""
    killed(training, 6)

    done = training.subprocess(edited(tmp_path, "EDITED = 1\n"))

    assert done.status == 0, done.stderr
    assert not done.resumed
    lines = [line for line in done.stderr.splitlines() if line.startswith("checkpoint ")]
    assert len(lines) == 2
    assert all("seeds.py" in line and "batches.py" not in line for line in lines)


@pytest.mark.parametrize("moment", [at("step", STEPS, "SIGINT"), at("write", 1, "SIGINT")])
def test_a_training_that_is_asked_to_stop_at_its_end_finishes(
    training: Training, expected: dict[str, bytes], moment: dict[str, Any]
) -> None:
    """In the last step, and while the outputs are written."""
    done = training.run(moment, checkpoint_minutes=1000)

    assert done.status == 0, done.stderr
    assert training.outputs() == expected


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT", "SIGTERM", "SIGUSR1"])
def test_a_process_of_its_own(training: Training, expected: dict[str, bytes], name: str) -> None:
    """No fork. SIGKILL: the last checkpoint counts. Others: one is written, the exit is orderly."""
    ordered = name != "SIGKILL"
    minutes = 1000 if ordered else 0
    program = (
        f"import sys; sys.path[:0] = {[str(SCRIPTS), str(HELPERS)]!r}\n"
        "import crash_runner; "
        f"crash_runner.run({str(TRAIN)!r}, sys.argv[1:], {at('step', 5, name)!r})\n"
    )
    done = training.subprocess("-c", program, checkpoint_minutes=minutes)

    if ordered:
        assert done.status == 1, done.stderr
        [line] = done.errors
        assert name in line
        assert "Traceback" not in done.stderr
        assert len(list(training.checkpoints.iterdir())) == 1
    else:
        assert done.status == -signal.SIGKILL
    assert not (training.folder / OUTPUTS[0]).exists()

    done = training.subprocess(str(TRAIN))

    assert done.status == 0, done.stderr
    assert done.resumed
    assert training.outputs() == expected
