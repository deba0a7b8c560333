"""What a bureau chief reads of a siting: the answer first, people and money, only just, depots, states, no English."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.report.explanation_words import CAUSES, WORDS
from rescuesim.report.frontier import plot_frontier
from rescuesim.report.siting_files import force_summary, in_table_language, siting_summary
from rescuesim.report.siting_phrases import condition_words, has_words, message_words, note_words
from rescuesim.report.siting_words import siting_facts
from rescuesim.siting import default_staffing
from rescuesim.siting.explain.over_states import StateView
from rescuesim.siting.force import force_composition, force_totals
from rescuesim.siting.medians.shares import Served
from rescuesim.siting.models.capacitated import _message
from rescuesim.siting.relaxation import relaxation_words

STANDARD = rs.load_standard(inner="quick_rescue_135", outer="circle_15min")
LIMITS = {crew: STANDARD.worst_shift_limit_s(crew, "built_up") for crew in ("brigade", "micro_station")}


def town(first: float, second: float, *, crew: str = "micro_station", **sites: Any) -> rs.TravelTimes:
    """Return two sites and two villages in town: an open site by the first village, and drives to the second one."""
    table = {"id": ["s0", "s1"], "name": ["东站", "西站"], "status": ["existing", "candidate"], "crew": [crew, crew]}
    return rs.TravelTimes.from_matrix(
        [[0.0, first], [900.0, second]],
        sites=pd.DataFrame(table | {"cost": [0, 4]} | sites),
        demand=pd.DataFrame(
            {"id": ["a", "b"], "name": ["甲村", "乙村"], "people": [50, 20], "zone": ["built_up", "built_up"]}
        ),
    )


def one_site(times: rs.TravelTimes) -> rs.SitingSolution:
    return rs.site(times, rs.MaxCoverage(1), standard=STANDARD)


def test_a_change_of_crew_says_the_people_it_takes_and_that_its_money_is_not_known() -> None:
    solution = one_site(town(LIMITS["brigade"] - 12.0, 900.0))
    row = solution.explain().points.iloc[0]
    assert (row["fix"], row["fix_crew"], row["fix_people"], row["fix_more_people"]) == ("staff", "brigade", 15, 7)
    assert np.isnan(row["fix_cost"])
    assert not row["only_just"]
    said = rs.explanation_in_words(solution, lang="zh")
    assert "东站改由消防救援站值守（编制须 15 人（增 7 人），经费未知）：时限 110 秒，行车 98 秒，可以覆盖" in said


def test_a_limit_kept_by_seconds_is_only_just_and_a_sufficient_site_stands_before_it() -> None:
    just = LIMITS["brigade"] - 1.5
    alone = one_site(town(just, 900.0))
    row = alone.explain().points.iloc[0]
    assert (row["fix"], row["only_just"]) == ("staff", True)
    assert row["fix_margin_s"] == pytest.approx(1.5, abs=0.01)
    assert "刚刚够，余量 1.5 秒，不能算可靠" in rs.explanation_in_words(alone, lang="zh")
    assert "可以覆盖" not in rs.explanation_in_words(alone, lang="zh").split("未覆盖的点")[1]
    with_site = one_site(town(just, 10.0)).explain().points.iloc[0]
    assert (with_site["fix"], with_site["fix_cost"], with_site["fix_more_people"]) == ("open", 4, 8)
    assert (with_site["just_fix"], with_site["just_crew"], with_site["only_just"]) == ("staff", "brigade", False)


def test_people_covered_by_seconds_are_counted_in_the_answer() -> None:
    solution = one_site(town(LIMITS["micro_station"] - 9.0, 900.0))
    told = solution.explain()
    assert (told.people_covered, told.people_only_just) == (70.0, 20.0)
    assert "20 人只是刚刚够" in rs.explanation_in_words(solution, lang="zh")
    assert one_site(town(LIMITS["micro_station"] - 10.0, 900.0)).explain().people_only_just == 0.0


def test_people_on_call_are_not_taken_for_a_crew_that_holds_shifts() -> None:
    solution = one_site(town(LIMITS["micro_station"] - 20.0, 900.0, crew="township_duty"))
    row = solution.explain().points.set_index("id").loc["b"]
    assert (row["fix_crew"], row["fix_people"], row["fix_more_people"]) == ("micro_station", 8, 8)


def test_the_answer_opens_the_words_and_weights_close_them() -> None:
    solution = one_site(town(900.0, 10.0))
    facts = siting_facts(solution, {"a": 50.0, "b": 20.0}, "zh")
    assert facts[0].startswith("建成覆盖率（静态，以标准管辖的 70 人为分母）：71.4%，即 50 人")
    assert [line[:2] for line in facts[1:5]] == ["开设", "力量", "费用", "把握"]
    assert facts[-1].startswith("技术指标：已证明最优，覆盖权重 50")
    lines = rs.explanation_in_words(solution, lang="en").splitlines()
    assert lines[0].startswith("Built coverage (static, of the 70 people under the standard): 71.4%")
    assert lines[-1].startswith("Technical: proved optimal")


def test_a_stand_in_is_rated_by_what_the_site_alone_covers() -> None:
    times = rs.TravelTimes.from_matrix(
        [[10, 10, 900, 900], [10, 900, 900, 10], [900, 900, 10, 900]],
        sites=pd.DataFrame({"id": ["x", "y", "z"], "status": ["candidate", "candidate", "existing"]}),
        demand=pd.DataFrame({"id": list("abcd"), "people": [30, 70, 900, 5]}),
    )
    solution = rs.site(times, rs.MaxCoverage(2), limit_s=100)
    row = solution.explain().sites.set_index("id").loc["x"]
    assert (row["alone_people"], row["replacement"], row["kept_people"], row["new_people"]) == (100, "y", 30, 5)
    assert row["kept_share"] == pytest.approx(0.3)
    said = rs.explanation_in_words(solution, lang="zh")
    assert "可由y代替：只有它覆盖的 100 人中保留 30 人（30%），另新覆盖 5 人" in said


def test_points_out_of_reach_of_all_candidates_are_the_same_under_every_plan() -> None:
    rng = np.random.default_rng(3)
    sites = pd.DataFrame({"id": [f"s{j}" for j in range(8)], "crew": ["micro_station", "township_duty"] * 4})
    demand = pd.DataFrame({"id": [f"d{i}" for i in range(40)], "people": 1, "zone": ["built_up", "suburb"] * 20})
    times = rs.TravelTimes.from_matrix(rng.uniform(60, 1200, (8, 40)), sites=sites, demand=demand)
    beyond = []
    for number in (1, 3, 6):
        solution = rs.site(times, rs.MaxCoverage(number), standard=STANDARD)
        points = solution.explain().points
        beyond.append(points.loc[points["cause"] == "no_candidate", "id"].tolist())
        assert beyond[-1] == solution.uncoverable["id"].tolist()
    assert beyond[0]
    assert beyond[0] == beyond[1] == beyond[2]


def test_depots_are_called_depots_and_turn_nobody_out() -> None:
    times = rs.TravelTimes.from_matrix(
        [[60, 900], [900, 200], [900, 100]],
        sites=pd.DataFrame({"id": ["k1", "k2", "s1"], "kind": ["depot", "depot", "station"]}),
        demand=pd.DataFrame({"id": ["a", "b"], "people": [5, 4]}),
    )
    solution = rs.site(times, rs.MaxCoverage(1), limit_s=300, kind="depot")
    zh, en = (rs.explanation_in_words(solution, lang=lang) for lang in ("zh", "en"))
    assert "开设 1 处物资库" in zh
    assert "再看增设物资库" in zh
    for word in ("站点（", "救援站", "建成覆盖率", "队伍", "每次呼叫", "处站点"):
        assert word not in zh
    for word in ("crew", "station", "promise for each call", "roll"):
        assert word not in en
    assert force_totals(force_composition(solution.plan, times.sites)) == {
        "people": 0,
        "people_new": 0,
        "turn_out": 0,
        "people_day": 0,
        "people_night": 0,
        "sites_unknown": 1,
    }
    assert "人数未知" in zh


def test_a_plan_for_the_worst_states_is_explained_state_by_state() -> None:
    intact = town(80.0, 900.0)
    solution = one_site(intact)
    view = StateView(
        table=pd.DataFrame({"state": ["晴", "塌方"], "probability": [0.75, 0.25], "share": [1.0, 50 / 70]}),
        points=pd.DataFrame(
            {
                "id": ["b"],
                "name": ["乙村"],
                "township": [""],
                "people": [20.0],
                "missed_share": [0.25],
                "cut_share": [0.25],
                "detour_share": [0.0],
                "cause": ["cut"],
            }
        ),
        people=70.0,
    )
    solution._explained.append(replace(solution.explain(), states=view))
    solution._explained.pop(0)
    said = rs.explanation_in_words(solution, lang="zh")
    assert "按 2 种路况：平均 92.9%，最差的路况（塌方）71.4%" in said
    assert "主要因道路中断，开设的站点都到不了：1 个点、20 人" in said
    assert "乙村（20 人）：25.0% 的路况下不能覆盖，其中断路 25.0%、绕行超时 0.0%" in said
    assert "按道路完好计算" in said
    assert in_table_language(view.points, "zh")["原因归类"].tolist() == ["主要因道路中断"]


def test_people_of_a_plan_stand_in_files_by_site_and_shift_and_unknown_ones_are_said() -> None:
    solution = one_site(town(900.0, 10.0, roster=[12, 0]))
    force = force_composition(solution.plan, solution.asked.problem.times.sites)  # type: ignore[union-attr]
    assert force[["people_day", "people_night", "roster"]].values.tolist() == [[4, 4, 12]]
    summary = siting_summary(solution, standard=STANDARD, limit_s=None)
    assert json.loads(json.dumps(summary["force"]))["people"] == 12
    unknown = rs.SitingConstraints(staffing={"brigade": default_staffing()["brigade"]})
    asked = rs.site(town(900.0, 10.0), rs.MaxCoverage(1), standard=STANDARD, constraints=unknown)
    found: Any = force_summary(asked)
    assert found["sites"][0]["roster"] is None
    assert found["sites_unknown"] == 1
    assert "staffing not known" in found["notes"][0]
    assert "人数未知" in rs.explanation_in_words(asked, lang="zh")


@pytest.mark.parametrize(
    "text",
    [
        "stopped at the gap that was asked for",
        "stopped at the limit: the plan is feasible and the gap says how far it may be from the best",
        "stopped at the limit before any plan was found",
        "no choice of sites keeps all side conditions",
        "no choice of 1 to 7 sites keeps all side conditions",
        "no openable site reaches any point",
        "n_sites 3 is less than the 4 existing and required sites, which stay open",
        "budget 3.5 is less than the cost of existing and required sites, 4.25",
        "objective 2, min_cost, cannot be met by any plan that keeps the objectives before it",
        "3 sites without a township are in none of the groups per township",
        "2 pairs of sites that stay open are nearer to each other than asked",
        "site S1: 4 people on the roster, 8 needed to muster with confidence 0.9; 8 are counted",
        "budget 3.5: amounts rounded up to whole 0.1, the bound down",
        "at least 500 m between a, b",
        "a only with b or c",
        "budget 30, with all of 省补 and 市补 spent",
    ],
)
def test_what_models_say_has_chinese_words(text: str) -> None:
    assert has_words(text)
    said = [say(text, "zh") for say in (message_words, condition_words, note_words)]
    chinese = [one for one in said if one != text and re.search("[\u4e00-\u9fff]", one)]
    assert chinese
    assert not any(re.search(r"\b(the|of|sites|people|amounts|at least|only)\b", one) for one in chinese)


def test_a_relaxation_is_told_in_chinese() -> None:
    table = pd.DataFrame(
        [("budget 30", "at most", 30.0, 32.5, 2.5), ("site S1, required", "open", 1.0, 0.0, -1.0)],
        columns=["condition", "sense", "asked", "needed", "change"],
    )
    said = message_words(relaxation_words(table), "zh")
    assert said == "没有方案能满足全部条件；最小的放宽：经费上限 30：由 30 提高到 32.5；必建站点 S1：允许关闭"
    assert in_table_language(table, "zh")["方向"].tolist() == ["至多", "须开设"]


def test_every_template_has_the_same_places_in_both_languages_but_for_grammar() -> None:
    for key, (zh, en) in {**WORDS, **CAUSES}.items():
        places = [set(re.findall(r"{(\w+)}", one)) for one in (zh, en)]
        assert places[0] ^ places[1] <= {"n", "kind", "kinds", "of_crew", "points"}, key


@pytest.mark.parametrize(
    ("status", "most", "proved"), [("optimal", 90, True), ("feasible", 90, False), ("feasible", 60, True)]
)
def test_what_capacity_leaves_out_is_told_apart_from_a_search_that_stopped(
    status: str, most: float, proved: bool
) -> None:
    none = np.zeros(0)
    served = Served(status=status, opened=none > 0, shares=none, cost=1.0, bound=0.0, weight=60.0, reachable=100.0)
    said = _message(served, most)
    assert said.startswith("proved" if proved else "stopped at the limit")
    assert has_words(said)
    assert ("已证明" in message_words(said, "zh")) == proved


def test_the_figure_of_a_frontier_speaks_of_built_coverage_only_where_weights_are_people() -> None:
    found = rs.frontier(town(900.0, 10.0), rs.MaxCoverage(2), standard=STANDARD)
    under = rs.site(town(900.0, 10.0), rs.MaxCoverage(2), standard=STANDARD).explain().people
    assert (found.weight, found.weighs_people) == (under, True)
    ax = plot_frontier(found, lang="en")
    assert ax.get_ylabel() == f"built coverage (% of {under:,.0f} people under the standard)"
    assert max(ax.lines[0].get_ydata()) == pytest.approx(100 * found.points["objective"].max() / under)
    weighed = plot_frontier(replace(found, weighs_people=False), lang="en")
    assert weighed.get_ylabel() == "covered weight (% of 70; not built coverage)"
