"""The configuration, checked before anything runs, also where a schema cannot."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from tickets import architecture, axes
from tickets.adapted import TEXT
from tickets.combining import COMPLEMENT
from tickets.criterion import Criterion, load_criterion, load_scope
from tickets.data import sources
from tickets.data.local_checks import check_local, check_size
from tickets.design import pretraining, registry, schema
from tickets.design.dag import Combination, Design
from tickets.design.pretraining import Adaptation, Pretraining
from tickets.design.table_spec import TableSpec
from tickets.errors import BadInput, collect
from tickets.finder import ONCE, RESERVED, criterion_of
from tickets.initial.pretraining import Size
from tickets.language import generator
from tickets.language.generator import Language
from tickets.names import EVALUATION
from tickets.schedule import exact, label, rounds
from tickets.tasks import LANGUAGE, Task, known, task
from tickets.training import events
from tickets.training.recipe import Training
from tickets.units import check_heads

KEYS = ("tasks.", "subsets.", "model:", "local_copies:")
"""The beginnings of mistakes that name a key themselves."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """Where theta_0 comes from: a directory or hub id, or a pre-training in the study."""

    path: str
    revision: str | None
    pretrain: bool


@dataclass(frozen=True, kw_only=True)
class Imp:
    """How the rounds of IMP continue each other, where paper and published code differ."""

    scope: str
    head: str
    decay: str
    first_mlm_mask: str
    mlm_weights: str
    mlm_text: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """A checked configuration; config/README.md explains each key.

    subsets: parent task by the name of each source that is a part of a task. sparsities: after each
    round of IMP. transfer_sparsity: the one of them at which masks are transferred. criteria: the
    files of the study's own, by name. combine: masks that are made of tasks' masks, by name.
    tables: those that `rule all` makes, by name.
    rewind: the share of a training whose weights each round rewinds to; rewinds: the others to
    compare it with. tokens_per_second: of one training, if known. pretraining_pairs: rows of the
    language's text. adaptation: how the model's own pre-training goes on, if it does.
    """

    results: str
    seeds: tuple[int, ...]
    model: Model
    local_copies: Mapping[str, str]
    tasks: Mapping[str, Task]
    subsets: Mapping[str, str]
    sparsities: tuple[Fraction, ...]
    transfer_sparsity: Fraction
    sweep: Sequence[str]
    criteria: Mapping[str, Path]
    combine: Mapping[str, Combination]
    rewind: Fraction
    rewinds: tuple[Fraction, ...]
    later_sources: Sequence[str]
    tables: Mapping[str, TableSpec]
    imp: Imp
    evaluation: str
    threads: int
    checkpoint_minutes: float
    keep_checkpoints: bool
    trainings_per_gpu: int
    gpu: str | None
    tensorboard: bool
    tokens_per_second: float | None
    training: Training
    language: Language
    pretraining_pairs: int
    pretraining: Pretraining
    adaptation: Adaptation | None

    def criterion(self, finder: str) -> Criterion:
        """The criterion of a finder."""
        return load_criterion(criterion_of(finder), self.criteria.get(finder))

    @property
    def new_architecture(self) -> Size | None:
        """The size of the model that is pre-trained from random weights; None: one is read."""
        is_new = self.model.pretrain and self.adaptation is None
        return self.pretraining.architecture if is_new else None

    @property
    def data(self) -> dict[str, Task]:
        """The tasks whose data are read, the text of an adaptation among them, by name."""
        return {**self.tasks, **({TEXT: self.adaptation.text} if self.adaptation else {})}

    @property
    def design(self) -> Design:
        """The grid of masks and trainings, with sparsities and rewinds as labels in paths."""
        return Design(
            tasks=[name for name in self.tasks if name not in self.subsets],
            seeds=self.seeds,
            sparsities=[label(sparsity) for sparsity in self.sparsities],
            transfer=label(self.transfer_sparsity),
            rewind=label(self.rewind),
            rewinds=[label(rewind) for rewind in self.rewinds],
            subsets=self.subsets,
            mlm=[n for n, task in self.tasks.items() if task.head == "mlm"],
            later_sources=self.later_sources,
            sweep=self.sweep,
            criteria={
                name: [*(own := self.criterion(name)).of, *own.reads] for name in self.criteria
            },
            combine=self.combine,
            head=self.imp.head,
            decay=self.imp.decay,
            first_mlm_mask=self.imp.first_mlm_mask,
            mlm_weights=self.imp.mlm_weights,
            mlm_text=self.imp.mlm_text,
            evaluation=self.evaluation,
        )


def load(raw: Mapping[str, Any]) -> Study:
    """Check a configuration, and complete it with the schema's defaults.

    Raises:
        BadInput: a line for each mistake, "config: <key>: <what is wrong>; write <what>".
    """
    with _about("config"), pretraining.under_own_keys():
        schema.check(raw)
        values = schema.complete(raw, schema.schema())
        pretraining.check_keys(raw.get("pretraining", {}), pretrain=values["model"]["pretrain"])
        study = _study(values)
        _check_results(Path(study.results))
        if study.new_architecture:
            pretraining.check_random(study.pretraining, study.tasks)
        else:
            _check_model(study)
        wholes = (each for name, each in study.data.items() if name not in study.subsets)
        collect(partial(_check_data, each, study) for each in wholes)
        _check_seeds(study)
        _check_scope(study)
        _check_tables(study)
        if study.tensorboard and not events.installed():
            raise BadInput(
                f"tensorboard: true, but {events.LIBRARY} is not installed; install the package's"
                " extra `tensorboard`, or write false"
            )
        return study


def _study(values: Mapping[str, Any]) -> Study:
    generated: dict[str, Any] = dict(values["language"])
    pairs = generated.pop("pretraining_pairs")
    named = values["tasks"].items()
    if TEXT in values["tasks"]:
        raise BadInput(f"tasks: {TEXT} is the text of a pre-training; write another name")
    if LANGUAGE in values["local_copies"]:
        raise BadInput(
            f"local_copies: {LANGUAGE} is the data set that a study generates; write the directory"
            " as a task's dataset.path"
        )
    tasks = {each.name: each for each in collect(partial(task, name, of) for name, of in named)}
    later = values["later_sources"]
    _check_names("later_sources", later or [], tasks)
    _check_names("subsets", values["subsets"], tasks)
    parts = _parts(tasks, values["subsets"])
    sparsities = _sparsities(values)
    return Study(
        results=str(Path(values["results"])),
        seeds=tuple(values["seeds"]),
        model=Model(**values["model"]),
        local_copies=values["local_copies"],
        tasks=tasks | parts,
        subsets={
            part: parent for parent, of in values["subsets"].items() for part in _named(parent, of)
        },
        sparsities=sparsities,
        transfer_sparsity=_transfer_sparsity(values["transfer_sparsity"], sparsities),
        sweep=values["sweep"],
        criteria=_criteria(values["criteria"]),
        combine=_combinations(values["combine"], tasks, [*parts, *values["criteria"]]),
        rewind=exact(values["rewind"]) / 100,
        rewinds=tuple(exact(rewind) / 100 for rewind in values["rewinds"]),
        later_sources=list(tasks) if later is None else later,
        # Its sources are compared on other tasks.
        tables=registry.select_tables({"transferability": len(tasks) > 1} | values["tables"]),
        imp=Imp(**values["imp"]),
        evaluation=values["evaluation"],
        threads=values["threads"],
        checkpoint_minutes=values["checkpoint_minutes"],
        keep_checkpoints=values["keep_checkpoints"],
        trainings_per_gpu=values["trainings_per_gpu"],
        gpu=values["gpu"],
        tensorboard=values["tensorboard"],
        tokens_per_second=values["tokens_per_second"],
        training=Training(**values["training"]),
        language=Language(**generated),
        pretraining_pairs=pairs,
        pretraining=pretraining.pretraining(values["pretraining"]),
        adaptation=pretraining.adaptation(values["pretraining"]),
    )


def _sparsities(values: Mapping[str, Any]) -> tuple[Fraction, ...]:
    share, target = exact(values["prune_share"]), exact(values["target_sparsity"])
    with _about("target_sparsity"):
        return rounds(values["schedule"], share, target)


def _transfer_sparsity(value: float | None, reached: Sequence[Fraction]) -> Fraction:
    if value is None:
        return reached[-1]
    matches = [sparsity for sparsity in reached if float(sparsity) == value]
    if not matches:
        raise BadInput(
            f"transfer_sparsity: no round reaches {value}; write"
            f" {schema.alternatives([str(float(sparsity)) for sparsity in reached])}"
        )
    return matches[0]


def _criteria(files: Mapping[str, str]) -> dict[str, Path]:
    """The files of the study's own criteria, each loaded to check it."""
    names = {field.name for kind in (Task, Training) for field in fields(kind)} | {"threads"}
    for name, file in files.items():
        with _about(f"criteria.{name}"):
            if name in (*axes.names("criteria"), *axes.names("procedures"), *RESERVED):
                raise BadInput("a finder of the project has this name; write another one")
            criterion = load_criterion(name, Path(file))
            if ONCE not in criterion.procedures:
                raise BadInput(f"{file}: does not prune theta_0 once; write procedures=('{ONCE}',)")
            if unknown := set(criterion.needs) - names:
                raise BadInput(
                    f"{file}: needs {min(unknown)}, which no study has; write"
                    f" {schema.alternatives(sorted(names))}"
                )
    return {name: Path(file) for name, file in files.items()}


def _combinations(
    named: Mapping[str, Combination], tasks: Mapping[str, Task], taken: Sequence[str]
) -> Mapping[str, Combination]:
    """The masks that are made of tasks' masks; `taken` are names beside those of tasks and finders.

    A task's name that only other studies use is taken too: the paper's numbers are compared by it.
    """
    finders = (*axes.names("criteria"), *axes.names("procedures"), *RESERVED)
    for name, combination in named.items():
        if name in (*tasks, *known(), *finders, *taken):
            raise BadInput(f"combine.{name}: a task or finder has this name; write another one")
        _check_names(f"combine.{name}.of", combination["of"], tasks)
        by = combination["by"]
        if (by == COMPLEMENT) != (len(combination["of"]) == 1):
            wanted = "one task" if by == COMPLEMENT else "at least two tasks"
            raise BadInput(f"combine.{name}.of: {by} is not of so many masks; write {wanted}")
    return named


def _check_names(key: str, names: Iterable[str], tasks: Mapping[str, Task]) -> None:
    for name in names:
        if name not in tasks:
            raise BadInput(
                f"{key}: {name} is not a task of this study; write"
                f" {schema.alternatives(list(tasks))}"
            )


def _named(parent: str, sizes: Sequence[int]) -> dict[str, int]:
    """The sizes of the parts of a task, by name."""
    return {f"{parent}_{size}": size for size in sizes}


def _parts(tasks: Mapping[str, Task], subsets: Mapping[str, Sequence[int]]) -> dict[str, Task]:
    """The tasks that use a part of another task's training examples, by name."""
    parts: dict[str, Task] = {}
    for parent, sizes in subsets.items():
        for name, size in _named(parent, sizes).items():
            whole = tasks[parent].train_examples
            if name in tasks or (whole is not None and size >= whole):
                raise BadInput(
                    f"subsets.{parent}: {size} is not less than the task's examples, or a task has"
                    f" the name {name}; write a smaller number, or rename that task"
                )
            parts[name] = replace(tasks[parent], name=name, train_examples=size)
    return parts


def _check_results(folder: Path) -> None:
    for part in (folder, *folder.parents):
        if part.exists() and not part.is_dir():
            raise BadInput(f"results: {part} is a file; write the name of a folder")


def _check_scope(study: Study) -> None:
    with _about("imp.scope"):
        for sparsity in study.sparsities:
            load_scope(study.imp.scope).expected({}, sparsity)
        if size := study.new_architecture:
            check_heads(study.imp.scope, size)
        elif directory := sources.local_directory(study.model.path, study.local_copies):
            check_heads(study.imp.scope, architecture.read(directory))


def _check_tables(study: Study) -> None:
    tasks, mlm = study.design.tasks, study.design.mlm_tasks
    if "transferability" in study.tables and len(tasks) < 2:
        raise BadInput(
            "tables.transferability: true, but there is one task; write another task, or"
            " transferability: false"
        )
    if "mask_loss" in study.tables and (len(mlm) != 1 or len(tasks) < 2):
        raise BadInput(
            f"tables.mask_loss: true, but {len(mlm)} tasks have the head mlm, and"
            f" {len(tasks) - len(mlm)} another one; write tasks of which one has it and not all, or"
            " mask_loss: false"
        )


def _check_seeds(study: Study) -> None:
    for seed in study.seeds:
        if study.evaluation == "other_seed" and seed + EVALUATION in study.seeds:
            raise BadInput(
                f"seeds: {seed + EVALUATION} is the seed that evaluates the masks of seed {seed};"
                " write another one"
            )


def _check_model(study: Study) -> None:
    """Check all that needs no network; a hub id only has to be pinned."""
    path, revision = study.model.path, study.model.revision
    with _about("model.path"):
        directory = sources.local_directory(path, study.local_copies)
        if directory is None:
            sources.check_revision(path, revision)
        else:
            sources.model_directory(path, revision, study.local_copies)
    if directory is not None:
        for each in study.data.values():
            sources.check_length(directory, each.name, each.max_length)


def _check_data(each: Task, study: Study) -> None:
    """Check a task's data, and that of its parts, which is the same but for the number of rows."""
    parts = [study.tasks[part] for part, parent in study.subsets.items() if parent == each.name]
    with _about(f"tasks.{each.name}.dataset"):
        if each.dataset.path == LANGUAGE and each.dataset.name not in generator.TASKS:
            raise BadInput(
                f"{each.dataset.name} is not a task of the generated language; write"
                f" name: {schema.alternatives(list(generator.TASKS))}"
            )
        check_local(each, study.local_copies)
        check_size(each, study.language, study.local_copies, f"tasks.{each.name}")
        for part in parts:
            check_size(part, study.language, study.local_copies, f"subsets.{each.name}")


@contextmanager
def _about(key: str) -> Generator[None]:
    """Put `key` before each mistake, unless it names a key itself."""
    try:
        yield
    except BadInput as error:
        raise BadInput(*(_with_key(key, mistake) for mistake in error.mistakes)) from None


def _with_key(key: str, mistake: str) -> str:
    has_key = key != "config" and mistake.startswith(KEYS)
    return mistake if has_key else f"{key}: {mistake}"
