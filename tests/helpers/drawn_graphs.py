"""The pictures of docs/architecture.md: graphs laid out by graphviz's `dot`, read back as edges."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from html import unescape

Edge = tuple[str, str]

# Colours of their own on a ground of their own: readable beside dark text and beside light.
STYLE = """<style>
  .graph > polygon { fill: #ffffff; stroke: none }
  .node path, .node polygon { fill: #eef4fb; stroke: #0072b2 }
  .edge path { stroke: #7a828a } .edge polygon { fill: #7a828a; stroke: #7a828a }
  text { fill: #1f2328 }
  @media (prefers-color-scheme: dark) {
    .graph > polygon { fill: #0d1117 }
    .node path, .node polygon { fill: #16263a; stroke: #56b4e9 }
    text { fill: #e6edf3 }
  }
</style>"""
LOOK = (
    'graph [margin=0, pad=0.2, nodesep=0.25, ranksep=0.4, bgcolor="white"]\n'
    'node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11]\n'
    "edge [arrowsize=0.6]\n"
)


def svg(boxes: Mapping[str, Iterable[str]], edges: Iterable[Edge]) -> str:
    """A picture of boxes by name, each with its lines of text, and of the arrows between them.

    Raises:
        FileNotFoundError: graphviz is not installed.
    """
    labels = {name: r"\n".join(lines) for name, lines in boxes.items()}
    nodes = [f'"{name}" [label="{label}"]' for name, label in labels.items()]
    arrows = [f'"{start}" -> "{end}"' for start, end in sorted(edges)]
    graph = "digraph {\n" + LOOK + "\n".join(nodes + arrows) + "\n}\n"
    done = subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, text=True, check=True)
    image = done.stdout[done.stdout.index("<svg") :]
    image = re.sub(r"<!--.*?-->\n?", "", image, flags=re.DOTALL)
    return re.sub(r"(<svg[^>]*>)", lambda found: f"{found[1]}\n{STYLE}", image, count=1)


def edges_of(image: str) -> set[Edge]:
    """The arrows of a picture, by the names of their boxes: dot writes them as titles."""
    titles = [unescape(title) for title in re.findall(r"<title>(.*?)</title>", image)]
    return {(start, end) for start, arrow, end in (t.partition("->") for t in titles) if arrow}
