"""The words of an explanation in Chinese and English: templates whose places `siting_explained` fills."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CAUSES", "WORDS"]

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "missed": (
            "未覆盖{roads}：{points} 个点、{people} 人。原因：",
            "Not covered{roads}: {points} points, {people} people. Why:",
        ),
        "on_intact": ("（道路完好时）", " on unbroken roads"),
        "by_state": (
            "按 {n} 种路况看，至少一种路况下不能覆盖的：{points} 个点、{people} 人：",
            "Over the {n} states of the roads, missed in one of them at least: {points} points, {people} people:",
        ),
        "state_always": (
            "  道路完好时就不能覆盖：{points} 个点、{people} 人",
            "  missed on unbroken roads already: {points} points, {people} people",
        ),
        "state_cut": (
            "  主要因道路中断，开设的{kind}都到不了：{points} 个点、{people} 人",
            "  mostly cut off from every open {kind}: {points} points, {people} people",
        ),
        "state_detour": (
            "  主要因绕行，到得了但超过时限：{points} 个点、{people} 人",
            "  mostly reached too late, by another way: {points} points, {people} people",
        ),
        "state_worst": (
            "道路完好时能覆盖、受路况影响最大的前 {n} 个（人数乘以不能覆盖的概率）：",
            "Covered on unbroken roads and hit hardest by the states (people times probability):",
        ),
        "state_point": (
            "  {name}（{people} 人）：{missed} 的路况下不能覆盖，其中断路 {cut}、绕行超时 {detour}",
            "  {name} ({people} people): missed in {missed} of the states, cut off in {cut}, too late in {detour}",
        ),
        "intact_below": (
            "以下措施、{kind}作用和相近方案按道路完好计算，不是按各种路况：",
            "Measures, {kinds} and other plans below are worked out on unbroken roads, not over the states:",
        ),
        "nothing_missed": (
            "有时限的点都在时限之内{roads}。",
            "Every point that has a limit lies within it{roads}.",
        ),
        "outside": (
            "另有 {points} 个点、{people} 人所在区域没有标准，只作统计。",
            "Besides, {points} points with {people} people lie in zones without a standard: they are only reported.",
        ),
        "unserved": (
            "无路可达：{points} 个点、{people} 人。",
            "No road leads to {points} points with {people} people.",
        ),
        "cause_line": ("  {cause}：{points} 个点、{people} 人", "  {cause}: {points} points, {people} people"),
        "staff_first": (
            "先看人员（不建新站，按每多覆盖一人所需增编从少到多；逐项单独计算，不能相加）：",
            "Staffing first (no building; fewest additional people for each one covered first; they do not add up):",
        ),
        "no_staff": (
            "在已开设的{kind}调整人员，覆盖不了更多的点。",
            "No change of staff at an open {kind} would cover more.",
        ),
        "staff": (
            "  {site}：由{now}改为{crew}，{takes}；净增 {points} 个点、{people} 人{sure}",
            "  {site}: {crew} instead of {now}, {takes}: {points} more points, {people} people (net){sure}",
        ),
        "equip": (
            "  {site}：为{crew}补齐所缺的能力，{takes}；净增 {points} 个点、{people} 人{sure}",
            "  {site}: giving the {crew} the capabilities it lacks, {takes}: {points} more points, "
            "{people} people{sure}",
        ),
        "steady": (
            "  {site}：{crew}各班次都按最好的班次值守，{takes}；净增 {points} 个点、{people} 人{sure}",
            "  {site}: staffing every shift of the {crew} as the best one, {takes}: {points} more points, "
            "{people} people{sure}",
        ),
        "takes_more": (
            "编制须 {roster} 人（增 {more} 人），经费未知",
            "takes {roster} people on the roster ({more} more), money not known",
        ),
        "takes_no_more": (
            "编制须 {roster} 人（不增编），经费未知",
            "takes {roster} people on the roster (none more than now), money not known",
        ),
        "takes_unknown": ("所需人数和经费未知", "people and money it takes are not known"),
        "sure_all": ("", ""),
        "sure_part": (
            "（其中 {n} 人只是刚刚够，余量不足 {margin} 秒）",
            " ({n} of them only just, by less than {margin} s)",
        ),
        "build": (
            "再看增设{kind}（按每多覆盖一人的费用从少到多；逐项单独计算，不能相加）：",
            "Then more {kinds} (least cost for each one covered first; they do not add up):",
        ),
        "open": (
            "  {site}（{crew}费用 {cost}{staff}）：增加 {points} 个点、{people} 人{sure}",
            "  {site} ({crew}cost {cost}{staff}): {points} more points, {people} people{sure}",
        ),
        "open_staff": ("，编制 {roster} 人", ", {roster} people"),
        "open_staff_unknown": ("，人数未知", ", people not known"),
        "worst": ("未覆盖的点，按人口列出前 {n} 个：", "The uncovered points with the most people:"),
        "point": ("  {name}（{people} 人）：{cause}；{fix}", "  {name} ({people} people): {cause}; {fix}"),
        "fix_staff": (
            "{site}改由{crew}值守（{takes}）：时限 {limit}，行车 {drive}，{verdict}",
            "a {crew} at {site} ({takes}): limit {limit}, drive {drive}, {verdict}",
        ),
        "fix_equip": (
            "{site}现有队伍补齐所缺的能力（{takes}）：时限 {limit}，行车 {drive}，{verdict}",
            "the crew at {site} with all capabilities ({takes}): limit {limit}, drive {drive}, {verdict}",
        ),
        "fix_steady": (
            "{site}各班次都按最好的班次值守（{takes}）：时限 {limit}，行车 {drive}，{verdict}",
            "every shift at {site} staffed as the best ({takes}): limit {limit}, drive {drive}, {verdict}",
        ),
        "fix_open": (
            "开设{site}（费用 {cost}{staff}）：行车 {drive}，{verdict}",
            "opening {site} (cost {cost}{staff}): drive {drive}, {verdict}",
        ),
        "fix_open_and_staff": (
            "开设{site}并由{crew}值守（费用 {cost}{staff}）：时限 {limit}，行车 {drive}，{verdict}",
            "opening {site} with a {crew} (cost {cost}{staff}): limit {limit}, drive {drive}, {verdict}",
        ),
        "enough": ("可以覆盖", "which covers it"),
        "only_just": (
            "刚刚够，余量 {margin}，不能算可靠",
            "only just, {margin} to spare: not to be relied on",
        ),
        "or_open": ("；或开设{site}（费用 {cost}{staff}）{just}", "; or opening {site} (cost {cost}{staff}){just}"),
        "or_just": ("，也只是刚刚够，余量 {margin}", ", only just too, {margin} to spare"),
        "but_just": (
            "；只动人员（{site}{crew}，{more}）也刚刚够，余量 {margin}，不能算可靠",
            "; staff alone ({crew} at {site}, {more}) is only just enough, {margin} to spare",
        ),
        "more_people": ("增 {more} 人", "{more} more people"),
        "more_unknown": ("人数未知", "people not known"),
        "same_crew": ("加强值守", "better staffing"),
        "fix_far": (
            "候选{kind}都够不着，最近的仍超出时限 {over}",
            "no candidate reaches it, the nearest is {over} over the longest limit{of_crew}",
        ),
        "fix_two": ("单项措施不够，须同时采取两项", "no single measure is enough, it takes two"),
        "fix_crewless": (
            "任何队伍从任何候选站点都达不到，须改变标准或出动方式",
            "no crew can keep the limit from any candidate: it takes another reading or another way to turn out",
        ),
        "fix_road": ("没有道路可达，须先修路或另设出动方式", "no road: it takes a road or another way to get there"),
        "fix_none": ("标准没有规定时限，只作统计", "the standard sets no limit here, it is only reported"),
        "fix_full": ("须增加容量或就近增设", "it takes more capacity or another site near it"),
        "sites": ("各{kind}的作用：", "What each {kind} is there for:"),
        "site": (
            "  {name}：覆盖 {points} 个点、{people} 人，其中 {alone} 个点、{alone_people} 人只有它能覆盖",
            "  {name}: covers {points} points, {people} people; it alone covers {alone} points, {alone_people} people",
        ),
        "site_time": (
            "  {name}：若不设，总用时增加 {lost}",
            "  {name}: without it the total of weight times time grows by {lost}",
        ),
        "site_plain": ("  {name}", "  {name}"),
        "needed": ("；不设则违反条件（{conditions}）", "; without it a condition would be broken ({conditions})"),
        "idle": ("；不设也不减少覆盖", "; nothing is lost without it"),
        "stand_in": (
            "；可由{site}代替：只有它覆盖的 {alone_people} 人中保留 {kept_people} 人（{kept}）{besides}",
            "; {site} could stand in: of the {alone_people} people it alone covers {kept_people} ({kept}) "
            "are kept{besides}",
        ),
        "stand_in_full": (
            "；可由{site}代替，只有它覆盖的人全部保留{besides}",
            "; {site} could stand in and keeps all whom it alone covers{besides}",
        ),
        "besides": ("，另新覆盖 {new} 人", ", and {new} more are covered besides"),
        "stand_in_time": (
            "；可由{site}代替，增加的用时可免去 {kept}",
            "; {site} could stand in and would spare {kept} of that",
        ),
        "stand_in_reach": ("；可由{site}代替", "; {site} could stand in"),
        "no_stand_in": ("；没有可代替的{kind}", "; no {kind} could stand in"),
        "fixed": ("；已有或必建，不变", "; existing or required, it stays"),
        "rest": ("  其余 {n} 处见表格。", "  The other {n} are in the table."),
        "sure_open": (
            "已证明：凡比本方案更好的方案都要开设：{names}。",
            "Proved: every better plan would open {names}.",
        ),
        "sure_shut": (
            "已证明：凡比本方案更好的方案都不开设其中 {n} 处候选{kind}。",
            "Proved: no better plan would open {n} of the other candidates.",
        ),
        "alternatives": (
            "只换一处{kind}、覆盖总量减少不超过 {within} 的方案还有 {n} 个，例如：",
            "{n} other plans differ by one {kind} and lose no more than {within} of the total, for instance:",
        ),
        "alternatives_equal": (
            "只换一处{kind}、同样覆盖的方案还有 {n} 个，例如：",
            "{n} other plans differ by one {kind} and cover as much, for instance:",
        ),
        "no_alternatives": (
            "只换一处{kind}的方案都明显更差。",
            "Every plan that differs by one {kind} is clearly worse.",
        ),
        "swap": ("  {shut}换成{opened}：{kept}，费用 {cost}", "  {opened} for {shut}: {kept}, cost {cost}"),
        "drop": ("  不设{shut}：{kept}，费用 {cost}", "  without {shut}: {kept}, cost {cost}"),
        "all_of_it": ("不减少", "nothing lost"),
        "part_of_it": ("总量保留 {kept}", "keeps {kept} of the total"),
    }
)
CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_in_standard": ("标准对此类区域没有规定", "the standard sets no limit in this zone"),
        "road": ("没有道路可达或道路中断", "no road leads there, or it is cut"),
        "capability": ("近处的队伍不具备所需能力", "the crew that is near enough lacks a capability"),
        "crew": ("近处有站点，但现有队伍的时限太短", "a site is near enough, its crew has too short a limit"),
        "second_unit": (
            "第一支队伍能到，没有另一站点的第二支",
            "the first unit is in time, no second one from another site",
        ),
        "full": ("近处的{kind}已满", "every {kind} in reach is full"),
        "limit": ("离已开设的{kind}太远", "too far from every open {kind}"),
        "no_candidate": (
            "所有候选{kind}全部开设也覆盖不到",
            "out of reach even with every candidate open",
        ),
    }
)
