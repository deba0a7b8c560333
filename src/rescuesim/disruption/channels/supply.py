"""Who is dark and which base stations and fibres are down, as intervals: the first half of a cascade."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from rescuesim._defaults import default
from rescuesim.disruption.channels.communication import Fibre
from rescuesim.disruption.channels.prepared import CascadeCounty
from rescuesim.disruption.intervals import (
    Intervals,
    beyond_horizon,
    complement,
    empty_while,
    intersection,
    union,
)
from rescuesim.disruption.keyed_uniforms import id_keys, keyed_uniforms
from rescuesim.disruption.outages import AssetKind, AssetOutage, PowerOutage, RoadOutage
from rescuesim.disruption.power import Generator
from rescuesim.disruption.routes_over_time import NearestSource, closure_spans
from rescuesim.disruption.streams import Draw

__all__ = ["CausedIntervals", "Refuelling", "Supply", "supply_over_time"]

CausedIntervals = tuple[tuple[float, float, str], ...]  # from, until, cause: sorted, disjoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What is out, and when.

    Parameters
    ----------
    dark_sites, dark_townships : dict of str to CausedIntervals
        Neither grid nor generator supplies.
    cut_fibres : dict of str to CausedIntervals
    down : tuple of CausedIntervals, one for each base station
    towers_s : dict of str to float
        From when a tower crew supplies a base station.
    off_air : tuple of Intervals, one for each base station
        Before a relay has come and after it has gone, which is no failure.
    """

    dark_sites: dict[str, CausedIntervals]
    dark_townships: dict[str, CausedIntervals]
    cut_fibres: dict[str, CausedIntervals]
    down: tuple[CausedIntervals, ...]
    off_air: tuple[Intervals, ...]
    towers_s: dict[str, float]

    def asset_outages(self, county: CascadeCounty) -> tuple[AssetOutage, ...]:
        """Return the records: sites, townships, base stations, fibres, each in order of id and time."""
        stations = {one.id: spans for one, spans in zip(county.communication.base_stations, self.down, strict=True)}
        kinds: dict[AssetKind, dict[str, CausedIntervals]] = {
            "site_power": self.dark_sites,
            "township_power": self.dark_townships,
            "base_station": stations,
            "fibre": self.cut_fibres,
        }
        by = "tower crew"
        return tuple(
            AssetOutage(
                kind=kind,
                asset=asset,
                from_s=from_s,
                until_s=until_s,
                cause=cause,
                repaired_by=by if kind == "base_station" and until_s == self.towers_s.get(asset, -1.0) else "",
            )
            for kind, spans_of in kinds.items()
            for asset in sorted(spans_of)
            for from_s, until_s, cause in spans_of[asset]
        )


def first_cause(*some: tuple[Intervals, str]) -> CausedIntervals:
    """Join intervals of several causes; a joint one has the cause that began it, the first given among equals."""
    starts = sorted((from_s, place, cause) for place, (spans, cause) in enumerate(some) for from_s, _ in spans)
    return tuple(
        (from_s, until_s, next(cause for at, _, cause in starts if from_s <= at))
        for from_s, until_s in union(span for spans, _ in some for span in spans)
    )


def plain(spans: CausedIntervals) -> Intervals:
    """Drop the causes."""
    return tuple((from_s, until_s) for from_s, until_s, _ in spans)


def supply_over_time(
    county: CascadeCounty,
    *,
    outages: Sequence[PowerOutage],
    roads: Sequence[RoadOutage],
    assets: Sequence[AssetOutage],
    towers_s: dict[str, float],
    seed: int,
    sample: int,
    horizon_s: float,
) -> Supply:
    """Follow the failure of grid and roads to sites, townships, fibres and base stations.

    Parameters
    ----------
    county : CascadeCounty
    outages : sequence of PowerOutage
    roads : sequence of RoadOutage
    assets : sequence of AssetOutage
        What is out whatever grid and roads do.
    towers_s : dict of str to float
        From when a tower crew supplies a base station.
    seed, sample : int
    horizon_s : float

    Returns
    -------
    Supply
    """
    power = county.power
    grid: dict[str, Intervals] = {area.id: () for area in power.areas}
    for area in grid:
        grid[area] = beyond_horizon(union((o.from_s, o.until_s) for o in outages if o.area == area), horizon_s)
    given: dict[tuple[str, str], Intervals] = {}
    for one in assets:
        given[one.kind, one.asset] = union((*given.get((one.kind, one.asset), ()), (one.from_s, one.until_s)))
    given = {key: beyond_horizon(spans, horizon_s) for key, spans in given.items()}

    by_asset = _generators_dark(county, grid, roads, seed=seed, sample=sample, horizon_s=horizon_s)
    dark_sites = {}
    for site, area in zip(county.sites.ids, county.user_area[county.n_places :].tolist(), strict=True):
        out = grid[power.areas[area].id] if area >= 0 else ()
        own = by_asset.get(("site", site), first_cause((out, "grid")))
        dark_sites[site] = _joined(own, given.get(("site_power", site), ()))
    dark_townships = {}
    for town in county.townships:
        area_id = power.area_of("township", town, town)
        own = first_cause((grid[area_id], "grid")) if area_id else ()
        dark_townships[town] = _joined(own, given.get(("township_power", town), ()))
    cut = _fibres_cut(county, roads, given, seed=seed, sample=sample, horizon_s=horizon_s)
    down = _stations_down(county, grid, by_asset, cut, given, towers_s, seed=seed, sample=sample, horizon_s=horizon_s)
    return Supply(
        dark_sites={id_: spans for id_, spans in dark_sites.items() if spans},
        dark_townships={id_: spans for id_, spans in dark_townships.items() if spans},
        cut_fibres={id_: spans for id_, spans in cut.items() if spans},
        down=down,
        towers_s={id_: at_s for id_, at_s in towers_s.items() if at_s < horizon_s},
        off_air=tuple(
            beyond_horizon(complement(((one.from_s, one.until_s),)), horizon_s)
            for one in county.communication.base_stations
        ),
    )


def _joined(own: CausedIntervals, more: Intervals, cause: str = "given") -> CausedIntervals:
    if not more:
        return own
    return first_cause(*(((span[:2],), span[2]) for span in own), (more, cause))


def _generators_dark(
    county: CascadeCounty,
    grid: dict[str, Intervals],
    roads: Sequence[RoadOutage],
    *,
    seed: int,
    sample: int,
    horizon_s: float,
) -> dict[tuple[str, str], CausedIntervals]:
    """Say when those who have a generator are dark all the same."""
    power = county.power
    starts = keyed_uniforms(
        Draw.GENERATOR, id_keys(f"{one.kind} {one.asset}" for one in power.generators), seed=seed, sample=sample
    )
    towns = dict(zip(county.sites.ids, county.sites.townships, strict=True))
    towns_of_stations = {one.id: one.township for one in county.communication.base_stations}
    last_s = max((min(until_s, horizon_s) for out in grid.values() for _, until_s in out), default=0.0)
    refuelled = Refuelling(county.fuel, roads, last_s, power.fuel_from_s)
    dark: dict[tuple[str, str], CausedIntervals] = {}
    for row, one in enumerate(power.generators):
        town = (towns if one.kind == "site" else towns_of_stations).get(one.asset, "")
        area = power.area_of(one.kind, one.asset, town)
        out = grid[area] if area else ()
        dark[one.kind, one.asset] = _dark_beside(one, out, bool(starts[row] < one.start), refuelled, row, horizon_s)
    return dark


def _dark_beside(
    one: Generator, out: Intervals, starts: bool, refuelled: Refuelling, row: int, horizon_s: float
) -> CausedIntervals:
    if not out:
        return ()
    if not starts:
        return first_cause((out, "generator"))
    tank_s = one.tank_h * 3600
    if sum(until_s - from_s for from_s, until_s in out) <= tank_s:
        return ()
    filled = refuelled.when(row)
    return first_cause((beyond_horizon(empty_while(out, tank_s, filled=filled, recharge=0.0), horizon_s), "fuel"))


class Refuelling:
    """Asks when a fuel truck can stand at a generator; the ways are searched when somebody first needs fuel."""

    def __init__(
        self, source: NearestSource | None, roads: Sequence[RoadOutage], until_s: float, from_s: float
    ) -> None:
        # nobody needs fuel after the last outage of the grid
        self.source, self.roads, self.until_s, self.from_s = source, roads, until_s, from_s
        self._times: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def when(self, row: int) -> Intervals:
        """Return when a truck that left its depot and met no closed road can be there.

        It takes as long as the slowest state of the roads that it meets under way.
        """
        if self.source is None:
            return ()
        if self._times is None:
            spans = closure_spans(self.roads, self.source, horizon_s=self.until_s)
            self._times = np.array([at for at, _ in spans]), self.source.seconds(spans)
        starts, seconds = self._times[0], self._times[1][:, row]
        # states in which the way takes the same are one: who leaves sooner is there sooner
        first = np.flatnonzero(np.r_[True, seconds[1:] != seconds[:-1]])
        return self.arrivals(starts[first].tolist(), seconds[first].tolist(), from_s=self.from_s)

    @staticmethod
    def arrivals(starts: Sequence[float], seconds: Sequence[float], *, from_s: float) -> Intervals:
        """Return when a truck can be there, given how long the way takes in each state.

        Parameters
        ----------
        starts : sequence of float
            When each state begins, the onset first.
        seconds : sequence of float
            Length of the way in each state, ``inf`` where there is none.
        from_s : float
            Before this no truck leaves.

        Returns
        -------
        Intervals
            The more roads are shut, the less of them there is, at every moment.

        Examples
        --------
        >>> Refuelling.arrivals([0.0, 1000.0, 5000.0], [100.0, math.inf, 100.0], from_s=60.0)
        ((160.0, 1000.0), (5100.0, inf))
        """
        ends, there = [*starts[1:], math.inf], []
        for at in range(len(starts)):
            slowest, earliest = 0.0, math.inf
            for before in range(at, -1, -1):
                slowest = max(slowest, seconds[before])
                earliest = min(earliest, max(starts[before], from_s) + slowest)
                # farther back it gets no better than to be there from the beginning
                if slowest == math.inf or earliest <= starts[at]:
                    break
            there.append((max(starts[at], earliest), ends[at]))
        return union(there)


def _fibres_cut(
    county: CascadeCounty,
    roads: Sequence[RoadOutage],
    given: dict[tuple[str, str], Intervals],
    *,
    seed: int,
    sample: int,
    horizon_s: float,
) -> dict[str, CausedIntervals]:
    """Say when each fibre is cut: from what shuts a road along it until the road is open and the fibre is mended."""
    network = county.communication
    by_road: dict[int, list[RoadOutage]] = {}
    for outage in roads:
        if outage.closure.shuts and outage.cause in network.fibre_cut_by:
            by_road.setdefault(outage.closure.road, []).append(outage)
    hit = {fibre.id: _struck(fibre, by_road) for fibre in network.fibres}
    some = [id_ for id_, struck in hit.items() if struck]
    uniform = keyed_uniforms(Draw.RESTORATION, id_keys(some), seed=seed, sample=sample, of="fibre")
    splice = network.splice.from_normal(ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)))
    spliced = dict(zip(some, splice.tolist(), strict=True))
    cut = {}
    for id_, struck in hit.items():
        causes = [(beyond_horizon(((one.from_s, one.until_s + spliced[id_]),), horizon_s), one.cause) for one in struck]
        cut[id_] = first_cause(*causes, (given.get(("fibre", id_), ()), "given"))
    return cut


def _struck(fibre: Fibre, by_road: dict[int, list[RoadOutage]]) -> list[RoadOutage]:
    return [
        outage
        for part in fibre.roads
        for outage in by_road.get(part.road, ())
        if outage.closure.from_m <= part.to_m and part.from_m <= outage.closure.to_m
    ]


def _stations_down(
    county: CascadeCounty,
    grid: dict[str, Intervals],
    by_asset: dict[tuple[str, str], CausedIntervals],
    cut: dict[str, CausedIntervals],
    given: dict[tuple[str, str], Intervals],
    towers_s: dict[str, float],
    *,
    seed: int,
    sample: int,
    horizon_s: float,
) -> tuple[CausedIntervals, ...]:
    recharge_h = default("power.battery_recharge_h").number
    uniform = keyed_uniforms(Draw.BATTERY, county.station_keys, seed=seed, sample=sample)
    z = ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)).tolist()
    down = []
    for row, one in enumerate(county.communication.base_stations):
        empty: Intervals = ()
        area = int(county.station_area[row])
        if one.battery is not None and area >= 0:
            out = grid[county.power.areas[area].id]
            own = plain(by_asset[key]) if (key := ("base_station", one.id)) in by_asset else out
            own = intersection(own, ((0.0, towers_s.get(one.id, math.inf)),))
            battery_s = float(one.battery.from_normal(z[row]))
            recharge = battery_s / (recharge_h * 3600) if recharge_h > 0 else math.inf
            empty = beyond_horizon(empty_while(own, battery_s, recharge=recharge), horizon_s)
        lost = _ways_lost(one.backhaul, cut)
        own_given = given.get(("base_station", one.id), ())
        down.append(first_cause((empty, "battery"), (lost, "backhaul"), (own_given, "given")))
    return _behind_hubs(county, down)


def _behind_hubs(county: CascadeCounty, down: list[CausedIntervals]) -> tuple[CausedIntervals, ...]:
    """Take the stations that reach the core network by fibre off the air while every hub is down."""
    network = county.communication
    hubs = [plain(spans) for one, spans in zip(network.base_stations, down, strict=True) if one.id in network.hubs]
    if not hubs:
        return tuple(down)
    dead = hubs[0]
    for other in hubs[1:]:
        dead = intersection(dead, other)
    return tuple(
        _joined(spans, dead, "backhaul") if one.backhaul and one.id not in network.hubs else spans
        for one, spans in zip(network.base_stations, down, strict=True)
    )


def _ways_lost(backhaul: Iterable[Iterable[str]], cut: dict[str, CausedIntervals]) -> Intervals:
    """Return when every way to the core network has a cut fibre."""
    ways = [union(span for fibre in way for span in plain(cut[fibre])) for way in backhaul]
    if not ways:
        return ()
    lost = ways[0]
    for way in ways[1:]:
        lost = intersection(lost, way)
    return lost
