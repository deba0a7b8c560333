"""TravelTimesEnsemble: travel times over the states of a broken network, never all of them at once."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network import NetworkStates
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.nearest import NearestSites, nearest_two
from rescuesim.travel.pair_ticks import PairTicks, contracted_pairs, in_batches, reference_pairs
from rescuesim.travel.times import TravelTimes, check_unusable_sites, in_seconds, times_in_state

__all__ = ["EnsembleEngine", "TravelTimesEnsemble"]

EnsembleEngine = Literal["auto", "scipy", "contraction"]
_Made = TypeVar("_Made")
_WORTH_CONTRACTING = 50_000_000  # states times sites times nodes


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
    engine : {'auto', 'scipy', 'contraction'}
        What computes the states; all give the same ticks. ``auto`` contracts where that pays.
    n_threads : int, optional
        As many as there are processors if absent. The results are the same.
    """

    intact: TravelTimes
    states: NetworkStates
    engine: EnsembleEngine = "auto"
    n_threads: int | None = None
    _pairs: list[PairTicks] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.engine not in get_args(EnsembleEngine):
            raise InputError(f"engine {self.engine!r}: expected one of {', '.join(get_args(EnsembleEngine))}")
        if self.n_threads is not None and self.n_threads < 1:
            raise InputError(f"n_threads {self.n_threads}: expected 1 or more")

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: int) -> TravelTimes:
        return times_in_state(self.intact, self.states[index])

    def __iter__(self) -> Iterator[TravelTimes]:
        if not self.contracts:
            yield from (self[index] for index in range(len(self)))
            return
        pairs = self.pairs()
        shape = self.intact.ticks.shape
        site = np.repeat(np.arange(shape[0], dtype=np.int64), np.diff(pairs.first))
        place = site * shape[1] + pairs.point
        states = iter(self.states)
        for batch in self._reduced(pairs, _unchanged):
            for row in batch:
                ticks = np.full(shape, UNREACHABLE, dtype=np.int32)
                ticks.ravel()[place] = row
                yield replace(self.intact, ticks=ticks, state=next(states))

    @property
    def contracts(self) -> bool:
        """Whether the states are computed by the contraction engine; by SciPy, one at a time, if not."""
        if self.engine != "auto":
            return self.engine == "contraction"
        graph = self.intact.graph
        if graph is None or importlib.util.find_spec("numba") is None:
            return False
        return len(self.states) * len(self.intact.sites) * graph.n_nodes >= _WORTH_CONTRACTING

    def pairs(self) -> PairTicks:
        """Return the pairs of sites and points that are within the cutoff on intact roads, and what computes them."""
        if not self._pairs:
            self._pairs.append(self._pairs_of(None))
        return self._pairs[0]

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
        site = np.unique(_places(list(opened), self.intact.sites.ids, "site")).astype(np.int32)
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
        sets = [np.unique(_places(list(opened), self.intact.sites.ids, "site")) for opened in plans]
        pairs = self._pairs_of(sets)
        n_demand = len(self.intact.demand)
        place = np.repeat(np.arange(len(sets)), np.diff(pairs.first)) * n_demand + pairs.point
        for batch in self._reduced(pairs, _unchanged):
            for row in batch:
                ticks = np.full((len(sets), n_demand), UNREACHABLE, dtype=np.int32)
                ticks.ravel()[place] = row
                yield in_seconds(ticks)

    def _pairs_of(self, sets: list[NDArray[np.int64]] | None) -> PairTicks:
        make = contracted_pairs if self.contracts else reference_pairs
        return make(self.intact, sets)

    def _reduced(self, pairs: PairTicks, reduce: Callable[[NDArray[np.int32]], _Made]) -> Iterator[_Made]:
        check_unusable_sites(self.intact.sites.ids, self.states)
        return in_batches(pairs, self.states.states, reduce, n_threads=self.n_threads)


def _unchanged(ticks: NDArray[np.int32]) -> NDArray[np.int32]:
    return ticks


def _places(wanted: Sequence[str], ids: Sequence[str], what: str) -> NDArray[np.int64]:
    """Return the index of each id."""
    index = {id_: place for place, id_ in enumerate(ids)}
    for id_ in wanted:
        if id_ not in index:
            raise UnknownIdError(f"{what} {id_!r}: expected {nearest_name(id_, ids)}")
    return np.array([index[id_] for id_ in wanted], dtype=np.int64)
