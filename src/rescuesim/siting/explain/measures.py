"""Single measures and what they bring to the whole plan: a crew changed at an open site, or one more site opened."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.explain.cover_counts import CoverCounts, is_covered
from rescuesim.siting.explain.crew_limits import CrewLimits
from rescuesim.siting.explain.drives import Drives
from rescuesim.siting.problem import SitingProblem

__all__ = ["MEASURES", "measures"]

MEASURES = ("steady", "equip", "staff", "open")


def measures(problem: SitingProblem, counts: CoverCounts, drives: Drives, crews: CrewLimits | None) -> pd.DataFrame:
    """Try every single measure and count what it brings.

    Parameters
    ----------
    problem : SitingProblem
    counts : CoverCounts
        Of the plan; its weights are what is counted.
    drives : Drives
    crews : CrewLimits or None
        None where crews do not matter: then sites to open are all there is.

    Returns
    -------
    DataFrame
        ``measure, site, name, crew_now, crew, points, people, weight, cost``, one row a measure that covers more
        than it loses, measures at open sites first, then by weight. ``points``, ``people`` and ``weight`` are net: what
        a change of crew loses is taken off. A measure stands for itself alone; two of them do not add up.
    """
    sites, demand = problem.sites, problem.demand
    rows: list[tuple[object, ...]] = []
    if crews is not None:
        for site in np.flatnonzero(counts.opened).tolist():
            for kind, crew, gained in _staffings(problem, counts, drives, crews, site):
                change = _net(counts, problem, gained)
                rows.append((kind, sites.ids[site], sites.names[site], sites.crews[site], crew, *change, 0.0))
    gain = counts.gains()
    for site in np.flatnonzero(~counts.opened & ~problem.must_close & (gain > 0)).tolist():
        first, either = counts.column(site)
        touched = np.union1d(first, either)
        n_first = counts.n_first[touched] + np.isin(touched, first)
        n_either = counts.n_either[touched] + np.isin(touched, either)
        after = touched[is_covered(n_first, n_either, counts.wants[touched]) & ~counts.covered[touched]]
        change = (len(after), float(demand.people[after].sum()), float(counts.weight[after].sum()))
        rows.append(("open", sites.ids[site], sites.names[site], "", sites.crews[site], *change, sites.cost[site]))
    names = ["measure", "site", "name", "crew_now", "crew", "points", "people", "weight", "cost"]
    frame = pd.DataFrame(rows, columns=names)
    frame = frame[frame["weight"] > 0]
    building = frame["measure"] == "open"
    return (
        frame.assign(building=building)
        .sort_values(["building", "weight", "cost", "site", "crew"], ascending=[True, False, True, True, True])
        .drop(columns="building")
        .reset_index(drop=True)
    )


def _net(counts: CoverCounts, problem: SitingProblem, after: NDArray[np.bool_]) -> tuple[int, float, float]:
    """Return points, people and weight covered afterwards, less those covered now."""
    change = after.astype(np.int64) - counts.covered
    return int(change.sum()), float(problem.demand.people @ change), float(counts.weight @ change)


def _staffings(
    problem: SitingProblem, counts: CoverCounts, drives: Drives, crews: CrewLimits, site: int
) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Try every other staffing of an open site; each as kind, crew and the points covered afterwards."""
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
        in_first = drives.within(row, every, first_limit[zone_at][None, :])[0]
        in_either = drives.within(row, every, either_limit[zone_at][None, :])[0]
        n_first = counts.n_first - first_now + in_first
        n_either = counts.n_either - either_now + in_either
        found.append((kind, name, is_covered(n_first, n_either, counts.wants)))
    return found
