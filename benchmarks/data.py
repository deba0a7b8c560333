"""Coordinates against the public formula in a loop, tables against openpyxl and pandas.

GCJ-02 and BD-09 are inverted by both to 1e-9 degrees; the rival is a scalar fixed-point loop over the public
formula with `math`. A workbook is read by ``openpyxl`` in its streaming mode and made a DataFrame, without a check
of any cell; ours reads and checks it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from runner import Row, against, main

from rescuesim.demand import load_demand
from rescuesim.network.coordinates.china_offset import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02

Places = tuple[NDArray[np.float64], NDArray[np.float64]]
A, EE = 6378245.0, 0.00669342162296594323


def scalar_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return the public formula for one place."""
    x, y, pi = lon - 105.0, lat - 35.0, math.pi
    wave = (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    d_lat += (20 * math.sin(y * pi) + 40 * math.sin(y / 3 * pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * pi) + 320 * math.sin(y * pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    d_lon += (20 * math.sin(x * pi) + 40 * math.sin(x / 3 * pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * pi) + 300 * math.sin(x / 30 * pi)) * 2 / 3
    magic = 1 - EE * math.sin(math.radians(lat)) ** 2
    d_lat = d_lat * 180 / (A * (1 - EE) / (magic * math.sqrt(magic)) * pi)
    return lon + d_lon * 180 / (A / math.sqrt(magic) * math.cos(math.radians(lat)) * pi), lat + d_lat


def scalar_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return the public formula for one place, from WGS84."""
    x, y = scalar_gcj02(lon, lat)
    turn = math.pi * 3000 / 180
    z = math.hypot(x, y) + 0.00002 * math.sin(y * turn)
    theta = math.atan2(y, x) + 0.000003 * math.cos(x * turn)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def inverted(forward: Callable[[float, float], tuple[float, float]], places: Places) -> Places:
    """Invert a formula place by place."""
    found = np.empty((len(places[0]), 2))
    for row, (lon, lat) in enumerate(zip(*(axis.tolist() for axis in places), strict=True)):
        x, y = lon, lat
        for _ in range(30):
            at_lon, at_lat = forward(x, y)
            x, y = x + lon - at_lon, y + lat - at_lat
            if abs(lon - at_lon) + abs(lat - at_lat) < 1e-11:
                break
        found[row] = x, y
    return found[:, 0], found[:, 1]


def near(one: Places, other: Places) -> bool:
    """Whether places agree to 1e-9 degrees, a tenth of a millimetre."""
    return all(bool(np.abs(a - b).max() < 1e-9) for a, b in zip(one, other, strict=True))


def by_openpyxl(path: Path) -> list[str]:
    """Read a workbook with openpyxl and return its ids."""
    import openpyxl

    rows = openpyxl.load_workbook(path, read_only=True, data_only=True).active.iter_rows(values_only=True)
    header = next(rows)
    return [str(code) for code in pd.DataFrame(rows, columns=list(header))["编号"]]


def bench(quick: bool) -> list[Row]:
    """Compare inverses over China, and a workbook."""
    rng = np.random.default_rng(0)
    n, rows_n = (20_000, 5_000) if quick else (1_000_000, 100_000)
    lon, lat = rng.uniform(75, 134, n), rng.uniform(18, 53, n)
    repeats = 1 if quick else 3
    rows = []
    for name, shifted, ours, theirs in (
        ("GCJ-02", wgs84_to_gcj02(lon, lat), gcj02_to_wgs84, scalar_gcj02),
        ("BD-09", wgs84_to_bd09(lon, lat), bd09_to_wgs84, scalar_bd09),
    ):
        rival = partial(inverted, theirs, shifted)
        case = f"{name} to WGS84, {n:,} places"
        rows.append(against(case, "scalar loop", partial(ours, *shifted), rival, same=near, repeats=repeats))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "villages.xlsx"
        codes = [f"330382{k:06d}" for k in range(rows_n)]
        frame = pd.DataFrame({"编号": codes, "名称": "村", "经度": 119.3, "纬度": 28.7, "人口": 5})
        frame.to_excel(path, index=False, engine="xlsxwriter")
        rows.append(
            against(
                f"workbook of {rows_n:,} rows, read and checked",
                "openpyxl, unchecked",
                lambda: list(load_demand(path).ids),
                partial(by_openpyxl, path),
                same=lambda a, b: a == b,
                repeats=repeats,
            )
        )
    return rows


if __name__ == "__main__":
    main("data", ["numpy", "pandas", "openpyxl"], bench)
