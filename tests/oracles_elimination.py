"""The game of elimination, played slowly on sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def upper_neighbours(n_nodes: int, arcs: Iterable[tuple[int, int]], order: Sequence[int]) -> dict[int, set[int]]:
    """Eliminate node after node, joining its later neighbours; return, by node, the neighbours that come later."""
    near: dict[int, set[int]] = {node: set() for node in range(n_nodes)}
    for tail, head in arcs:
        if tail != head:
            near[tail].add(head)
            near[head].add(tail)
    later: dict[int, set[int]] = {}
    for node in order:
        later[node] = near.pop(node)
        for other in later[node]:
            near[other] |= later[node] - {other}
            near[other].discard(node)
    return later
