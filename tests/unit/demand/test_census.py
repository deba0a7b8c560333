"""The census: counties as published, and demand points reconciled with official totals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import shared_file

from rescuesim.demand import DemandPoints, load_demand
from rescuesim.demand.census import CensusTotals, read_census, reconcile
from rescuesim.errors import DataFileError, InputError


@pytest.fixture(scope="module")
def census() -> CensusTotals:
    return read_census(shared_file("data/census_county/census_county_2020_v1.xlsx"))


def points(people: list[float], townships: list[str], **columns: object) -> DemandPoints:
    n = len(people)
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(n)], "lon": 117.2, "lat": 28.3, "people": people})
    return load_demand(frame.assign(township=townships, **columns))


@pytest.mark.slow
def test_the_counties_of_the_2020_census_sum_to_their_provinces_and_the_nation(census: CensusTotals) -> None:
    frame = census.to_frame()
    nation = frame.loc[frame["level"] == "nation", "people"].item()
    assert nation == 1_409_778_724
    counties = frame[frame["level"] == "county"]
    assert counties["people"].sum() == nation
    provinces = frame[frame["level"] == "province"].set_index("province")["people"]
    assert len(provinces) == 31
    assert counties.groupby("province")["people"].sum().sort_index().equals(provinces.sort_index())


@pytest.mark.slow
def test_counties_are_found_by_code_or_by_a_name_that_is_theirs_alone(census: CensusTotals) -> None:
    assert census.people_of("贵溪市") == census.people_of("360681") == 540_572
    assert census.people_of("仙居县") == 431_888
    with pytest.raises(InputError) as caught:
        census.people_of("鼓楼区")
    for code in ("320106 江苏省南京市", "320302", "350102", "410204"):
        assert code in str(caught.value)
    assert census.people_of("鼓楼区", province="福建省") == 669_090
    with pytest.raises(InputError, match="a code, as 2 units are called so"):
        census.people_of("鼓楼区", province="江苏省")
    with pytest.raises(InputError, match="did you mean 贵溪市"):
        census.people_of("贵溪")


@pytest.mark.slow
def test_points_scaled_to_their_county_keep_their_proportions(census: CensusTotals) -> None:
    rng = np.random.default_rng(4)
    people = rng.integers(1, 3000, 300).astype(float).tolist()
    demand = points(people, [""] * 300)
    compared = reconcile(demand, census, by="county", county="360681")
    assert compared.demand.people.tolist() == people
    assert compared.table["official"].tolist() == [540_572]
    assert compared.table["ratio"][0] == pytest.approx(sum(people) / 540_572)
    assert not compared.table["within"][0]
    scaled = reconcile(demand, census, by="county", county="贵溪市", scale=True)
    assert scaled.demand.people.sum() == 540_572
    exact = np.array(people) * 540_572 / sum(people)
    assert (np.abs(scaled.demand.people - exact) < 1).all()
    assert np.array_equal(scaled.demand.weights, scaled.demand.people)
    assert scaled.table["new_people"].tolist() == [540_572]


def test_townships_are_compared_one_by_one() -> None:
    demand = points([100, 50, 200], ["溪口镇", "溪口镇", "山坑乡"], weight=[100, 9, 200])
    official = {"溪口镇": 300, "山坑乡": 201}
    made = reconcile(demand, official, by="township", scale=True)
    assert made.demand.people.tolist() == [200, 100, 201]
    assert made.demand.weights.tolist() == [200, 9, 201]
    assert made.table.set_index("unit")["within"].to_dict() == {"溪口镇": False, "山坑乡": True}
    assert any("1 units differ by more than 5%: 溪口镇 150/300" in note for note in made.demand.notes)
    table = read_census(pd.DataFrame({"乡镇": ["溪口镇", "山坑乡"], "常住人口": ["300", "201"]}))
    assert reconcile(demand, table, by="township").table["official"].tolist() == [300, 201]


def test_units_missing_on_either_side_are_faults_at_once() -> None:
    demand = points([1, 2, 3], ["溪口镇", "山坑乡", "山坑乡"])
    with pytest.raises(InputError) as caught:
        reconcile(demand, {"溪口镇": 3, "山坑": 2, "石门镇": 5}, by="township")
    values = {fault.value for fault in caught.value.faults}
    assert values == {"山坑乡", "山坑", "石门镇"}
    assert "did you mean 山坑?" in str(caught.value)
    with pytest.raises(InputError, match="row 2, column township: '', expected the township of the point"):
        reconcile(points([1, 2], ["溪口镇", ""]), {"溪口镇": 3}, by="township")
    with pytest.raises(InputError, match="points with people in it, to be scaled to 3"):
        reconcile(points([0, 0], ["溪口镇", "溪口镇"]), {"溪口镇": 3}, by="township", scale=True)
    assert reconcile(points([5, 5], ["溪口镇"] * 2), {"溪口镇": 0}, by="township", scale=True).demand.people.sum() == 0
    with pytest.raises(InputError, match="expected county, the code or the name"):
        reconcile(demand, {"贵溪市": 3}, by="county")
    with pytest.raises(InputError, match=r"'溪口镇: 2\.5', expected a whole number"):
        reconcile(points([1], ["溪口镇"]), {"溪口镇": 2.5}, by="township")
    with pytest.raises(InputError, match="2 of them, expected 3"):
        reconcile(demand, {"a": 1}, by="county", units=["a", "a"])


@pytest.mark.slow
def test_points_of_several_counties_are_told_their_county(census: CensusTotals) -> None:
    demand = points([10, 20, 30], [""] * 3)
    made = reconcile(demand, census, by="county", units=["360681", "331024", "360681"], scale=True)
    assert made.table.set_index("unit")["new_people"].to_dict() == {"360681": 540_572, "331024": 431_888}


def test_a_name_of_two_counties_needs_the_code() -> None:
    rows = [
        ("320106", "江苏省", "南京市", "鼓楼区", 940_387),
        ("350102", "福建省", "福州市", "鼓楼区", 669_090),
        ("NA", "浙江省", "温州市", "温州经济技术开发区", 249_343),
    ]
    totals = read_census(pd.DataFrame(rows, columns=["区划代码", "省", "市", "区县", "人口"]))
    assert totals.levels == ("county",) * 3
    with pytest.raises(InputError, match="2 units are called so: 320106 江苏省南京市, 350102 福建省福州市"):
        reconcile(points([1], [""]), totals, by="county", county="鼓楼区")
    assert totals.people_of("鼓楼区", province="福建省") == totals.people_of("350102") == 669_090
    assert reconcile(points([1], [""]), totals, by="county", county="350102").table["official"].tolist() == [669_090]


def test_titles_above_the_header_and_other_sheets_are_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["封面"])
    sheet = book.create_sheet("乡镇")
    for row in (["全县人口统计表"], ["序号", "名称", "人口"], [1, "溪口镇", 21_034], [], [2, "山坑乡", 9120.0]):
        sheet.append(row)
    path = tmp_path / "totals.xlsx"
    book.save(path)
    totals = read_census(f"{path}#乡镇")
    assert totals.people.tolist() == [21_034, 9_120]
    assert totals.levels == ("township", "township")
    with pytest.raises((InputError, DataFileError), match="乡镇"):
        read_census(f"{path}#乡鎮")


def test_wrong_rows_are_faults_with_their_number(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"区划代码": ["360681", "360681", "36", "NA"], "区县": ["a", "b", "c", ""], "人口": ["1", "x", "-3", "2.5"]}
    )
    with pytest.raises(InputError) as caught:
        read_census(frame)
    assert {(fault.row, fault.column) for fault in caught.value.faults} == {
        (2, "人口 (people)"), (3, "人口 (people)"), (4, "人口 (people)"), (4, "区县 (name)"),
    }  # fmt: skip
    codes = pd.DataFrame({"区划代码": ["360681", "360681", "36", "NA"], "区县": list("abcd"), "人口": 1})
    with pytest.raises(InputError) as caught:
        read_census(codes)
    assert {(fault.row, fault.value) for fault in caught.value.faults} == {(2, "360681"), (3, "36")}
    with pytest.raises(InputError, match=r"column name: expected a column of this name"):
        read_census(pd.DataFrame({"人口": [1]}))
    with pytest.raises(DataFileError, match="no such file"):
        read_census(tmp_path / "absent.xlsx")
