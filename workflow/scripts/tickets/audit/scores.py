"""Whether the tables of scores hold what the predictions score, each predictions file scored anew.

A row has to have the identity that its predictions' path says, the score and the bootstrap
replicates that they give (all 1,000; drawn again from the same seed), and there has to be one for
each of its task's metrics. What differs in the last digits only, as between two processors, counts
as equal. Files that are missing or not what their statements say are left out: other checks name
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tickets.audit.embedded_statements import one_line
from tickets.audit.findings import Files, Finding
from tickets.audit.study_files import parse_path
from tickets.audit.verified_reads import Sources, is_intact
from tickets.errors import BadInput, Tampered
from tickets.paths import parse_predictions
from tickets.scores.rows import SCHEMA, identity, rows_of
from tickets.scores.scoring import score

TOLERANCE = 1e-9
"""Of a score in percent."""

REPLICATES_TOLERANCE = 1e-4
"""The same of a replicate, which is stored with seven digits."""

MOST_EXAMPLES = 1_000_000
"""Their resamples take a gigabyte."""

AT_ONCE = 64
"""Predictions files that are one job."""

Row = Mapping[str, Any]
Key = tuple[Any, ...]
"""What a row is of: its identity and metric."""

MEASURED = ("primary", "score", "examples", "replicates")


@dataclass(frozen=True, kw_only=True)
class ScoringJob:
    """Predictions on one task, to be scored by its metrics."""

    sources: Sources
    metrics: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The rows that a job's predictions give, by path; findings where they give none."""

    metrics: tuple[str, ...]
    rows: Mapping[str, list[dict[str, Any]]]
    findings: list[Finding]


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A table of scores here: the predictions that it was made of, with their tasks' metrics."""

    path: str
    predictions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    problem: str | None = None


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Score all predictions that tables of scores were made of, in `pool` if there is one."""
    each = map if pool is None else pool.map
    yield from compare(files, list(each(scored, jobs(files))))


def jobs(files: Files) -> list[ScoringJob]:
    """What has to be scored: each predictions file once, a task after another."""
    wanted: dict[tuple[str, tuple[str, ...]], dict[str, str]] = defaultdict(dict)
    for table in _tables(files):
        for path, metrics in table.predictions.items():
            if is_intact(files, path):
                task = parse_predictions(path).task
                wanted[task, metrics][path] = files.digests[path]
    found: list[ScoringJob] = []
    for (_, metrics), digests in sorted(wanted.items()):
        paths = sorted(digests)
        for start in range(0, len(paths), AT_ONCE):
            some = {path: digests[path] for path in paths[start : start + AT_ONCE]}
            found.append(
                ScoringJob(sources=Sources(root=files.root, digests=some), metrics=metrics)
            )
    return found


def scored(job: ScoringJob) -> Scored:
    """Score a job's predictions; may run in another process."""
    rows: dict[str, list[dict[str, Any]]] = {}
    findings: list[Finding] = []
    for path in job.sources.digests:
        try:
            rows[path] = _rows(job, path)
        except Tampered as error:
            findings.append(Finding(path=path, code=error.code, message=str(error)))
        except Exception as error:  # noqa: BLE001 - whatever foreign predictions make a metric say
            reason = str(error) if isinstance(error, BadInput) else type(error).__name__
            message = one_line(f"cannot be scored again: {reason}")
            findings.append(Finding(path=path, code="wrong-score", message=message))
    return Scored(metrics=job.metrics, rows=rows, findings=findings)


def compare(files: Files, results: Iterable[Scored]) -> Iterator[Finding]:
    """Compare the tables of scores with what their predictions have scored."""
    again: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for result in results:
        yield from result.findings
        again |= {(path, result.metrics): rows for path, rows in result.rows.items()}
    for table in _tables(files):
        try:
            if table.problem is not None:
                raise BadInput(table.problem)
            rows = _read(files, table.path)
        except (BadInput, Tampered) as error:
            code = error.code if isinstance(error, Tampered) else "wrong-score"
            yield Finding(path=table.path, code=code, message=one_line(str(error)))
            continue
        for message in _differences(rows, table, again):
            yield Finding(path=table.path, code="wrong-score", message=one_line(message))


def _tables(files: Files) -> Iterator[_Table]:
    for path, stated in sorted(files.statements.items()):
        file = parse_path(path)
        if file is None or file.kind != "metrics" or not is_intact(files, path):
            continue
        asked = stated.parameters.get("metrics")
        try:
            predictions = {
                name: _metrics(asked, parse_predictions(name).task)
                for name in stated.dependencies
                if (of := parse_path(name)) is not None and of.kind in ("predictions", "majority")
            }
        except BadInput as error:
            yield _Table(path=path, problem=str(error))
        else:
            yield _Table(path=path, predictions=predictions)


def _metrics(asked: Any, task: str) -> tuple[str, ...]:
    names = asked.get(task) if isinstance(asked, dict) else None
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise BadInput(f"its statement does not say what {task} is scored by")
    return tuple(names)


def _rows(job: ScoringJob, path: str) -> list[dict[str, Any]]:
    predictions = job.sources.parquet(path)
    if predictions.num_rows > MOST_EXAMPLES:
        raise BadInput(f"has {predictions.num_rows:,} examples; at most {MOST_EXAMPLES:,} are")
    return rows_of(parse_predictions(path), predictions, score(job.metrics, predictions))


def _read(files: Files, path: str) -> list[Row]:
    table = Sources(root=files.root, digests=files.digests).parquet(path)
    if not table.schema.equals(SCHEMA):
        raise BadInput("not a table of scores: its columns are others")
    replicates = [_numbers(scalar.values) for scalar in table["replicates"]]
    rows = table.drop_columns(["replicates"]).to_pylist()
    return [row | {"replicates": each} for row, each in zip(rows, replicates, strict=True)]


def _numbers(values: pa.Array | None) -> NDArray[np.float32] | None:
    return None if values is None else values.to_numpy(zero_copy_only=False)


def _differences(
    rows: Iterable[Row],
    table: _Table,
    again: Mapping[tuple[str, tuple[str, ...]], list[dict[str, Any]]],
) -> Iterator[str]:
    """What is wrong with a table's rows."""
    # By what they are of, the rows that should be there; None where predictions were left out.
    expected: dict[Key, list[tuple[str, Row | None]]] = defaultdict(list)
    for path, metrics in table.predictions.items():
        of = identity(parse_predictions(path))
        found = {row["metric"]: row for row in again.get((path, metrics), [])}
        for name in metrics:
            expected[_key(of | {"metric": name})].append((path, found.get(name)))
    for row in rows:
        waiting = expected[_key(row)]
        if not waiting:
            yield f"a row too many: {_shown(row)}"
            continue
        path, right = waiting.pop(0)
        if right is not None:
            yield from (f"{path}: {row['metric']}'s {each}" for each in _unlike(row, right))
    for waiting in expected.values():
        for path, right in waiting:
            if right is not None:
                yield f"no row for {path}, {right['metric']}"


def _unlike(row: Row, right: Row) -> Iterator[str]:
    for name in ("primary", "examples"):
        if row[name] != right[name]:
            yield f"{name} is {row[name]}, scored again {right[name]}"
    if not _near(row["score"], right["score"]):
        yield f"score is {row['score']!r}, scored again {right['score']!r}"
    one, other = row["replicates"], right["replicates"]
    if one is None or other is None:
        alike = one is other
    else:
        alike = one.shape == other.shape and bool(
            (np.abs(one - other) <= REPLICATES_TOLERANCE).all()
        )
    if not alike:
        yield "bootstrap replicates are not those that its predictions give"


def _near(one: Any, other: float) -> bool:
    return isinstance(one, float) and abs(one - other) <= TOLERANCE


def _key(row: Row) -> Key:
    """NaN, of which no two are equal, is None here."""
    return tuple(
        None if row[name] != row[name] else row[name]
        for name in SCHEMA.names
        if name not in MEASURED
    )


def _shown(row: Row) -> str:
    said = {name: row[name] for name in SCHEMA.names if name not in MEASURED}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
