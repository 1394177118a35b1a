"""Is a training on this GPU exact? What takes a step's time?

Trains a BERT with random weights, a quarter of its prunable weights kept, on random texts and every
kind of task. One line per task prints:

- cpu: the largest relative difference of a loss from the same training on the CPU (float32, no
  dropout); rounding alone gives some 1e-6 at first, and more with each step;
- twice, eager, resumed: whether the final weights are equal bit by bit to those of the same
  training repeated, run without recorded graphs, and stopped half-way and resumed (bfloat16
  products, dropout 0.1);
- pruned: whether all pruned weights are zero at the end;
- graphs: the number of recorded CUDA graphs, and the GPU memory that torch reserved.

With --profile also the times of BERT-base's steps by the clock and on the GPU, the longest kernels,
and the times of two ways to add up the gradients of embeddings.
Exit status: 0 all is exact, 1 something is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertConfig

from tickets import architecture
from tickets.criteria import random
from tickets.encoded import Encoded
from tickets.initial import pretraining
from tickets.initial.initialisation import draw
from tickets.model import device, network
from tickets.model.batches import best_width
from tickets.model.dropout import Rates
from tickets.model.encoder import WORDS
from tickets.model.layers import add_rows
from tickets.model.network import ROUNDING, Network
from tickets.training import graphs, loop
from tickets.training.adamw import AdamW
from tickets.training.checkpoints import Checkpoints
from tickets.training.loop import Trained, batch_at
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving
from tickets.training.stepping import Stepper
from tickets.training.vocabulary import Vocabulary
from tickets.weights import prunable_of, rewind

HEADS = ("classification", "regression", "span", "mlm")
EXAMPLES, LONGEST, VOCABULARY = 640, 128, 2000
RECIPE = Recipe(epochs=None, steps=60, batch_size=32, learning_rate=1e-4)
PRECISE = replace(RECIPE, steps=20, dropout=0.0)
BASE = BertConfig()
WARM, TIMED, PROFILED = 60, 200, 20
"""Numbers of steps: untimed first ones, timed ones, and those whose kernels are listed."""
KERNELS, REPEATS = 16, 20
CONFIG = BertConfig(
    vocab_size=VOCABULARY,
    hidden_size=256,
    num_hidden_layers=4,
    num_attention_heads=4,
    intermediate_size=1024,
    max_position_embeddings=LONGEST,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Texts: their mean and largest number of tokens, and the batch size."""

    head: str = ""
    mean: int = 40
    longest: int = LONGEST
    batch: int = RECIPE.batch_size


CASES = (
    Case(head="classification", mean=13, longest=64),
    Case(head="classification", mean=66),
    Case(head="span", mean=171, longest=384, batch=16),
    Case(head="mlm", mean=5000, longest=512, batch=16),
)
"""Like SST-2, RTE, SQuAD and the paper's MLM."""
USUAL = Case()


@dataclass(frozen=True, kw_only=True)
class Line:
    """The results of one kind of task."""

    head: str
    cpu: float
    same: dict[str, bool]
    graphs: int
    reserved_mib: float

    def __str__(self) -> str:
        equal = "".join(f"{'yes' if each else 'NO':>9}" for each in self.same.values())
        return f"{self.head:16}{self.cpu:>9.1e}{equal}{self.graphs:>8}{self.reserved_mib:>10.0f}"


def texts(head: str, vocabulary: int, case: Case) -> Encoded:
    """Random texts of 8 tokens or more; the label is the parity of words of the first hundred."""
    generator = np.random.default_rng(1)
    drawn = generator.gamma(4, case.mean / 4, EXAMPLES)
    lengths = np.clip(drawn, 8, case.longest).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = generator.integers(5, vocabulary, offsets[-1]).astype(np.int32)
    tokens[offsets[:-1]], tokens[offsets[1:] - 1] = 2, 3
    parts = np.split(tokens, offsets[1:-1])
    label = np.array([np.count_nonzero((part > 4) & (part < 105)) % 2 for part in parts])
    columns: dict[str, NDArray[Any]] = {"label": label.astype(np.int32)}
    if head == "regression":
        columns = {"label": label.astype(np.float32)}
    if head == "span":
        columns = {
            "start": np.ones(EXAMPLES, np.int32),
            "end": (lengths // 2).astype(np.int32),
            "context_begin": np.ones(EXAMPLES, np.int32),
            "context_end": (lengths - 1).astype(np.int32),
        }
    return Encoded(
        tokens=tokens,
        types=np.zeros(tokens.size, np.int8),
        offsets=offsets,
        example=np.arange(EXAMPLES, dtype=np.int32),
        columns={} if head == "mlm" else columns,
        meta={
            "head": head,
            "vocab_size": vocabulary,
            "mask_id": 4,
            "pad_id": 0,
            "special_ids": [0, 1, 2, 3, 4],
            "max_length": case.longest,
        },
    )


@contextmanager
def on_cpu() -> Iterator[None]:
    """Run the trainings in the block on the CPU."""
    with mock.patch.object(network, "best_device", return_value=torch.device("cpu")):
        yield


class Trainings:
    """Trainings on one kind of task, all from the same ticket."""

    def __init__(
        self, head: str, folder: Path, config: BertConfig = CONFIG, case: Case = USUAL
    ) -> None:
        config.save_pretrained(folder)
        encoder = architecture.read(folder)
        weights = draw(pretraining.shapes(encoder, next_sentence=False), 1, "exactness", 0.05)
        mask = random.draw(prunable_of(weights), Fraction(3, 4), seed=1)
        self.head, self.encoder, self.mask = head, encoder, mask
        self.theta, self.gamma = loop.initial_head(
            rewind(weights, mask), encoder, head=head, labels=2, seed=1, task="exactness"
        )
        self.encoded = texts(head, encoder.vocabulary, case)

    def train(self, recipe: Recipe, **options: Any) -> Trained:
        """Train by `recipe`."""
        return loop.train(
            *(self.theta, self.gamma, self.mask, self.encoded, self.encoder, recipe),
            head=self.head,
            seed=1,
            **options,
        )

    def stepper(self, recipe: Recipe) -> Callable[[int], torch.Tensor]:
        """A function that does one step of a training, by its number, and returns the loss."""
        small = self.head != "mlm"
        vocabulary = Vocabulary(self.encoded, self.encoder.vocabulary) if small else None
        theta = self.theta
        if vocabulary:
            theta = {**theta, WORDS: vocabulary.part(theta[WORDS])}
        dtype = device.product_dtype(recipe.precision)
        trained = Network.of(
            theta, self.gamma, self.encoder, self.head, dtype=dtype, mask=self.mask
        )
        parameters = trained.parameters
        optimizer = AdamW(parameters.values, parameters.grads, epsilon=1e-8, clip_norm=1.0)
        stepper = Stepper(trained, optimizer, Rates.of(recipe.dropout, self.encoder))
        width = best_width(
            *(self.encoded, recipe.batch_size, 1, self.encoder.hidden_size), multiple=ROUNDING
        )

        def step(number: int) -> torch.Tensor:
            batch = batch_at(trained, self.encoded, vocabulary, width, recipe, 1, number)
            return stepper(batch, rate=recipe.learning_rate, seed=number)

        return step

    def resumed(self, recipe: Recipe, folder: Path) -> Trained:
        """Train half-way, then resume from the checkpoint."""
        saving = Saving(checkpoints=Checkpoints(folder, {"of": self.head}), minutes=0)
        self.train(recipe, last_step=recipe.total_steps(len(self.encoded)) // 2, saving=saving)
        return self.train(recipe, saving=replace(saving, minutes=60))


def equal(one: Trained, other: Trained) -> bool:
    """Whether two trainings had the same losses and final weights, bit by bit."""
    pairs = [*zip(one.theta.items(), other.theta.items(), strict=True)]
    pairs += zip(one.gamma.items(), other.gamma.items(), strict=True)
    return one.losses == other.losses and all(
        name == its_name and np.array_equal(value, its_value)
        for (name, value), (its_name, its_value) in pairs
    )


def measure(head: str) -> Line:
    """Train on one kind of task in every way, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        trainings = Trainings(head, Path(folder))
        with on_cpu():
            expected = np.array(trainings.train(PRECISE).losses)
        losses = np.array(trainings.train(PRECISE).losses)
        recipe = replace(RECIPE, precision="bfloat16")
        torch.cuda.reset_peak_memory_stats()
        own = graphs.Graphs._record
        with mock.patch.object(graphs.Graphs, "_record", autospec=True, side_effect=own) as record:
            first = trainings.train(recipe)
        recorded = record.call_count
        reserved = torch.cuda.max_memory_reserved() / 2**20
        eager = replace(recipe, speedups=[each for each in recipe.speedups if each != "graphs"])
        alive = [first.theta[name][~kept] for name, kept in trainings.mask.kept.items()]
        same = {
            "twice": equal(first, trainings.train(recipe)),
            "eager": equal(first, trainings.train(eager)),
            "resumed": equal(first, trainings.resumed(recipe, Path(folder) / "checkpoints")),
            "pruned": not any(np.any(values) for values in alive),
        }
    difference = float(np.max(np.abs(losses - expected) / np.abs(expected)))
    return Line(head=head, cpu=difference, same=same, graphs=recorded, reserved_mib=reserved)


def profile(case: Case) -> str:
    """The times of BERT-base's steps by the clock and on the GPU, and the longest kernels."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiled

    with tempfile.TemporaryDirectory() as folder:
        trainings = Trainings(case.head, Path(folder), BASE, case)
    step = trainings.stepper(replace(RECIPE, precision="bfloat16", batch_size=case.batch))
    for number in range(WARM):
        step(number)
    torch.cuda.synchronize()
    start = time.perf_counter()
    for number in range(WARM, WARM + TIMED):
        step(number)
    torch.cuda.synchronize()
    clock = 1000 * (time.perf_counter() - start) / TIMED
    with profiled(activities=[ProfilerActivity.CUDA], acc_events=True) as seen:
        for number in range(WARM, WARM + PROFILED):
            step(number)
        torch.cuda.synchronize()
    kernels = sorted(seen.key_averages(), key=lambda each: -each.self_device_time_total)
    busy = sum(each.self_device_time_total for each in kernels) / PROFILED / 1000
    lines = [
        f"{case.head}, {case.mean} tokens per text: {clock:.2f} ms per step, {busy:.2f} ms kernels"
    ]
    for each in kernels[:KERNELS]:
        share = each.self_device_time_total / PROFILED / 1000
        lines.append(f"{share:8.3f} ms {each.count / PROFILED:7.1f} times  {each.key[:80]}")
    return "\n".join(lines)


def embedding_gradients() -> str:
    """The times of two ways to add up the gradients of embeddings, in microseconds, replayed."""
    lines = [f"{'table':>8}{'tokens':>8}{'index_add':>12}{'ours':>12}"]
    for rows, tokens in ((2, 8192), (512, 512), (512, 8192), (12000, 512), (30522, 8192)):
        # As in texts, a few words occur often; so does padding.
        drawn = (np.random.default_rng(1).zipf(1.2, tokens) - 1) % rows
        index = torch.from_numpy(drawn).cuda()
        gradients = torch.randn(tokens, BASE.hidden_size, device="cuda", dtype=torch.bfloat16)
        table = torch.zeros(rows, BASE.hidden_size, device="cuda")
        ways = (
            lambda t=table, i=index, g=gradients: t.index_add_(0, i, g.float()),
            lambda t=table, i=index, g=gradients: add_rows(t, i, g),
        )
        lines.append(f"{rows:>8}{tokens:>8}" + "".join(f"{replayed(way):>12.0f}" for way in ways))
    return "\n".join(lines)


def replayed(work: Callable[[], Any]) -> float:
    """The microseconds of `work` on the GPU as part of a graph."""
    work()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(REPEATS):
            work()
    times: list[float] = []
    for _ in range(10):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(1000 * begin.elapsed_time(end) / REPEATS)
    return median(times)


def main() -> int:
    """Print one line per kind of task; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--profile", action="store_true", help="also list the times of steps and kernels"
    )
    flags = parser.parse_args()
    if not torch.cuda.is_available():
        print("no GPU: nothing is measured", file=sys.stderr)
        return 1
    device.prepare(4)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    columns = ("cpu", "twice", "eager", "resumed", "pruned")
    print(f"{'':16}{''.join(f'{name:>9}' for name in columns)}{'graphs':>8}{'MiB':>10}")
    exact = True
    for head in HEADS:
        line = measure(head)
        print(line, flush=True)
        exact = exact and line.cpu < 1e-3 and all(line.same.values())
    if flags.profile:
        for case in CASES:
            print(profile(case), flush=True)
        print(embedding_gradients())
    return int(not exact)


if __name__ == "__main__":
    sys.exit(main())
