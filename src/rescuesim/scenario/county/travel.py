"""Drive times from the seat at class speeds, and how many people depend on each road for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from rescuesim.scenario.county.drafting import DRIVABLE, SPEED_KPH, Board
from rescuesim.scenario.county.geometry import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """Shortest drives from the seat.

    Parameters
    ----------
    node : int array, shape (n,)
        Nodes that can be reached and left by car.
    tree : cKDTree
        Positions of those nodes.
    time_s : float array, shape (nodes of the board,)
        Seconds from the seat; inf where there is no way.
    before : int array, shape (nodes of the board,)
        Node before each on its shortest drive; negative at the start.
    """

    node: Ints
    tree: cKDTree
    time_s: Floats
    before: Ints

    def nearest(self, xy: Floats) -> Ints:
        """Nearest connected road nodes of points: int array, shape (n,)."""
        _, k = self.tree.query(np.asarray(xy, dtype=float).reshape(-1, 2))
        return self.node[k]

    def dependents(self, xy: Floats, people: Ints) -> Floats:
        """People whose drive from the seat passes each node: float array, shape (nodes of the board,)."""
        load = np.zeros(len(self.time_s))
        np.add.at(load, self.nearest(xy), people)
        order = np.argsort(np.where(np.isfinite(self.time_s), self.time_s, -1.0), kind="stable")[::-1]
        total = load.tolist()
        before = self.before.tolist()
        for node in order.tolist():
            if before[node] >= 0:
                total[before[node]] += total[node]
        return np.array(total)


def drive_from(board: Board, start_xy: Floats) -> Drive:
    """Find the shortest drives from a point.

    Parameters
    ----------
    board : Board
        Finished drawing.
    start_xy : float array, shape (2,)
        Metres.

    Returns
    -------
    Drive
        Times and paths.
    """
    xy = board.xy()
    tail, head, owner, _ = board.segments()
    speed = np.array([SPEED_KPH.get(d.highway, 0.0) for d in board.drafts])[owner]
    oneway = np.array([d.tags.get("oneway") == "yes" for d in board.drafts])[owner]
    road = np.array([d.highway in DRIVABLE for d in board.drafts])[owner]
    time = np.hypot(*(xy[head] - xy[tail]).T) / np.maximum(speed, 1.0) * 3.6
    back = road & ~oneway
    graph = csr_matrix(
        (np.r_[time[road], time[back]], (np.r_[tail[road], head[back]], np.r_[head[road], tail[back]])),
        (len(xy), len(xy)),
    )
    _, label = connected_components(graph, directed=True, connection="strong")
    node = np.flatnonzero(label == np.bincount(label).argmax())
    tree = cKDTree(xy[node])
    start = int(node[tree.query(start_xy)[1]])
    time_s, before = (table[0] for table in dijkstra(graph, indices=[start], return_predecessors=True))
    return Drive(node=node, tree=tree, time_s=time_s, before=before.astype(np.int64))
