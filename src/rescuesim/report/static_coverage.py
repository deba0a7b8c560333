"""Built and available coverage of plans over the states of a network: what needs no simulation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.crew import default_shifts
from rescuesim.plan import Plan
from rescuesim.siting import available_share, covered_points, pair_limits, point_coverage, site_mask
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimes, TravelTimesEnsemble

__all__ = ["StaticCoverage", "Times", "static_coverage"]

Times = TravelTimes | TravelTimesEnsemble


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticCoverage:
    """Coverage of each point by one plan.

    Parameters
    ----------
    built : ndarray of float64, shape (n_demand,)
        Probability, over the states, that the point is covered.
    available : ndarray of float64, shape (n_demand,)
        The same with crews that are there, over the hours of the shifts.
    worst : DataFrame
        As `point_coverage`, in the state in which the plan covers the fewest people.
    planned_drive_s : dict of str to float
        By demand id, the drive of the site that counts on intact roads.
    """

    built: NDArray[np.float64]
    available: NDArray[np.float64]
    worst: pd.DataFrame
    planned_drive_s: dict[str, float]


def _weighted(times: Times) -> Iterator[tuple[TravelTimes, float]]:
    if isinstance(times, TravelTimesEnsemble):
        yield from ((state, moment.probability) for state, moment in zip(times, times.states, strict=True))
    else:
        yield times, 1.0


def static_coverage(
    times: Times,
    plans: Mapping[str, Plan],
    standard: ResponseStandard,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, StaticCoverage]:
    """Compute the coverage of several plans, going through the states once.

    Parameters
    ----------
    times : TravelTimes or TravelTimesEnsemble
        The states of an ensemble count by their probability.
    plans : mapping of str to Plan
    standard : ResponseStandard
    progress : callable, optional
        Called with the states done and in all.

    Returns
    -------
    dict of str to StaticCoverage
        By the names of the plans.
    """
    intact, total = (times.intact, len(times)) if isinstance(times, TravelTimesEnsemble) else (times, 1)
    n_demand, people = len(intact.demand), intact.demand.people
    hours = np.array([shift.hours for shift in default_shifts()]) / 24
    built, available = ({name: np.zeros(n_demand) for name in plans} for _ in range(2))
    worst: dict[str, pd.DataFrame] = {}
    fewest = dict.fromkeys(plans, math.inf)
    opened = {name: site_mask(intact, plan.opened) for name, plan in plans.items()}
    for done, (state, probability) in enumerate(_weighted(times), 1):
        limits = pair_limits(state, standard=standard)
        for name in plans:
            covered = covered_points(limits, opened[name])
            built[name] += probability * covered
            available[name] += probability * (available_share(state, limits, standard, opened[name]) @ hours)
            if (now := float(people[covered].sum())) < fewest[name]:
                worst[name], fewest[name] = point_coverage(state, limits, opened[name]), now
        if progress is not None:
            progress(done, total)
    on_intact = pair_limits(intact, standard=standard)
    planned = {name: point_coverage(intact, on_intact, opened[name]) for name in plans}
    return {
        name: StaticCoverage(
            built=built[name],
            available=available[name],
            worst=worst[name],
            planned_drive_s=dict(zip(planned[name]["id"], planned[name]["nearest_s"], strict=True)),
        )
        for name in plans
    }
