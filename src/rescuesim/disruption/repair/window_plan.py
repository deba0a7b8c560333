"""The next jobs of all crews over a window, by a binary program: who is worth bringing back first, and by which jobs.

The window is cut into slots. A job is done by a crew in a slot, crews have so many hours of drive and work up to the
end of each slot, a way is open in a slot when all its closures are done by then, and people are covered from the slot
on in which one of their ways is open. Drives are counted from where each crew is, so the program is a guess at what the
crews can do; what its list is worth is seen only when it is worked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass
class _Rows:
    """Rows of a program as they are written."""

    at: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    factor: list[int] = field(default_factory=list)
    lower: list[int] = field(default_factory=list)
    upper: list[int] = field(default_factory=list)

    def add(self, terms: Sequence[tuple[int, int]], *, lower: int = -NO_BOUND, upper: int = NO_BOUND) -> None:
        row = len(self.lower)
        for column, factor in terms:
            self.at.append(row)
            self.column.append(column)
            self.factor.append(factor)
        self.lower.append(lower)
        self.upper.append(upper)


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
    n_slots = len(slot_h)
    doing: dict[tuple[int, int], list[int]] = {}  # job and slot: columns of those who finish it then
    spends: dict[int, list[tuple[int, int, int]]] = {}  # crew: slot, column, hours
    worth: list[int] = []
    who: list[tuple[Approach, int]] = []
    for one in approaches:
        for slot in range(one.from_slot, n_slots):
            column = len(worth)
            worth.append(-1)  # of two ways to bring the same people back the one with fewer jobs
            who.append((one, slot))
            doing.setdefault((one.job, slot), []).append(column)
            spends.setdefault(one.crew, []).append((slot, column, max(round(one.hours * _SCALE), 1)))
    jobs = sorted({one.job for one in approaches})
    rows = _Rows()
    done = {
        (job, slot): [(column, 1) for earlier in range(slot + 1) for column in doing.get((job, earlier), ())]
        for job in jobs
        for slot in range(n_slots)
    }
    for job in jobs:
        rows.add(done[job, n_slots - 1], upper=1)
    for crew, some in spends.items():
        for slot in range(n_slots):
            terms = [(column, hours) for when, column, hours in some if when <= slot]
            if terms:
                rows.add(terms, upper=int(hours_by[crew, slot] * _SCALE))
    for column, (one, slot) in enumerate(who):
        for job in sorted(one.before):
            rows.add([*done.get((job, slot), ()), (column, -1)], lower=0)
    total = sum(some.people for some in behind)
    way_columns: dict[tuple[frozenset[int], int], int] = {}
    for some in behind:
        for slot in range(n_slots):
            opened = []
            for way in some.ways:
                if not all(done.get((job, slot)) for job in way):
                    continue
                if (way, slot) not in way_columns:
                    way_columns[way, slot] = len(worth)
                    worth.append(0)
                    for job in sorted(way):
                        rows.add([*done[job, slot], (way_columns[way, slot], -1)], lower=0)
                opened.append(way_columns[way, slot])
            if opened:
                column = len(worth)
                worth.append(round(some.people / total * slot_h[slot] * _SCALE * _SCALE))
                rows.add([*((other, 1) for other in opened), (column, -1)], lower=0)
    if not who or not way_columns:
        return WindowPlan(jobs=(), person_h=0.0, proved=True)
    shape = len(rows.lower), len(worth)
    program = BinaryProgram(
        objective=np.array(worth, dtype=np.int64),
        rows=csr_array((np.array(rows.factor, dtype=np.int64), (rows.at, rows.column)), shape=shape),
        lower=np.array(rows.lower, dtype=np.int64),
        upper=np.array(rows.upper, dtype=np.int64),
    )
    slot_h_from = np.cumsum(np.array(slot_h)[::-1])[::-1].tolist()
    nothing = np.zeros(len(worth), dtype=np.bool_)
    found = solve_binary(program, hint=nothing, limit_s=limit_s, seed=seed, effort=effort)
    assert found.x is not None
    chosen = [who[column] for column in np.flatnonzero(found.x[: len(who)]).tolist()]
    chosen.sort(key=lambda one: (one[1], one[0].hours, one[0].job))
    # what lies on the way of others comes before them
    listed: list[int] = []
    for one, _ in chosen:
        listed += [job for job in (*sorted(one.before), one.job) if job not in listed]
    back = sum(
        some.people
        * max((slot_h_from[slot] for way in some.ways if (slot := _open_in(way, chosen)) is not None), default=0.0)
        for some in behind
    )
    proved = found.status == "optimal"
    return WindowPlan(jobs=tuple(job for job in listed if job in jobs), person_h=back, proved=proved)


def _open_in(way: frozenset[int], chosen: Sequence[tuple[Approach, int]]) -> int | None:
    """Return the slot by which all closures of a way are done; None if not all are."""
    slot_of = {one.job: slot for one, slot in chosen}
    return max(slot_of[job] for job in way) if way <= slot_of.keys() else None
