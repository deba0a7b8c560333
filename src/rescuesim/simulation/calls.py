"""Calls: who rings when, from where and for what, with every random draw of the call made in advance."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.streams import Stream, stream

__all__ = ["DRAWS", "CallLog", "CallModel", "call_needs"]

DRAWS = ("answering_z", "order_z", "alerting_z", "turnout_z", "travel_z", "set_up_z")
_YEAR_S = 365.25 * 86400.0
_HOUR_S = 3600.0
_DAY_PART = (8.0, 20.0)  # hours between which `share_08_to_20_h` of the calls ring


@functools.cache
def call_needs() -> Mapping[str, frozenset[str]]:
    """Return what the first crew must be capable of, by call type (``calls.needs`` in ``defaults.toml``).

    Examples
    --------
    >>> sorted(call_needs()["social"])
    ['assist']
    """
    return MappingProxyType({name: frozenset(entry.words) for name, entry in defaults_under("calls.needs").items()})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallLog:
    """Calls of one replication with all their random draws, so that any plan can be run on the same calls.

    Parameters
    ----------
    demand_ids : tuple of str
        Ids of the demand points that `point` counts in.
    types : tuple of str
        Names of the call types that `type_code` counts in, of ``calls.needs`` in ``defaults.toml``.
    arrived_at_s : ndarray of float64, shape (n_calls,), ascending
        Seconds from the start of the replication to the first ring.
    point : ndarray of int32, shape (n_calls,)
    type_code : ndarray of int8, shape (n_calls,)
    answering_z, order_z, alerting_z, turnout_z, travel_z, set_up_z : ndarray of float64, shape (n_calls,)
        Standard normal draws, turned into durations and factors by the distributions of the standard.
    on_scene_s : ndarray of float64, shape (n_calls,)
        Seconds from the first action to cleared, of whatever distribution.

    Raises
    ------
    InputError
        With every fault in the arrays.

    Examples
    --------
    >>> log = CallLog.from_draws(["a", "b"], ["fire"], arrived_at_s=[10.0, 20.0], point=[0, 1])
    >>> len(log), log.to_frame()["demand_id"].tolist()
    (2, ['a', 'b'])
    """

    demand_ids: tuple[str, ...]
    types: tuple[str, ...]
    arrived_at_s: NDArray[np.float64]
    point: NDArray[np.int32]
    type_code: NDArray[np.int8]
    answering_z: NDArray[np.float64]
    order_z: NDArray[np.float64]
    alerting_z: NDArray[np.float64]
    turnout_z: NDArray[np.float64]
    travel_z: NDArray[np.float64]
    set_up_z: NDArray[np.float64]
    on_scene_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        if faults := self._faults():
            raise InputError(faults)

    def __len__(self) -> int:
        return len(self.arrived_at_s)

    def _faults(self) -> list[Fault]:
        size = len(self.arrived_at_s)
        numbers = ("arrived_at_s", "point", "type_code", *DRAWS, "on_scene_s")
        shapes = {name: np.shape(getattr(self, name)) for name in numbers}
        faults = [
            Fault(file="call log", column=name, value=str(shape), expected=f"the shape ({size},)")
            for name, shape in shapes.items()
            if shape != (size,)
        ]
        if faults:
            return faults
        faults += _bad("arrived_at_s", self.arrived_at_s, 0.0, math.inf, "finite seconds of 0 or more")
        faults += _bad("on_scene_s", self.on_scene_s, 0.0, math.inf, "finite seconds of 0 or more")
        for name in DRAWS:
            faults += _bad(name, getattr(self, name), -math.inf, math.inf, "a finite number")
        faults += _bad("point", self.point, 0, len(self.demand_ids), "an index into demand_ids")
        faults += _bad("type_code", self.type_code, 0, len(self.types), "an index into types")
        faults += [
            Fault(file="call log", column="types", value=name, expected=nearest_name(name, call_needs()))
            for name in self.types
            if name not in call_needs()
        ]
        falls = np.flatnonzero(np.diff(self.arrived_at_s) < 0)
        if falls.size:
            call = int(falls[0]) + 1
            expected = f"calls in the order of arrival; the call before rings at {self.arrived_at_s[call - 1]} s"
            value = str(self.arrived_at_s[call])
            faults.append(Fault(file="call log", row=call, column="arrived_at_s", value=value, expected=expected))
        return faults

    @classmethod
    def from_draws(
        cls,
        demand_ids: tuple[str, ...] | list[str],
        types: tuple[str, ...] | list[str],
        *,
        arrived_at_s: NDArray[np.float64] | list[float],
        **draws: NDArray[np.float64] | list[float] | list[int],
    ) -> CallLog:
        """Build a log from sequences; what is not given is 0, so a normal draw is its median.

        Parameters
        ----------
        demand_ids, types : sequence of str
        arrived_at_s : sequence of float
        **draws : sequence of float or int
            Any of the other arrays of `CallLog`.

        Returns
        -------
        CallLog
        """
        size = len(arrived_at_s)
        kinds: dict[str, type[np.generic]] = {"point": np.int32, "type_code": np.int8}
        kinds |= dict.fromkeys((*DRAWS, "on_scene_s"), np.float64)
        if unknown := sorted(set(draws) - set(kinds)):
            raise InputError([Fault(file="call log", column=unknown[0], expected=nearest_name(unknown[0], kinds))])
        arrays = {name: np.asarray(draws.get(name, np.zeros(size)), dtype=kind) for name, kind in kinds.items()}
        arrived = np.asarray(arrived_at_s, dtype=np.float64)
        return cls(demand_ids=tuple(demand_ids), types=tuple(types), arrived_at_s=arrived, **arrays)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a call: ``call, demand_id, type, arrived_at_s``, the draws and ``on_scene_s``."""
        ids, types = np.array(self.demand_ids, dtype=object), np.array(self.types, dtype=object)
        columns = {
            "call": np.arange(len(self)),
            "demand_id": pd.Series(ids[self.point], dtype=str),
            "type": pd.Series(types[self.type_code], dtype=str),
            "arrived_at_s": self.arrived_at_s,
        }
        return pd.DataFrame({**columns, **{name: getattr(self, name) for name in (*DRAWS, "on_scene_s")}})


def _bad(name: str, values: NDArray[np.generic], low: float, end: float, expected: str) -> list[Fault]:
    """Describe the first value that is not finite or not in ``low <= value < end``."""
    numbers = np.asarray(values, dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= low) & (numbers < end)))
    if not wrong.size:
        return []
    row = int(wrong[0])
    return [Fault(file="call log", row=row, column=name, value=str(values[row]), expected=expected)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallModel:
    """How many calls come from where, when and for what.

    Counts are Poisson: each point rings at its ``calls_per_year`` where that is given, else at the rate
    per 10,000 people; a year has 365.25 days. The hour of the day follows the share of calls between 08
    and 20 h and is uniform inside each of the two parts; a replication starts at 00:00. The season is not
    modelled: every day of the year has the same rate.

    Parameters
    ----------
    per_10k_people_year : float, optional
        Calls per 10,000 people and year; the sum of ``calls.per_10k_people_year`` if absent.
    type_shares : mapping of str to float, optional
        Share of each call type, sum 1; that of ``calls.per_10k_people_year`` if absent.
    share_08_to_20_h : float, optional
        ``calls.pattern.share_08_to_20_h`` if absent.

    Examples
    --------
    >>> model = CallModel()
    >>> round(model.rate, 1), round(model.shares["fire"], 3), model.day_share
    (17.4, 0.345, 0.7)
    """

    per_10k_people_year: float | None = None
    type_shares: Mapping[str, float] | None = None
    share_08_to_20_h: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate >= 0):
            raise InputError(f"per_10k_people_year {self.rate}: expected a finite number of 0 or more")
        if not 0 <= self.day_share <= 1:
            raise InputError(f"share_08_to_20_h {self.day_share}: expected from 0 to 1")
        shares = self.shares
        if unknown := [name for name in shares if name not in call_needs()]:
            raise InputError(f"type_shares, {unknown[0]!r}: expected {nearest_name(unknown[0], call_needs())}")
        if not all(share >= 0 for share in shares.values()) or abs(math.fsum(shares.values()) - 1) > 1e-9:
            raise InputError(f"type_shares {dict(shares)}: expected numbers of 0 or more that sum to 1")

    @property
    def rate(self) -> float:
        """Calls per 10,000 people and year, default filled in."""
        if self.per_10k_people_year is not None:
            return self.per_10k_people_year
        return math.fsum(entry.number for entry in defaults_under("calls.per_10k_people_year").values())

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of each call type, default filled in."""
        if self.type_shares is not None:
            return self.type_shares
        rates = {name: entry.number for name, entry in defaults_under("calls.per_10k_people_year").items()}
        total = math.fsum(rates.values())
        return {name: rate / total for name, rate in rates.items()}

    @property
    def day_share(self) -> float:
        """Share of the calls between 08 and 20 h, default filled in."""
        if self.share_08_to_20_h is not None:
            return self.share_08_to_20_h
        return default("calls.pattern.share_08_to_20_h").number

    def calls_per_year(self, demand: DemandPoints) -> NDArray[np.float64]:
        """Return the expected calls of each point in a year; float64, shape (n_demand,)."""
        return np.where(demand.calls_given, demand.calls_per_year, self.rate * demand.people / 10_000)

    def generate(self, demand: DemandPoints, *, horizon_s: float, seed: int, replication: int = 0) -> CallLog:
        """Draw the calls of one replication.

        Parameters
        ----------
        demand : DemandPoints
        horizon_s : float
            Length in seconds.
        seed : int
        replication : int, optional

        Returns
        -------
        CallLog
            The same for the same arguments, whatever the plan.

        Examples
        --------
        >>> from rescuesim.demand import load_demand
        >>> row = {"id": ["v"], "lon": [119.3], "lat": [28.7], "calls_per_year": [3652.5]}
        >>> log = CallModel().generate(load_demand(pd.DataFrame(row)), horizon_s=86400.0 * 100, seed=1)
        >>> len(log)  # 1000 on average
        1043
        """

        def draws(purpose: Stream) -> np.random.Generator:
            return stream(purpose, seed=seed, replication=replication)

        edges_s, mass = _elapsed_days(horizon_s, self.day_share)
        per_year = self.calls_per_year(demand)
        expected = float(per_year.sum()) * 86400.0 / _YEAR_S * float(mass[-1])
        size = int(draws(Stream.CALL_COUNT).poisson(expected))
        arrived = np.interp(np.sort(draws(Stream.ARRIVAL).random(size)) * mass[-1], mass, edges_s)
        shares = self.shares
        codes = _pick(np.array(list(shares.values())), draws(Stream.TYPE).random(size))
        on_scene_z, on_scene_s = draws(Stream.ON_SCENE).standard_normal(size), np.zeros(size)
        for code, name in enumerate(shares):
            chosen = codes == code
            on_scene = Lognormal.from_default(default(f"calls.on_scene.{name}"))
            on_scene_s[chosen] = on_scene.from_normal(on_scene_z[chosen])
        return CallLog(
            demand_ids=demand.ids,
            types=tuple(shares),
            arrived_at_s=np.minimum(arrived, np.nextafter(horizon_s, 0.0)),
            point=_pick(per_year, draws(Stream.PLACE).random(size)).astype(np.int32),
            type_code=codes.astype(np.int8),
            answering_z=draws(Stream.ANSWERING).standard_normal(size),
            order_z=draws(Stream.ORDER).standard_normal(size),
            alerting_z=draws(Stream.ALERTING).standard_normal(size),
            turnout_z=draws(Stream.TURNOUT).standard_normal(size),
            travel_z=draws(Stream.TRAVEL).standard_normal(size),
            set_up_z=draws(Stream.SET_UP).standard_normal(size),
            on_scene_s=on_scene_s,
        )


def _pick(weights: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose an index for each uniform draw with probability in proportion to the weights."""
    if not uniform.size:
        return np.zeros(0, dtype=np.int64)
    heavy = np.flatnonzero(weights > 0)
    cumulative = np.cumsum(weights[heavy])
    at = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return np.asarray(heavy[np.minimum(at, len(heavy) - 1)], dtype=np.int64)


def _elapsed_days(horizon_s: float, day_share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return moments and, at each, how many days' worth of calls have come until then on average."""
    start_s, end_s = (hour * _HOUR_S for hour in _DAY_PART)
    midnights = np.arange(0.0, horizon_s, 86400.0)
    edges = np.concatenate([midnights, midnights + start_s, midnights + end_s, [horizon_s]])
    edges = np.unique(edges[edges <= horizon_s])
    by_day = (edges[:-1] % 86400.0 >= start_s) & (edges[:-1] % 86400.0 < end_s)
    per_s = np.where(by_day, day_share / (end_s - start_s), (1 - day_share) / (86400.0 - end_s + start_s))
    return edges, np.r_[0.0, np.cumsum(np.diff(edges) * per_s)]
