"""Recorded incidents beside the model, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rescuesim.overrides import Overrides
from rescuesim.standard import load_standard

WHOLE = {
    "警情编号": "a",
    "报警时间": "2025-03-01 08:00:05",
    "警情类型": "火灾扑救",
    "需求点编号": "v1",
    "出动站点": "城区站",
    "接听时间": "08:00:11",
    "派警时间": "08:00:46",
    "出动时间": "08:01:36",
    "到场时间": "08:03:05",
    "启动处置时间": "08:03:35",
    "处置完毕时间": "09:18:35",
}


def times(replay, incident=0):
    mine = replay.stages[replay.stages["incident"] == incident]
    return dict(zip(mine["stage"], mine["recorded_s"], strict=True))


def test_every_stage_and_the_whole_are_compared(replayed):
    found = replayed([WHOLE])
    assert times(found) == {
        "answering": 6.0,
        "order": 35.0,
        "turnout": 50.0,
        "travel": 89.0,
        "set_up": 30.0,
        "on_scene": 4500.0,
        "response": 180.0,
        "to_action": 210.0,
    }
    medians = dict(zip(found.stages["stage"], found.stages["predicted_s"], strict=True))
    assert [medians[name] for name in ("answering", "order", "turnout", "set_up", "on_scene")] == [6, 35, 50, 30, 4500]
    pits = dict(zip(found.stages["stage"], found.stages["pit"], strict=True))
    assert all(pits[name] == pytest.approx(0.5, abs=0.01) for name in ("answering", "order", "turnout", "set_up"))
    assert found.incidents["drive_s"][0] == medians["travel"]


def test_a_single_stage_has_the_quantiles_of_its_lognormal(replayed):
    row = replayed([WHOLE]).stages.set_index("stage").loc["turnout"]
    law = stats.lognorm(np.log(70 / 50) / stats.norm.ppf(0.9), scale=50)
    assert (row["low_s"], row["high_s"]) == pytest.approx((law.ppf(0.1), law.ppf(0.9)))
    assert row["mean_s"] == pytest.approx(law.mean())
    assert row["pit"] == pytest.approx((law.cdf(49.5) + law.cdf(50.5)) / 2)


def test_the_whole_is_the_distribution_of_the_sum(replayed):
    found = replayed([WHOLE])
    row = found.stages.set_index("stage").loc["response"]
    parts = [(6, 12), (35, 60), (50, 70)]
    drive = found.incidents["drive_s"][0]
    rng = np.random.default_rng(7)
    drawn = sum(m * np.exp(np.log(p / m) / stats.norm.ppf(0.9) * rng.standard_normal(200_000)) for m, p in parts)
    drawn = drawn + drive * np.exp(0.25 * rng.standard_normal(200_000))
    assert row["predicted_s"] == pytest.approx(np.median(drawn), rel=0.01)
    assert (row["low_s"], row["high_s"]) == pytest.approx(tuple(np.quantile(drawn, (0.1, 0.9))), rel=0.02)
    assert row["mean_s"] == pytest.approx(drawn.mean(), rel=0.01)


def test_half_filled_rows_give_the_stages_that_they_have(replayed):
    some = {name: WHOLE[name] for name in ("警情编号", "报警时间", "需求点编号", "出动站点", "出动时间", "到场时间")}
    found = replayed([some])
    assert times(found) == {"answering + order + turnout": 91.0, "travel": 89.0, "response": 180.0}
    assert found.few == {("chain", "variation"): 1}


def test_durations_serve_in_place_of_moments(replayed):
    row = {"报警时间": "2025-03-01 08:00", "地点": "下村", "出动站点": "s2", "出动用时(秒)": 70, "行车用时(分钟)": 2.5}
    found = replayed([row])
    assert times(found) == {"turnout": 70.0, "travel": 150.0}
    assert found.stages["too_coarse"].tolist() == [False, False]


def test_a_time_of_day_after_midnight_is_on_the_next_day(replayed):
    row = {**WHOLE, "报警时间": "2025-03-01 23:59:01", "接听时间": "23:59:06", "派警时间": "23:59:41"}
    row |= {"出动时间": "00:00:41", "到场时间": "00:03:00", "启动处置时间": "", "处置完毕时间": "01:00:00"}
    found = replayed([row])
    assert times(found)["turnout"] == 60.0
    assert times(found)["set_up + on_scene"] == 57 * 60.0
    assert found.left_out == ()


def test_impossible_rows_are_listed_with_their_reason_and_nothing_else_is_lost(replayed):
    early = {**WHOLE, "警情编号": "b", "到场时间": "08:00:30"}
    negative = {"警情编号": "c", "报警时间": "2025-03-02 08:00", "需求点编号": "v1", "行车秒数": -5}
    unlike = {**WHOLE, "警情编号": "d", "行车秒数": 600}
    found = replayed([WHOLE, early, negative, unlike])
    assert [(one.row, one.id) for one in found.left_out] == [(2, "b"), (3, "c"), (4, "d")]
    said = [one.why for one in found.left_out]
    assert "on_scene_at 2025-03-01 08:00:30 is before rolling_at 2025-03-01 08:01:36" in said[0]
    assert "travel of -5 s" in said[1]
    assert "travel is given as 600 s and is 89 s by rolling_at and on_scene_at" in said[2]
    chinese = [one.why_zh for one in found.left_out]  # by the headers of the workbook, not by inner names
    assert "到场时间 2025-03-01 08:00:30 早于出动时间 2025-03-01 08:01:36" in chinese[0]
    assert chinese[1] == "行车用时为 -5 秒"
    assert "行车用时填 600 秒，而按出动时间与到场时间为 89 秒" in chinese[2]
    assert found.incidents["id"].tolist() == ["a"]
    assert any("3 rows left out" in note for note in found.notes)


def test_whole_minutes_are_too_coarse_for_short_stages_and_good_enough_for_long_ones(replayed):
    row = {name: cell[:-3] if name.endswith("时间") else cell for name, cell in WHOLE.items()}
    found = replayed([row] * 12)
    coarse = dict(zip(found.stages["stage"], found.stages["too_coarse"], strict=True))
    assert [coarse[name] for name in ("answering", "order", "turnout", "set_up", "on_scene", "response")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert set(found.errors["stage"]) & {"answering", "order", "turnout", "set_up"} == set()
    assert any("whole minutes" in note for note in found.notes)


def test_errors_are_the_plain_means_of_the_differences(replayed):
    rows = [{**WHOLE, "警情编号": str(k), "出动时间": f"08:01:{36 + k:02d}"} for k in range(12)]
    found = replayed(rows)
    every = found.errors
    row = every[(every["stage"] == "turnout") & (every["crew"] == "brigade") & (every["shift"] == "day")].iloc[0]
    recorded = 50.0 + np.arange(12)
    mean = 50 * np.exp((np.log(1.4) / stats.norm.ppf(0.9)) ** 2 / 2)
    assert row["n"] == 12
    assert row["bias_s"] == pytest.approx((recorded - mean).mean())
    interval = stats.t.interval(0.95, 11, loc=(recorded - mean).mean(), scale=stats.sem(recorded))
    assert (row["bias_low_s"], row["bias_high_s"]) == pytest.approx(interval)
    assert row["mae_s"] == pytest.approx(np.abs(recorded - 50).mean())
    assert row["inside_80"] == 1.0
    assert (row["inside_80_low"], row["inside_80_high"]) == pytest.approx(
        tuple(stats.binomtest(12, 12).proportion_ci(method="wilson")), abs=1e-9
    )


def test_fewer_than_the_minimum_are_withheld_and_counted(replayed):
    found = replayed([{**WHOLE, "警情编号": str(k)} for k in range(9)])
    assert found.errors.empty
    assert found.suggestions == ()
    assert found.few[("turnout", "brigade", "day")] == 9
    assert not found.overrides


def test_a_unit_not_recorded_is_the_one_that_the_policy_sends_of_those_not_busy(replayed):
    near = {name: cell for name, cell in WHOLE.items() if name != "出动站点"} | {"需求点编号": "v2"}
    again = {**near, "警情编号": "b", "报警时间": "2025-03-01 08:02:00", "警情类型": "社会救助"}
    again |= {name: "" for name in again if name.endswith("时间") and name != "报警时间"}
    found = replayed([near, again])
    assert found.incidents["site"].tolist() == ["s2", "s1"]  # the nearer one is still on the first
    assert found.incidents["recorded_site"].tolist() == [False, False]
    assert not [key for key in found.few if key[0] == "turnout"]  # nobody knows whose turnout it was
    assert any("2 incidents without a recorded station" in note for note in found.notes)


def closed(lon, lat, label):
    return pd.DataFrame(
        {
            "lon": [lon],
            "lat": [lat],
            "length_m": [50],
            "closed_at": ["2025-03-01 06:00"],
            "reopened_at": ["2025-03-01 12:00"],
            "label": [label],
        }
    )


def at_another_hour(row, hour):
    return {name: cell.replace("09:", f"{hour + 1}:").replace("08:", f"{hour}:") for name, cell in row.items()}


def test_a_closure_lengthens_the_drives_of_its_hours_alone_and_is_named_where_the_fit_is_bad(replayed):
    first = {**WHOLE, "出动站点": "东站", "到场时间": "08:03:00"}
    later = {**at_another_hour(first, 13), "警情编号": "b"}
    found = replayed([first, later], closures=closed(119.310, 28.705, "东溪桥"))
    assert found.incidents["closures"].tolist() == [1, 0]
    round_s, straight_s = found.incidents["drive_s"]
    assert round_s > 1.2 * straight_s
    assert straight_s == found.incidents["intact_s"][0] == found.incidents["intact_s"][1]
    worst = found.worst.set_index("id").loc["a"]
    assert worst["stage"] == "travel"
    assert any("东溪桥" in why and "perhaps it was passable" in why for why in worst["why"])


def test_a_drive_to_where_the_model_has_no_way_fits_worst(replayed):
    found = replayed([WHOLE, {**at_another_hour(WHOLE, 13), "警情编号": "b"}], closures=closed(119.305, 28.700, "塌方"))
    assert "travel" not in times(found, 0)
    assert "travel" in times(found, 1)
    worst = found.worst.iloc[0]
    assert (worst["id"], worst["stage"], worst["recorded_s"], worst["predicted_s"]) == ("a", "travel", 89.0, np.inf)
    assert any("塌方" in why and "no way is left" in why for why in worst["why"])


def test_another_incident_of_the_crew_is_named_where_it_turned_out_late(replayed):
    second = {
        **WHOLE,
        "警情编号": "b",
        "报警时间": "2025-03-01 08:20:00",
        "派警时间": "08:21:00",
        "出动时间": "08:40:00",
    }
    second |= dict.fromkeys(("接听时间", "到场时间", "启动处置时间", "处置完毕时间"), "")
    found = replayed([WHOLE, second])
    why = found.worst.set_index("id").loc["b"]["why"]
    assert any("all units of s1 were on another incident: a" in str(one) for one in why)
    assert any("near the change of shift" in str(one) for one in why)


def test_an_address_with_a_village_and_its_township_is_that_village(replayed):
    rows = [
        {"报警时间": "2025-03-01 08:00", "地址": "西乡上村12号", "出动站点": "s1", "行车秒数": 60},
        {"报警时间": "2025-03-01 09:00", "地址": "东乡 上村 祠堂旁", "出动站点": "s1", "行车秒数": 60},
    ]
    assert replayed(rows).incidents["township"].tolist() == ["西乡", "东乡"]


def test_own_positions_are_taken_as_they_are(replayed):
    row = {
        "报警时间": "2025-03-01 08:00",
        "lon": 119.3099,
        "lat": 28.7,
        "地点": "人民路口",
        "出动站点": "s1",
        "行车秒数": 60,
    }
    found = replayed([row], crs="wgs84")
    assert found.incidents["place"].tolist() == ["人民路口"]
    assert 0 < found.incidents["drive_s"][0] < replayed([WHOLE]).incidents["drive_s"][0]


def test_overrides_in_force_are_kept_in_the_suggestion(replayed):
    base = Overrides(turnout={"micro_station": {"day": load_standard().crews["brigade"].turnout["day"]}})
    found = replayed([WHOLE], overrides=base, standard=load_standard(overrides=base))
    assert found.overrides.turnout == base.turnout
    assert "[turnout.micro_station.day]" in found.overrides_toml()
