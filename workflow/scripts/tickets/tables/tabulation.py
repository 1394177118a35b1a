"""The bytes of a table's files, for the job that makes it and for the audit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from tickets import canonical, masks, provenance
from tickets.design.table_spec import Inputs, TableSpec
from tickets.paths import Results
from tickets.tables.cells import csv, read_csv

if TYPE_CHECKING:
    import altair as alt


class StatedFiles:
    """Reads files and compares them with their statements.

    Raises:
        Tampered: in every method, if file and statement differ.
    """

    def read(self, path: str) -> bytes:
        """The content of a file."""
        return provenance.read(Path(path))

    def parquet(self, path: str) -> pa.Table:
        """The table in a parquet file."""
        return canonical.read(Path(path))

    def mask(self, path: str) -> masks.PackedMask:
        """The mask in a file."""
        return masks.read_packed(Path(path))


def contents(
    spec: TableSpec, table: pd.DataFrame, inputs: Inputs, files: Results
) -> dict[str, bytes]:
    """The contents of its files without the figure, by path: equal inputs give equal bytes."""
    paths = spec.outputs(files)
    data = {paths["table"]: csv(table)}
    data |= {paths[kind]: csv(other(table)) for kind, other in spec.others.items()}
    if spec.render is not None:
        data[paths["text"]] = spec.render(table, inputs).encode() + b"\n"
    return data


def figure(spec: TableSpec, table: pd.DataFrame, files: Results) -> dict[str, bytes]:
    """The contents of its figure's files, by path; empty if it has no figure."""
    if spec.chart is None:
        return {}
    paths, chart = spec.outputs(files), spec.chart(table)
    return {paths["svg"]: svg(chart), paths["png"]: png(chart)}


def svg(chart: alt.TopLevelMixin) -> bytes:
    """The chart as SVG; it needs neither network nor browser."""
    image = io.StringIO()
    chart.save(image, format="svg")
    return image.getvalue().encode()


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as PNG, with two pixels per point."""
    image = io.BytesIO()
    chart.save(image, format="png", scale_factor=2)
    return image.getvalue()


def read_table(path: Path) -> pd.DataFrame:
    """The table at `path`.

    Raises:
        Tampered: file and statement differ.
    """
    return read_csv(provenance.read(path))
