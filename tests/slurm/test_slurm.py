"""A study on a cluster is the study without one, whatever happens to nodes, jobs and Snakemake."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster import Cluster, call, wait_for
from clustered import MINI, Study, slow

TABLE = "results/tables/transfer.csv"
TRAINING = "theta_0/dense/on-acceptability/seed-1"
PREDICTIONS = f"results/predictions/{TRAINING}.parquet"
WHOLE = MINI | {"gpu": "any", "threads": 2}
STEPS = 15_000


@pytest.fixture(scope="session")
def expected_table(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The mini study's table, made without a cluster."""
    study = Study.make(tmp_path_factory.mktemp("local"), WHOLE)
    begin = time.monotonic()
    study.run_locally(TABLE)
    print(f"\nwithout a cluster: {time.monotonic() - begin:.0f} s")
    return (study.folder / TABLE).read_bytes()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """All that one slow training needs, and what it predicts, both made without a cluster."""
    return prepare(tmp_path_factory.mktemp("slow"), STEPS)


@pytest.fixture(scope="session")
def prepared_longer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The same of a training that takes two minutes or more."""
    return prepare(tmp_path_factory.mktemp("slower"), 2 * STEPS)


def prepare(folder: Path, steps: int) -> tuple[Path, bytes]:
    study = Study.make(folder, slow(steps))
    study.run_locally(
        "results/encoded/acceptability/train.arrow", "results/masks/dense.safetensors"
    )
    before = folder.with_name(f"{folder.name}-prepared")
    shutil.copytree(study.folder, before)
    study.run_locally(PREDICTIONS)
    return before, (study.folder / PREDICTIONS).read_bytes()


@pytest.fixture
def study(prepared: tuple[Path, bytes], tmp_path: Path) -> Study:
    return Study(folder=shutil.copytree(prepared[0], tmp_path / "study"))


def goes_on(study: Study, expected: bytes, disturb: Callable[[], None], *arguments: str) -> None:
    """Disturbed in mid-training, it ends with the same predictions, and not from the beginning."""
    with study.snakemake(PREDICTIONS, *arguments) as snakemake:
        training(study, snakemake)
        disturb()
        assert snakemake.wait(600) == 0, study.said()
    assert_the_same(study, expected)


def training(study: Study, snakemake: subprocess.Popen[bytes]) -> None:
    """Wait until the training has saved how far it is."""

    def saved() -> bool:
        assert snakemake.poll() is None, study.said()
        return any(study.folder.glob("results/checkpoints/**/step-*.safetensors"))

    wait_for(saved, "a checkpoint", seconds=180)


def assert_the_same(study: Study, expected: bytes) -> None:
    assert (study.folder / PREDICTIONS).read_bytes() == expected
    assert "resumed at step" in log_of(study), log_of(study)
    assert not list(study.folder.glob("results/checkpoints/**/*"))


def log_of(study: Study) -> str:
    return (study.folder / f"results/logs/trainings/{TRAINING}.log").read_text()


def do(*command: str) -> None:
    call(*command)


def job_that_trains() -> str:
    (job,) = call("squeue", "-h", "-t", "running", "-o", "%A").split()
    return job


def node_that_trains() -> str:
    (node,) = call("squeue", "-h", "-t", "running", "-o", "%N").split()
    return node


@pytest.mark.parametrize("asked_with", ["squeue", "sacct"])
def test_the_table_is_that_of_a_local_run(
    slurm: Cluster, expected_table: bytes, tmp_path: Path, asked_with: str
) -> None:
    """Through the profile; what each job cost beside its own work is printed."""
    if asked_with == "sacct" and not slurm.accounting:
        pytest.skip("sacct asks the accounting")
    study = Study.make(tmp_path / "study", WHOLE)
    begin = time.monotonic()
    with study.snakemake(TABLE, "--slurm-status-command", asked_with) as snakemake:
        assert snakemake.wait(1800) == 0, study.said()
    seconds = time.monotonic() - begin

    assert (study.folder / TABLE).read_bytes() == expected_table
    audit = [sys.executable, "-m", "tickets.cli", "audit", "results"]
    done = subprocess.run(audit, cwd=study.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "self-consistent" in done.stdout

    # A round is one submission: a ticket, the training on it, and the mask that it leads to.
    first = "imp/acceptability/rewind-0/seed-1/sparsity-{}"
    trained = study.job_of(
        f"predictions/theta_0/{first.format(10)}/on-acceptability/seed-1.parquet"
    )
    assert trained
    assert study.job_of(f"masks/{first.format(20)}.safetensors") == trained
    assert study.job_of("data/acceptability/train.parquet") == ""

    about = call("scontrol", "show", "job", trained)
    assert "Partition=gpu" in about
    assert "TresPerJob=gres:gpu:1" in about
    assert "CPUs/Task=2" in about
    mask = call("scontrol", "show", "job", study.job_of("masks/oneshot/sparsity-20.safetensors"))
    assert "Partition=cpu" in mask

    submitted = study.said().count("has been submitted with SLURM jobid")
    jobs = study.said().count("Finished jobid")
    print(f"\n{asked_with}: {jobs} jobs in {submitted} submissions, {seconds:.0f} s")


def test_a_cancelled_job_goes_on(study: Study, prepared: tuple[Path, bytes]) -> None:
    goes_on(study, prepared[1], lambda: do("scancel", job_that_trains()))


def test_a_requeued_job_goes_on(study: Study, prepared: tuple[Path, bytes]) -> None:
    """As the scheduler does with a job that it preempts."""
    goes_on(study, prepared[1], lambda: do("scontrol", "requeue", job_that_trains()))


def test_a_node_that_dies_costs_no_more_than_a_checkpoint(
    study: Study, slurm: Cluster, prepared: tuple[Path, bytes]
) -> None:
    """The job and its node's daemon are killed at once; SLURM gives the job to another node."""
    dead: list[str] = []

    def die() -> None:
        dead.append(node_that_trains())
        slurm.fail(dead[0])

    try:
        goes_on(study, prepared[1], die, "--set-resources", "train:slurm_partition=gpu")
    finally:
        for each in dead:
            slurm.start(each)


def test_a_job_over_its_time_goes_on_with_more(
    tmp_path: Path, prepared_longer: tuple[Path, bytes]
) -> None:
    """One minute, then two, then three: the training takes longer than the first, which SLURM looks
    at every half a minute.
    """
    study = Study(folder=shutil.copytree(prepared_longer[0], tmp_path / "study"))
    with study.snakemake(PREDICTIONS, "--set-resources", "train:runtime=attempt") as snakemake:
        assert snakemake.wait(600) == 0, study.said()

    assert_the_same(study, prepared_longer[1])
    assert "DUE TO TIME LIMIT" in study.said()


def test_the_controller_may_be_away(
    study: Study, slurm: Cluster, prepared: tuple[Path, bytes]
) -> None:
    """For a minute, in which the job ends: its result is not lost, and it is not run again.

    With accounting sacct answers meanwhile. Without, the plugin forgets the job, and Snakemake
    waits for ever: the user calls it again.
    """
    with study.snakemake(PREDICTIONS) as snakemake:
        training(study, snakemake)
        job = job_that_trains()
        slurm.stop("slurmctld")
        time.sleep(60)
        slurm.start("slurmctld")
        wait_for(lambda: not call("squeue", "-h"), "the job's end", seconds=300)
        if slurm.accounting:
            assert snakemake.wait(300) == 0, study.said()
    study.unlock()

    with study.snakemake(PREDICTIONS) as again:
        assert again.wait(300) == 0, study.said()
    assert (study.folder / PREDICTIONS).read_bytes() == prepared[1]
    assert study.job_of(f"predictions/{TRAINING}.parquet") == job


def test_two_studies_side_by_side(
    study: Study, prepared: tuple[Path, bytes], tmp_path: Path
) -> None:
    """In two folders, with the same trainings by the same names."""
    other = Study(folder=shutil.copytree(prepared[0], tmp_path / "other"))
    with study.snakemake(PREDICTIONS) as first, other.snakemake(PREDICTIONS) as second:
        codes = [each.wait(900) for each in (first, second)]
        assert codes == [0, 0], study.said() + other.said()

    assert (study.folder / PREDICTIONS).read_bytes() == prepared[1]
    assert (other.folder / PREDICTIONS).read_bytes() == prepared[1]
    name = f"predictions/{TRAINING}.parquet"
    assert study.job_of(name) != other.job_of(name)


def test_a_killed_snakemake_goes_on(study: Study, prepared: tuple[Path, bytes]) -> None:
    """Its job goes on, though nobody waits for it. The one that the next Snakemake submits for the
    same training waits for that, and finds its work done.
    """
    with study.snakemake(PREDICTIONS) as snakemake:
        training(study, snakemake)
        job = job_that_trains()
    study.unlock()

    with study.snakemake(PREDICTIONS) as again:
        assert again.wait(900) == 0, study.said()

    assert (study.folder / PREDICTIONS).read_bytes() == prepared[1]
    assert study.job_of(f"predictions/{TRAINING}.parquet") == job
    assert "the other attempt has ended this training" in log_of(study)
    assert study.said().count("rule encode:") == 0


def test_an_interrupted_snakemake_takes_its_jobs_back(
    study: Study, prepared: tuple[Path, bytes]
) -> None:
    """As by Ctrl-C. Called again it goes on from what they saved."""
    with study.snakemake(PREDICTIONS) as snakemake:
        training(study, snakemake)
        snakemake.send_signal(signal.SIGINT)
        assert snakemake.wait(120) != 0, study.said()
    wait_for(lambda: not call("squeue", "-h"), "no job", seconds=60)

    with study.snakemake(PREDICTIONS) as again:
        assert again.wait(600) == 0, study.said()
    assert_the_same(study, prepared[1])
