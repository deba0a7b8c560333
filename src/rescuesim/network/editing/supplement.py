"""Adds roads that a network lacks, such as village roads that OpenStreetMap has not, and ties them to it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.coordinates.crs import metric_crs
from rescuesim.network.editing.base_steps import BaseSteps, share_along
from rescuesim.network.editing.ties import Ties, cut_at, find_ties, moved_to
from rescuesim.network.reading.crossings import find_crossings, metric_places, steps_of
from rescuesim.network.ways import Ways, joined, kept_ways

__all__ = ["with_supplement"]

_NAMED = 5


def with_supplement(ways: Ways, extra: Ways, *, snap_m: float | None = None) -> Ways:
    """Add roads to a network.

    The ends of the added roads are tied to the base: to the nearest place on a road within ``snap_m``, where
    that road is cut by a new node unless it has one there (within ``supplement.node_m``). So are vertices between
    their ends that lie on a node of the base. The lengths of a road of the base that is cut add up exactly as
    before. Motorways, bridges and tunnels are not cut: a road that ends beside one does not open into it.

    A road that runs along a road of the base (within ``supplement.duplicate_m`` over
    ``supplement.duplicate_share`` of its length, in either direction) is that road, surveyed twice. It is left
    out and counted: it would shorten no time, but count as a second road that may stand when the first is cut.
    Motorways are not compared.

    Parameters
    ----------
    ways : Ways
        The base.
    extra : Ways
        Roads to be added, as ``ways_from_lines`` makes them.
    snap_m : float, optional
        Metres; default ``supplement.snap_m``.

    Returns
    -------
    Ways
        Ways of the base first, in their order, then the added ones, whose numbers are made negative; so are
        those of all new nodes. Notes say what was tied, what was left out, and what stays apart.

    Raises
    ------
    InputError
        If no added road comes near the base, or ``snap_m`` is no distance.

    Examples
    --------
    >>> import geopandas, shapely
    >>> from rescuesim.network.reading.lines import ways_from_lines
    >>> def road(*places):
    ...     lines = [shapely.LineString(places)]
    ...     return ways_from_lines(geopandas.GeoDataFrame({"highway": ["tertiary"]}, geometry=lines, crs="EPSG:4326"))
    >>> base, village = road((119.30, 28.70), (119.32, 28.70)), road((119.31, 28.70005), (119.31, 28.71))
    >>> both = with_supplement(base, village)
    >>> both.n_ways, both.n_nodes, both.node_id.tolist()
    (2, 4, [-3, -1, 1, 2])
    """
    snap_m = default("supplement.snap_m").number if snap_m is None else snap_m
    if isinstance(snap_m, bool) or not (math.isfinite(snap_m) and snap_m >= 0):
        raise InputError(f"snap_m {snap_m!r}: expected metres of 0 or more")
    if not (ways.n_ways and extra.n_ways):
        empty = extra if ways.n_ways else ways
        raise InputError(f"{empty.source}: no roads: expected at least one in the base and in what is added")
    crs = metric_crs(extra.lon, extra.lat)
    base = BaseSteps.near(ways, extra, crs, by_m=max(snap_m, default("supplement.duplicate_m").number))
    new, ends, notes = _without_duplicates(base, extra, crs)
    if new.n_ways == 0:
        return ways.with_notes(*extra.notes, *notes)
    ties = find_ties(base, new, ends, crs, snap_m=snap_m)
    if not (ties.node >= 0).any():
        raise InputError(_nothing_near(ways, new, crs, snap_m))
    cut, node = cut_at(ways, ties)
    added = moved_to(cut, new, np.where(ties.node >= 0, node, -1))
    if short := new.n_ways - added.n_ways:
        en = f"{_name(new)}: {short} roads with both ends at one place of the network, left out"
        notes.append(Note(en, f"{_name(new)}：{short} 条道路两端位于路网同一处，未加入"))
    if added.n_ways == 0:
        return ways.with_notes(*extra.notes, *notes)
    both = joined([cut, added])
    return both.with_notes(*notes, *_what_was_added(both, ways, new, added, ties, snap_m))


def _name(ways: Ways) -> str:
    return Path(ways.source).name


def _without_duplicates(base: BaseSteps, extra: Ways, crs: str) -> tuple[Ways, NDArray[np.bool_], list[str]]:
    """Leave out added roads that are roads of the base.

    Returns
    -------
    Ways
    ndarray of bool, shape (n_nodes,)
        Nodes where the rest is to be tied to the base: ends, and nodes where a road that was left out met it.
    list of str
        What was done.
    """
    share, oneway = share_along(base, extra, crs)
    twice = share >= default("supplement.duplicate_share").number
    notes: list[str] = []
    length_m = np.add.reduceat(extra.step_m, extra.first[:-1])
    within = f"{default('supplement.duplicate_m').number:g}"
    if twice.any():
        km = float(length_m[twice].sum()) / 1000
        en = f"{_name(extra)}: {int(twice.sum())} roads ({km:.1f} km) run along roads of the base, left out"
        zh = f"{_name(extra)}：{int(twice.sum())} 条道路（{km:.1f} 公里）与原路网重合，未加入"
        if against := int((twice & oneway & ~extra.oneway).sum()):
            en += f"; {against} of them are two-way along a one-way road, whose direction holds"
            zh += f"；其中 {against} 条为双向而原路网为单行，以原路网为准"
        notes.append(Note(en, zh))
    if partly := int(((share >= 0.2) & ~twice).sum()):
        notes.append(
            Note(
                f"{_name(extra)}: {partly} roads run within {within} m of the base over 20 % of their length or more, "
                "added whole",
                f"{_name(extra)}：{partly} 条道路有 20% 以上长度距原路网不足 {within} 米，整条加入",
            )
        )
    is_end = np.zeros(extra.n_nodes, dtype=np.bool_)
    is_end[extra.at[np.r_[extra.first[:-1], extra.first[1:] - 1]]] = True
    is_end[extra.at[twice[extra.way_of]]] = True
    new = kept_ways(extra, ~twice)
    return new, is_end[np.isin(extra.node_id, new.node_id)], notes


def _nothing_near(ways: Ways, new: Ways, crs: str, snap_m: float) -> str:
    """Say how far the nearest road is that could be joined."""
    ends = np.unique(new.at[np.r_[new.first[:-1], new.first[1:] - 1]])
    base = BaseSteps.near(ways, new, crs, by_m=math.inf)
    points = shapely.points(metric_places(new, crs=crs)[ends])
    _, away = shapely.STRtree(base.lines(base.cuttable)).query_nearest(points, return_distance=True)
    nearest = f"the nearest is {away.min():.0f} m away" if len(away) else "it has none that may be cut"
    return (
        f"{_name(new)}: no road of it ends within {snap_m:g} m of a road of {_name(ways)}, {nearest}: expected roads "
        "that join the network, and none that join only motorways, bridges or tunnels; check the coordinate "
        "systems of both, or give snap_m"
    )


def _what_was_added(both: Ways, ways: Ways, new: Ways, added: Ways, ties: Ties, snap_m: float) -> list[str]:
    source, km = _name(new), float(added.step_m.sum()) / 1000
    tied, cuts = int((ties.node >= 0).sum()), len(ties.step)
    notes: list[str] = [
        Note(
            f"{source}: {added.n_ways} roads ({km:.1f} km) added to {_name(ways)}, tied to it at {tied} places, "
            f"{cuts} of them new nodes on its roads; moved by at most {np.nanmax(ties.gap_m):.1f} m",
            f"{source}：向 {_name(ways)} 加入 {added.n_ways} 条道路（{km:.1f} 公里），{tied} 处相接，"
            f"其中 {cuts} 处在原道路上新设节点；最大移动 {np.nanmax(ties.gap_m):.1f} 米",
        )
    ]
    apart = _apart(new, ties.node >= 0)
    if apart.any():
        names = list(
            dict.fromkeys(
                name or f"way {number}" for name, number in zip(new.name[apart], new.way_id[apart], strict=True)
            )
        )
        shown = ", ".join(map(str, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")
        km = float(new.step_m[apart[new.way_of]].sum()) / 1000
        notes.append(
            Note(
                f"{source}: {int(apart.sum())} added roads ({km:.1f} km) have no end within {snap_m:g} m of the "
                f"network and stay apart from it: {shown}",
                f"{source}：{int(apart.sum())} 条加入的道路（{km:.1f} 公里）距路网超过 {snap_m:g} 米，未相接：{shown}",
            )
        )
    pairs = find_crossings(both)
    over = int(((both.way_of[pairs] >= ways.n_ways).sum(axis=1) == 1).sum()) if len(pairs) else 0
    if over:
        notes.append(
            Note(
                f"{source}: added roads cross those of {_name(ways)} at {over} places without meeting: bridges",
                f"{source}：加入的道路与 {_name(ways)} 有 {over} 处交叉而不相接，按立交处理",
            )
        )
    return notes


def _apart(new: Ways, tied: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each added road hangs together with none that is tied; bool, shape (n_ways,)."""
    step = steps_of(new)
    pairs = (new.at[step], new.at[step + 1])
    graph = coo_array((np.ones(len(step), dtype=np.int8), pairs), shape=(new.n_nodes, new.n_nodes))
    _, component = connected_components(graph, directed=False)
    reached = np.zeros(int(component.max()) + 1, dtype=np.bool_)
    reached[component[tied]] = True
    return ~reached[component[new.at[new.first[:-1]]]]
