"""The findings of `on_gpu.py`: its file, its lines on the terminal, its tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine_report import Measured, share
from engine_tasks import CASES, case
from tickets.files import write_bytes

Answer = Mapping[str, Any]

PADDED, ROUNDED = 1e-4, 5e-2
"""The largest differences of losses that count as exact: from the padded model, of bfloat16."""
RIVALS = {
    "trainer_128_bf16": "Trainer, padded",
    "padded_bf16": "padded loop",
    "compiled_bf16": "padded loop, compiled",
    "dynamic_bf16": "padded loop, dynamic",
    "trainer_bf16": "Trainer, dynamic",
}
LABELS = {
    "correct": "correct",
    "inputs": "inputs",
    "bf16": "ours",
    **RIVALS,
    "side": "side by side",
    "whole": "whole training",
    "profile": "profile",
    "embeddings": "gradients of embeddings",
}


@dataclass(kw_only=True)
class Findings:
    """What was found so far: by kind of measurement, then by task, kind of task or number.

    `file` has it all as JSON, replaced with each finding.
    """

    machine: Answer
    file: Path | None = None
    sizes: dict[str, Answer] = field(default_factory=dict[str, Answer])
    found: dict[str, dict[str, Answer]] = field(default_factory=dict[str, dict[str, Answer]])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, kind: str, name: str, answer: Answer) -> None:
        """Add an answer, or why there is none; print its line and replace the file."""
        label = f"{LABELS[kind]}: {name}"
        if "skipped" in answer:
            self.skipped[label] = answer["skipped"]
        elif "failed" in answer:
            self.failed[label] = answer["failed"]
        else:
            self.found.setdefault(kind, {})[name] = answer
        print(f"{label:40}{self._line(kind, name, answer)}", flush=True)
        if self.file:
            write_bytes(self.file, f"{json.dumps(self.result(), indent=1)}\n".encode())

    def get(self, kind: str, name: str) -> Answer | None:
        """The answer, if there is one."""
        return self.found.get(kind, {}).get(name)

    def result(self) -> dict[str, Any]:
        """All findings as JSON."""
        return {
            "machine": self.machine,
            "exact": {h: is_exact(found) for h, found in self.found.get("correct", {}).items()},
            "found": self.found,
            "ratios": {task: dict(self.ratios(task)) for task in self.found.get("bf16", {})},
            "of_matmul": {task: self.share(task) for task in self.found.get("bf16", {})},
            "skipped": self.skipped,
            "failed": self.failed,
        }

    @property
    def status(self) -> int:
        """The exit status: 0 all is exact, 1 something is not or failed, 2 nothing was measured."""
        if not self.found and not self.failed:
            return 2
        return int(
            bool(self.failed) or not all(map(is_exact, self.found.get("correct", {}).values()))
        )

    def share(self, task: str) -> float:
        """The rate of our products on real tokens over that of one large product."""
        ours = self.found["bf16"][task]
        size = self.sizes[task]
        measured = {
            "bf16": Measured(
                examples=ours["examples"], seconds=[ours["seconds"]], peak_mib=[], first_step=[]
            )
        }
        return share(measured, size, self.machine, "bf16")

    def ratios(self, task: str) -> Iterator[tuple[str, float]]:
        """Our examples/s over each rival's.

        One padded to a fixed length has the same rate on all tasks with the same length and batch.
        """
        for kind in RIVALS:
            rival = self.get(kind, task)
            if rival is None and kind in FIXED:
                same = [t for t in self.found.get(kind, {}) if shape(t) == shape(task)]
                rival = self.found[kind][same[0]] if same else None
            if rival is not None:
                yield kind, rate(self.found["bf16"][task]) / rate(rival)

    def _line(self, kind: str, name: str, answer: Answer) -> str:
        for outcome in ("skipped", "failed"):
            if outcome in answer:
                return f"{outcome}: {answer[outcome].splitlines()[-1]}"
        if kind == "correct":
            return "exact" if is_exact(answer) else "NOT EXACT"
        if kind == "bf16":
            return f"{rate(answer):.0f} examples/s, {self.share(name):.0%} of the product rate"
        if kind in (*RIVALS, "side"):
            return f"{rate(answer):.0f} examples/s"
        if kind == "whole":
            return f"{answer['seconds']:.1f} s"
        return "done"


FIXED = ("trainer_128_bf16", "padded_bf16", "compiled_bf16")


def shape(task: str) -> tuple[str, int, int]:
    """What the time of a padded step depends on."""
    definition = case(task).definition
    return definition.head, definition.max_length, definition.batch_size


def is_exact(answer: Answer) -> bool:
    """Whether a training is as exact as `on_gpu.py` promises."""
    close = answer["padded"] <= PADDED and answer["bf16"] <= ROUNDED
    return close and all(answer["same"].values())


def rate(answer: Answer) -> float:
    """Examples per second."""
    return answer["examples"] / answer["seconds"]


def tables(findings: Findings) -> str:
    """All findings, a table for each part."""
    parts = (_correct, _fast, _side, _whole, _profile, _embeddings)
    return "\n\n".join(text for part in parts if (text := "\n".join(part(findings))))


def _correct(findings: Findings) -> Iterator[str]:
    found = findings.found.get("correct", {})
    if not found:
        return
    yield (
        f"exact: losses in float32 within {PADDED:.0e} of transformers' padded model under torch's"
        f" pruning hooks, in bfloat16 within {ROUNDED:.0e} of float32; the rest to the last bit"
    )
    names = ("twice", "eager", "resumed", "pruned")
    columns = ("padded", "bf16", *names, "graphs")
    yield f"{'':16}" + "".join(f"{name:>10}" for name in columns)
    for head, answer in found.items():
        cells = [f"{answer[name]:.1e}" for name in ("padded", "bf16")]
        cells += ["yes" if answer["same"][name] else "NO" for name in names]
        yield f"{head:16}" + "".join(f"{cell:>10}" for cell in (*cells, str(answer["graphs"])))


def _fast(findings: Findings) -> Iterator[str]:
    found = findings.found.get("bf16", {})
    if not found:
        return
    machine = findings.machine
    yield (
        f"{machine['device']}, torch {machine['torch']}; one large product:"
        f" {machine['bf16'] / 1e12:.1f} TFLOP/s in bfloat16"
    )
    yield (
        f"{'ours':12}{'examples/s':>12}{'of product (goal)':>19}{'1st step s':>12}{'graphs':>8}"
        f"{'GPU MiB (reserved)':>20}   over rivals (goal over the padded Trainer)"
    )
    for task, answer in found.items():
        goals = CASES[task]
        of = f"{findings.share(task):.0%}" + (f" ({goals.share:.0%})" if goals.share else "")
        memory = f"{answer.get('gpu_mib', 0):.0f} ({answer.get('gpu_reserved_mib', 0):.0f})"
        over = ", ".join(f"{RIVALS[kind]} {ratio:.1f}x" for kind, ratio in findings.ratios(task))
        yield (
            f"{task:12}{rate(answer):>12.0f}{of:>19}{answer['first_step']:>12.1f}"
            f"{answer['graphs']:>8}{memory:>20}   {over or '-'} ({goals.ratio}x)"
        )
    yield f"{'rivals':36}{'examples/s':>12}{'1st step s':>12}{'GPU MiB (reserved)':>20}"
    for kind, label in RIVALS.items():
        for task, answer in findings.found.get(kind, {}).items():
            memory = f"{answer.get('gpu_mib', 0):.0f} ({answer.get('gpu_reserved_mib', 0):.0f})"
            yield (
                f"{label + ': ' + task:36}{rate(answer):>12.0f}{answer['first_step']:>12.1f}"
                f"{memory:>20}"
            )


def _side(findings: Findings) -> Iterator[str]:
    found = findings.found.get("side", {})
    if found:
        yield (
            f"{'ours, side by side':20}{'examples/s together':>20}{'over one':>10}"
            f"{'GPU MiB each (reserved)':>25}{'1st step s':>12}"
        )
    for name, answer in found.items():
        alone = findings.get("bf16", answer["task"])
        over = f"{rate(answer) / rate(alone):.2f}x" if alone else "-"
        memory = f"{answer.get('gpu_mib', 0):.0f} ({answer.get('gpu_reserved_mib', 0):.0f})"
        yield (f"{name:24}{rate(answer):>20.0f}{over:>10}{memory:>20}{answer['first_step']:>12.1f}")


def _whole(findings: Findings) -> Iterator[str]:
    found = findings.found.get("whole", {})
    for task, answer in found.items():
        parts = ", ".join(f"{name} {value:.1f}" for name, value in answer["parts"].items())
        yield (
            f"{task} whole, {answer['of_steps']:.0%} of its steps ({answer['steps']}):"
            f" {answer['seconds']:.1f} s: {parts}"
        )


def _profile(findings: Findings) -> Iterator[str]:
    for task, answer in findings.found.get("profile", {}).items():
        yield f"{task}: {answer['milliseconds']:.2f} ms of kernels in a step"
        for name, milliseconds, count in answer["kernels"]:
            yield f"{milliseconds:8.3f} ms {count:7.1f} times  {name}"


def _embeddings(findings: Findings) -> Iterator[str]:
    for answer in findings.found.get("embeddings", {}).values():
        yield f"{'microseconds':>14}{'rows':>8}{'tokens':>8}{'index_add_':>12}{'ours':>12}"
        for rows, tokens, theirs, ours in answer["tables"]:
            yield f"{'':14}{rows:>8}{tokens:>8}{theirs:>12.0f}{ours:>12.0f}"
