"""The page: words from its template, charts, and tables; it loads nothing from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tickets.audit.findings import FAULTS, REMARKS
from tickets.design import registry
from tickets.story import curves, heat_maps, points, told
from tickets.story.figure import Figure

TEMPLATE = "story.html.jinja"
VEGA = "window.vegaEmbed = vegaEmbed;"
TABLES = tuple(registry.tables())
"""What the page is made of, in the order in which its end shows them."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """All that the page tells of: tables by name, an audit's verdict, and what the study is."""

    tables: Mapping[str, pd.DataFrame]
    audit: Mapping[str, Any]
    model: str
    seeds: Sequence[int]


def figures(study: Told) -> dict[str, Figure]:
    """Every figure of the page, in its order."""
    tables, seeds = study.tables, study.seeds
    drawn = [
        heat_maps.transfer(tables["transfer"], seeds),
        curves.transfer_sweep(tables["transfer_variants"], seeds),
        points.transferability(tables["transferability"], seeds),
        curves.sweep(tables["sparsity_sweep"], seeds),
        curves.rewinding(tables["rewinding"], seeds),
        points.winning(tables["winning_tickets"], seeds),
        heat_maps.overlap(tables["mask_overlap"], seeds),
        heat_maps.layers(tables["layer_sparsity"], seeds),
    ]
    return {figure.name: figure for figure in drawn}


def html(study: Told, template: Path) -> str:
    """The page of a study; `template` is the folder of its words, its style and its script.

    The same study gives the same page to the byte.
    """
    tables = study.tables
    drawn = figures(study)
    specs = {
        f"{name}-{place}": panel.spec
        for name, figure in drawn.items()
        for place, panel in enumerate(figure.panels)
    }
    transferred = told.scores(tables["transfer"], "source", "target", "matches_full")
    full = ["full model", *told.full_models(tables["transfer"])]
    tickets = tables["winning_tickets"]
    # The full model is no ticket, though it meets the rule.
    networks = tickets[tickets["criterion"] == "within_std"].assign(
        star=tickets["wins"] & (tickets["network"] != "full")
    )
    judged = told.claims(tables["versus_paper"])
    page = Environment(
        loader=FileSystemLoader(template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(TEMPLATE)
    return page.render(
        study=study,
        figures=drawn,
        specs=_embedded(specs),
        vega=_vega(),
        sparsity=f"{100 * tables['transfer']['sparsity'].iloc[0]:g}",
        sparsest=told.sparsest(tickets),
        transferred=told.transferred(tables["transfer"]),
        many=told.many(study.seeds),
        transfer=told.Table(columns=transferred.columns, rows=[full, *transferred.rows]),
        winning=told.scores(networks, "network", "task", "star"),
        claims=judged,
        counted=told.counted(judged),
        published=told.published(tables["versus_paper"]),
        findings=told.findings(study.audit["findings"], {**FAULTS, **REMARKS}),
        tables={name: told.plain(tables[name]) for name in TABLES},
    )


def _vega() -> Markup:
    """Vega, Vega-Lite and Vega-Embed, one copy for all charts; "</script" would end its element."""
    return Markup(vl_convert.javascript_bundle(VEGA).replace("</script", "<\\/script"))


def _embedded(value: object) -> Markup:
    """JSON inside a script element: a "<" there could end it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
