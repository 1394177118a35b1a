"""Rule metrics: score predictions."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

from tickets import canonical, provenance
from tickets.design.dag import Design
from tickets.design.metrics import Metrics
from tickets.errors import BadInput, run
from tickets.paths import Results
from tickets.scores.table import scores


def main() -> None:
    """Score every predictions file and write one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--metrics",
        nargs="+",
        required=True,
        metavar="TASK=METRIC,...",
        help="the metrics of each task; the first is the primary",
    )
    parser.add_argument("--results", required=True, help="the study's results folder")
    parser.add_argument("--part", required=True, help="the name of the scores' file")
    parser.add_argument(
        "--trainings",
        required=True,
        metavar="MODULE:FUNCTION",
        help="the function that lists a design's trainings",
    )
    parser.add_argument("--majority", action="store_true", help="score the constant answers too")
    parser.add_argument("--design", required=True, help="the study's grid, as JSON")
    parser.add_argument("--output", type=Path, required=True, help="the table of scores")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = dict(_metrics(word) for word in flags.metrics)
    design = Design.from_json(flags.design)
    module, _, function = flags.trainings.partition(":")
    trainings = getattr(import_module(module), function)
    scored = Metrics(trainings=trainings, majority=flags.majority)
    paths = scored.predictions(Results(root=flags.results), design)
    canonical.write(flags.output, scores(map(Path, paths), metrics))
    provenance.write(
        flags.output,
        rule="metrics",
        parameters={"part": flags.part, "metrics": metrics, "design": json.loads(flags.design)},
        dependencies={path.removeprefix(f"{flags.results}/"): Path(path) for path in paths},
        started=started,
    )


def _metrics(word: str) -> tuple[str, list[str]]:
    task, equals, names = word.partition("=")
    if not (task and equals and names):
        raise BadInput(f"--metrics {word}: write TASK=METRIC,METRIC")
    return task, names.split(",")


if __name__ == "__main__":
    run(main)
