"""Layers of lines put together by hand for tests."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from rescuesim.errors import InputError
from rescuesim.network.reading.lines import ways_from_lines


def layer(lines: list[object], crs: str | None = "EPSG:4326", **columns: object) -> gpd.GeoDataFrame:
    """A layer of lines, each a list of places; all residential unless a class is given."""
    if not {"highway", "fclass", "技术等级", "道路等级"} & set(columns):
        columns["highway"] = ["residential"] * len(lines)
    shapes = [shapely.LineString(line) if isinstance(line, list) else line for line in lines]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


A, B, C, D = (119.30, 28.70), (119.31, 28.70), (119.31, 28.71), (119.32, 28.70)


def faults_of(source: object, **options: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        ways_from_lines(source, **options)  # type: ignore[arg-type]
    return [str(fault) for fault in caught.value.faults] or [str(caught.value)]
