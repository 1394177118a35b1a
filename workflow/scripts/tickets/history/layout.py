"""Where the picture of an ancestry has its boxes and lines, in points from its left upper corner.

Boxes stand in lanes by kind and rows by round. Lines run in the gaps between lanes and the gutters
between rows, each box's on a track of its own, so that none crosses a box or lies upon another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import PurePosixPath

from tickets.history.ancestry import Ancestor, Ancestry, printable

LANES = (
    ("", "language"),
    ("data", "pretrained"),
    ("weights", "model"),
    ("encoded",),
    ("tickets",),
    ("trained",),
    ("masks",),
    ("predictions",),
    ("metrics",),
    ("tables", "figures"),
)
"""The folders of a study from left to right: files are mostly made from some further left."""

HEIGHT, APART = 36.0, 10.0
"""Of a box, and between two boxes."""

CHARACTER, PADDING, NARROWEST = 6.0, 18.0, 80.0
"""Width of a character, of both margins of a box's text, and of the narrowest box."""

TRACK, MARGIN, HEADER = 6.0, 14.0, 26.0
"""Distance of lines, their distance from boxes, and the height of the lanes' names."""

LONGEST = 34
"""Characters of a box's name."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Box:
    """Files that the same files were made from; lane, row and place among the boxes there."""

    files: tuple[Ancestor, ...]
    lane: int
    row: int
    step: int

    @property
    def name(self) -> str:
        """The ends of its files' paths."""
        first, *others = (printable(_ends(each.place)) for each in self.files)
        names = ", ".join([first, *(each.rpartition("/")[2] for each in others)])
        if len(names) <= LONGEST:
            return names
        more = f" and {len(others)} more" if others else ""
        room = LONGEST - len(more)
        return f"{first if len(first) <= room else first[: room - 1] + '…'}{more}"

    @property
    def digest(self) -> str:
        """The first digits of its files' digests, of three at most."""
        return ", ".join(each.digest[:8] for each in self.files[:3])

    @property
    def level(self) -> float:
        """Row and step as one number; the gutter below a row is half a row further down."""
        return self.row + self.step / 1_000_000


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A box's edges."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def across(self) -> float:
        """Its middle, from the left."""
        return (self.left + self.right) / 2

    @property
    def down(self) -> float:
        """Its middle, from the top."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Boxes with their frames, lines by the numbers of two boxes, and the left edges of lanes."""

    boxes: Sequence[Box]
    frames: Sequence[Frame]
    lines: Mapping[tuple[int, int], Sequence[Point]]
    lanes: Sequence[float]
    width: float
    height: float


def layout(ancestry: Ancestry) -> Layout:
    """Where everything stands."""
    boxes, links = _boxes(ancestry)
    roads = _Roads(boxes, links)
    lanes = range(1 + max(box.lane for box in boxes))
    rows = range(1 + max(box.row for box in boxes))
    widths = [max(_width(box) for box in boxes if box.lane == lane) for lane in lanes]
    heights = [max(_depth(box) for box in boxes if box.row == row) for row in rows]
    lefts = [0.0]
    for width, gap in zip(widths, roads.gaps[1:], strict=True):
        lefts.append(lefts[-1] + width + gap.room)
    tops = [HEADER]
    for height, gutter in zip(heights, roads.gutters, strict=True):
        tops.append(tops[-1] + height + gutter.room)
    first = roads.gaps[0].room if roads.gaps[0].used else 0.0
    frames = [
        Frame(
            left=first + lefts[box.lane],
            right=first + lefts[box.lane] + widths[box.lane],
            top=tops[box.row] + _depth(box) - HEIGHT,
            bottom=tops[box.row] + _depth(box),
        )
        for box in boxes
    ]
    gaps = [first + left - gap.room for left, gap in zip(lefts, roads.gaps, strict=True)]
    gutters = [top - gutter.room for top, gutter in zip(tops[1:], roads.gutters, strict=True)]
    return Layout(
        boxes=boxes,
        frames=frames,
        lines=roads.lines(frames, gaps, gutters),
        lanes=[first + left for left in lefts[:-1]],
        width=first + lefts[-1],
        height=tops[-1],
    )


class _Tracks:
    """The room between two lanes or rows, in which every owner has one straight line."""

    def __init__(self) -> None:
        self._extents: dict[int, tuple[float, float]] = {}

    def ask(self, owner: int, *ends: float) -> None:
        """The owner's line has to go as far as `ends`."""
        known = self._extents.get(owner, (math.inf, -math.inf))
        self._extents[owner] = min(*ends, known[0]), max(*ends, known[1])

    @property
    def used(self) -> bool:
        return bool(self._extents)

    @property
    def room(self) -> float:
        """How wide it is."""
        return 2 * MARGIN + TRACK * max(self._tracks.values(), default=0)

    def at(self, owner: int) -> float:
        """How far from its left or upper edge the owner's line is."""
        return MARGIN + TRACK * self._tracks[owner]

    @cached_property
    def _tracks(self) -> dict[int, int]:
        """Each owner's track: lines share one where neither reaches the other."""
        ends: list[float] = []
        found: dict[int, int] = {}
        for owner, (low, high) in sorted(self._extents.items(), key=lambda each: each[1]):
            found[owner] = next((n for n, end in enumerate(ends) if end < low), len(ends))
            ends[found[owner] : found[owner] + 1] = [high]
        return found


class _Roads:
    """The lines between boxes: which gaps and gutters they take, and then their points."""

    def __init__(self, boxes: Sequence[Box], links: Sequence[tuple[int, int]]) -> None:
        self._boxes, self._links = boxes, links
        self._depths: dict[tuple[int, int], int] = defaultdict(int)
        for box in boxes:
            self._depths[box.lane, box.row] = max(self._depths[box.lane, box.row], box.step)
        self.gaps = [_Tracks() for _ in range(2 + max(box.lane for box in boxes))]
        self.gutters = [_Tracks() for _ in range(1 + max(box.row for box in boxes))]
        for number, child in links:
            self._reserve(number, boxes[number], boxes[child])

    def lines(
        self, frames: Sequence[Frame], gaps: Sequence[float], gutters: Sequence[float]
    ) -> dict[tuple[int, int], list[Point]]:
        """The points of each link, where `gaps` and `gutters` begin there."""
        ports = self._ports()
        found: dict[tuple[int, int], list[Point]] = {}
        for number, child in self._links:
            one, other = self._boxes[number], self._boxes[child]
            start, end = frames[number], frames[child]
            if _beside(one, other):
                found[number, child] = [(start.right, start.down), (end.left, end.down)]
                continue
            if self._above(one, other):
                found[number, child] = [(start.across, start.bottom), (end.across, end.top)]
                continue
            arrival = gaps[other.lane] + self.gaps[other.lane].at(number)
            port = end.top + HEIGHT * ports[number, child]
            points = [(arrival, port), (end.left, port)]
            if other.lane == one.lane + 1:
                points = [(start.right, start.down), (arrival, start.down), *points]
            else:
                gutter = gutters[one.row] + self.gutters[one.row].at(number)
                points = [(arrival, gutter), *points]
                if self._down(one, other):
                    points = [(start.across, start.bottom), (start.across, gutter), *points]
                else:
                    leave = gaps[one.lane + 1] + self.gaps[one.lane + 1].at(number)
                    points = [
                        (start.right, start.down),
                        (leave, start.down),
                        (leave, gutter),
                        *points,
                    ]
            found[number, child] = points
        return found

    def _reserve(self, number: int, one: Box, other: Box) -> None:
        if _beside(one, other) or self._above(one, other):
            return
        if other.lane == one.lane + 1:
            self.gaps[other.lane].ask(number, one.level, other.level)
            return
        below = one.row + 0.5
        self.gaps[other.lane].ask(number, below, other.level)
        if self._down(one, other):
            self.gutters[one.row].ask(number, one.lane, other.lane - 0.5)
        else:
            self.gutters[one.row].ask(number, one.lane + 0.5, other.lane - 0.5)
            self.gaps[one.lane + 1].ask(number, one.level, below)

    def _above(self, one: Box, other: Box) -> bool:
        """Whether the one stands right above the other."""
        near = (one.lane, one.row + 1) == (other.lane, other.row)
        return near and self._lowest(one) and other.step == 0

    def _down(self, one: Box, other: Box) -> bool:
        """Whether a line leaves at the bottom: one that goes back, where nothing is in its way."""
        return other.lane <= one.lane and self._lowest(one)

    def _lowest(self, box: Box) -> bool:
        return self._depths[box.lane, box.row] == box.step

    def _ports(self) -> dict[tuple[int, int], float]:
        """Where lines arrive, as a share of the child's height: the nearest track on top.

        The middle is left to the box beside it, from whose middle all its lines leave.
        """
        arriving: dict[int, list[int]] = defaultdict(list)
        for number, child in self._links:
            one, other = self._boxes[number], self._boxes[child]
            if not _beside(one, other) and not self._above(one, other):
                arriving[child].append(number)
        found: dict[tuple[int, int], float] = {}
        for child, numbers in arriving.items():
            tracks = self.gaps[self._boxes[child].lane]
            parts = len(numbers) + 1 + len(numbers) % 2
            for place, number in enumerate(sorted(numbers, key=tracks.at, reverse=True), 1):
                found[number, child] = place / parts
        return found


def _beside(one: Box, other: Box) -> bool:
    """Whether the other is the next to the right of the one."""
    return (one.lane + 1, one.level) == (other.lane, other.level)


def _boxes(ancestry: Ancestry) -> tuple[list[Box], list[tuple[int, int]]]:
    """The boxes and, by their numbers, which one was made from which."""
    whole = ancestry.ancestors
    children: dict[str, set[str]] = defaultdict(set)
    for key, ancestor in whole.items():
        for _, parent in ancestor.parents:
            children[parent].add(key)
    used = [lane for lane in LANES if any(each.kind in lane for each in whole.values())]
    lane_of = {kind: number for number, kinds in enumerate(used) for kind in kinds}
    lanes = {key: lane_of.get(each.kind, 0) for key, each in whole.items()}
    rows: dict[str, int] = {}
    graph = {key: [parent for _, parent in each.parents] for key, each in whole.items()}
    for key in TopologicalSorter(graph).static_order():
        after = (rows[each] + (lanes[each] >= lanes[key]) for each in graph[key])
        rows[key] = max(after, default=0)
    alike: dict[object, list[str]] = defaultdict(list)
    for key, each in whole.items():
        folder = each.place.rpartition("/")[0]
        same = (folder, lanes[key], rows[key], each.state, each.problem)
        alike[same, frozenset(children[key])].append(key)
    steps: dict[tuple[int, int], int] = defaultdict(int)
    numbers: dict[str, int] = {}
    boxes: list[Box] = []
    for keys in alike.values():
        numbers |= dict.fromkeys(keys, len(boxes))
        lane, row = lanes[keys[0]], rows[keys[0]]
        files = tuple(whole[key] for key in keys)
        boxes.append(Box(files=files, lane=lane, row=row, step=steps[lane, row]))
        steps[lane, row] += 1
    links = {(numbers[parent], numbers[key]) for key in whole for parent in graph[key]}
    return boxes, sorted(links)


def _width(box: Box) -> float:
    return max(NARROWEST, PADDING + CHARACTER * max(len(box.name), len(box.digest)))


def _depth(box: Box) -> float:
    """How far a box's bottom is below the top of its row."""
    return box.step * (HEIGHT + APART) + HEIGHT


def _ends(place: str) -> str:
    """The end of a path that tells its file from others of its kind."""
    if "/" not in place:
        return place
    end = "/".join(PurePosixPath(place).with_suffix("").parts[1:][-2:])
    return end.removesuffix("-00000-of-00001")
