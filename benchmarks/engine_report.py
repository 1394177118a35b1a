"""The engine benchmark's figures: work done, medians, ratios and tables. Nothing but arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

OURS = ("float32", "bf16")
RIVALS = ("published", "trainer", "trainer_128")
INFORMATION = ("trainer_bf16",)  # shown, but no ratio is about it
NAMES = {
    "published": "published (hooks, padded to 128)",
    "trainer": "trainer (hooks, dynamic padding)",
    "trainer_128": "trainer_128 (hooks, padded to 128)",
    "trainer_bf16": "trainer_bf16 (as trainer, bf16)",
    "float32": "ours, float32",
    "bf16": "ours, bf16",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One contestant on one task: a value a repeat of each figure."""

    examples: int  # in the timed steps
    seconds: Sequence[float]
    peak_mib: Sequence[float]
    first_step: Sequence[float]

    @property
    def rates(self) -> list[float]:
        """Examples a second, of each repeat."""
        return [self.examples / seconds for seconds in self.seconds]

    @property
    def rate(self) -> float:
        """The median of `rates`."""
        return median(self.rates)


def flops(inputs: Mapping[str, Any]) -> int:
    """What a model has to compute for real tokens, forward and backward; padding is not work.

    6 x (prunable weights of the encoder's layers) x tokens: a multiplication and an addition for
    each weight, once forward and twice backward (for the input's gradient and for the weight's).
    12 x layers x hidden x sum(length^2): the same 2 x 3 for attention's two products, of queries
    with keys and of weights with values. Embeddings, pooler and head are left out.
    """
    linear = 6 * inputs["encoder_weights"] * inputs["tokens"]
    attention = 12 * inputs["layers"] * inputs["hidden"] * inputs["squares"]
    return linear + attention


def ratios(measured: Mapping[str, Measured]) -> dict[str, dict[str, float]]:
    """Our examples/s over each rival's, by our precision; what was not measured is left out."""
    return {
        ours: {
            rival: round(measured[ours].rate / measured[rival].rate, 2)
            for rival in RIVALS
            if rival in measured
        }
        for ours in OURS
        if ours in measured
    }


def speed_table(
    task: str,
    measured: Mapping[str, Measured],
    inputs: Mapping[str, Any],
    machine: Mapping[str, float],
) -> str:
    """One task's figures, a line a contestant; `machine` gives FLOP/s by precision."""
    examples = next(iter(measured.values())).examples
    found = ratios(measured)
    lines = [
        f"{task}: {examples} timed examples, {inputs['tokens'] / examples:.1f} tokens each, "
        f"{flops(inputs) / examples / 1e9:.2f} GFLOP each",
        f"{'':36}{'examples/s (min-max)':>24}{'peak MiB':>10}{'1st step s':>12}"
        f"{'of matmul':>11}" + "".join(f"{'x ' + ours:>11}" for ours in found),
    ]
    for name, each in measured.items():
        spread = f"{each.rate:.1f} ({min(each.rates):.1f}-{max(each.rates):.1f})"
        share = "-"
        if name in OURS:
            rate = flops(inputs) / examples * each.rate
            share = f"{rate / machine[name]:.0%}"
        lines.append(
            f"{NAMES[name]:36}{spread:>24}{median(each.peak_mib):>10.0f}"
            f"{median(each.first_step):>12.1f}{share:>11}"
            + "".join(f"{found[ours].get(name, '-'):>11}" for ours in found)
        )
    return "\n".join(lines)


def quality_table(
    task: str, accuracies: Mapping[str, Sequence[float]], inputs: Mapping[str, Any]
) -> str:
    """One task's accuracies in per cent: mean and standard deviation over seeds."""
    lines = [
        f"{task}: {inputs['train']} training examples, {inputs['validation']} for validation, "
        f"majority answer {100 * inputs['majority']:.1f}",
        f"{'':36}{'mean':>8}{'std':>8}   seeds",
    ]
    for name, values in accuracies.items():
        percent = [100 * value for value in values]
        deviation = f"{stdev(percent):.1f}" if len(percent) > 1 else "-"
        each = " ".join(f"{value:.1f}" for value in percent)
        lines.append(f"{NAMES[name]:36}{mean(percent):>8.1f}{deviation:>8}   {each}")
    return "\n".join(lines)
