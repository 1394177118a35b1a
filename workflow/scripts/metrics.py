"""Rule metrics: score predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from tickets import canonical, flags, provenance
from tickets.design.dag import Design
from tickets.design.metrics import Metrics
from tickets.errors import BadInput, run
from tickets.flags import flag
from tickets.paths import Results
from tickets.rules.metrics import Parameters
from tickets.scores.table import scores


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    metrics: Sequence[str] = flag(
        "the metrics of each task; the first is the primary", metavar="TASK=METRIC,..."
    )
    results: str = flag("the study's results folder")
    trainings: str = flag("the function that lists a design's trainings", metavar="MODULE:FUNCTION")
    majority: bool = flag("score the constant answers too", default=False)
    output: Path = flag("the table of scores")


def main() -> None:
    """Score every predictions file and write one table."""
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    metrics = dict(_metrics(word) for word in files.metrics)
    design = Design(**parameters.design)
    module, _, function = files.trainings.partition(":")
    trainings = getattr(import_module(module), function)
    scored = Metrics(trainings=trainings, majority=files.majority)
    paths = scored.predictions(Results(root=files.results), design)
    canonical.write(files.output, scores(map(Path, paths), metrics))
    provenance.write(
        files.output,
        rule="metrics",
        parameters=flags.recorded(replace(parameters, metrics=metrics)),
        dependencies={path.removeprefix(f"{files.results}/"): Path(path) for path in paths},
        started=started,
    )


def _metrics(word: str) -> tuple[str, list[str]]:
    task, equals, names = word.partition("=")
    if not (task and equals and names):
        raise BadInput(f"--metrics {word}: write TASK=METRIC,METRIC")
    return task, names.split(",")


if __name__ == "__main__":
    run(main)
