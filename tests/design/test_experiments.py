"""The experiments: which trainings there are, and that none is done twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.design import experiments, registry
from tickets.design.dag import Design
from tickets.design.experiments import needed
from tickets.finder import COMBINED
from tickets.names import TrainingName
from tickets.paths import Results, parse_predictions

REWINDS = ("5", "12.5", "20", "50")


@st.composite
def designs(
    draw: st.DrawFn, rewind: str = "0", evaluations: tuple[str, ...] = ("same_seed",)
) -> Design:
    tasks = [f"task{i}" for i in range(draw(st.integers(1, 5)))]
    rounds = draw(st.integers(1, 9))
    sparsities = [str(10 * i) for i in range(1, rounds + 1)]
    subsets = {f"task0_{i}": "task0" for i in range(draw(st.integers(0, 2)))}
    mlm = tasks[len(tasks) - draw(st.integers(0, len(tasks))) :]
    return Design(
        tasks=tasks,
        seeds=list(range(1, draw(st.integers(1, 4)) + 1)),
        sparsities=sparsities,
        transfer=draw(st.sampled_from(sparsities)),
        rewind=rewind,
        rewinds=REWINDS[: draw(st.integers(0, 4))],
        subsets=subsets,
        mlm=[*mlm, *(part for part, parent in subsets.items() if parent in mlm)],
        later_sources=tasks[: draw(st.integers(0, len(tasks)))],
        sweep=("oneshot", "random", "snip")[: draw(st.integers(0, 3))],
        combine={f"of{n}": {"of": tasks[:n], "by": "vote"} for n in range(2, len(tasks) + 1)[:2]},
        evaluation=draw(st.sampled_from(evaluations)),
    )


@given(designs())
def test_the_trainings_of_a_transfer_study_by_formula(design: Design) -> None:
    """T tasks, S seeds, k rounds up to the sparsity of transfer: k T S trainings of IMP, the first
    being the full model, T T S transfers, the diagonal among them, 2 T S under one-shot and random
    masks, and C T S under combined ones.
    """
    tasks, seeds, rounds = len(design.tasks), len(design.seeds), design.round(design.transfer)

    found = needed(design, experiments.transfers(design))

    assert len(found) == tasks * seeds * (rounds + tasks + 2 + len(design.combine))


@given(designs(rewind="10"))
def test_rewinding_to_later_weights_adds_its_own_rounds(design: Design) -> None:
    """At a rewind above 0 the rounds start from theta_i: k T S trainings beside the full model."""
    tasks, seeds, rounds = len(design.tasks), len(design.seeds), design.round(design.transfer)

    found = needed(design, experiments.transfers(design))

    assert len(found) == tasks * seeds * (rounds + 1 + tasks + 2 + len(design.combine))


@settings(max_examples=50)
@given(designs(evaluations=("same_seed", "other_seed")))
def test_every_tables_own_trainings_by_formula(design: Design) -> None:
    """What each table adds to those before it, in this order; together the whole study.

    T tasks, S seeds, K rounds, k of them up to the sparsity of transfer, R rewinds, L sources with
    later weights, M of the tasks MLM, U subsets, F finders in the sweep, one of them on a task, C
    combinations.
    """
    t, s, k_all = len(design.tasks), len(design.seeds), len(design.sparsities)
    k, r, sources = design.round(design.transfer), len(design.rewinds), len(design.later_sources)
    other = design.evaluation == "other_seed"  # what finds a mask then scores none
    m, u, finders = len(design.mlm_tasks), len(design.subsets), len(design.sweep)
    formula = {
        "transfer": t * s * (k + t + 2 + other + len(design.combine)),
        "baselines": 2 * t * s,
        "winning_sparsities": t * s * (k_all - k + other * (k_all - 1)),
        "sparsity_sweep": t * s * (min(finders, 2) * (k_all - 1) + max(finders - 2, 0) * k_all),
        "winning_tickets": t * s * (8 + max(2 - finders, 0) * (k_all - 1)),
        "rewinding": t * s * (r * (k + 1) + k + other * (r + 1) * (k - 1)),
        "transfer_variants": s * (t - 1) * (t + m * (k_all - 1) + sources * (r + 1)),
        "transferability": u * s * (k + t - 1) if t > 1 else 0,
        "full_models": t * s,
        "freezing": 2 * t * s * k_all,
        "mask_loss": max(finders - 2, 0) * s * (t - 1) * (t - m),
    }

    added: dict[str, int] = {}
    seen: set[TrainingName] = set()
    for name in formula:
        found = needed(design, registry.table(name).trainings(design))
        added[name] = len(found - seen)
        seen |= found

    assert added == formula
    assert {name for name, table in registry.tables().items() if table.metrics} == formula.keys()


@given(designs())
def test_combined_masks_need_no_rounds_but_their_tasks(design: Design) -> None:
    """And they are transfers alone: no other table needs them."""
    combined = {name for name in experiments.transfers(design) if name.mask.finder == COMBINED}
    others = (table for name, table in registry.tables().items() if name != "transfer")

    behind = needed(design, combined) - combined

    assert {each.mask.task for each in combined} == design.combine.keys()
    assert behind <= needed(design, experiments.transfers(replace(design, combine={})))
    assert bool(behind) == bool(combined)
    assert combined.isdisjoint(chain.from_iterable(table.trainings(design) for table in others))


@settings(max_examples=50)
@given(designs())
def test_every_path_says_which_training_it_is(design: Design) -> None:
    """Paths are read back to what they were made of, and no two trainings share one."""
    files = Results(root="somewhere/results")
    tables = registry.tables().values()
    wanted = {each for table in tables for each in table.trainings(design)}

    read = Counter(parse_predictions(files.predictions(each)) for each in wanted)

    assert set(read.values()) == {1}
    assert read.keys() == wanted
    for each in wanted:
        assert f"/on-{each.task}/seed-{each.seed}" in str(each)
