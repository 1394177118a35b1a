from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tickets.errors import Tampered
from tickets.tables.published import COUNT, DELTA, FOLDER, Value, values
from tickets.tasks import known

TASKS = ["mnli", "qqp", "stsb", "wnli", "qnli", "mrpc", "rte", "sst2", "cola", "squad", "mlm"]


def one(**identity: str) -> float:
    """The only published number of these."""
    [found] = [
        each.value
        for each in values(FOLDER)
        if all(getattr(each, name) == value for name, value in identity.items())
    ]
    return found


def test_numbers_are_those_printed_in_the_paper() -> None:
    """Some of each table, read from the paper."""
    assert one(table="table2", item="sparsity_percent", task="wnli") == 90
    assert one(table="table2", item="full_mean", task="mlm") == 63.5
    assert one(table="table2", item="imp_theta0_std", task="rte") == 2.4
    assert one(table="table2", item="random_pruning_theta0_mean", task="cola") == 9.6
    assert one(table="table2", item="imp_shuffled_theta0_mean", task="mnli") == 70.1
    assert one(table="figure2", item=DELTA, source="mlm", target="squad") == -2.29
    assert one(table="figure2", item=DELTA, source="theta0_magnitude", target="mnli") == 0.07
    assert one(table="figure2", item=COUNT, source="mlm") == 10
    assert one(table="appendix_a", item="strict_sparsity_percent", task="squad") == 20


def test_every_number_is_read_once_in_the_order_of_the_files() -> None:
    """8 rows of 11 tasks, 12 sources of 11 targets and a count, one row of 11 tasks."""
    found = values(FOLDER)

    assert [each.table for each in found] == (
        ["table2"] * 8 * 11 + ["figure2"] * 12 * 12 + ["appendix_a"] * 11
    )
    assert len(
        {(each.table, each.item, each.task, each.source, each.target) for each in found}
    ) == (len(found))
    assert [each.task for each in found[-11:]] == TASKS
    assert found[0] == Value(table="table2", item="sparsity_percent", task="mnli", value=70)


def test_the_counts_beside_figure_2_follow_from_its_numbers() -> None:
    """On so many other targets is a mask at least as good as the target's own: no slip in typing.

    Two that are equal in the figure's two digits may not be so before rounding.
    """
    with (FOLDER / "figure2.csv").open(encoding="utf-8") as file:
        rows = {row["source"]: row for row in csv.DictReader(file)}

    for source, row in rows.items():
        over_own = [float(row[task]) - float(rows[task][task]) for task in TASKS if task != source]
        surely, perhaps = (sum(gain > 0 for gain in over_own), sum(gain >= 0 for gain in over_own))
        assert surely <= float(row[COUNT]) <= perhaps, source


def test_tasks_have_the_names_that_a_study_gives_them() -> None:
    """Else nothing would ever be compared."""
    assert set(TASKS) <= set(known())


def test_the_source_is_named_beside_the_numbers() -> None:
    """Paper and place of every file."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")

    for place in ("2007.12223", "NeurIPS 2020", "Table 2", "Figure 2", "Appendix A"):
        assert place in readme
    assert all(path.name in readme for path in FOLDER.glob("*.csv"))


def test_a_folder_without_the_numbers_is_refused(tmp_path: Path) -> None:
    """By the name of the file that is not there."""
    with pytest.raises(Tampered, match="table2"):
        values(tmp_path)
