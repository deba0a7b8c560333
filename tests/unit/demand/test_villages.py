"""Administrative villages and their hamlets: matched by id or name, people conserved village by village."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from conftest import shared_file

from rescuesim.demand.villages import split_villages
from rescuesim.errors import InputError


def villages(**columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"id": ["v1", "v2"], "name": ["上村", "下村"], "township": ["溪口镇", "山坑乡"], "people": [100, 31]}
    )
    return frame.assign(**columns)


def hamlets(**columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "name": ["甲", "乙", "丙", "丁"],
            "lon": [119.3, 119.31, 119.32, 119.33],
            "lat": 28.7,
            "village_id": ["v1", "v1", "v2", "v1"],
        }
    )
    return frame.assign(**columns)


@pytest.mark.parametrize("by", ["people", "households", "buildings", "equal"])
@pytest.mark.parametrize("seed", range(5))
def test_every_village_keeps_its_people_and_no_hamlet_is_a_person_off_its_share(by: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 12, 60
    upper = pd.DataFrame({"id": [f"v{i}" for i in range(n)], "people": rng.integers(0, 900, n)})
    of = np.r_[np.arange(n), rng.integers(0, n, m - n)]
    counts = rng.integers(1, 40, m)
    lower = pd.DataFrame(
        {"id": [f"h{i}" for i in range(m)], "lon": 119.3, "lat": 28.7, "village_id": [f"v{i}" for i in of]}
    )
    if by != "equal":
        lower[by] = counts
    split = split_villages(upper, lower, by=by)  # type: ignore[arg-type]
    weights = counts if by != "equal" else np.ones(m)
    for i, people in enumerate(upper["people"]):
        own = of == i
        assert split.people[own].sum() == people
        exact = people * weights[own] / weights[own].sum()
        assert (np.abs(split.people[own] - exact) < 1).all()
    assert (split.people == np.rint(split.people)).all()


def test_hamlets_find_their_village_by_name_and_township() -> None:
    upper = villages(name="上村")
    lower = hamlets(village="上村", township=["溪口镇", "溪口镇", "山坑乡", "溪口镇"]).drop(columns="village_id")
    split = split_villages(upper, lower, by="equal")
    assert split.people.tolist() == [34, 33, 31, 33]
    assert split.townships == ("溪口镇", "溪口镇", "山坑乡", "溪口镇")
    with pytest.raises(InputError) as caught:
        split_villages(upper, lower.assign(township=["", "溪口镇", "山坑乡", "石门镇"]), by="equal")
    message = str(caught.value)
    assert "row 1, column village: '上村', expected a name that one village has" in message
    assert "there are 2: 山坑乡, 溪口镇" in message
    assert "a township that has a village of this name: 山坑乡, 溪口镇" in message


def test_every_wrong_match_is_a_fault_at_once() -> None:
    lower = hamlets(
        village_id=["v1", "v9", "v2", ""],
        village=["上村", "", "上村", "上忖"],
        township=["山坑乡", "", "山坑乡", ""],
    )
    with pytest.raises(InputError) as caught:
        split_villages(villages(), lower, by="equal")
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert found == {(1, "township"), (2, "village_id"), (3, "village"), (4, "village")}
    assert "did you mean 上村?" in str(caught.value)
    with pytest.raises(InputError, match="the id or the name of the hamlet's administrative village"):
        split_villages(villages(), hamlets(village_id=["v1", "", "v2", "v1"]), by="equal")


def test_counts_that_are_missing_or_all_nothing_are_faults() -> None:
    with pytest.raises(InputError, match="column households: expected a column of this name to split by"):
        split_villages(villages(), hamlets(), by="households")
    with pytest.raises(InputError, match="row 2, column households: '', expected a number of 0 or more"):
        split_villages(villages(), hamlets(households=[1, np.nan, 3, 1]), by="households")
    with pytest.raises(InputError, match="row 2, column people: '31', expected households above 0 in one of its 1"):
        split_villages(villages(), hamlets(households=[1, 1, 0, 1]), by="households")
    assert split_villages(villages(people=[100, 0]), hamlets(households=[1, 1, 0, 1]), by="households").people[2] == 0
    with pytest.raises(InputError, match="a whole number of 0 or more"):
        split_villages(villages(people=[100.5, 3]), hamlets(), by="equal")
    with pytest.raises(InputError, match="did you mean households"):
        split_villages(villages(), hamlets(), by="household")  # type: ignore[arg-type]


def test_a_village_without_a_hamlet_stays_where_it_is_or_is_a_fault() -> None:
    lower = hamlets(village_id="v1")
    with pytest.raises(InputError, match="row 2, column id: 'v2', expected a hamlet that names this village"):
        split_villages(villages(), lower, by="equal")
    split = split_villages(villages(lon=[np.nan, 119.4], lat=[np.nan, 28.8], zone=["", "rural"]), lower, by="equal")
    assert split.ids == ("a", "b", "c", "d", "v2")
    assert split.people.tolist() == [25, 25, 25, 25, 31]
    assert split.zones[-1] == "rural"
    assert any("1 villages with 31 people have no hamlet" in note for note in split.notes)
    assert split_villages(villages(people=[100, 0]), lower, by="equal").ids == ("a", "b", "c", "d")
    with pytest.raises(InputError, match="column id: 'v2', expected ids that stand in one of the tables only"):
        split_villages(villages(lon=119.4, lat=28.8), lower.assign(id=["a", "b", "c", "v2"]), by="equal")


def test_the_split_is_said_aloud_and_zones_come_down_from_the_village() -> None:
    split = split_villages(villages(zone=["suburb", ""]), hamlets(zone=["rural", "", "", ""]), by="equal")
    assert split.zones == ("rural", "suburb", "dense_rural", "suburb")
    assert any("split over 4 hamlets in equal parts; 131 people in all" in note for note in split.notes)
    assert any("zone not given for 1 of 4 hamlets" in note for note in split.notes)


def test_settlements_of_a_gazetteer_serve_as_hamlets() -> None:
    places = pd.read_csv(shared_file("data/geonames_cn/settlements_cn.csv"), dtype=str, keep_default_na=False)
    near = places[places["lon"].astype(float).between(117.0, 117.6) & places["lat"].astype(float).between(28.0, 28.6)]
    near = near.rename(columns={"geonameid": "id"}).drop(columns=["name", "admin1", "population"])
    near = near.rename(columns={"name_zh": "name"}).assign(village_id="360681")
    assert len(near) > 5
    county = pd.DataFrame({"id": ["360681"], "name": ["贵溪市"], "people": [540_572]})
    split = split_villages(county, near, by="equal")
    assert split.people.sum() == 540_572
    assert set(split.names) == set(near["name"])
    assert split.people.max() - split.people.min() <= 1


def test_chinese_workbooks_and_layers_in_metres_are_read_as_they_stand(tmp_path: Path) -> None:
    upper = pd.DataFrame({"编号": ["v1"], "行政村": ["上村"], "乡镇": ["溪口镇"], "人口（人）": [100]})
    upper.to_excel(tmp_path / "villages.xlsx", index=False)
    lower = pd.DataFrame({"编号": ["a", "b"], "自然村": ["甲", "乙"], "行政村": "上村", "户数": [3, 1]})
    places = geopandas.points_from_xy([119.3, 119.31], [28.7, 28.7], crs="EPSG:4326").to_crs("EPSG:4549")
    geopandas.GeoDataFrame(lower, geometry=places).to_file(tmp_path / "hamlets.gpkg")
    split = split_villages(tmp_path / "villages.xlsx", tmp_path / "hamlets.gpkg", by="households")
    assert split.people.tolist() == [75, 25]
    assert split.names == ("甲", "乙")
    assert split.townships == ("溪口镇", "溪口镇")
    assert split.lon == pytest.approx([119.3, 119.31], abs=1e-6)
    assert any("positions in EPSG:4549, as the file states" in note for note in split.notes)
