"""NetworkStates: moments of a broken network, as data.

A state says which roads or parts of roads are closed or slowed and which sites cannot be used. What broke
them is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.errors import Fault, InputError

__all__ = ["LEVELS", "Closure", "NetworkState", "NetworkStates", "StateColumns", "state_columns"]

LEVELS = ("passable", "one_lane", "on_foot", "closed")
_PLACE_OF_LEVEL = {level: place for place, level in enumerate(LEVELS)}
_road, _from_m, _to_m, _level = (attrgetter(name) for name in ("road", "from_m", "to_m", "level"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A road, or a part of it, that is not fully open, in both directions.

    Parameters
    ----------
    road : int
        Index of the road in the network.
    from_m, to_m : float
        Part of the road, in metres along its positions; the whole road if absent.
    level : str
        ``passable``, ``one_lane`` (the part takes longer), ``on_foot`` or ``closed`` (both shut to
        vehicles).
    """

    road: int
    from_m: float = 0.0
    to_m: float = math.inf
    level: str = "closed"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise InputError([Fault(column="level", value=self.level, expected=f"one of {', '.join(LEVELS)}")])
        if not isinstance(self.road, int) or self.road < 0:
            raise InputError(f"closure of road {self.road!r}: expected the whole number of a road")
        if not 0 <= self.from_m <= self.to_m:
            raise InputError(f"closure of road {self.road}: {self.from_m} to {self.to_m} m, expected 0 <= from <= to")

    @property
    def shuts(self) -> bool:
        """Whether vehicles cannot pass."""
        return self.level in ("on_foot", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateColumns:
    """Closures and slow-downs of one state, or of several, as arrays.

    Parameters
    ----------
    closed_in, road : ndarray of int64, shape (n_closures,)
        Index of the state, and the road of each closure.
    from_m, to_m : ndarray of float64, shape (n_closures,)
    level : ndarray of int8, shape (n_closures,)
        Place in `LEVELS`.
    slowed_in, slowed : ndarray of int64, shape (n_slow_downs,)
        Index of the state, and the road of each slow-down.
    factor : ndarray of float64, shape (n_slow_downs,)
    """

    closed_in: NDArray[np.int64]
    road: NDArray[np.int64]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]
    level: NDArray[np.int8]
    slowed_in: NDArray[np.int64]
    slowed: NDArray[np.int64]
    factor: NDArray[np.float64]


def _columns_of(state: NetworkState) -> StateColumns:
    closures, size, n_slow = state.closures, len(state.closures), len(state.slow_downs)
    return StateColumns(
        closed_in=np.zeros(size, dtype=np.int64),
        road=np.fromiter(map(_road, closures), np.int64, size),
        from_m=np.fromiter(map(_from_m, closures), np.float64, size),
        to_m=np.fromiter(map(_to_m, closures), np.float64, size),
        level=np.fromiter(map(_PLACE_OF_LEVEL.__getitem__, map(_level, closures)), np.int8, size),
        slowed_in=np.zeros(n_slow, dtype=np.int64),
        slowed=np.fromiter(state.slow_downs, np.int64, n_slow),
        factor=np.fromiter(state.slow_downs.values(), np.float64, n_slow),
    )


def state_columns(states: Sequence[NetworkState]) -> StateColumns:
    """Put the columns of several states one after the other.

    Parameters
    ----------
    states : sequence of NetworkState
        At least one.

    Returns
    -------
    StateColumns
    """
    each = [state.columns for state in states]
    index = np.arange(len(states))
    return StateColumns(
        closed_in=np.repeat(index, [len(columns.road) for columns in each]),
        road=np.concatenate([columns.road for columns in each]),
        from_m=np.concatenate([columns.from_m for columns in each]),
        to_m=np.concatenate([columns.to_m for columns in each]),
        level=np.concatenate([columns.level for columns in each]),
        slowed_in=np.repeat(index, [len(columns.slowed) for columns in each]),
        slowed=np.concatenate([columns.slowed for columns in each]),
        factor=np.concatenate([columns.factor for columns in each]),
    )


def _road_number(road: object) -> int:
    """Return a whole number as an int, whatever library it is of; nothing else is rounded or read."""
    if isinstance(road, bool) or not isinstance(road, Integral):
        raise InputError(f"closure of road {road!r}: expected the whole number of a road")
    return int(road)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkState:
    """One moment of the network.

    Parameters
    ----------
    closures : tuple of Closure
    slow_downs : mapping of int to float
        Factor of 1 or more on the travel time of whole roads, by road.
    unusable_sites : frozenset of str
        Sites that nobody can leave.
    label : str
    probability : float
    """

    closures: tuple[Closure, ...] = ()
    slow_downs: Mapping[int, float] = field(default_factory=dict)
    unusable_sites: frozenset[str] = frozenset()
    label: str = ""
    probability: float = 1.0
    _columns: list[StateColumns] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for road in self.slow_downs:
            if isinstance(road, bool) or not isinstance(road, Integral):
                raise InputError(f"slow-down of road {road!r}: expected the whole number of a road")
        wrong = {road: factor for road, factor in self.slow_downs.items() if not (1 <= factor < math.inf)}
        if wrong:
            raise InputError(f"slow-downs {wrong}: expected factors of 1 or more on the travel time")
        if not 0 <= self.probability <= 1:
            raise InputError(f"state {self.label!r}: probability {self.probability}, expected from 0 to 1")

    @property
    def columns(self) -> StateColumns:
        """The state as arrays, made when they are asked for and kept."""
        if not self._columns:
            self._columns.append(_columns_of(self))
        return self._columns[0]

    @property
    def slow_parts(self) -> dict[int, list[tuple[float, float, float]]]:
        """Slowed parts by road: from and to in metres, and the factor of 1 or more on the travel time.

        Slow-downs hold for the whole road, one lane for the part of its closure; where parts overlap, the
        larger factor holds.
        """
        parts = {road: [(0.0, math.inf, factor)] for road, factor in self.slow_downs.items()}
        one_lane = 1 / default("speed_factor.one_lane").number
        for closure in self.closures:
            if closure.level == "one_lane":
                parts.setdefault(closure.road, []).append((closure.from_m, closure.to_m, one_lane))
        return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStates:
    """Moments of a broken network, with probabilities that sum to 1.

    Parameters
    ----------
    states : tuple of NetworkState

    Examples
    --------
    >>> states = NetworkStates.from_closures([{4, 7}, set()], labels=["bridge out", "open"])
    >>> len(states), states[0].closures[0].road, states[1].probability
    (2, 4, 0.5)
    """

    states: tuple[NetworkState, ...]

    def __post_init__(self) -> None:
        if not self.states:
            raise InputError("network states: expected at least one")
        total = math.fsum(state.probability for state in self.states)
        if abs(total - 1) > 1e-9:
            raise InputError(f"network states: probabilities sum to {total}, expected 1")

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[NetworkState]:
        return iter(self.states)

    def __getitem__(self, index: int) -> NetworkState:
        return self.states[index]

    @property
    def labels(self) -> tuple[str, ...]:
        """Label of each state."""
        return tuple(state.label for state in self.states)

    def merged(self) -> NetworkStates:
        """Put states that break the same into one, with the sum of their probabilities.

        Returns
        -------
        NetworkStates
            In the order in which they first come; the label says how many they are.

        Examples
        --------
        >>> states = NetworkStates.from_closures([{4}, set(), {4}, {4}])
        >>> [(state.label, state.probability) for state in states.merged()]
        [('state 0 and 2 more', 0.75), ('state 1', 0.25)]
        """
        alike: dict[object, list[NetworkState]] = {}
        for state in self.states:
            broken = frozenset(state.closures), frozenset(state.slow_downs.items()), state.unusable_sites
            alike.setdefault(broken, []).append(state)
        return NetworkStates(
            states=tuple(
                replace(
                    some[0],
                    # a sum of many parts may pass 1 by a rounding
                    probability=min(math.fsum(state.probability for state in some), 1.0),
                    label=some[0].label if len(some) == 1 else f"{some[0].label} and {len(some) - 1} more",
                )
                for some in alike.values()
            )
        )

    @classmethod
    def from_closures(
        cls,
        closures: Sequence[set[int] | frozenset[int]],
        *,
        probabilities: Sequence[float] | None = None,
        labels: Sequence[str] | None = None,
    ) -> NetworkStates:
        """Build states in which whole roads are closed.

        Parameters
        ----------
        closures : sequence of set of int
            The closed roads of each state.
        probabilities : sequence of float, optional
            Equal if absent.
        labels : sequence of str, optional
            ``state 0`` and so on if absent.

        Returns
        -------
        NetworkStates
        """
        size = len(closures)
        if any(len(given) != size for given in (probabilities, labels) if given is not None):
            raise InputError(f"expected {size} probabilities and labels, one a state")
        return cls(
            states=tuple(
                NetworkState(
                    closures=tuple(Closure(road=_road_number(road)) for road in sorted(roads)),
                    probability=probabilities[number] if probabilities is not None else 1 / size,
                    label=labels[number] if labels is not None else f"state {number}",
                )
                for number, roads in enumerate(closures)
            )
        )
