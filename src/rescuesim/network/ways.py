"""Ways: roads as they were drawn, before they are cut at junctions; what every reader of a file makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError

__all__ = ["EARTH_RADIUS_M", "PER_WAY", "Ways", "great_circle_m", "joined", "kept_ways", "measured"]

EARTH_RADIUS_M = 6_371_009.0  # mean radius, as OSMnx takes it


def great_circle_m(
    lon: NDArray[np.float64], lat: NDArray[np.float64], to_lon: NDArray[np.float64], to_lat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return great-circle distances in metres between places in degrees; arrays of one shape.

    Examples
    --------
    >>> great_circle_m(np.array([0.0]), np.array([0.0]), np.array([1.0]), np.array([0.0])).round(1).tolist()
    [111195.1]
    """
    half_lat, half_lon = np.radians(to_lat - lat) / 2, np.radians(to_lon - lon) / 2
    h = np.sin(half_lat) ** 2 + np.cos(np.radians(lat)) * np.cos(np.radians(to_lat)) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Lines over shared nodes with what is known of each, as arrays.

    Two ways meet where they share a node, and nowhere else: a bridge over a road shares none with it.

    Parameters
    ----------
    node_id : ndarray of int64, shape (n_nodes,), ascending
    lon, lat : ndarray of float64, shape (n_nodes,)
        WGS84 degrees.
    signal : ndarray of bool, shape (n_nodes,)
        Whether traffic signals stand at the node.
    junction : ndarray of bool, shape (n_nodes,)
        Nodes that stay junctions whatever meets there, as in a graph that was simplified elsewhere.
    way_id : ndarray of int64, shape (n_ways,)
        As in the source, not necessarily distinct.
    first : ndarray of int64, shape (n_ways + 1,)
        Way w runs over ``at[first[w]:first[w + 1]]``, two nodes or more.
    at : ndarray of int64, shape (n_refs,)
        Indices of nodes.
    step_m : ndarray of float64, shape (n_refs,)
        Metres to the next node of the way; 0 at its last.
    oneway : ndarray of bool, shape (n_ways,)
        Driven only in the order of its nodes; a way that is tagged against it is stored reversed.
    road_class : ndarray of str, shape (n_ways,)
        Value of ``highway``.
    maxspeed_kph, width_m, max_weight_t, lanes : ndarray of float64, shape (n_ways,)
        NaN where not stated.
    name, surface : ndarray of str, shape (n_ways,)
        Empty where not stated.
    bridge, tunnel : ndarray of bool, shape (n_ways,)
    source : str
        File that messages name.
    notes : tuple of str
        What was done to read them.
    """

    node_id: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    signal: NDArray[np.bool_]
    junction: NDArray[np.bool_]
    way_id: NDArray[np.int64]
    first: NDArray[np.int64]
    at: NDArray[np.int64]
    step_m: NDArray[np.float64]
    oneway: NDArray[np.bool_]
    road_class: NDArray[np.str_]
    maxspeed_kph: NDArray[np.float64]
    width_m: NDArray[np.float64]
    max_weight_t: NDArray[np.float64]
    lanes: NDArray[np.float64]
    name: NDArray[np.str_]
    surface: NDArray[np.str_]
    bridge: NDArray[np.bool_]
    tunnel: NDArray[np.bool_]
    source: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.n_ways and int(np.diff(self.first).min()) < 2:
            raise InputError(f"{self.source}: a way of one node: expected two or more")
        if not (np.isfinite(self.lon).all() and np.isfinite(self.lat).all()):
            raise InputError(f"{self.source}: a node without a place: expected finite degrees")
        if not (np.isfinite(self.step_m).all() and (self.step_m >= 0).all()):
            raise InputError(f"{self.source}: a length that is negative or not finite: expected metres of 0 or more")

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def n_ways(self) -> int:
        """Number of ways."""
        return len(self.way_id)

    @property
    def way_of(self) -> NDArray[np.int64]:
        """Way of each entry of ``at``; int64, shape (n_refs,)."""
        return np.repeat(np.arange(self.n_ways), np.diff(self.first))

    @property
    def is_last(self) -> NDArray[np.bool_]:
        """Whether an entry of ``at`` ends its way; bool, shape (n_refs,)."""
        last = np.zeros(len(self.at), dtype=np.bool_)
        last[self.first[1:] - 1] = True
        return last

    def with_notes(self, *notes: str) -> Ways:
        """Return the same ways with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def measured(
    lon: NDArray[np.float64], lat: NDArray[np.float64], at: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the great-circle length of each step of ways; 0 at the last node of each."""
    metres = np.zeros(len(at))
    if len(at):
        here, there = at[:-1], at[1:]
        metres[:-1] = great_circle_m(lon[here], lat[here], lon[there], lat[there])
        metres[first[1:] - 1] = 0.0
    return metres


PER_WAY = (
    "way_id",
    "oneway",
    "road_class",
    "maxspeed_kph",
    "width_m",
    "max_weight_t",
    "lanes",
    "name",
    "surface",
    "bridge",
    "tunnel",
)


def joined(ways: Sequence[Ways]) -> Ways:
    """Put ways of several sources side by side; nodes of the same id are one node, at its first place.

    Parameters
    ----------
    ways : sequence of Ways
        At least one.

    Returns
    -------
    Ways
    """
    ids = np.concatenate([part.node_id for part in ways])
    node_id, first_seen, index = np.unique(ids, return_index=True, return_inverse=True)
    offset = np.r_[0, np.cumsum([part.n_nodes for part in ways])]
    refs = np.r_[0, np.cumsum([len(part.at) for part in ways])]
    per_way: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in ways]) for name in PER_WAY}
    signal, junction = np.zeros(len(node_id), dtype=np.bool_), np.zeros(len(node_id), dtype=np.bool_)
    np.logical_or.at(signal, index, np.concatenate([part.signal for part in ways]))
    np.logical_or.at(junction, index, np.concatenate([part.junction for part in ways]))
    return replace(
        ways[0],
        node_id=node_id,
        lon=np.concatenate([part.lon for part in ways])[first_seen],
        lat=np.concatenate([part.lat for part in ways])[first_seen],
        signal=signal,
        junction=junction,
        first=np.concatenate([[0], *(part.first[1:] + refs[i] for i, part in enumerate(ways))]),
        at=np.concatenate([index[part.at + offset[i]] for i, part in enumerate(ways)]),
        step_m=np.concatenate([part.step_m for part in ways]),
        notes=tuple(note for part in ways for note in part.notes),
        **per_way,
    )


def kept_ways(ways: Ways, keep: NDArray[np.bool_]) -> Ways:
    """Return only some of the ways, and only the nodes that they use.

    Parameters
    ----------
    ways : Ways
    keep : ndarray of bool, shape (n_ways,)
    """
    chosen = keep[ways.way_of]
    per_way: dict[str, Any] = {name: getattr(ways, name)[keep] for name in PER_WAY}
    used, at = np.unique(ways.at[chosen], return_inverse=True)
    return replace(
        ways,
        node_id=ways.node_id[used],
        lon=ways.lon[used],
        lat=ways.lat[used],
        signal=ways.signal[used],
        junction=ways.junction[used],
        first=np.r_[0, np.cumsum(np.diff(ways.first)[keep])],
        at=at,
        step_m=ways.step_m[chosen],
        **per_way,
    )
