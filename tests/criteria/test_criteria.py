"""The criteria that there are: what each declares, and that nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tickets import axes, finder, procedure
from tickets.code import code_files
from tickets.criterion import Criterion, load_criterion, load_scope
from tickets.errors import BadInput
from tickets.names import MaskName

DOCUMENT = Path(__file__).parents[2] / "docs" / "experiments.md"
BEGIN, END = "<!-- criteria: begin -->\n", "<!-- criteria: end -->\n"
SCRIPTS = Path(axes.__file__).parents[1]


def table() -> str:
    """docs/experiments.md's table of criteria, as their files declare them."""
    rows = ["| criterion | finder | scores | values | made again |", "|---|---|---|---|---|"]
    for name in axes.names("criteria"):
        criterion = load_criterion(name)
        alone = finder.ONCE if name == finder.MAGNITUDE else name
        parts = [f"{{{part}}}" for part in criterion.of]
        is_alone = finder.ONCE in criterion.procedures
        finders = [f"`{'/'.join([alone, *parts])}`"] if is_alone else []
        finders += [f"`{each}`" for each in criterion.procedures if each != finder.ONCE]
        module = sys.modules[criterion.scores.__module__]
        own = [f"`{key}`: {value}" for key, value in criterion.parameters.items()]
        values = ", ".join([*own, *(f"`{needed}`" for needed in criterion.needs)])
        again = f"no: it reads `{'`, `'.join(criterion.reads)}`" if criterion.reads else "yes"
        text = (module.__doc__ or "").splitlines()[0]
        rows.append(f"| `{name}` | {', '.join(finders)} | {text} | {values} | {again} |")
    return "\n".join(rows) + "\n"


def test_the_documents_say_what_the_criteria_declare(request: pytest.FixtureRequest) -> None:
    """`pytest tests/criteria/test_criteria.py --fix` rewrites the table."""
    head, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    found, tail = rest.split(END)
    if request.config.getoption("--fix"):
        DOCUMENT.write_text(head + BEGIN + table() + END + tail, encoding="utf-8")
        return

    assert found == table()


def test_declarations_load_nothing_heavy() -> None:
    """Snakemake reads those of all files, and of the other axes."""
    program = (
        "import sys\nfrom tickets import axes, finder, procedure\n"
        "from tickets.criterion import load_criterion, load_scope\n"
        "for name in axes.names('criteria'): load_criterion(name)\n"
        "for name in axes.names('procedures'): procedure.load_procedure(name)\n"
        "for name in axes.names('scopes'): load_scope(name)\n"
        "print(sorted({'torch', 'transformers', 'pandas'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=SCRIPTS
    )

    assert done.stdout.strip() == "[]"


def test_the_folders_are_the_axes() -> None:
    """What the paper's experiments need is there, under the names that paths have."""
    assert {"magnitude", "random", "snip"} <= set(axes.names("criteria"))
    assert set(axes.names("procedures")) == {
        *("change", "imp", "movement_imp", "oneshot", "standard")
    }
    assert set(axes.names("scopes")) == {
        "global",
        "groups_of_4",
        "groups_of_8",
        "heads_of_32_and_units",
        "heads_of_64_and_units",
        "per_matrix",
        "per_row",
    }
    for name in axes.names("criteria"):
        assert axes.file_of("criteria", name).is_file()
        assert isinstance(load_criterion(name), Criterion)
        assert set(load_criterion(name).procedures) <= set(axes.names("procedures"))
    with pytest.raises(BadInput, match="per_head: none of the scopes; write global, groups_of_4"):
        load_scope("per_head")


def test_a_finder_is_a_procedure_with_a_criterion() -> None:
    """A procedure's name alone means magnitudes; a criterion's alone, once at theta_0."""
    assert [finder.criterion_of(name) for name in ("imp", "standard", "oneshot", "snip")] == [
        *("magnitude", "magnitude", "magnitude", "snip")
    ]
    assert [finder.is_round(name) for name in ("imp", "standard", "oneshot", "snip")] == [
        *(True, True, False, False)
    ]
    labels = [finder.label_of(name) for name in ("imp", "oneshot", "snip", "random", "dense")]
    assert labels == ["IMP", "one-shot", "SNIP", "random", "dense"]
    assert finder.form("snip", finder.depends_on("snip")) == (
        r"snip/[a-z][a-z0-9_]*/seed-\d+/sparsity-\d+(\.\d+)?"
    )


@pytest.mark.parametrize("name", ["imp", *finder.beside_imp()])
def test_what_a_finder_depends_on_is_what_its_path_says(name: str) -> None:
    """And such a path is read back."""
    parts = finder.depends_on(name)
    mask = MaskName(
        finder=name,
        task="mrpc" if "task" in parts else "",
        rewind="5" if "rewind" in parts else "",
        seed=3 if "seed" in parts else None,
        sparsity="33.33",
    )

    assert MaskName.parse(str(mask)) == mask


def test_a_jobs_code_has_no_other_criterion_and_a_trainings_none() -> None:
    """So that a new one, or an edit of one, makes no other mask again; nor what is a path."""
    reached = {
        script: {path.relative_to(SCRIPTS).as_posix() for path in code_files(SCRIPTS / script)}
        for script in (
            "find_mask.py",
            "train.py",
            "encode.py",
            "data.py",
            "theta_0.py",
            "rewind.py",
        )
    }

    for script, files in reached.items():
        assert not [file for file in files if file.startswith("tickets/criteria/")], script
        assert files.isdisjoint({"tickets/names.py", "tickets/paths.py", "tickets/finder.py"})
    assert "tickets/axes.py" not in reached["train.py"]


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"of": ("rewind",)}, "of: rewind is not possible; write task or seed"),
        ({"reads": ("test",), "of": ("task",)}, "reads: test is not possible; write train or"),
        ({"reads": ("train",)}, "of: a criterion that reads a split needs its task"),
    ],
)
def test_a_declaration_that_is_none_is_refused(
    wrong: dict[str, tuple[str, ...]], line: str
) -> None:
    """With what to write instead."""
    with pytest.raises(BadInput, match=line):
        Criterion(label="x", scores=load_criterion("magnitude").scores, **wrong)


def test_procedures_say_which_training_decides() -> None:
    """theta_0's magnitudes need none."""
    oneshot = procedure.load_procedure("oneshot")

    assert oneshot.of == ()
    assert procedure.load_procedure("imp").of == ("task", "rewind", "seed")
