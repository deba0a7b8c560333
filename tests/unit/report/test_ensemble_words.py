"""What an ensemble tells in words: whose plan is better, whether that is chance, and what the event takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ensemble_cases import town_study

from rescuesim.report.attainment import attained, clock_from_s, counted_calls
from rescuesim.report.ensemble_words import (
    _SENTENCES,
    _attained_lines,
    _difference_line,
    _over,
    ensemble_attainment,
    ensemble_in_words,
    event_result,
)
from rescuesim.simulation.ensemble import Ensemble, open_ensemble, simulate_ensemble


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Ensemble:
    folder = tmp_path_factory.mktemp("study")
    simulate_ensemble(out=folder / "out", seats=1, queue="priority", **town_study(folder))
    return open_ensemble(folder / "out")


def test_it_says_what_was_simulated(study: Ensemble) -> None:
    text = "\n".join(ensemble_in_words(study))
    for part in (
        "2 plans through 3 conditions (plans: today, plan; conditions: intact, bridge, floods)",
        "6 replications of 24 h each, seed 3",
        "bridge: 1 event; all is as before after 7 h.",
        "floods: 4 events, replications go through them in turn; all is as before after 7 h.",
        "Settings: queue = priority; seats = 1; the others as `simulate` does by itself.",
        "all limits of quick_rescue_135 + circle_15min",
    ):
        assert part in text
    chinese = "\n".join(ensemble_in_words(study, lang="zh"))
    for part in ("2 个方案（现状、方案）", "3 种情景（正常、bridge、floods）", "各 6 次重复", "每次 24 小时"):
        assert part in chinese
    assert "100%" not in text + chinese
    assert "{" not in text + chinese


def test_the_figures_are_counted_from_the_records_alone(study: Ensemble) -> None:
    table = ensemble_attainment(study).set_index(["disruption", "plan"])
    for disruption, until_s in (("intact", np.inf), ("bridge", 7 * 3600.0), ("floods", 7 * 3600.0)):
        sums = {}
        for plan in study.plans:
            result = study.result(plan=plan, disruption=disruption)
            calls = counted_calls(result)
            calls = calls[clock_from_s(calls) < until_s]
            sums[plan] = (int(attained(calls, result.standard).sum()), len(calls))
            row = table.loc[(disruption, plan)]
            assert (row["attained"], row["calls"]) == sums[plan]
        gain = sums["plan"][0] / sums["plan"][1] - sums["today"][0] / sums["today"][1]
        assert table.loc[(disruption, "plan"), "gain"] == pytest.approx(gain)
    assert np.isnan(table.loc[("intact", "plan"), "change"])


def test_an_event_is_held_against_the_same_hours_of_normal_days(study: Ensemble) -> None:
    row = ensemble_attainment(study).set_index(["disruption", "plan"]).loc[("bridge", "today")]
    usual = event_result(study, plan="today", disruption="intact", during="bridge")
    calls = counted_calls(usual)
    assert clock_from_s(calls).max() < 7 * 3600.0
    assert row["calls"] == len(calls)
    expected = row["share"] - attained(calls, usual.standard).mean()
    assert row["change"] == pytest.approx(expected)


def test_a_difference_is_told_with_its_interval_and_whether_chance_explains_it(study: Ensemble) -> None:
    rows = ensemble_attainment(study)
    lines = ensemble_in_words(study)
    said = {"beyond chance", "may be chance", "as many calls", "too few replications"}
    for row in rows[rows["plan"] == "plan"].to_dict("records"):
        line = next(one for one in lines if one.startswith(f"{row['disruption']}: plan ") and " today" in one)
        clear = row["gain_low"] > 0 or row["gain_high"] < 0
        assert ("beyond chance" in line) == clear
        assert sum(words in line for words in said) == 1


def test_when_events_are_over_is_said_of_each_kind() -> None:
    told = [
        _over([3600.0 * hours for hours in some], 86_400.0, "en") for some in ([7.0], [7.0, 9.0], [30.0], [7.0, 30.0])
    ]
    assert told == [
        "all is as before after 7 h.",
        "all is as before after 7–9 h.",
        "not all is as before at the end.",
        "in 1 of them not all is as before at the end, in the others after 7 h.",
    ]


@pytest.mark.parametrize(
    ("found", "part"),
    [
        ((0.1, 0.05, 0.15), "is better than today by 10.0 [5.0, 15.0] points, beyond chance"),
        ((-0.1, -0.15, -0.05), "is worse than today by 10.0 [5.0, 15.0] points, beyond chance"),
        ((0.1, -0.05, 0.25), "differs from today by +10.0 [−5.0, +25.0] points, which may be chance"),
        ((0.1, np.nan, np.nan), "differs from today by +10.0 points; too few replications"),
        ((0.0, 0.0, 0.0), "attained as many calls in every replication"),
    ],
)
def test_better_worse_and_chance_are_told_apart(found: tuple[float, float, float], part: str) -> None:
    row = {"disruption": "intact", "plan": "plan", "baseline": "today", "normal": ""}
    row |= dict(zip(("gain", "gain_low", "gain_high"), found, strict=True))
    (line,) = _difference_line(row, "gain", _SENTENCES["gain"], "en")
    assert part in line
    (chinese,) = _difference_line(row, "gain", _SENTENCES["gain"], "zh")
    assert ("，超出随机波动" in chinese) == ("beyond chance" in part)
    assert ("未超出随机波动" in chinese) == ("may be chance" in part)


def test_what_an_event_takes_is_told_with_what_it_is_counted_from(study: Ensemble) -> None:
    """The share of all days of normal operation stands above and is another one."""
    for plan in study.plans:
        usual = event_result(study, plan=plan, disruption="intact", during="bridge")
        calls = counted_calls(usual)
        kept = attained(calls, usual.standard)
        lines = [line for line in ensemble_in_words(study) if line.startswith("bridge") and "the same time" in line]
        assert any(f"(the same time: {kept.mean():.1%} of {len(calls)} calls)" in line for line in lines)


def test_reasons_add_up_to_the_calls_that_were_missed() -> None:
    row = {"disruption": "intact", "plan": "plan", "calls": 60, "share": 0.5, "low": 0.4, "high": 0.6}
    stage = pd.Series({"since": "arrived", "stage": "on_scene", "limit_s": 900.0})
    many = pd.Series({"drive": 20, "turnout": 5, "answering": 3, "set_up": 1, "order": 1})
    for lang, rest in (("en", "; other reasons 2."), ("zh", "、其他原因 2。")):
        assert _attained_lines(row, (stage, many), lang)[-1].endswith(rest)
        assert "2" not in _attained_lines(row, (stage, many[:3]), lang)[-1].rpartition("3")[2]


def test_a_name_that_looks_like_several_is_quoted_and_only_events_that_were_met_count(tmp_path: Path) -> None:
    asked = town_study(tmp_path, replications=2)
    events = {"intact": None, "断路、断网": asked["disruptions"]["floods"]}
    found = simulate_ensemble(out=tmp_path / "out", **{**asked, "disruptions": events})
    chinese = "\n".join(ensemble_in_words(found, lang="zh"))
    assert "2 种情景（正常、“断路、断网”）" in chinese
    assert "灾情抽取 4 种，2 次重复依次采用前 2 种；" in chinese
    assert "4 events are drawn, of which 2 replications meet the first 2;" in "\n".join(ensemble_in_words(found))


def test_one_replication_is_too_few_to_tell(tmp_path: Path) -> None:
    found = simulate_ensemble(out=tmp_path / "out", **town_study(tmp_path, replications=1, disruptions={"days": None}))
    lines = ensemble_in_words(found)
    assert any("too few replications" in line for line in lines)
    assert not any("beyond chance" in line for line in lines)
    assert any("1 replication of" in line for line in lines)


def test_words_are_those_of_who_asked_and_none_of_a_folder_that_says_nothing(tmp_path: Path) -> None:
    asked = town_study(tmp_path, replications=1, disruptions={"intact": None})
    found = simulate_ensemble(out=tmp_path / "out", said=("Two seats.",), **asked)
    assert "Two seats." in ensemble_in_words(open_ensemble(found.out), lang="zh")
    (found.out / "county.json").unlink()
    with pytest.raises(ValueError, match=r"county\.json"):
        ensemble_in_words(open_ensemble(found.out))
    assert ensemble_in_words(replace(found))
