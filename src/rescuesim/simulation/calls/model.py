"""CallModel: how many calls come from where, when and for what."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.calls.drawing import (
    Keyed,
    Part,
    Rates,
    TypeLaws,
    arrivals,
    duplicates_of,
    joined,
    place_and_type,
    with_draws,
)
from rescuesim.simulation.calls.growth import HazardGrowth, default_growth
from rescuesim.simulation.calls.log import CallLog, call_needs, call_priorities, hour_of
from rescuesim.simulation.calls.pattern import CallPattern
from rescuesim.simulation.calls.surge import Surge
from rescuesim.simulation.durations import Duration, as_duration

__all__ = ["CallModel"]

_YEAR_S, _DAY_S = 365.25 * 86400.0, 86400.0
_USUAL, _SURGE = 0, 1  # parts of the calls; part of every key, so never to change
_N_PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CallModel:
    """How many calls come from where, when and for what.

    Counts are Poisson: each point rings at its ``calls_per_year`` where that is given, else at the rate per
    10,000 people; a year has 365.25 days. Types follow the point's calls by type where they are given, else
    `type_shares`. Hours follow `pattern`; with `starts` the month and the day of the week do too, without it
    every day is an average one and the replication begins at 00:00.

    Parameters
    ----------
    per_10k_people_year : float, optional
        Calls per 10,000 people and year; the sum of ``calls.per_10k_people_year`` if absent.
    type_shares : mapping of str to float, optional
        Share of each call type, sum 1; that of ``calls.per_10k_people_year`` if absent.
    share_08_to_20_h : float, optional
        As in `CallPattern`, for a model without a `pattern`.
    pattern : CallPattern, optional
        All defaults if absent.
    starts : datetime or str, optional
        Local time at which each replication begins, such as ``"2026-07-01T06:00"``.
    surge : Surge, optional
        What a disaster adds; nothing if absent.
    on_scene, detection : mapping of str to Duration, optional
        Seconds from first action to cleared, and from onset to ring, by call type; a frozen ``scipy.stats``
        distribution is one. ``calls.on_scene`` and ``calls.detection`` for types that are absent.
    growth : mapping of str to HazardGrowth, optional
        `default_growth` for types that are absent.
    alarmed_share : float or mapping of str to float
        Share of the incidents that an alarm detects (R12), in all or by demand id; points not named have 0.
    patience, again_after : Duration, optional
        Seconds after which a caller who is not answered gives up, and rings again; never if absent.
        `after_disaster` sets both.
    ring_again : float, optional
        Share of those who gave up that ring again; ``desk.ring_again`` if absent.
    n_slots : int
        Unit slots that draws are made for; more change nothing for the first.

    Examples
    --------
    >>> model = CallModel()
    >>> round(model.rate, 1), round(model.shares["fire"], 3), model.day_share
    (17.4, 0.345, 0.7)
    """

    per_10k_people_year: float | None = None
    type_shares: Mapping[str, float] | None = None
    share_08_to_20_h: float | None = None
    pattern: CallPattern | None = None
    starts: datetime.datetime | str | None = None
    surge: Surge | None = None
    on_scene: Mapping[str, Duration] | None = None
    detection: Mapping[str, Duration] | None = None
    growth: Mapping[str, HazardGrowth] | None = None
    alarmed_share: float | Mapping[str, float] = 0.0
    patience: Duration | None = None
    again_after: Duration | None = None
    ring_again: float | None = None
    n_slots: int = 1

    def __post_init__(self) -> None:
        faults = [*self._rate_faults(), *self._law_faults()]
        if self.share_08_to_20_h is not None:
            if not 0 <= self.share_08_to_20_h <= 1:
                value = str(self.share_08_to_20_h)
                faults.append(Fault(column="share_08_to_20_h", value=value, expected="from 0 to 1"))
            if self.pattern is not None:
                faults.append(Fault(column="share_08_to_20_h", expected="pattern or share_08_to_20_h, not both"))
        if isinstance(self.starts, str):
            try:
                object.__setattr__(self, "starts", datetime.datetime.fromisoformat(self.starts))
            except ValueError:
                expected = "a moment such as 2026-07-01T06:00"
                faults.append(Fault(column="starts", value=str(self.starts), expected=expected))
        if isinstance(self.starts, datetime.datetime) and self.starts.tzinfo is not None:
            faults.append(Fault(column="starts", value=str(self.starts), expected="local time, without a zone"))
        if not isinstance(self.n_slots, int | np.integer) or self.n_slots < 1:
            faults.append(Fault(column="n_slots", value=str(self.n_slots), expected="a whole number of 1 or more"))
        if faults:
            raise InputError(faults)
        for name in ("patience", "again_after"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, as_duration(getattr(self, name)))

    def _rate_faults(self) -> list[Fault]:
        faults = []
        if not (math.isfinite(self.rate) and self.rate >= 0):
            expected = "a finite number of 0 or more"
            faults.append(Fault(column="per_10k_people_year", value=str(self.rate), expected=expected))
        shares = self.shares
        for name in shares:
            if name not in call_needs():
                faults.append(Fault(column="type_shares", value=name, expected=nearest_name(name, call_needs())))
        if not all(share >= 0 for share in shares.values()) or abs(math.fsum(shares.values()) - 1) > 1e-9:
            expected = "numbers of 0 or more that sum to 1"
            faults.append(Fault(column="type_shares", value=str(dict(shares)), expected=expected))
        return faults

    def _law_faults(self) -> list[Fault]:
        faults = []
        for column in ("on_scene", "detection", "growth"):
            for name, law in (getattr(self, column) or {}).items():
                if name not in call_needs():
                    faults.append(Fault(column=column, value=name, expected=nearest_name(name, call_needs())))
                elif column != "growth":
                    try:
                        as_duration(law)
                    except InputError as error:
                        faults.append(Fault(problem=f"{column}[{name!r}]: {error}"))
        shares = self.alarmed_share if isinstance(self.alarmed_share, Mapping) else {"": self.alarmed_share}
        for id_, share in shares.items():
            if not 0 <= share <= 1:
                value = f"{id_}: {share}" if id_ else str(share)
                faults.append(Fault(column="alarmed_share", value=value, expected="from 0 to 1"))
        if self.ring_again is not None and not 0 <= self.ring_again <= 1:
            faults.append(Fault(column="ring_again", value=str(self.ring_again), expected="from 0 to 1"))
        return faults

    @classmethod
    def from_rates(cls, rates: Mapping[str, float], **options: Any) -> CallModel:
        """Build a model from calls per 10,000 people and year by type.

        Parameters
        ----------
        rates : mapping of str to float
        **options
            Anything else of `CallModel`.

        Examples
        --------
        >>> CallModel.from_rates({"fire": 6.0, "rescue": 2.0}).shares
        {'fire': 0.75, 'rescue': 0.25}
        """
        total = math.fsum(rates.values())
        if not (0 < total < math.inf and all(rate >= 0 for rate in rates.values())):
            raise InputError(f"rates {dict(rates)}: expected finite numbers of 0 or more, one above 0")
        shares = {name: rate / total for name, rate in rates.items()}
        return cls(per_10k_people_year=total, type_shares=shares, **options)

    @classmethod
    def after_disaster(cls, *, onset_s: float = 0.0, **options: Any) -> CallModel:
        """Build a model with the default surge, and callers who give up and ring again (``surge``, ``desk``).

        Parameters
        ----------
        onset_s : float, optional
        **options
            Anything else of `CallModel`; what is given here is kept.

        Examples
        --------
        >>> CallModel.after_disaster(onset_s=3600.0).surge.onset_s
        3600.0
        """
        preset: dict[str, Any] = {
            "surge": Surge(onset_s=onset_s),
            "patience": Lognormal.from_default(default("desk.patience")),
            "again_after": Lognormal.from_default(default("desk.again_after")),
        }
        return cls(**(preset | options))

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
        return self.spread.day_share

    @property
    def spread(self) -> CallPattern:
        """The pattern, default filled in."""
        return self.pattern if self.pattern is not None else CallPattern(share_08_to_20_h=self.share_08_to_20_h)

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
            The same for the same arguments, whatever the plan. A surge only adds to the calls there are without
            it, and a further slot of draws leaves the others as they are.

        Raises
        ------
        InputError
            If `surge` or `alarmed_share` name a point that there is not, or no struck point has calls.

        Examples
        --------
        >>> import pandas as pd
        >>> from rescuesim.demand import load_demand
        >>> row = {"id": ["v"], "lon": [119.3], "lat": [28.7], "calls_per_year": [3652.5]}
        >>> log = CallModel().generate(load_demand(pd.DataFrame(row)), horizon_s=86400.0 * 100, seed=1)
        >>> len(log)  # 1000 on average
        1043
        """
        starts = self.starts if isinstance(self.starts, datetime.datetime) else None
        begin = hour_of(starts)
        edges_s, per_s = self.spread.rates(starts.date() if starts else None, horizon_s, start_h=begin)
        types = self._types(demand)
        laws, rates = self._laws(demand, types), self._rates(demand, types)
        usual = self._part(Keyed(seed=seed, replication=replication, part=_USUAL), edges_s, per_s, rates, laws)
        parts: list[tuple[Part, NDArray[np.int64] | None]] = [(usual, None)]
        if self.surge is not None:
            keyed = [Keyed(seed=seed, replication=replication, part=part) for part in (_USUAL, _SURGE)]
            moments = np.unique([moment for moment in (*edges_s, *self.surge.edges_s) if moment <= edges_s[-1]])
            usual_per_s = per_s[np.searchsorted(edges_s, moments[:-1], side="right") - 1]
            extra_per_s = usual_per_s * self.surge.added(moments[:-1])
            struck = _struck(self.surge, rates, demand, types)
            added = self._part(keyed[_SURGE], moments, extra_per_s, struck, laws)
            parts.append((added, None))
            first_row = (0, len(usual["point"]))
            for one, own, offset in zip((usual, added), keyed, first_row, strict=True):
                further = duplicates_of(
                    one, own, self.surge, horizon_s=horizon_s, laws=laws, n_slots=self.n_slots, n_parts=_N_PARTS
                )
                parts += [(part, rows + offset) for part, rows in further]
        whole = joined(parts)
        return CallLog(demand_ids=demand.ids, types=types, starts=starts, **whole)  # type: ignore[arg-type]

    def _part(
        self,
        keyed: Keyed,
        edges_s: NDArray[np.float64],
        per_s: NDArray[np.float64],
        rates: Rates,
        laws: TypeLaws,
    ) -> Part:
        arrived = arrivals(keyed, edges_s, per_s, float(rates.per_year.sum()) * _DAY_S / _YEAR_S)
        point, type_code = place_and_type(keyed, len(arrived), rates)
        return with_draws(keyed, arrived, point, type_code, laws, self.n_slots)

    def _types(self, demand: DemandPoints) -> tuple[str, ...]:
        split = [name for name, calls in (demand.calls_by_type or {}).items() if calls.any()]
        false = ["false"] if self.surge is not None and self.surge.false_share else []
        return tuple(dict.fromkeys([*self.shares, *split, *false]))

    def _rates(self, demand: DemandPoints, types: tuple[str, ...]) -> Rates:
        split = None
        if demand.calls_by_type is not None:
            none = np.zeros(len(demand))
            columns = [np.asarray(demand.calls_by_type.get(name, none)) for name in types]
            split = np.where(demand.calls_given[:, np.newaxis], np.stack(columns, axis=1), 0.0)
        shares = np.array([self.shares.get(name, 0.0) for name in types])
        return Rates(per_year=self.calls_per_year(demand), shares=shares, split=split)

    def _laws(self, demand: DemandPoints, types: tuple[str, ...]) -> TypeLaws:
        def durations(given: Mapping[str, Duration] | None, table: str) -> tuple[Duration, ...]:
            return tuple(
                as_duration(given[name])
                if given and name in given
                else Lognormal.from_default(default(f"{table}.{name}"))
                for name in types
            )

        shares = self.alarmed_share
        if isinstance(shares, Mapping):
            _check_ids("alarmed_share", shares, demand)
            alarmed = np.array([shares.get(id_, 0.0) for id_ in demand.ids])
        else:
            alarmed = np.full(len(demand), float(shares))
        by_alarm = default("calls.detection_by_alarm.types").words
        growth = {**default_growth(), **(self.growth or {})}
        ring_again = self.ring_again if self.ring_again is not None else default("desk.ring_again").number
        return TypeLaws(
            on_scene=durations(self.on_scene, "calls.on_scene"),
            detection=durations(self.detection, "calls.detection"),
            growth=tuple(growth[name] for name in types),
            priority=np.array([call_priorities()[name] for name in types], dtype=np.int64),
            raised_at=default("calls.priority_raised_at_severity").number,
            false_code=types.index("false") if "false" in types else -1,
            alarms=np.array([name in by_alarm for name in types], dtype=np.bool_),
            alarm_factor=default("calls.detection_by_alarm.factor").number,
            alarmed_share=alarmed,
            patience=self.patience,
            again_after=self.again_after,
            ring_again=ring_again,
        )


def _struck(surge: Surge, rates: Rates, demand: DemandPoints, types: tuple[str, ...]) -> Rates:
    """Return where and of what type the incidents are that a surge adds; their number in all stays."""
    per_year, shares, split = rates.per_year, rates.shares, rates.split
    if surge.weights is not None:
        _check_ids("surge.weights", surge.weights, demand)
        weighted = per_year * np.array([surge.weights.get(id_, 1.0) for id_ in demand.ids])
        if per_year.sum() > 0 and not weighted.sum() > 0:
            raise InputError("surge.weights: expected above 0 at some point with calls")
        per_year = weighted * (per_year.sum() / weighted.sum()) if weighted.sum() > 0 else weighted
    if surge.false_share is not None:
        shares = _with_false(shares[np.newaxis], surge.false_share, types)[0]
        split = _with_false(split, surge.false_share, types) if split is not None else None
    return Rates(per_year=per_year, shares=shares, split=split)


def _with_false(shares: NDArray[np.float64], share: float, types: tuple[str, ...]) -> NDArray[np.float64]:
    """Give false calls a share of each row and shrink the other types in proportion; rows keep their sums."""
    if "false" not in types:
        return shares
    false, total = types.index("false"), shares.sum(axis=1, keepdims=True)
    others = shares.copy()
    others[:, false] = 0.0
    left = others.sum(axis=1, keepdims=True)
    parts: NDArray[np.float64] = np.divide(others, left, out=np.zeros_like(others), where=left > 0)
    scaled: NDArray[np.float64] = parts * total * (1 - share)
    scaled[:, false] = (total - scaled.sum(axis=1, keepdims=True))[:, 0]
    return scaled


def _check_ids(column: str, named: Mapping[str, float], demand: DemandPoints) -> None:
    known = set(demand.ids)
    faults = [
        Fault(column=column, value=id_, expected=f"a point of {demand.source}") for id_ in named if id_ not in known
    ]
    if faults:
        raise InputError(faults)
