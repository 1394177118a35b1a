"""The engine benchmark's command line, and what it stands for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine_job import BadInput, Job
from engine_report import BF16_RIVAL, INFORMATION, OURS, RIVALS
from engine_tasks import CASES, case

BERT_BASE = "bert-base"  # no directory: random weights
CONTESTANTS = (*RIVALS, *INFORMATION, BF16_RIVAL, *OURS)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What is measured where the command line does not say; warm: steps before the timed ones."""

    tasks: Sequence[str] = ("sst2", "cola", "rte")
    contestants: Sequence[str] = (*RIVALS, *INFORMATION, *OURS)
    warm: int = 5
    steps: int = 40


USUAL = Defaults()
COMPARED = Defaults(contestants=("trainer", *OURS))  # with --quality
# More steps, as a GPU's are short, and ours records one of each shape first.
WITH_BERT_BASE = Defaults(tasks=tuple(CASES), contestants=(BF16_RIVAL, "bf16"), warm=100, steps=500)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure. job: what all jobs share. data: the tasks, and where each one's data are."""

    job: Job
    data: Mapping[str, str]
    contestants: Sequence[str]
    repeats: int
    quality: bool
    epochs: int


def parse(description: str | None, arguments: Sequence[str] | None = None) -> Options:
    """The options of the command line.

    Raises:
        BadInput: a task that is not known, or without its data, a tokenizer or accuracies.
    """
    flags = _parser(description).parse_args(arguments)
    defaults = WITH_BERT_BASE if flags.model == BERT_BASE else USUAL
    settings: dict[str, Any] = {}
    if flags.quality:
        defaults = COMPARED
        settings = {name: getattr(flags, name) for name in ("examples", "learning_rate", "seeds")}
    tasks = flags.tasks or defaults.tasks
    job = Job(
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
    """Where a task's data set is; "" where its examples are drawn."""
    known = case(task)
    if known.definition.head == "regression":
        raise BadInput(f"{task}: a regression, which no contestant is written for; leave it out")
    if flags.quality and not known.scored:
        raise BadInput(f"{task}: --quality compares accuracies on GLUE's tasks; leave it out")
    if known.source is None:
        return ""
    if flags.model == BERT_BASE and not flags.tokenizer:
        raise BadInput(f"{task}: {BERT_BASE} has no tokenizer of its own; give one by --tokenizer")
    folder = getattr(flags, known.source)
    if not folder:
        raise BadInput(f"{task}: give its data by --{known.source}, or other tasks by --tasks")
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
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
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
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement (default: 3)")
    parser.add_argument("--quality", action="store_true", help="compare accuracy, not speed")
    parser.add_argument(
        "--examples", type=int, default=640, help="quality: trained on (default: 640)"
    )
    parser.add_argument("--epochs", type=int, default=1, help="quality: (default: 1)")
    parser.add_argument(
        "--learning-rate", type=float, default=2e-5, help="quality: (default: 2e-5)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="quality: (default: 3)")
    return parser
