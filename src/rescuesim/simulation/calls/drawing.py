"""Draws the calls of a replication part by part: the usual ones, those of a surge, and the duplicates of both.

Each part has streams of its own, so that a surge leaves the usual calls as they are, and each unit slot has one of
its own, so that a further slot changes nothing for the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr

from rescuesim.simulation.calls.growth import HazardGrowth
from rescuesim.simulation.calls.log import CALL_DRAWS, SLOT_DRAWS
from rescuesim.simulation.calls.surge import Surge
from rescuesim.simulation.durations import Duration
from rescuesim.simulation.streams import Stream, stream

__all__ = [
    "Keyed",
    "Part",
    "Rates",
    "TypeLaws",
    "arrivals",
    "duplicates_of",
    "joined",
    "pick",
    "place_and_type",
    "slot_and_call_draws",
    "with_draws",
]

Part = dict[str, NDArray[np.generic]]
_STREAM_OF = {
    "answering_z": Stream.ANSWERING,
    "order_z": Stream.ORDER,
    "alerting_z": Stream.ALERTING,
    "hand_over_z": Stream.HAND_OVER,
    "desk_u": Stream.DESK,
    "guidance_u": Stream.GUIDANCE,
    "turnout_z": Stream.TURNOUT,
    "travel_z": Stream.TRAVEL,
    "set_up_z": Stream.SET_UP,
    "on_scene_s": Stream.ON_SCENE,
    "muster_u": Stream.MUSTER,
    "accept_u": Stream.ACCEPTANCE,
}
_MOST_DUPLICATES = 200  # of one incident; with a share of duplicates of 0.9 nine is the mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """Streams of one part of the calls of a replication."""

    seed: int
    replication: int
    part: int = 0

    def open(self, purpose: Stream, slot: int = 0) -> np.random.Generator:
        """Return a stream at its beginning; the usual calls' first slot has the plain key."""
        key = (self.part, slot) if self.part or slot else None
        return stream(purpose, seed=self.seed, replication=self.replication, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLaws:
    """What depends on the type of a call, in the order of the types.

    Parameters
    ----------
    on_scene, detection : tuple of Duration
    growth : tuple of HazardGrowth
    priority : ndarray of int64, shape (n_types,)
    raised_at : float
        Severity from which a call is one step more urgent.
    false_code : int
        Code of the false calls, -1 if there is none.
    alarms : ndarray of bool, shape (n_types,)
        Which types an alarm detects earlier.
    alarm_factor : float
    alarmed_share : ndarray of float64, shape (n_demand,)
    patience, again_after : Duration or None
    ring_again : float
    """

    on_scene: tuple[Duration, ...]
    detection: tuple[Duration, ...]
    growth: tuple[HazardGrowth, ...]
    priority: NDArray[np.int64]
    raised_at: float
    false_code: int
    alarms: NDArray[np.bool_]
    alarm_factor: float
    alarmed_share: NDArray[np.float64]
    patience: Duration | None
    again_after: Duration | None
    ring_again: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Where and of what type calls are.

    Parameters
    ----------
    per_year : ndarray of float64, shape (n_demand,)
    shares : ndarray of float64, shape (n_types,)
    split : ndarray of float64, shape (n_demand, n_types), or None
        Calls a year by type where a point has its own; rows of 0 where it follows `shares`.
    """

    per_year: NDArray[np.float64]
    shares: NDArray[np.float64]
    split: NDArray[np.float64] | None = None


def arrivals(
    keyed: Keyed, edges_s: NDArray[np.float64], per_s: NDArray[np.float64], per_day: float
) -> NDArray[np.float64]:
    """Draw the moments of a Poisson process, ascending, all before the last edge; float64, shape (n,)."""
    mass = np.r_[0.0, np.cumsum(np.diff(edges_s) * per_s)]
    size = int(keyed.open(Stream.CALL_COUNT).poisson(per_day * float(mass[-1])))
    at = np.interp(np.sort(keyed.open(Stream.ARRIVAL).random(size)) * mass[-1], mass, edges_s)
    return np.asarray(np.minimum(at, np.nextafter(edges_s[-1], 0.0)), dtype=np.float64)


def place_and_type(keyed: Keyed, size: int, rates: Rates) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Draw the demand point and the type of each call."""
    types = keyed.open(Stream.TYPE).random(size)
    codes = pick(rates.shares, types)
    point = pick(rates.per_year, keyed.open(Stream.PLACE).random(size))
    if rates.split is not None and size:
        total = rates.split.sum(axis=1)
        own = np.flatnonzero(total[point] > 0)
        cumulative = np.cumsum(rates.split[point[own]], axis=1)
        codes[own] = (types[own, np.newaxis] >= cumulative / cumulative[:, -1:]).sum(axis=1)
    return point.astype(np.int32), codes.astype(np.int8)


def with_draws(
    keyed: Keyed,
    arrived_at_s: NDArray[np.float64],
    point: NDArray[np.int32],
    type_code: NDArray[np.int8],
    laws: TypeLaws,
    n_slots: int,
) -> Part:
    """Add to calls all that is drawn for them; arrays as in `CallLog`."""
    size = len(arrived_at_s)
    part: Part = {"arrived_at_s": arrived_at_s, "point": point, "type_code": type_code}
    part |= slot_and_call_draws(keyed, size, n_slots)
    part["on_scene_s"] = _by_type(laws.on_scene, type_code, part["on_scene_s"])
    detected = _by_type(laws.detection, type_code, keyed.open(Stream.DETECTION).standard_normal(size))
    alarmed = keyed.open(Stream.ALARM).random(size) < laws.alarmed_share[point]
    detected = np.where(alarmed & laws.alarms[type_code], detected * laws.alarm_factor, detected)
    severity = np.ones(size)
    for code, growth in enumerate(laws.growth):
        chosen = type_code == code
        severity[chosen] = growth.severity(detected[chosen])
    urgent = laws.priority[type_code] - (severity >= laws.raised_at)
    part |= {"detected_s": detected, "severity": severity}
    part["priority"] = np.maximum(urgent, 0).astype(np.int8)
    part["duplicate_of"] = np.full(size, -1, dtype=np.int32)
    part["patience_s"] = part["again_after_s"] = np.full(size, np.inf)
    if laws.patience is not None:
        part["patience_s"] = laws.patience.ppf(keyed.open(Stream.PATIENCE).random(size))
    if laws.again_after is not None and laws.ring_again > 0:
        uniform = keyed.open(Stream.AGAIN).random(size)
        after = laws.again_after.ppf(np.minimum(uniform / laws.ring_again, 1 - 1e-16))
        part["again_after_s"] = np.where(uniform < laws.ring_again, after, np.inf)
    return part


def slot_and_call_draws(keyed: Keyed, size: int, n_slots: int) -> dict[str, NDArray[np.float64]]:
    """Draw what belongs to each call and to each of its unit slots; ``on_scene_s`` is still a normal draw."""
    made = {}
    for name in (*CALL_DRAWS, *SLOT_DRAWS):
        slots = range(n_slots if name in SLOT_DRAWS else 1)
        columns = [_draw(keyed.open(_STREAM_OF[name], slot), name, size) for slot in slots]
        made[name] = columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
    return made


def duplicates_of(
    first: Part, keyed: Keyed, surge: Surge, *, horizon_s: float, laws: TypeLaws, n_slots: int, n_parts: int
) -> list[tuple[Part, NDArray[np.int64]]]:
    """Draw the further calls about the incidents of a part.

    An incident has a Poisson number of them, of the mean ``d / (1 - d)`` for the share d, so that of all calls the
    share d are duplicates. The j-th duplicates of all incidents are a part of their own.

    Returns
    -------
    list of (Part, ndarray of int64)
        The calls, and the row in `first` of the incident of each.
    """
    arrived: NDArray[np.float64] = first["arrived_at_s"].astype(np.float64)
    size = len(arrived)
    mean = surge.duplicates / (1 - surge.duplicates)
    at_most = pdtr(np.arange(_MOST_DUPLICATES, dtype=np.float64), mean)
    count = np.searchsorted(at_most, keyed.open(Stream.DUPLICATES).random(size), side="right")
    count = np.where(surge.contains(arrived), count, 0)
    made = []
    for number in range(int(count.max(initial=0))):
        own = Keyed(seed=keyed.seed, replication=keyed.replication, part=n_parts * (number + 1) + keyed.part)
        lag = surge.duplicate_lag.ppf(own.open(Stream.DUPLICATE_LAG).random(size))
        rings, type_code = arrived + lag, first["type_code"].astype(np.int8)
        part = with_draws(own, rings, first["point"].astype(np.int32), type_code, laws, n_slots)
        for name in ("detected_s", "severity", "priority"):
            part[name] = first[name]
        if laws.false_code >= 0:  # who is sent finds the others there and leaves, as at a false call
            z = [_draw(own.open(Stream.ON_SCENE, slot), "on_scene_s", size) for slot in range(n_slots)]
            looked_at = laws.on_scene[laws.false_code].from_normal(np.stack(z, axis=1))
            part["on_scene_s"] = looked_at if n_slots > 1 else looked_at[:, 0]
        rows = np.flatnonzero((count > number) & (rings < horizon_s))
        made.append(({name: values[rows] for name, values in part.items()}, rows))
    return made


def joined(parts: list[tuple[Part, NDArray[np.int64] | None]]) -> Part:
    """Join parts in the order of arrival; ties in the order of the parts.

    Parameters
    ----------
    parts : list of (Part, ndarray of int64 or None)
        With the rows, counted over all parts, of the incidents that the calls of the part are duplicates of.
    """
    if len(parts) == 1:
        return parts[0][0]
    whole = {name: np.concatenate([part[name] for part, _ in parts]) for name in parts[0][0]}
    order = np.argsort(whole["arrived_at_s"], kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    of = [np.full(len(part["point"]), -1, dtype=np.int32) if rows is None else place[rows] for part, rows in parts]
    whole["duplicate_of"] = np.concatenate(of)
    return {name: values[order] for name, values in whole.items()}


def pick(weights: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose an index for each uniform draw with probability in proportion to the weights."""
    if not uniform.size:
        return np.zeros(0, dtype=np.int64)
    heavy = np.flatnonzero(weights > 0)
    cumulative = np.cumsum(weights[heavy])
    at = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return np.asarray(heavy[np.minimum(at, len(heavy) - 1)], dtype=np.int64)


def _draw(generator: np.random.Generator, name: str, size: int) -> NDArray[np.float64]:
    draw: Callable[[int], NDArray[np.float64]] = generator.random if name.endswith("_u") else generator.standard_normal
    return draw(size)


def _by_type(laws: tuple[Duration, ...], type_code: NDArray[np.int8], z: NDArray[np.generic]) -> NDArray[np.float64]:
    made = np.zeros(z.shape)
    for code, law in enumerate(laws):
        chosen = type_code == code
        made[chosen] = law.from_normal(z[chosen].astype(np.float64))
    return made
