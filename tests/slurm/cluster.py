"""A real SLURM on this machine: a controller and three virtual nodes, in a folder of their own.

Node n1 is the partition `cpu`; n2 and n3, with two GPUs each that are none, are `gpu`. With
accounting there are slurmdbd and a MariaDB too.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LINK = Path("/etc/slurm/slurm.conf")
"""Where SLURM's commands look when SLURM_CONF is not set: the plugin removes it for its jobs."""

NODES = ("n1", "n2", "n3")

SLURM = """\
ClusterName=tickets
SlurmctldHost=localhost
SlurmctldPort={controller}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=5,sched_min_interval=0
ReturnToService=2
MinJobAge=3600
SlurmdTimeout=20
KillWait=5
GresTypes=gpu
{accounting}
NodeName=n1 NodeHostname=localhost Port={n1} CPUs=2 RealMemory=64000
NodeName=n2 NodeHostname=localhost Port={n2} CPUs=2 RealMemory=64000 Gres=gpu:fake:2
NodeName=n3 NodeHostname=localhost Port={n3} CPUs=2 RealMemory=64000 Gres=gpu:fake:2
PartitionName=cpu Nodes=n1 Default=YES MaxTime=INFINITE
PartitionName=gpu Nodes=n2,n3 MaxTime=INFINITE
"""
NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none"
ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={database_daemon}
AccountingStoragePass={folder}/munge.socket
JobAcctGatherType=jobacct_gather/linux"""
GRES = """\
NodeName=n2 Name=gpu Type=fake File={folder}/gpu[0-1]
NodeName=n3 Name=gpu Type=fake File={folder}/gpu[2-3]
"""
SLURMDBD = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={database_daemon}
SlurmUser=root
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
"""


class Cluster:
    """A cluster that runs; its daemons by name, to be stopped and started by tests."""

    def __init__(self, folder: Path, accounting: bool) -> None:
        self._folder, self.accounting = folder, accounting
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        names = ("controller", *NODES, "database", "database_daemon")
        self._values = {
            "folder": str(folder),
            **dict(zip(names, free_ports(len(names)), strict=True)),
        }

    def boot(self) -> None:
        """Start everything, and wait until all nodes are idle."""
        folder = self._folder
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o400)
        for number in range(4):
            os.mknod(folder / f"gpu{number}", 0o20666, os.makedev(1, 3))
        accounting = ACCOUNTING if self.accounting else NO_ACCOUNTING
        text = SLURM.replace("{accounting}", accounting).format(**self._values)
        (folder / "slurm.conf").write_text(text)
        (folder / "gres.conf").write_text(GRES.format(**self._values))
        (folder / "state").mkdir()
        LINK.parent.mkdir(exist_ok=True)
        LINK.symlink_to(folder / "slurm.conf")
        self._start(
            *("munged", "--foreground", "--force", f"--key-file={folder}/munge.key"),
            *(f"--socket={folder}/munge.socket", f"--pid-file={folder}/munge.pid"),
            *(f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"),
        )
        wait_for((folder / "munge.socket").exists, "munge")
        if self.accounting:
            self._boot_accounting()
        self.start("slurmctld")
        for node in NODES:
            (folder / f"spool-{node}").mkdir()
            self.start(node)
        idle = ("sinfo", "-h", "-N", "-t", "idle", "-o", "%N")
        wait_for(lambda: len(call(*idle).split()) == len(NODES), "nodes")

    def start(self, name: str) -> None:
        """Start the controller (`slurmctld`) or a node."""
        config = ("-f", f"{self._folder}/slurm.conf")
        if name == "slurmctld":
            self._start("slurmctld", "-D", *config)
        else:
            self._start("slurmd", "-D", "-N", name, *config, name=name)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop a daemon; jobs on a node go on, unless they are killed with it."""
        daemon = self._daemons.pop(name)
        daemon.send_signal(number)
        daemon.wait()

    def fail(self, node: str) -> None:
        """A node dies: its daemon and all that runs on it, at once."""
        jobs = call("squeue", "-h", "-w", node, "-o", "%A").split()
        self.stop(node, signal.SIGKILL)
        for number in processes_of(jobs):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def cancel_all(self) -> None:
        """Cancel all jobs and wait until none is left."""
        call("scancel", "--user=root", timeout=10)
        wait_for(lambda: call("squeue", "-h", timeout=10) == "", "jobs to end", seconds=30)

    def shut_down(self) -> None:
        """Cancel all jobs and stop everything, however far the cluster had booted."""
        if "slurmctld" in self._daemons:
            with suppress(OSError, subprocess.SubprocessError, TimeoutError):
                self.cancel_all()
        for daemon in reversed(self._daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for number in processes_that_mention(str(self._folder)):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        if LINK.is_symlink() and LINK.readlink() == self._folder / "slurm.conf":
            LINK.unlink()
            with suppress(OSError):
                LINK.parent.rmdir()

    def _boot_accounting(self) -> None:
        folder, data = self._folder, self._folder / "database"
        user = ("--user=root", f"--datadir={data}")
        call("mariadb-install-db", *user, "--auth-root-authentication-method=socket")
        self._start(
            *("mariadbd", *user, "--bind-address=127.0.0.1", f"--port={self._values['database']}"),
            *(f"--socket={folder}/database.socket", f"--pid-file={folder}/database.pid"),
        )
        wait_for((folder / "database.socket").exists, "the database")
        grant = (
            "CREATE DATABASE slurm; CREATE USER slurm@'127.0.0.1' IDENTIFIED BY 'slurm';"
            "GRANT ALL ON slurm.* TO slurm@'127.0.0.1';"
        )
        call("mariadb", f"--socket={folder}/database.socket", "-e", grant)
        config = folder / "slurmdbd.conf"
        config.write_text(SLURMDBD.format(**self._values))
        config.chmod(0o600)
        self._start("slurmdbd", "-D", SLURM_CONF=str(folder / "slurm.conf"))
        wait_for(lambda: answers(int(self._values["database_daemon"])), "slurmdbd")
        call("sacctmgr", "-i", "add", "cluster", "tickets")

    def _start(self, *command: str, name: str | None = None, **environment: str) -> None:
        with (self._folder / f"{name or command[0]}.out").open("ab") as log:
            self._daemons[name or command[0]] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | environment,
                start_new_session=True,
            )


@contextmanager
def cluster(folder: Path, *, accounting: bool) -> Generator[Cluster]:
    """Within the block a cluster runs, and SLURM's commands on this machine are about it.

    A signal that ends this process ends the block first.
    """
    if LINK.exists():
        raise RuntimeError(f"{LINK} exists: a SLURM is set up here already")
    LINK.unlink(missing_ok=True)  # one that a killed run has left leads nowhere
    booted = Cluster(folder, accounting)
    with signals_raise():
        try:
            booted.boot()
            yield booted
        finally:
            booted.shut_down()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def signals_raise() -> Generator[None]:
    """Within the block the first signal that would end this process raises KeyboardInterrupt, for
    which pytest tears its fixtures down; later ones do not disturb that. What is ignored, as after
    `nohup`, stays ignored.
    """
    numbers = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]
    before = {each: signal.getsignal(each) for each in numbers}
    handled = [each for each in numbers if before[each] != signal.SIG_IGN]

    def interrupt(*_: object) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in handled:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each in handled:
            signal.signal(each, before[each])


def processes_of(jobs: Sequence[str]) -> Iterator[int]:
    """The processes of some jobs on this machine, SLURM's own for them among these."""
    for number, line, variables in _processes():
        for job in jobs:
            if f"slurmstepd: [{job}." in line or f"SLURM_JOB_ID={job}" in variables:
                yield number
                break


def processes_that_mention(folder: str) -> Iterator[int]:
    """The other processes with a folder in their command or environment."""
    for number, line, variables in _processes():
        if number != os.getpid() and any(folder in text for text in (line, *variables)):
            yield number


def _processes() -> Iterator[tuple[int, str, list[str]]]:
    """Number, command line and environment of every process of this machine."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                line = (folder / "cmdline").read_bytes().decode(errors="replace")
                variables = (folder / "environ").read_bytes().decode(errors="replace")
                yield int(folder.name), line, variables.split("\0")


def call(*command: str, timeout: float = 60) -> str:
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=timeout)
    return done.stdout.strip()


def wait_for(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it does not, after so many seconds.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(subprocess.CalledProcessError):
            if holds():
                return
        time.sleep(0.2)
    raise TimeoutError(f"waited {seconds} s for {what}")


def answers(port: int) -> bool:
    """Whether something listens at a port of this machine."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count: int) -> list[str]:
    """Ports of this machine at which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
