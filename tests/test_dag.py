"""The DAG: what each round stands on, and that every path says what it is."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tickets import paths
from tickets.design.dag import Design, file_of_scores, file_of_weights
from tickets.errors import BadInput
from tickets.paths import Results, begin, parse_mask, parse_predictions, theta_i, training

FILES = Results(root="results")
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


def design(**changes: object) -> Design:
    return Design(**{**vars(DESIGN), **changes})  # type: ignore[arg-type]


def test_a_command_is_told_of_the_whole_design() -> None:
    """What is written as JSON is read back, and the same design is the same text."""
    again = Design.from_json(DESIGN.to_json())

    assert again.to_json() == DESIGN.to_json()
    assert again.own_mask("rte", 2) == "imp/rte/rewind-0/seed-2/sparsity-19"
    assert dict(again.subsets) == {"rte_100": "rte"}


def test_rounds_follow_each_other() -> None:
    """The first starts from the dense network, each other one from the mask before."""
    assert [DESIGN.round(sparsity) for sparsity in ("0", *DESIGN.sparsities)] == [0, 1, 2, 3]
    assert DESIGN.before("rte", "5", 1, "10") == "dense"
    assert DESIGN.before("rte", "5", 1, "27.1") == "imp/rte/rewind-5/seed-1/sparsity-19"


def test_a_round_is_the_evaluation_of_the_mask_before() -> None:
    """Where it starts from theta_i as the paper has it, so that nothing is trained twice."""
    assert DESIGN.scored_by("rte", "0", 1, "10") == "theta_0/dense/on-rte/seed-1"
    assert DESIGN.scored_by("rte", "5", 1, "19") == (
        "theta_i/rte/rewind-5/seed-1/imp/rte/rewind-5/seed-1/sparsity-10/on-rte/seed-1"
    )


@pytest.mark.parametrize("changes", [{"head": "keep"}, {"decay": "all"}])
def test_rounds_that_go_on_are_trainings_of_their_own(changes: dict[str, str]) -> None:
    """A kept head, or a learning rate that falls over all rounds, is no evaluation's."""
    assert design(**changes).scored_by("rte", "0", 1, "19") == (
        "round/rte/rewind-0/seed-1/sparsity-10/imp/rte/rewind-0/seed-1/sparsity-10/on-rte/seed-1"
    )


def test_a_kept_head_is_the_last_rounds() -> None:
    """The first round has none to keep; each other one that of the training before its mask."""
    kept = design(head="keep")

    assert DESIGN.head_of("rte", "0", 1, "10") is None
    assert kept.head_of("rte", "0", 1, "0") is None
    assert kept.head_of("rte", "0", 1, "10") == kept.scored_by("rte", "0", 1, "10")


def test_mlm_may_prune_before_it_trains() -> None:
    """In the published code MLM's first mask is that of theta_0's own magnitudes."""
    code = design(first_mlm_mask="oneshot")

    assert (
        file_of_scores(FILES, code, "mlm", "0", "1", "10") == "results/weights/theta_0.safetensors"
    )
    assert file_of_scores(FILES, code, "rte", "0", "1", "10") == (
        "results/trained/theta_0/dense/on-rte/seed-1.safetensors"
    )
    assert code.scored_by("mlm", "0", 1, "19") == DESIGN.scored_by("mlm", "0", 1, "19")


def test_standard_pruning_goes_on_from_where_it_stands() -> None:
    """Each round prunes and trains the weights that the one before ended with."""
    second = paths.trained("rte", 1, "19")

    assert DESIGN.trained_by(paths.trained("rte", 1, "0")) == "theta_0/dense/on-rte/seed-1"
    assert DESIGN.trained_by(second) == (
        "trained/rte/seed-1/sparsity-10/standard/rte/seed-1/sparsity-19/on-rte/seed-1"
    )
    assert DESIGN.standard_scored_by("rte", 1, "27.1") == DESIGN.trained_by(second)
    assert DESIGN.standard_before("rte", 1, "19") == "standard/rte/seed-1/sparsity-10"
    assert file_of_weights(FILES, DESIGN, second) == FILES.trained(DESIGN.trained_by(second))
    assert file_of_weights(FILES, DESIGN, "reinit/seed-1") == FILES.weights("reinit/seed-1")


def test_where_weights_stand_is_read_off_their_name() -> None:
    """theta_i where its name says, on its own task; on another one, training starts anew."""
    assert begin("theta_0", "cola") == begin("reinit/seed-3", "cola") == "0"
    assert begin(theta_i("cola", "12.5", 1), "cola") == "12.5"
    assert begin(theta_i("cola", "12.5", 1), "rte") == "0"
    assert begin(paths.round_start("cola", "5", 1, "10"), "cola") == "5"
    assert begin(paths.trained("cola", 1, "10"), "cola") == "0"
    assert theta_i("cola", "0", 1) == "theta_0"


@pytest.mark.parametrize(
    ("mask", "finder", "source", "rewind", "seed", "sparsity", "at"),
    [
        ("dense", "dense", None, None, None, Fraction(0), None),
        (paths.imp("a_1", "2.5", 3, "19"), "imp", "a_1", 2.5, 3, Fraction(19, 100), None),
        (paths.winning("a", "0", 3, "winning"), "imp", "a", 0, 3, None, "winning"),
        (
            paths.layerwise("a", "0", 3, "winning_strict"),
            "layerwise",
            "a",
            0,
            3,
            None,
            "winning_strict",
        ),
        (paths.standard("a", 3, "19"), "standard", "a", None, 3, Fraction(19, 100), None),
        (paths.snip("a", 3, "19"), "snip", "a", None, 3, Fraction(19, 100), None),
        (paths.oneshot("27.1"), "oneshot", None, None, None, Fraction(271, 1000), None),
        (paths.random(3, "10"), "random", None, None, 3, Fraction(1, 10), None),
    ],
)
def test_a_masks_path_says_which_it_is(
    mask: str,
    finder: str,
    source: str | None,
    rewind: float | None,
    seed: int | None,
    sparsity: Fraction | None,
    at: str | None,
) -> None:
    """Finder, source, rewinding, seed and sparsity."""
    found = parse_mask(FILES.mask(mask))

    assert vars(found) == {
        "finder": finder,
        "source_task": source,
        "rewind": rewind,
        "seed": seed,
        "sparsity": sparsity,
        "at": at,
    }


@pytest.mark.parametrize("path", ["predictions/theta_0/imp/on-x/seed-1.csv", "masks/dense"])
def test_other_paths_are_refused(path: str) -> None:
    """What is no predictions file, and no mask, ends with one line."""
    with pytest.raises(BadInput, match="not the path of a predictions file"):
        parse_predictions(path)
    with pytest.raises(BadInput, match="not the path of a mask file"):
        parse_mask(path)
    with pytest.raises(BadInput, match="not a name of weights"):
        paths.parse_weights(path)
    with pytest.raises(BadInput, match="not the name of a training"):
        paths.parts(path)


def test_a_training_is_named_after_all_that_decides_it() -> None:
    """Weights, mask, task and seed; and its parts are read back."""
    name = training("theta_i/rte/rewind-5/seed-2", "oneshot/sparsity-10", "rte", 2)

    assert name == "theta_i/rte/rewind-5/seed-2/oneshot/sparsity-10/on-rte/seed-2"
    assert paths.parts(name) == ("theta_i/rte/rewind-5/seed-2", "oneshot/sparsity-10", "rte", "2")


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("results/trained/theta_0/dense/on-rte/seed-1.safetensors", False),
        ("trained/trained/rte/seed-1/sparsity-10/dense/on-rte/seed-1.safetensors", False),
        ("/a/trained/theta_0/imp/rte/rewind-0/seed-1/winning/on-rte/seed-1.safetensors", False),
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
    assert paths.lasts(path) == stays
