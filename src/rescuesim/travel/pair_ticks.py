"""Ticks of site and point pairs over many states, sixteen states at a time, in threads.

Pairs are those that are within the cutoff on intact roads: a state that closes and slows roads has no others.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rescuesim.network import NetworkState
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.network.vehicles.start_up import free_ticks_within
from rescuesim.travel.broken_pieces import broken_pieces
from rescuesim.travel.times import TravelTimes, in_seconds, times_in_state

if TYPE_CHECKING:
    from rescuesim.travel.contraction.engine import ContractionEngine, PreparedRoads, Scratch

__all__ = [
    "BATCH",
    "ContractedPairs",
    "PairTicks",
    "ReferencePairs",
    "contracted_pairs",
    "in_batches",
    "prepared_roads",
    "reference_pairs",
]

BATCH = 16  # states: as many as the kernels take at a time
_Made = TypeVar("_Made")


class PairTicks(Protocol):
    """Where the ticks of pairs come from."""

    @property
    def first(self) -> NDArray[np.int64]:
        """Where the pairs of each site begin; int64, shape (n_sites + 1,)."""
        ...

    @property
    def point(self) -> NDArray[np.int32]:
        """Demand point of each pair, ascending within a site; int32, shape (n_pairs,)."""
        ...

    def ticks(self, states: Sequence[NetworkState]) -> NDArray[np.int32]:
        """Compute the ticks of whole trips.

        Parameters
        ----------
        states : sequence of NetworkState
            At most sixteen.

        Returns
        -------
        ndarray of int32, shape (n_states, n_pairs)
            2^30 - 1 where the point is not reached within the cutoff.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePairs:
    """Pairs whose ticks are computed one state at a time, as `travel_times` does.

    Parameters
    ----------
    times : TravelTimes
        On intact roads.
    sets : tuple of ndarray of int64
        Sites that count together.
    first, point : ndarray
    """

    times: TravelTimes
    sets: tuple[NDArray[np.int64], ...]
    first: NDArray[np.int64]
    point: NDArray[np.int32]

    def ticks(self, states: Sequence[NetworkState]) -> NDArray[np.int32]:
        """See `PairTicks`."""
        row = np.repeat(np.arange(len(self.sets)), np.diff(self.first))
        found = np.empty((len(states), len(self.point)), dtype=np.int32)
        for number, state in enumerate(states):
            found[number] = _least(times_in_state(self.times, state).ticks, self.sets)[row, self.point]
        return found


def _least(ticks: NDArray[np.int32], sets: Sequence[NDArray[np.int64]]) -> NDArray[np.int32]:
    """Take the least ticks over the sites of each set; int32, shape (n_sets, n_demand)."""
    rows = [ticks[sites].min(axis=0, initial=UNREACHABLE) for sites in sets]
    return np.array(rows, dtype=np.int32).reshape(len(sets), ticks.shape[1])


def reference_pairs(times: TravelTimes, sets: Sequence[NDArray[np.int64]] | None = None) -> ReferencePairs:
    """List the pairs that are within the cutoff.

    Parameters are those of `contracted_pairs`.
    """
    chosen = _one_by_one(times) if sets is None else tuple(sets)
    # computed anew: the ticks of the given times may be of another cutoff, or none
    row, point = np.nonzero(_least(times_in_state(times, None).ticks, chosen) < UNREACHABLE)
    first = np.r_[0, np.cumsum(np.bincount(row, minlength=len(chosen)))].astype(np.int64)
    return ReferencePairs(times=times, sets=chosen, first=first, point=point.astype(np.int32))


def _one_by_one(times: TravelTimes) -> tuple[NDArray[np.int64], ...]:
    return tuple(np.array([site]) for site in range(len(times.sites)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractedPairs:
    """Pairs whose ticks the contraction engine computes.

    Parameters
    ----------
    times : TravelTimes
        On intact roads.
    engine : ContractionEngine
    """

    times: TravelTimes
    engine: ContractionEngine
    _free: SimpleQueue[Scratch] = field(default_factory=SimpleQueue, init=False, repr=False, compare=False)

    @property
    def first(self) -> NDArray[np.int64]:
        """See `PairTicks`."""
        return self.engine.first_pair

    @property
    def point(self) -> NDArray[np.int32]:
        """See `PairTicks`."""
        return self.engine.pair_target

    def ticks(self, states: Sequence[NetworkState]) -> NDArray[np.int32]:
        """See `PairTicks`; may be called by several threads."""
        graph = self.times.graph
        assert graph is not None
        ids = self.times.sites.ids
        shut = np.zeros((len(states), len(ids)), dtype=np.bool_)
        broken = broken_pieces(graph, states)
        at_site = broken.point < len(ids)
        shut[broken.point_state[at_site], broken.point[at_site]] = True
        for number, state in enumerate(states):
            if state.unusable_sites:
                shut[number] |= np.fromiter((id_ in state.unusable_sites for id_ in ids), np.bool_, len(ids))
        try:
            scratch = self._free.get_nowait()
        except Empty:
            scratch = self.engine.scratch()
        made = self.engine.run(broken, shut, scratch)
        self._free.put(scratch)
        return made


def prepared_roads(times: TravelTimes) -> PreparedRoads:
    """Contract the roads of travel times and find what trips within the cutoff can take.

    Parameters
    ----------
    times : TravelTimes
        From a network, on intact roads.
    """
    from rescuesim.travel.contraction.engine import Ends, prepare_roads
    from rescuesim.travel.contraction.structure import contraction_structure

    graph, site_snap, demand_snap = times.graph, times.site_snap, times.demand_snap
    assert graph is not None
    assert site_snap is not None
    assert demand_snap is not None
    n_sites = len(times.sites)
    return prepare_roads(
        contraction_structure(graph),
        graph.piece_ticks().astype(np.int32),
        Ends(node=graph.point_node[:n_sites], ticks=site_snap.access_ticks),
        Ends(node=graph.point_node[n_sites:], ticks=demand_snap.access_ticks),
        limit=free_ticks_within(int(limit_ticks(times.cutoff_s)), times.start_up_s, launch_s=times.launch_s),
        start_up=round(times.start_up_s * TICKS_PER_SECOND),
        launch=round(times.launch_s * TICKS_PER_SECOND),
        backward=times.towards == "sites",
    )


def contracted_pairs(
    times: TravelTimes, roads: PreparedRoads, sets: Sequence[NDArray[np.int64]] | None = None
) -> ContractedPairs:
    """Plan the sweeps from sets of sites.

    Parameters
    ----------
    times : TravelTimes
        From a network, on intact roads.
    roads : PreparedRoads
        Of these times.
    sets : sequence of ndarray of int64, optional
        Sites that count together; the ticks of a pair are then the least of its set. One set for each site if absent.

    Returns
    -------
    ContractedPairs
    """
    from rescuesim.travel.contraction.engine import plan_engine

    return ContractedPairs(times=times, engine=plan_engine(roads, _one_by_one(times) if sets is None else sets))


def write_dense_ticks(pairs: PairTicks, ticks: NDArray[np.int32], dense: NDArray[np.int32]) -> None:
    """Write the ticks of one state into a matrix.

    Parameters
    ----------
    pairs : PairTicks
    ticks : ndarray of int32, shape (n_pairs,)
    dense : ndarray of int32, shape (n_sites, n_demand)
        Written: 2^30 - 1 for other pairs.
    """
    if isinstance(pairs, ContractedPairs):
        from rescuesim.travel.trip_kernels import spread_ticks

        spread_ticks(pairs.first, pairs.point, ticks, dense)
        return
    dense.fill(UNREACHABLE)
    dense[np.repeat(np.arange(len(dense)), np.diff(pairs.first)), pairs.point] = ticks


def dense_seconds(pairs: PairTicks, ticks: NDArray[np.int32], n_demand: int) -> NDArray[np.float64]:
    """Write the seconds of one state into a matrix; float64, shape (n_sites, n_demand), ``inf`` for other pairs."""
    shape = (len(pairs.first) - 1, n_demand)
    if isinstance(pairs, ContractedPairs):
        from rescuesim.travel.trip_kernels import spread_seconds

        made = np.empty(shape, dtype=np.float64)
        spread_seconds(pairs.first, pairs.point, ticks, made)
        return made
    dense = np.empty(shape, dtype=np.int32)
    write_dense_ticks(pairs, ticks, dense)
    return in_seconds(dense)


def _processors() -> int:
    """Processors that this process may use; all of the machine's where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_batches(
    pairs: PairTicks,
    states: Sequence[NetworkState],
    reduce: Callable[[NDArray[np.int32]], _Made],
    *,
    n_threads: int | None = None,
) -> Iterator[_Made]:
    """Compute ticks batch by batch and hand each batch to a function, in the order of the states.

    Parameters
    ----------
    pairs : PairTicks
    states : sequence of NetworkState
    reduce : callable
        From ticks, int32, shape (n_states of the batch, n_pairs), to what is kept of them. Called in the threads.
    n_threads : int, optional
        As many as there are processors if absent. The results are the same.

    Yields
    ------
    object
        What `reduce` returned. No more batches are worked on ahead than there are threads.
    """
    batches = [states[start : start + BATCH] for start in range(0, len(states), BATCH)]

    def one(batch: Sequence[NetworkState]) -> _Made:
        return reduce(pairs.ticks(batch))

    workers = min(n_threads or _processors(), len(batches))
    if workers <= 1:
        yield from map(one, batches)
        return
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[_Made]] = deque()
        try:
            for batch in batches:
                ahead.append(pool.submit(one, batch))
                if len(ahead) > workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
