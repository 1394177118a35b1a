"""The declaration of a table: what it is made from, how, and which files show it.

Each table is a file in `tables/` with the table's name, which declares its `TableSpec` as `TABLE`.
Snakemake imports these files at every call: they import pandas, SciPy and Altair in functions only.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from tickets.design.dag import Design
from tickets.design.metrics import Metrics
from tickets.design.parameters import Form, Parameter
from tickets.errors import BadInput
from tickets.masks import PackedMask
from tickets.names import MaskName, TrainingName
from tickets.paths import Results, parse_line, parse_losses, parse_mask, role_of_mask

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import pyarrow as pa

MASKS = "masks/"
"""The beginning of the roles of masks, which are their paths in the results folder."""

LOSSES = "losses/"
"""The same of losses before any training."""

LINES = "lines/"
"""The same of lines between the ends of two trainings."""

METRICS = "metrics/"
"""The beginning of the roles of other tables' scores."""


class Reader(Protocol):
    """Reads files, and refuses those that differ from their statements (`Tampered`)."""

    def read(self, path: str) -> bytes:
        """The content of a file."""
        ...

    def parquet(self, path: str) -> pa.Table:
        """The table in a parquet file."""
        ...

    def mask(self, path: str) -> PackedMask:
        """The mask in a file."""
        ...


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs of one table.

    parameters: as its statement records them. paths: of its files, by role. reader: of these files.
    """

    parameters: Mapping[str, Any]
    paths: Mapping[str, str]
    reader: Reader

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]

    def number(self, name: str) -> float:
        """A parameter that is a fraction or per cent, as a float."""
        return float(self.parameters[name])

    def metrics(self, of: str = "") -> pd.DataFrame:
        """The scores; of another table, by the name of their file."""
        role = f"{METRICS}{of}" if of else "metrics"
        return self.reader.parquet(self.paths[role]).to_pandas()

    def lines(self) -> Iterator[tuple[TrainingName, pa.Table]]:
        """Each line with the training at its second end, one at a time."""
        for path in (path for role, path in self.paths.items() if role.startswith(LINES)):
            yield parse_line(path), self.reader.parquet(path)

    def content(self, name: str) -> bytes:
        """Another table's file."""
        return self.reader.read(self.paths[name])

    def examples(self) -> dict[str, int]:
        """The number of training examples of each source whose data are among the files."""
        data = {role: path for role, path in self.paths.items() if role != "metrics"}
        return {source: self.reader.parquet(path).num_rows for source, path in data.items()}

    def masks(self) -> Iterator[tuple[MaskName, PackedMask]]:
        """Each mask with its name, one at a time.

        Raises:
            BadInput: a path is not a mask's, or masks are for different models.
        """
        first: tuple[str, str] | None = None
        for path in (path for role, path in self.paths.items() if role.startswith(MASKS)):
            name, packed = parse_mask(path), self.reader.mask(path)
            digest = packed.prunable.digest
            first = first or (path, digest)
            if digest != first[1]:
                message = f"{path}: for another model than {first[0]}; compare masks of one model"
                raise BadInput(message)
            yield name, packed

    def losses(self) -> Iterator[tuple[MaskName, pa.Table]]:
        """The losses before any training with the name of their mask, one file at a time.

        Raises:
            BadInput: a path is not that of losses.
        """
        for path in (path for role, path in self.paths.items() if role.startswith(LOSSES)):
            yield parse_losses(path), self.reader.parquet(path)


@dataclass(frozen=True, kw_only=True)
class Count:
    """A parameter that the table's job counts in its files, with its JSON schema."""

    form: Form
    of: Callable[[Inputs], Any]


def _none(parameters: Mapping[str, Any]) -> list[str]:
    del parameters
    return []


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """A table.

    name: of its files, its rule, and the file that declares it. position: among all tables, and at
    the same position by name. parameters: by their names in its statement. make: the table, from
    its inputs. optional: `rule all` makes it only for a study that asks for it (`tables`).

    Inputs: metrics: scores. tables: others, by name. masks: their names, from a study's design.
    losses: the names of the masks under which theta_0 has a loss on each MLM task, untrained.
    possible_tables: others that a study may do without, each with the name of its scores (their
    file), "" if these are not read.
    later_tables, metrics_of: others again, and the names of other tables' scores. These, and scores
    of possible tables, are no inputs of a statement from before the parameters that came later.
    lines: the trainings at their second ends, from a study's design.
    examples: the tasks whose training examples are counted, from the parameters. published: files
    with the paper's numbers.

    Files beside the CSV: render: the table as text. others: further tables, from this one, by the
    suffix of their names. chart: its figure, from the table and a theme; without one, in print.
    figure: the figure's name, if it is not the table's. counts: further parameters, which the job
    counts in its files.
    """

    name: str
    parameters: Mapping[str, Parameter]
    make: Callable[[Inputs], pd.DataFrame]
    position: int = 1000
    optional: bool = False
    metrics: Metrics | None = None
    tables: tuple[str, ...] = ()
    possible_tables: Mapping[str, str] = field(default_factory=dict[str, str])
    later_tables: tuple[str, ...] = ()
    metrics_of: tuple[str, ...] = ()
    masks: Callable[[Design], list[MaskName]] | None = None
    lines: Callable[[Design], list[TrainingName]] | None = None
    losses: Callable[[Design], list[MaskName]] | None = None
    examples: Callable[[Mapping[str, Any]], list[str]] = _none
    published: tuple[str, ...] = ()
    render: Callable[[pd.DataFrame, Inputs], str] | None = None
    others: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = field(
        default_factory=dict[str, "Callable[[pd.DataFrame], pd.DataFrame]"]
    )
    chart: Callable[..., alt.LayerChart | alt.ConcatChart] | None = None
    figure: str = ""
    counts: Mapping[str, Count] = field(default_factory=dict[str, Count])

    @property
    def part(self) -> str:
        """The name of its scores' file; "" if it uses no scores."""
        return "" if self.metrics is None else self.metrics.part or self.name

    def values(self, design: Design) -> dict[str, Any]:
        """The values of its parameters for a study, as its statement records them."""
        return {name: parameter.of(design) for name, parameter in self.parameters.items()}

    def mask_files(self, files: Results, design: Design) -> dict[str, str]:
        """The files of the masks that it is made from, by their roles in its statement."""
        names = [] if self.masks is None else self.masks(design)
        return {role_of_mask(name): files.mask(name) for name in names}

    def line_files(self, files: Results, design: Design) -> dict[str, str]:
        """The same of lines."""
        names = [] if self.lines is None else self.lines(design)
        return {f"{LINES}{name}.parquet": files.line(name) for name in names}

    @property
    def by_path(self) -> tuple[str, ...]:
        """The beginnings of those roles in its statement that are paths in the results folder."""
        kinds = {MASKS: self.masks, LINES: self.lines, LOSSES: self.losses}
        return tuple(begin for begin, names in kinds.items() if names is not None)

    def loss_files(self, files: Results, design: Design) -> dict[str, str]:
        """The files of the losses that it is made from, by their roles in its statement."""
        names = [] if self.losses is None else self.losses(design)
        return {
            f"{LOSSES}{name}/on-{task}.parquet": files.losses(name, task)
            for name in names
            for task in design.mlm_tasks
        }

    def is_of_today(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a statement with these parameters has those that came later, if there are any."""
        return all(name in parameters for name in self.parameters)

    def trainings(self, design: Design) -> list[TrainingName]:
        """The trainings whose scores, or whose ends, it is made from."""
        scored = [] if self.metrics is None else self.metrics.trainings(design)
        ends = [] if self.lines is None else self.lines(design)
        return [*scored, *(replace(end, order=1) for end in ends), *ends]

    def inputs(
        self,
        files: Results,
        parameters: Mapping[str, Any],
        *,
        study_tables: Container[str],
        older: bool = False,
    ) -> dict[str, str]:
        """The other files that it is made from, by their roles in its statement.

        study_tables: those of the study, by name. older: it is a study of an earlier version.
        """
        part = self.metrics.older_part if self.metrics and older else ""
        part = part or self.part
        scores = {"metrics": files.metrics(part)} if part else {}
        possible = {name: of for name, of in self.possible_tables.items() if name in study_tables}
        tables = {name: files.table(name) for name in (*self.tables, *possible)}
        if self.is_of_today(parameters):
            tables |= {name: files.table(name) for name in self.later_tables}
            parts = filter(None, (*possible.values(), *self.metrics_of))
            scores |= {f"{METRICS}{of}": files.metrics(of) for of in parts}
        data = {task: files.data(task, "train") for task in self.examples(parameters)}
        return scores | tables | data

    def outputs(self, files: Results) -> dict[str, str]:
        """The files that show it, by kind: table, text, svg, png, and its further tables."""
        paths = {"table": files.table(self.name)}
        paths |= {kind: files.table(f"{self.name}_{kind}") for kind in self.others}
        if self.render is not None:
            paths["text"] = files.text(self.name)
        if self.chart is not None:
            paths |= {kind: files.figure(self.picture, kind) for kind in ("svg", "png")}
        return paths

    @property
    def picture(self) -> str:
        """The name of its figure."""
        return self.figure or self.name

    def form(self) -> dict[str, Any]:
        """The JSON schema of its statement's parameters."""
        forms = {name: each.form for name, each in {**self.parameters, **self.counts}.items()}
        needed = [name for name, each in self.parameters.items() if each.always] + [*self.counts]
        required = {"required": needed} if needed else {}
        return {"additionalProperties": False} | required | {"properties": {"rule": {}} | forms}
