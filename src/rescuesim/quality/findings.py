"""What is suspect about a table as a whole: its totals against the census, the roads of its townships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import CensusTotals, DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project

__all__ = ["FINDING_CODES", "Finding", "TownshipRoads", "census_findings", "density_findings", "township_roads"]

Floats = NDArray[np.float64]
FINDING_CODES = ("crs_suspected", "census_total", "census_without_points", "not_in_census", "road_density_low")
_PIECE_M = 25.0  # roads are counted in pieces of this length
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something suspect about the table as a whole.

    Parameters
    ----------
    code : str
        One of `FINDING_CODES`.
    note : Note
        The finding in words.
    township : str
        Empty where it is about no township.
    found, expected : float
        The figures behind it: people or km of road per km²; NaN where there are none.
    """

    code: str
    note: Note
    township: str = ""
    found: float = float("nan")
    expected: float = float("nan")


def census_totals(census: CensusTotals | Mapping[str, float] | pd.DataFrame) -> dict[str, float]:
    """Return people by township from totals, a mapping or a table; of totals, the townships alone.

    Raises
    ------
    InputError
        If the table has no such columns, the totals no townships, a name stands twice, or a number is none.
    """
    if isinstance(census, CensusTotals):
        townships = [at for at, level in enumerate(census.levels) if level == "township"]
        if not townships:
            raise InputError(
                f"{census.label}: expected townships; for one county give {{name: people_of(name)}} of these totals"
            )
        names, people = [census.names[at] for at in townships], [census.people[at] for at in townships]
    elif isinstance(census, pd.DataFrame):
        column = next((name for name in ("township", "county") if name in census.columns), None)
        if column is None or "people" not in census.columns:
            there = ", ".join(str(name) for name in census.columns)
            raise InputError(f"census: expected columns township (or county) and people; there are {there}")
        names, people = [str(name).strip() for name in census[column]], list(census["people"])
    else:
        names, people = [str(name).strip() for name in census], list(census.values())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"census: expected each township once; {', '.join(twice)} stands there more often")
    totals: dict[str, float] = {}
    for name, value in zip(names, people, strict=True):
        try:
            totals[name] = float(value)
        except (TypeError, ValueError):
            totals[name] = float("nan")
        if not (np.isfinite(totals[name]) and totals[name] >= 0):
            raise InputError(f"census, {name}: {value!r}, expected people of 0 or more")
    return totals


def census_findings(demand: DemandPoints, census: CensusTotals | Mapping[str, float] | pd.DataFrame) -> list[Finding]:
    """Compare the people of each township with the census.

    A census of one entry that is none of the townships is the total of the whole table.
    """
    totals = census_totals(census)
    sums = pd.Series(demand.people).groupby(np.array(demand.townships, dtype=object)).sum()
    known = {str(name): float(people) for name, people in sums.items()}
    if len(totals) == 1 and not set(totals) & set(known):
        known = {name: float(demand.people.sum()) for name in totals}
    tolerance = default("census.tolerance").number
    findings = []
    for name, expected in totals.items():
        if name not in known:
            note = Note(
                f"{name}: {expected:,.0f} people in the census, no point in the table",
                f"{name}：普查 {expected:,.0f} 人，表中没有点",
            )
            findings.append(
                Finding(code="census_without_points", note=note, township=name, found=0.0, expected=expected)
            )
            continue
        found = known[name]
        if abs(found - expected) <= tolerance * expected:
            continue
        off = f"{found / expected - 1:+.0%}" if expected > 0 else "—"
        note = Note(
            f"{name}: {found:,.0f} people in the table, {expected:,.0f} in the census ({off})",
            f"{name}：表中 {found:,.0f} 人，普查 {expected:,.0f} 人（{off}）",
        )
        findings.append(Finding(code="census_total", note=note, township=name, found=found, expected=expected))
    for name in sorted(set(known) - set(totals)):
        shown = (name, name) if name else ("points without a township", "未写乡镇的点")
        note = Note(
            f"{shown[0]}: {known[name]:,.0f} people in the table, not in the census",
            f"{shown[1]}：表中 {known[name]:,.0f} 人，普查中没有",
        )
        findings.append(Finding(code="not_in_census", note=note, township=name, found=known[name]))
    return findings


@dataclass(frozen=True, slots=True, kw_only=True)
class TownshipRoads:
    """The roads around the points of each township.

    The neighbourhood of a township is what lies within ``quality.density_reach_m`` of one of its points and nearer
    to it than to a point of another township: mountains without people do not count.

    Parameters
    ----------
    townships : tuple of str, length n_townships
    n_points : ndarray of int64, shape (n_townships,)
    people : ndarray of float64, shape (n_townships,)
        Zeros for sites.
    area_km2, road_km : ndarray of float64, shape (n_townships,)
    """

    townships: tuple[str, ...]
    n_points: NDArray[np.int64]
    people: Floats
    area_km2: Floats
    road_km: Floats

    @property
    def km_per_km2(self) -> Floats:
        """Length of road by area; float64, shape (n_townships,)."""
        return np.divide(self.road_km, self.area_km2, out=np.zeros_like(self.road_km), where=self.area_km2 > 0)

    def to_frame(self) -> pd.DataFrame:
        """Return a table, one row a township.

        Returns
        -------
        DataFrame
            Columns ``township, points, people, area_km2, road_km, km_per_km2, km_per_1000_people``; the last is NaN
            where nobody lives.
        """
        by_people = np.divide(
            self.road_km * 1000, self.people, out=np.full(len(self.people), np.nan), where=self.people > 0
        )
        return pd.DataFrame(
            {
                "township": self.townships,
                "points": self.n_points,
                "people": self.people,
                "area_km2": self.area_km2,
                "road_km": self.road_km,
                "km_per_km2": self.km_per_km2,
                "km_per_1000_people": by_people,
            }
        )


def township_roads(
    network: RoadNetwork, points: CandidateSites | DemandPoints, *, inside: NDArray[np.bool_]
) -> TownshipRoads:
    """Measure the roads around the points of each township.

    Parameters
    ----------
    network : RoadNetwork
    points : CandidateSites or DemandPoints
        With positions.
    inside : ndarray of bool, shape (n_points,)
        The points in the network's area; the others have no neighbourhood.

    Returns
    -------
    TownshipRoads
        Without the points whose township is not given. Road lengths are counted in pieces of 25 m, areas in cells of
        a twentieth of the reach or, for very many points, coarser ones.
    """
    from scipy.spatial import KDTree

    assert points.lon is not None
    assert points.lat is not None
    given = np.array([township != "" for township in points.townships], dtype=np.bool_)
    names, of_given = np.unique(np.array(points.townships)[given], return_inverse=True)
    n, township = len(names), np.full(len(points), -1)
    township[given] = of_given
    people = points.people if isinstance(points, DemandPoints) else np.zeros(len(points))
    used = np.flatnonzero(inside)  # points without a township keep their neighbourhood from the others
    area_km2, road_km = np.zeros(n), np.zeros(n)
    if n and len(used):
        reach_m = default("quality.density_reach_m").number
        xy = np.column_stack(project(points.lon[used], points.lat[used], network.crs))
        tree = KDTree(xy)
        owner = np.r_[township[used], -1]  # the last stands for: no point in reach

        def of_township(places: Floats) -> NDArray[np.int64]:
            return np.asarray(owner[tree.query(places, distance_upper_bound=reach_m)[1]])

        for cells, cell_km2 in _cells(xy, reach_m):
            mine = of_township(cells)
            area_km2 += np.bincount(mine[mine >= 0], minlength=n) * cell_km2
        middle, length_m = _pieces(network)
        mine = of_township(middle)
        road_km = np.bincount(mine[mine >= 0], length_m[mine >= 0], minlength=n) / 1000
    return TownshipRoads(
        townships=tuple(str(name) for name in names),
        n_points=np.bincount(of_given, minlength=n),
        people=np.bincount(of_given, people[given], minlength=n).astype(np.float64),
        area_km2=area_km2,
        road_km=road_km,
    )


def _cells(xy: Floats, reach_m: float) -> list[tuple[Floats, float]]:
    """Return the middles of small cells that cover all within reach of some points, in parts, and their area."""
    coarse = np.unique(np.floor(xy / reach_m).astype(np.int64), axis=0)
    around = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    coarse = np.unique((coarse[:, None, :] + around[None, :, :]).reshape(-1, 2), axis=0)
    across = int(np.clip(np.sqrt(_MOST_CELLS / len(coarse)), 3, 20))
    step = (np.arange(across) + 0.5) / across
    within = np.array([(i, j) for i in step for j in step])
    cell_km2 = (reach_m / across / 1000) ** 2
    part = max(_MOST_CELLS // 8 // len(within), 1)
    return [
        (((coarse[at : at + part, None, :] + within[None, :, :]) * reach_m).reshape(-1, 2), cell_km2)
        for at in range(0, len(coarse), part)
    ]


def _pieces(network: RoadNetwork) -> tuple[Floats, Floats]:
    """Return the middles of short pieces of all roads, in metres, and their lengths."""
    lines = shapely.segmentize(network.projected_lines(), _PIECE_M)
    places, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    start, end = places[:-1][same], places[1:][same]
    return (start + end) / 2, np.hypot(*(end - start).T)


def density_findings(roads: TownshipRoads) -> list[Finding]:
    """Find the townships with far fewer roads around their points than the median township."""
    judged = (roads.n_points >= default("quality.density_least_points").number) & (roads.area_km2 > 0)
    if judged.sum() < default("quality.density_least_townships").number:
        return []
    density = roads.km_per_km2
    median = float(np.median(density[judged]))
    low = judged & (density < default("quality.density_ratio").number * median)
    return [
        Finding(
            code="road_density_low",
            note=Note(
                f"{roads.townships[at]}: {density[at]:.2f} km of road per km² around its points, the median township "
                f"has {median:.2f}: the map may lack its roads; add them as a supplement layer",
                f"{roads.townships[at]}：点位周边每平方公里道路 {density[at]:.2f} km，各乡镇中位数 {median:.2f} km："
                "地图可能缺少该乡镇的道路，请用补充图层添加",
            ),
            township=roads.townships[at],
            found=float(density[at]),
            expected=median,
        )
        for at in np.flatnonzero(low)
    ]
