"""The drawing board: road drafts share nodes and end as one planar drawing.

A draft is a line of node numbers with OSM tags. ``finish`` welds nodes that nearly touch, joins roads where
they cross (tunnels excepted), drops doubled segments and keeps the largest connected piece plus the islands
marked as deliberate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from rescuesim.scenario.county.geometry import Floats, Ints, crossings, near_pairs

WELD_M = 9.0
RANK = {
    "trunk": 0,
    "primary": 1,
    "secondary": 2,
    "tertiary": 3,
    "unclassified": 4,
    "residential": 5,
    "service": 6,
    "track": 7,
    "footway": 8,
    "construction": 9,
}
DRIVABLE = tuple(k for k, rank in RANK.items() if rank <= 5)
SPEED_KPH = {
    "trunk": 55.0,
    "primary": 45.0,
    "secondary": 40.0,
    "tertiary": 35.0,
    "unclassified": 28.0,
    "residential": 22.0,
}


@dataclass(slots=True)
class Draft:
    """One line on the board.

    Parameters
    ----------
    nodes : list of int
        Node numbers in order.
    tags : dict
        OSM tags; ``highway`` is always present.
    part : str
        Part of the county: ``seat``, ``park``, ``town``, ``village``, ``regional``, ``island`` or ``byway``.
    """

    nodes: list[int]
    tags: dict[str, str]
    part: str

    @property
    def highway(self) -> str:
        """Class of the road."""
        return self.tags["highway"]


@dataclass(slots=True)
class Board:
    """Nodes and drafts while the county is being drawn."""

    points: list[tuple[float, float]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    def node(self, xy: Floats | tuple[float, float]) -> int:
        """Put a node on the board and return its number."""
        self.points.append((float(xy[0]), float(xy[1])))
        return len(self.points) - 1

    def draw(self, nodes: list[int], tags: dict[str, str], part: str) -> Draft:
        """Put a line on the board."""
        draft = Draft(list(nodes), dict(tags), part)
        self.drafts.append(draft)
        return draft

    def xy(self) -> Floats:
        """All nodes: float array, shape (nodes, 2), metres."""
        return np.array(self.points, dtype=float).reshape(-1, 2)

    def segments(self) -> tuple[Ints, Ints, Ints, Ints]:
        """All segments: tail node, head node, draft number, position in the draft."""
        tails: list[int] = []
        heads: list[int] = []
        owners: list[int] = []
        places: list[int] = []
        for number, draft in enumerate(self.drafts):
            tails += draft.nodes[:-1]
            heads += draft.nodes[1:]
            owners += [number] * (len(draft.nodes) - 1)
            places += range(len(draft.nodes) - 1)
        return (
            np.array(tails, dtype=np.int64),
            np.array(heads, dtype=np.int64),
            np.array(owners, dtype=np.int64),
            np.array(places, dtype=np.int64),
        )


def weld(board: Board) -> None:
    """Merge nodes closer than the welding distance (into the one drawn first)."""
    xy = board.xy()
    used = np.zeros(len(xy), dtype=bool)
    for draft in board.drafts:
        used[draft.nodes] = True
    kept = np.flatnonzero(used)
    pairs = cKDTree(xy[kept]).query_pairs(WELD_M, output_type="ndarray")
    target = list(range(len(xy)))
    for a, b in sorted((int(kept[min(p)]), int(kept[max(p)])) for p in pairs.tolist()):
        while target[a] != a:
            a = target[a]
        # Chains of near nodes must not collapse into one: only a node still in place is moved.
        if target[b] == b and np.hypot(*(xy[a] - xy[b])) < WELD_M:
            target[b] = a
    for draft in board.drafts:
        moved: list[int] = []
        for node in draft.nodes:
            while target[node] != node:
                node = target[node]
            if not moved or moved[-1] != node:
                moved.append(node)
        draft.nodes = moved
    board.drafts = [d for d in board.drafts if len(d.nodes) > 1]


def cross(board: Board) -> int:
    """Join drafts where they cross; returns the number of crossings found."""
    xy = board.xy()
    tail, head, owner, place = board.segments()
    sunk = np.array(["tunnel" in d.tags for d in board.drafts])
    keep = np.flatnonzero(~sunk[owner])
    a, b = xy[tail[keep]], xy[head[keep]]
    pairs = near_pairs(a, b, a, b)
    pairs = keep[pairs[pairs[:, 0] < pairs[:, 1]]]
    i, j = pairs.T
    apart = (tail[i] != tail[j]) & (tail[i] != head[j]) & (head[i] != tail[j]) & (head[i] != head[j])
    i, j = i[apart], j[apart]
    t, u = crossings(xy[tail[i]], xy[head[i]], xy[tail[j]], xy[head[j]])
    hit = np.flatnonzero(~np.isnan(t))
    inserts: dict[tuple[int, int], list[tuple[float, int]]] = {}
    for k in hit.tolist():
        node = _meeting_node(board, xy, (int(tail[i[k]]), int(head[i[k]])), float(t[k]),
                             (int(tail[j[k]]), int(head[j[k]])), float(u[k]))  # fmt: skip
        for segment, share in ((i[k], t[k]), (j[k], u[k])):
            if node not in (tail[segment], head[segment]):
                inserts.setdefault((int(owner[segment]), int(place[segment])), []).append((float(share), node))
    _insert(board, inserts)
    return len(hit)


def _meeting_node(board: Board, xy: Floats, first: tuple[int, int], t: float, second: tuple[int, int], u: float) -> int:
    """Node for a crossing: an end of a segment if one is near, else a new one."""
    at = xy[first[0]] + t * (xy[first[1]] - xy[first[0]])
    for node in (*first, *second):
        if np.hypot(*(xy[node] - at)) < WELD_M:
            return node
    return board.node(at)


def _insert(board: Board, inserts: dict[tuple[int, int], list[tuple[float, int]]]) -> None:
    """Insert nodes into segments, given by (draft, position) and share along the segment."""
    by_draft: dict[int, dict[int, list[int]]] = {}
    for (number, position), new in sorted(inserts.items()):
        by_draft.setdefault(number, {})[position] = [node for _, node in sorted(new)]
    for number, places in by_draft.items():
        draft = board.drafts[number]
        nodes: list[int] = []
        for position, node in enumerate(draft.nodes):
            nodes += [node, *places.get(position, [])]
        draft.nodes = [n for k, n in enumerate(nodes) if k == 0 or nodes[k - 1] != n]


def without_doubles(board: Board) -> None:
    """Keep each segment once, in the highest class that has it; cut the others there."""
    seen: set[tuple[int, int]] = set()
    out: list[Draft] = []
    order = sorted(range(len(board.drafts)), key=lambda k: (RANK[board.drafts[k].highway], k))
    for number in order:
        draft = board.drafts[number]
        run = [draft.nodes[0]]
        for a, b in zip(draft.nodes[:-1], draft.nodes[1:], strict=True):
            key = (min(a, b), max(a, b))
            if key in seen:
                if len(run) > 1:
                    out.append(Draft(run, dict(draft.tags), draft.part))
                run = [b]
            else:
                seen.add(key)
                run.append(b)
        if len(run) > 1:
            out.append(Draft(run, dict(draft.tags), draft.part))
    board.drafts = out


def largest_piece(board: Board) -> None:
    """Drop drivable drafts off the largest connected piece unless they are deliberate islands."""
    tail, head, owner, _ = board.segments()
    n = len(board.points)
    road = np.array([d.highway in DRIVABLE for d in board.drafts])[owner]
    graph = coo_matrix((np.ones(road.sum()), (tail[road], head[road])), (n, n))
    _, label = connected_components(graph, directed=False)
    main = np.bincount(label).argmax()
    board.drafts = [
        d for d in board.drafts if d.highway not in DRIVABLE or d.part == "island" or label[d.nodes[0]] == main
    ]


def prune_stubs(board: Board, *, shorter_than_m: float) -> None:
    """Take off short dead ends that crossings leave behind."""
    xy = board.xy()
    degree: dict[int, int] = {}
    for draft in board.drafts:
        for k, node in enumerate(draft.nodes):
            degree[node] = degree.get(node, 0) + (1 if k in (0, len(draft.nodes) - 1) else 2)
    for draft in board.drafts:
        if RANK[draft.highway] < 4:
            continue
        for end in (0, -1):
            step = 1 if end == 0 else -2
            nodes = draft.nodes
            if len(nodes) < 3 or degree[nodes[end]] > 1 or degree[nodes[step]] < 3:
                continue
            if np.hypot(*(xy[nodes[end]] - xy[nodes[step]])) < shorter_than_m:
                degree[nodes[step]] -= 1
                del nodes[end]


def finish(board: Board) -> None:
    """Make the drawing planar and connected.

    Parameters
    ----------
    board : Board
        Changed in place.
    """
    weld(board)
    for _ in range(3):
        if cross(board) == 0:
            break
        weld(board)
    without_doubles(board)
    prune_stubs(board, shorter_than_m=22.0)
    largest_piece(board)
