"""The trainings that run at the moment, and how far each log says they are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tickets import adapted
from tickets.errors import BadInput
from tickets.names import TrainingName
from tickets.paths import Results, parse_predictions

FOLDER = "trainings"
"""The folder of whole trainings, among logs and among benchmarks."""

_REPORT = re.compile(r"\S+  (?P<report>(step|resumed at step) (?P<step>\d+)/(?P<total>\d+).*)")
_OUTPUTS: Mapping[str, Callable[[Results, str], str]] = {
    FOLDER: Results.predictions,
    "theta_i": Results.weights,
    "movement": Results.benchmark,  # the movement itself does not last
    "pretrain": lambda files, _: files.checkpoint(),
    "adapt": lambda files, _: adapted.checkpoint(files),
}
"""The file that a training makes at its end, by its log's name, or the folder of its log."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A training that is not finished: its name, its log's last report, and the log's age."""

    name: str
    report: str
    age: timedelta


def running(results: Path) -> list[Running]:
    """The trainings of a study that have begun and are not finished, the newest report first.

    One that was killed is among them, with a log that grows older.

    Raises:
        BadInput: the folder has no logs.
    """
    files = Results(root=str(results))
    logs = Path(files.log("any")).parent
    if not logs.is_dir():
        raise BadInput(f"{results}: no logs there; name a study's results folder")
    unfinished = [
        Running(name=name, report=_last_report(log), age=timedelta(seconds=round(_age(log))))
        for kind, output in _OUTPUTS.items()
        for log in (*logs.glob(f"{kind}.log"), *logs.glob(f"{kind}/**/*.log"))
        for name in [log.relative_to(logs).with_suffix("").as_posix().removeprefix(f"{FOLDER}/")]
        if not Path(output(files, name)).exists()
    ]
    return sorted(unfinished, key=lambda each: (each.age, each.name))


def finished(results: Path) -> int:
    """How many trainings have made their predictions."""
    predictions = Path(Results(root=str(results)).predictions("any")).parent.rglob("*.parquet")
    return sum(isinstance(parse_predictions(file), TrainingName) for file in predictions)


def _last_report(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    reports = [match["report"] for line in lines if (match := _REPORT.fullmatch(line))]
    return reports[-1] if reports else (lines[-1] if lines else "starting")


def _age(file: Path) -> float:
    return max(0.0, time.time() - file.stat().st_mtime)
