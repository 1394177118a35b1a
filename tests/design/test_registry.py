"""Tables are found where their files are: a new one is one file, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from additions import TABLE
from import_graph import HEAVY
from studies import planned, snakemake
from tickets import provenance
from tickets.code import code_files
from tickets.design import registry
from tickets.design.dag import Design
from tickets.design.metrics import Metrics
from tickets.errors import BadInput

SCRIPTS = Path(provenance.__file__).parents[1]
TABLES = [
    *("full_models", "transfer", "baselines", "winning_sparsities", "winning_tickets"),
    *("sparsity_sweep", "essential_sparsity"),
    *("rewinding", "connectivity", "transfer_variants", "transferability", "mask_overlap"),
    *("layer_sparsity", "answerability", "versus_paper"),
    *("freezing", "mask_loss"),
]
OPTIONAL = {"connectivity", "freezing", "mask_loss"}
DESIGN = Design(
    tasks=["pair", "mlm"],
    seeds=[1],
    sparsities=["10", "20", "34.39"],
    transfer="20",
    rewind="2.5",
    rewinds=["5", "12.5"],
    subsets={"pair_90": "pair", "pair_100": "pair"},
    mlm=["mlm"],
    later_sources=["mlm"],
    sweep=["oneshot", "snip"],
)
CELLS = {"tasks": ["pair", "mlm"], "sparsity": "0.2", "rewind": "2.5"}
ALL_SPARSITIES = {"sparsities": ["10", "20", "34.39"]}
RECORDED = {
    "transfer": CELLS,
    "baselines": CELLS,
    "winning_sparsities": {"tasks": ["pair", "mlm"], "rewind": "2.5"} | ALL_SPARSITIES,
    "winning_tickets": {"tasks": ["pair", "mlm"], "rewind": "2.5"},
    "sparsity_sweep": {"tasks": ["pair", "mlm"], "rewind": "2.5", "finders": ["oneshot", "snip"]}
    | ALL_SPARSITIES,
    "essential_sparsity": {"tasks": ["pair", "mlm"], "rewind": "2.5"}
    | {"finders": ["oneshot", "snip"]}
    | ALL_SPARSITIES,
    "rewinding": {
        "tasks": ["pair", "mlm"],
        "sparsities": ["10", "20"],
        "rewinds": ["5.0", "12.5"],
    },
    "transfer_variants": CELLS
    | ALL_SPARSITIES
    | {"mlm_tasks": ["mlm"], "sources": ["mlm"], "rewinds": ["5.0", "12.5"]},
    "transferability": CELLS
    | {"subsets": [["pair_90", "pair"], ["pair_100", "pair"]], "fit": "additive"},
    "connectivity": {},
    "freezing": {"tasks": ["pair", "mlm"]} | ALL_SPARSITIES,
    "mask_overlap": {},
    "layer_sparsity": {},
    "answerability": {"mlm_tasks": ["mlm"]},
    "full_models": {"tasks": ["pair", "mlm"]},
    "mask_loss": {"targets": ["pair"], "sparsity": "0.2", "rewind": "2.5"},
    "versus_paper": {"mlm_tasks": ["mlm"], "rewind": "2.5", "tests": "by_seed"},
}


def test_all_tables_are_found_in_their_order() -> None:
    """By name; each file declares one, or helps others and is none."""
    assert list(registry.tables()) == TABLES
    assert all(registry.table(name) is spec for name, spec in registry.tables().items())
    with pytest.raises(
        BadInput, match="nothing: no table has that name; write one of full_models,"
    ):
        registry.table("nothing")


def test_a_study_makes_optional_tables_only_if_it_asks_for_them() -> None:
    """In their place among the others."""
    assert list(registry.select_tables()) == [name for name in TABLES if name not in OPTIONAL]
    assert list(registry.select_tables(dict.fromkeys(OPTIONAL, True))) == TABLES


def test_a_study_may_do_without_tables() -> None:
    """But not without those that others are made from."""
    without = registry.select_tables({"transfer": False, "rewinding": False})

    assert list(without) == [
        name for name in TABLES if name not in (*OPTIONAL, "transfer", "rewinding")
    ]
    with pytest.raises(
        BadInput,
        match=r"tables\.winning_sparsities: false, but winning_tickets is made from it; write true,"
        " or winning_tickets: false",
    ):
        registry.select_tables({"winning_sparsities": False})


@pytest.mark.parametrize("name", TABLES)
def test_what_is_recorded_of_a_study(name: str) -> None:
    """Values as statements have them: numbers that may have a fraction are text."""
    assert registry.table(name).values(DESIGN) == RECORDED[name]


def test_scores_have_the_names_of_their_tables_but_one() -> None:
    """And one had another name in earlier versions."""
    scored = {spec.part: name for name, spec in registry.tables().items() if spec.metrics}

    assert {part: name for part, name in scored.items() if part != name} == {
        "sweep": "sparsity_sweep"
    }
    assert set(registry.all_parts()) - set(registry.parts()) == {"tickets"}


def test_scored_trainings_have_a_name() -> None:
    """By which another process finds them."""
    with pytest.raises(BadInput, match="write a named function"):
        Metrics(trainings=lambda _: [])


def test_snakemake_reads_tables_without_what_is_slow_to_import() -> None:
    """All that declare one, and what these import."""
    program = (
        "import sys; from tickets.design import registry; print(len(registry.tables()),"
        f" sorted(set(sys.modules) & {{*{sorted(HEAVY)}, 'pandas', 'scipy', 'altair'}}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=SCRIPTS
    )

    assert done.stdout == f"{len(TABLES)} []\n"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_depends_on_no_other_ones_code(name: str) -> None:
    """But on what its file imports: what its job loads is what its rule names."""
    program = (
        "import json, sys; import table; from tickets.design import registry\n"
        f"registry.table({name!r})\n"
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if 'tickets' in n]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=SCRIPTS
    )

    known = set(code_files(SCRIPTS / "table.py", registry.file(name)))
    assert {Path(file) for file in json.loads(done.stdout)} <= known
    assert (registry.FOLDER / "mask_overlap.py" in known) == (name == "mask_overlap")
    drawing = {path for path in known if path.parent.name == "figures"}
    reads_networks = name == "versus_paper"  # as winning_tickets.py names them, which draws
    assert bool(drawing) == (registry.table(name).chart is not None or reads_networks)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, clone_prepared: Callable[[Path], Path]) -> Path:
    """A study whose package has one file more, and the scores of that file's table."""
    folder = clone_prepared(tmp_path_factory.mktemp("stranger"))
    tables = folder / "workflow" / "scripts" / "tickets" / "tables"
    (tables / "steadiness.py").write_text(TABLE.lstrip(), encoding="utf-8")
    done = snakemake(folder, "--cores", "2", "--", "results/tables/steadiness.csv")
    assert done.returncode == 0, done.stdout
    return folder


def test_a_table_that_a_stranger_adds_is_made(study: Path) -> None:
    """From its own trainings, with a statement that has its own parameters."""
    results = study / "results"

    assert provenance.read(results / "tables/steadiness.csv").decode() == (
        "task,n,note\nacceptability,2,full\nmlm,2,full\n"
    )
    assert provenance.read(results / "tables/steadiness.txt").decode() == "2 tasks\n"
    stated = json.loads(provenance.statement_path(results / "tables/steadiness.csv").read_bytes())
    assert stated["predicate"]["buildDefinition"]["externalParameters"] == {
        "rule": "steadiness",
        "tasks": ["acceptability", "mlm"],
        "note": "full",
    }
    assert len(list(results.glob("predictions/theta_0/**/*.parquet"))) == 2 * 2


def test_the_report_and_the_whole_study_have_it(study: Path) -> None:
    """Beside all others that every study has, without being named anywhere."""
    jobs = planned(study, "all", results="elsewhere")
    page = snakemake(study, "--dry-run", "--printshellcmds", "--", "results/report/story.html")
    [command] = [line for line in page.stdout.splitlines() if "--tables" in line]

    assert jobs.keys() & {*TABLES, "steadiness"} == {*TABLES, "steadiness"} - OPTIONAL
    assert (
        jobs["metrics"]
        == sum(spec.metrics is not None for spec in registry.select_tables().values()) + 1
    )
    assert "results/tables/steadiness.csv" in command.split()


def test_the_audit_makes_it_again(study: Path) -> None:
    """With the same `make`: intact it finds nothing, changed it names the table."""

    def findings() -> list[list[str]]:
        program = (
            "import json, sys; from pathlib import Path\n"
            "sys.path.insert(0, 'workflow/scripts')\n"
            "from concurrent.futures import ProcessPoolExecutor\n"
            "from tickets.audit.study import audit\n"
            "with ProcessPoolExecutor(1) as pool:\n"
            "    found = audit(Path('results'), None, pool).findings\n"
            "print(json.dumps([[each.path, each.code] for each in found if each.is_fault]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=study
        )
        return json.loads(done.stdout)

    assert findings() == []
    scripts = study / "workflow" / "scripts"
    file = scripts / "tickets" / "tables" / "steadiness.py"
    file.write_text(TABLE.lstrip().replace('"n", "note")', '"seeds", "note")'), encoding="utf-8")
    assert findings() == [["tables/steadiness.csv", "wrong-table"]]
    file.write_text(TABLE.lstrip(), encoding="utf-8")
