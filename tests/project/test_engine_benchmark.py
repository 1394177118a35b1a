"""The engine benchmark: its arithmetic on made-up figures, and that rivals see what ours sees.

Nothing is timed here.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch.nn import functional as F
from transformers import BertConfig

import engine
import engine_batches
import engine_data
import engine_inputs
import engine_model
import engine_rivals
from engine_job import BadInput, EngineJob, Marks, answer
from engine_options import parse
from engine_report import (
    NAMES,
    Measured,
    flops,
    format_targets,
    quality_table,
    ratios,
    speed_table,
)
from engine_tasks import CASES, case
from model_directories import LETTERS, worded
from tickets import architecture, masks, weights
from tickets.encoded import Encoded
from tickets.training import loop
from tickets.training.recipe import Recipe
from tiny_bert import texts

INPUTS = {
    "max_length": 128,
    "tokens": 5,
    "squares": 13,
    "encoder_weights": 24,
    "layers": 1,
    "hidden": 2,
    "train": 64,
    "validation": 30,
    "majority": 0.5,
}


def measured(*seconds: float) -> Measured:
    return Measured(examples=64, seconds=seconds, peak_mib=[100.0], first_step=[1.0])


def job(task: str, **settings: Any) -> EngineJob:
    usual: dict[str, Any] = {
        "kind": "",
        "model": "",
        "data": "",
        "folder": "",
        "threads": 1,
        "warm": 1,
        "steps": 1,
    }
    return EngineJob(task=task, **usual | settings)


def test_the_work_is_that_of_the_products_by_hand() -> None:
    """Two texts of 2 and 3 tokens through one layer of width 2: every product counted for itself.

    A product of [m, k] and [k, n] costs 2mkn; forward once, backward twice.
    """
    by_hand = 0
    for length in (2, 3):
        for rows, inner, columns in (
            *((length, 2, 2),) * 4,  # query, key, value, attention's output
            (length, 2, 2),  # one narrow feed-forward: up ...
            (length, 2, 2),  # ... and down
            (length, 2, length),  # queries with keys
            (length, length, 2),  # weights with values
        ):
            by_hand += 3 * 2 * rows * inner * columns

    assert flops(INPUTS) == by_hand


def test_a_ratio_is_ours_over_theirs_by_medians() -> None:
    """Over float32 rivals, and of bf16 over the one in bf16 too; what was not measured is left
    out.
    """
    found = ratios(
        {
            "published": measured(8.0, 80.0, 7.0),
            "trainer": measured(2.0),
            "trainer_bf16": measured(1.0),
            "trainer_128_bf16": measured(4.0),
            "float32": measured(1.0),
            "bf16": measured(0.5),
        }
    )

    assert found == {
        "float32": {"published": 8.0, "trainer": 2.0},
        "bf16": {"published": 16.0, "trainer": 4.0, "trainer_128_bf16": 8.0},
    }
    assert ratios({"trainer": measured(1.0)}) == {}


def test_the_table_has_a_line_a_contestant() -> None:
    """Rates with their spread, the ratio to each rival, and our share of the machine's rate."""
    contestants = {name: measured(1.0, 2.0, 4.0) for name in NAMES}
    rate = flops(INPUTS) / 2.0
    lines = speed_table("toy", contestants, INPUTS, {"float32": 2 * rate, "bf16": 4 * rate})

    heading, columns, *rows = lines.splitlines()
    assert heading.startswith("toy: 64 timed examples")
    assert columns.endswith("x bf16")
    assert [row[:36].strip() for row in rows] == [name.format(128) for name in NAMES.values()]
    assert all("32.0 (16.0-64.0)" in row for row in rows)
    assert [row.split()[-3:] for row in rows[2:]] == [
        ["-", "1.0", "1.0"],
        ["-", "-", "-"],
        ["-", "-", "1.0"],
        ["50%", "-", "-"],
        ["25%", "-", "-"],
    ]


def test_a_gpu_s_memory_has_a_column_of_its_own() -> None:
    """Beside the host's, and only where there is a GPU."""
    machine = {"float32": 1.0, "bf16": 1.0}
    alone = speed_table("toy", {"trainer": measured(1.0)}, INPUTS, machine)
    found = {"trainer": replace(measured(1.0), gpu_mib=[7.0, 9.0, 8.0], gpu_reserved_mib=[20.0])}
    columns, row = speed_table("toy", found, INPUTS, machine).splitlines()[1:]

    assert "GPU" not in alone
    assert columns.split()[3:7] == ["MiB", "GPU", "MiB", "(reserved)"]
    assert row.split()[-5:-2] == ["100", "8", "(20)"]


def test_what_is_aimed_at_stands_beside_what_was_measured() -> None:
    """Nothing where either is missing."""
    found = {"trainer_128_bf16": measured(4.0), "bf16": measured(2.0)}
    machine = {"bf16": flops(INPUTS)}

    assert format_targets(found, INPUTS, machine, ratio=1.9, of_matmul=0.4) == (
        "bf16 over trainer_128_bf16: 2.0 (aimed at with BERT-base on a GPU: 1.9), "
        "of matmul 50% (aimed at: 40%)\n"
    )
    assert format_targets(found, INPUTS, machine, ratio=None, of_matmul=None) == ""
    assert format_targets({"bf16": measured(2.0)}, INPUTS, machine, ratio=7, of_matmul=None) == ""


@pytest.mark.parametrize(
    ("contestants", "expected"),
    [
        (["trainer", "bf16"], {"bf16": {"trainer": 1.0}}),
        (["trainer_128_bf16", "bf16"], {"bf16": {"trainer_128_bf16": 1.0, "of_matmul": 0.5}}),
    ],
)
def test_a_task_s_part_of_the_last_line(
    contestants: list[str], expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ratios by precision of ours; of_matmul where the rival in bf16 took part."""
    rate = float(flops(INPUTS))
    answers = {
        "inputs": INPUTS,
        "matmul": {"device": "CPU", "torch": "2", "float32": rate, "bf16": rate},
    }
    contestant = {"seconds": 2.0, "peak_mib": 1.0, "first_step": 1.0}
    monkeypatch.setattr(engine, "run", lambda job: answers.get(job.kind, contestant))

    assert engine.measure(job("sst2"), contestants, 2)[0] == expected


def test_a_task_that_fails_takes_nothing_from_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An hour's measurement is not lost for the memory that its last task lacks."""

    def measure(job: EngineJob, *_: object) -> tuple[dict[str, Any], str]:
        if job.task == "cola":
            raise BadInput("out of memory")
        return {"bf16": {}}, job.task

    monkeypatch.setattr(engine, "measure", measure)
    options = parse("", ["--model", "m", "--data", "d"])

    assert engine.answer(options) == {"sst2": {"bf16": {}}, "rte": {"bf16": {}}}
    assert capsys.readouterr().err == "error: out of memory\n"


def test_accuracies_are_summed_up_over_seeds() -> None:
    """Mean and sample standard deviation in per cent; none for a single seed."""
    table = quality_table("toy", {"trainer": [0.5, 0.7], "float32": [0.6]}, INPUTS)

    trainer, ours = (line[36:].split() for line in table.splitlines()[2:])
    assert trainer == ["60.0", "14.1", "50.0", "70.0"]
    assert ours == ["60.0", "-", "60.0"]


def test_the_untimed_steps_are_left_out() -> None:
    """Seconds are those between the last untimed and the last step, the first step's from start."""
    marks = Marks(job=job("", warm=2, steps=3, started=10.0), at={1: 14.0, 2: 15.0, 5: 21.0})

    assert marks.answer() == {"first_step": 4.0, "seconds": 6.0, "ended": 21.0}


@pytest.mark.parametrize("module", ["engine_job", "engine_options", "engine_report"])
def test_the_parent_stays_small(module: str) -> None:
    """It imports no library: its children's peak memory would start at its own."""
    code = f"import {module}, sys; sys.exit(bool({{'numpy', 'torch'}} & set(sys.modules)))"
    folder = Path(__file__).parents[2] / "benchmarks"

    assert subprocess.run([sys.executable, "-c", code], cwd=folder).returncode == 0


def test_bert_base_is_measured_as_a_gpu_wants_it() -> None:
    """All tasks, our bf16 and its rival; a model directory is measured as ever."""
    everything = ["--tokenizer", "t", "--data", "d", "--squad", "s", "--text", "x"]
    base = parse("", ["--model", "bert-base", *everything])
    other = parse("", ["--model", "m", "--data", "d"])

    assert base.data == dict(zip(CASES, ("d", "d", "d", "", "", "s", "x"), strict=True))
    assert base.contestants == ("trainer_128_bf16", "bf16")
    assert base.job.tokenizer == "t"
    assert other.data == {"sst2": "d", "cola": "d", "rte": "d"}
    assert other.contestants == (
        "published",
        "trainer",
        "trainer_128",
        "trainer_bf16",
        "float32",
        "bf16",
    )
    assert (other.job.warm, other.job.steps, other.job.examples) == (5, 40, None)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("--model m", "--data"),
        ("--model bert-base --tasks squad --squad s", "--tokenizer"),
        ("--model bert-base --tokenizer t --data d --text x", "--squad"),
        ("--model m --tasks mnli_like --quality", "--quality"),
        ("--model m --data d --tasks sst3", "not a known task"),
        ("--model m --data d --tasks stsb", "regression"),
    ],
)
def test_what_is_missing_is_said_first(line: str, missing: str) -> None:
    """One line, before anything is made or measured; drawn texts need nothing."""
    with pytest.raises(BadInput, match=missing):
        parse("", line.split())
    assert parse("", ["--model", "bert-base", "--tasks", "qqp_like"]).data == {"qqp_like": ""}


def test_lengths_and_batches_are_those_of_the_known_tasks() -> None:
    """What GPUs are measured on: lengths, batch sizes and heads."""
    found = {
        name: (each.definition.head, each.definition.max_length, each.definition.batch_size)
        for name, each in CASES.items()
    }
    sentences = ("classification", 128, 32)

    assert found == {
        "sst2": sentences,
        "cola": sentences,
        "rte": sentences,
        "mnli_like": sentences,
        "qqp_like": sentences,
        "squad": ("span", 384, 16),
        "mlm": ("mlm", 512, 16),
    }
    assert case("mrpc").scored


@pytest.mark.parametrize("mean", [30, 39])
def test_drawn_lengths_have_their_mean(mean: int) -> None:
    """To 1 %, half of it as standard deviation; none is empty or too long."""
    found = engine_data.lengths(mean, 128, 64_000, seed=1)

    assert found.mean() == pytest.approx(mean, rel=0.01)
    assert found.std() == pytest.approx(mean / 2, rel=0.02)
    assert (found.min(), found.max()) == (3, 128)


def test_rows_are_padded_to_the_maximal_length_or_to_their_longest() -> None:
    """Tokens with the padding token, answers of tokens with -100, answers of texts not at all."""
    encoded = texts(4, "span")
    encoded = replace(encoded, meta={**encoded.meta, "pad_id": 9, "max_length": 4})
    short = {"input_ids": [5, 6], "attention_mask": [1, 1], "labels": [-100, 7], "start": 3}
    found = engine_batches.padded([short, short], encoded)

    assert {name: values[0].tolist() for name, values in found.items()} == {
        "input_ids": [5, 6, 9, 9],
        "attention_mask": [1, 1, 0, 0],
        "labels": [-100, 7, -100, -100],
        "start": 3,
    }
    long = {**short, "input_ids": [5, 6, 7], "attention_mask": [1, 1, 1], "labels": [-100, 7, 8]}
    dynamic = engine_batches.padded([short, long], encoded, dynamic=True)
    assert dynamic["input_ids"].tolist() == [[5, 6, 9], [5, 6, 7]]


def write_texts(folder: Path) -> None:
    """A few lines for mlm, and questions on them for squad, of the letters a tokenizer knows."""
    generator = np.random.default_rng(0)
    lines = [
        " ".join(generator.choice(LETTERS[5:], size)) for size in generator.integers(100, 200, 64)
    ]
    columns = {
        "text": lines,
        "id": [str(number) for number in range(len(lines))],
        "question": ["a b"] * len(lines),
        "context": lines,
        "answers": [{"text": [line[:5]], "answer_start": [0]} for line in lines],
    }
    pq.write_table(pa.table(columns), folder / "train-0.parquet")


@pytest.mark.parametrize("task", ["mnli_like", "squad", "mlm"])
def test_ours_and_a_rival_begin_with_the_same_loss(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dropout off: the same ticket, head and tokens, and for MLM the same words hidden.

    Of transformers' span loss the scores of padding are left out, as nobody can answer with it.
    """
    config = BertConfig(
        vocab_size=len(LETTERS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,
    )
    monkeypatch.setitem(engine_model.CONFIGS, "", config)
    monkeypatch.setattr(engine_data, "DRAWN", 70)
    write_texts(tmp_path)
    tokenizer = str(worded(tmp_path / "tokenizer")) if case(task).source else ""
    data = str(tmp_path) if case(task).source else ""
    settings = {"data": data, "folder": str(tmp_path), "tokenizer": tokenizer}
    made = answer(job(task, kind="model", **settings))["model"]
    this_job = job(task, model=made, **settings)
    inputs = engine_inputs.prepare(this_job)
    encoded, size = Encoded.read(this_job.own_path("train.arrow")), this_job.definition.batch_size
    assert inputs["train"] == len(encoded) == len(encoded) // size * size

    model = engine_rivals.pruned(this_job)
    batch = engine_batches.padded(engine_batches.ordered(this_job, encoded)[:size], encoded)
    with torch.no_grad():
        found = model(**batch)
    loss = found.loss
    if task == "squad":
        outside = batch["attention_mask"] == 0
        loss = sum(
            F.cross_entropy(found[f"{edge}_logits"].masked_fill(outside, -torch.inf), wanted) / 2
            for edge in ("start", "end")
            for wanted in [batch[f"{edge}_positions"]]
        )
    ours = loop.train(
        weights.read(this_job.path("ticket.safetensors")),
        weights.read(this_job.own_path("head-1.safetensors")),
        masks.read(this_job.path("mask.safetensors")),
        encoded,
        architecture.read(Path(made)),
        Recipe(epochs=None, steps=2, batch_size=size, learning_rate=1e-4),
        head=this_job.definition.head,
        seed=this_job.seed,
        last_step=1,
    )

    assert ours.losses[0] == pytest.approx(float(loss), rel=1e-5)
