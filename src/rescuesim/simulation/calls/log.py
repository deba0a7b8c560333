"""CallLog: the calls of one replication with every random draw of each, made before the first event."""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import defaults_under
from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault, InputError, nearest_name

__all__ = ["CALL_DRAWS", "DRAWS", "SLOT_DRAWS", "CallLog", "call_needs", "call_priorities", "hour_of"]

DRAWS = ("answering_z", "order_z", "alerting_z", "turnout_z", "travel_z", "set_up_z")
SLOT_DRAWS = ("turnout_z", "travel_z", "set_up_z", "on_scene_s", "muster_u", "accept_u")
CALL_DRAWS = ("answering_z", "order_z", "alerting_z", "hand_over_z", "desk_u", "guidance_u")
_UNIFORM = ("muster_u", "accept_u", "desk_u", "guidance_u")
_SECONDS = ("arrived_at_s", "on_scene_s", "detected_s")
_ENDLESS = ("patience_s", "again_after_s")
_KINDS: Mapping[str, type[np.generic]] = {
    "point": np.int32,
    "type_code": np.int8,
    "priority": np.int8,
    "duplicate_of": np.int32,
}
_FILL = {"duplicate_of": -1.0, "severity": 1.0, **dict.fromkeys(_ENDLESS, math.inf), **dict.fromkeys(_UNIFORM, 0.5)}
_V1 = (*DRAWS, "on_scene_s")  # the draws that every log names; the rest may be left out
_V2 = ("muster_u", "accept_u", "hand_over_z", "desk_u", "guidance_u", "priority", "duplicate_of", "severity")
_MORE = (*_V2, "patience_s", "again_after_s", "detected_s")
_NUMBERS = ("arrived_at_s", "point", "type_code", *_V1, *_MORE)
_ABSENT: NDArray[np.generic] = np.zeros(0)


@functools.cache
def call_needs() -> Mapping[str, frozenset[str]]:
    """Return what the first crew must be capable of, by call type (``calls.needs`` in ``defaults.toml``).

    Examples
    --------
    >>> sorted(call_needs()["social"])
    ['assist']
    """
    return MappingProxyType({name: frozenset(entry.words) for name, entry in defaults_under("calls.needs").items()})


@functools.cache
def call_priorities() -> Mapping[str, int]:
    """Return the urgency of a call by type, 0 the most urgent (``calls.priority`` in ``defaults.toml``).

    Examples
    --------
    >>> call_priorities()["fire"], call_priorities()["social"]
    (0, 2)
    """
    return MappingProxyType({name: int(entry.number) for name, entry in defaults_under("calls.priority").items()})


def hour_of(moment: datetime.datetime | None) -> float:
    """Return the hour of the day of a moment, 0 for none.

    Examples
    --------
    >>> hour_of(datetime.datetime(2026, 7, 1, 18, 30))
    18.5
    """
    if moment is None:
        return 0.0
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return (moment - midnight).total_seconds() / 3600.0


def _absent() -> Any:  # filled when the log is made
    return _ABSENT


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
        Seconds from the start of the replication to the first ring, or the first attempt where the place is silent.
    point : ndarray of int32, shape (n_calls,)
    type_code : ndarray of int8, shape (n_calls,)
    answering_z, order_z, alerting_z, hand_over_z : ndarray of float64, shape (n_calls,)
        Standard normal draws, turned into durations by the distributions of the standard and of the desk.
    turnout_z, travel_z, set_up_z : ndarray of float64, shape (n_calls,) or (n_calls, n_slots)
        Standard normal draws for each unit slot of the call; one dimension is one slot. All draws by slot have
        the same slots.
    on_scene_s : ndarray of float64, as `turnout_z`
        Seconds from the first action to cleared, of whatever distribution.
    muster_u, accept_u : ndarray of float64, as `turnout_z`
        Uniform draws: how many of a crew come, whether and when it accepts. 0.5 if absent.
    desk_u, guidance_u : ndarray of float64, shape (n_calls,)
        Uniform draws: whether another desk is reached first, whether the caller is guided. 0.5 if absent.
    priority : ndarray of int8, shape (n_calls,)
        Urgency, 0 the most urgent and if absent. Not how many people or calls a place has (R09).
    duplicate_of : ndarray of int32, shape (n_calls,)
        The earlier call about the same incident, -1 for none and if absent.
    severity : ndarray of float64, shape (n_calls,)
        1 is usual and if absent; that of the call if it is handled after the usual response, see `HazardGrowth`.
    patience_s, again_after_s : ndarray of float64, shape (n_calls,)
        Seconds after which a caller who is not answered gives up, and rings again; ``inf`` is never, also if absent.
    detected_s : ndarray of float64, shape (n_calls,)
        Seconds from the onset to the first ring, so that the onset is at ``arrived_at_s - detected_s``; 0 if absent.
    starts : datetime, optional
        When the replication begins. Without it, it begins at 00:00 of no known day.
    notes : tuple of str
        Defaults that were taken, to be said aloud.

    Raises
    ------
    InputError
        With every fault in the arrays.

    Examples
    --------
    >>> log = CallLog.from_draws(["a", "b"], ["fire"], arrived_at_s=[10.0, 20.0], point=[0, 1])
    >>> len(log), log.to_frame()["demand_id"].tolist()
    (2, ['a', 'b'])
    >>> log.n_slots, log.by_slot("turnout_z").shape
    (1, (2, 1))
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
    muster_u: NDArray[np.float64] = field(default_factory=_absent)
    accept_u: NDArray[np.float64] = field(default_factory=_absent)
    hand_over_z: NDArray[np.float64] = field(default_factory=_absent)
    desk_u: NDArray[np.float64] = field(default_factory=_absent)
    guidance_u: NDArray[np.float64] = field(default_factory=_absent)
    priority: NDArray[np.int8] = field(default_factory=_absent)
    duplicate_of: NDArray[np.int32] = field(default_factory=_absent)
    severity: NDArray[np.float64] = field(default_factory=_absent)
    patience_s: NDArray[np.float64] = field(default_factory=_absent)
    again_after_s: NDArray[np.float64] = field(default_factory=_absent)
    detected_s: NDArray[np.float64] = field(default_factory=_absent)
    starts: datetime.datetime | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in _MORE:
            if getattr(self, name) is _ABSENT:
                shape = np.shape(self.turnout_z) if name in SLOT_DRAWS else np.shape(self.arrived_at_s)
                filled = np.full(shape, _FILL.get(name, 0.0), dtype=_KINDS.get(name, np.float64))
                object.__setattr__(self, name, filled)
        if faults := self._shape_faults() or self._value_faults():
            raise InputError(faults)

    def __len__(self) -> int:
        return len(self.arrived_at_s)

    @property
    def n_slots(self) -> int:
        """For how many units of a call draws were made."""
        return self.turnout_z.shape[1] if self.turnout_z.ndim == 2 else 1

    @property
    def start_h(self) -> float:
        """Hour of the day at which the replication begins; 0 if `starts` is not known."""
        return hour_of(self.starts)

    def by_slot(self, name: str) -> NDArray[np.float64]:
        """Return one of `SLOT_DRAWS` as a view with its slots; float64, shape (n_calls, n_slots)."""
        if name not in SLOT_DRAWS:
            raise InputError(f"draws by slot, {name!r}: expected {nearest_name(name, SLOT_DRAWS)}")
        values: NDArray[np.float64] = getattr(self, name)
        return values if values.ndim == 2 else values[:, np.newaxis]

    def part(self, rows: NDArray[np.int64]) -> CallLog:
        """Return some of the calls, in the order of the rows; which is a duplicate of which is not kept.

        Parameters
        ----------
        rows : ndarray of int64, ascending
        """
        kept = {name: getattr(self, name)[rows] for name in _NUMBERS if name != "duplicate_of"}
        return replace(self, **kept, duplicate_of=np.full(len(rows), -1, dtype=np.int32))

    def _shape_faults(self) -> list[Fault]:
        size, slots = len(self.arrived_at_s), np.shape(self.turnout_z)
        by_slot = slots if len(slots) == 2 and slots[0] == size and slots[1] > 0 else (size,)
        faults = []
        for name in _NUMBERS:
            shape, wanted = np.shape(getattr(self, name)), by_slot if name in SLOT_DRAWS else (size,)
            if shape != wanted:
                expected = f"the shape {wanted}" + (", as turnout_z has" if len(wanted) == 2 else "")
                faults.append(Fault(file="call log", column=name, value=str(shape), expected=expected))
        return faults

    def _value_faults(self) -> list[Fault]:
        faults = []
        for name in _SECONDS:
            faults += _bad(name, getattr(self, name), 0.0, math.inf, "finite seconds of 0 or more")
        for name in (*DRAWS, "hand_over_z"):
            faults += _bad(name, getattr(self, name), -math.inf, math.inf, "a finite number")
        for name in _UNIFORM:
            faults += _bad(name, getattr(self, name), 0.0, math.nextafter(1.0, 2.0), "a number from 0 to 1")
        for name in _ENDLESS:
            values = getattr(self, name)
            faults += _bad(
                name, np.where(values == math.inf, 0.0, values), 0.0, math.inf, "seconds of 0 or more, or inf"
            )
        faults += _bad("severity", self.severity, math.ulp(0.0), math.inf, "a finite number above 0")
        faults += _bad("point", self.point, 0, len(self.demand_ids), "an index into demand_ids")
        faults += _bad("type_code", self.type_code, 0, len(self.types), "an index into types")
        faults += _bad("priority", self.priority, 0, 128, "0 for the most urgent, or more")
        faults += [
            Fault(file="call log", column="types", value=name, expected=nearest_name(name, call_needs()))
            for name in self.types
            if name not in call_needs()
        ]
        return faults + self._duplicate_faults() + self._order_faults()

    def _duplicate_faults(self) -> list[Fault]:
        of = np.asarray(self.duplicate_of, dtype=np.int64)
        rows = np.arange(len(of))
        wrong = (of < -1) | (of >= rows)
        wrong[~wrong] = (of[~wrong] >= 0) & (of[of[~wrong]] >= 0)  # a duplicate names the call it began with
        if not wrong.any():
            return []
        row = int(np.flatnonzero(wrong)[0])
        expected = "an earlier call that is no duplicate itself, or -1"
        return [Fault(file="call log", row=row, column="duplicate_of", value=str(of[row]), expected=expected)]

    def _order_faults(self) -> list[Fault]:
        falls = np.flatnonzero(np.diff(self.arrived_at_s) < 0)
        if not falls.size:
            return []
        call = int(falls[0]) + 1
        expected = f"calls in the order of arrival; the call before rings at {self.arrived_at_s[call - 1]} s"
        value = str(self.arrived_at_s[call])
        return [Fault(file="call log", row=call, column="arrived_at_s", value=value, expected=expected)]

    @classmethod
    def from_draws(
        cls,
        demand_ids: tuple[str, ...] | list[str],
        types: tuple[str, ...] | list[str],
        *,
        arrived_at_s: ArrayLike,
        **draws: ArrayLike,
    ) -> CallLog:
        """Build a log from sequences; what is not given is as `CallLog` says, a normal draw its median.

        Parameters
        ----------
        demand_ids, types : sequence of str
        arrived_at_s : sequence of float
        **draws : array_like
            Any of the other arrays of `CallLog`. Where one draw by slot has several slots, those given with one
            dimension hold for every slot.

        Returns
        -------
        CallLog
        """
        arrived = np.asarray(arrived_at_s, dtype=np.float64)
        names = _NUMBERS[1:]
        if unknown := sorted(set(draws) - set(names)):
            raise InputError([Fault(file="call log", column=unknown[0], expected=nearest_name(unknown[0], names))])
        given = {name: np.asarray(values, dtype=_KINDS.get(name, np.float64)) for name, values in draws.items()}
        slots = max((given[name].shape[1] for name in SLOT_DRAWS if name in given and given[name].ndim == 2), default=0)
        arrays: dict[str, NDArray[np.generic]] = {}
        for name in names:
            shape = (len(arrived), slots) if slots and name in SLOT_DRAWS else (len(arrived),)
            empty = np.full(shape, _FILL.get(name, 0.0), dtype=_KINDS.get(name, np.float64))
            arrays[name] = given.get(name, empty)
            if slots and name in SLOT_DRAWS and arrays[name].shape == (len(arrived),):
                arrays[name] = np.repeat(arrays[name][:, np.newaxis], slots, axis=1)
        return cls(
            demand_ids=tuple(demand_ids),
            types=tuple(types),
            arrived_at_s=arrived,
            **arrays,  # type: ignore[arg-type]
        )

    @staticmethod
    def from_table(source: Path | str | pd.DataFrame, demand: DemandPoints, **options: Any) -> CallLog:
        """Read recorded calls: `load_calls`, which says what a table holds and which options there are."""
        from rescuesim.simulation.calls.trace import load_calls

        return load_calls(source, demand, **options)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a call: ``call, demand_id, type, arrived_at_s``, the draws and the rest of the arrays.

        Draws of several slots stand in columns such as ``turnout_z_0``, ``turnout_z_1``.
        """
        ids, types = np.array(self.demand_ids, dtype=object), np.array(self.types, dtype=object)
        columns = {
            "call": np.arange(len(self)),
            "demand_id": pd.Series(ids[self.point], dtype=str),
            "type": pd.Series(types[self.type_code], dtype=str),
            "arrived_at_s": self.arrived_at_s,
        }
        for name in (*_V1, *_MORE):
            values = getattr(self, name)
            if values.ndim == 1:
                columns[name] = values
            else:
                columns |= {f"{name}_{slot}": values[:, slot] for slot in range(values.shape[1])}
        return pd.DataFrame(columns)


def _bad(name: str, values: NDArray[np.generic], low: float, end: float, expected: str) -> list[Fault]:
    """Describe the first value that is not finite or not in ``low <= value < end``."""
    numbers = np.asarray(values, dtype=np.float64)
    wrong = ~(np.isfinite(numbers) & (numbers >= low) & (numbers < end))
    if not wrong.any():
        return []
    place = np.unravel_index(int(np.flatnonzero(wrong)[0]), wrong.shape)
    column = name if len(place) == 1 else f"{name}, slot {place[1]}"
    return [Fault(file="call log", row=int(place[0]), column=column, value=str(values[place]), expected=expected)]
