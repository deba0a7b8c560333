from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.simulation import CallLog, CallModel, load_calls
from rescuesim.simulation.calls import SLOT_DRAWS

HEADER = (
    "警情编号,报警时间,地点,所属乡镇,警情类型,处置时长（分钟）,发现时长,优先级,严重程度,等待上限（秒）,重拨间隔,重复于"
)


@pytest.fixture
def demand():
    frame = pd.DataFrame(
        {
            "id": ["v1", "v2", "v3"],
            "name": ["上村", "下村", "上村"],
            "township": ["东乡", "东乡", "西乡"],
            "lon": 119.3,
            "lat": 28.7,
        }
    )
    return load_demand(frame)


def written(tmp_path, *rows, encoding="gb18030", header=HEADER):
    path = tmp_path / "警情.csv"
    path.write_bytes("\n".join([header, *rows]).encode(encoding))
    return path


def test_a_file_in_gb18030_with_chinese_headers_is_read(tmp_path, demand):
    path = written(
        tmp_path,
        "a,2023-07-01 08:00:30,下村,东乡,火灾扑救,90,5,,2.5,30,60,",
        "b,2023年7月1日 8时2分,下村,,火警,,,,,,,a",
        "c,2023/7/2 0:05,上村,西乡,社会救助,20,,1,,,,",
    )
    log = CallLog.from_table(path, demand)
    assert log.arrived_at_s.tolist() == [28830.0, 28920.0, 86700.0]
    assert log.to_frame()["demand_id"].tolist() == ["v2", "v2", "v3"]
    assert log.to_frame()["type"].tolist() == ["fire", "fire", "social"]
    assert log.on_scene_s.tolist() == [5400.0, 4500.0, 1200.0]
    assert log.detected_s.tolist() == [300.0, 0.0, 0.0]
    assert log.severity.tolist() == [2.5, 1.0, 1.0]
    assert log.priority.tolist() == [0, 0, 1]
    assert log.duplicate_of.tolist() == [-1, 0, -1]
    assert log.patience_s.tolist() == [30.0, np.inf, np.inf]
    assert log.again_after_s.tolist() == [60.0, np.inf, np.inf]
    assert log.starts.isoformat() == "2023-07-01T00:00:00"
    assert any("on_scene_min not given in 1 of 3 rows: medians" in note for note in log.notes)


def test_english_headers_seconds_and_ids_serve_too(demand):
    frame = pd.DataFrame(
        {"arrived_at_s": [3.5, 9.0], "point": ["v3", "v1"], "type": ["fire", "rescue"], "priority": [3, 0]}
    )
    log = load_calls(frame, demand, starts="2026-07-01T06:00")
    assert log.arrived_at_s.tolist() == [3.5, 9.0]
    assert log.point.tolist() == [2, 0]
    assert (log.start_h, log.priority.tolist()) == (6.0, [3, 0])


def test_every_fault_of_a_file_is_told_at_once_by_its_row(tmp_path, demand):
    path = written(
        tmp_path,
        "a,2023-07-02 08:00,下村,,火灾,90,,,,,,",
        "b,2023-07-01 08:00,下村,,火灾,90,,,,,,",
        "c,2023-07-03 08:00,亚特兰蒂斯,,火灾,-5,,,,,,",
        "a,2023-07-03,下村,,火灾,90,,,,,,zz",
        "d,2023-07-04 08:00,上村,,地震,90,-1,200,0,-3,,",
    )
    with pytest.raises(InputError) as caught:
        load_calls(path, demand)
    found = {(fault.row, fault.column.split(" ")[0].split("（")[0]) for fault in caught.value.faults}
    assert found == {
        (3, "报警时间"), (4, "地点"), (4, "处置时长"), (5, "报警时间"), (5, "警情编号"), (5, "重复于"),
        (6, "地点"), (6, "警情类型"), (6, "发现时长"), (6, "优先级"), (6, "严重程度"), (6, "等待上限"),
    }  # fmt: skip
    message = str(caught.value)
    assert "calls in the order of arrival" in message
    assert "2 points have this name, add township or point" in message


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": ["2023-07-01 08:00"], "name": ["上村"]}, "type"),
        ({"type": ["fire"], "name": ["下村"]}, "time .报警时间. or arrived_at_s"),
        ({"type": ["fire"], "time": ["2023-07-01 08:00"]}, "point .需求点编号., name"),
        ({"type": ["fire"], "time": ["2023-07-01 25:00"], "name": ["下村"]}, "a day and a time of day"),
        ({"type": ["fire"], "arrived_at_s": [-1], "name": ["下村"]}, "0 or more"),
    ],
)
def test_a_table_that_lacks_what_a_call_needs_is_refused(demand, columns, message):
    with pytest.raises(InputError, match=message):
        load_calls(pd.DataFrame(columns), demand)


def test_a_call_before_the_start_is_refused(demand):
    frame = pd.DataFrame({"time": ["2023-07-01 08:00"], "name": ["下村"], "type": ["fire"]})
    with pytest.raises(InputError, match="not before the start, 2023-07-01 09:00"):
        load_calls(frame, demand, starts="2023-07-01T09:00")


def test_what_is_not_recorded_is_drawn_by_seed_and_slot_and_what_is_recorded_stays(demand):
    frame = pd.DataFrame(
        {"arrived_at_s": [1.0, 2.0], "name": ["下村", "下村"], "type": ["fire", "fire"], "on_scene_min": [10.0, np.nan]}
    )
    one, again, two = (load_calls(frame, demand, seed=4, n_slots=slots) for slots in (1, 1, 2))
    assert one.to_frame().equals(again.to_frame())
    for name in SLOT_DRAWS:
        assert (one.by_slot(name)[:, 0] == two.by_slot(name)[:, 0]).all()
    assert two.on_scene_s[0].tolist() == [600.0, 600.0]
    assert two.on_scene_s[1, 0] != 4500.0
    assert (one.order_z != load_calls(frame, demand, seed=4, replication=1).order_z).all()


def test_a_bureaus_own_words_for_types_are_taken(demand):
    frame = pd.DataFrame({"arrived_at_s": [1.0], "name": ["下村"], "type": ["楼房失火"]})
    assert load_calls(frame, demand, type_names={"楼房失火": "fire"}).types == ("fire",)


def test_recorded_calls_can_be_simulated(valley):
    from rescuesim.simulation import simulate

    frame = pd.DataFrame({"time": ["2023-07-01 12:00:00"], "point": ["d"], "type": ["fire"], "on_scene_min": [10]})
    result = simulate(
        valley.plan("s1"),
        network=valley.network,
        demand=valley.demand,
        standard=valley.standard,
        calls=load_calls(frame, valley.demand),
        replications=1,
        horizon_s=2 * 86400.0,
    )
    assert result.records["on_scene_at_s"].tolist() == [43200.0 + 10 + 20 + 60 + 100]


def test_a_model_that_begins_at_noon_is_simulated_with_the_crews_of_the_day(valley):
    from rescuesim.simulation import simulate

    found = {}
    for starts in ("2026-07-01T09:00", "2026-07-01T21:00"):
        model = CallModel(per_10k_people_year=20_000.0, starts=starts)
        options = {"network": valley.network, "demand": valley.demand, "standard": valley.standard}
        result = simulate(valley.plan("s1", units=3), calls=model, replications=1, horizon_s=3600.0, **options)
        records = result.records.dropna(subset=["rolling_at_s"])
        found[starts[-5:]] = set((records["rolling_at_s"] - records["alerted_at_s"]).round(6))
    assert found == {"09:00": {60.0}, "21:00": {120.0}}


def test_a_duplicate_is_no_incident_of_its_own_in_the_records(valley):
    from rescuesim.simulation import simulate

    frame = pd.DataFrame(
        {"id": ["a", "b"], "arrived_at_s": [0.0, 9.0], "point": ["d", "d"], "type": "fire", "duplicate_of": ["", "a"]}
    )
    options = {"network": valley.network, "demand": valley.demand, "standard": valley.standard}
    calls = load_calls(frame, valley.demand)
    result = simulate(valley.plan("s1"), calls=calls, replications=1, horizon_s=86400.0, **options)
    assert result.records["genuine"].tolist() == [True, False]


def test_a_position_means_the_nearest_point_within_the_limit(demand):
    from dataclasses import replace

    apart = replace(demand, lon=np.array([119.3, 119.4, 119.5]))
    frame = pd.DataFrame(
        {
            "arrived_at_s": [1.0, 2.0, 3.0],
            "name": ["", "下村", ""],
            "type": "fire",
            "lon": [119.497, 0.1, 119.44],
            "lat": 28.7,
        }
    )
    assert load_calls(frame, apart, match_limit_m=6000).point.tolist() == [2, 1, 1]
    with pytest.raises(InputError, match=r"row 3, column lon: .119\.44., expected a position within 1500 m"):
        load_calls(frame, apart)
    with pytest.raises(InputError, match=r"row 1, column name: .., expected a point's id, its name, or lon and lat"):
        load_calls(frame.assign(lon=np.nan, lat=np.nan).head(1), apart)


@pytest.mark.parametrize("starts", ["2023-07-01T00:00+08:00", 7])
def test_a_start_with_a_time_zone_or_of_another_kind_is_refused(tmp_path, demand, starts):
    path = written(tmp_path, "a,2023-07-01 08:00:30,下村,东乡,火灾,90,5,,2.5,30,60,")
    with pytest.raises(InputError, match="column starts"):
        load_calls(path, demand, starts=starts)
