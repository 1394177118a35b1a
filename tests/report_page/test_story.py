"""The page that tells a study, made of the kept study's tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import browser
from fake_metrics import state
from kept_study import STUDY
from later_tables import ANSWERABILITY, LATER, OBSTACLE
from svg_texts import texts
from tickets.design import registry
from tickets.figures import charts, curves
from tickets.report_page import page
from tickets.report_page.layout import Figure, split_chart
from tickets.report_page.summaries import STAR
from tickets.tables.cells import csv
from tickets.tables.tabulation import svg

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "workflow" / "scripts" / "story.py"
TEMPLATE = ROOT / "workflow" / "report"
TABLES = {
    name: LATER[name] if name in LATER else pd.read_csv(STUDY / "tables" / f"{name}.csv")
    for name in registry.tables()
}
AUDIT = {
    "verdict": "not clean",
    "meaning": "2 findings; docs/audit.md explains them",
    "root": "b46" + "0" * 61,
    "files": 1984,
    "masks": 589,
    "findings": {"extra-file": 2, "no-commit": 1},
}
PRETRAINING = ROOT / "resources" / "theta_0" / "validation.csv"
DATA = page.ReportData(
    tables=TABLES,
    audit=AUDIT,
    model="google/<bert>",
    seeds=(1, 2),
    pretraining=pd.read_csv(PRETRAINING),
)


def whole(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["scope"] == "all") & table["beyond_chance"].notna()]


ROWS = {
    "transfer": TABLES["transfer"],
    "transfer_sweep": TABLES["transfer_variants"].query("variant == 'sweep'"),
    "transferability": TABLES["transferability"],
    "mask_loss": TABLES["mask_loss"],
    "sparsity_sweep": TABLES["sparsity_sweep"].query("finder != 'dense'"),
    "rewinding": TABLES["rewinding"],
    "connectivity": TABLES["connectivity"],
    "freezing": TABLES["freezing"].query("finder != 'dense'"),
    "winning_tickets": TABLES["winning_tickets"].query("criterion == 'within_std'"),
    "mask_overlap": whole(TABLES["mask_overlap"]),
    "layer_sparsity": TABLES["layer_sparsity"],
}
"""What each figure shows, of the tables."""


@pytest.fixture(scope="module")
def html() -> str:
    return page.render_page(DATA, TEMPLATE)


def test_what_keeps_the_study_from_answering_comes_before_the_claims(html: str) -> None:
    """Each obstacle, and nothing about what passes; nothing at all in a study without one."""
    fine = ANSWERABILITY.assign(passes=True, obstacle=None)
    without = page.render_page(replace(DATA, tables=TABLES | {"answerability": fine}), TEMPLATE)

    assert html.index(f"<li>{OBSTACLE}</li>") < html.index('<ol class="claims">')
    assert "cannot decide" not in without


def test_a_page_has_optional_tables_if_the_study_has_them(html: str) -> None:
    """Their figures too."""
    without = {name: TABLES[name] for name in registry.select_tables()}
    short = page.render_page(replace(DATA, tables=without), TEMPLATE)

    assert "mask_loss.csv" in html
    assert '<figure id="mask_loss">' in html
    assert "mask_loss" not in short


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return page.draw_figures(DATA)


def plain(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """The rows without regard to order, numbers to four digits as in the tables."""

    def text(value: object) -> str:
        if value is None or value != value:
            return ""
        return f"{float(value):.4f}" if isinstance(value, int | float) else str(value)

    return sorted({tuple(map(text, row)) for row in rows.itertuples(index=False)})


def embedded(spec: Any) -> pd.DataFrame:
    """The rows in a chart that its points and squares are drawn from."""
    return pd.DataFrame(max(spec["datasets"].values(), key=len))


def tooltips(spec: Any) -> Iterator[list[str]]:
    """The fields of every tooltip in a chart."""
    if isinstance(spec, dict):
        if "tooltip" in spec:
            yield [each["field"] for each in spec["tooltip"]]
        for value in spec.values():
            yield from tooltips(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from tooltips(value)


@pytest.mark.parametrize("name", ROWS)
def test_charts_have_the_tables_rows(figures: dict[str, Figure], name: str) -> None:
    """All of them, with every number as in the table, and no others."""
    drawn = pd.concat([embedded(panel.spec) for panel in figures[name].panels])

    assert set(figures) == {"pretraining", *ROWS}
    assert len(ROWS[name]) > 0
    assert plain(drawn[list(ROWS[name].columns)]) == plain(ROWS[name])
    assert set(drawn["seeds"]) == {"1, 2"}


@pytest.mark.parametrize("name", ROWS)
def test_pointing_at_a_mark_tells_mean_deviation_n_and_seeds(
    figures: dict[str, Figure], name: str
) -> None:
    """Every panel has one kind of mark that can be pointed at."""
    mean = "jaccard" if name == "mask_overlap" else "mean"
    for panel in figures[name].panels:
        (fields,) = tooltips(panel.spec["layer"])
        assert {mean, "std", "n", "seeds"} <= set(fields)
        assert set(fields) <= set(embedded(panel.spec).columns)


CHARTS = {spec.picture: spec for spec in registry.tables().values() if spec.chart is not None}


@pytest.mark.parametrize("name", CHARTS)
def test_page_and_print_show_the_same(figures: dict[str, Figure], name: str) -> None:
    """A chart has its title, its panels and the names of its lines in both media; how to read it
    too, but for what print says in labels.
    """
    spec = CHARTS[name]
    assert spec.chart is not None
    printed = texts(svg(spec.chart(TABLES[spec.name])))
    figure = figures[name]
    reading = [line.replace(" Under each task: its metric, its full model's score (%).", "")
               for line in printed]  # fmt: skip

    assert {"pretraining", *CHARTS} == set(figures)
    assert {figure.title, *figure.reading} <= set(reading)
    assert set(figure.legend) <= set(printed)
    assert {panel.title for panel in figure.panels if panel.title} <= set(printed)


def test_the_legend_names_every_line_and_no_other(figures: dict[str, Figure]) -> None:
    """With the colours that the lines have."""
    columns = dict.fromkeys(("transfer_sweep", "sparsity_sweep", "rewinding"), "line")
    for name, column in {**columns, "winning_tickets": "kind"}.items():
        figure = figures[name]
        drawn = pd.concat([embedded(panel.spec) for panel in figure.panels])

        assert set(figure.legend) == set(drawn[column])
        assert len(set(figure.legend.values())) == len(figure.legend)
        for panel in figure.panels:
            (scale,) = {json.dumps(scale) for scale in scales(panel.spec["layer"])}
            assert json.loads(scale) == {
                "domain": list(figure.legend), "range": list(figure.legend.values())
            }  # fmt: skip


def scales(spec: Any) -> Iterator[Any]:
    """The scale of every colour in a chart."""
    for layer in spec:
        if "color" in layer["encoding"]:
            yield layer["encoding"]["color"]["scale"]


def test_a_study_of_one_task_has_its_rows_too() -> None:
    """Altair moves the rows of a single panel elsewhere than those of several."""
    table = TABLES["rewinding"].query("task == 'mlm'").assign(seeds="1, 2")
    (panel,) = split_chart(curves.rewinding(table, charts.PAGE)).panels

    assert panel.title == "mlm"
    assert plain(embedded(panel.spec)[list(table.columns)]) == plain(table)


class Page(HTMLParser):
    """What a page loads, and what stands under its figures."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.captions: dict[str, str] = {}
        self.figure: str | None = None
        self.in_caption = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loaded += [f"{tag} {name}" for name in ("src", "href", "data") if name in given]
        if tag == "figure":
            self.figure = given["id"]
        self.in_caption = tag == "figcaption" or (self.in_caption and tag != "figure")

    def handle_endtag(self, tag: str) -> None:
        if tag == "figcaption":
            self.in_caption = False

    def handle_data(self, data: str) -> None:
        if self.in_caption and self.figure:
            self.captions[self.figure] = self.captions.get(self.figure, "") + data


def test_every_figure_says_what_to_see(html: str) -> None:
    read = Page()
    read.feed(html)

    assert list(read.captions) == ["pretraining", *ROWS]
    assert all(
        "What to see. " in caption and len(caption) > 80 for caption in read.captions.values()
    )


def test_the_page_loads_nothing(html: str) -> None:
    """No element names another file, the page's own code asks for none, and none may be loaded."""
    read = Page()
    read.feed(html)
    own = "".join((TEMPLATE / f"story.{kind}").read_text() for kind in ("js", "css"))

    assert read.loaded == []
    assert not re.search(r"fetch|XMLHttpRequest|import|url\(|https?:", own)
    assert "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval';" in html


def test_the_page_says_what_it_stands_on(html: str) -> None:
    """Few seeds, the source of the paper's numbers, the audit's verdict and findings, stars."""
    assert "Every mean is over 2 seeds: that is few" in html
    assert "Source: Chen et al., NeurIPS 2020 (arXiv 2007.12223), Table 2" in html
    assert '<p class="word">not clean</p>' in html
    assert AUDIT["root"] in html
    assert "<td>extra-file</td><td>2</td><td>a file that no study makes</td>" in html
    assert f'<td class="star">0.0 ± 0.0 {STAR}</td>' in html
    assert all(f"{name}.csv, {len(table)} rows" in html for name, table in TABLES.items())
    assert "google/&lt;bert&gt;" in html
    assert "google/<bert>" not in html


def test_an_optional_table_may_be_missing() -> None:
    """The page then has neither its figure nor its rows, and all others."""
    tables = {name: table for name, table in TABLES.items() if name != "connectivity"}

    shown = page.render_page(replace(DATA, tables=tables), TEMPLATE)

    assert "connectivity" not in shown
    assert all(f"{name}.csv, " in shown for name in tables)


@pytest.mark.parametrize("name", ["transfer", "winning_tickets", "versus_paper"])
def test_a_study_may_do_without_a_table(name: str) -> None:
    """The page then has neither its figure nor its rows, and all others."""
    tables = {each: table for each, table in TABLES.items() if each != name}

    shown = page.render_page(replace(DATA, tables=tables), TEMPLATE)

    assert f"{name}.csv, " not in shown
    assert f'<figure id="{name}">' not in shown
    assert all(f"{each}.csv, " in shown for each in tables)


def test_a_study_of_one_table_has_its_figure_alone() -> None:
    """No heading stands without a figure, and no claim is counted."""
    one = {"mask_overlap": TABLES["mask_overlap"]}
    shown = page.render_page(replace(DATA, tables=one, pretraining=None), TEMPLATE)

    assert re.findall('<figure id="(.*)">', shown) == ["mask_overlap"]
    assert re.findall("(?m)^<h2>(.*)</h2>$", shown) == [
        "How alike are the masks?",
        "Are these the original files?",
        "The tables",
    ]
    assert re.findall("(?m)^ *<li><b>(.*)</b>", shown) == ["How sure?"]


def command(folder: Path, tables: list[Path]) -> subprocess.CompletedProcess[str]:
    verdict = folder / "verdict.json"
    verdict.write_text(json.dumps(AUDIT), encoding="utf-8")
    line = [
        *(sys.executable, SCRIPT, "--model", "google/<bert>", "--seeds", "1", "2"),
        *("--tables", *tables, "--pretraining", PRETRAINING, "--verdict", verdict),
        *("--template", TEMPLATE, "--page", folder / "story.html"),
    ]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_command_writes_the_same_page_every_time(html: str, tmp_path: Path) -> None:
    later = {name: tmp_path / f"{name}.csv" for name in LATER}
    for name, path in later.items():
        path.write_bytes(csv(LATER[name]))
        state(path)
    done = command(tmp_path, [*(STUDY / "tables").glob("*.csv"), *later.values()])

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "story.html").read_text(encoding="utf-8") == html


@browser.needed
@pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)]
)
def test_a_browser_shows_every_chart(html: str, tmp_path: Path, width: int, dark: bool) -> None:
    """Without a word to the console: at both widths, in the page's ink on either ground."""
    (tmp_path / "story.html").write_text(html, encoding="utf-8")
    found = browser.opened(tmp_path / "story.html", width, dark, "html[data-drawn]")

    assert found.console == []
    assert found.across == width
    assert len(found.charts) == html.count("data-spec=")
    assert all(100 < across <= width and down > 60 for across, down in found.charts)
    ink, other = ("#e7eaee", "#1b1f24") if dark else ("#1b1f24", "#e7eaee")
    assert f'fill="{ink}"' in found.svg
    assert other not in found.svg
