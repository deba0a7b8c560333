"""Calls a year by type: from rates, and from records shrunk toward what people explain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rescuesim._defaults import defaults_under
from rescuesim.demand import CALL_TYPES, DemandPoints, load_demand
from rescuesim.demand.calls import calls_from_history, calls_from_rates
from rescuesim.errors import InputError


def villages(people: list[float] | np.ndarray, **columns: object) -> DemandPoints:
    n = len(people)
    frame = pd.DataFrame(
        {"id": [f"v{i}" for i in range(n)], "lon": 119.3 + 0.05 * np.arange(n), "lat": 28.7, "people": people}
    )
    return load_demand(frame.assign(**columns))


def records(
    counts: dict[str, int], *, kind: str = "fire", first: str = "2020-01-01", last: str = "2023-12-31"
) -> pd.DataFrame:
    """Return so many incidents a point, the first and last on the days that bound the exposure."""
    points = [id_ for id_, count in counts.items() for _ in range(count)]
    days = [*[first] * (len(points) - 1), last]
    return pd.DataFrame({"time": days, "type": kind, "point": points})


YEARS = 1461 / 365.25  # 2020 to 2023, both ends included


def test_rates_write_calls_that_sum_over_types_and_follow_people() -> None:
    demand = villages([5000, 0, 20_000])
    made = calls_from_rates(demand)
    rates = {name: entry.number for name, entry in defaults_under("calls.per_10k_people_year").items()}
    assert made.calls_given.all()
    assert made.calls_by_type is not None
    for name, rate in rates.items():
        assert made.calls_by_type[name] == pytest.approx(rate * np.array([0.5, 0, 2]))
    assert made.calls_per_year == pytest.approx(sum(rates.values()) * np.array([0.5, 0, 2]))


def test_calls_that_were_given_keep_their_sum_when_they_are_split() -> None:
    demand = villages([5000, 100], calls_per_year=[np.nan, 9])
    made = calls_from_rates(demand, {"fire": 2, "rescue": 1})
    assert made.calls_by_type is not None
    assert made.calls_by_type["fire"] == pytest.approx([1, 6])
    assert made.calls_per_year == pytest.approx([1.5, 9])
    again = calls_from_rates(made, {"social": 7})
    assert np.array_equal(again.calls_per_year, made.calls_per_year)
    with pytest.raises(InputError, match="one above 0, as calls that were given are split"):
        calls_from_rates(demand, {})


def test_calls_by_type_survive_the_table_and_must_sum(tmp_path: Path) -> None:
    made = calls_from_rates(villages([5000, 100]))
    path = tmp_path / "demand.csv"
    made.to_frame().to_csv(path, index=False)
    back = load_demand(path)
    assert back.calls_by_type is not None
    assert made.calls_by_type is not None
    for name in CALL_TYPES:
        assert back.calls_by_type[name] == pytest.approx(made.calls_by_type[name], rel=1e-12)
    wrong = made.to_frame().assign(calls_per_year=[8.7, 9.0])
    with pytest.raises(InputError, match=r"row 2, column calls_per_year: '9.*expected the sum over the call types"):
        load_demand(wrong)
    gaps = made.to_frame().assign(calls_fire=[np.nan, 1.0], calls_per_year=np.nan)
    with pytest.raises(InputError, match="row 1, column calls_fire"):
        load_demand(gaps)


def test_columns_of_a_template_that_are_left_empty_are_not_given() -> None:
    blank = {f"calls_{name}": "" for name in CALL_TYPES} | {"grid": "", "grid_person": "", "zone_basis": ""}
    demand = villages([5000, 100], calls_per_year=[3, 4], **blank)
    assert demand.calls_by_type is None
    assert demand.calls_per_year.tolist() == [3, 4]
    assert demand.to_frame().equals(villages([5000, 100], calls_per_year=[3, 4]).to_frame())


def test_calls_never_follow_the_weight() -> None:
    demand = villages([5000, 5000], weight=[1, 1000])
    by_rate = calls_from_rates(demand)
    assert by_rate.calls_per_year[0] == by_rate.calls_per_year[1]
    fitted = calls_from_history(demand, records({"v0": 6, "v1": 6})).demand
    assert fitted.calls_per_year[0] == fitted.calls_per_year[1]
    assert fitted.weights.tolist() == [1, 1000]


def test_the_estimate_is_the_posterior_mean_of_the_gamma_poisson_model() -> None:
    people = np.array([500, 1000, 2000, 4000, 8000, 3000])
    counts = np.array([9, 1, 2, 30, 10, 0])
    made = calls_from_history(villages(people), records({f"v{i}": int(n) for i, n in enumerate(counts)}))
    assert made.years == pytest.approx(YEARS)
    expected = people * counts.sum() / people.sum()
    raw = counts / expected
    spread = (expected * (raw - 1) ** 2).sum() / expected.sum() - len(people) / expected.sum()
    assert spread > 0.1
    posterior = (counts + 1 / spread) / (expected + 1 / spread) * expected
    fire = made.demand.calls_by_type["fire"]  # type: ignore[index]
    assert fire == pytest.approx(posterior * counts.sum() / posterior.sum() / YEARS)
    assert fire.sum() == pytest.approx(counts.sum() / YEARS)
    row = made.table.set_index("type").loc["fire"]
    assert row["spread"] == pytest.approx(spread)
    assert row["per_10k_people_year"] == pytest.approx(counts.sum() / people.sum() * 1e4 / YEARS)


def test_counts_that_differ_by_chance_only_are_the_common_rate() -> None:
    people = [1000, 2000, 3000]
    made = calls_from_history(villages(people), records({"v0": 10, "v1": 20, "v2": 30}))
    assert made.table.set_index("type").loc["fire", "spread"] == 0
    assert made.demand.calls_per_year == pytest.approx(np.array([10, 20, 30]) / YEARS)


def test_shrinking_comes_nearer_to_the_truth_than_counts_or_the_common_rate() -> None:
    rng = np.random.default_rng(11)
    people = rng.integers(200, 4000, 400).astype(float)
    spread = 0.5
    theta = rng.gamma(1 / spread, spread, 400)
    truth = 3 / 1e4 * people * YEARS * theta
    counts = rng.poisson(truth)
    made = calls_from_history(villages(people), records({f"v{i}": int(n) for i, n in enumerate(counts)}))
    found = made.demand.calls_per_year * YEARS
    common = people * counts.sum() / people.sum()
    error = [float(((guess - truth) ** 2).sum()) for guess in (found, counts, common)]
    assert error[0] < 0.75 * min(error[1], error[2])
    assert made.table.set_index("type").loc["fire", "spread"] == pytest.approx(spread, rel=0.35)


def test_records_can_be_shrunk_toward_given_rates() -> None:
    people = [10_000, 10_000, 10_000]
    made = calls_from_history(
        villages(people), records({"v0": 24, "v1": 24, "v2": 24}), toward="rates", rates={"fire": 6.0}
    )
    assert made.table.set_index("type").loc["fire", "per_10k_people_year"] == 6
    assert made.demand.calls_per_year == pytest.approx([6, 6, 6], rel=2e-3)  # 24 in 4 years is what is expected


def test_points_without_people_keep_what_was_observed() -> None:
    made = calls_from_history(villages([1000, 0, 2000]), records({"v0": 4, "v1": 8, "v2": 8}))
    assert made.demand.calls_per_year[1] == pytest.approx(8 / YEARS)
    assert made.demand.calls_per_year.sum() == pytest.approx(20 / YEARS)
    assert any("1 points without people had incidents" in note for note in made.demand.notes)
    nobody = calls_from_history(villages([0, 0]), records({"v0": 4, "v1": 8}))
    assert nobody.demand.calls_per_year == pytest.approx(np.array([4, 8]) / YEARS)


def test_a_gb18030_file_with_chinese_headers_is_read_and_every_record_accounted_for(tmp_path: Path) -> None:
    demand = villages([1000, 2000, 500], name=["上村", "下村", "下村"], township=["溪口镇", "溪口镇", "山坑乡"])
    text = (
        "报警时间,警情类型,经度,纬度,村,乡镇\n"
        "2021-01-03 08:15:00,火灾,119.3001,28.7001,,\n"
        "2021年7月5日,抢险救援,,,上村,\n"
        "2022/3/4 1:00,社会救助,,,下村,山坑乡\n"
        "20221231,虚假警,,,下村,\n"
        "2022.6.1,火灾扑救,119.5,28.9,,\n"
        "2022-06-02,公务执勤,,,无名村,\n"
    )
    path = tmp_path / "records.csv"
    path.write_bytes(text.encode("gb18030"))
    made = calls_from_history(demand, path, match_limit_m=200)
    assert made.matched[["row", "id", "type"]].to_numpy().tolist() == [
        [2, "v0", "fire"],
        [3, "v0", "rescue"],
        [4, "v2", "social"],
    ]
    assert made.matched["distance_m"].tolist()[1:] == [0, 0]
    assert 0 < made.matched["distance_m"][0] < 20
    reasons = dict(zip(made.unmatched["row"], made.unmatched["reason"], strict=True))
    assert reasons[5] == "2 demand points have this name"
    assert "the nearest demand point, v2, is" in reasons[6]
    assert reasons[7] == "no demand point has this name"
    assert len(made.matched) + len(made.unmatched) == 6
    assert any("3 of 6 incidents belong to no demand point" in note for note in made.demand.notes)
    assert made.years == pytest.approx(((pd.Timestamp("2022-12-31") - pd.Timestamp("2021-01-03")).days + 1) / 365.25)


def test_incidents_go_to_the_nearest_point() -> None:
    rng = np.random.default_rng(0)
    demand = villages(np.full(30, 100.0))
    lon, lat = rng.uniform(119.2, 120.9, 200), rng.uniform(28.69, 28.71, 200)
    frame = pd.DataFrame({"time": ["2020-01-01", *["2022-01-01"] * 199], "type": "fire", "lon": lon, "lat": lat})
    made = calls_from_history(demand, frame, match_limit_m=2000)
    assert demand.lon is not None
    found = dict(zip(made.matched["row"], made.matched["id"], strict=True))
    for row, (x, y) in enumerate(zip(lon, lat, strict=True), 1):
        away = np.hypot((demand.lon - x) * np.cos(np.radians(28.7)) * 111_320, (28.7 - y) * 110_850)
        if abs(away.min() - 2000) > 30:  # the oracle's plain formula is off by about 1 %
            assert found.get(row) == (demand.ids[int(away.argmin())] if away.min() < 2000 else None)


def test_exposure_is_stated_or_long_enough() -> None:
    demand = villages([1000])
    short = records({"v0": 5}, first="2021-01-01", last="2021-03-01")
    with pytest.raises(InputError, match="'60 days', expected records of 180 days or more, or years stated"):
        calls_from_history(demand, short)
    assert calls_from_history(demand, short, years=0.5).demand.calls_per_year == pytest.approx([10])
    with pytest.raises(InputError, match=r"expected at least 4\.00, as the records go from 2020-01-01"):
        calls_from_history(demand, records({"v0": 5}), years=2)
    for years in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="expected a number above 0"):
            calls_from_history(demand, records({"v0": 5}), years=years)


def test_words_that_are_not_understood_are_faults_at_once() -> None:
    demand = villages([1000, 1000])
    frame = pd.DataFrame(
        {
            "time": ["2021-02-30", "2021-13-01", "45047.5", "2021-05-01", "2023-05-01", "2023-05-02"],
            "type": ["fire", "火情", "火情", "马蜂窝", "fire", "fire"],
            "point": ["v0", "v0", "v0", "v0", "", "v0"],
            "lon": [np.nan, np.nan, np.nan, np.nan, np.nan, 119.3],
            "lat": np.nan,
        }
    )
    with pytest.raises(InputError) as caught:
        calls_from_history(demand, frame)
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert found == {(1, "time"), (2, "time"), (3, "time"), (2, "type"), (4, "type"), (5, "point"), (6, "lat")}
    good = frame.iloc[[3]].assign(type="马蜂窝")
    made = calls_from_history(demand, good, years=1, type_names={"马蜂窝": "social"})
    assert made.matched["type"].tolist() == ["social"]
    with pytest.raises(InputError, match="did you mean social"):
        calls_from_history(demand, good, years=1, type_names={"马蜂窝": "sociall"})
    with pytest.raises(InputError, match="column time: expected a column of this name"):
        calls_from_history(demand, frame.drop(columns="time"))
    with pytest.raises(InputError, match="one column that means type"):
        calls_from_history(demand, frame.assign(类型="fire"))


def test_a_workbook_of_records_is_read_like_a_text_file(tmp_path: Path) -> None:
    frame = records({"v0": 3, "v1": 2}).rename(columns={"time": "接警时间", "type": "警情类型", "point": "村编号"})
    frame = frame.assign(警情类型="火灾扑救", 编号=range(5))  # 编号 is the number of the record, not of the village
    frame.to_excel(tmp_path / "records.xlsx", index=False)
    frame.to_csv(tmp_path / "records.csv", index=False, encoding="gb18030")
    found = [calls_from_history(villages([900, 500]), tmp_path / f"records.{kind}") for kind in ("xlsx", "csv")]
    assert found[0].matched.drop(columns="row").equals(found[1].matched.drop(columns="row"))
    assert found[0].demand.calls_per_year.tolist() == found[1].demand.calls_per_year.tolist()
    assert found[0].demand.calls_per_year.sum() == pytest.approx(5 / YEARS)
