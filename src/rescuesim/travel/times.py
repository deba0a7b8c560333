"""TravelTimes: how long every site takes to every point, in one state of the network."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rescuesim.candidates import CandidateSites, read_sites
from rescuesim.demand import DemandPoints, read_demand
from rescuesim.errors import Fault, InputError, UnknownIdError, nearest_name
from rescuesim.network import NetworkState
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.quality import SnappedPoints
from rescuesim.travel.split_graph import SplitGraph
from rescuesim.travel.trips import row_blocks, trip_ticks_by_rows

__all__ = ["REASONS", "Towards", "TravelTimes", "check_sites_of", "in_seconds", "times_in_state"]

REASONS = ("", "no_road", "road_closed", "site_unusable", "no_path", "beyond_cutoff", "not_given")
Towards = Literal["demand", "sites"]
_Table = TypeVar("_Table", CandidateSites, DemandPoints)


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimes:
    """Travel times between sites and demand points in one state of the network.

    Parameters
    ----------
    sites : CandidateSites
    demand : DemandPoints
    ticks : ndarray of int32, shape (n_sites, n_demand)
        Units of 0.1 ms, access legs and start-up loss included; 2^30 - 1 where unreachable. Empty for other
        units.
    given : ndarray of float64, shape (n_sites, n_demand), or None
        Distances or costs as they were given; None for times.
    unit : {'s', 'm', 'cost'}
    cutoff_s : float
        Longer times are unreachable; it only truncates.
    towards : {'demand', 'sites'}
        Direction of travel.
    state : NetworkState or None
        What was broken; None if nothing.
    graph : SplitGraph or None
        The pieces that were driven; None for times given as a matrix.
    site_snap, demand_snap : SnappedPoints or None
    start_up_s : float
        Start-up loss of a long trip that `ticks` contain; 0 for times given as a matrix, which are taken as they are.
    launch_s : float
        Fixed time before any trip that `ticks` contain.
    engine : {'scipy', 'bucket', 'contraction', 'given'}
        What computed the paths; ``given`` for a matrix.
    notes : tuple of str
        What is to be said of how they were computed.
    """

    sites: CandidateSites
    demand: DemandPoints
    ticks: NDArray[np.int32]
    given: NDArray[np.float64] | None = None
    unit: Literal["s", "m", "cost"] = "s"
    cutoff_s: float = math.inf
    towards: Towards = "demand"
    state: NetworkState | None = None
    graph: SplitGraph | None = None
    site_snap: SnappedPoints | None = None
    demand_snap: SnappedPoints | None = None
    start_up_s: float = 0.0
    launch_s: float = 0.0
    engine: str = "scipy"
    notes: tuple[str, ...] = ()
    _seconds: list[NDArray[np.float64]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __str__(self) -> str:
        reached = np.isfinite(self.values)
        what = {"s": "seconds", "m": "metres", "cost": "costs"}[self.unit]
        span = f", {self.values[reached].min():,.1f} to {self.values[reached].max():,.1f}" if reached.any() else ""
        cutoff = f" within {self.cutoff_s:g} s" if math.isfinite(self.cutoff_s) else ""
        state = f" in state {self.state.label!r}" if self.state is not None else ""
        pairs = f"{np.count_nonzero(reached):,} of {reached.size:,} pairs reached{cutoff}{state}"
        return f"{what} from {len(self.sites):,} sites to {len(self.demand):,} points{span}; {pairs}"

    @property
    def values(self) -> NDArray[np.float64]:
        """Times, distances or costs in `unit`; float64, shape (n_sites, n_demand), ``inf`` where unreachable.

        Seconds are worked out from the ticks when they are first asked for.
        """
        if self.given is not None:
            return self.given
        if not self._seconds:
            self._seconds.append(in_seconds(self.ticks))
        return self._seconds[0]

    @classmethod
    def from_matrix(
        cls,
        values: ArrayLike,
        *,
        sites: pd.DataFrame | CandidateSites,
        demand: pd.DataFrame | DemandPoints,
        unit: Literal["s", "m", "cost"] = "s",
    ) -> TravelTimes:
        """Take times, distances or costs that were computed elsewhere.

        Parameters
        ----------
        values : array_like of float, shape (n_sites, n_demand), or DataFrame
            0 or more; ``inf`` where a point cannot be reached. A DataFrame must have the ids of the sites as
            its index and those of the points as its columns, in their order.
        sites, demand : DataFrame or artefact
            Tables as in `load_sites` and `load_demand`; positions are not needed.
        unit : {'s', 'm', 'cost'}, optional
            Only seconds are turned into integer ticks.

        Returns
        -------
        TravelTimes

        Raises
        ------
        InputError
            If the shape is wrong, or a value is NaN or negative.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": ["s1"]}), pd.DataFrame({"id": ["a", "b"]})
        >>> TravelTimes.from_matrix([[60, np.inf]], sites=frame[0], demand=frame[1]).values.tolist()
        [[60.0, inf]]
        """
        made_sites = sites if isinstance(sites, CandidateSites) else _made(read_sites(sites, positions=False))
        made_demand = demand if isinstance(demand, DemandPoints) else _made(read_demand(demand, positions=False))
        if isinstance(values, pd.DataFrame):
            _check_labels(values, made_sites, made_demand)
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError("matrix: expected numbers") from None
        if array.shape != (len(made_sites), len(made_demand)):
            raise InputError(f"matrix of shape {array.shape}: expected ({len(made_sites)}, {len(made_demand)})")
        if np.isnan(array).any() or (array < 0).any():
            site, point = np.argwhere(np.isnan(array) | (array < 0))[0]
            place = f"site {made_sites.ids[site]}, point {made_demand.ids[point]}"
            raise InputError(f"matrix, {place}: {array[site, point]}, expected 0 or more, or inf")
        if unit not in ("s", "m", "cost"):
            raise InputError(f"unit {unit!r}: expected s, m or cost")
        ticks = np.zeros((0, 0), dtype=np.int32)
        if unit == "s":
            rounded = np.rint(array * TICKS_PER_SECOND)
            if (np.isfinite(rounded) & (rounded >= UNREACHABLE)).any():
                raise InputError("matrix: expected times under 29.8 hours, or inf")
            ticks = np.where(np.isfinite(rounded), rounded, UNREACHABLE).astype(np.int32)
        given = None if unit == "s" else array
        return cls(sites=made_sites, demand=made_demand, ticks=ticks, given=given, unit=unit, engine="given")

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a table, sites as rows and points as columns, by id."""
        return pd.DataFrame(self.values, index=list(self.sites.ids), columns=list(self.demand.ids))

    def row(self, site: str) -> NDArray[np.float64]:
        """Values from one site, by id; float64, shape (n_demand,)."""
        if site not in self.sites.ids:
            raise UnknownIdError(f"site {site!r}: expected {nearest_name(site, self.sites.ids)}")
        return np.asarray(self.values[self.sites.ids.index(site)])

    def within(self, limit: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Decide who is in time: the one place where a time is compared with a limit.

        Parameters
        ----------
        limit : ndarray of float64, shape (n_sites, n_demand) or one that broadcasts to it
            In `unit`; a negative limit is never kept.

        Returns
        -------
        ndarray of bool, shape (n_demand, n_sites)
            ``covers[i, j]``: the time is at most the limit, compared in integer ticks.

        Raises
        ------
        InputError
            If a limit is NaN.
        """
        if np.isnan(limit).any():
            raise InputError("limit: NaN, expected seconds, or -inf where nobody is in time")
        if self.unit != "s":
            return np.asarray(((self.values <= limit) & np.isfinite(self.values)).T)
        # site by site as they lie in memory, so that nothing but the answer is as large as the matrix
        kept = np.empty((len(self.sites), len(self.demand)), dtype=np.bool_)
        limits = np.broadcast_to(limit, kept.shape)
        for rows in row_blocks(len(self.sites), len(self.demand)):
            np.less_equal(self.ticks[rows], limit_ticks(limits[rows]), out=kept[rows])
        return kept.T

    def reasons(self) -> NDArray[np.str_]:
        """Say why each pair is unreachable.

        Returns
        -------
        ndarray of str, shape (n_sites, n_demand)
            Empty where reachable, else one of `REASONS`.
        """
        out = ~np.isfinite(self.values)
        found = np.where(out, "not_given", "").astype("U13")
        if self.graph is None or self.site_snap is None or self.demand_snap is None or not out.any():
            return found
        n_sites = len(self.sites)
        found[out] = "no_path"
        if self.cutoff_s < math.inf:
            for rows, ticks in trip_ticks_by_rows(self, self.state, cutoff_s=math.inf):
                found[rows][out[rows] & (ticks < UNREACHABLE)] = "beyond_cutoff"
        closed = self.graph.closed_points(self.state)
        unusable = [id_ in (self.state.unusable_sites if self.state else ()) for id_ in self.sites.ids]
        found[out & np.array(unusable)[:, None]] = "site_unusable"
        found[out & (closed[:n_sites, None] | closed[None, n_sites:])] = "road_closed"
        found[out & ~(self.site_snap.in_range[:, None] & self.demand_snap.in_range[None, :])] = "no_road"
        return found


def _check_labels(frame: pd.DataFrame, sites: CandidateSites, demand: DemandPoints) -> None:
    """Refuse a matrix whose labels are not the ids of its sites and points: joins are by id."""
    for what, labels, ids in (("rows", frame.index, sites.ids), ("columns", frame.columns, demand.ids)):
        found = [str(label) for label in labels]
        if found != list(ids):
            odd = next((pair for pair in zip(found, ids, strict=False) if pair[0] != pair[1]), ("nothing", "more"))
            raise InputError(f"matrix, {what}: {odd[0]!r}, expected {odd[1]!r}; the labels must be the ids in order")


def _made(found: tuple[_Table | None, list[Fault]]) -> _Table:
    """Return the artefact that was read, or raise its faults."""
    made, faults = found
    if faults or made is None:
        raise InputError(faults)
    return made


def in_seconds(ticks: NDArray[np.int32]) -> NDArray[np.float64]:
    """Turn ticks into seconds, unreachable into ``inf``; float64, of the same shape."""
    seconds: NDArray[np.float64] = ticks / TICKS_PER_SECOND
    seconds[ticks == UNREACHABLE] = np.inf
    return seconds


def times_in_state(times: TravelTimes, state: NetworkState | None) -> TravelTimes:
    """Compute the times in another state of the network, with the same points, cutoff and engine."""
    check_sites_of(state, times.sites)
    ticks = np.empty((len(times.sites), len(times.demand)), dtype=np.int32)
    for rows, some in trip_ticks_by_rows(times, state, cutoff_s=times.cutoff_s):
        ticks[rows] = some
    return replace(times, ticks=ticks, state=state)


def check_sites_of(state: NetworkState | None, sites: CandidateSites) -> None:
    """Refuse a state that makes sites unusable that do not exist.

    Raises
    ------
    UnknownIdError
    """
    if state is not None and (unknown := state.unusable_sites - set(sites.ids)):
        first = sorted(unknown)[0]
        raise UnknownIdError(f"state {state.label!r}, site {first!r}: expected {nearest_name(first, sites.ids)}")
