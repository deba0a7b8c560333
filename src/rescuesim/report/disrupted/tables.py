"""Tables of the courses: over time, overlaps, by township, by village, in a line a disruption."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.report.disrupted.villages import STATES, Course
from rescuesim.standard import INNER_ZONES, ResponseStandard

__all__ = ["Places", "back_at", "by_township", "over_time", "overlaps", "places_of", "summary", "villages_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How points are counted.

    Parameters
    ----------
    demand : DemandPoints
    sites : CandidateSites
        The open ones.
    names : tuple of str
        Townships, the whole (an empty name) first.
    member : ndarray of float64, shape (n_names, n_demand)
        1 where a point belongs to a name.
    inner, village : ndarray of bool, shape (n_demand,)
        Points of the zones of the inner circle, and residential points.
    normal : ndarray of bool, shape (n_demand,)
        Covered on intact roads with all sites at hand.
    """

    demand: DemandPoints
    sites: CandidateSites
    names: tuple[str, ...]
    member: NDArray[np.float64]
    inner: NDArray[np.bool_]
    village: NDArray[np.bool_]
    normal: NDArray[np.bool_]

    def people(self, held: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Count people by stretch and name; from bool (n_stretches, n_demand) to float64 (n_stretches, n_names)."""
        return np.asarray((held * self.demand.people) @ self.member.T)

    def villages(self, held: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count villages in the same way; int64, shape (n_stretches, n_names)."""
        return np.rint((held * self.village) @ self.member.T).astype(np.int64)


def places_of(
    demand: DemandPoints, sites: CandidateSites, standard: ResponseStandard, normal: NDArray[np.bool_]
) -> Places:
    """Sort the points by township and circle."""
    names = ("", *sorted(set(demand.townships) - {""}))
    townships = np.array(demand.townships, dtype=object)
    member = np.array([np.ones(len(demand)), *(townships == name for name in names[1:])], dtype=np.float64)
    inner = np.array([zone in INNER_ZONES and zone in standard.presets for zone in demand.zones], dtype=np.bool_)
    village = np.array([kind == "residential" for kind in demand.kinds], dtype=np.bool_)
    return Places(demand=demand, sites=sites, names=names, member=member, inner=inner, village=village, normal=normal)


def over_time(courses: Sequence[Course], places: Places) -> pd.DataFrame:
    """Count by disruption, township and stretch; stretches in which a township stays as it is are one row."""
    normal = places.people(places.normal[None, :])[0]
    frames = []
    for course in courses:
        columns: dict[str, NDArray[Any]] = {
            "people_covered": places.people(course.covered),
            "people_covered_inner": places.people(course.covered & places.inner),
            "people_covered_outer": places.people(course.covered & ~places.inner),
            # nobody comes to who cannot call
            "people_covered_heard": places.people(course.covered & ~course.states[2]),
        }
        for name, held in zip(STATES, course.states, strict=True):
            columns[f"villages_{name}"], columns[f"people_{name}"] = places.villages(held), places.people(held)
        frames.append(_long(course, places, columns))
    frame = pd.concat(frames, ignore_index=True)
    of = pd.Series(dict(zip(places.names, normal.tolist(), strict=True)))
    usual = frame["township"].map(of).to_numpy(dtype=np.float64)
    covered = frame["people_covered"].to_numpy(dtype=np.float64)
    share = np.divide(covered, usual, out=np.full(len(frame), np.nan), where=usual > 0)
    frame.insert(4, "share_of_normal", share)
    return frame


def overlaps(courses: Sequence[Course], places: Places) -> pd.DataFrame:
    """Count every combination of the four states, each village in one; combinations that nobody is in are left out."""
    frames = []
    for course in courses:
        for flags in itertools.product((False, True), repeat=len(STATES)):
            if not any(flags):
                continue
            held = np.logical_and.reduce(
                [one if flag else ~one for one, flag in zip(course.states, flags, strict=True)]
            )
            columns: dict[str, NDArray[Any]] = {"villages": places.villages(held), "people": places.people(held)}
            frame = _long(course, places, columns)
            frame = frame[frame["people"].gt(0) | frame["villages"].gt(0)]
            for place, (name, flag) in enumerate(zip(STATES, flags, strict=True)):
                frame.insert(4 + place, name, flag)
            frames.append(frame)
    order = ["disruption", "township", "from_s", *STATES]
    frame = pd.concat(frames, ignore_index=True)
    ranks = {course.stretches.disruption.label: rank for rank, course in enumerate(courses)}
    frame = frame.assign(rank=frame["disruption"].map(ranks))
    return frame.sort_values(["rank", *order[1:]], kind="stable").drop(columns="rank").reset_index(drop=True)


def _long(course: Course, places: Places, columns: dict[str, NDArray[Any]]) -> pd.DataFrame:
    """Turn columns of shape (n_stretches, n_names) into rows, equal neighbours in time put into one."""
    stack = np.stack([column.astype(np.float64) for column in columns.values()])
    fresh = np.ones(stack.shape[1:], dtype=np.bool_)
    fresh[1:] = (stack[:, 1:] != stack[:, :-1]).any(axis=0)
    name, row = np.nonzero(fresh.T)  # by township, then in time
    begin = course.stretches.begin_s[row]
    last = np.r_[name[1:] != name[:-1], True] if len(name) else np.empty(0, dtype=np.bool_)
    end = np.where(last, course.stretches.end_s[-1], np.r_[begin[1:], 0.0])
    found: dict[str, object] = {
        "disruption": course.stretches.disruption.label,
        "township": np.array(places.names, dtype=object)[name],
        "from_s": begin,
        "until_s": end,
    }
    found |= {key: column[row, name] for key, column in columns.items()}
    return pd.DataFrame(found)


def back_at(share: NDArray[np.float64], begin_s: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    """Return the moments from which on shares stay at least as high as wanted.

    Parameters
    ----------
    share : ndarray of float64, shape (n_stretches, n)
        NaN where nobody is covered on normal days.
    begin_s : ndarray of float64, shape (n_stretches,)
    wanted : float

    Returns
    -------
    ndarray of float64, shape (n,)
        0 where it never fell below, ``inf`` where it is below at the end, NaN where there is nothing to lose.

    Examples
    --------
    >>> shares = np.array([[1.0, 1.0, 0.9], [0.5, 0.99, 0.9], [0.96, 1.0, 0.5]])
    >>> back_at(shares, np.array([0.0, 60.0, 300.0]), 0.95).tolist()
    [300.0, 0.0, inf]
    """
    below = share < wanted
    last = len(share) - 1 - below[::-1].argmax(axis=0)
    after = np.r_[begin_s, np.inf][last + 1]
    found = np.where(below.any(axis=0), after, 0.0)
    return np.where(np.isnan(share).any(axis=0), np.nan, found)


def _cover_figures(course: Course, places: Places, share: float) -> dict[str, NDArray[np.float64]]:
    """Say of each name how much cover is lost, and when it is back."""
    normal, covered = places.people(places.normal[None, :])[0], places.people(course.covered)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(normal > 0, covered / normal, np.nan)
    lost = places.people(places.normal & ~course.covered)
    return {
        "people": places.member @ places.demand.people,
        "people_covered_normal": normal,
        "people_covered_least": covered.min(axis=0),
        "person_hours_lost": course.hours @ lost,
        "cover_back_min": back_at(shares, course.stretches.begin_s, share) / 60,
    }


def by_township(courses: Sequence[Course], places: Places, share: float) -> pd.DataFrame:
    """Sum up each township over the time looked at; an empty name is the whole."""
    frames = []
    for course in courses:
        columns: dict[str, object] = {
            "disruption": course.stretches.disruption.label,
            "township": places.names,
            **_cover_figures(course, places, share),
        }
        for name, held in zip(STATES, course.states, strict=True):
            columns[f"villages_{name}_most"] = places.villages(held).max(axis=0)
            columns[f"person_hours_{name}"] = course.hours @ places.people(held)
        # who can call was never out of touch, cut off or not
        contact_s = np.where(course.states[2].any(axis=0), course.contact_s, np.nan)
        for name, moments in (("contacted", contact_s), ("reached", course.force_s)):
            columns[f"all_{name}_h"] = [_last(moments, places, row) / 3600 for row in range(len(places.names))]
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _last(moments: NDArray[np.float64], places: Places, row: int) -> float:
    """Return the last moment among the villages of a name; 0 where there was none to wait for."""
    chosen = moments[(places.member[row] > 0) & places.village & ~np.isnan(moments)]
    return float(chosen.max(initial=0.0))


def villages_table(courses: Sequence[Course], places: Places) -> pd.DataFrame:
    """List every point that anything befell, in each disruption."""
    frames = []
    demand, site_names = places.demand, np.array([*places.sites.names, ""], dtype=object)
    for course in courses:
        rows = np.flatnonzero(course.states.any(axis=(0, 1)) | (places.normal & ~course.covered).any(axis=0))
        columns: dict[str, object] = {
            "disruption": course.stretches.disruption.label,
            "id": np.array(demand.ids, dtype=object)[rows],
            "name": np.array(demand.names, dtype=object)[rows],
            "township": np.array(demand.townships, dtype=object)[rows],
            "kind": np.array(demand.kinds, dtype=object)[rows],
            "people": demand.people[rows],
            "uncovered_h": course.hours @ (places.normal & ~course.covered)[:, rows],
        }
        for name, held in zip(STATES, course.states, strict=True):
            columns[f"{name}_h"] = course.hours @ held[:, rows]
        lost_at = _begins(course, course.states[0] | course.states[2])
        columns |= {
            "lost_at_h": lost_at[rows] / 3600,
            "first_contact_h": course.contact_s[rows] / 3600,
            "first_force_h": course.force_s[rows] / 3600,
            "force_from": site_names[np.where(np.isfinite(course.force_s), course.force_site, -1)[rows]],
            "walks_in": (course.on_foot & np.isfinite(course.force_s))[rows],
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _begins(course: Course, held: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return when something first holds at each point; NaN where it never does."""
    first = np.where(held.any(axis=0), held.argmax(axis=0), 0)
    return np.where(held.any(axis=0), course.stretches.begin_s[first], np.nan)


def summary(courses: Sequence[Course], places: Places, share: float) -> pd.DataFrame:
    """Sum up each disruption in one line, with its probability."""
    frame = by_township(courses, places, share)
    frame = frame[frame["township"] == ""].drop(columns="township").reset_index(drop=True)
    frame.insert(1, "probability", [course.stretches.disruption.probability for course in courses])
    frame["villages_walked_to"] = [
        int((course.on_foot & np.isfinite(course.force_s) & places.village).sum()) for course in courses
    ]
    return frame
