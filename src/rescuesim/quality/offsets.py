"""Do points lie where they are said to lie? Coordinate systems tried out against the roads.

People live along roads. Points that are shifted by the few hundred metres between WGS84 and GCJ-02 lie about as
far from a road as places picked at random; seen in their true system they come back to the roads. So each system that
the points might really be in is tried, and a suspicion is raised only where one of them fits far better
and by more than chance. Points that lie off the roads in every system raise none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import (
    bd09_to_wgs84,
    check_crs,
    gcj02_to_wgs84,
    in_china_box,
    project,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

__all__ = ["HYPOTHESES", "OffsetSuspicion", "detect_offset"]

Floats = NDArray[np.float64]
HYPOTHESES = ("wgs84", "gcj02", "bd09", "exchanged", "negative_lon", "negative_lat", "shift")
"""What points may really be in: a system, exchanged columns, a lost sign, or any one shift for all of them."""

_MOST_POINTS = 2000
_SOFT_M = 10.0  # differences under this are noise of the digitisation
_FAR_M = 1000.0  # a point farther from any road says nothing about the system
_BLOCK_M = 1000.0  # points in one block share their roads and count as one observation
_AREA_ROOM_M = 5000.0
_SEARCH_M, _STEP_M, _FINE_STEP_M = 1000.0, 40.0, 10.0  # free shifts that are tried
_SEARCH_POINTS = 150
_SAMPLE_M = 15.0  # distance of the places on roads that the search for a free shift uses
_LEAST_SHIFT_M = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetSuspicion:
    """A system in which points fit the roads far better than in the declared one.

    Parameters
    ----------
    declared : str
        The declared system, in the spelling of `rescuesim.network.coordinates.crs.check_crs`.
    best : str
        One of `HYPOTHESES`.
    rival : str
        Another hypothesis that fits so nearly as well that the two cannot be told apart; empty if none does.
    shift_m : tuple of 2 floats
        Median of what the hypothesis moves the points by, east and north, in metres.
    n_points : int
        Points near enough to a road, in the one reading or the other, to say something.
    declared_median_m, best_median_m : float
        Median distance to the nearest road as declared and under the hypothesis, in metres; far ones count as 1 km.
    declared_near_share, best_near_share : float
        Share of the points within `near_m` of a road.
    near_m : float
    p_value : float
        Of a one-sided signed-rank test over blocks of 1 km; NaN where the points lie outside the area of
        the roads as declared and inside it under the hypothesis, which needs no test.
    """

    declared: str
    best: str
    rival: str
    shift_m: tuple[float, float]
    n_points: int
    declared_median_m: float
    best_median_m: float
    declared_near_share: float
    best_near_share: float
    near_m: float
    p_value: float

    @property
    def note(self) -> Note:
        """The suspicion in words."""
        en, zh = _WORDS[self.best]
        if self.best == "shift":
            length = float(np.hypot(*self.shift_m))
            en = en.format(length, *self.shift_m)
            zh = zh.format(length, *self.shift_m)
        if self.rival:
            en, zh = f"{en} or {_WORDS[self.rival][0]}", f"{zh}或{_WORDS[self.rival][1]}"
        shares = f"{self.best_near_share:.0%}", f"{self.declared_near_share:.0%}"
        medians = _metres(self.best_median_m), _metres(self.declared_median_m)
        return Note(
            f"declared {self.declared}, but your points fit the roads best {en}: median {medians[0]} to a road instead "
            f"of {medians[1]}, {shares[0]} within {self.near_m:.0f} m instead of {shares[1]} ({self.n_points} points)",
            f"声明为 {self.declared}，但这些点{zh}时与道路最吻合：到最近道路的中位距离 {medians[0]}"
            f"（按声明为 {medians[1]}），{self.near_m:.0f} m 以内的占 {shares[0]}（按声明为 {shares[1]}），"
            f"共 {self.n_points} 个点",
        )


_WORDS = {
    "wgs84": ("as wgs84", "按 wgs84 解读"),
    "gcj02": ("as gcj02", "按 gcj02 解读"),
    "bd09": ("as bd09", "按 bd09 解读"),
    "exchanged": ("with lon and lat exchanged", "将经度与纬度对调"),
    "negative_lon": ("with the sign of lon reversed", "将经度变号"),
    "negative_lat": ("with the sign of lat reversed", "将纬度变号"),
    "shift": (
        "shifted by {:.0f} m ({:+.0f} m east, {:+.0f} m north; another datum, or places on one side of their roads)",
        "整体平移 {:.0f} m（向东 {:+.0f} m、向北 {:+.0f} m；可能是另一基准，也可能各点都在道路同一侧）",
    ),
}


def _metres(value: float) -> str:
    return f"{value:.0f} m" if value < _FAR_M else "over 1 km"


def detect_offset(
    network: RoadNetwork, lon: Floats, lat: Floats, *, declared_crs: str = "wgs84"
) -> OffsetSuspicion | None:
    """Try on the roads whether points fit another system far better than the declared one.

    Parameters
    ----------
    network : RoadNetwork
        Its dropped roads count as roads too.
    lon, lat : ndarray of float64, shape (n,)
        WGS84 degrees as they were taken from the declared system.
    declared_crs : str, optional
        System that the points were declared in.

    Returns
    -------
    OffsetSuspicion or None
        None where nothing fits clearly better, or where there are too few points to tell.

    Raises
    ------
    InputError
        If a coordinate is not finite or the declared system not known.

    Notes
    -----
    Tried are wgs84, gcj02 and bd09, exchanged columns, reversed signs and any one shift up to 1 km. The score of a
    point is the logarithm of its distance to the nearest road, between 10 m and 1 km. A hypothesis is accepted if
    all of this holds, with the limits of ``quality.offset`` in ``defaults.toml``: enough points; a signed-rank
    test of the mean differences in blocks of 1 km (neighbours share their roads, so they are one
    observation); a median distance well below the declared one, and small in itself; and a clearly larger share of
    points beside a road. A free shift is fitted to one half of the blocks and tested on the other, because the
    best of thousands of shifts always fits a little better; it is accepted in place of a system only if it fits
    far better than that.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    declared = check_crs(declared_crs)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InputError("points: expected finite degrees")
    some = np.unique(np.linspace(0, len(lon) - 1, min(_MOST_POINTS, len(lon))).astype(np.int64))
    lon, lat = lon[some], lat[some]
    if not len(lon):
        return None
    roads = _Roads(network)
    as_declared = _Reading.of(roads, "declared", lon, lat)
    readings = [_Reading.of(roads, name, *place) for name, place in _readings(lon, lat, declared)]
    if (outside := _outside(roads, as_declared, readings, declared)) is not None:
        return outside
    tests = [(reading, _Test.of(as_declared, reading)) for reading in readings]
    accepted = sorted((pair for pair in tests if pair[1].accepted(len(readings))), key=lambda pair: pair[0].loss)
    best = accepted[0] if accepted else None
    rival = ""
    if best is not None and len(accepted) > 1 and _Test.of(accepted[1][0], best[0]).p_value > _most_p():
        rival = accepted[1][0].name
    free = _free_shift(roads, as_declared, best[0] if best is not None else None)
    best, rival = (free, "") if free is not None else (best, rival)
    return None if best is None else _suspicion(declared, as_declared, *best, rival=rival)


def _most_p() -> float:
    return default("quality.offset.p_value").number


def _readings(lon: Floats, lat: Floats, declared: str) -> Iterator[tuple[str, tuple[Floats, Floats]]]:
    """Yield the places that the points would have in each other system."""
    given = lon, lat
    if declared in ("gcj02", "bd09"):  # go back to the numbers in the file
        given = (wgs84_to_gcj02 if declared == "gcj02" else wgs84_to_bd09)(lon, lat)
        yield "wgs84", given
    if in_china_box(*given).any():
        if declared != "gcj02":
            yield "gcj02", gcj02_to_wgs84(*given)
        if declared != "bd09":
            yield "bd09", bd09_to_wgs84(*given)
    if (np.abs(given[0]) <= 90).all():
        yield "exchanged", (given[1], given[0])
    yield "negative_lon", (-given[0], given[1])
    yield "negative_lat", (given[0], -given[1])


class _Roads:
    """The drawn roads of a network in metres, indexed for distances."""

    def __init__(self, network: RoadNetwork) -> None:
        def to_metres(degrees: Floats) -> Floats:
            return np.column_stack(project(degrees[:, 0], degrees[:, 1], network.crs))

        dropped = np.asarray(shapely.transform(network.dropped_lines, to_metres), dtype=object)
        self.crs = network.crs
        self.lines = np.concatenate([network.projected_lines(), dropped])
        self.tree = shapely.STRtree(self.lines)
        self.bounds = shapely.total_bounds(self.lines)

    def distance_m(self, x: Floats, y: Floats) -> Floats:
        """Return the distance of places to the nearest road; far ones count as `_FAR_M`."""
        away = np.full(len(x), _FAR_M)
        there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        points = shapely.points(x[there], y[there])
        (at, _), metres = self.tree.query_nearest(points, max_distance=_FAR_M, return_distance=True, all_matches=False)
        away[there[at]] = np.minimum(metres, _FAR_M)
        return away

    def in_area(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Mark the places in the box around the roads, with some room."""
        west, south, east, north = self.bounds
        with_room = (x >= west - _AREA_ROOM_M) & (x <= east + _AREA_ROOM_M)
        return np.asarray(with_room & (y >= south - _AREA_ROOM_M) & (y <= north + _AREA_ROOM_M))

    def near(self, x: Floats, y: Floats) -> Floats:
        """Return places every few metres along the roads around some points; shape (n, 2)."""
        room = 2 * _SEARCH_M
        box = shapely.box(x.min() - room, y.min() - room, x.max() + room, y.max() + room)
        lines = self.lines[self.tree.query(box)]
        return np.asarray(shapely.get_coordinates(shapely.segmentize(lines, _SAMPLE_M)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The points as one system has them, with their distances to the roads."""

    name: str
    x: Floats
    y: Floats
    away_m: Floats
    loss: float = field(default=0.0)

    @classmethod
    def of(cls, roads: _Roads, name: str, lon: Floats, lat: Floats) -> _Reading:
        x, y = project(lon, lat, roads.crs)
        return cls.at(roads, name, x, y)

    @classmethod
    def at(cls, roads: _Roads, name: str, x: Floats, y: Floats) -> _Reading:
        away_m = roads.distance_m(x, y)
        return cls(name=name, x=x, y=y, away_m=away_m, loss=float(_score(away_m).mean()))

    def some(self, rows: NDArray[np.bool_]) -> _Reading:
        return _Reading(name=self.name, x=self.x[rows], y=self.y[rows], away_m=self.away_m[rows], loss=self.loss)


def _score(away_m: Floats) -> Floats:
    return np.asarray(np.log(away_m + _SOFT_M))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """How much better one reading fits than another."""

    n_points: int
    p_value: float
    medians_m: tuple[float, float]
    near_shares: tuple[float, float]

    @classmethod
    def of(cls, one: _Reading, other: _Reading) -> _Test:
        """Compare the points that lie near a road in the one reading or the other."""
        from scipy.stats import wilcoxon

        telling = (one.away_m < _FAR_M) | (other.away_m < _FAR_M)
        if not telling.any():
            return cls(n_points=0, p_value=1.0, medians_m=(_FAR_M, _FAR_M), near_shares=(0.0, 0.0))
        better = (_score(other.away_m) - _score(one.away_m))[telling]
        _, block = np.unique(_blocks(one)[telling], axis=0, return_inverse=True)
        means = np.bincount(block.ravel(), better) / np.bincount(block.ravel())
        p_value = float(wilcoxon(means, alternative="less").pvalue) if np.any(means != 0) else 1.0
        near_m = default("quality.offset.near_m").number
        before, after = one.away_m[telling], other.away_m[telling]
        return cls(
            n_points=int(telling.sum()),
            p_value=p_value,
            medians_m=(float(np.median(before)), float(np.median(after))),
            near_shares=(float((before <= near_m).mean()), float((after <= near_m).mean())),
        )

    def accepted(self, tried: int) -> bool:
        """Whether the other reading fits far better, and by more than the chance of so many tries."""
        return (
            self.n_points >= default("quality.offset.least_points").number
            and self.p_value * tried <= _most_p()
            and self.medians_m[1] <= default("quality.offset.median_ratio").number * self.medians_m[0]
            and self.medians_m[1] <= default("quality.offset.most_median_m").number
            and self.near_shares[1] - self.near_shares[0] >= default("quality.offset.near_gain").number
        )


def _blocks(reading: _Reading) -> NDArray[np.int64]:
    """Return the block of each point; int64, shape (n, 2)."""
    finite = np.where(np.isfinite(reading.x + reading.y), [reading.x, reading.y], 0.0)
    return np.asarray(np.floor(finite.T / _BLOCK_M), dtype=np.int64)


def _outside(roads: _Roads, as_declared: _Reading, readings: list[_Reading], declared: str) -> OffsetSuspicion | None:
    """Find the reading that brings points into the area of the roads which lie outside it as declared."""
    if len(as_declared.x) < 3 or roads.in_area(as_declared.x, as_declared.y).mean() > 0.1:
        return None
    inside = [reading for reading in readings if roads.in_area(reading.x, reading.y).mean() >= 0.9]
    if not inside:
        return None
    best = min(inside, key=lambda reading: reading.loss)
    test = _Test.of(as_declared, best)
    sure = _Test(n_points=len(best.x), p_value=float("nan"), medians_m=test.medians_m, near_shares=test.near_shares)
    return _suspicion(declared, as_declared, best, sure, rival="")


def _free_shift(roads: _Roads, as_declared: _Reading, best: _Reading | None) -> tuple[_Reading, _Test] | None:
    """Fit one shift for all points on half of the blocks and test it on the other half."""
    telling = as_declared.away_m < _FAR_M
    gain = default("quality.offset.near_gain").number
    near = as_declared.away_m[telling] <= default("quality.offset.near_m").number
    if telling.any() and near.mean() > 1 - gain:  # no shift can bring so many more beside a road
        return None
    if telling.sum() < 2 * default("quality.offset.least_points").number:
        return None
    block = _blocks(as_declared)
    odd = (block.sum(axis=1) % 2 == 1) & telling
    fit, kept = as_declared.some(odd), as_declared.some(~odd & telling)
    if not len(fit.x) or not len(kept.x):
        return None
    east, north = _best_shift(roads, fit)
    if np.hypot(east, north) < _LEAST_SHIFT_M:
        return None
    shifted = _Reading.at(roads, "shift", as_declared.x + east, as_declared.y + north)
    test = _Test.of(kept, shifted.some(~odd & telling))
    if not test.accepted(1) or test.near_shares[1] < default("quality.offset.shift_near_share").number:
        return None
    if best is not None and not _Test.of(best.some(~odd & telling), shifted.some(~odd & telling)).accepted(1):
        return None
    whole = _Test.of(as_declared, shifted)
    return shifted, _Test(
        n_points=whole.n_points, p_value=test.p_value, medians_m=whole.medians_m, near_shares=whole.near_shares
    )


def _best_shift(roads: _Roads, points: _Reading) -> tuple[float, float]:
    """Search the shift that brings points nearest to the roads, coarse then fine.

    The search asks for distances to places along the roads, n_shifts x n_points of them in O(log n_places) each.
    """
    from scipy.spatial import KDTree

    some = np.unique(np.linspace(0, len(points.x) - 1, min(_SEARCH_POINTS, len(points.x))).astype(np.int64))
    x, y = points.x[some], points.y[some]
    tree = KDTree(roads.near(x, y))
    east, north = 0.0, 0.0
    for reach, step in ((_SEARCH_M, _STEP_M), (_STEP_M, _FINE_STEP_M)):
        offsets = np.arange(-reach, reach + step / 2, step)
        shifts = np.array([(east + i, north + j) for i in offsets for j in offsets])
        moved = np.column_stack([np.add.outer(shifts[:, 0], x).ravel(), np.add.outer(shifts[:, 1], y).ravel()])
        away_m, _ = tree.query(moved, distance_upper_bound=_FAR_M)
        scores = _score(np.minimum(away_m, _FAR_M)).reshape(len(shifts), -1).mean(axis=1)
        # of equal scores the shortest shift, then the first
        order = np.lexsort((np.hypot(shifts[:, 0], shifts[:, 1]), scores.round(9)))
        east, north = (float(part) for part in shifts[order[0]])
    return east, north


def _suspicion(declared: str, as_declared: _Reading, best: _Reading, test: _Test, *, rival: str) -> OffsetSuspicion:
    moved = best.x - as_declared.x, best.y - as_declared.y
    finite = np.isfinite(moved[0]) & np.isfinite(moved[1])
    shift_m = tuple(float(np.median(part[finite])) if finite.any() else float("inf") for part in moved)
    return OffsetSuspicion(
        declared="wgs84" if declared == "EPSG:4326" else declared,
        best=best.name,
        rival=rival,
        shift_m=(shift_m[0], shift_m[1]),
        n_points=test.n_points,
        declared_median_m=test.medians_m[0],
        best_median_m=test.medians_m[1],
        declared_near_share=test.near_shares[0],
        best_near_share=test.near_shares[1],
        near_m=default("quality.offset.near_m").number,
        p_value=test.p_value,
    )
