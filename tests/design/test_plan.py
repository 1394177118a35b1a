"""The plan of a study: counts against formulas and Snakemake, costs against sums by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import constants
from safetensors.numpy import save_file

from model_directories import configured
from studies import ROOT, change, checkout, snakemake
from tickets.design import plan, registry
from tickets.design.config import Study, load
from tickets.design.costs import Disk, disk, whole_trainings
from tickets.design.counts import count
from tickets.design.dag import Design
from tickets.design.sizes import BERT_BASE, ModelSize, TaskSize, model_size, task_size

MODEL = {
    "path": "google-bert/bert-base-uncased",
    "revision": "86b5e0934494bd15c9632b12f734a8a67f723594",
}
SMALL = Design(
    tasks=("rte", "mlm"),
    seeds=(1,),
    sparsities=("10", "20"),
    transfer="20",
    rewind="0",
    rewinds=("25",),
    subsets={"rte_100": "rte"},
    mlm=("mlm",),
    later_sources=("mlm",),
)


def study(**values: Any) -> Study:
    return load({"model": MODEL, "tasks": {"rte": None}} | values)


def shipped(name: str) -> Study:
    raw = yaml.safe_load((ROOT / "config" / name).read_text())
    raw["model"] = MODEL
    return load(raw)


def test_a_small_study_counted_by_hand() -> None:
    """Every training is of one kind: the first experiment's that needs it."""
    counts = count(SMALL)

    assert {kind: len(trainings) for kind, trainings in counts.kinds.items()} == {
        "full model": 2,
        "rounds of IMP, and their masks": 4,  # a task's two masks, trained on it
        "rewinding": 6,  # a task's theta_i: dense, and under two masks
        "standard pruning": 4,
        "sweep, oneshot": 4,
        "sweep, random": 4,
        "baselines": 20,  # a task's: 2 with random weights; 4 at each of two winning masks
        "transfer": 2,  # each mask on the other task
        "transfer, variants": 5,  # 2 winning masks; MLM's at 10 %, and with later weights twice
        "subsets as sources": 3,  # two rounds on the part, its mask on the other task
        "full model, trained again": 2,
    }
    assert set(map(str, counts.kinds["subsets as sources"])) == {
        "theta_0/dense/on-rte_100/seed-1",
        "theta_0/imp/rte_100/rewind-0/seed-1/sparsity-10/on-rte_100/seed-1",
        "theta_0/imp/rte_100/rewind-0/seed-1/sparsity-20/on-mlm/seed-1",
    }
    assert len(counts.trainings) == 56
    assert set(map(str, counts.early)) == {
        "theta_i/rte/rewind-25/seed-1",
        "theta_i/mlm/rewind-25/seed-1",
    }


def test_an_optional_table_counts_where_a_study_names_it() -> None:
    """In the plan of the whole; what it takes alone is said in any case."""
    plain, named = study(seeds=[1, 2]), study(seeds=[1, 2], tables={"connectivity": True})
    alone = len(count(plain.design).needed_by("connectivity"))
    for each in (plain, named):
        lines = [line.split() for line in plan.text(each, 1).splitlines()]
        kinds = [words[1] for words in lines if words[:1] == ["connectivity"]]
        added = len(count(named.design, named.tables).kinds["connectivity"])

        assert kinds == ([f"{added:,}"] if each is named else [])
        assert ["connectivity.csv", f"{alone:,}"] in lines
        assert any("interpolate" in words for words in lines) == (each is named)


def test_losses_are_counted_if_the_study_asks_for_them() -> None:
    """SNIP's mask of mlm on rte; that of rte is a part of the sweep. Losses are taken under both,
    two of IMP, one-shot, a random and the dense mask.
    """
    design = replace(SMALL, sweep=("oneshot", "random", "snip"))
    without, counts = count(design), count(design, registry.select_tables({"mask_loss": True}))

    assert set(map(str, counts.trainings - without.trainings)) == {
        "theta_0/snip/mlm/seed-1/sparsity-20/on-rte/seed-1"
    }
    assert counts.kinds["mask_loss"] == counts.trainings - without.trainings
    assert (counts.jobs["initial_loss"], without.jobs.get("initial_loss")) == (7, None)


def test_frozen_weights_count_where_a_study_asks_for_them() -> None:
    """Two masks at each sparsity, on each task; the full model that finds one is there anyway."""
    without, asked = count(SMALL), count(SMALL, registry.select_tables({"freezing": True}))

    assert len(asked.kinds["freezing"]) == 2 * 2 * 2
    assert {str(each) for each in asked.kinds["freezing"] if each.task == "rte"} == {
        f"theta_0/{mask}/seed-1/sparsity-{sparsity}/freeze/on-rte/seed-1"
        for mask in ("change/rte", "random")
        for sparsity in ("10", "20")
    }
    assert asked.trainings - without.trainings == asked.kinds["freezing"]
    assert asked.jobs["rewind"] == without.jobs["rewind"]  # the dense ticket is theirs too
    assert asked.jobs["prune"] == without.jobs["prune"] + 2 * 2


def test_what_only_gathers_movement_is_counted_beside_the_trainings() -> None:
    """A whole training for each mask; its tickets are those of evaluations."""
    moved = count(replace(SMALL, sweep=("oneshot", "random", "movement_imp")))
    without = count(SMALL)
    own = "movement_imp/{0}/rewind-0/seed-1/sparsity-10"

    assert set(map(str, moved.gatherings)) == {
        f"theta_0/{mask}/on-{task}/seed-1".format(task)
        for task in ("rte", "mlm")
        for mask in ("dense", own)
    }
    assert without.gatherings == set()
    assert len(moved.trainings) - len(without.trainings) == 2 * 2
    assert {job: n - without.jobs.get(job, 0) for job, n in moved.jobs.items()} == {
        **dict.fromkeys(without.jobs, 0),
        **dict.fromkeys(("gather", "prune", "rewind", "train"), 2 * 2),
    }
    assert whole_trainings(moved)["mlm"] - whole_trainings(without)["mlm"] == 2 + 2


def test_a_training_is_shared_that_several_tables_need() -> None:
    """Be it for its score, or for a mask that is found from it."""
    tables = {str(training): number for training, number in count(SMALL).tables.items()}

    assert tables["theta_0/dense/on-rte/seed-1"] == 12  # 9 of scores, 3 of masks
    assert tables["theta_0/dense/on-rte_100/seed-1"] == 1  # transferability
    assert tables["theta_0/random/seed-1/sparsity-10/on-mlm/seed-1"] == 2  # sweep and Table 2


@pytest.mark.parametrize("evaluation", ["other_seed", "same_seed"])
@pytest.mark.parametrize("name", ["config.yaml", "paper.yaml"])
def test_the_trainings_of_a_study_are_those_of_a_formula(name: str, evaluation: str) -> None:
    """In tasks T, seeds S, rounds R (r to the sparsity of transfer), and what is compared."""
    design = replace(shipped(name).design, evaluation=evaluation)
    T, S, R = len(design.tasks), len(design.seeds), len(design.sparsities)  # noqa: N806
    r, rewinds = design.sparsities.index(design.transfer) + 1, len(design.rewinds)
    later = len(design.later_sources)
    # Full and IMP's; rewinding; standard pruning; one-shot and random; with random weights under
    # its own mask and under none; what each of two winning masks is compared with.
    a_task = (1 + R) + rewinds * (1 + r) + r + 2 * R + 2 + 2 * 4
    if evaluation == "other_seed":  # what finds a mask scores none: all rounds but the last, again
        a_task += R + rewinds * (r - 1) + r - 1
    a_task += 1  # the full model, trained again
    # Each mask that transfers, and each winning one; MLM's at all other sparsities; later weights.
    a_pair = 2 * T + len(design.mlm) * (R - 1) + later * (rewinds + 1)

    counts = count(design)

    assert len(counts.trainings) == S * (
        T * a_task + (T - 1) * a_pair + len(design.subsets) * (r + T - 1)
    )
    assert sum(map(len, counts.kinds.values())) == len(counts.trainings)


def test_a_training_from_theta_i_is_a_part_of_one() -> None:
    """Three quarters on each task after a quarter that they share; all others are whole."""
    whole = whole_trainings(count(SMALL))

    # On rte: 2 full, 2 IMP, 2 standard, 4 of the sweep, 10 baselines, 1 transfer; MLM's winning
    # mask, its mask at 10 %, and its later weights twice. Three of rewinding, and theta_i.
    assert whole["rte"] == 21 + 4 + 3 * Fraction(3, 4) + Fraction(1, 4)
    assert whole["mlm"] == 21 + 1 + 1 + 3 * Fraction(3, 4) + Fraction(1, 4)
    assert whole["rte_100"] == 2


def test_disk_is_masks_weights_predictions_and_what_runs() -> None:
    """A bit a prunable weight, four bytes a weight; eleven times that for a running training."""
    counts = count(SMALL)
    tasks = {"rte": study().tasks["rte"], "mlm": study(tasks={"mlm": None}).tasks["mlm"]}
    tasks["rte_100"] = tasks["rte"]
    size = TaskSize(examples=1, tokens=1, predicted=100, published=False, estimated=False)

    found = disk(
        counts, ModelSize(parameters=1000, prunable=801), tasks, dict.fromkeys(tasks, size)
    )

    # dense; IMP's, at two rewinds and on a part, 2 each; standard's; winning, and random ones like
    # them; one-shot's; random
    masks = 1 + 2 * 2 * 2 + 2 + 2 * 2 + 2 * 2 * 2 + 2 + 2
    kept = 1 + 2 + 1 + 2  # theta_0, theta_i, random, shuffled
    on_mlm = sum(training.task == "mlm" for training in counts.trainings)
    assert found == Disk(
        masks=masks * 101,
        kept_weights=kept,
        weights=kept * 4000,
        predictions=56 * 50_000 + 100 * (10 * on_mlm + 20 * (56 - on_mlm)),
        running=(1 + 1 + 3 * 3) * 4000,
    )
    assert found.peak(2) == found.end + 2 * 44_000


def test_what_trainings_end_with_is_counted_where_it_is_kept() -> None:
    """The weights of each, and of each that gathers movement that of the prunable ones."""
    plain = study(sweep=["movement_imp"], target_sparsity=0.2, seeds=[1])
    sizes = {name: task_size(plain, task) for name, task in plain.tasks.items()}
    counts = count(plain.design)
    trained = len(counts.trainings)
    assert len(counts.gatherings) == 2

    found, kept = (
        disk(counts, BERT_BASE, plain.tasks, sizes, keep_trained=keep) for keep in (False, True)
    )
    said = plan.text(replace(plain, keep_checkpoints=True), 1)

    assert kept.weights - found.weights == 4 * (
        trained * BERT_BASE.parameters + 2 * BERT_BASE.prunable
    )
    assert f"kept weights ({found.kept_weights + trained}," in said


def test_data_that_is_not_here_has_its_published_size() -> None:
    """Said to be so; a number in the configuration goes before it."""
    tasks = {"rte": None, "sst2": {"train_examples": 1000}, "qqp": {"epochs": 0.5}, "mlm": None}
    found = study(tasks=tasks)
    rte, sst2, qqp, mlm = (task_size(found, each) for each in found.tasks.values())

    assert (rte.examples, rte.tokens, rte.predicted) == (3 * 2490, round(7470 * 66.6), 277)
    assert (rte.published, rte.estimated) == (True, False)
    assert (sst2.examples, sst2.published) == (3000, False)
    assert (qqp.examples, qqp.estimated) == (181923, True)
    assert (mlm.examples, mlm.tokens) == (10_000 * 16, 10_000 * 16 * 512)
    assert not mlm.published
    assert not mlm.estimated


def test_data_that_is_here_is_counted(tmp_path: Path) -> None:
    """In all files of a split; of a text's length the longest there may be is taken."""
    table = pa.table({"sentence1": ["a"] * 5, "sentence2": ["b"] * 5, "label": [0] * 5})
    for name in ("train-00000-of-00002", "train-00001-of-00002", "validation-00000-of-00001"):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    found = study(tasks={"rte": {"dataset": {"path": str(tmp_path)}, "max_length": 10}})

    assert task_size(found, found.tasks["rte"]) == TaskSize(
        examples=30, tokens=300, predicted=5, published=False, estimated=True
    )


def test_the_language_has_the_size_that_the_configuration_says() -> None:
    """A part of it that of the part."""
    found = shipped("config.yaml")
    sizes = {name: task_size(found, task) for name, task in found.tasks.items()}

    assert (sizes["span"].examples, sizes["span"].predicted) == (3 * 800, 1000)
    assert sizes["similarity_200"].examples == 600
    assert sizes["mlm"].tokens == round(120 * 16 * 18.4)


def test_a_model_that_is_here_is_measured_by_its_header(tmp_path: Path) -> None:
    """Without reading its weights; any other is taken for a BERT-base, and said to be."""
    model = configured(tmp_path / "model", max_position_embeddings=128)
    shapes = {
        "bert.embeddings.word_embeddings.weight": (15, 8),
        "bert.encoder.layer.0.intermediate.dense.weight": (8, 8),
        "bert.pooler.dense.weight": (8, 8),
        "bert.pooler.dense.bias": (8,),
    }
    save_file(
        {name: np.zeros(shape, np.float32) for name, shape in shapes.items()},
        model / "model.safetensors",
    )

    here = study(model={"path": str(model)})

    assert model_size(here) == ModelSize(parameters=120 + 64 + 64 + 8, prunable=128)
    assert model_size(study()) == BERT_BASE


def test_a_hub_model_has_the_size_of_its_configuration_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its matrices and its tables of words and positions."""
    revision = "86b5e0934494bd15c9632b12f734a8a67f723594"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--google-bert--bert-base-uncased" / "snapshots" / revision
    configured(snapshot, hidden_size=8, num_hidden_layers=2, intermediate_size=16)
    told = json.loads((snapshot / "config.json").read_text())

    size = model_size(study())

    assert size.prunable == 2 * (4 * 8 * 8 + 2 * 8 * 16) + 8 * 8
    words = told["vocab_size"] + told["max_position_embeddings"]
    assert size.parameters == size.prunable + words * 8
    assert "config.json" in size.known


def test_a_model_that_is_pre_trained_here_has_the_size_of_its_architecture() -> None:
    """Of a BERT-base's, its prunable weights exactly; 30,522 words are not in."""
    bert = {"hidden_size": 768, "layers": 12, "heads": 12, "intermediate_size": 3072}
    own = study(
        model={"path": "results/pretrained", "pretrain": True},
        pretraining={"architecture": bert | {"positions": 512}},
    )

    assert model_size(own).prunable == BERT_BASE.prunable
    assert model_size(own).parameters == BERT_BASE.prunable + 512 * 768


def test_hours_are_those_of_the_stated_throughput() -> None:
    """Tokens over tokens a second; without that no hours are printed."""
    paper = shipped("paper.yaml")
    said = plan.text(paper, 4).splitlines()
    whole = whole_trainings(count(paper.design))
    total = sum(
        whole[name] * (task_size(paper, task).tokens or 0) for name, task in paper.tasks.items()
    )

    (row,) = [line for line in said if line.startswith("all") and line.count(".") == 2]
    assert row.split()[-1] == f"{float(total / 300_000 / 3600):,.1f}"
    assert any("while 4 train at a time" in line for line in said)
    assert any("published" in line for line in said)
    assert any("BERT-base" in line for line in said)
    assert "hours" not in plan.text(study(), 1)


def test_what_is_not_known_is_said() -> None:
    """A data set that no table knows, and that is not here."""
    revision = "cab853a1dbdf4c42c2b3ef2173804746df8825fe"
    dataset = {"path": "dair-ai/emotion", "name": "split", "revision": revision}

    said = plan.text(study(tasks={"rte": {"dataset": dataset}}), 1)

    assert "rte ?" in said
    assert "? the size of this data is not known" in said


@pytest.mark.parametrize(
    ("gpu", "counted"), [(None, ("gpu_place=2", "gpu=1")), ("any", ("gpu_place=3", "gpu=2"))]
)
def test_the_plan_is_a_target_that_makes_nothing(
    tmp_path: Path, gpu: str | None, counted: tuple[str, ...]
) -> None:
    """For as many trainings at a time as this call would run; a cluster's GPUs count where they are
    asked for.
    """
    folder = checkout(tmp_path)
    change(folder, {"gpu": gpu})
    call = ("--cores", "3", "--quiet", "all", "--resources", *counted)

    done = snakemake(folder, *call, "--", "plan")

    assert done.returncode == 0, done.stdout
    assert "Plan of results: 2 tasks and 0 subsets, 2 seeds, 2 rounds to 20 %" in done.stdout
    assert "while 2 train at a time" in done.stdout
    assert [path.name for path in folder.glob("results/**/*") if path.is_file()] == ["plan.log"]


def test_the_plan_says_what_evaluations_of_their_own_cost() -> None:
    """In tasks, seeds, rounds: IMP's, and with other rewinds or none those to transfer's sparsity;
    nothing where they are shared.
    """
    config = shipped("config.yaml")
    [line] = [line for line in plan.text(config, 1).splitlines() if "same_seed" in line]

    assert line.endswith(f" saves {5 * 3 * (9 + 2 * 6 + 6)}.")
    assert "same_seed" not in plan.text(replace(config, evaluation="same_seed"), 1)
