"""The desk: when each call is answered, where callers wait for a seat, give up and ring again.

Units play no part in answering, so the moments are an exact recursion and need no events: callers are served in the
order in which they ring, and whether one gives up depends on those alone who rang before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.calls.log import CallLog
from rescuesim.simulation.durations import Duration, as_duration

__all__ = ["Answered", "Callers", "Desk", "answer", "unattended_s"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Callers:
    """Who rings when, how long answering takes, and how long each would wait.

    Parameters
    ----------
    arrived_s : ndarray of float64, shape (n_calls,)
        Moment of the first ring of each call, seconds, in any order.
    answering_s : ndarray of float64, shape (n_calls,)
        Seconds that answering holds a seat.
    patience_s : ndarray of float64, shape (n_calls,), optional
        Seconds after which a caller who is still waiting gives up; never if absent.
    again_after_s : ndarray of float64, shape (n_calls,), optional
        Seconds after giving up at which the caller rings again; ``inf`` if never, as if absent.
    most_rings : int, optional
        After so many a caller who gives up does not ring again; ``desk.most_rings`` if absent.

    Raises
    ------
    InputError
        With the first fault of each array.
    """

    arrived_s: ArrayLike
    answering_s: ArrayLike
    patience_s: ArrayLike | None = None
    again_after_s: ArrayLike | None = None
    most_rings: int = field(default_factory=lambda: int(default("desk.most_rings").number))

    def __post_init__(self) -> None:
        faults = []
        size = len(np.atleast_1d(self.arrived_s))
        for name in ("arrived_s", "answering_s", "patience_s", "again_after_s"):
            endless = name in ("patience_s", "again_after_s")
            given = getattr(self, name)
            values = np.full(size, np.inf) if given is None else np.asarray(given, dtype=np.float64)
            object.__setattr__(self, name, values)
            if values.shape != (size,):
                faults.append(Fault(column=name, value=str(values.shape), expected=f"the shape ({size},)"))
                continue
            wrong = np.flatnonzero(~((values >= 0) & (np.isfinite(values) | endless)))
            if wrong.size:
                row, expected = int(wrong[0]), "seconds of 0 or more" + (", or inf" if endless else "")
                faults.append(Fault(row=row, column=name, value=str(values[row]), expected=expected))
        if self.most_rings < 1:
            faults.append(Fault(column="most_rings", value=str(self.most_rings), expected="1 or more"))
        if faults:
            raise InputError(faults)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answered:
    """What became of each call at the desk.

    Parameters
    ----------
    at_s : ndarray of float64, shape (n_calls,)
        Moment at which the call has been answered; NaN if the caller gave up for good.
    rings : ndarray of int32, shape (n_calls,)
        How often the caller rang.
    waited_s : ndarray of float64, shape (n_calls,)
        Seconds in the line of the ring that was answered, or of the last one.
    guided : ndarray of bool, shape (n_calls,)
        Whether the desk guides the caller by telephone from the answer on (R11). It stops no clock.
    """

    at_s: NDArray[np.float64]
    rings: NDArray[np.int32]
    waited_s: NDArray[np.float64]
    guided: NDArray[np.bool_]

    @property
    def abandoned(self) -> NDArray[np.bool_]:
        """Whether the caller gave up for good."""
        return np.isnan(self.at_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The desk of a county: its seats, what it shares with other desks, and whom it guides.

    Parameters
    ----------
    seats : int
        Call takers; ``desk.seats`` if absent.
    most_rings : int
        ``desk.most_rings`` if absent.
    joint_duty : bool
        Whether police, fire, medical and emergency desks are on duty together (R72), as the durations of the
        standard suppose. Without it, some calls reach another desk first and are handed over.
    other_desk_share : float
        Share of the calls that reach another desk first; ``desk.other_desk_share`` if absent.
    hand_over : Duration
        Seconds from the first ring there to the ring here; ``desk.hand_over`` if absent.
    guided : float
        Share of the callers of the types `guided_types` whom the desk guides by telephone; ``desk.guided`` if absent.
    guided_types : tuple of str
        ``desk.guided_types`` if absent.

    Raises
    ------
    InputError
        With all that is out of bounds.

    Examples
    --------
    >>> log = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[0.0, 1.0, 2.0], desk_u=[0.9, 0.0, 0.9])
    >>> Desk(seats=2).answer(log, 10).at_s.tolist()
    [10.0, 11.0, 20.0]
    >>> Desk(seats=2, joint_duty=False, hand_over=60).answer(log, 10).at_s.tolist()
    [10.0, 71.0, 12.0]
    """

    seats: int = field(default_factory=lambda: int(default("desk.seats").number))
    most_rings: int = field(default_factory=lambda: int(default("desk.most_rings").number))
    joint_duty: bool = True
    other_desk_share: float = field(default_factory=lambda: default("desk.other_desk_share").number)
    hand_over: Duration = field(default_factory=lambda: Lognormal.from_default(default("desk.hand_over")))
    guided: float = field(default_factory=lambda: default("desk.guided").number)
    guided_types: tuple[str, ...] = field(default_factory=lambda: default("desk.guided_types").words)

    def __post_init__(self) -> None:
        faults = [
            Fault(column=name, value=str(getattr(self, name)), expected="a whole number of 1 or more")
            for name in ("seats", "most_rings")
            if not isinstance(getattr(self, name), int | np.integer) or getattr(self, name) < 1
        ]
        faults += [
            Fault(column=name, value=str(getattr(self, name)), expected="from 0 to 1")
            for name in ("other_desk_share", "guided")
            if not 0 <= getattr(self, name) <= 1
        ]
        try:
            object.__setattr__(self, "hand_over", as_duration(self.hand_over))
        except InputError as error:
            faults.append(Fault(problem=f"hand_over: {error}"))
        if faults:
            raise InputError(faults)

    def answer(
        self,
        calls: CallLog,
        answering: object,
        *,
        heard_s: NDArray[np.float64] | None = None,
        stays: NDArray[np.bool_] | None = None,
    ) -> Answered:
        """Answer the calls of a replication.

        Parameters
        ----------
        calls : CallLog
        answering : Duration
            Seconds that answering holds a seat; also a frozen ``scipy.stats`` distribution or a number.
        heard_s : ndarray of float64, shape (n_calls,), optional
            When each call first rings at the desk; ``inf`` if it is never heard of. `arrived_at_s` if absent.
        stays : ndarray of bool, shape (n_calls,), optional
            Which callers never give up: messengers who stand at the desk.

        Returns
        -------
        Answered
            A call that is never heard of has no answer and no rings.
        """
        if heard_s is not None and not np.isfinite(heard_s).all():
            return self._answer_heard(calls, answering, heard_s, stays)
        arrived = calls.arrived_at_s if heard_s is None else heard_s
        if not self.joint_duty:
            passed_on = calls.desk_u < self.other_desk_share
            arrived = arrived + np.where(passed_on, self.hand_over.from_normal(calls.hand_over_z), 0.0)
        callers = Callers(
            arrived_s=arrived,
            answering_s=as_duration(answering).from_normal(calls.answering_z),
            patience_s=calls.patience_s if stays is None else np.where(stays, np.inf, calls.patience_s),
            again_after_s=calls.again_after_s,
            most_rings=self.most_rings,
        )
        found = answer(callers, self.seats)
        by_type = np.array([name in self.guided_types for name in calls.types], dtype=np.bool_)
        guided = by_type[calls.type_code] & (calls.guidance_u < self.guided) & ~found.abandoned
        return Answered(at_s=found.at_s, rings=found.rings, waited_s=found.waited_s, guided=guided)

    def _answer_heard(
        self, calls: CallLog, answering: object, heard_s: NDArray[np.float64], stays: NDArray[np.bool_] | None
    ) -> Answered:
        """Answer those calls that are heard of; the others hold no seat."""
        rows = np.flatnonzero(np.isfinite(heard_s))
        some = calls.part(rows)
        found = self.answer(some, answering, heard_s=heard_s[rows], stays=None if stays is None else stays[rows])
        at_s, waited = np.full(len(calls), np.nan), np.zeros(len(calls))
        rings, guided = np.zeros(len(calls), dtype=np.int32), np.zeros(len(calls), dtype=np.bool_)
        at_s[rows], waited[rows], rings[rows], guided[rows] = found.at_s, found.waited_s, found.rings, found.guided
        return Answered(at_s=at_s, rings=rings, waited_s=waited, guided=guided)


def answer(callers: Callers, seats: int) -> Answered:
    """Answer calls in the order of their rings.

    Of rings at the same moment the call that stands first in the list comes first. A seat that comes free at the
    very moment at which the caller would give up is taken.

    Parameters
    ----------
    callers : Callers
    seats : int
        Call takers.

    Returns
    -------
    Answered
        `guided` is False throughout.

    Examples
    --------
    >>> busy = Callers(arrived_s=[0.0, 1.0, 2.0], answering_s=[10.0, 10.0, 10.0])
    >>> answer(busy, 2).at_s.tolist()
    [10.0, 11.0, 20.0]
    >>> hasty = Callers(
    ...     arrived_s=[0.0, 1.0], answering_s=[10.0, 5.0], patience_s=[60.0, 3.0], again_after_s=[30.0, 30.0]
    ... )
    >>> found = answer(hasty, 1)
    >>> found.at_s.tolist(), found.rings.tolist(), found.waited_s.tolist()
    ([10.0, 39.0], [1, 2], [0.0, 0.0])
    """
    if seats < 1:
        raise InputError(f"seats {seats}: expected at least 1")
    arrived, takes = np.asarray(callers.arrived_s), np.asarray(callers.answering_s)
    patience, again = np.asarray(callers.patience_s), np.asarray(callers.again_after_s)
    size = len(arrived)
    starts = _starts_if_all_wait(arrived, takes, seats)
    nobody = np.zeros(size, dtype=np.bool_)
    # if nobody's patience ends in a line that nobody leaves, then nobody leaves it
    if (starts <= arrived + patience).all():
        once = np.ones(size, dtype=np.int32)
        return Answered(at_s=starts + takes, rings=once, waited_s=starts - arrived, guided=nobody)
    at_s, rings, waited = _answer_ring_by_ring(
        arrived.tolist(), takes.tolist(), patience.tolist(), again.tolist(), callers.most_rings, seats
    )
    return Answered(
        at_s=np.array(at_s), rings=np.array(rings, dtype=np.int32), waited_s=np.array(waited), guided=nobody
    )


def _starts_if_all_wait(arrived: NDArray[np.float64], takes: NDArray[np.float64], seats: int) -> NDArray[np.float64]:
    """Return when the answering of each call starts if nobody gives up; float64, shape (n_calls,)."""
    order = np.argsort(arrived, kind="stable")
    free_from = [0.0] * seats
    starts = []
    for rings, seconds in zip(arrived[order].tolist(), takes[order].tolist(), strict=True):
        free = free_from[0]
        start = rings if rings > free else free
        heapreplace(free_from, start + seconds)
        starts.append(start)
    found = np.empty(len(order))
    found[order] = starts
    return found


def _answer_ring_by_ring(
    arrived: Sequence[float],
    takes: Sequence[float],
    patience: Sequence[float],
    again: Sequence[float],
    most_rings: int,
    seats: int,
) -> tuple[list[float], list[int], list[float]]:
    """Return when each call has been answered, how often it rang, and how long it waited at last."""
    size = len(arrived)
    at_s, rung, waited = [math.nan] * size, [0] * size, [0.0] * size
    rings = [(moment, call) for call, moment in enumerate(arrived)]
    heapify(rings)
    free_from = [0.0] * seats
    while rings:
        moment, call = heappop(rings)
        rung[call] += 1
        starts, gives_up = max(moment, free_from[0]), moment + patience[call]
        if starts > gives_up:
            waited[call] = patience[call]
            if rung[call] < most_rings and again[call] < math.inf:
                heappush(rings, (gives_up + again[call], call))
            continue
        waited[call] = starts - moment
        at_s[call] = starts + takes[call]
        heapreplace(free_from, at_s[call])
    return at_s, rung, waited


def unattended_s(
    arrived_s: NDArray[np.float64],
    answered_s: NDArray[np.float64],
    handling_s: NDArray[np.float64],
    guided: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return how long nobody helped: to the first action, or to the answer of a caller who is guided (R11).

    An indicator beside the clock, which telephone guidance never stops.

    Parameters
    ----------
    arrived_s, answered_s, handling_s : ndarray of float64, shape (n_calls,)
        NaN where a milestone was not reached.
    guided : ndarray of bool, shape (n_calls,)

    Returns
    -------
    ndarray of float64, shape (n_calls,)
        NaN where nobody helped in any way.

    Examples
    --------
    >>> unattended_s(np.zeros(2), np.full(2, 10.0), np.array([300.0, np.nan]), np.array([False, True])).tolist()
    [300.0, 10.0]
    """
    return np.where(guided, np.fmin(answered_s, handling_s), handling_s) - arrived_s
