"""Every experiment in miniature, run by Snakemake; and the published code's way."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file

import browser
from additions import CRITERION
from studies import PUBLISHED, change, clone, planned, snakemake
from tickets import masks, paths, provenance, statements
from tickets.audit.check_masks import prunings
from tickets.audit.schema_of_statements import problem, schema
from tickets.audit.study import Audit, audit
from tickets.audit.study_files import needs_statement
from tickets.criterion import load_criterion
from tickets.design import config, experiments
from tickets.files import sha256
from tickets.finder import at_theta_0

EXPERIMENTS = {
    "seeds": [1],
    "rewinds": [50],
    "later_sources": ["mlm"],
    "sweep": ["oneshot", "random", "snip"],
    "subsets": {"acceptability": [32]},
    "combine": {"both": {"of": ["acceptability", "mlm"], "by": "vote"}},
    "tables": {"freezing": True},
}
TABLES = {
    "winning_sparsities": 2 * 2,
    "winning_tickets": 2 * 2 * 8,
    "sparsity_sweep": 2 * (1 + 4 * 2),
    "essential_sparsity": 2 * 4,
    "rewinding": 2 * 2 * 3,
    "transferability": 2 + 1,
    "mask_overlap": None,
    "layer_sparsity": None,
    "transfer_variants": None,
    "full_models": None,
    "freezing": 2 * (1 + 2 * 2),
    "answerability": None,
    "versus_paper": None,
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, clone_prepared: Callable[[Path], Path]) -> Path:
    """A finished study of all experiments."""
    folder = clone_prepared(tmp_path_factory.mktemp("whole"))
    change(folder, EXPERIMENTS)
    done = snakemake(folder, "--cores", "2", "--", "all")
    assert done.returncode == 0, done.stdout
    return folder


def test_every_table_and_figure_is_there(study: Path) -> None:
    """With a statement each, and the rows that the design says."""
    results = study / "results"
    for name, rows in TABLES.items():
        table = pd.read_csv(results / "tables" / f"{name}.csv")
        assert len(table) > 0
        assert rows is None or len(table) == rows, name
    kinds = (".csv", ".txt", ".svg", ".png")
    made = [path for path in results.glob("[tf]*/*") if path.suffix in kinds]
    assert {path.stem for path in made if path.suffix == ".svg"} == {
        *("transfer", "sparsity_sweep", "rewinding", "mask_overlap", "layer_sparsity"),
        *("transferability", "transfer_sweep", "winning_tickets", "freezing"),
    }
    for path in made:
        assert provenance.subject_digest(path)
        assert len(path.read_bytes()) > 40


@pytest.fixture(scope="module")
def report(study: Path) -> Path:
    """Snakemake's report on the study."""
    done = snakemake(study, "--report", "results/report.html")
    assert done.returncode == 0, done.stdout
    return study / "results" / "report.html"


def test_snakemakes_report_has_page_figures_tables_and_audit(report: Path) -> None:
    """Each with its caption, and the data within the file; the audit takes no offence at it."""
    text = report.read_text(encoding="utf-8")
    [results] = re.findall(r"(?m)^ *var results = (\{.*\});$", text)
    shown = json.loads(results)
    figures = {path for path in shown if path.endswith(".svg")}
    tables = {path for path in shown if path.endswith(".csv")}

    assert len(figures) == 9
    assert {Path(path).stem for path in tables} == {*TABLES, "transfer", "baselines"}
    assert set(shown) - figures - tables == {
        "results/report/story.html",
        "results/audit/report.html",
    }
    assert all(len(entry["caption"]) > 40 for entry in shown.values())
    assert all(entry["data_uri"].startswith("data:") for entry in shown.values())
    assert not re.search(r"<(script|link|img|iframe)[^>]* (src|href)=.?https?:", text)
    assert needs_statement("figures/transfer.svg")
    assert not needs_statement("report.html")
    assert not needs_statement("report/story.html")


@browser.needed
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_opens_snakemakes_report(report: Path, dark: bool) -> None:
    """What the workflow is stands there; nothing fails, and nothing is asked of a network."""
    found = browser.opened(report, 1280, dark, "#app nav")

    assert "Begin with 1. The story" in found.text
    # One line of a library that is within the file: it would rather be compiled.
    assert [line for line in found.console if "should not be used in production" not in line] == []


def test_every_statement_is_as_the_schema_says(study: Path) -> None:
    """Those of every rule that lasts, and the histories that they carry."""
    stated = [json.loads(path.read_bytes()) for path in study.glob("results/**/*.prov.json")]
    rules = {each["predicate"]["buildDefinition"]["externalParameters"]["rule"] for each in stated}

    assert [found for each in stated if (found := problem(each))] == []
    assert rules == schema()["definitions"]["rules"].keys() - {
        "round_start",  # whose files do not last
        "adapt",  # of a model whose pre-training goes on
        *("import", "export"),
        *("interpolate", "connectivity", "initial_loss", "mask_loss"),  # optional
        *("random_mask", "snip", "winning_sparsity", "curve"),  # of earlier versions
    }


def test_what_is_kept_is_read_off_a_statement_as_off_a_path(study: Path) -> None:
    """Of each file, and of each deleted one whose statement another carries."""
    stated = {
        path.with_name(path.name.removesuffix(statements.SUFFIX)): statements.parse(
            path.read_bytes(), path.name
        )
        for path in study.glob(f"results/**/*{statements.SUFFIX}")
    }
    carried = [
        (str(parent.uri), parent.history)
        for each in stated.values()
        for parent in each.dependencies.values()
        if parent.history is not None
    ]

    assert carried
    for path, statement in [*stated.items(), *carried]:
        assert statement.is_kept == paths.is_kept(path), path


def test_nothing_is_trained_twice_and_nothing_is_left_over(study: Path) -> None:
    """The trainings that ran are those of the design, and their weights are gone."""
    loaded = config.load(yaml.safe_load((study / "config/mini.yaml").read_text()))
    design = loaded.design
    wanted = {each for table in loaded.tables.values() for each in table.trainings(design)}
    found = {
        str(path.relative_to(study / "results/predictions")).removesuffix(".parquet")
        for path in study.glob("results/predictions/**/*.parquet")
        if "majority" not in path.parts
    }

    assert found == {str(each) for each in experiments.needed(design, wanted)}
    assert not list(study.glob("results/trained/**/*.safetensors"))
    assert not list(study.glob("results/weights/round/**/*.safetensors"))


def test_a_winning_mask_is_the_one_that_the_table_names(study: Path) -> None:
    """Bit for bit; and the layerwise random mask prunes as much of each matrix."""
    won = pd.read_csv(study / "results/tables/winning_sparsities.csv", dtype=str)
    for row in won.itertuples():
        at = {"within_std": "winning", "strict": "winning_strict"}[str(row.criterion)]
        own = f"{row.task}/rewind-0/seed-1"
        folder = study / "results/masks"
        chosen, like = (
            masks.read(folder / finder / own / f"{at}.safetensors")
            for finder in ("imp", "layerwise")
        )
        named = "dense" if row.sparsity == "0" else f"imp/{own}/sparsity-{row.sparsity}"
        assert chosen == masks.read(folder / f"{named}.safetensors")
        for name in like.kept:
            assert like.sparsity_of(name) == chosen.sparsity_of(name)


@pytest.mark.parametrize(
    "finder", ["standard/mlm/seed-1", "snip/mlm/seed-1", "snip/acceptability/seed-1"]
)
def test_every_finder_has_the_exact_count(study: Path, finder: str) -> None:
    """Scores in, mask out: each finder's masks hold the schedule's counts."""
    found = [
        masks.read(study / f"results/masks/{finder}/sparsity-{percent}.safetensors")
        for percent in (10, 20)
    ]

    assert [mask.pruned for mask in found] == [
        round(share * found[0].prunable.size) for share in (0.1, 0.2)
    ]
    if finder.startswith("standard"):
        assert found[1].within(found[0])


def assert_statements_are_asked_for(folder: Path, *targets: str) -> None:
    """Whoever reads a file that does not last asks for its statement too, which would else be gone
    as soon as others have read it.
    """
    flags = ("--dry-run", "--forceall", "--nolock", "--printshellcmds")
    done = snakemake(folder, *flags, "--", *targets)
    jobs = [set(each.split(", ")) for each in re.findall(r"(?m)^    input: (.*)$", done.stdout)]
    passing = [(path, job) for job in jobs for path in job if not paths.is_kept(path)]

    assert passing, done.stdout
    assert not [path for path, job in passing if f"{path}.prov.json" not in job]


def test_what_does_not_last_is_asked_for_with_its_statement(study: Path) -> None:
    """By every rule of a whole study."""
    assert_statements_are_asked_for(study, "all")


BEYOND = [name for name in at_theta_0() if name not in EXPERIMENTS["sweep"]]
DATA_FREE = [n for n in BEYOND if not load_criterion(n).of]


def with_criteria(study: Path, folder: Path, *criteria: str) -> Path:
    """The finished study that also follows criteria: those in the repository, `largest`, a new
    file there, and `mine`, a file beside it.
    """
    copy = clone(study, folder)
    changes: dict[str, object] = {"sweep": [*EXPERIMENTS["sweep"], *criteria]}
    if "mine" in criteria:
        (copy / "own.py").write_text(CRITERION)
        changes["criteria"] = {"mine": "own.py"}
    if "largest" in criteria:
        (copy / "workflow/scripts/tickets/criteria/largest.py").write_text(CRITERION)
        assert planned(copy, "all") == {}  # a file that nobody asks for
    change(copy, changes)
    return copy


@pytest.mark.parametrize("criterion", ["mine", "largest", *DATA_FREE])
def test_a_new_criterion_runs_its_own_jobs_and_those_that_read_them(
    study: Path, tmp_path: Path, criterion: str
) -> None:
    """On a finished study: two masks, their tickets and trainings, and what is made of them."""
    copy = with_criteria(study, tmp_path / "copy", criterion)

    jobs = planned(copy, "all")

    assert jobs == {
        **{"find_mask": 2, "rewind": 2, "train": 2 * 2, "metrics": 1, "sparsity_sweep": 1},
        **{"essential_sparsity": 1},
        **{"versus_paper": 1, "audit": 1, "story": 1, "all": 1},
    }


@pytest.fixture(scope="module")
def with_new_criteria(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study after it has also followed all criteria that read no data, and one of its own."""
    copy = with_criteria(study, tmp_path_factory.mktemp("with_new_criteria"), "mine", *DATA_FREE)
    done = snakemake(copy, "--cores", "2", "--", "all")
    assert done.returncode == 0, done.stdout
    return copy


def audited(results: Path, own: Mapping[str, Path]) -> Audit:
    with ProcessPoolExecutor(2) as pool:
        return audit(results, None, pool, own)


def masks_of(criterion: str) -> list[str]:
    """The masks that a criterion finds at theta_0."""
    return [f"masks/{criterion}/sparsity-{percent}.safetensors" for percent in (10, 20)]


def test_the_audit_makes_new_criteria_s_masks_again(with_new_criteria: Path) -> None:
    """And says of those by a criterion of the study's own that this is not in the repository."""
    results, own = with_new_criteria / "results", {"mine": with_new_criteria / "own.py"}
    mine = masks_of("mine")

    found = audited(results, own)

    again = {each.mask for each in prunings(found.files, own)}
    assert found.faults == []
    assert again >= {mask for criterion in ("mine", *DATA_FREE) for mask in masks_of(criterion)}
    assert not any("snip" in path for path in again)  # it reads data
    [outside] = [each.path for each in found.findings if each.code == "outside-code"]
    assert outside in mine
    assert {each.mask for each in prunings(found.files, {})} == again - {*mine}
    stated = provenance.statement(results / mine[0])
    assert stated.code["outside/mine.py"] == sha256(own["mine"].read_bytes())
    assert stated.parameters["factor"] == "0.5"


@pytest.mark.parametrize("criterion", ["mine", *DATA_FREE])
def test_the_audit_names_a_criterions_mask_that_is_another(
    with_new_criteria: Path, tmp_path: Path, criterion: str
) -> None:
    """With the bits of the next sparsity's under its name, statement and all."""
    results = shutil.copytree(with_new_criteria / "results", tmp_path / "results")
    one, other = masks_of(criterion)
    for suffix in ("", ".prov.json"):
        data = (results / f"{other}{suffix}").read_bytes()
        (results / f"{one}{suffix}").write_bytes(data.replace(b"sparsity-20", b"sparsity-10"))

    found = audited(results, {"mine": with_new_criteria / "own.py"})

    assert {"wrong-mask", "wrong-count"} <= {e.code for e in found.faults if e.path == one}


def test_the_published_codes_way(tmp_path: Path, clone_prepared: Callable[[Path], Path]) -> None:
    """Heads are kept, each round has the first round's rates, MLM prunes before it trains and never
    rewinds, on new text; and each matrix is pruned alike.
    """
    changes = {
        "seeds": [1],
        "target_sparsity": 0.3,
        "imp": {**PUBLISHED, "scope": "per_matrix"},
    }
    folder = clone_prepared(tmp_path / "code")
    change(folder, changes)
    mask = "results/masks/imp/{}/rewind-0/seed-1/sparsity-{}.safetensors"
    round_ = "results/trained/round/acceptability/rewind-0/seed-1/"
    first = f"{round_}sparsity-0/dense/on-acceptability/seed-1.safetensors"
    second = (
        f"{round_}sparsity-10/imp/acceptability/rewind-0/seed-1/sparsity-10"
        "/on-acceptability/seed-1.safetensors"
    )
    start = "results/weights/round/acceptability/rewind-0/seed-1/sparsity-10.safetensors"
    wanted = [mask.format("acceptability", 20), mask.format("mlm", 30)]

    assert planned(folder, *wanted)["train"] == 2 + 2
    assert_statements_are_asked_for(folder, *wanted)
    done = snakemake(folder, "--cores", "2", "--notemp", "--", *wanted)

    assert done.returncode == 0, done.stdout
    ended, kept, theta_0 = (
        load_file(folder / path) for path in (first, start, "results/weights/theta_0.safetensors")
    )
    assert np.array_equal(kept["head.output.weight"], ended["head.output.weight"])
    assert all(np.array_equal(kept[name], value) for name, value in theta_0.items())
    on_mlm = "results/{}/round/mlm/rewind-0/seed-1/sparsity-{}{}.safetensors"
    trained_on = "/imp/mlm/rewind-0/seed-1/sparsity-{}/on-mlm/seed-1"
    mlm = [on_mlm.format("trained", each, trained_on.format(each)) for each in (10, 20)]
    for path, earlier in ((first, 0), (second, 0), (mlm[0], 0), (mlm[1], 1)):
        stated = json.loads((folder / f"{path}.prov.json").read_text())
        asked = stated["predicate"]["buildDefinition"]["externalParameters"]
        assert (asked["earlier_trainings"], asked["rounds"]) == (earlier, 4)
    went_on = load_file(folder / on_mlm.format("weights", 20, ""))
    assert all(np.array_equal(went_on[n], value) for n, value in load_file(folder / mlm[0]).items())
    oneshot = masks.read(folder / mask.format("mlm", 10))
    alike = {oneshot.sparsity_of(name) for name in oneshot.kept}
    assert all(abs(float(share) - 0.1) < 0.01 for share in alike)
    shutil.rmtree(folder)
