"""Times over states that a siting asks for again and again, worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rescuesim.network.states import NetworkStates
from rescuesim.siting.limits import PairLimits
from rescuesim.travel import TravelTimePairs, TravelTimesEnsemble

__all__ = ["HeldStates", "held_states"]

_FARTHER_S = 1.0  # than the longest limit, so that no pair at its edge is lost


@dataclass(frozen=True, slots=True)
class HeldStates:
    """Pairs of site and point that may be in time, state by state.

    Parameters
    ----------
    pairs : tuple of TravelTimePairs
        In the order of the states.
    ensemble : TravelTimesEnsemble
        Gives all times, also those of pairs that are too far, for whoever asks why a point is missed.
    """

    pairs: tuple[TravelTimePairs, ...]
    ensemble: TravelTimesEnsemble

    @property
    def states(self) -> NetworkStates:
        """The states, in the order of the pairs."""
        return self.ensemble.states

    def within_cutoff(self) -> Iterator[TravelTimePairs]:
        """Return the pairs of one state after the other."""
        return iter(self.pairs)


def held_states(ensemble: TravelTimesEnsemble | None, limits: PairLimits | None) -> HeldStates | None:
    """Keep the pairs of all states that are no farther from each other than the longest limit.

    Parameters
    ----------
    ensemble : TravelTimesEnsemble or None
    limits : PairLimits or None

    Returns
    -------
    HeldStates or None
        None without states, or for models without limits.
    """
    if ensemble is None or limits is None:
        return None
    longest = max(limits.limit_s.max(), limits.second_limit_s.max()) + _FARTHER_S
    per_point = np.full(len(ensemble.intact.demand), longest)
    kept = []
    for pairs in ensemble.within_cutoff():
        near = np.asarray(pairs.within(per_point))
        ends = np.r_[0, np.cumsum(near)]
        kept.append(replace(pairs, first=ends[pairs.first], point=pairs.point[near], ticks=pairs.ticks[near]))
    return HeldStates(pairs=tuple(kept), ensemble=ensemble)
