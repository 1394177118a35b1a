"""The sentences and small tables of the report's page, from hand-made tables."""

from __future__ import annotations

import pandas as pd

from paper_tables import scored
from paper_tables import study as hand_made_study
from tickets.report_page import summaries
from tickets.report_page.summaries import STAR
from tickets.tables import claims
from tickets.tables.versus_paper import versus_paper_table


def test_a_star_marks_a_winning_ticket_and_no_other() -> None:
    """One of two masks wins; the full model's scores are those of the table."""
    table = pd.DataFrame(
        {
            "source": ["pair", "mlm"], "target": "pair", "metric": "accuracy",
            "mean": [90.04, 80.0], "std": [1.0, float("nan")], "matches_full": [True, False],
            "full_mean": 91.0, "full_std": 2.0,
        }
    )  # fmt: skip
    square = summaries.tabulate_transfer(table)

    assert square.columns == ["", "pair\naccuracy"]
    assert square.rows == [
        ["full model", "91.0 ± 2.0"], ["pair", f"90.0 ± 1.0 {STAR}"], ["mlm", "80.0"]
    ]  # fmt: skip


def test_the_papers_claims_come_with_all_their_statements() -> None:
    """As they were judged, each on its own, whatever brackets their tests have."""
    study = hand_made_study()
    judged = claims.claims(scored(study, seeds=3))
    read = summaries.read_claims(
        versus_paper_table([], study.winning_tickets, study.transfer, judged)
    )

    assert [claim.verdict for claim in read] == [str(claim.verdict) for claim in judged]
    assert [claim.parts for claim in read] == [
        [f"{part.proposition}: {part.verdict} ({part.test})" for part in claim.parts]
        for claim in judged
    ]


def test_what_was_found_is_counted() -> None:
    """From hand-made rows: two of three tasks win, at 60 and 90 %; one of two others transfers."""
    winning = pd.DataFrame(
        {"task": ["a", "b", "c"], "criterion": "within_std", "sparsity": [90, 60, 0]}
    )
    transfer = pd.DataFrame(
        {
            "source": ["a", "a", "b", "b", "random"], "target": ["a", "b", "a", "b", "a"],
            "sparsity": 0.7, "matches_full": [True, True, False, False, True],
        }
    )  # fmt: skip

    assert summaries.describe_winning_sparsities(winning) == (
        "2 of 3 tasks have a winning ticket: the least that can go is 60 % of the weights (b), the "
        "most 90 % (a)."
    )
    tied = pd.concat([winning, winning.iloc[:1].assign(task="d")])
    assert summaries.describe_winning_sparsities(tied).endswith("the most 90 % (a, d).")
    assert (
        summaries.describe_winning_sparsities(winning.iloc[2:])
        == "No task has a winning ticket here."
    )
    assert summaries.describe_transfer(transfer) == (
        "At 70 % pruned, 1 of 2 masks are winning tickets on the task they were found on, and 1 of "
        "2 on another one."
    )
    assert summaries.describe_seeds(range(5)) == "Every mean is over 5 seeds."
