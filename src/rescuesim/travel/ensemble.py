"""TravelTimesEnsemble: travel times over the states of a broken network, never all of them at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network import NetworkStates
from rescuesim.network.road_network import UNREACHABLE, limit_ticks
from rescuesim.travel.coverage_bits import CoverageBits, broadcast_limits, packed_pairs
from rescuesim.travel.engines import Engine, check_engine
from rescuesim.travel.nearest import NearestSites, nearest_two
from rescuesim.travel.pair_ticks import (
    PairTicks,
    contracted_pairs,
    dense_seconds,
    in_batches,
    prepared_roads,
    reference_pairs,
    write_dense_ticks,
)
from rescuesim.travel.pairs import TravelTimePairs
from rescuesim.travel.plan_coverage import PlanCoverage
from rescuesim.travel.spare_matrices import SpareMatrices
from rescuesim.travel.times import TravelTimes, check_sites_of, in_seconds, times_in_state

if TYPE_CHECKING:
    from rescuesim.travel.contraction.engine import PreparedRoads

__all__ = ["TravelTimesEnsemble"]

_Made = TypeVar("_Made")
# states times sites times nodes: loading the kernels, ordering and planning take about as long as single states do then
_WORTH_CONTRACTING = 200_000_000
_ENGINE = "rescuesim.travel.contraction.engine"
_CELLS_AHEAD = 2_000_000  # of a matrix: 128 MB for sixteen states
_CELLS_SPARE = 64_000_000  # of all matrices that are kept to be used again: 256 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimesEnsemble:
    """Travel times over the states of a network, computed as they are asked for.

    Iterating gives one `TravelTimes` for each state. The other methods reduce the states as they are computed, so that
    no more than a batch of sixteen for each thread is held.

    Parameters
    ----------
    intact : TravelTimes
        Times of the unbroken network with the same points and cutoff.
    states : NetworkStates
    engine : {'auto', 'scipy', 'bucket', 'contraction'}
        What computes the states; all give the same ticks. ``auto`` contracts where that pays.
    n_threads : int, optional
        As many as there are processors if absent. The results are the same.
    """

    intact: TravelTimes
    states: NetworkStates
    engine: Engine = "auto"
    n_threads: int | None = None
    _pairs: list[PairTicks] = field(default_factory=list, init=False, repr=False, compare=False)
    _roads: list[PreparedRoads] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_engine(self.engine)
        if self.intact.state is not None:
            raise InputError(f"intact: times in state {self.intact.state.label!r}, expected those of unbroken roads")
        if self.n_threads is not None and not (isinstance(self.n_threads, int) and self.n_threads >= 1):
            raise InputError(f"n_threads {self.n_threads!r}: expected a whole number of 1 or more")

    def __str__(self) -> str:
        return f"{len(self):,} states of: {self.intact}"

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: int) -> TravelTimes:
        return times_in_state(self._one_by_one, self.states[index])

    def __iter__(self) -> Iterator[TravelTimes]:
        if not self.contracts:
            yield from (self[index] for index in range(len(self)))
            return
        pairs, states = self.pairs(), iter(self.states)
        shape = len(self.intact.sites), len(self.intact.demand)
        spare = SpareMatrices(shape, most=_CELLS_SPARE // max(shape[0] * shape[1], 1))

        def dense(ticks: NDArray[np.int32]) -> NDArray[np.int32]:
            made = spare.matrix()
            write_dense_ticks(pairs, ticks, made)
            return made

        def spread(ticks: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
            made = map(dense, ticks)
            # in the threads, unless sixteen matrices for each of them are too much to hold
            return iter(list(made)) if shape[0] * shape[1] <= _CELLS_AHEAD else made

        for batch in self._reduced(pairs, spread):
            for ticks in batch:
                yield replace(self.intact, ticks=ticks, state=next(states), engine="contraction")

    @property
    def contracts(self) -> bool:
        """Whether the states are computed by the contraction engine; one at a time, as one matrix is, if not."""
        if self.engine != "auto":
            return self.engine == "contraction"
        graph = self.intact.graph
        if graph is None:
            return False
        work = len(self.states) * len(self.intact.sites) * graph.n_nodes
        return work >= _WORTH_CONTRACTING and _why_not(_ENGINE) is None

    def pairs(self) -> PairTicks:
        """Return the pairs of sites and points that are within the cutoff on intact roads, and what computes them."""
        if not self._pairs:
            self._pairs.append(self._pairs_of(None))
        return self._pairs[0]

    def within_cutoff(self) -> Iterator[TravelTimePairs]:
        """Give the pairs that are within the cutoff, state by state; no dense matrix is made.

        Yields
        ------
        TravelTimePairs
            In the order of the states.
        """
        pairs = self.pairs()
        states = iter(self.states)
        served = replace(
            self.intact,
            ticks=np.zeros((0, 0), dtype=np.int32),
            engine="contraction" if self.contracts else self._one_by_one.engine,
        )
        for batch in self._reduced(pairs, _unchanged):
            for row in batch:
                reached = row < UNREACHABLE
                yield TravelTimePairs(
                    first=np.r_[0, np.cumsum(reached)][pairs.first],
                    point=pairs.point[reached],
                    ticks=row[reached],
                    without_ticks=replace(served, state=next(states)),
                )

    def coverage_bits(self, limit: ArrayLike) -> Iterator[CoverageBits]:
        """Pack who is in time, state by state.

        Parameters
        ----------
        limit : array_like of float, shape (n_sites, n_demand) or one that broadcasts to it
            Seconds; a negative limit is never kept.

        Yields
        ------
        CoverageBits
            In the order of the states; the decisions are those of `TravelTimes.within`.

        Raises
        ------
        InputError
            If a limit is NaN or longer than the cutoff, or the shape is wrong.
        """
        pairs, most = self.pairs(), self._pair_limits(limit)
        sites, demand = self.intact.sites, self.intact.demand

        def pack(ticks: NDArray[np.int32]) -> list[CoverageBits]:
            words = (packed_pairs(pairs.first, pairs.point, row <= most, len(demand)) for row in ticks)
            return [CoverageBits(sites=sites, demand=demand, words=some) for some in words]

        for batch in self._reduced(pairs, pack):
            yield from batch

    def coverage(
        self, plans: Mapping[str, Iterable[str]], limit: ArrayLike, *, weights: ArrayLike | None = None
    ) -> PlanCoverage:
        """Compute what plans cover in every state.

        Parameters
        ----------
        plans : mapping of str to iterable of str
            Ids of the open sites by the name of the plan.
        limit : array_like of float, shape (n_sites, n_demand) or one that broadcasts to it
            Seconds; a negative limit is never kept.
        weights : array_like of float, shape (n_demand,), optional
            People of the points if absent.

        Returns
        -------
        PlanCoverage
            Of points that at least one open site reaches in time.

        Raises
        ------
        InputError
            If a limit or a weight is no number, a limit is longer than the cutoff, or a shape is wrong.
        UnknownIdError
            If an id is unknown.
        """
        sites, demand = self.intact.sites, self.intact.demand
        opened = np.zeros((len(plans), len(sites)), dtype=np.bool_)
        for number, ids in enumerate(plans.values()):
            opened[number, _places(ids, sites.ids, "site")] = True
        weight = demand.people if weights is None else weights
        pairs, most = self.pairs(), self._pair_limits(limit)

        def weigh(ticks: NDArray[np.int32]) -> NDArray[np.float64]:
            covered = np.empty((len(ticks), len(plans)))
            for number, row in enumerate(ticks):
                words = packed_pairs(pairs.first, pairs.point, row <= most, len(demand))
                bits = CoverageBits(sites=sites, demand=demand, words=words)
                covered[number] = bits.weighted_coverage(opened, weight)
            return covered

        return PlanCoverage(
            plans=tuple(plans),
            labels=self.states.labels,
            probability=np.array([state.probability for state in self.states]),
            covered=np.concatenate(list(self._reduced(pairs, weigh))),
        )

    def chosen_pairs(self, sites: Sequence[str], points: Sequence[str]) -> NDArray[np.float64]:
        """Compute the travel times of some pairs in every state.

        Parameters
        ----------
        sites, points : sequence of str
            Ids; the first site goes with the first point, and so on.

        Returns
        -------
        ndarray of float64, shape (n_states, n_pairs)
            Seconds; ``inf`` where the point is not reached within the cutoff.

        Raises
        ------
        UnknownIdError
            If an id is unknown.
        ValueError
            If there are not as many sites as points.
        """
        if len(sites) != len(points):
            raise InputError(f"{len(sites)} sites and {len(points)} points: expected as many of both")
        site, point = _places(sites, self.intact.sites.ids, "site"), _places(points, self.intact.demand.ids, "point")
        used, row = np.unique(site, return_inverse=True)
        pairs = self._pairs_of([np.array([one]) for one in used])
        n_points = len(self.intact.demand)
        key = np.repeat(np.arange(len(used)), np.diff(pairs.first)) * n_points + pairs.point
        wanted = row * n_points + point
        place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        there = key[place] == wanted if len(key) else np.zeros(len(wanted), dtype=np.bool_)

        def choose(ticks: NDArray[np.int32]) -> NDArray[np.int32]:
            chosen = np.full((len(ticks), len(wanted)), UNREACHABLE, dtype=np.int32)
            chosen[:, there] = ticks[:, place[there]]
            return chosen

        return in_seconds(np.concatenate(list(self._reduced(pairs, choose))))

    def nearest(self, opened: Iterable[str]) -> Iterator[NearestSites]:
        """Find the nearest and the second nearest open site of each point, state by state.

        Parameters
        ----------
        opened : iterable of str
            Ids of the open sites.

        Yields
        ------
        NearestSites
            In the order of the states.

        Raises
        ------
        UnknownIdError
            If an id is unknown.
        """
        site = np.unique(_places(opened, self.intact.sites.ids, "site")).astype(np.int32)
        pairs = self._pairs_of([np.array([one]) for one in site])
        n_demand = len(self.intact.demand)
        index = np.r_[site, np.int32(-1)]

        def find(ticks: NDArray[np.int32]) -> list[NearestSites]:
            made = []
            for row in ticks:
                first, second, first_ticks, second_ticks = nearest_two(pairs.first, pairs.point, row, n_demand)
                made.append(
                    NearestSites(
                        sites=self.intact.sites,
                        demand=self.intact.demand,
                        first=index[first],
                        second=index[second],
                        first_ticks=first_ticks,
                        second_ticks=second_ticks,
                    )
                )
            return made

        for batch in self._reduced(pairs, find):
            yield from batch

    def nearest_times(self, plans: Sequence[Iterable[str]]) -> Iterator[NDArray[np.float64]]:
        """Compute how long the nearest open site of each plan takes to each point, state by state.

        All plans go through the states together, which costs little more than one of them.

        Parameters
        ----------
        plans : sequence of iterable of str
            Ids of the open sites of each plan.

        Yields
        ------
        ndarray of float64, shape (n_plans, n_demand)
            Seconds; ``inf`` where nobody comes within the cutoff.

        Raises
        ------
        UnknownIdError
            If an id is unknown.
        """
        sets = [np.unique(_places(opened, self.intact.sites.ids, "site")) for opened in plans]
        pairs = self._pairs_of(sets)
        n_demand = len(self.intact.demand)
        for batch in self._reduced(pairs, _unchanged):
            for row in batch:
                yield dense_seconds(pairs, row, n_demand)

    def _pair_limits(self, limit: ArrayLike) -> NDArray[np.int32]:
        """Return the largest ticks that keep the limit of each pair; int32, shape (n_pairs,)."""
        pairs = self.pairs()
        limits = broadcast_limits(limit, self.intact.sites, self.intact.demand, self.intact.cutoff_s)
        site = np.repeat(np.arange(len(self.intact.sites)), np.diff(pairs.first))
        return limit_ticks(limits[site, pairs.point]).astype(np.int32)

    def _pairs_of(self, sets: list[NDArray[np.int64]] | None) -> PairTicks:
        if not self.contracts:
            return reference_pairs(self._one_by_one, sets)
        if (why := _why_not(_ENGINE)) is not None:
            raise InputError(f"engine 'contraction': numba cannot be imported ({why}); expected auto or scipy")
        if self.intact.graph is None:
            raise InputError("intact: expected times from a network, not a matrix")
        if not self._roads:
            self._roads.append(prepared_roads(self.intact))
        return contracted_pairs(self.intact, self._roads[0], sets)

    @property
    def _one_by_one(self) -> TravelTimes:
        """The intact times, with the engine that computes single states."""
        if self.intact.graph is None:
            raise InputError("intact: expected times from a network, not a matrix")
        if self.engine in ("auto", "contraction"):
            return self.intact
        if self.engine == "bucket" and (why := _why_not("rescuesim.travel.bucket_dijkstra")) is not None:
            raise InputError(f"engine 'bucket': numba cannot be imported ({why}); expected auto or scipy")
        return replace(self.intact, engine=self.engine)

    def _reduced(self, pairs: PairTicks, reduce: Callable[[NDArray[np.int32]], _Made]) -> Iterator[_Made]:
        for state in self.states:
            check_sites_of(state, self.intact.sites)
        return in_batches(pairs, self.states.states, reduce, n_threads=self.n_threads)


def _why_not(kernels: str) -> ImportError | None:
    """Load kernels, or say why they cannot be; `travel_times` has noted that the reference serves then."""
    try:
        importlib.import_module(kernels)
    except ImportError as error:
        return error
    return None


def _unchanged(ticks: NDArray[np.int32]) -> NDArray[np.int32]:
    return ticks


def _places(wanted: Iterable[str], ids: Sequence[str], what: str) -> NDArray[np.int64]:
    """Return the index of each id."""
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise InputError(f"{what}s {wanted!r}: expected a list of ids")
    index = {id_: place for place, id_ in enumerate(ids)}
    chosen = list(wanted)
    for id_ in chosen:
        if id_ not in index:
            raise UnknownIdError(f"{what} {id_!r}: expected {nearest_name(str(id_), ids)}")
    return np.array([index[id_] for id_ in chosen], dtype=np.int64)
