"""Single measures and what they bring to the whole plan: a crew changed at an open site, or one more site opened."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.explain.cover_counts import CoverCounts, is_covered
from rescuesim.siting.explain.crew_changes import CrewChanges
from rescuesim.siting.explain.crew_limits import CrewLimits
from rescuesim.siting.explain.drives import Drives
from rescuesim.siting.problem import SitingProblem

__all__ = ["MEASURES", "MEASURE_COLUMNS", "measures"]

MEASURES = ("steady", "equip", "staff", "open")
MEASURE_COLUMNS = (
    *("measure", "site", "name", "crew_now", "crew", "points", "people", "weight", "people_sure"),
    *("roster_now", "roster", "more_people", "cost"),
)


def measures(
    problem: SitingProblem,
    counts: CoverCounts,
    drives: Drives,
    crews: CrewLimits | None,
    *,
    changes: CrewChanges,
    margin_s: float,
) -> pd.DataFrame:
    """Try every single measure and count what it brings.

    Parameters
    ----------
    problem : SitingProblem
    counts : CoverCounts
        Of the plan; its weights are what is counted.
    drives : Drives
    crews : CrewLimits or None
        None where crews do not matter: then sites to open are all there is.
    changes : CrewChanges
        What crews take in people.
    margin_s : float
        A drive within its limit by less is only just so.

    Returns
    -------
    DataFrame
        ``measure, site, name, crew_now, crew, points, people, weight, people_sure, roster_now, roster, more_people,
        cost``, one row a measure that covers more than it loses. ``points``, ``people`` and ``weight`` are net: what a
        change of crew loses is taken off. ``people_sure`` are those of the people who would still be covered were the
        drives of that site longer by the margin. ``roster`` are the people on the roster of the site afterwards,
        ``more_people`` how many more than now; ``cost`` is money: NaN is not known, and never 0. Measures at open sites
        come first, by additional people for each that is covered, then sites to open, by cost for each that is covered;
        what is not known comes last, and among equals the larger weight first. A measure stands for itself alone; two
        of them do not add up.
    """
    sites = problem.sites
    rows: list[tuple[object, ...]] = []
    if crews is not None:
        for site in np.flatnonzero(counts.opened).tolist():
            now = changes.held[site]
            for kind, crew, after, sure in _staffings(problem, counts, drives, crews, site, margin_s):
                roster = {"steady": np.nan, "equip": now}.get(kind, changes.needed(crew)[site])
                more = {"steady": np.nan, "equip": now - now}.get(kind, changes.more(crew)[site])
                taken = (now, roster, more, np.nan)
                change = _net(counts, problem, after, sure)
                rows.append((kind, sites.ids[site], sites.names[site], sites.crews[site], crew, *change, *taken))
    gain = counts.gains()
    for site in np.flatnonzero(~counts.opened & ~problem.must_close & (gain > 0)).tolist():
        change = _net(counts, problem, *(_with_site(problem, counts, drives, site, less) for less in (0.0, margin_s)))
        people, cost = changes.held[site], sites.cost[site]
        rows.append(
            ("open", sites.ids[site], sites.names[site], "", sites.crews[site], *change, 0.0, people, people, cost)
        )
    frame = pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))
    frame = frame[frame["weight"] > 0]
    building = frame["measure"] == "open"
    spent = frame["more_people"].where(~building, frame["cost"]).astype(np.float64)
    return (
        frame.assign(building=building, each=spent / frame["weight"].astype(np.float64))
        .sort_values(["building", "each", "weight", "site", "crew"], ascending=[True, True, False, True, True])
        .drop(columns=["building", "each"])
        .reset_index(drop=True)
    )


def _net(
    counts: CoverCounts, problem: SitingProblem, after: NDArray[np.bool_], sure: NDArray[np.bool_]
) -> tuple[int, float, float, float]:
    """Return points, people and weight covered afterwards, less those covered now, and the people who surely are."""
    change, people = after.astype(np.int64) - counts.covered, problem.demand.people
    surely = float(people @ (sure.astype(np.int64) - counts.covered))
    return int(change.sum()), float(people @ change), float(counts.weight @ change), max(surely, 0.0)


def _with_site(
    problem: SitingProblem, counts: CoverCounts, drives: Drives, site: int, less: float
) -> NDArray[np.bool_]:
    """Mark the points covered with one more site open, its limits shorter by some."""
    if less == 0.0:
        n_first, n_either = counts.n_first.copy(), counts.n_either.copy()
        first, either = counts.column(site)
        n_first[first] += 1
        n_either[either] += 1
        return is_covered(n_first, n_either, counts.wants)
    assert problem.limits is not None
    row, every = np.array([site]), np.arange(len(problem.demand))
    inside = problem.limits.in_standard
    first, either = (
        (drives.within(row, every, np.asarray(limit[row]) - less)[0] & inside).astype(np.int64)
        for limit in (problem.limits.limit_s, problem.limits.second_limit_s)
    )
    return is_covered(counts.n_first + first, counts.n_either + either, counts.wants)


def _staffings(
    problem: SitingProblem, counts: CoverCounts, drives: Drives, crews: CrewLimits, site: int, margin_s: float
) -> list[tuple[str, str, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Try every other staffing of an open site: kind, crew, points covered afterwards, and those surely so."""
    zone_at = np.array([crews.zones.index(zone) for zone in problem.demand.zones], dtype=np.int64)
    own = crews.crews.index(problem.sites.crews[site])
    row, every = np.array([site]), np.arange(len(problem.demand))
    first_now, either_now = np.zeros(len(every), dtype=np.int64), np.zeros(len(every), dtype=np.int64)
    first, either = counts.column(site)
    first_now[first] = 1
    either_now[either] = 1
    tried = [
        ("steady", crews.crews[own], crews.first_steady[own], crews.either_steady[own]),
        ("equip", crews.crews[own], crews.first_equipped[own], crews.either_equipped[own]),
    ]
    tried += [
        ("staff", name, crews.first[crew], crews.either[crew]) for crew, name in enumerate(crews.crews) if crew != own
    ]
    found = []
    for kind, name, first_limit, either_limit in tried:
        if kind != "staff" and np.array_equal(first_limit, crews.first[own]):
            continue  # nothing would change
        limits = [limit[zone_at][None, :] for limit in (first_limit, either_limit)]
        in_first, in_either = (drives.within(row, every, limit)[0] for limit in limits)
        surely = [drives.within(row, every, limit - margin_s)[0] for limit in limits]
        # whom the site reaches in time now as well, the margin does not make unsure
        sure_first, sure_either = surely[0] | (in_first & (first_now > 0)), surely[1] | (in_either & (either_now > 0))
        after, sure = (
            is_covered(counts.n_first - first_now + one, counts.n_either - either_now + two, counts.wants)
            for one, two in ((in_first, in_either), (sure_first, sure_either))
        )
        found.append((kind, name, after, sure))
    return found
