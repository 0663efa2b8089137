"""Half-open spans of characters: containment, overlap and intersection over union."""

Span = tuple[int, int]
"""Start and end, in characters; the end is exclusive."""


def contains(outer: Span, inner: Span) -> bool:
    """Whether a span lies inside another one, which it may equal."""
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def overlaps(one: Span, other: Span) -> bool:
    """Whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]


def intersection_over_union(one: Span, other: Span) -> float:
    """Shared characters of all characters covered, 0 to 1.

    >>> intersection_over_union((0, 4), (2, 6))
    0.3333333333333333
    """
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0) / (max(one[1], other[1]) - min(one[0], other[0]) or 1)
