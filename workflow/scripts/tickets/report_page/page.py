"""The report's page: a template filled with charts, sentences and tables; it loads nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tickets.audit.findings import FAULTS, REMARKS
from tickets.design import registry
from tickets.figures.charts import PAGE
from tickets.figures.pretraining import pretraining
from tickets.methods import NETWORKS
from tickets.report_page import summaries
from tickets.report_page.layout import Figure, split_chart

TEMPLATE = "story.html.jinja"
VEGA = "window.vegaEmbed = vegaEmbed;"
SUMMARIES: Mapping[str, tuple[str, Callable[[pd.DataFrame], Any]]] = {
    "winning_sparsities": ("winning_sparsities", summaries.describe_winning_sparsities),
    "transferred": ("transfer", summaries.describe_transfer),
    "transfer": ("transfer", summaries.tabulate_transfer),
    "networks": ("winning_tickets", summaries.tabulate_networks),
    "claims": ("versus_paper", summaries.read_claims),
    "verdicts": ("versus_paper", summaries.count_verdicts),
    "published": ("versus_paper", summaries.select_published),
    "obstacles": ("answerability", summaries.list_obstacles),
}
"""The page's summaries by their names in the template: a table, and what summarises it."""


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """The tables that a study has, by name, its audit's verdict, its model and its seeds.

    pretraining: what the model's pre-training was like on held-out text, if the study did that.
    """

    tables: Mapping[str, pd.DataFrame]
    audit: Mapping[str, Any]
    model: str
    seeds: Sequence[int]
    pretraining: pd.DataFrame | None = None


def draw_figures(study: ReportData) -> dict[str, Figure]:
    """The figure of every table that the study has, by its name, and that of its pre-training.

    Two columns are added for tooltips: the study's seeds, and the explanation of a network.
    """
    seeds = ", ".join(map(str, study.seeds))
    tables = {name: table.assign(seeds=seeds) for name, table in study.tables.items()}
    if (tickets := tables.get("winning_tickets")) is not None:
        tickets["meaning"] = tickets["network"].map(NETWORKS)
    charts = {
        spec.picture: spec.chart(tables[name], PAGE)
        for name, spec in registry.tables().items()
        if spec.chart is not None and name in tables
    }
    if study.pretraining is not None:
        charts["pretraining"] = pretraining(study.pretraining, PAGE)
    return {name: split_chart(chart) for name, chart in charts.items()}


def render_page(study: ReportData, template: Path) -> str:
    """The page of a study; `template` is the folder with the template, its style and its script.

    Equal studies give equal pages, byte for byte.
    """
    tables = study.tables
    figures = draw_figures(study)
    specs = {
        f"{name}-{place}": panel.spec
        for name, figure in figures.items()
        for place, panel in enumerate(figure.panels)
    }
    parts = {
        name: summarise(tables[table]) if table in tables else None
        for name, (table, summarise) in SUMMARIES.items()
    }
    page = Environment(
        loader=FileSystemLoader(template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(TEMPLATE)
    return page.render(
        study=study,
        figures=figures,
        specs=_embed_json(specs),
        vega=_embed_vega(),
        seeds=summaries.describe_seeds(study.seeds),
        **parts,
        findings=summaries.tabulate_findings(study.audit["findings"], {**FAULTS, **REMARKS}),
        tables={
            name: summaries.format_table(tables[name])
            for name in registry.tables()
            if name in tables
        },
    )


@cache
def _embed_vega() -> Markup:
    """Vega, Vega-Lite and Vega-Embed, with "</script" escaped, which would end the element."""
    return Markup(vl_convert.javascript_bundle(VEGA).replace("</script", "<\\/script"))


def _embed_json(value: object) -> Markup:
    """JSON for a script element, with "<" escaped, which could end it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
