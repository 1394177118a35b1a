"""Does the study show the lottery ticket phenomenon? A table, and a verdict on each claim.

Exit status: 0 every claim holds with room, 1 a claim does not, 2 data are missing.

A claim is about a margin in percentage points, one for each task and seed: trainings of one seed
share data order and new head, so differences are taken within a seed. Downstream tasks are all but
masked language modelling. A claim about them holds *with room* if

- the mean margin of these tasks exceeds the bound even at the lower end of its one-sided 95 %
  confidence interval: Student's t over at least three seeds (tasks are not a second sample: they
  share a seed's random draws, so one seed counts once), and
- it is reversed on no task: on each, its mean over seeds is above zero.

The bound of (a) and (b) is five points, more than the largest standard deviation of a full model in
the paper's Table 2 (3.6). The margin of (c) is what exceeds nine tenths of the full model's
advantage, and its bound is zero. The study's soundness (the full model beats the majority answer,
theta_0 beats random weights) is judged on every single task, MLM included, at its lower end.
(d), the order of the sources, is reported and never judged.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from tickets import provenance
from tickets.errors import BadInput, TicketsError
from tickets.methods import WITHOUT_TASK
from tickets.paths import Results
from tickets.tables import baselines
from tickets.tables.additive_fit import source_means
from tickets.tables.cells import rounded, select_paired
from tickets.terminal import WIDTH, blocks

ROOM = 5.0
KEPT = 0.9
LEAST_SEEDS = 3
MANY_SEEDS = 10
CONFIDENCE = 0.95
MLM_METRIC = "masked_accuracy"


@dataclass(frozen=True, kw_only=True)
class PhenomenonClaim:
    """A proposition, its margin in points (one row per seed, one column per task), and its tasks.

    With `each` every task is judged on its own, else the mean over the tasks.
    """

    letter: str
    text: str
    formula: str
    margin: pd.DataFrame
    tasks: list[str]
    bound: float = 0.0
    each: bool = False

    @property
    def pooled(self) -> pd.Series[float]:
        """The mean margin over the tasks, by seed."""
        return self.margin[self.tasks].mean(axis="columns")

    @property
    def objections(self) -> list[str]:
        """Why the claim does not hold with room."""
        if len(self.margin) < LEAST_SEEDS:
            return [f"{LEAST_SEEDS} seeds are the least, here are {len(self.margin)}"]
        if self.each:
            unclear = [t for t in self.tasks if not lower_end(self.margin[t]) > self.bound]
            return [f"not clear on {', '.join(unclear)}"] if unclear else []
        objections: list[str] = []
        if not lower_end(self.pooled) > self.bound:
            objections.append(f"not clearly above {self.bound:g}")
        against = [t for t in self.tasks if not self.margin[t].mean() > 0]
        if against:
            objections.append(f"reversed on {', '.join(against)}")
        return objections

    def verdict(self) -> str:
        """One line, with the weakest task."""
        ruling = f"NO, {'; '.join(self.objections)}" if self.objections else "holds"
        weakest = self.margin[self.tasks].mean().sort_values(kind="stable")
        return (
            f"{self.letter} {ruling}: {self.text}; "
            f"least {weakest.iloc[0]:+.1f} on {weakest.index[0]}"
        )


def lower_end(values: pd.Series[float]) -> float:
    """The lower end of a mean's one-sided confidence interval; -inf for a single value."""
    if len(values) < 2:
        return -math.inf
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - float(stats.t.ppf(CONFIDENCE, len(values) - 1)) * error


def claims_of(
    metrics: pd.DataFrame, transfers: pd.DataFrame, constant: pd.Series[float], rewind: float
) -> list[PhenomenonClaim]:
    """The claims about a study; `constant` contains the majority answers' scores by task."""
    tasks = [str(task) for task in transfers["target"].unique()]
    downstream = downstream_of(transfers)
    sparsity = float(transfers["sparsity"].iloc[0])
    cells = {task: baselines.cells(task, sparsity, rewind) for task in tasks}

    def scores(name: str) -> pd.DataFrame:
        return pd.DataFrame({t: select_paired(metrics, cells[t][name]).by_seed for t in tasks})

    full, imp, random = scores("full"), scores("imp"), scores("random")
    return [
        PhenomenonClaim(
            letter="(a)",
            text="IMP masks beat random masks of the same sparsity",
            formula="(a) imp - random",
            margin=imp - random,
            tasks=downstream,
            bound=ROOM,
        ),
        PhenomenonClaim(
            letter="(b)",
            text="theta_0 beats random weights under the same mask",
            formula="(b) imp - imp_reinit",
            margin=imp - scores("imp_reinit"),
            tasks=downstream,
            bound=ROOM,
        ),
        PhenomenonClaim(
            letter="(c)",
            text="IMP keeps nine tenths of the full model's advantage over the random mask",
            formula="(c) imp over 9/10 kept",
            margin=imp - random - KEPT * (full - random),
            tasks=downstream,
        ),
        PhenomenonClaim(
            letter="(full)",
            text="the full model beats the majority answer on every task",
            formula="full - majority",
            margin=full - constant[tasks],
            tasks=tasks,
            each=True,
        ),
        PhenomenonClaim(
            letter="(theta_0)",
            text="theta_0 beats random weights on every task",
            formula="full - reinit",
            margin=full - scores("reinit"),
            tasks=tasks,
            each=True,
        ),
    ]


def downstream_of(transfers: pd.DataFrame) -> list[str]:
    """The targets that are not masked language modelling.

    Raises:
        BadInput: there is none.
    """
    tasks = transfers.loc[transfers["metric"] != MLM_METRIC, "target"].unique()
    if len(tasks) == 0:
        raise BadInput("transfer.csv: no downstream task; the claims are about those")
    return [str(task) for task in tasks]


def standings(transfers: pd.DataFrame) -> pd.Series[float]:
    """Each source's mean difference from the full model over downstream targets, best first.

    Sources but for one-shot and random masks are not counted on their own task: their means are
    those of an additive fit.
    """
    counted = transfers[
        transfers["target"].isin(downstream_of(transfers))
        & (transfers["source"] != transfers["target"])
    ]
    of_tasks = counted[~counted["source"].isin(WITHOUT_TASK)]
    fit = source_means(list(zip(of_tasks["source"], of_tasks["target"], strict=True)))
    fitted = pd.Series(fit @ of_tasks["delta_full"], index=of_tasks["source"].unique())
    others = counted[counted["source"].isin(WITHOUT_TASK)].groupby("source", sort=False)
    means = pd.concat([fitted, others["delta_full"].mean()]).map(rounded)
    return means.sort_values(ascending=False, kind="stable")


def report(claims: list[PhenomenonClaim], transfers: pd.DataFrame, compared: pd.DataFrame) -> str:
    """Scores, margins and verdicts, as text."""
    tasks = [str(task) for task in transfers["target"].unique()]
    mean = compared.pivot(index="baseline", columns="target", values="mean")
    kept = 100 * (mean.loc["imp"] - mean.loc["random"]) / (mean.loc["full"] - mean.loc["random"])
    margins = [claim.margin.mean() for claim in claims]
    columns = [
        *([task, f"{kept[task]:.0f}", *(f"{m[task]:+.1f}" for m in margins)] for task in tasks),
        ["mean", "", *(f"{claim.pooled.mean():+.1f}" for claim in claims)],
        ["lower end", "", *(f"{lower_end(claim.pooled):+.1f}" for claim in claims)],
    ]
    n = len(claims[0].margin)
    own = transfers[transfers["source"] == transfers["target"]]
    winning = ", ".join(own.loc[own["matches_full"], "target"]) or "none"
    ranked = enumerate(standings(transfers).items(), 1)
    return "\n".join(
        [
            baselines.render(compared),
            "",
            *wrap(
                "Margins in points, of (a), (b) and (c) with their mean over the downstream tasks "
                f"({', '.join(claims[0].tasks)}); lower end of that mean: one-sided 95 %, "
                f"Student's t over {n} seeds{' (few)' if n < MANY_SEEDS else ''}.",
                WIDTH,
            ),
            *blocks(["", "kept by imp, %", *(claim.formula for claim in claims)], columns),
            "",
            *(claim.verdict() for claim in claims),
            f"    winning tickets by the paper's criterion: {winning} (of {len(own)} tasks)",
            "(d) sources by their mean difference from the full model, in points, over downstream",
            "    tasks; by an additive fit, as none counts on its own task (not judged):",
            *(f"    {place}. {source} {mean:+.1f}" for place, (source, mean) in ranked),
        ]
    )


def main() -> int:
    """Print the report on a study; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", default="results", help="results folder (default: results)")
    results = Results(root=parser.parse_args().results)
    tables = {name: Path(results.table(name)) for name in ("transfer", "baselines")}
    try:
        missing = [str(path) for path in tables.values() if not path.exists()]
        if missing:
            make = " ".join(str(path) for path in tables.values())
            raise BadInput(f"{' and '.join(missing)} not there; run: snakemake --cores all {make}")
        transfers, compared = (
            pd.read_csv(io.BytesIO(provenance.read(path))) for path in tables.values()
        )
        metrics = pd.read_parquet(io.BytesIO(provenance.read(Path(results.metrics("baselines")))))
        statement = provenance.statement(tables["transfer"])
        constant = compared[compared["baseline"] == "majority"].set_index("target")["mean"]
        claims = claims_of(metrics, transfers, constant, float(statement.parameters["rewind"]))
    except TicketsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report(claims, transfers, compared))
    return 1 if any(claim.objections for claim in claims) else 0


if __name__ == "__main__":
    sys.exit(main())
