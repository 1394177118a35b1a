"""The DAG: what each round stands on, and that every path says what it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tickets import names, paths
from tickets.audit.lineage import Expected, expected
from tickets.audit.study_files import parse_path
from tickets.design import flags
from tickets.design.config import load
from tickets.design.dag import Design, file_of_scores, file_of_weights, files_of_round
from tickets.design.experiments import (
    baselines,
    needed,
    rewinding,
    sweep,
    transfer_variants,
    transfers,
    winning_tickets,
)
from tickets.errors import BadInput
from tickets.names import (
    DENSE,
    THETA_0,
    MaskName,
    TrainingName,
    WeightsName,
    imp,
    theta_i,
    training,
)
from tickets.paths import Results, parse_mask, parse_predictions

FILES = Results(root="results")
MODEL = {
    "path": "google-bert/bert-base-uncased",
    "revision": "86b5e0934494bd15c9632b12f734a8a67f723594",
}
DESIGN = Design(
    tasks=("rte", "mlm"),
    seeds=(1, 2),
    sparsities=("10", "19", "27.1"),
    transfer="19",
    rewind="0",
    rewinds=("5", "12.5"),
    subsets={"rte_100": "rte"},
    mlm=("mlm",),
)


def round_start(task: str, rewind: str, sparsity: str) -> WeightsName:
    return WeightsName(kind="round", task=task, rewind=rewind, seed=1, sparsity=sparsity)


def design(**changes: object) -> Design:
    return Design(**{**vars(DESIGN), **changes})  # type: ignore[arg-type]


def test_a_command_is_told_of_the_whole_design() -> None:
    """What is written as JSON is read back, and the same design is the same text."""
    again = Design.from_json(DESIGN.to_json())

    assert again.to_json() == DESIGN.to_json()
    assert str(again.own_mask("rte", 2)) == "imp/rte/rewind-0/seed-2/sparsity-19"
    assert dict(again.subsets) == {"rte_100": "rte"}


def test_rounds_follow_each_other() -> None:
    """The first starts from the dense network, each other one from the mask before."""
    assert [DESIGN.round(sparsity) for sparsity in ("0", *DESIGN.sparsities)] == [0, 1, 2, 3]
    assert str(DESIGN.before(imp("rte", "5", 1, "10"))) == "dense"
    assert str(DESIGN.before(imp("rte", "5", 1, "27.1"))) == "imp/rte/rewind-5/seed-1/sparsity-19"


def test_a_round_is_the_evaluation_of_the_mask_before() -> None:
    """Where it starts from theta_i as the paper has it, so that nothing is trained twice."""
    assert str(DESIGN.decided_by(imp("rte", "0", 1, "10"))) == "theta_0/dense/on-rte/seed-1"
    assert str(DESIGN.decided_by(imp("rte", "5", 1, "19"))) == (
        "theta_i/rte/rewind-5/seed-1/imp/rte/rewind-5/seed-1/sparsity-10/on-rte/seed-1"
    )


@pytest.mark.parametrize("changes", [{"head": "keep"}, {"decay": "all"}])
def test_rounds_that_go_on_are_trainings_of_their_own(changes: dict[str, str]) -> None:
    """A kept head, or a learning rate that falls over all rounds, is no evaluation's."""
    assert str(design(**changes).decided_by(imp("rte", "0", 1, "19"))) == (
        "round/rte/rewind-0/seed-1/sparsity-10/imp/rte/rewind-0/seed-1/sparsity-10/on-rte/seed-1"
    )


def test_a_kept_head_is_the_last_rounds() -> None:
    """The first round has none to keep; each other one that of the training before its mask."""
    kept = design(head="keep")

    first, second = (round_start("rte", "0", sparsity) for sparsity in ("0", "10"))
    before = kept.decided_by(imp("rte", "0", 1, "10"))
    assert before is not None
    assert DESIGN.continued_by(second) is None
    assert kept.continued_by(first) is None
    assert kept.continued_by(second) == before
    assert files_of_round(FILES, kept, first) == {"theta": FILES.weights("theta_0")}
    assert files_of_round(FILES, kept, second) == {
        "theta": FILES.weights("theta_0"),
        "head": FILES.trained(before),
    }


def test_mlm_may_never_rewind() -> None:
    """As published: one training goes on through the rounds, after a mask of theta_0's magnitudes;
    other tasks rewind.
    """
    code = design(mlm_weights="continue", mlm_text="new", first_mlm_mask="oneshot")
    starts = [round_start("mlm", "0", sparsity) for sparsity in DESIGN.sparsities]
    before = [code.continued_by(each) for each in starts]

    assert [None if each is None else each.weights for each in before] == [None, *starts[:2]]
    assert files_of_round(FILES, code, starts[0]) == {"theta": FILES.weights("theta_0")}
    assert files_of_round(FILES, code, starts[1]) == {
        "theta": FILES.trained(training(starts[0], imp("mlm", "0", 1, "10"), "mlm", 1))
    }
    assert [code.trainings_before(each) for each in starts] == [0, 1, 2]
    assert str(code.decided_by(imp("rte", "0", 1, "10"))) == "theta_0/dense/on-rte/seed-1"
    assert code.continued_by(round_start("rte", "0", "10")) is None


def test_scores_are_those_of_trainings_with_another_seed() -> None:
    """A mask of seed 1 is evaluated under 1001, so that no training both finds and scores one."""
    other = design(evaluation="other_seed")
    scored = {
        each
        for listed in (transfers, baselines, sweep, winning_tickets, rewinding, transfer_variants)
        for each in listed(other)
    }

    assert {each.seed for each in scored} == {1001, 1002}
    assert {each.mask.seed for each in scored} == {None, 1, 2}
    assert all(
        each.mask.seed in (None, other_seed - 1000)
        and each.weights.seed in (None, other_seed - 1000)
        for each in scored
        if (other_seed := each.seed or 0)
    )
    found = needed(other, scored) - scored
    assert {each.seed for each in found} == {1, 2}
    assert other.decided_by(imp("rte", "0", 1, "19")) in found


def test_mlm_may_prune_before_it_trains() -> None:
    """In the published code MLM's first mask is that of theta_0's own magnitudes."""
    code = design(first_mlm_mask="oneshot")

    assert (
        file_of_scores(FILES, code, imp("mlm", "0", 1, "10"))
        == "results/weights/theta_0.safetensors"
    )
    assert file_of_scores(FILES, code, imp("rte", "0", 1, "10")) == (
        "results/trained/theta_0/dense/on-rte/seed-1.safetensors"
    )
    second = imp("mlm", "0", 1, "19")
    assert code.decided_by(second) == DESIGN.decided_by(second) is not None


def test_standard_pruning_goes_on_from_where_it_stands() -> None:
    """Each round prunes and trains the weights that the one before ended with."""
    second = names.trained("rte", 1, "19")

    assert str(DESIGN.trained_by(names.trained("rte", 1, "0"))) == "theta_0/dense/on-rte/seed-1"
    assert str(DESIGN.trained_by(second)) == (
        "trained/rte/seed-1/sparsity-10/standard/rte/seed-1/sparsity-19/on-rte/seed-1"
    )
    third = names.standard("rte", 1, "27.1")
    assert DESIGN.decided_by(third) == DESIGN.trained_by(second)
    assert str(DESIGN.before(names.standard("rte", 1, "19"))) == "standard/rte/seed-1/sparsity-10"
    assert file_of_weights(FILES, DESIGN, second) == FILES.trained(DESIGN.trained_by(second))
    reinit = names.reinit(1)
    assert file_of_weights(FILES, DESIGN, reinit) == FILES.weights("reinit/seed-1")


def test_where_weights_stand_is_read_off_their_name() -> None:
    """theta_i where its name says, on its own task; on another one, training starts anew."""
    later = theta_i("cola", "12.5", 1)
    assert THETA_0.progress_on("cola") == names.reinit(3).progress_on("cola") == "0"
    assert later.progress_on("cola") == "12.5"
    assert later.progress_on("rte") == "0"
    assert round_start("cola", "5", "10").progress_on("cola") == "5"
    assert names.trained("cola", 1, "10").progress_on("cola") == "0"
    assert theta_i("cola", "0", 1) == THETA_0


SNIP = MaskName(finder="snip", task="a", seed=3, sparsity="19")


@pytest.mark.parametrize(
    ("mask", "finder", "source", "rewind", "seed", "sparsity", "at"),
    [
        (DENSE, "dense", None, None, None, Fraction(0), None),
        (imp("a_1", "2.5", 3, "19"), "imp", "a_1", 2.5, 3, Fraction(19, 100), None),
        (names.winning("a", "0", 3, "winning"), "imp", "a", 0, 3, None, "winning"),
        (
            replace(names.winning("a", "0", 3, "winning_strict"), finder="layerwise"),
            "layerwise",
            "a",
            0,
            3,
            None,
            "winning_strict",
        ),
        (names.standard("a", 3, "19"), "standard", "a", None, 3, Fraction(19, 100), None),
        (SNIP, "snip", "a", None, 3, Fraction(19, 100), None),
        (names.oneshot("27.1"), "oneshot", None, None, None, Fraction(271, 1000), None),
        (names.random(3, "10"), "random", None, None, 3, Fraction(1, 10), None),
    ],
)
def test_a_masks_path_says_which_it_is(
    mask: MaskName,
    finder: str,
    source: str | None,
    rewind: float | None,
    seed: int | None,
    sparsity: Fraction | None,
    at: str | None,
) -> None:
    """Finder, source, rewinding, seed and sparsity."""
    found = parse_mask(FILES.mask(mask))

    assert found == mask
    assert (found.finder, found.source_task, found.seed) == (finder, source, seed)
    assert (float(found.rewind) if found.rewind else None) == rewind
    assert (found.fraction, found.at or None) == (sparsity, at)


@pytest.mark.parametrize("path", ["predictions/theta_0/imp/on-x/seed-1.csv", "masks/dense"])
def test_other_paths_are_refused(path: str) -> None:
    """What is no predictions file, and no mask, ends with one line."""
    with pytest.raises(BadInput, match="not the path of a predictions file"):
        parse_predictions(path)
    with pytest.raises(BadInput, match="not the path of a mask file"):
        parse_mask(path)
    with pytest.raises(BadInput, match="not a name of weights"):
        WeightsName.parse(path)
    with pytest.raises(BadInput, match="not the name of a training"):
        TrainingName.parse(path)


def test_a_training_is_named_after_all_that_decides_it() -> None:
    """Weights, mask, task and seed; and its parts are read back."""
    name = training(theta_i("rte", "5", 2), names.oneshot("10"), "rte", 2)

    assert str(name) == "theta_i/rte/rewind-5/seed-2/oneshot/sparsity-10/on-rte/seed-2"
    assert TrainingName.parse(str(name)) == name


def test_a_training_in_another_order_has_a_name_and_files_of_its_own() -> None:
    """Below that of the first order, whose name says nothing of it; no second name for either."""
    first = training(THETA_0, DENSE, "rte", 1001)
    second = replace(first, order=2)

    assert str(first) == "theta_0/dense/on-rte/seed-1001"
    assert str(second) == "theta_0/dense/on-rte/seed-1001/order-2"
    assert TrainingName.parse(str(second)) == second
    assert parse_predictions(FILES.predictions(second)) == second
    assert not paths.is_kept(FILES.trained(second))
    found = parse_path(f"trained/{second}.safetensors")
    assert found is not None
    assert (found.kind, found.parts["order"]) == ("trained", "/order-2")
    for other in ("order-1", "order-02", "order-"):
        with pytest.raises(BadInput, match="not the name of a training"):
            TrainingName.parse(f"{first}/{other}")


def test_another_order_is_what_comes_after_the_batches_of_the_first() -> None:
    """The command differs in nothing else, and the audit expects what it records."""
    second = replace(training(THETA_0, DENSE, "rte", 1001), order=2)
    file = parse_path(f"predictions/{second}.parquet")
    study = load({"model": MODEL, "tasks": {"rte": None}})

    assert file is not None
    assert expected(DESIGN, file) == Expected(
        rule="train",
        parameters={"task": "rte", "seed": 1001, "meaning": None, "earlier_trainings": 1},
        parents={
            "ticket": "tickets/theta_0/dense.json",
            "theta": "weights/theta_0.safetensors",
            "mask": "masks/dense.safetensors",
            "train": "encoded/rte/train.arrow",
            "validation": "encoded/rte/validation.arrow",
            "data": "data/rte/validation.parquet",
            "configuration": "model/config.json",
        },
    )
    usual, other = (
        flags.recipe(study, study.tasks["rte"], replace(second, order=order)) for order in (1, 2)
    )
    assert usual == flags.recipe(study, study.tasks["rte"])
    assert other.replace(" --earlier-trainings 1", "") == usual != other


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("results/trained/theta_0/dense/on-rte/seed-1.safetensors", False),
        ("trained/trained/rte/seed-1/sparsity-10/dense/on-rte/seed-1.safetensors", False),
        ("/a/trained/theta_0/imp/rte/rewind-0/seed-1/winning/on-rte/seed-1.safetensors", False),
        ("results/movement/theta_0/dense/on-rte/seed-1.safetensors", False),
        ("results/weights/round/rte/rewind-5/seed-1/sparsity-10.safetensors", False),
        ("results/tickets/theta_0/dense.safetensors", False),  # of an earlier version
        ("results/tickets/theta_0/dense.json", True),
        ("results/weights/theta_i/rte/rewind-5/seed-1.safetensors", True),
        ("/home/me/tickets/resources/theta_0/model.safetensors", True),
        ("/home/me/trained/theta_0/model.safetensors", True),
        ("/home/me/tickets/theta_0/results/masks/dense.safetensors", True),
    ],
)
def test_only_what_a_study_deletes_does_not_last(path: str, stays: bool) -> None:
    """Whatever the folders are called that the study or the model stands in."""
    assert paths.is_kept(path) == stays
