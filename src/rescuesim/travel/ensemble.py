"""TravelTimesEnsemble: travel times over the states of a broken network, one state at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rescuesim.network import NetworkStates
from rescuesim.travel.times import TravelTimes, times_in_state

__all__ = ["TravelTimesEnsemble"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimesEnsemble:
    """Travel times over the states of a network, computed one state at a time as they are asked for.

    Parameters
    ----------
    intact : TravelTimes
        Times of the unbroken network with the same points and cutoff.
    states : NetworkStates
    """

    intact: TravelTimes
    states: NetworkStates

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: int) -> TravelTimes:
        return times_in_state(self.intact, self.states[index])

    def __iter__(self) -> Iterator[TravelTimes]:
        return (self[index] for index in range(len(self)))
