"""A file's ancestry as a graph for graphviz: boxes of files, arrows to what was made from them."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tickets.errors import BadInput
from tickets.history.ancestry import Ancestor, Ancestry, printable

COLOURS = {
    "data": "#009E73",
    "encoded": "#009E73",
    "weights": "#0072B2",
    "model": "#0072B2",
    "tickets": "#56B4E9",
    "trained": "#E69F00",
    "movement": "#E69F00",
    "masks": "#D55E00",
    "predictions": "#CC79A7",
    "metrics": "#CC79A7",
}
"""Some of Okabe and Ito's colours, by kind; other kinds are grey."""

FAULT, GREY = "#B00020", "#6B6B6B"
LONGEST = 34
"""The most characters in a box's name."""

_LOOK = """\
rankdir=LR; bgcolor="white"; fontname="sans-serif"; fontsize=12; labelloc=t; labeljust=l
node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11, height=0.3]
edge [arrowsize=0.6]
"""
_LEGEND = (
    "Each box: files, with their kind and the first digits of their sha256. "
    "Arrows lead to what was made from them.",
    "Dashed: deleted after use or from outside the study, known by a statement that is here. "
    "Red: not as its statement says.",
)


@dataclass(frozen=True, kw_only=True)
class Box:
    """Files in the same folder and state, from which the same files were made."""

    files: tuple[Ancestor, ...]

    @property
    def lines(self) -> list[str]:
        """Kind, names, and the first digits of up to three digests."""
        first = self.files[0]
        digests = ", ".join(each.digest[:8] for each in self.files[:3])
        return [
            first.kind or "from outside",
            self._name(),
            f"{digests} · {first.state}" if first.is_fault else digests,
        ]

    def _name(self) -> str:
        """The ends of the files' paths, shortened to `LONGEST`."""
        first, *others = (_end(each.place) for each in self.files)
        names = ", ".join([first, *(each.rpartition("/")[2] for each in others)])
        if len(names) <= LONGEST:
            return names
        more = f" and {len(others)} more" if others else ""
        room = LONGEST - len(more)
        return f"{first if len(first) <= room else first[: room - 1] + '…'}{more}"


def graph(ancestry: Ancestry) -> str:
    """The graph; equal ancestries give equal text."""
    boxes, links = group(ancestry)
    title = f"What {ancestry.ancestors[ancestry.root].place} was made from"
    lines = [f"label={_text([title, *_LEGEND], end=chr(92) + 'l')}"]
    for number, box in enumerate(boxes):
        lines.append(f"n{number} [label={_text(box.lines)}, {_style(box, is_root=number == 0)}]")
    lines += [
        f'n{parent} -> n{child} [color="{_colour(boxes[parent])}"]' for parent, child in links
    ]
    return "digraph {\n" + _LOOK + "\n".join(lines) + "\n}\n"


def svg(text: str) -> bytes:
    """Draw a graph as SVG with graphviz.

    Raises:
        BadInput: graphviz is not installed, or fails.
    """
    try:
        process = subprocess.run(
            ["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True
        )
    except FileNotFoundError:
        raise BadInput(
            "--picture: graphviz's program `dot` is not installed; install graphviz, or print the "
            "graph with --dot"
        ) from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip() or f"status {error.returncode}"
        raise BadInput(
            f"--picture: graphviz's program `dot` failed ({reason}); mend graphviz, or print the "
            "graph with --dot"
        ) from None
    return process.stdout


def group(ancestry: Ancestry) -> tuple[list[Box], list[tuple[int, int]]]:
    """The boxes, the file's own first, and the links between them: numbers of parent and child."""
    whole = ancestry.ancestors
    children: dict[str, set[str]] = defaultdict(set)
    for key, ancestor in whole.items():
        for _, parent in ancestor.parents:
            children[parent].add(key)
    groups: dict[object, list[str]] = defaultdict(list)
    for key in (ancestry.root, *(each for each in whole if each != ancestry.root)):
        each = whole[key]
        folder = each.place.rpartition("/")[0]
        same = (folder, each.kind, each.state, each.problem, key == ancestry.root)
        groups[same, frozenset(children[key])].append(key)
    numbers = {key: number for number, keys in enumerate(groups.values()) for key in keys}
    boxes = [Box(files=tuple(whole[key] for key in keys)) for keys in groups.values()]
    links = {(numbers[key], numbers[child]) for key in whole for child in children[key]}
    return boxes, sorted(links)


def _style(box: Box, *, is_root: bool) -> str:
    first, colour = box.files[0], _colour(box)
    filled = first.state == "here" or first.is_fault
    dashed = ",dashed" if first.state in ("not kept", "from outside") else ""
    return (
        f'color="{colour}", fillcolor="{colour}{"1A" if filled else "00"}", '
        f'style="rounded,filled{dashed}", penwidth={2.6 if is_root else 1.3}'
    )


def _colour(box: Box) -> str:
    first = box.files[0]
    return FAULT if first.is_fault else COLOURS.get(first.kind, GREY)


def _text(lines: Sequence[str], end: str = "\\n") -> str:
    """A label of several lines, each followed by `end`; special characters are escaped."""
    marks = {"\\": "\\\\", '"': '\\"', "&": "&amp;"}
    escaped = (printable(line).translate(str.maketrans(marks)) for line in lines)
    return '"' + "".join(f"{line}{end}" for line in escaped) + '"'


def _end(place: str) -> str:
    """The end of a path that distinguishes its file from others of its kind."""
    if "/" not in place:
        return place
    end = "/".join(PurePosixPath(place).with_suffix("").parts[1:][-2:])
    return end.removesuffix("-00000-of-00001")
