"""critical_roads: how many people lose cover when a road closes, for every road (R50, R59)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.siting.limits import pair_limits
from rescuesim.siting.road_losses import RoadLosses, road_losses
from rescuesim.standard import ResponseStandard
from rescuesim.travel import travel_times
from rescuesim.travel.trees import TreeEngine, compiled_trees

if TYPE_CHECKING:
    import geopandas

__all__ = ["critical_roads"]


def critical_roads(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    *,
    opened: Iterable[str] | None = None,
    snap_limit_m: float | None = None,
    engine: TreeEngine = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> geopandas.GeoDataFrame:
    """Close every road alone and count the people who lose cover (断一条路, 多少人失去覆盖).

    A road closes whole, from junction to junction, in both directions. Points on it are lost, sites on it cannot be
    left. Loss is what `covered_points` counts on intact roads less what it counts with the road closed, on the times
    of `travel_times`: access legs, start-up loss and second units are in it, and it agrees to the person.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    standard : ResponseStandard
    opened : iterable of str, optional
        Ids of the open sites, such as `Plan.opened`; the existing ones if absent, as in `Plan.today`.
    snap_limit_m : float, optional
        As in `travel_times`.
    engine : {'auto', 'scipy'}, optional
        Compiled kernels, or the slower reference, which gives the same losses and serves where numba is absent.
    progress : callable, optional
        Called with the steps done and in all.

    Returns
    -------
    GeoDataFrame
        One row for each road of the network, in EPSG:4326, the worst first, roads of equal loss by index:

        - ``road`` (index in the network), ``rank`` (from 1), ``name``, ``road_class``, ``bridge``, ``tunnel``,
          ``length_m``;
        - ``people_lost``, ``points_lost``: who is covered on intact roads and not with this one closed;
        - ``share_lost``: of ``people_covered``, those covered on intact roads (the same number in each row);
        - ``people_lost_on_road``: the part that lives on the road itself;
        - ``people_lost_<zone>`` for each zone of the standard;
        - ``most_people_lost``: names of the lost points with the most people, as many as
          ``critical_roads.points_named``;
        - ``sites_on_road``: ids of open sites that the closure locks in.

        ``attrs["notes"]`` says what was counted and what was not.

    Raises
    ------
    InputError
        If no site is open, there is no such engine, or points have no positions.
    UnknownIdError
        If an opened id is not among the sites.

    See Also
    --------
    rescuesim.travel_times : With ``states=``, the times with any roads closed.
    rescuesim.point_coverage : Why a point is not covered.

    Notes
    -----
    Two roads that stand in for each other may each lose nobody and together many: the losses are those of single
    closures and do not add up. The result is not an artefact of its own because planners take it straight to a map:
    all that belongs to a road stands in its row, also after the frame was filtered or written to a file.

    Examples
    --------
    >>> import geopandas, pandas as pd, shapely, rescuesim as rs
    >>> places = [(119.30, 28.70), (119.31, 28.70), (119.32, 28.70), (119.31, 28.71)]
    >>> lines = [shapely.LineString([places[a], places[b]]) for a, b in [(0, 1), (1, 2), (1, 3)]]
    >>> roads = {"highway": "primary", "name": ["西路", "东路", "北路"]}
    >>> network = rs.load_network(geopandas.GeoDataFrame(roads, geometry=lines, crs=4326), cache=False)
    >>> station = {"id": ["站"], "lon": [119.304], "lat": [28.70], "status": ["existing"], "crew": ["brigade"]}
    >>> villages = {"id": ["东村", "北村"], "lon": [119.316, 119.31], "lat": [28.70, 28.704], "people": [300, 40]}
    >>> demand = rs.load_demand(pd.DataFrame({**villages, "zone": "suburb"}))
    >>> frame = rs.critical_roads(network, rs.load_sites(pd.DataFrame(station)), demand, rs.load_standard())
    >>> frame.set_index("name")["people_lost"].to_dict()
    {'西路': 340.0, '东路': 300.0, '北路': 40.0}

    References
    ----------
    Jenelius, E., Petersen, T., & Mattsson, L.-G. (2006). Importance and exposure in road network vulnerability
    analysis. Transportation Research Part A 40(7), 537-560. doi:10.1016/j.tra.2005.11.003
    """
    counted = Plan.today(sites) if opened is None else Plan.from_opened(sites, opened)
    if not counted.sites:
        expected = "sites with status existing, or opened=" if opened is None else "at least one id"
        raise InputError(f"critical roads: no site is open; expected {expected}")
    open_sites = sites.only(np.isin(np.array(sites.ids, dtype=object), counted.opened))
    longest_s = _longest_limit_s(open_sites, demand, standard)
    times = travel_times(network, open_sites, demand, cutoff_s=longest_s, snap_limit_m=snap_limit_m)
    losses = road_losses(times, pair_limits(times, standard=standard), engine=engine, progress=progress)
    assert times.graph is not None
    locked_in = _ids_by_road(open_sites, times.graph.point_road[: len(open_sites)], network.n_roads)
    frame = _frame(network, demand, standard, losses, locked_in)
    compiled = engine == "auto" and compiled_trees()
    frame.attrs["notes"] = _notes(open_sites, demand, standard, losses, today=opened is None, compiled=compiled)
    return frame


def _longest_limit_s(sites: CandidateSites, demand: DemandPoints, standard: ResponseStandard) -> float:
    """Longest drive that any crew may take anywhere; 0 if none may."""
    limits = [
        standard.worst_shift_limit_s(crew, zone, unit_rank=rank)
        for crew in set(sites.crews)
        for zone in set(demand.zones)
        for rank in (1, 2)
    ]
    return max([0.0, *limits])


def _by_road(losses: RoadLosses, people: NDArray[np.float64], n_roads: int) -> NDArray[np.float64]:
    """Sum the people of each loss by road, rounded once, so that the order of points is no matter."""
    found = np.zeros(n_roads)
    road, start = np.unique(losses.road, return_index=True)
    for on, part in zip(road.tolist(), np.split(people, start[1:]), strict=False):
        found[on] = math.fsum(part.tolist())
    return found


def _names_by_road(losses: RoadLosses, demand: DemandPoints, n_roads: int) -> NDArray[np.object_]:
    """Name the lost points with the most people, those with the same in the order of the table."""
    most = int(default("critical_roads.points_named").number)
    found = np.full(n_roads, "", dtype=object)
    order = np.lexsort((losses.point, -demand.people[losses.point], losses.road))
    road, start = np.unique(losses.road, return_index=True)
    for on, points in zip(road.tolist(), np.split(losses.point[order], start[1:]), strict=False):
        found[on] = "、".join(demand.names[point] for point in points[:most].tolist())
    return found


def _ids_by_road(sites: CandidateSites, road: NDArray[np.int32], n_roads: int) -> NDArray[np.object_]:
    """Ids of the sites that lie on each road."""
    found = np.full(n_roads, "", dtype=object)
    for id_, on in zip(sites.ids, road.tolist(), strict=True):
        if on >= 0:
            found[on] = f"{found[on]}、{id_}" if found[on] else id_
    return found


def _road_columns(network: RoadNetwork) -> dict[str, NDArray[Any]]:
    """List what is known of each road; a bridge or a tunnel anywhere on it counts."""
    n_roads = network.n_roads
    bridge, tunnel = np.zeros(n_roads, dtype=np.bool_), np.zeros(n_roads, dtype=np.bool_)
    bridge[network.road[network.bridge]] = True
    tunnel[network.road[network.tunnel]] = True
    road_class = np.full(n_roads, "", dtype=object)
    road_class[network.road[network.forward]] = network.road_class[network.forward]
    return {
        "road": np.arange(n_roads),
        "name": network.road_name.astype(object),
        "road_class": road_class,
        "bridge": bridge,
        "tunnel": tunnel,
        "length_m": network.road_length_m,
    }


def _frame(
    network: RoadNetwork,
    demand: DemandPoints,
    standard: ResponseStandard,
    losses: RoadLosses,
    sites_on_road: NDArray[np.object_],
) -> geopandas.GeoDataFrame:
    import geopandas

    n_roads, people = network.n_roads, demand.people[losses.point]
    zones = np.array(demand.zones)[losses.point]
    lost = _by_road(losses, people, n_roads)
    covered = math.fsum(demand.people[losses.covered].tolist())
    columns = {
        **_road_columns(network),
        "people_lost": lost,
        "points_lost": np.bincount(losses.road, minlength=n_roads),
        "share_lost": lost / covered if covered > 0 else np.zeros(n_roads),
        "people_covered": np.full(n_roads, covered),
        "people_lost_on_road": _by_road(losses, np.where(losses.on_road, people, 0.0), n_roads),
        **{
            f"people_lost_{zone}": _by_road(losses, np.where(zones == zone, people, 0.0), n_roads)
            for zone in standard.zones
        },
        "most_people_lost": _names_by_road(losses, demand, n_roads),
        "sites_on_road": sites_on_road,
    }
    frame = geopandas.GeoDataFrame(columns, geometry=network.road_line, crs="EPSG:4326")
    frame = frame.iloc[np.lexsort((columns["road"], -lost))].reset_index(drop=True)
    frame.insert(1, "rank", np.arange(1, n_roads + 1))
    return frame


def _notes(
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    losses: RoadLosses,
    *,
    today: bool,
    compiled: bool,
) -> tuple[Note, ...]:
    """Say what was counted and what was not."""
    people, covered = math.fsum(demand.people.tolist()), math.fsum(demand.people[losses.covered].tolist())
    which = ("those that exist today", "现有站点") if today else ("those of the plan", "方案中的站点")
    notes = [
        Note(
            f"{len(sites)} open sites are counted, {which[0]}; on intact roads they cover {covered:,.0f} of "
            f"{people:,.0f} people by {standard.name}, one reading among several",
            f"计入 {len(sites)} 个开设的站点（{which[1]}）；路网完好时按 {standard.name} 覆盖 {covered:,.0f} 人，"
            f"共 {people:,.0f} 人；文件没有规定从何时起算，这是几种读法之一",
        ),
        Note(
            "each road is closed alone, whole and in both directions; who lives on it is lost, and sites on it cannot "
            "be left",
            "每次只断一条道路，路口到路口整段双向中断；住在该路段上的人算失去覆盖，路段上的站点无法出动",
        ),
        Note(
            "two roads that stand in for each other may each lose nobody and together many: single closures do not "
            "add up",
            "互为备份的两条路，单断一条可能无人受影响，同时断则可能影响很多人；单条损失不能相加",
        ),
        Note(
            "built coverage: whether the crews are there and free is not asked",
            "口径为建成覆盖：不考虑队伍当时是否在位、是否已出动",
        ),
    ]
    if not losses.covered.any():
        notes.append(Note("nobody is covered, so nobody can lose cover", "路网完好时无人被覆盖，因此也无人会失去覆盖"))
    if not compiled:
        usual = "numba is absent or was not asked for: the slower reference computed this, with the same result"
        notes.append(Note(usual, "未安装或未使用 numba：由较慢的参考算法计算，结果相同"))
    return tuple(notes)
