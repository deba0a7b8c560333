"""Brute force over all subsets of sites for models that allocate points, written from their definitions alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import networkx as nx


@dataclass(frozen=True)
class Case:
    """A small problem as plain lists; ``math.inf`` where a site does not reach a point."""

    times: list[list[float]]  # by site
    weights: list[float]
    status: list[str]
    cost: list[float]
    capacity: list[float]
    allowed: Callable[[tuple[int, ...]], bool]


def plans(case: Case, n_sites: int) -> Iterator[tuple[int, ...]]:
    """All sets of open sites that keep statuses, number and side conditions."""
    sites = range(len(case.status))
    for size in range(n_sites + 1):
        for opened in itertools.combinations(sites, size):
            fixed = all(
                (case.status[j] not in ("existing", "required") or j in opened)
                and (case.status[j] != "closed" or j not in opened)
                for j in sites
            )
            if fixed and case.allowed(opened):
                yield opened


def reachable(case: Case) -> list[int]:
    openable = [j for j, status in enumerate(case.status) if status != "closed"]
    return [i for i in range(len(case.weights)) if any(case.times[j][i] < math.inf for j in openable)]


def best_median(case: Case, n_sites: int) -> float | None:
    """Smallest weighted mean time; None if no plan reaches every reachable point, or there is none to reach."""
    points = reachable(case)
    total = sum(case.weights[i] for i in points)
    best = None
    for opened in plans(case, n_sites):
        nearest = [min((case.times[j][i] for j in opened), default=math.inf) for i in points]
        if points and math.inf not in nearest:
            value = sum(case.weights[i] * time for i, time in zip(points, nearest, strict=True)) / total
            best = value if best is None else min(best, value)
    return best


def best_center(case: Case, n_sites: int, *, weighted: bool) -> float | None:
    """Shortest longest time; None as in `best_median`."""
    points, best = reachable(case), None
    for opened in plans(case, n_sites):
        nearest = [min((case.times[j][i] for j in opened), default=math.inf) for i in points]
        if points and math.inf not in nearest:
            value = max(time * (case.weights[i] if weighted else 1.0) for i, time in zip(points, nearest, strict=True))
            best = value if best is None else min(best, value)
    return best


def served_split(case: Case, opened: Sequence[int]) -> tuple[float, float]:
    """Most weight that open sites serve, and its least cost, by a flow in whole numbers."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["from", "to"])
    for i, weight in enumerate(case.weights):
        graph.add_edge("from", ("point", i), capacity=int(weight), weight=0)
        for j in opened:
            if case.times[j][i] < math.inf:
                graph.add_edge(("point", i), ("site", j), capacity=int(weight), weight=int(case.times[j][i]))
    for j in opened:
        room = sum(case.weights) if math.isinf(case.capacity[j]) else case.capacity[j]
        graph.add_edge(("site", j), "to", capacity=int(room), weight=0)
    flow = nx.max_flow_min_cost(graph, "from", "to")
    return float(sum(flow["from"].values())), float(nx.cost_of_flow(graph, flow))


def served_whole(case: Case, opened: Sequence[int]) -> tuple[float, float]:
    """Most weight that open sites serve with one site a point, and its least cost, over all allocations."""
    best = (0.0, 0.0)
    choices = [[None, *(j for j in opened if case.times[j][i] < math.inf)] for i in range(len(case.weights))]
    for chosen in itertools.product(*choices):
        load = dict.fromkeys(opened, 0.0)
        cost = 0.0
        for i, j in enumerate(chosen):
            if j is not None:
                load[j] += case.weights[i]
                cost += case.weights[i] * case.times[j][i]
        if all(load[j] <= case.capacity[j] for j in opened):
            best = min(best, (-sum(load.values()), cost))
    return -best[0], best[1]


def best_capacitated(case: Case, n_sites: int, *, single_source: bool, charges: bool) -> tuple[float, float] | None:
    """Most weight served and the least cost of that, with the costs of the sites if asked; None without a plan."""
    best = None
    for opened in plans(case, n_sites):
        served, cost = (served_whole if single_source else served_split)(case, opened)
        key = (-served, cost + (sum(case.cost[j] for j in opened) if charges else 0.0))
        best = key if best is None else min(best, key)
    return None if best is None else (-best[0], best[1])
