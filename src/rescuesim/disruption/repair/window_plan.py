"""The next jobs of all crews over a window, by a binary program: who is worth bringing back first, and by which jobs.

The window is cut into slots. A job is done by a crew in a slot, crews have so many hours of drive and work up to the
end of each slot, a way is open in a slot when all its closures are done by then, and people are covered from the slot
on in which one of their ways is open. Drives are counted from where each crew is, so the program is a guess at what the
crews can do; what its list is worth is seen only when it is worked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.disruption.repair.ways_back import PeopleBehind
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["Approach", "WindowPlan", "plan_window"]

_SCALE = 1000  # whole numbers for the solver: thousandths of hours and of all people


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """What it takes a crew to get a job done.

    Parameters
    ----------
    crew, job : int
    hours : float
        Drive and work.
    from_slot : int
        First slot in which it can be done.
    before : frozenset of int
        Closures that lie on the crew's way.
    """

    crew: int
    job: int
    hours: float
    from_slot: int
    before: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """What the program chose.

    Parameters
    ----------
    jobs : tuple of int
        First to be done first.
    person_h : float
        Worth of the plan, as the program counts it.
    proved : bool
        Whether no plan is worth more.
    """

    jobs: tuple[int, ...]
    person_h: float
    proved: bool


class _Program:
    """The program as it is written: columns with what they are worth, and rows."""

    def __init__(self, approaches: Sequence[Approach], n_slots: int) -> None:
        self.n_slots = n_slots
        self.worth: list[int] = []
        self.at: list[int] = []
        self.column: list[int] = []
        self.factor: list[int] = []
        self.lower: list[int] = []
        self.upper: list[int] = []
        self.who: list[tuple[Approach, int]] = []  # of the first columns: who is done with what in which slot
        for one in approaches:
            for slot in range(one.from_slot, n_slots):
                self.who.append((one, slot))
                self.add_column(-1)  # of two plans that bring the same people back the one with fewer jobs
        self.jobs = sorted({one.job for one in approaches})
        self.done: dict[tuple[int, int], list[tuple[int, int]]] = {
            (job, slot): [(column, 1) for column, (one, when) in enumerate(self.who) if one.job == job and when <= slot]
            for job in self.jobs
            for slot in range(n_slots)
        }
        self.way_columns: dict[tuple[frozenset[int], int], int] = {}

    def add_column(self, worth: int) -> int:
        self.worth.append(worth)
        return len(self.worth) - 1

    def add(self, terms: Sequence[tuple[int, int]], *, lower: int = -NO_BOUND, upper: int = NO_BOUND) -> None:
        self.at += [len(self.lower)] * len(terms)
        self.column += [column for column, _ in terms]
        self.factor += [factor for _, factor in terms]
        self.lower.append(lower)
        self.upper.append(upper)

    def add_work(self, hours_by: NDArray[np.float64]) -> None:
        """Each job once, no crew beyond its hours, nothing before what lies on the way to it."""
        for job in self.jobs:
            self.add(self.done[job, self.n_slots - 1], upper=1)
        for crew in sorted({one.crew for one, _ in self.who}):
            for slot in range(self.n_slots):
                terms = [
                    (column, max(round(one.hours * _SCALE), 1))
                    for column, (one, when) in enumerate(self.who)
                    if one.crew == crew and when <= slot
                ]
                if terms:
                    self.add(terms, upper=int(hours_by[crew, slot] * _SCALE))
        for column, (one, slot) in enumerate(self.who):
            for job in sorted(one.before):
                self.add([*self.done.get((job, slot), ()), (column, -1)], lower=0)

    def way_column(self, way: frozenset[int], slot: int) -> int | None:
        """Return the column that says whether a way is open in a slot; None if it cannot be."""
        if not all(self.done.get((job, slot)) for job in way):
            return None
        if (way, slot) not in self.way_columns:
            self.way_columns[way, slot] = column = self.add_column(0)
            for job in sorted(way):
                self.add([*self.done[job, slot], (column, -1)], lower=0)
        return self.way_columns[way, slot]

    def add_people(self, behind: Sequence[PeopleBehind], slot_h: Sequence[float]) -> None:
        """Count people from the slot on in which one of their ways is open."""
        total = sum(some.people for some in behind)
        for some in behind:
            for slot in range(self.n_slots):
                ways = [column for way in some.ways if (column := self.way_column(way, slot)) is not None]
                if ways:
                    column = self.add_column(round(some.people / total * slot_h[slot] * _SCALE * _SCALE))
                    self.add([*((other, 1) for other in ways), (column, -1)], lower=0)

    def whole(self) -> BinaryProgram:
        shape = len(self.lower), len(self.worth)
        return BinaryProgram(
            objective=np.array(self.worth, dtype=np.int64),
            rows=csr_array((np.array(self.factor, dtype=np.int64), (self.at, self.column)), shape=shape),
            lower=np.array(self.lower, dtype=np.int64),
            upper=np.array(self.upper, dtype=np.int64),
        )


def plan_window(
    approaches: Sequence[Approach],
    behind: Sequence[PeopleBehind],
    hours_by: NDArray[np.float64],
    slot_h: Sequence[float],
    *,
    effort: float,
    limit_s: float,
    seed: int,
) -> WindowPlan:
    """Choose jobs that bring most people back for longest within a window.

    Parameters
    ----------
    approaches : sequence of Approach
        One for each crew and job that it can do in the window.
    behind : sequence of PeopleBehind
    hours_by : ndarray of float64, shape (n_crews, n_slots)
        Hours that each crew can drive and work up to the end of each slot.
    slot_h : sequence of float
        What cover from a slot on counts less the later: hours from the end of a slot to the end of the next; the last
        slot's to the end of the window.
    effort : float
        Deterministic time of the solver.
    limit_s : float
    seed : int

    Returns
    -------
    WindowPlan

    References
    ----------
    Nurre, S. G., Cavdaroglu, B., Mitchell, J. E., Sharkey, T. C., & Wallace, W. A. (2012). Restoring infrastructure
    systems: an integrated network design and scheduling (INDS) problem. European Journal of Operational Research
    223(3), 794-806. doi:10.1016/j.ejor.2012.07.010 (crews in slots, worth over time)
    """
    made = _Program(approaches, len(slot_h))
    made.add_work(hours_by)
    made.add_people(behind, slot_h)
    if not made.way_columns:
        return WindowPlan(jobs=(), person_h=0.0, proved=True)
    nothing = np.zeros(len(made.worth), dtype=np.bool_)
    found = solve_binary(made.whole(), hint=nothing, limit_s=limit_s, seed=seed, effort=effort)
    assert found.x is not None
    chosen = [made.who[column] for column in np.flatnonzero(found.x[: len(made.who)]).tolist()]
    chosen.sort(key=lambda one: (one[1], one[0].hours, one[0].job))
    # what lies on the way of others comes before them
    listed = dict.fromkeys(job for one, _ in chosen for job in (*sorted(one.before), one.job))
    back = 0.0
    for some in behind:
        opened = [when for way in some.ways if (when := _open_in(way, chosen)) is not None]
        back += some.people * sum(slot_h[min(opened) :]) if opened else 0.0
    return WindowPlan(jobs=tuple(listed), person_h=back, proved=found.status == "optimal")


def _open_in(way: frozenset[int], chosen: Sequence[tuple[Approach, int]]) -> int | None:
    """Return the slot by which all closures of a way are done; None if not all are."""
    slot_of = {one.job: slot for one, slot in chosen}
    return max(slot_of[job] for job in way) if way <= slot_of.keys() else None
