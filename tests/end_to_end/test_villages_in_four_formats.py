"""The same villages as a bureau may hold them: four files, four systems, the same places on the same roads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim.demand import DemandPoints, load_demand
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.china_offset import wgs84_to_bd09, wgs84_to_gcj02
from rescuesim.network.coordinates.crs import unproject
from rescuesim.quality import quality_report, snap_points

N = 300
ZONES = {"built_up": "建成区", "suburb": "郊区", "dense_rural": "农村密集区"}


def villages(network: RoadNetwork) -> pd.DataFrame:
    """Return villages 5 to 150 m beside the roads, in WGS84."""
    rng = np.random.default_rng(20260301)
    lines = network.projected_lines()[rng.choice(network.n_roads, N)]
    at = [line.interpolate(share, normalized=True) for line, share in zip(lines, rng.uniform(0, 1, N), strict=True)]
    far, turn = rng.uniform(5, 150, N), rng.uniform(0, 2 * np.pi, N)
    x = np.array([place.x for place in at]) + far * np.cos(turn)
    y = np.array([place.y for place in at]) + far * np.sin(turn)
    lon, lat = unproject(x, y, network.crs)
    return pd.DataFrame(
        {
            "id": [f"360681{k:06d}" for k in range(N)],
            "name": [f"第{k}村" for k in range(N)],
            "lon": lon,
            "lat": lat,
            "zone": rng.choice(list(ZONES), N),
            "people": rng.integers(80, 2500, N),
            "township": [f"第{k % 7}镇" for k in range(N)],
        }
    )


def chinese(frame: pd.DataFrame, lon: np.ndarray, lat: np.ndarray) -> pd.DataFrame:
    words = {"id": "村庄编码", "name": "名称", "zone": "区域类型", "people": "常住人口", "township": "乡镇"}
    made = frame.assign(zone=frame["zone"].map(ZONES)).rename(columns=words).drop(columns=["lon", "lat"])
    return made.assign(经度=lon.round(9), 纬度=lat.round(9))


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory, guixi: RoadNetwork) -> dict[str, DemandPoints]:
    """Return the villages as they were read from each of the four files."""
    import geopandas

    folder, frame = tmp_path_factory.mktemp("four"), villages(guixi)
    lon, lat = frame["lon"].to_numpy(), frame["lat"].to_numpy()
    frame.to_csv(folder / "wgs84.csv", index=False, encoding="utf-8")
    chinese(frame, *wgs84_to_gcj02(lon, lat)).to_csv(folder / "gcj02.csv", index=False, encoding="gb18030")
    chinese(frame, *wgs84_to_bd09(lon, lat)).to_excel(folder / "bd09.xlsx", index=False, engine="xlsxwriter")
    layer = geopandas.GeoDataFrame(
        chinese(frame, lon, lat).drop(columns=["经度", "纬度"]),
        geometry=geopandas.points_from_xy(lon, lat, crs="EPSG:4326"),
    )
    layer.to_crs("EPSG:4549").to_file(folder / "cgcs2000.shp", encoding="gb18030")
    (folder / "cgcs2000.cpg").unlink()  # as it comes from many a desk
    return {
        "wgs84.csv": load_demand(folder / "wgs84.csv", crs="wgs84"),
        "gcj02.csv": load_demand(folder / "gcj02.csv", crs="gcj02"),
        "bd09.xlsx": load_demand(folder / "bd09.xlsx", crs="bd09"),
        "cgcs2000.shp": load_demand(folder / "cgcs2000.shp"),
        "as wgs84": load_demand(folder / "gcj02.csv", crs="wgs84"),
    }


@pytest.mark.parametrize("name", ["gcj02.csv", "bd09.xlsx", "cgcs2000.shp"])
def test_villages_of_every_file_are_the_same_places_on_the_same_roads(
    four: dict[str, DemandPoints], guixi: RoadNetwork, name: str
) -> None:
    plain, other = four["wgs84.csv"], four[name]
    assert (other.ids, other.names, other.zones, other.townships) == (
        plain.ids,
        plain.names,
        plain.zones,
        plain.townships,
    )
    assert (other.people == plain.people).all()
    snaps = [snap_points(guixi, points.lon, points.lat) for points in (plain, other)]  # type: ignore[arg-type]
    assert (snaps[0].road >= 0).all()
    assert (snaps[0].road == snaps[1].road).all()
    assert np.abs(snaps[0].position_m - snaps[1].position_m).max() < 0.5
    assert np.abs(snaps[0].access_m - snaps[1].access_m).max() < 0.5


def test_a_file_declared_wgs84_that_is_gcj02_is_flagged_and_the_others_are_not(
    four: dict[str, DemandPoints], guixi: RoadNetwork
) -> None:
    wrong = quality_report(guixi, four["as wgs84"], declared_crs="wgs84")
    assert wrong.suspicion is not None
    assert wrong.suspicion.best == "gcj02"
    assert "gcj02" in wrong.summary()
    for name, crs in (("wgs84.csv", "wgs84"), ("gcj02.csv", "gcj02"), ("bd09.xlsx", "bd09")):
        assert quality_report(guixi, four[name], declared_crs=crs).suspicion is None
