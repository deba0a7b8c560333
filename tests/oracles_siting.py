"""Brute force over all subsets of sites, written from the definition of coverage and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.standard import ResponseStandard


def is_covered(
    point: int,
    opened: Iterable[int],
    seconds: NDArray[np.float64],
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
) -> bool:
    """Whether some open station reaches the point in time in every shift, and a second one if wanted."""
    zone = demand.zones[point]
    if zone not in standard.presets:
        return False

    def in_time(site: int, rank: int) -> bool:
        shifts = standard.crews[sites.crews[site]].turnout
        limit = min(standard.limit_s(sites.crews[site], zone, shift, unit_rank=rank) for shift in shifts)
        return sites.kinds[site] == "station" and seconds[site, point] <= limit

    first = [site for site in opened if in_time(site, 1)]
    if not standard.wants_second_unit(zone):
        return bool(first)
    return any(in_time(other, 2) for site in first for other in opened if other != site)


def coverage_share(
    opened: Iterable[int],
    seconds: NDArray[np.float64],
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    weights: NDArray[np.float64],
) -> float:
    """Share of the weight, in zones with a reading, that a set of open sites covers."""
    chosen = list(opened)
    inside = [point for point, zone in enumerate(demand.zones) if zone in standard.presets]
    kept = sum(weights[point] for point in inside if is_covered(point, chosen, seconds, sites, demand, standard))
    return float(kept / sum(weights[point] for point in inside))


def best_by_brute_force(
    seconds: NDArray[np.float64],
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    n_sites: int | None,
) -> tuple[float, float, tuple[int, ...]] | None:
    """Best (objective, cost, sites) over all subsets; the number of sites is minimised where none is given.

    None if no subset is allowed.
    """
    fixed = {
        j
        for j, status in enumerate(sites.statuses)
        if status in ("existing", "required") and sites.kinds[j] == "station"
    }
    free = [j for j, status in enumerate(sites.statuses) if status == "candidate" and sites.kinds[j] == "station"]
    coverable = [
        point for point in range(len(demand)) if is_covered(point, [*fixed, *free], seconds, sites, demand, standard)
    ]
    best: tuple[float, float, int, tuple[int, ...]] | None = None
    for size in range(len(free) + 1):
        for extra in itertools.combinations(free, size):
            opened = tuple(sorted({*fixed, *extra}))
            if n_sites is not None and len(opened) > n_sites:
                continue
            held = [p for p in range(len(demand)) if is_covered(p, opened, seconds, sites, demand, standard)]
            if n_sites is None and set(held) != set(coverable):
                continue
            value = float(len(opened)) if n_sites is None else -float(sum(demand.weights[p] for p in held))
            key = (value, round(float(sum(sites.cost[list(opened)])), 6), sum(j + 1 for j in opened), opened)
            best = key if best is None else min(best, key)
    if best is None:
        return None
    return (best[0] if n_sites is None else -best[0], best[1], best[3])
