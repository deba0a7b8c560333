"""How the cost of a broken state grows with states, sites, points and nodes; memory, building and compiling.

Engine alone: from lists of broken pieces to ticks of pairs, on real networks and made-up ones of up to 500,000 nodes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from runner import Row, main
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from synthetic_roads import SyntheticRoads, synthetic_roads
from travel_cases import PORTO, WUHAN, broken, drawn

import rescuesim as rs
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel import TravelTimesEnsemble
from rescuesim.travel.broken_pieces import BrokenPieces
from rescuesim.travel.contraction.elimination import eliminate
from rescuesim.travel.contraction.engine import N_STATES, ContractionEngine, Ends, plan_engine, prepare_roads
from rescuesim.travel.contraction.intact import directed_arcs
from rescuesim.travel.contraction.order import elimination_order
from rescuesim.travel.contraction.structure import ContractionStructure

PLOT = Path(__file__).with_name("travel_growth.png")
LIMIT = 9_000_000  # ticks: 15 minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one case cost.

    Parameters
    ----------
    nodes, sites, points, pairs : int
    ordering_s, preparing_s : float
        Order and elimination, made once a network and points; sweeps, made once a limit. CPU.
    state_s, scipy_s : float
        A state, CPU.
    held_mib, worker_mib : float
        By structure and sweeps; by each worker.
    equal : bool
    """

    nodes: int
    sites: int
    points: int
    pairs: int
    ordering_s: float
    preparing_s: float
    state_s: float
    scipy_s: float
    held_mib: float
    worker_mib: float
    equal: bool


def held_bytes(made: object, seen: set[int] | None = None) -> int:
    """Sum the arrays that an object holds, each once."""
    seen = set() if seen is None else seen
    if id(made) in seen:
        return 0
    seen.add(id(made))
    if isinstance(made, np.ndarray):
        return made.nbytes
    if is_dataclass(made):
        return sum(held_bytes(getattr(made, field.name), seen) for field in fields(made))
    return sum(held_bytes(part, seen) for part in made) if isinstance(made, tuple) else 0


def drawn_pieces(roads: SyntheticRoads, rng: np.random.Generator) -> BrokenPieces:
    """Close 3 % of the pieces and slow 2 % threefold, in each of sixteen states."""
    n_pieces = len(roads.ticks)
    slow = [rng.choice(n_pieces, n_pieces // 50, replace=False) for _ in range(N_STATES)]
    shut = [rng.choice(n_pieces, n_pieces * 3 // 100, replace=False) for _ in range(N_STATES)]
    nothing = np.empty(0, dtype=np.int64)
    piece = np.concatenate([*slow, *shut])
    closed = np.repeat([False, True], [sum(map(len, slow)), sum(map(len, shut))])
    return BrokenPieces(
        state=np.repeat(np.tile(np.arange(N_STATES), 2), [*map(len, slow), *map(len, shut)]),
        piece=piece,
        ticks=np.where(closed, UNREACHABLE, 3 * roads.ticks[piece]).astype(np.int32),
        point_state=nothing,
        point=nothing,
    )


def in_state(roads: SyntheticRoads, pieces: BrokenPieces, state: int) -> csr_array:
    """Return the roads of one state for SciPy."""
    ticks = roads.ticks.astype(np.float64)
    mine = pieces.state == state
    ticks[pieces.piece[mine]] = pieces.ticks[mine]
    kept = np.flatnonzero(ticks < UNREACHABLE)
    order = np.lexsort((ticks[kept], roads.head[kept], roads.tail[kept]))
    tail, head, ticks = roads.tail[kept][order], roads.head[kept][order], ticks[kept][order]
    first = np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])]
    return csr_array((ticks[first], (tail[first], head[first])), shape=(roads.n_nodes, roads.n_nodes))


def measured(roads: SyntheticRoads, n_sites: int, n_points: int, *, repeats: int = 3) -> Measured:
    """Order, prepare, run sixteen states some times, and ask SciPy for one of them."""
    rng = np.random.default_rng(5)
    sites = rng.choice(roads.n_nodes, n_sites, replace=False).astype(np.int32)
    points = rng.choice(roads.n_nodes, n_points, replace=False).astype(np.int32)
    nothing = np.zeros(max(n_sites, n_points), dtype=np.int32)
    marks = [time.process_time()]
    order = elimination_order(
        roads.n_nodes, roads.tail, roads.head, roads.x_m, roads.y_m, points=np.unique(np.r_[sites, points])
    )
    tree = eliminate(roads.n_nodes, roads.tail, roads.head, order)
    arcs = directed_arcs(roads.tail, roads.head, tree.rank, tree.first, tree.head)
    structure = ContractionStructure(elimination=tree, arc_of_piece=arcs)
    marks.append(time.process_time())
    ends = Ends(node=sites, ticks=nothing[:n_sites]), Ends(node=points, ticks=nothing[:n_points])
    engine = plan_engine(
        prepare_roads(structure, roads.ticks, *ends, limit=LIMIT), [np.array([site]) for site in range(n_sites)]
    )
    marks.append(time.process_time())
    scratch, pieces = engine.scratch(), drawn_pieces(roads, rng)
    open_sites = np.zeros((N_STATES, n_sites), dtype=np.bool_)
    spent = []
    for _ in range(repeats + 1):  # the first touches the memory
        began = time.process_time()
        found = engine.run(pieces, open_sites, scratch)
        spent.append((time.process_time() - began) / N_STATES)
    some = sites[: max(20, min(200, 10_000_000 // roads.n_nodes))]
    began = time.process_time()
    paths = dijkstra(in_state(roads, pieces, 3), indices=some, limit=float(LIMIT))[:, points]
    scipy_s = (time.process_time() - began) * n_sites / len(some)
    return Measured(
        nodes=roads.n_nodes,
        sites=n_sites,
        points=n_points,
        pairs=engine.n_pairs,
        ordering_s=marks[1] - marks[0],
        preparing_s=marks[2] - marks[1],
        state_s=float(np.median(spent[1:])),
        scipy_s=scipy_s,
        held_mib=(held_bytes(structure) + held_bytes(engine)) / 2**20,
        worker_mib=held_bytes(scratch) / 2**20,
        equal=same(engine, found[3], paths),
    )


def same(engine: ContractionEngine, found: NDArray[np.int32], paths: NDArray[np.float64]) -> bool:
    """Compare with SciPy's first sites."""
    n_pairs = int(engine.first_pair[len(paths)])
    site = np.repeat(np.arange(len(paths)), np.diff(engine.first_pair[: len(paths) + 1]))
    made = np.full(paths.shape, np.inf)
    made[site, engine.pair_target[:n_pairs]] = np.where(found[:n_pairs] <= LIMIT, found[:n_pairs], np.inf)
    return bool(np.array_equal(made, paths))


def of_network(path: Path) -> SyntheticRoads:
    """Take a real network as it is."""
    network = rs.load_network(path)
    return SyntheticRoads(
        n_nodes=network.n_nodes,
        tail=network.tail,
        head=network.head,
        ticks=network.ticks,
        x_m=network.x_m,
        y_m=network.y_m,
    )


def bench(quick: bool) -> list[Row]:
    """Measure growth; draw it unless quick."""
    made = synthetic_roads(20_000)
    measured(made, 20, 200, repeats=1)  # loads the kernels
    if quick:
        return [as_row("20,000 made up", measured(made, 200, 4000, repeats=1))]
    real = {"Wuhan": of_network(WUHAN), "Porto": of_network(PORTO)} if WUHAN.exists() and PORTO.exists() else {}
    sizes = [5_000, 20_000, 50_000, 150_000, 500_000]
    nodes = [measured(synthetic_roads(size), 200, min(size // 5, 20_000)) for size in sizes]
    home = real.get("Porto", synthetic_roads(50_000))
    sites = [measured(home, size, 10_000) for size in (12, 50, 200, 1000)]
    points = [measured(home, 200, size) for size in (500, 2000, 10_000, 40_000)]
    draw(nodes, sites, points)
    rows = [as_row(f"{name} 200 x {size:,}", measured(real[name], 200, size)) for name, size in _REAL if name in real]
    rows += [as_row(f"made up, {case.nodes:,} nodes, {case.sites:,} x {case.points:,}", case) for case in nodes]
    rows += [as_row(f"Porto {case.sites:,} x {case.points:,}", case) for case in (*sites, *points)]
    return rows


_REAL = (("Wuhan", 4000), ("Porto", 10_000))
_TABLE: list[tuple[str, Measured]] = []


def as_row(name: str, case: Measured) -> Row:
    """Make a row, and keep the figures for the table that no rival has."""
    _TABLE.append((name, case))
    return Row(
        case=f"{name}, 15 min, a state of 16",
        rival="SciPy, bounded",
        ratio=case.scipy_s / case.state_s,
        equal=case.equal,
        ours_s=case.state_s,
        rival_s=case.scipy_s,
    )


def draw(nodes: Sequence[Measured], sites: Sequence[Measured], points: Sequence[Measured]) -> None:
    """Draw the cost of a state against nodes, sites and points, with SciPy's."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    every = figure.subplots(1, 3, sharey=True)
    for ax, cases, name in zip(every, (nodes, sites, points), ("nodes", "sites", "points"), strict=True):
        across = [getattr(case, name) for case in cases]
        ax.loglog(across, [1e3 * case.scipy_s for case in cases], "o--", color="#888888", label="SciPy, bounded")
        ax.loglog(across, [1e3 * case.state_s for case in cases], "o-", color="#b2182b", label="contraction engine")
        ax.set_xlabel(name)
        ax.grid(which="major", alpha=0.3)
    titles = ("made up, 200 sites, up to 20,000 points", "Porto, 10,000 points", "Porto, 200 sites")
    for ax, title in zip(every, titles, strict=True):
        ax.set_title(title, fontsize=10)
    every[0].set_ylabel("CPU, ms a state")
    every[0].legend(frameon=False)
    figure.savefig(PLOT, dpi=110)


def figures() -> str:
    """Return memory, building, compiling and threads as tables."""
    lines = [
        "Order and elimination are made once a network with its points, sweeps once a limit. Memory: held once, and by "
        "each worker. The plot is travel_growth.png.",
        "",
        "| case | nodes | pairs | order, s | sweeps, s | held, MiB | a worker, MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, case in _TABLE:
        cells = f"{case.ordering_s:.2f} | {case.preparing_s:.2f} | {case.held_mib:.0f} | {case.worker_mib:.0f}"
        lines.append(f"| {name} | {case.nodes:,} | {case.pairs:,} | {cells} |")
    lines += ["", *compiling(), "", *(threads() if WUHAN.exists() else [])]
    return "\n".join(lines)


def compiling() -> list[str]:
    """Measure `rescuesim warmup` with nothing compiled, and again."""
    with tempfile.TemporaryDirectory() as folder:
        spent = []
        for _ in range(2):
            done = subprocess.run(
                [Path(sys.executable).with_name("rescuesim"), "warmup", "--json"],
                env={**os.environ, "NUMBA_CACHE_DIR": folder},
                check=True,
                capture_output=True,
            )
            spent.append(json.loads(done.stdout)["seconds"])
    return [f"Compiling all kernels: {spent[0]:.1f} s cold, {spent[1]:.1f} s from the cache (wall)."]


def two_processes() -> float:
    """Measure how much more two processes do than one: 2 on an idle machine of two cores."""
    work = [sys.executable, "-c", "sum(range(60_000_000))"]
    spent = []
    for count in (1, 2) * 3:
        began = time.perf_counter()
        for running in [subprocess.Popen(work) for _ in range(count)]:
            running.wait()
        spent.append(time.perf_counter() - began)
    return 2 * float(np.median(spent[::2]) / np.median(spent[1::2]))


def threads() -> list[str]:
    """Compare two threads with one in wall time, beside what two processes get of the machine just then."""
    lines = [
        f"Two processes of plain arithmetic do {two_processes():.2f} times the work of one in the same time here and "
        "now; no program can do better.",
        "",
        "The least of 24 runs in turn is what an idle machine does; the medians hold what else ran on it.",
        "",
        "| states of Wuhan, 200 x 4,000, 15 min | one thread, least wall s | two | ratio | medians | two | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    network = rs.load_network(WUHAN)
    sites, demand = drawn(network, 200, 4000)
    intact = rs.travel_times(network, sites, demand, cutoff_s=900)
    states = broken(network, 512)
    by_threads = [
        TravelTimesEnsemble(intact=intact, states=states, engine="contraction", n_threads=count) for count in (1, 2)
    ]
    jobs: dict[str, Callable[[TravelTimesEnsemble], object]] = {
        "512, TravelTimes one after the other": lambda ensemble: sum(1 for _ in ensemble),
        "512, people that ten plans cover": lambda ensemble: ensemble.coverage(
            {str(k): sites.ids[k : k + 12] for k in range(10)}, 720.0, weights=np.ones(4000)
        ),
    }
    for name, job in jobs.items():
        wall: list[list[float]] = [[], []]
        for _ in range(25):
            for number, ensemble in enumerate(by_threads):
                ensemble.pairs()
                began = time.perf_counter()
                job(ensemble)
                wall[number].append(time.perf_counter() - began)
        cells = []
        for of in (np.min, np.median):
            one, two = (float(of(times[1:])) for times in wall)
            cells += [f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main("growth of travel over broken states", ["numpy", "scipy", "numba", "llvmlite"], bench, figures=figures)
