"""Ways put together by hand for tests, and elevation rasters to lay under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.ways import Ways, measured

METRIC = "EPSG:32650"
ORIGIN = (500_000.0, 3_200_000.0)  # metres of METRIC, on its central meridian


def ways_of(
    places: Sequence[tuple[float, float]],
    lines: Sequence[Sequence[int]],
    *,
    road_class: Sequence[str] | str = "tertiary",
    maxspeed_kph: Sequence[float] | float = np.nan,
    width_m: Sequence[float] | float = np.nan,
    max_weight_t: Sequence[float] | float = np.nan,
    surface: Sequence[str] | str = "",
    bridge: Sequence[bool] | bool = False,
    tunnel: Sequence[bool] | bool = False,
    oneway: Sequence[bool] | bool = False,
) -> Ways:
    """Make ways of places in metres east and north of `ORIGIN`; each line lists the indices of its places."""
    n = len(lines)
    x, y = (np.array([place[axis] for place in places], dtype=np.float64) + ORIGIN[axis] for axis in (0, 1))
    lon, lat = unproject(x, y, METRIC)
    at = np.array([place for line in lines for place in line], dtype=np.int64)
    first = np.r_[0, np.cumsum([len(line) for line in lines])].astype(np.int64)

    def per_way(value: object, kind: type) -> np.ndarray:
        return np.array([value] * n if isinstance(value, (str, float, bool, int)) else value, dtype=kind)

    return Ways(
        node_id=np.arange(1, len(places) + 1),
        lon=lon,
        lat=lat,
        signal=np.zeros(len(places), dtype=np.bool_),
        junction=np.zeros(len(places), dtype=np.bool_),
        way_id=np.arange(101, 101 + n),
        first=first,
        at=at,
        step_m=measured(lon, lat, at, first),
        oneway=per_way(oneway, np.bool_),
        road_class=per_way(road_class, np.str_),
        maxspeed_kph=per_way(maxspeed_kph, np.float64),
        width_m=per_way(width_m, np.float64),
        max_weight_t=per_way(max_weight_t, np.float64),
        lanes=np.full(n, np.nan),
        name=np.full(n, ""),
        surface=per_way(surface, np.str_),
        bridge=per_way(bridge, np.bool_),
        tunnel=per_way(tunnel, np.bool_),
        source="by hand",
    )


def ways_of_network(network: RoadNetwork) -> Ways:
    """Turn the roads of a network back into ways, one a road."""
    import shapely

    coordinates, road = shapely.get_coordinates(network.road_line, return_index=True)
    first = np.r_[0, np.cumsum(np.bincount(road, minlength=network.n_roads))].astype(np.int64)
    ends = network.forward
    n = network.n_roads
    per_class = np.empty(n, dtype=network.road_class.dtype)
    per_class[network.road[ends]] = network.road_class[ends]
    # nodes inside a road are its own; the ends are the junctions
    node = np.arange(len(road)) + network.n_nodes
    node[first[:-1]] = network.tail[ends][np.argsort(network.road[ends])]
    node[first[1:] - 1] = network.head[ends][np.argsort(network.road[ends])]
    used, seen, at = np.unique(node, return_index=True, return_inverse=True)
    bridge, tunnel = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    bridge[network.road], tunnel[network.road] = network.bridge, network.tunnel
    lon, lat = coordinates[seen, 0], coordinates[seen, 1]
    return Ways(
        node_id=used.astype(np.int64),
        lon=lon,
        lat=lat,
        signal=np.zeros(len(used), dtype=np.bool_),
        junction=np.zeros(len(used), dtype=np.bool_),
        way_id=np.arange(n),
        first=first,
        at=at,
        step_m=measured(lon, lat, at, first),
        oneway=np.bincount(network.road, minlength=n) == 1,
        road_class=per_class,
        maxspeed_kph=np.full(n, np.nan),
        width_m=network.width_m,
        lanes=network.lanes,
        max_weight_t=np.full(n, np.nan),
        name=network.road_name,
        surface=network.surface,
        bridge=bridge,
        tunnel=tunnel,
        source="network",
    )


def raster_of(
    path: Path,
    height: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    half_m: float = 3000.0,
    cell_m: float = 30.0,
    nodata: float | None = None,
    crs: str | None = METRIC,
    count: int = 1,
    dtype: str = "float32",
) -> Path:
    """Write a GeoTIFF around `ORIGIN` of a height in metres over metres east and north of it."""
    import rasterio
    from affine import Affine

    n = round(2 * half_m / cell_m)
    middle = -half_m + cell_m * (np.arange(n) + 0.5)
    east, north = np.meshgrid(middle, -middle)
    cells = np.asarray(height(east, north), dtype=np.float64)
    if nodata is not None:
        cells = np.where(np.isnan(cells), nodata, cells)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=n,
        height=n,
        count=count,
        dtype=dtype,
        crs=crs,
        nodata=nodata,
        transform=Affine(cell_m, 0.0, ORIGIN[0] - half_m, 0.0, -cell_m, ORIGIN[1] + half_m),
    ) as raster:
        for band in range(1, count + 1):
            raster.write(cells.astype(dtype), band)
    return path
