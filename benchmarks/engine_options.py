"""The engine benchmark's command line and defaults."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine_job import BadInput, EngineJob
from engine_report import BF16_RIVAL, INFORMATION, OURS, RIVALS
from engine_tasks import CASES, case

BERT_BASE = "bert-base"  # no directory: random weights
CONTESTANTS = (*RIVALS, *INFORMATION, BF16_RIVAL, *OURS)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """The default settings; warm: the number of steps before the timed ones."""

    tasks: Sequence[str] = ("sst2", "cola", "rte")
    contestants: Sequence[str] = (*RIVALS, *INFORMATION, *OURS)
    warm: int = 5
    steps: int = 40


USUAL = Defaults()
COMPARED = Defaults(contestants=("trainer", *OURS))  # with --quality
# More steps, as steps on a GPU are short, and ours first records one of each shape.
WITH_BERT_BASE = Defaults(tasks=tuple(CASES), contestants=(BF16_RIVAL, "bf16"), warm=100, steps=500)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure. job: settings of all jobs. data: the folder of each task's data."""

    job: EngineJob
    data: Mapping[str, str]
    contestants: Sequence[str]
    repeats: int
    quality: bool
    epochs: int


def parse(description: str | None, arguments: Sequence[str] | None = None) -> Options:
    """The options of the command line.

    Raises:
        BadInput: a task is unknown, or its data, tokenizer or accuracies are not available.
    """
    flags = _parser(description).parse_args(arguments)
    defaults = WITH_BERT_BASE if flags.model == BERT_BASE else USUAL
    settings: dict[str, Any] = {}
    if flags.quality:
        defaults = COMPARED
        settings = {name: getattr(flags, name) for name in ("examples", "learning_rate", "seeds")}
    tasks = flags.tasks or defaults.tasks
    job = EngineJob(
        kind="",
        model=flags.model,
        data="",
        folder="",
        task="",
        threads=flags.threads,
        warm=flags.warm or defaults.warm,
        steps=flags.steps or defaults.steps,
        tokenizer=flags.tokenizer or "",
        **settings,
    )
    return Options(
        job=job,
        data={task: _data(task, flags) for task in tasks},
        contestants=flags.contestants or defaults.contestants,
        repeats=flags.repeats,
        quality=flags.quality,
        epochs=flags.epochs,
    )


def _data(task: str, flags: argparse.Namespace) -> str:
    """The folder of a task's data set; "" if its examples are random."""
    this = case(task)
    if this.definition.head == "regression":
        raise BadInput(f"{task}: a regression, which the contestants do not support; leave it out")
    if flags.quality and not this.scored:
        raise BadInput(f"{task}: --quality compares accuracies on GLUE's tasks; leave it out")
    if this.source is None:
        return ""
    if flags.model == BERT_BASE and not flags.tokenizer:
        raise BadInput(f"{task}: {BERT_BASE} has no tokenizer of its own; write --tokenizer")
    folder = getattr(flags, this.source)
    if not folder:
        raise BadInput(f"{task}: no data; write --{this.source}, or other tasks with --tasks")
    return folder


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model",
        required=True,
        help=f"directory with all-MiniLM-L6-v2 (or another BERT), or {BERT_BASE}: random weights",
    )
    parser.add_argument(
        "--tokenizer", help=f"for {BERT_BASE}: directory with a BERT's tokenizer.json or vocab.txt"
    )
    parser.add_argument("--data", help="folder with cola/, sst2/ and rte/ in the hub's GLUE layout")
    parser.add_argument("--squad", help="folder with SQuAD v1.1 in the hub's layout, for squad")
    parser.add_argument("--text", help="folder with a column `text` in the hub's layout, for mlm")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument(
        "--tasks",
        nargs="+",
        help=f"of {', '.join(CASES)} and GLUE's others (default: {' '.join(USUAL.tasks)};"
        f" with {BERT_BASE} these {len(CASES)})",
    )
    parser.add_argument(
        "--contestants",
        nargs="+",
        choices=CONTESTANTS,
        metavar="NAME",
        help=f"default: all but {BF16_RIVAL}; with {BERT_BASE} this and bf16",
    )
    parser.add_argument(
        "--warm", type=int, help=f"steps before the timed ones (default: 5; {BERT_BASE}: 100)"
    )
    parser.add_argument("--steps", type=int, help=f"timed steps (default: 40; {BERT_BASE}: 500)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="repeats of each measurement (default: 3)"
    )
    parser.add_argument("--quality", action="store_true", help="compare accuracy, not speed")
    parser.add_argument(
        "--examples", type=int, default=640, help="quality: training examples (default: 640)"
    )
    parser.add_argument("--epochs", type=int, default=1, help="quality: epochs (default: 1)")
    parser.add_argument(
        "--learning-rate", type=float, default=2e-5, help="quality: its peak (default: 2e-5)"
    )
    parser.add_argument(
        "--seeds", type=int, default=3, help="quality: number of seeds (default: 3)"
    )
    return parser
