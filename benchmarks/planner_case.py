"""A planner's case on Wuhan: 600 sites, 4,000 points, both circles, all conditions, a frontier, and the words for it.

Sites and points are junctions drawn with a fixed seed. Zones go by the distance of a point from the middle of all
junctions: the nearest third is built-up, the next third suburb, the rest dense rural. Districts are the cells
around 13 candidates. The 40 existing sites are brigades, two of three candidates micro stations and the rest brigades.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from travel_cases import WUHAN

import rescuesim as rs

SEED = 5
N_DISTRICTS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the case is, and what may be spent."""

    n_sites: int
    n_demand: int
    n_existing: int
    number: int
    budget: float
    people: int
    n_points: int


FULL = Size(n_sites=600, n_demand=4000, n_existing=40, number=120, budget=600.0, people=1500, n_points=40)
SMALL = Size(n_sites=60, n_demand=400, n_existing=8, number=24, budget=120.0, people=400, n_points=8)


def case(network: rs.RoadNetwork, size: Size) -> rs.TravelTimes:
    """Draw sites and points and compute the times of all pairs."""
    rng = np.random.default_rng(SEED)
    nodes = np.unique(network.tail[~np.isin(network.road_class, ["motorway", "motorway_link"])])
    site, point = (rng.choice(nodes, n, replace=False) for n in (size.n_sites, size.n_demand))
    seeds = site[size.n_existing : size.n_existing + N_DISTRICTS]  # so that every district has a candidate

    x, y = network.lon * np.cos(np.radians(network.lat.mean())), network.lat

    def district(at: NDArray[np.int64]) -> list[str]:
        away = np.hypot(x[at, None] - x[seeds], y[at, None] - y[seeds])
        return [f"district {cell + 1}" for cell in away.argmin(axis=1).tolist()]

    from_middle = np.hypot(x[point] - x.mean(), y[point] - y.mean())
    zone = np.array(["built_up", "suburb", "dense_rural"])[np.argsort(np.argsort(from_middle)) * 3 // size.n_demand]
    existing = np.arange(size.n_sites) < size.n_existing
    brigade = existing | (np.arange(size.n_sites) % 3 == 0)
    sites = pd.DataFrame(
        {
            "id": [f"s{k}" for k in range(size.n_sites)],
            "lon": network.lon[site],
            "lat": network.lat[site],
            "status": np.where(existing, "existing", "candidate"),
            "crew": np.where(brigade, "brigade", "micro_station"),
            "cost": np.where(existing, 0, np.where(brigade, 12, 4) + rng.integers(0, 4, size.n_sites)),
            "township": district(site),
        }
    )
    demand = pd.DataFrame(
        {
            "id": [f"d{k}" for k in range(size.n_demand)],
            "lon": network.lon[point],
            "lat": network.lat[point],
            "people": rng.integers(20, 3000, size.n_demand),
            "zone": zone,
            "township": district(point),
        }
    )
    return rs.travel_times(network, rs.load_sites(sites), rs.load_demand(demand))


def conditions(size: Size) -> rs.SitingConstraints:
    """Return budget, people and one site in every district; the existing sites stay."""
    return rs.SitingConstraints(
        budget=size.budget,
        people=size.people,
        groups=[rs.GroupLimit(per="township", at_least=1)],
    )


def run(network: rs.RoadNetwork, size: Size, *, limit_s: float = 60.0) -> dict[str, Any]:
    """Site in sequence, walk the frontier over the number of sites and explain; what was found and what it took."""
    standard = rs.load_standard()
    clock: dict[str, float] = {}
    began = time.perf_counter()
    times = case(network, size)
    clock["travel_times_s"] = time.perf_counter() - began
    began = time.perf_counter()
    goals = [rs.MaxCoverage(size.number), rs.MinCost(), rs.MinMeanTime(size.number)]
    solution = rs.site(
        times,
        rs.Lexicographic(goals, tolerances=[0.005, 0.01]),
        standard=standard,
        constraints=conditions(size),
        solve_limit_s=limit_s,
        relative_gap=0.005,
    )
    clock["sequence_s"] = time.perf_counter() - began
    began = time.perf_counter()
    frontier = rs.frontier(
        times,
        rs.MaxCoverage(size.number),
        standard=standard,
        constraints=rs.SitingConstraints(groups=[rs.GroupLimit(per="township", at_least=1)]),
        n_points=size.n_points,
        solve_limit_s=limit_s,
    )
    clock["frontier_s"] = time.perf_counter() - began
    began = time.perf_counter()
    words = {lang: rs.explanation_in_words(solution, lang=lang).splitlines() for lang in ("zh", "en")}
    clock["explanation_s"] = time.perf_counter() - began
    return {
        "status": solution.status,
        "opened": len(solution.opened),
        "cost": solution.plan.cost,
        "stages": solution.to_frames()["stages"].to_dict("records"),
        "frontier": frontier.points.to_dict("records"),
        "largest_gap": frontier.largest_gap,
        "words": words,
        "clock": clock,
    }


def main() -> None:
    """Run the case and print what a bureau chief reads, and the figures."""
    parser = argparse.ArgumentParser(description="a planner's case on Wuhan")
    parser.add_argument("--quick", action="store_true", help="60 sites and 400 points")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    chosen = parser.parse_args()
    found = run(rs.load_network(WUHAN), SMALL if chosen.quick else FULL)
    if chosen.json:
        print(json.dumps(found, ensure_ascii=False, default=float))
        return
    print("\n".join(found["words"][chosen.lang]))
    print(pd.DataFrame(found["frontier"]).to_string(index=False))
    print(pd.DataFrame(found["stages"]).to_string(index=False))
    print(f"largest gap of the frontier {found['largest_gap']:.2%}; {found['clock']}")


if __name__ == "__main__":
    main()
