"""Wrong configurations, as people write them: each gets one line that says what to write."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import fields
from pathlib import Path

import pytest

from studies import checkout, snakemake
from tickets.commands import check
from tickets.design import registry
from tickets.design.config import Training
from tickets.design.schema import alternatives
from tickets.errors import BadInput
from tickets.finder import beside_imp
from tickets.tasks import Task

SMALL = """\
model: {path: google-bert/bert-base-uncased, revision: 86b5e0934494bd15c9632b12f734a8a67f723594}
tasks:
  rte:
"""
FRACTION = "write a number above 0 and below 1"
NAME = "write a name of lower-case letters, digits and _, the first a letter"
LAYOUT = (
    "write `key: value`, the keys of a section one below the other, and quotes around text with"
)

# Files of a study's own criteria.
OWN = {
    "empty.py": "",
    "broken.py": "import nothing_of_that_name",
    "needy.py": "from tickets.criterion import Criterion\n"
    "CRITERION = Criterion(label='x', scores=lambda inputs: {}, needs=('luck',))",
}
NEEDS = sorted({field.name for kind in (Task, Training) for field in fields(kind)} | {"threads"})

# What stands in the files, one after the other, and the line. {0} and {1} are the files' paths,
# {data} a folder without anything in it.
WRONG = {
    "a wrong indentation": (
        ["model:\n  path: somewhere\n revision: null\n"],
        "{0}, line 3: not YAML (expected <block end>, but found '<block mapping start>');"
        f" {LAYOUT} a colon",
    ),
    "a tab": (["model:\n\tpath: somewhere\n"], "{0}, line 2: a tab; write spaces"),
    "a key twice": (
        [SMALL + "seeds: [1]\nthreads: 1\nseeds: [2]\n"],
        "{0}, line 6: seeds is in line 4 too; write it once",
    ),
    "a task twice": (
        [SMALL + "  cola: {epochs: 1}\n  rte: {epochs: 1}\n"],
        "{0}, line 5: rte is in line 3 too; write it once",
    ),
    "an empty file": ([""], "{0}: it is empty, not a mapping; write lines of `key: value`"),
    "a file that is a list": (
        ["- model: somewhere\n- tasks: rte\n"],
        "{0}: it is a list, not a mapping; write lines of `key: value`",
    ),
    "a colon in text": (
        ["model: path: somewhere\n"],
        f"{{0}}, line 1: not YAML (mapping values are not allowed here); {LAYOUT} a colon",
    ),
    "a list where a mapping is expected": (
        [SMALL, "tasks: [rte, cola]"],
        'config: tasks: ["rte", "cola"] is not possible; write a mapping with at least one task',
    ),
    "a number for a list": (
        [SMALL, "seeds: 5"],
        "config: seeds: 5 is not possible; write [5]",
    ),
    "a metric for a list": (
        [SMALL, "tasks: {rte: {metrics: accuracy}}"],
        'config: tasks.rte.metrics: "accuracy" is not possible; write [accuracy]',
    ),
    "text for a number": (
        [SMALL, "threads: '2'"],
        'config: threads: YAML reads "2" as text; write 2',
    ),
    "text for a number in a list, as of --config 'seeds=[1]'": (
        [SMALL, "seeds: ['1']"],
        'config: seeds[0]: YAML reads "1" as text; write 1 in a file (--config makes a list of '
        "texts)",
    ),
    "a comma for a decimal point": (
        [SMALL, "target_sparsity: 0,7"],
        'config: target_sparsity: YAML reads "0,7" as text; write 0.7',
    ),
    "a power of ten without a point": (
        [SMALL, "tasks: {rte: {learning_rate: 2e-5}}"],
        'config: tasks.rte.learning_rate: YAML reads "2e-5" as text; write 0.00002',
    ),
    "a percentage for a share": (
        [SMALL, "target_sparsity: 70"],
        "config: target_sparsity: 70 is not possible; write 0.7",
    ),
    "a share above all": (
        [SMALL, "target_sparsity: 170"],
        f"config: target_sparsity: 170 is not possible; {FRACTION}",
    ),
    "several mistakes": (
        [
            SMALL,
            "target_sparsity: 40\nprune_share: 10\nsedes: [1]\ntasks: {rte: {text: a, epoch: 1}}",
        ],
        "config: sedes: unknown key; write seeds\n"
        "config: prune_share: 10 is not possible; write 0.1\n"
        "config: target_sparsity: 40 is not possible; write 0.4\n"
        "config: tasks.rte.epoch: unknown key; write epochs\n"
        'config: tasks.rte.text: "a" is not possible; write [a]',
    ),
    "mistakes of several tasks": (
        [SMALL, "tasks: {rte: {epochs: 1, steps: 2}, mrpc: {label: null}}"],
        "config: tasks.rte: both epochs (1) and steps (2) are given; write one of them\n"
        "config: tasks.mrpc.label: None; label must be a column; null for mlm, which has none",
    ),
    "a data set's path with a mistake": (
        [SMALL, "tasks: {rte: {dataset: {path: resources/publisht}}}"],
        "config: tasks.rte.dataset: resources/publisht: no such directory; resources has"
        " theta_0; correct it, or give a hub id its revision",
    ),
    "a sparsity that no round reaches": (
        [SMALL, "target_sparsity: 0.75"],
        "config: target_sparsity: 0.75 is never reached by a linear schedule of 0.1 a round;"
        " write 0.7 or 0.8",
    ),
    "a share that groups of weights cannot lose": (
        [SMALL, "imp: {scope: groups_of_4}"],
        "config: imp.scope: a sparsity of 0.1 is no whole number of every 4 weights; write"
        " multiples of 0.25, such as prune_share: 0.25",
    ),
    "a scope of other heads than the model has": (
        [
            SMALL,
            "model: {path: resources/theta_0, revision: null}\ntasks: {rte: {max_length: 64}}\n"
            "imp: {scope: heads_of_64_and_units}",
        ],
        "config: imp.scope: heads_of_64_and_units: it prunes heads of 64 rows, but the model's have"
        " 32; write another scope, or add one with a head of 32",
    ),
    "a scope of other heads than the model will have": (
        [
            SMALL,
            "model: {pretrain: true}\nimp: {scope: heads_of_32_and_units}\n"
            "pretraining: {architecture: {hidden_size: 64, heads: 1, positions: 128}}",
        ],
        "config: imp.scope: heads_of_32_and_units: it prunes heads of 32 rows, but the model's have"
        " 64; write another scope, or add one with a head of 64",
    ),
    "a seed twice": (
        [SMALL, "seeds: [1, 2, 2]"],
        "config: seeds: [1, 2, 2] is not possible; write a list of at least one integer from 0,"
        " all different",
    ),
    "a finder that there is not": (
        [SMALL, "sweep: [oneshot, synaptic]"],
        'config: sweep[1]: "synaptic" is not possible; write {finders}',
    ),
    "IMP, which is there anyway": (
        [SMALL, "sweep: [imp]"],
        'config: sweep[0]: "imp" is not possible; write {finders}',
    ),
    "a criterion whose file is not there": (
        [SMALL, "criteria: {mine: {data}/mine.py}"],
        "config: criteria.mine: {data}/mine.py: no such file; write the path of a criterion's file",
    ),
    "a criterion's file without a criterion": (
        [SMALL, "criteria: {mine: {own}/empty.py}"],
        "config: criteria.mine: {own}/empty.py: no CRITERION in it; write CRITERION ="
        " Criterion(...)",
    ),
    "a criterion's file that cannot be loaded": (
        [SMALL, "criteria: {mine: {own}/broken.py}"],
        "config: criteria.mine: {own}/broken.py: cannot be loaded (ModuleNotFoundError: No module"
        " named 'nothing_of_that_name'); mend it",
    ),
    "a criterion called as one of the project": (
        [SMALL, "criteria: {snip: {own}/empty.py}"],
        "config: criteria.snip: a finder of the project has this name; write another one",
    ),
    "a criterion that needs what no study has": (
        [SMALL, "criteria: {mine: {own}/needy.py}"],
        "config: criteria.mine: {own}/needy.py: needs luck, which no study has; write {needs}",
    ),
    "a table of MLM's losses without MLM": (
        [SMALL, "tables: {mask_loss: true}"],
        "config: tables.mask_loss: true, but 0 tasks have the head mlm, and 1 another one;"
        " write tasks of which one has it and not all, or mask_loss: false",
    ),
    "a table of transfer to other tasks without another one": (
        [SMALL, "tables: {transferability: true}"],
        "config: tables.transferability: true, but there is one task; write another task, or"
        " transferability: false",
    ),
    "a table that there is not": (
        [SMALL, "tables: {transfr: true}"],
        'config: tables: "transfr" is not possible; write ' + alternatives(list(registry.tables())),
    ),
    "a table without what it is made from": (
        [SMALL, "tables: {full_models: false}"],
        "config: tables.full_models: false, but answerability is made from it; write true, or"
        " answerability: false",
    ),
    "a misspelt key": ([SMALL, "sedes: [1]"], "config: sedes: unknown key; write seeds"),
    "a misspelt key of a task": (
        [SMALL, "tasks: {rte: {bach_size: 8}}"],
        "config: tasks.rte.bach_size: unknown key; write batch_size",
    ),
    "a misspelt task": (
        [SMALL, "tasks: {colla: }"],
        "config: tasks.colla: not a known task; perhaps cola; known tasks are mnli, qqp, stsb,"
        " wnli, qnli, mrpc, rte, sst2, cola, squad, mlm; a new one needs a whole definition",
    ),
    "a task called no": (
        [SMALL, "tasks: {no: }"],
        f"config: tasks: YAML reads this value as false; {NAME}, in quotes",
    ),
    "a folder called on": (
        [SMALL, "results: on"],
        "config: results: YAML reads this value as true; write text, in quotes",
    ),
    "a folder called as a day": (
        [SMALL, "results: 2026-08-01"],
        "config: results: YAML reads this value as 2026-08-01; write text, in quotes",
    ),
    "a results folder that is a file": (
        [SMALL, "results: {0}"],
        "config: results: {0} is a file; write the name of a folder",
    ),
    "a hub's model without revision": (
        [SMALL, "model: {revision: null}"],
        "config: model.path: google-bert/bert-base-uncased: no directory here, and a hub id needs a"
        " revision of 40 hexadecimal digits (found none); the hub shows it under 'History'",
    ),
    "a branch as revision": (
        [SMALL, "model: {revision: main}"],
        'config: model.revision: "main" is not possible; write 40 hexadecimal digits or null',
    ),
    "a path that does not exist": (
        [SMALL, "model: {path: {data}/bert}"],
        "config: model.path: {data}/bert: neither a directory here nor a hub id such as"
        " nyu-mll/glue; correct it",
    ),
    "a model directory without anything": (
        [SMALL, "model: {path: {data}}"],
        "config: model: {data} has no weights (model*.safetensors* or pytorch_model*.bin*);"
        " add them",
    ),
    "a model directory without config.json": (
        [SMALL, "model: {path: {data}/weights}"],
        "config: model: {data}/weights has no config.json; name a model directory or a hub id",
    ),
    "a model that is no section": (
        [SMALL, "model: bert-base-uncased"],
        'config: model: "bert-base-uncased" is not possible; write a mapping',
    ),
    "a new task without much": (
        [SMALL, "tasks: {new: {head: classification}}"],
        "config: tasks.new: a new task needs text, metrics, batch_size, learning_rate, max_length,"
        " dataset.path; add them",
    ),
    "a task without label": (
        [SMALL, "tasks: {rte: {label: null}}"],
        "config: tasks.rte.label: None; label must be a column; null for mlm, which has none",
    ),
    "a task without text": (
        [SMALL, "tasks: {rte: {text: []}}"],
        "config: tasks.rte.text: [] is not possible; write a list of one or two column names",
    ),
    "an unknown metric": (
        [SMALL, "tasks: {rte: {metrics: [auc]}}"],
        'config: tasks.rte.metrics[0]: "auc" is not possible; write accuracy, f1,'
        " matthews_correlation, pearson, spearman, exact_match, span_f1 or masked_accuracy",
    ),
    "another head's metric": (
        [SMALL, "tasks: {rte: {metrics: [pearson]}}"],
        "config: tasks.rte.metrics: ['pearson']; metrics must be of accuracy, f1,"
        " matthews_correlation here",
    ),
    "an unknown head": (
        [SMALL, "tasks: {rte: {head: token}}"],
        'config: tasks.rte.head: "token" is not possible; write classification, regression, span or'
        " mlm",
    ),
    "a data set without its splits": (
        [SMALL, "tasks: {rte: {dataset: {path: {data}}}}"],
        "config: tasks.rte.dataset: {data}: no train-*.parquet there; docs/tutorial.md makes"
        " such files from CSV, TSV or text",
    ),
    "two files that contradict each other": (
        [SMALL, "tasks: {rte: {epochs: 3}}", "tasks: {rte: {steps: 100}}"],
        "config: tasks.rte: both epochs (3) and steps (100) are given; write one of them",
    ),
    "two files of which one takes a section away": (
        [SMALL, "tasks: null"],
        "config: tasks: null is not possible; write a mapping with at least one task",
    ),
    "only what differs, without what it differs from": (
        ["seeds: [1]\n"],
        "config: model: missing; write a mapping\n"
        "config: tasks: missing; write a mapping with at least one task",
    ),
}


def written(folder: Path, texts: list[str]) -> tuple[list[Path], dict[str, str]]:
    """The files of a case, and what stands for them in its texts."""
    (folder / "data" / "weights").mkdir(parents=True)
    (folder / "data" / "weights" / "model.safetensors").touch()
    files = [folder / f"{place}.yaml" for place in range(len(texts))]
    (folder / "own").mkdir()
    for name, text in OWN.items():
        (folder / "own" / name).write_text(text)
    places = {"{data}": str(folder / "data"), "{own}": str(folder / "own")}
    places |= {"{finders}": alternatives(beside_imp()), "{needs}": alternatives(NEEDS)}
    places |= {f"{{{place}}}": str(file) for place, file in enumerate(files)}
    for file, text in zip(files, texts, strict=True):
        file.write_text(filled(text, places))
    return files, places


def filled(text: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_gets_one_line(case: str, tmp_path: Path) -> None:
    """What `tickets check` says, and what Snakemake ends with where it gets to read the file."""
    texts, line = WRONG[case]
    files, places = written(tmp_path, texts)

    with pytest.raises(BadInput) as refused:
        check.run(Namespace(config=files))

    assert str(refused.value) == filled(line, places)


def test_bytes_that_are_no_text_and_files_that_are_none(tmp_path: Path) -> None:
    """Said with the line, where there is one."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"seeds: [1]\nresults: r\xe9sultats\n")
    lines = {
        latin: f"{latin}, line 2: not UTF-8 text; save it as UTF-8",
        tmp_path: f"{tmp_path}: Is a directory; write the path of a YAML file",
        tmp_path / "no": f"{tmp_path}/no: No such file or directory; write the path of a YAML file",
    }

    for file, line in lines.items():
        with pytest.raises(BadInput) as refused:
            check.run(Namespace(config=[file]))
        assert str(refused.value) == line


def test_json_may_be_indented_with_tabs(tmp_path: Path) -> None:
    """Snakemake reads it, so the check does; a merge key of YAML names no key twice."""
    revision = "86b5e0934494bd15c9632b12f734a8a67f723594"
    model = f'{{"path": "a/b", "revision": "{revision}"}}'
    (tmp_path / "a.json").write_text(f'{{\n\t"model": {model},\n\t"tasks": {{"rte": null}}\n}}')
    merged = "tasks:\n  rte: &rte {epochs: 1, batch_size: 8}\n  cola: {<<: *rte, epochs: 2}\n"
    (tmp_path / "b.yaml").write_text(merged)

    assert check.run(Namespace(config=[tmp_path / "a.json", tmp_path / "b.yaml"])) == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("wrong"))


@pytest.mark.parametrize(
    "case", ["a key twice", "a percentage for a share", "two files that contradict each other"]
)
def test_snakemake_ends_with_that_line(case: str, folder: Path, tmp_path: Path) -> None:
    """And says nothing else but which profile it took."""
    texts, line = WRONG[case]
    files, places = written(tmp_path, texts)
    config, *more = map(str, files)

    done = snakemake(folder, *more, "--dry-run", config=config)

    assert done.returncode == 1
    assert [said for said in done.stdout.splitlines() if not said.startswith("Using workflow")] == [
        f"error: {filled(line, places)}"
    ]


@pytest.mark.parametrize("case", ["a tab", "an empty file"])
def test_what_is_no_yaml_snakemake_refuses_itself(case: str, folder: Path, tmp_path: Path) -> None:
    """Before it reads the workflow: without a traceback, and without saying which file and line."""
    files, _ = written(tmp_path, WRONG[case][0])

    done = snakemake(folder, "--dry-run", config=str(files[0]))

    assert done.returncode == 1
    assert "WorkflowError:\nConfig file" in done.stdout
    assert "Traceback" not in done.stdout
