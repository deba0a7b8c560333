"""Readers of the published instances that location models are tried on, by path: any file of a family is read alike.

==============  =========================================================================================
reader          family
==============  =========================================================================================
`read_pmed`     OR-Library p-median, ``pmed*.txt``: a graph, whose shortest paths are the distances
`read_scp`      OR-Library set covering, ``scp*.txt``: costs of columns, columns of each row
`read_cap`      OR-Library capacitated location, ``cap*.txt``: capacity and fixed cost, demand, costs
`read_places`   maximal covering over the places of a city, ``*.txt`` with NODE_COORD_SECTION
`read_network`  San Francisco stores and census tracts: three tables in a folder
`read_swain`    Swain's nodes: id, x, y, demand
==============  =========================================================================================

References
----------
Beasley, J. E. (1990). OR-Library: distributing test problems by electronic mail. Journal of the Operational Research
Society 41(11), 1069-1072. doi:10.1057/jors.1990.166
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import dijkstra

from rescuesim.travel import TravelTimes

__all__ = [
    "CoverInstance",
    "MedianInstance",
    "Places",
    "best_known",
    "read_cap",
    "read_network",
    "read_places",
    "read_pmed",
    "read_scp",
    "read_swain",
]

EARTH_M = 6378137.0  # the radius that reproduces the published values of the covering instances
_BLOCK = 256  # places whose distances are worked out at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class MedianInstance:
    """Distances between all nodes of a graph, each a site and a point of weight 1, and how many sites to open."""

    times: TravelTimes
    n_sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverInstance:
    """A covering instance without distances.

    Parameters
    ----------
    covers : csr_array of int64, shape (n_points, n_sites)
        1 where a site covers a point.
    weight : ndarray of float64, shape (n_points,)
    cost : ndarray of float64, shape (n_sites,)
    """

    covers: csr_array
    weight: NDArray[np.float64]
    cost: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Places of a city with their demand, each a site and a point.

    Parameters
    ----------
    lat, lon : ndarray of float64, shape (n_places,)
        Degrees.
    weight : ndarray of float64, shape (n_places,)
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.weight)

    def distances_m(self, rows: slice) -> NDArray[np.float64]:
        """Great-circle distances from some places to all; float64, shape (n_rows, n_places)."""
        lat, lon = np.radians(self.lat), np.radians(self.lon)
        up, across = lat[rows, None] - lat, lon[rows, None] - lon
        square = np.sin(up / 2) ** 2 + np.cos(lat[rows, None]) * np.cos(lat) * np.sin(across / 2) ** 2
        return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(square, 1.0))))

    def covering(self, limit_m: float) -> CoverInstance:
        """Return who is within a distance of whom; the limit counts as within."""
        blocks = [
            csr_array((self.distances_m(slice(at, at + _BLOCK)) <= limit_m).astype(np.int64))
            for at in range(0, len(self), _BLOCK)
        ]
        return CoverInstance(covers=csr_array(vstack(blocks)), weight=self.weight, cost=np.ones(len(self)))

    def times(self) -> TravelTimes:
        """Return all distances at once, in metres: 8 bytes a pair."""
        return _among_nodes(self.distances_m(slice(None)), self.weight, "m")


def read_pmed(path: Path | str) -> MedianInstance:
    """Read a file ``n m p`` and ``m`` edges ``from to length``, numbered from 1.

    Where an edge is repeated, the last one counts: this is how the published optima came about.

    Raises
    ------
    ValueError
        If there are more or fewer numbers than announced, or an edge joins a node that does not exist.
    """
    numbers = _numbers(path)
    n, n_edges, p = (int(number) for number in numbers[:3])
    edges = numbers[3:].reshape(-1, 3)
    ends = edges[:, :2].astype(np.int64) - 1
    if len(edges) != n_edges or ((ends < 0) | (ends >= n)).any():
        raise ValueError(f"{path}: {len(edges)} edges, expected {n_edges} between nodes 1 to {n}")
    length: dict[tuple[int, int], float] = {}
    for (one, other), value in zip(ends.tolist(), edges[:, 2].tolist(), strict=True):
        length[min(one, other), max(one, other)] = value
    pairs = np.array(list(length), dtype=np.int64)
    graph = csr_array((np.array(list(length.values())), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return MedianInstance(times=_among_nodes(dijkstra(graph, directed=False), np.ones(n), "m"), n_sites=p)


def read_scp(path: Path | str) -> CoverInstance:
    """Read a file ``rows columns``, the cost of each column, then for each row how many columns it has and which.

    Raises
    ------
    ValueError
        If there are more or fewer numbers than announced.
    """
    numbers = _numbers(path).astype(np.int64)
    n_rows, n_columns = numbers[:2].tolist()
    cost, at = numbers[2 : 2 + n_columns], 2 + n_columns
    row_of, column_of = [], []
    for row in range(n_rows):
        size = int(numbers[at]) if at < len(numbers) else 0
        column_of.append(numbers[at + 1 : at + 1 + size] - 1)
        row_of.append(np.full(len(column_of[-1]), row))
        at += 1 + size
    if at != len(numbers):
        raise ValueError(f"{path}: {len(numbers)} numbers, expected {at}")
    rows, columns = np.concatenate(row_of), np.concatenate(column_of)
    covers = csr_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=(n_rows, n_columns))
    covers.sum_duplicates()
    covers.data[:] = 1
    return CoverInstance(covers=covers, weight=np.ones(n_rows), cost=cost.astype(np.float64))


def read_cap(path: Path | str, *, capacity: float | None = None) -> TravelTimes:
    """Read a file ``sites customers``, capacity and fixed cost of each site, then of each customer demand and costs.

    The costs are those of supplying all of a customer's demand; the matrix holds them by unit of demand, since
    the demand is the weight.

    Parameters
    ----------
    path : path
    capacity : float, optional
        Of every site, for the files that have the word ``capacity`` in its place.

    Returns
    -------
    TravelTimes
        Of unit ``cost``; capacity and cost stand in the site table, demand is the weight of the points.

    Raises
    ------
    ValueError
        If there are more or fewer numbers than announced, or the file leaves the capacity open and none is given.
    """
    words = Path(path).read_text(encoding="utf-8").split()
    if "capacity" in words and capacity is None:
        raise ValueError(f"{path}: expected a capacity, which the file leaves open")
    numbers = np.array([capacity if word == "capacity" else word for word in words], dtype=np.float64)
    n_sites, n_points = (int(number) for number in numbers[:2])
    head = 2 + 2 * n_sites
    if len(numbers) != head + n_points * (1 + n_sites):
        raise ValueError(f"{path}: {len(numbers)} numbers, expected {head + n_points * (1 + n_sites)}")
    by_site, by_point = numbers[2:head].reshape(n_sites, 2), numbers[head:].reshape(n_points, 1 + n_sites)
    demand, costs = by_point[:, 0], by_point[:, 1:]
    if (costs[demand == 0] > 0).any():
        raise ValueError(f"{path}: a customer without demand has costs")
    sites = pd.DataFrame({"id": _ids("s", n_sites), "capacity": by_site[:, 0], "cost": by_site[:, 1]})
    points = pd.DataFrame({"id": _ids("d", n_points), "weight": demand})
    each = (costs / np.where(demand > 0, demand, 1.0)[:, None]).T
    return TravelTimes.from_matrix(each, sites=sites, demand=points, unit="cost")


def read_places(path: Path | str) -> Places:
    """Read a file with a NODE_COORD_SECTION of ``lat lon`` and a DEMAND_SECTION of as many numbers.

    Raises
    ------
    ValueError
        If a section is absent or has not the announced number of places.
    """
    head, _, rest = Path(path).read_text(encoding="utf-8").partition("NODE_COORD_SECTION")
    coordinates, _, demand = rest.partition("DEMAND_SECTION")
    place = np.array(coordinates.split(), dtype=np.float64)
    weight = np.array(demand.replace("EOF", "").split(), dtype=np.float64)
    announced = [line.partition(":")[2] for line in head.splitlines() if line.startswith("DIMENSION")]
    n = int(announced[0]) if announced else len(weight)
    if len(place) != 2 * n or len(weight) != n or not n:
        raise ValueError(f"{path}: {len(place) / 2:g} places and {len(weight)} demands, expected {n} of both")
    return Places(lat=place[::2], lon=place[1::2], weight=weight)


def read_network(folder: Path | str) -> TravelTimes:
    """Read the tables of stores, of tracts and of network distances between them, joined by name.

    The rows of the distances come in another order than the tracts, so that a join by position would be wrong.

    Returns
    -------
    TravelTimes
        In metres, stores as sites, tracts as points weighted by their people.

    Raises
    ------
    ValueError
        If a table is absent or stands there twice, or a pair has no distance.
    """
    stores = pd.read_csv(_only(folder, "*store_site*.csv"))
    tracts = pd.read_csv(_only(folder, "*demand*.csv"), dtype={"NAME": str})
    distances = pd.read_csv(_only(folder, "*network_distance*.csv"), dtype={"DestinationName": str})
    wide = distances.pivot(index="name", columns="DestinationName", values="distance")
    if set(stores["NAME"]) != set(wide.index) or set(tracts["NAME"]) != set(wide.columns):
        raise ValueError(f"{folder}: the distances are not between the stores and the tracts of the other tables")
    values = wide.loc[stores["NAME"], tracts["NAME"]].to_numpy(dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError(f"{folder}: a pair has no distance")
    sites = pd.DataFrame({"id": stores["NAME"]})
    points = pd.DataFrame({"id": tracts["NAME"], "people": tracts["POP2000"]})
    return TravelTimes.from_matrix(values, sites=sites, demand=points, unit="m")


def read_swain(path: Path | str) -> TravelTimes:
    """Read a file of how many nodes, then ``id x y demand`` of each; distances are Euclidean.

    Raises
    ------
    ValueError
        If there are more or fewer numbers than announced.
    """
    numbers = _numbers(path)
    nodes = numbers[1:].reshape(-1, 4)
    if len(nodes) != int(numbers[0]):
        raise ValueError(f"{path}: {len(nodes)} nodes, expected {numbers[0]:g}")
    x, y = nodes[:, 1], nodes[:, 2]
    return _among_nodes(np.hypot(x[:, None] - x, y[:, None] - y), nodes[:, 3], "m")


def best_known(folder: Path | str) -> pd.DataFrame:
    """Read the table of best values beside a family's files.

    Returns
    -------
    DataFrame
        ``instance, quantity, value, source``, the value a number and NaN where it says more than one.
    """
    tables = [path for name in ("best_known.csv", "computed_here.csv") if (path := Path(folder) / name).exists()]
    if not tables:
        raise ValueError(f"{folder}: expected best_known.csv or computed_here.csv")
    found = pd.concat([pd.read_csv(path, dtype=str) for path in tables], ignore_index=True)
    found["value"] = pd.to_numeric(found["value"], errors="coerce")
    return found[["instance", "quantity", "value", "source"]]


def _among_nodes(values: NDArray[np.float64], weight: NDArray[np.float64], unit: Literal["m", "cost"]) -> TravelTimes:
    """Make each node both a site and a point."""
    ids = _ids("", len(weight))
    points = pd.DataFrame({"id": ids, "weight": weight})
    return TravelTimes.from_matrix(values, sites=pd.DataFrame({"id": ids}), demand=points, unit=unit)


def _ids(prefix: str, count: int) -> list[str]:
    """Return ids that count from 1, as the files do."""
    return [f"{prefix}{number}" for number in range(1, count + 1)]


def _numbers(path: Path | str) -> NDArray[np.float64]:
    return np.array(Path(path).read_text(encoding="utf-8").split(), dtype=np.float64)


def _only(folder: Path | str, pattern: str) -> Path:
    found = sorted(Path(folder).glob(pattern))
    if len(found) != 1:
        raise ValueError(f"{folder}: {len(found)} files {pattern}, expected one")
    return found[0]
