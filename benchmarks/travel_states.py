"""Travel times over broken states: the contraction engine against loops over the states with other libraries.

Rivals are asked for the same pairs, state by state, with the roads of the state ready in their own form: making it
ready is not counted. SciPy and networkx stop at the limit; igraph and pandana cannot. What takes a rival long is
measured on some states or sites and said so.
"""

from __future__ import annotations

import contextlib
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from runner import Row, main
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from travel_cases import PORTO, WUHAN, broken, drawn

import rescuesim as rs
from rescuesim.network import NetworkState, NetworkStates
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.travel import TravelTimes, TravelTimesEnsemble
from rescuesim.travel.coverage_bits import CoverageBits

Ticks = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network with points, a cutoff and states."""

    name: str
    intact: TravelTimes
    states: NetworkStates

    @property
    def nodes(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Nodes of the sites and of the points."""
        assert self.intact.graph is not None
        n_sites = len(self.intact.sites)
        return self.intact.graph.point_node[:n_sites], self.intact.graph.point_node[n_sites:]

    def matrix(self, state: NetworkState) -> csr_array:
        """Return the roads of a state."""
        assert self.intact.graph is not None
        return self.intact.graph.matrix(state)

    def whole(self, paths: NDArray[np.float64]) -> Ticks:
        """Turn ticks of paths into ticks of whole trips within the cutoff."""
        sites, demand = self.intact.site_snap, self.intact.demand_snap
        assert sites is not None
        assert demand is not None
        free = paths + sites.access_ticks[: len(paths), None] + demand.access_ticks[None, : paths.shape[1]]
        free = np.where(np.isfinite(free), np.minimum(free, UNREACHABLE), UNREACHABLE)
        total = with_start_up_ticks(free.astype(np.int64), self.intact.start_up_s, launch_s=self.intact.launch_s)
        return np.where(total <= limit_ticks(self.intact.cutoff_s), total, UNREACHABLE)


def clocked(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a run and what it gave."""
    began = time.process_time()
    made = run()
    return time.process_time() - began, made


def by_scipy(case: Case, matrix: csr_array) -> NDArray[np.float64]:
    """SciPy: one bounded run from all sites, the points picked out."""
    sites, points = case.nodes
    return np.asarray(dijkstra(matrix, indices=sites, limit=float(limit_ticks(case.intact.cutoff_s)))[:, points])


def nearest_by_scipy(case: Case, matrix: csr_array, opened: NDArray[np.int32]) -> NDArray[np.float64]:
    """SciPy: one bounded run from the open sites of a plan together, the points picked out."""
    limit = float(limit_ticks(case.intact.cutoff_s))
    return np.asarray(dijkstra(matrix, indices=opened, limit=limit, min_only=True)[case.nodes[1]])


def by_networkx(case: Case, graph: nx.DiGraph, n_sites: int) -> NDArray[np.float64]:
    """Ask networkx: a bounded run from each of some sites."""
    sites, points = case.nodes
    cutoff = int(limit_ticks(case.intact.cutoff_s))
    rows = []
    for site in sites[:n_sites].tolist():
        reached = nx.single_source_dijkstra_path_length(graph, site, cutoff=cutoff, weight="ticks")
        rows.append([reached.get(point, math.inf) for point in points.tolist()])
    return np.array(rows, dtype=np.float64)


def rivals(case: Case, state: NetworkState, *, quick: bool) -> Iterator[tuple[str, float, NDArray[np.float64]]]:
    """Ask other libraries for one state: name, seconds for all sites, ticks of some sites' paths."""
    matrix = case.matrix(state)
    sites, points = case.nodes
    pieces = matrix.tocoo()
    tail, head, ticks = pieces.row, pieces.col, pieces.data
    some = min(2 if quick else 10, len(sites))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(matrix.shape[0]))
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), ticks.tolist(), strict=True), weight="ticks")
    spent, found = clocked(partial(by_networkx, case, graph, some))
    yield f"networkx, {some} sites scaled up", spent * len(sites) / some, found
    with contextlib.suppress(ImportError):
        import igraph

        made = igraph.Graph(n=matrix.shape[0], edges=np.column_stack([tail, head]), directed=True)
        weights = ticks.tolist()
        spent, found = clocked(
            lambda: made.distances(source=sites[:some].tolist(), target=points.tolist(), weights=weights)
        )
        yield f"igraph, unbounded, {some} sites scaled up", spent * len(sites) / some, np.array(found)


def by_pandana(case: Case, state: NetworkState, n_sites: int) -> tuple[float, float, NDArray[np.float64]]:
    """Ask pandana for some sites, in a process of its own: CPU seconds to prepare and to ask, and seconds of paths."""
    assert case.intact.graph is not None
    pieces = case.matrix(state).tocoo()
    sites, points = case.nodes
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "question.npz", Path(folder) / "answer.npz"
        np.savez(
            question,
            x=case.intact.graph.node_x_m,
            y=case.intact.graph.node_y_m,
            tail=pieces.row,
            head=pieces.col,
            seconds=pieces.data / TICKS_PER_SECOND,
            origins=sites[:n_sites],
            destinations=points,
        )
        script = Path(__file__).with_name("by_pandana.py")
        subprocess.run([sys.executable, script, question, answer], check=True, capture_output=True)
        with np.load(answer) as given:
            return float(given["preparing"]), float(given["asking"]), given["seconds"]


def against_pandana(case: Case, state: NetworkState, name: str, ours_s: float, found: Ticks) -> list[Row]:
    """Compare with pandana, which rounds to milliseconds and has to prepare each state anew."""
    n_sites = 4
    preparing, asking, seconds = by_pandana(case, state, n_sites)
    asking *= len(case.intact.sites) / n_sites
    near = np.where(seconds < 4_000_000, seconds, np.inf) * TICKS_PER_SECOND
    ours, theirs = found[:n_sites], case.whole(np.where(np.isfinite(near), np.rint(near), np.inf))
    # paths of up to a thousand pieces, each rounded to a millisecond; some lie on the other side of the cutoff
    both = (ours < UNREACHABLE) & (theirs < UNREACHABLE)
    equal = bool((np.abs(ours - theirs)[both] <= TICKS_PER_SECOND).all())
    words = f"pandana, unbounded, equal to 1 s, {n_sites} sites scaled up"
    return [
        row(name, words, ours_s, asking, equal),
        row(name, f"{words}, preparing too", ours_s, asking + preparing, equal),
    ]


def matrices(case: Case, *, repeats: int, n_rival: int, quick: bool, others: bool) -> list[Row]:
    """Compare the matrices of all states, as TravelTimes one after the other, per state."""
    ensemble = TravelTimesEnsemble(intact=case.intact, states=case.states, engine="contraction", n_threads=1)
    ensemble.pairs()  # made once, whatever breaks: its time stands in the table of figures
    kept = {}
    ours = []
    for _ in range(repeats):
        began = time.process_time()
        for number, times in enumerate(ensemble):
            if number < n_rival:
                kept[number] = times.ticks
        ours.append((time.process_time() - began) / len(case.states))
    ours_s = float(np.median(ours))
    spent, equal = [], True
    for number in range(n_rival):
        matrix = case.matrix(case.states[number])
        took, paths = clocked(partial(by_scipy, case, matrix))
        spent.append(took)
        equal &= bool(np.array_equal(case.whole(paths), kept[number]))
    name = f"{case.name}, per state of {len(case.states)}"
    rows = [row(name, "SciPy loop", ours_s, float(np.median(spent)), equal)]
    if others:
        for rival, took, paths in rivals(case, case.states[0], quick=quick):
            rows.append(row(name, rival, ours_s, took, bool(np.array_equal(case.whole(paths), kept[0][: len(paths)]))))
        if not quick:
            rows += against_pandana(case, case.states[0], name, ours_s, kept[0].astype(np.int64))
    return rows


def row(case: str, rival: str, ours_s: float, rival_s: float, equal: bool) -> Row:
    """Make a row from two times."""
    return Row(case=case, rival=rival, ratio=rival_s / ours_s, equal=equal, ours_s=ours_s, rival_s=rival_s)


def nearest(case: Case, n_plans: int, *, repeats: int, n_rival: int) -> Row:
    """Compare the time of the nearest open site of fixed plans, per plan and state."""
    rng = np.random.default_rng(2)
    ids = np.array(case.intact.sites.ids)
    plans = [np.sort(rng.choice(ids, 12, replace=False)).tolist() for _ in range(n_plans)]
    ensemble = TravelTimesEnsemble(intact=case.intact, states=case.states, engine="contraction", n_threads=1)
    ours, first = [], np.empty(0)
    for _ in range(repeats):
        began = time.process_time()
        for number, seconds in enumerate(ensemble.nearest_times(plans)):
            if number == 0:
                first = seconds
        ours.append((time.process_time() - began) / len(case.states) / n_plans)
    sites = case.nodes[0]
    place = {id_: number for number, id_ in enumerate(case.intact.sites.ids)}
    spent, equal = [], True
    for number in range(n_rival):
        matrix = case.matrix(case.states[number])
        opened = sites[[place[id_] for id_ in plans[0]]]
        took, paths = clocked(partial(nearest_by_scipy, case, matrix, opened))
        spent.append(took)
        if number == 0:
            expected = case.whole(paths[None, :])[0]
            found = np.where(np.isfinite(first[0]), np.rint(first[0] * TICKS_PER_SECOND), UNREACHABLE)
            equal = bool(np.array_equal(found, expected))
    plural = "plan of 12" if n_plans == 1 else f"{n_plans} plans of 12, per plan"
    name = f"{case.name.replace('200', plural)}, nearest, per state of {len(case.states)}"
    return row(name, "SciPy loop, min_only", float(np.median(ours)), float(np.median(spent)), equal)


def coverage(case: Case, n_plans: int, *, repeats: int) -> Row:
    """Compare the people that many plans cover in one state, from the bits, with NumPy on bool."""
    rng = np.random.default_rng(3)
    ids = case.intact.sites.ids
    opened = np.zeros((n_plans, len(ids)), dtype=np.bool_)
    for plan in opened:
        plan[rng.choice(len(ids), 12, replace=False)] = True
    people = rng.integers(1, 5000, len(case.intact.demand)).astype(np.float64)
    limit = np.full(case.intact.ticks.shape, case.intact.cutoff_s * 0.8)

    def ours() -> NDArray[np.float64]:
        return CoverageBits.from_times(case.intact, limit).weighted_coverage(opened, people)

    def theirs() -> NDArray[np.float64]:
        covers = case.intact.within(limit).T
        return np.array([covers[plan].any(axis=0) @ people for plan in opened], dtype=np.float64)

    ours(), theirs()
    spent = [[clocked(run)[0] for _ in range(repeats)] for run in (ours, theirs)]
    equal = bool(np.array_equal(ours(), theirs()))
    name = f"{case.name}, people covered by {n_plans:,} plans"
    return row(name, "NumPy, bool", float(np.median(spent[0])), float(np.median(spent[1])), equal)


def cases(path: Path, city: str, n_sites: int, n_demand: int, limits_s: list[int], n_states: int) -> Iterator[Case]:
    """Load a network and give its cases."""
    network = rs.load_network(path)
    sites, demand = drawn(network, n_sites, n_demand)
    states = broken(network, n_states)
    for limit_s in limits_s:
        times = rs.travel_times(network, sites, demand, cutoff_s=limit_s)
        yield Case(name=f"{city} {n_sites:,} x {n_demand:,}, {limit_s // 60} min", intact=times, states=states)


def bench(quick: bool) -> list[Row]:
    """Compare on Wuhan and Porto; on Wuhan alone, with fewer states, if quick."""
    rows = []
    if not WUHAN.exists() or not PORTO.exists():
        with tempfile.TemporaryDirectory() as folder:
            rs.write_demo_county(folder)
            for case in cases(Path(folder) / "county.osm", "county", 200, 4000, [900], 32):
                rows += matrices(case, repeats=1, n_rival=2, quick=quick, others=True)
        return rows
    n_states, n_rival, repeats = (32, 2, 1) if quick else (128, 8, 3)
    limits = [900] if quick else [300, 900, 1800]
    cities = [(WUHAN, "Wuhan", 4000)] if quick else [(WUHAN, "Wuhan", 4000), (PORTO, "Porto", 10_000)]
    for path, city, n_demand in cities:
        for case in cases(path, city, 200, n_demand, limits, n_states):
            others = case.intact.cutoff_s == 900
            rows += matrices(case, repeats=repeats, n_rival=n_rival, quick=quick, others=others)
            if case.intact.cutoff_s >= 900:
                rows += [nearest(case, n_plans, repeats=repeats, n_rival=n_rival) for n_plans in (1, 64)]
            if others:
                rows.append(coverage(case, 100 if quick else 1000, repeats=repeats))
    if not quick:
        for case in cases(PORTO, "Porto", 1000, 10_000, [900], 32):
            rows += matrices(case, repeats=1, n_rival=2, quick=False, others=False)
    return rows


if __name__ == "__main__":
    main("travel over broken states", ["numpy", "scipy", "numba", "networkx"], bench)
