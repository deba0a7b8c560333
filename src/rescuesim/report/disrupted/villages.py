"""What becomes of each point in one disruption: cut off, flooded, silent, dark; when somebody calls back or comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.report.disrupted.reach import Reach
from rescuesim.report.disrupted.stretches import Orders, Stretches
from rescuesim.travel import TravelTimes

__all__ = ["STATES", "Course", "course_of", "first_after", "first_contact", "first_force"]

STATES = ("isolated", "flooded", "silent", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One disruption as arrays by stretch and point.

    Parameters
    ----------
    stretches : Stretches
    covered : ndarray of bool, shape (n_stretches, n_demand)
    states : ndarray of bool, shape (4, n_stretches, n_demand)
        In the order of `STATES`.
    contact_s, force_s : ndarray of float64, shape (n_demand,)
        Moments, after the onset, of the first contact with a point after it fell silent or was cut off, and of the
        first force at a point after it was cut off; ``inf`` if not within the time looked at, NaN where neither
        befell it.
    force_site : ndarray of int64, shape (n_demand,)
        Open site that the first force comes from; -1 without one.
    on_foot : ndarray of bool, shape (n_demand,)
        It walks in.
    """

    stretches: Stretches
    covered: NDArray[np.bool_]
    states: NDArray[np.bool_]
    contact_s: NDArray[np.float64]
    force_s: NDArray[np.float64]
    force_site: NDArray[np.int64]
    on_foot: NDArray[np.bool_]

    @property
    def hours(self) -> NDArray[np.float64]:
        """Length of each stretch; float64, shape (n_stretches,)."""
        return np.asarray((self.stretches.end_s - self.stretches.begin_s) / 3600)

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Points that were silent or cut off at some time; bool, shape (n_demand,)."""
        return np.asarray((self.states[0] | self.states[2]).any(axis=0))


def course_of(
    stretches: Stretches, of: NDArray[np.int64], reach: Mapping[tuple[int, Orders], Reach], intact: TravelTimes
) -> Course:
    """Put together what was computed by state.

    Parameters
    ----------
    stretches : Stretches
    of : ndarray of int64, shape (n_stretches,)
        State of the roads in each stretch.
    reach : mapping of (int, Orders) to Reach
    intact : TravelTimes
        Whose points lie where.
    """
    graph = intact.graph
    assert graph is not None
    now = [reach[pair] for pair in zip(of.tolist(), stretches.orders, strict=True)]
    cut = np.array([one.cut for one in now])
    flooded = np.array([graph.closed_points(state)[len(intact.sites) :] for state in stretches.flooded_roads])
    force_s, site, on_foot = first_force(stretches, now, cut)
    return Course(
        stretches=stretches,
        covered=np.array([one.covered for one in now]),
        states=np.array([cut, flooded, stretches.silent, stretches.dark]),
        contact_s=first_contact(stretches, now, cut),
        force_s=np.where(cut.any(axis=0), force_s, np.nan),
        force_site=site,
        on_foot=on_foot,
    )


def first_after(held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first stretch in which something holds, for each point; the number of stretches if none."""
    return np.asarray(np.where(held.any(axis=0), held.argmax(axis=0), len(held)))


def first_force(
    stretches: Stretches, now: Sequence[Reach], since: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Find when the first force comes to each point from the first stretch in which something holds there.

    A crew may leave at the start of any stretch. It arrives if the way stays as quick, or gets quicker, in every
    stretch that it travels through; the earliest arrival counts.

    Parameters
    ----------
    stretches : Stretches
    now : sequence of Reach
        Of each stretch.
    since : ndarray of bool, shape (n_stretches, n_demand)

    Returns
    -------
    moment : ndarray of float64, shape (n_demand,)
        Seconds after the onset; ``inf`` if nobody comes before the end of the last stretch.
    site : ndarray of int64, shape (n_demand,)
    on_foot : ndarray of bool, shape (n_demand,)
    """
    took = np.array([one.force_s for one in now])
    first = first_after(since)
    moment = np.full(took.shape[1], np.inf)
    site, on_foot = np.full(len(moment), -1, dtype=np.int64), np.zeros(len(moment), dtype=np.bool_)
    until = float(stretches.end_s[-1])
    for row, begin in enumerate(stretches.begin_s.tolist()):
        arrives = begin + took[row]
        comes = (row >= first) & (arrives <= until) & (arrives < moment)
        for later in range(row + 1, len(now)):
            underway = comes & (arrives > stretches.begin_s[later])
            if not underway.any():
                break
            comes &= ~underway | (took[later] <= took[row])
        moment = np.where(comes, arrives, moment)
        site, on_foot = np.where(comes, now[row].force_site, site), np.where(comes, now[row].on_foot, on_foot)
    return moment, site, on_foot


def first_contact(stretches: Stretches, now: Sequence[Reach], cut: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Find when each point that was silent or cut off is heard of: by a channel, its runner, or somebody who comes."""
    lost = stretches.silent | cut
    first = first_after(lost)
    since_silent = first_after(stretches.silent)
    came, _, _ = first_force(stretches, now, stretches.silent)
    rows = np.arange(len(stretches))[:, None]
    # a place that falls silent later than it was cut off is lost from then on
    start = np.where(since_silent < len(stretches), since_silent, first)
    # a runner sets out in any stretch with a way; a quicker channel that is back before he comes may overtake him
    spoke = np.where(rows >= start, stretches.begin_s[:, None] + stretches.delay_s, np.inf).min(axis=0)
    spoke = np.where(spoke <= stretches.end_s[-1], spoke, np.inf)
    found = np.where(since_silent < len(stretches), np.minimum(spoke, came), spoke)
    return np.where(first < len(stretches), found, np.nan)
