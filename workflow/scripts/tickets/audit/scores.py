"""Whether the scores are those of the predictions, each predictions file scored again.

For each metric of its task, predictions need one row, with the identity in their path, and the
score and all 1,000 bootstrap replicates that they give (drawn again from the same seed). Scores
that differ in the last digits only, as between two processors, count as equal. Files that are
missing or differ from their statements are left out: other checks report them.
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

from tickets.audit.findings import Files, Finding
from tickets.audit.study_files import parse_path
from tickets.audit.verified_reads import Sources, is_intact
from tickets.errors import BadInput, Tampered
from tickets.paths import parse_predictions
from tickets.scores.rows import DISTINCT, SCHEMA, identity, rows_of
from tickets.scores.scoring import score

TOLERANCE = 1e-9
"""The allowed difference of a score in percent."""

REPLICATES_TOLERANCE = 1e-4
"""The allowed difference of a replicate, which is stored with seven digits."""

MOST_EXAMPLES = 1_000_000
"""The most examples of a predictions file; their resamples take a gigabyte."""

AT_ONCE = 64
"""The most predictions files of one job."""

Row = Mapping[str, Any]
Key = tuple[Any, ...]
"""A row's identity and metric."""

MEASURED = ("primary", "score", "examples", DISTINCT, "replicates")


@dataclass(frozen=True, kw_only=True)
class ScoringJob:
    """Predictions on one task, and the metrics to score them by."""

    sources: Sources
    metrics: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The rows that a job's predictions give, by path, and findings about those that give none."""

    metrics: tuple[str, ...]
    rows: Mapping[str, list[dict[str, Any]]]
    findings: list[Finding]


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A table of scores: the predictions that it was made from, with their tasks' metrics."""

    path: str
    predictions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    problem: str | None = None


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Score all predictions behind tables of scores, in `pool` if there is one."""
    each = map if pool is None else pool.map
    yield from compare(files, list(each(scored, jobs(files))))


def jobs(files: Files) -> list[ScoringJob]:
    """The jobs that score each predictions file once, task by task."""
    groups: dict[tuple[str, tuple[str, ...]], dict[str, str]] = defaultdict(dict)
    for table in _tables(files):
        for path, metrics in table.predictions.items():
            if is_intact(files, path):
                task = parse_predictions(path).task
                groups[task, metrics][path] = files.digests[path]
    result: list[ScoringJob] = []
    for (_, metrics), digests in sorted(groups.items()):
        paths = sorted(digests)
        for start in range(0, len(paths), AT_ONCE):
            some = {path: digests[path] for path in paths[start : start + AT_ONCE]}
            result.append(
                ScoringJob(sources=Sources(root=files.root, digests=some), metrics=metrics)
            )
    return result


def scored(job: ScoringJob) -> Scored:
    """Score a job's predictions; may run in another process."""
    rows: dict[str, list[dict[str, Any]]] = {}
    findings: list[Finding] = []
    for path in job.sources.digests:
        try:
            rows[path] = _rows(job, path)
        except Tampered as error:
            findings.append(Finding(path=path, code=error.code, message=str(error)))
        except Exception as error:  # noqa: BLE001 - a metric may raise anything on foreign data
            reason = str(error) if isinstance(error, BadInput) else type(error).__name__
            message = f"cannot be scored again: {reason}"
            findings.append(Finding(path=path, code="wrong-score", message=message))
    return Scored(metrics=job.metrics, rows=rows, findings=findings)


def compare(files: Files, results: Iterable[Scored]) -> Iterator[Finding]:
    """Compare the tables of scores with the rows that their predictions give."""
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
            yield Finding(path=table.path, code=code, message=str(error))
            continue
        for message in _differences(rows, table, again):
            yield Finding(path=table.path, code="wrong-score", message=message)


def _tables(files: Files) -> Iterator[_Table]:
    for path, statement in sorted(files.statements.items()):
        file = parse_path(path)
        if file is None or file.kind != "metrics" or not is_intact(files, path):
            continue
        metrics = statement.parameters.get("metrics")
        try:
            predictions = {
                name: _metrics(metrics, parse_predictions(name).task)
                for name in statement.dependencies
                if (of := parse_path(name)) is not None and of.kind in ("predictions", "majority")
            }
        except BadInput as error:
            yield _Table(path=path, problem=str(error))
        else:
            yield _Table(path=path, predictions=predictions)


def _metrics(by_task: Any, task: str) -> tuple[str, ...]:
    names = by_task.get(task) if isinstance(by_task, dict) else None
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise BadInput(f"its statement names no metrics for {task}")
    return tuple(names)


def _rows(job: ScoringJob, path: str) -> list[dict[str, Any]]:
    predictions = job.sources.parquet(path)
    if predictions.num_rows > MOST_EXAMPLES:
        raise BadInput(
            f"has {predictions.num_rows:,} examples; at most {MOST_EXAMPLES:,} are scored"
        )
    return rows_of(parse_predictions(path), predictions, score(job.metrics, predictions))


def _read(files: Files, path: str) -> list[Row]:
    table = Sources(root=files.root, digests=files.digests).parquet(path)
    older = SCHEMA.remove(SCHEMA.get_field_index(DISTINCT))
    if not any(table.schema.equals(schema) for schema in (SCHEMA, older)):
        raise BadInput("not a table of scores: it has other columns")
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
    # The rows that should be there, by key; None if their predictions were left out.
    expected: dict[Key, list[tuple[str, Row | None]]] = defaultdict(list)
    for path, metrics in table.predictions.items():
        of = identity(parse_predictions(path))
        by_metric = {row["metric"]: row for row in again.get((path, metrics), [])}
        for name in metrics:
            expected[_key(of | {"metric": name})].append((path, by_metric.get(name)))
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
    for name in ("primary", "examples", DISTINCT):
        if name in row and row[name] != right[name]:
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
    """A row's key, with None for NaN, which does not equal itself."""
    return tuple(
        None if row[name] != row[name] else row[name]
        for name in SCHEMA.names
        if name not in MEASURED
    )


def _shown(row: Row) -> str:
    key = {name: row[name] for name in SCHEMA.names if name not in MEASURED}
    return ", ".join(f"{name} {value}" for name, value in key.items() if value is not None)
