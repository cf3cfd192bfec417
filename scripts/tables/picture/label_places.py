"""Find places for labels beside their markers, where they overlap nothing."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

_DISTANCES = (9, 16, 26, 40, 54, 70)
"""From the middle of a marker to its label, in points; the nearest that is free is best."""
_DIRECTIONS = (
    (1, 0),
    (-1, 0),
    (0, 1),
    (0, -1),
    (0.3, 1),
    (0.3, -1),
    (-0.3, 1),
    (-0.3, -1),
    (0.8, 1),
    (0.8, -1),
    (-0.8, 1),
    (-0.8, -1),
)
_NUM_ORDERS = 200
"""In which labels are placed one after the other; the order that leaves them nearest to their markers is taken."""
_GAP_DOTS = 3


@dataclass(frozen=True)
class Box:
    """A rectangle, in dots."""

    x0: float
    y0: float
    x1: float
    y1: float

    def overlaps(self, other: "Box", gap: float = 0) -> bool:
        """Return whether two boxes overlap, or are nearer than a gap."""
        is_beside = self.x1 + gap <= other.x0 or other.x1 + gap <= self.x0
        return not (is_beside or self.y1 + gap <= other.y0 or other.y1 + gap <= self.y0)

    def holds(self, other: "Box") -> bool:
        """Return whether another box is inside."""
        return self.x0 <= other.x0 and other.x1 <= self.x1 and self.y0 <= other.y0 and other.y1 <= self.y1

    def measure_distance(self, x: float, y: float) -> float:
        """Return how far a point is from the box, 0 inside."""
        return math.hypot(max(self.x0 - x, 0, x - self.x1), max(self.y0 - y, 0, y - self.y1))


@dataclass(frozen=True)
class Label:
    """A label's size, and the middle of its marker, in dots."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Place:
    """Where a label stands: its offset from its marker in points, towards which it is aligned."""

    right: float
    up: float


PLACES = [Place(distance * x, distance * y) for distance in _DISTANCES for x, y in _DIRECTIONS]
_COSTS = {place: number**2 for number, place in enumerate(PLACES)}
"""Of a place: the later it is tried, the worse it is; the last one stands for none, too."""


def place_labels(labels: Sequence[Label], taken: Sequence[Box], inside: Box, dots_per_point: float) -> list[Place]:
    """Return a place for each label: inside, clear of what is taken and of each other, nearest to its own marker.

    In a crowd, a label may stand nearer to another marker; one that is nowhere clear gets the last place tried.
    """
    draw = random.Random(0)
    orders = [list(range(len(labels)))] + [draw.sample(range(len(labels)), len(labels)) for _ in range(_NUM_ORDERS)]
    choices = [_list_choices(labels, index, inside, dots_per_point) for index in range(len(labels))]
    nowhere = [(PLACES[-1], find_box(label, PLACES[-1], dots_per_point)) for label in labels]
    placed = [_place_in_order(order, choices, nowhere, taken) for order in orders]
    best = min(placed, key=lambda places: sum(_COSTS[place] for place in places.values()))
    return [best[index] for index in range(len(labels))]


def _list_choices(labels: Sequence[Label], index: int, inside: Box, dots_per_point: float) -> list[tuple[Place, Box]]:
    """List the places inside for a label, the best first: those nearest to its own marker, then the others."""
    boxes = [(place, find_box(labels[index], place, dots_per_point)) for place in PLACES]
    within = [(place, box) for place, box in boxes if inside.holds(box)]
    return sorted(within, key=lambda each: not _is_nearest(each[1], labels, index))  # which keeps their order


def _place_in_order(
    order: Sequence[int],
    choices: Sequence[Sequence[tuple[Place, Box]]],
    nowhere: Sequence[tuple[Place, Box]],
    taken: Sequence[Box],
) -> dict[int, Place]:
    """Return the first free place of each label, by its index."""
    boxes, places = list(taken), {}
    for index in order:
        clear = (
            (place, box) for place, box in choices[index] if not any(box.overlaps(other, _GAP_DOTS) for other in boxes)
        )
        places[index], box = next(clear, nowhere[index])
        boxes.append(box)
    return places


def find_box(label: Label, place: Place, dots_per_point: float) -> Box:
    """Return where a label stands at a place: right of its marker it begins there, left of it it ends there."""
    x, y = label.x + place.right * dots_per_point, label.y + place.up * dots_per_point
    x0 = x - label.width * (0.5 if place.right == 0 else float(place.right < 0))
    y0 = y - label.height * (0.5 if place.up == 0 else float(place.up < 0))
    return Box(x0, y0, x0 + label.width, y0 + label.height)


def _is_nearest(box: Box, labels: Sequence[Label], index: int) -> bool:
    """Return whether no marker is nearer to a box than that of the label itself, by more than a dot."""
    own = box.measure_distance(labels[index].x, labels[index].y)
    return own <= min(box.measure_distance(each.x, each.y) for each in labels) + 1
