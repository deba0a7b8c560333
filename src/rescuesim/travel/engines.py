"""Engines for one matrix: which one serves, and the ticks of paths from it.

``scipy`` is the readable reference, ``bucket`` the compiled engine; they agree to the integer, so the choice is one
of time alone. ``auto`` takes SciPy where it would be done before numba is loaded. What that rests on, measured on Wuhan
and Porto (CPU time, one core, code from the cache):

- loading numba and the kernels: 0.4 s, once a process;
- SciPy: 4 ns a node and origin, and 0.15 us for each node that an origin reaches within the cutoff;
- buckets: 0.03 us for each node reached, a fifth of SciPy's time (5 to 6 times as fast at 15 and 30 minutes, 7 to 10
  times at 5).

So SciPy's time, less the fifth that buckets take, must exceed 0.4 s; once the kernels are loaded, buckets always win.
How many nodes an origin reaches is counted from three of them, and only where it matters. The first run after
installing compiles for some seconds more, once; ``rescuesim warmup`` does it beforehand.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.travel.dijkstra import shortest_ticks

if TYPE_CHECKING:
    from rescuesim.network import NetworkState
    from rescuesim.travel.split_graph import SplitGraph

__all__ = ["ENGINES", "Choice", "Engine", "PathSearch", "check_engine", "choose_engine", "path_search"]

Engine = Literal["auto", "scipy", "bucket", "contraction"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
# origins, destinations, origin_usable, destination_usable -> ticks, int32, shape (n_origins, n_destinations)
PathSearch = Callable[[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.int32]]

_LOAD_S = 0.4
_SCIPY_NODE_S = 4e-9
_SCIPY_REACHED_S = 150e-9
_BUCKET_SHARE = 0.2
_PROBES = 3
_KERNELS = "rescuesim.travel.bucket_dijkstra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The engine that serves, and what is to be said of it.

    Parameters
    ----------
    engine : {'scipy', 'bucket'}
    notes : tuple of str
    """

    engine: Literal["scipy", "bucket"]
    notes: tuple[str, ...] = ()


def check_engine(engine: str) -> None:
    """Refuse an engine that does not exist.

    Raises
    ------
    InputError
    """
    if engine not in ENGINES:
        raise InputError(f"engine {engine!r}: expected one of {', '.join(ENGINES)}")


def choose_engine(
    engine: Engine,
    matrix: Callable[[], csr_array],
    origins: NDArray[np.int32],
    *,
    limit: int,
    n_states: int = 1,
) -> Choice:
    """Decide which engine serves.

    Parameters
    ----------
    engine : {'auto', 'scipy', 'bucket', 'contraction'}
        What was asked for. The contraction serves ensembles; one matrix of its points is a matter for ``auto``.
    matrix : callable
        Gives the intact pieces as a matrix, turned as the search goes; called only if the choice depends on it.
    origins : ndarray of int32
        Nodes that are searched from, unsnapped ones (-1) left out.
    limit : int
        Paths longer than this are not wanted.
    n_states : int, optional
        How often all that is done.

    Returns
    -------
    Choice

    Raises
    ------
    InputError
        If the engine does not exist, or the bucket engine is asked for and numba cannot be imported.
    """
    check_engine(engine)
    if engine == "contraction":
        engine = "auto"
    if engine == "scipy":
        return Choice(engine="scipy")
    if engine == "auto" and _KERNELS not in sys.modules and not _is_worth_loading(matrix, origins, limit, n_states):
        return Choice(engine="scipy")
    try:
        importlib.import_module(_KERNELS)
    except ImportError as error:
        if engine == "bucket":
            raise InputError(f"engine 'bucket': numba cannot be imported ({error}); expected auto or scipy") from error
        return Choice(
            engine="scipy",
            notes=(
                Note(
                    f"travel times come from the slower reference engine, with equal results: numba cannot be "
                    f"imported ({error})",
                    f"行车时间由较慢的参考引擎算出，结果相同：无法导入 numba（{error}）",
                ),
            ),
        )
    return Choice(engine="bucket")


def _is_worth_loading(matrix: Callable[[], csr_array], origins: NDArray[np.int32], limit: int, n_states: int) -> bool:
    """Whether SciPy would take longer than the bucket engine with the loading of its kernels."""
    runs = len(origins) * n_states
    threshold_s = _LOAD_S / (1 - _BUCKET_SHARE)
    if not runs:
        return False
    pieces = matrix()
    n_nodes = pieces.shape[0]
    if runs * n_nodes * (_SCIPY_NODE_S + _SCIPY_REACHED_S) <= threshold_s:
        return False
    some = origins[np.unique(np.linspace(0, len(origins) - 1, _PROBES).astype(np.int64))]
    reached = np.isfinite(dijkstra(pieces, directed=True, indices=some, limit=float(limit))).sum() / len(some)
    return bool(runs * (n_nodes * _SCIPY_NODE_S + reached * _SCIPY_REACHED_S) > threshold_s)


def path_search(
    engine: str,
    graph: SplitGraph,
    state: NetworkState | None,
    *,
    towards: Literal["demand", "sites"],
    limit: int,
) -> PathSearch:
    """Make ready to search the paths of one state, from some origins after the others.

    Parameters
    ----------
    engine : {'scipy', 'bucket', 'contraction'}
        Single states of what the contraction engine served come from the buckets.
    graph : SplitGraph
    state : NetworkState or None
    towards : {'demand', 'sites'}
        With ``sites`` paths are followed backwards.
    limit : int
        Paths longer than this are not wanted.

    Returns
    -------
    callable
        From nodes and whether they are usable to ticks, as `shortest_ticks`.
    """
    if engine in ("bucket", "contraction"):
        from rescuesim.travel.bucket_dijkstra import bucket_ticks

        star = graph.forward_star(towards)
        return partial(bucket_ticks, star, star.ticks_in(graph, state), limit=limit)
    return partial(shortest_ticks, driven_matrix(graph, state, towards), limit=limit)


def driven_matrix(graph: SplitGraph, state: NetworkState | None, towards: Literal["demand", "sites"]) -> csr_array:
    """Return the open pieces as a matrix, turned round for the way back."""
    matrix = graph.matrix(state)
    return matrix if towards == "demand" else csr_array(matrix.T)
