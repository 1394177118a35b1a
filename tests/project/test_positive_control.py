"""The tests of claims confirm the paper's own numbers, and not their reverse."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "positive_control.py"
sys.path.insert(0, str(SCRIPT.parent))

import positive_control as control  # noqa: E402


def test_the_command_succeeds_and_names_what_it_cannot_decide() -> None:
    """Five claims hold, three are not counted, and of eight reversed ones none holds."""
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    judged = [line for line in lines if line[:2] in {f"{number}." for number in range(1, 9)}]
    assert [line[0] for line in judged if line.endswith(" HOLDS")] == list("12568")
    assert [line[0] for line in judged if line.endswith("not counted)")] == list("347")
    exchanged = done.stdout.partition("With exchanged numbers:")[2]
    assert exchanged.count("does not hold") == 8
    assert "undecided" not in exchanged


def test_the_fit_to_figure_2_ranks_sources_by_their_training_sets() -> None:
    """0.87, and 0.83 without MLM, where plain means have 0.66 and 0.55 and CoLA is second."""
    numbers = control.read()
    tasks = list(numbers.figure2.columns)
    fit = control.tables(numbers).transferability.set_index("source")
    plain = {s: numbers.figure2.loc[s].drop(s).mean() for s in tasks}

    def rho(means: dict[str, float], sources: list[str]) -> float:
        sizes = [numbers.sizes[source] for source in sources]
        return stats.spearmanr(sizes, [means[source] for source in sources]).statistic

    but_mlm = [task for task in tasks if task != "mlm"]
    assert rho(dict(fit["mean"]), tasks) == pytest.approx(0.87, abs=0.005)
    assert rho(dict(fit["mean"]), but_mlm) == pytest.approx(0.83, abs=0.005)
    assert rho(plain, tasks) == pytest.approx(0.66, abs=0.005)
    assert rho(plain, but_mlm) == pytest.approx(0.55, abs=0.005)
    assert sorted(tasks, key=plain.__getitem__)[-2] == "cola"
    assert list(fit["mean"].sort_values().index[-3:]) == ["squad", "qqp", "mlm"]


def test_a_claim_that_does_not_hold_is_a_fault() -> None:
    """Numbers in which MLM's mask is the worst, though its training set is the largest."""
    numbers = control.read()
    figure2 = numbers.figure2.copy()
    figure2.loc["mlm"] = figure2.loc["wnli"]
    other = replace(numbers, figure2=figure2)

    assert control.faults(other)[:3] == [
        "claim 5 should hold: does not hold",
        "claim 6 should hold: undecided",
        "claim 8 should hold: does not hold",
    ]


def test_exchanging_twice_changes_nothing() -> None:
    """And once, both rows and no other."""
    figure2 = control.read().figure2

    once = control.exchange(figure2, "mlm", "rte")

    assert once.loc["mlm"].equals(figure2.loc["rte"].rename("mlm"))
    assert once.loc["cola"].equals(figure2.loc["cola"])
    assert control.exchange(once, "mlm", "rte").equals(figure2)
