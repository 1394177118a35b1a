"""The engine benchmark's figures: work, medians, ratios and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

OURS = ("float32", "bf16")
RIVALS = ("published", "trainer", "trainer_128")
BF16_RIVAL = "trainer_128_bf16"  # compared with our bf16 only
INFORMATION = ("trainer_bf16",)  # shown without a ratio
NAMES = {  # {} is the task's maximal length
    "published": "published (hooks, padded to {})",
    "trainer": "trainer (hooks, dynamic padding)",
    "trainer_128": "trainer_128 (hooks, padded to {})",
    "trainer_bf16": "trainer_bf16 (as trainer, bf16)",
    BF16_RIVAL: "trainer_128_bf16 (to {}, bf16)",
    "float32": "ours, float32",
    "bf16": "ours, bf16",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One contestant on one task: one value per repeat of each figure."""

    examples: int  # in the timed steps
    seconds: Sequence[float]
    peak_mib: Sequence[float]
    first_step: Sequence[float]
    gpu_mib: Sequence[float] = ()  # empty without a GPU
    gpu_reserved_mib: Sequence[float] = ()

    @property
    def rates(self) -> list[float]:
        """Examples per second, for each repeat."""
        return [self.examples / seconds for seconds in self.seconds]

    @property
    def rate(self) -> float:
        """The median of `rates`."""
        return median(self.rates)


def flops(inputs: Mapping[str, Any]) -> int:
    """The model's operations for real tokens, forward and backward; padding does not count.

    6 x (prunable weights of the encoder's layers) x tokens: a multiplication and an addition for
    each weight, once forward and twice backward (for the input's gradient and for the weight's).
    12 x layers x hidden x sum(length^2): the same 2 x 3 for attention's two products, of queries
    with keys and of weights with values. Embeddings, pooler and head are left out.
    """
    linear = 6 * inputs["encoder_weights"] * inputs["tokens"]
    attention = 12 * inputs["layers"] * inputs["hidden"] * inputs["squares"]
    return linear + attention


def share(
    measured: Mapping[str, Measured],
    inputs: Mapping[str, Any],
    machine: Mapping[str, float],
    ours: str,
) -> float:
    """The rate of the model's work in our precision `ours`, over the machine's rate."""
    each = measured[ours]
    return flops(inputs) / each.examples * each.rate / machine[ours]


def ratios(measured: Mapping[str, Measured]) -> dict[str, dict[str, float]]:
    """Our examples/s over each rival's, by our precision; without what was not measured."""
    return {
        ours: {
            rival: round(measured[ours].rate / measured[rival].rate, 2)
            for rival in (*RIVALS, *([BF16_RIVAL] if ours == "bf16" else []))
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
    """One task's figures, one line per contestant; `machine` gives FLOP/s by precision."""
    examples = next(iter(measured.values())).examples
    our_ratios = ratios(measured)
    gpu = any(each.gpu_mib for each in measured.values())
    lines = [
        f"{task}: {examples} timed examples, {inputs['tokens'] / examples:.1f} tokens each, "
        f"{flops(inputs) / examples / 1e9:.2f} GFLOP each",
        f"{'':36}{'examples/s (min-max)':>24}{'peak MiB':>10}"
        + (f"{'GPU MiB (reserved)':>20}" if gpu else "")
        + f"{'1st step s':>12}{'of matmul':>11}"
        + "".join(f"{'x ' + ours:>11}" for ours in our_ratios),
    ]
    for name, each in measured.items():
        spread = f"{each.rate:.1f} ({min(each.rates):.1f}-{max(each.rates):.1f})"
        of_matmul = f"{share(measured, inputs, machine, name):.0%}" if name in OURS else "-"
        lines.append(
            f"{_label(name, inputs):36}{spread:>24}{median(each.peak_mib):>10.0f}"
            + (f"{_on_gpu(each):>20}" if gpu else "")
            + f"{median(each.first_step):>12.1f}{of_matmul:>11}"
            + "".join(f"{our_ratios[ours].get(name, '-'):>11}" for ours in our_ratios)
        )
    return "\n".join(lines)


def format_targets(
    measured: Mapping[str, Measured],
    inputs: Mapping[str, Any],
    machine: Mapping[str, float],
    *,
    ratio: float | None,
    of_matmul: float | None,
) -> str:
    """Our bf16's figures and their targets, one line; `ratio` is over trainer_128_bf16.

    Empty if that was not measured, or has no target.
    """
    if ratio is None or not {"bf16", BF16_RIVAL} <= measured.keys():
        return ""
    our_ratio = ratios(measured)["bf16"][BF16_RIVAL]
    line = f"bf16 over {BF16_RIVAL}: {our_ratio} (aimed at with BERT-base on a GPU: {ratio})"
    if of_matmul is not None:
        rate = share(measured, inputs, machine, "bf16")
        line += f", of matmul {rate:.0%} (aimed at: {of_matmul:.0%})"
    return f"{line}\n"


def _on_gpu(each: Measured) -> str:
    return f"{median(each.gpu_mib):.0f} ({median(each.gpu_reserved_mib):.0f})"


def _label(name: str, inputs: Mapping[str, Any]) -> str:
    return NAMES[name].format(inputs["max_length"])


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
        lines.append(f"{_label(name, inputs):36}{mean(percent):>8.1f}{deviation:>8}   {each}")
    return "\n".join(lines)
