"""The DAG: which trainings there are, and that none is done twice."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import dag
from tickets.dag import Design
from tickets.paths import Results, parse_predictions, rewind_of, theta_i, training


def designs(rewind: str = "0") -> st.SearchStrategy[Design]:
    return st.builds(
        lambda tasks, seeds, rounds: Design(
            tasks=tuple(f"task{i}" for i in range(tasks)),
            seeds=tuple(range(1, seeds + 1)),
            sparsities=tuple(str(10 * i) for i in range(1, rounds + 1)),
            rewind=rewind,
        ),
        st.integers(1, 5),
        st.integers(1, 4),
        st.integers(1, 9),
    )


def needed(design: Design, wanted: list[str]) -> set[str]:
    """All trainings that must run for `wanted`: those of the rounds behind their masks too."""
    found = set(wanted)
    waiting = list(wanted)
    while waiting:
        about = parse_predictions(f"predictions/{waiting.pop()}.parquet")
        if about.finder == "imp":
            sparsity = f"{float(about.sparsity) * 100:g}"
            rewind = f"{about.rewind:g}"
            before = design.scored_by(about.source_task, rewind, str(about.mask_seed), sparsity)
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found


@given(designs())
def test_the_trainings_of_a_transfer_study_by_formula(design: Design) -> None:
    """K tasks, S seeds, R rounds: K S R trainings of IMP, the first being the full model, K K S
    transfers, the diagonal among them, and 2 K S under one-shot and random masks.
    """
    tasks, seeds, rounds = len(design.tasks), len(design.seeds), len(design.sparsities)

    found = needed(design, dag.transfers(design))

    assert len(found) == tasks * seeds * (rounds + tasks + 2)


@given(designs())
def test_the_baselines_add_two_trainings_a_task_and_seed(design: Design) -> None:
    """All that the tables share is the same training: random weights are the only addition."""
    tasks, seeds = len(design.tasks), len(design.seeds)

    transfer = needed(design, dag.transfers(design))
    both = needed(design, dag.transfers(design) + dag.baselines(design))

    assert len(both) - len(transfer) == 2 * tasks * seeds


@given(designs(rewind="10"))
def test_rewinding_to_later_weights_adds_its_own_rounds(design: Design) -> None:
    """At a rewind above 0 the rounds start from theta_i: K S R trainings beside the full model."""
    tasks, seeds, rounds = len(design.tasks), len(design.seeds), len(design.sparsities)

    found = needed(design, dag.transfers(design))

    assert len(found) == tasks * seeds * (rounds + 1 + tasks + 2)


@given(designs())
def test_every_path_says_which_training_it_is(design: Design) -> None:
    """Paths are read back to what they were made of, and no two trainings share one."""
    files = Results(root="somewhere/results")
    wanted = sorted(set(dag.transfers(design) + dag.baselines(design)))

    read = Counter(parse_predictions(files.predictions(each)) for each in wanted)

    assert set(read.values()) == {1}
    for each in wanted:
        about = parse_predictions(files.predictions(each))
        assert each.endswith(f"on-{about.target_task}/seed-{about.seed}")


def test_rewinding_is_read_off_the_weights() -> None:
    """theta_0 and random weights stand at 0 %, theta_i where its name says."""
    assert rewind_of("theta_0") == rewind_of("reinit/seed-3") == "0"
    assert rewind_of(theta_i("cola", "12.5", 1)) == "12.5"
    assert theta_i("cola", "0", 1) == "theta_0"


@pytest.mark.parametrize("path", ["predictions/theta_0/imp/on-x/seed-1.csv", "masks/dense"])
def test_other_paths_are_refused(path: str) -> None:
    """What is no predictions file ends with one line."""
    with pytest.raises(Exception, match="not the path of a predictions file"):
        parse_predictions(path)


def test_a_training_is_named_after_all_that_decides_it() -> None:
    """Weights, mask, task and seed."""
    assert training("theta_0", "dense", "rte", 2) == "theta_0/dense/on-rte/seed-2"
