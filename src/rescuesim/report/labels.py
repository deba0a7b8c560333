"""The words of the report in Chinese and English, and how its numbers are written.

Coverage and attainment are shares that readers take as promises, so `percent` never rounds one up to
100 %, and `share` writes a full share as a count ("86 of 86 calls").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from rescuesim._words import CREW_WORDS, ZONE_WORDS
from rescuesim.errors import UnknownIdError, nearest_name

__all__ = [
    "ATTRIBUTION",
    "LANGUAGES",
    "NOTHING",
    "P90_FROM",
    "Lang",
    "count",
    "difference",
    "group_words",
    "interval",
    "label",
    "language",
    "percent",
    "reason_words",
    "seconds",
    "share",
    "text",
]

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
NOTHING = "–"
ATTRIBUTION = "© OpenStreetMap contributors"
P90_FROM = 50  # calls below which a 90th percentile is withheld
_ALL = 1 - 1e-12  # sums of shares miss 1 by rounding errors of this size

_LABELS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "figure": {
            "built_coverage": ("建成覆盖率", "built coverage"),
            "available_coverage": ("可用覆盖率", "available coverage"),
            "attainment": ("达标率", "attainment"),
        },
        "figure_meaning": {
            "built_coverage": (
                "静态：站点建成后行车时限内够得着的比重，不问当时有没有人",
                "static: the share within the drive limit of an open site, staffed or not",
            ),
            "available_coverage": (
                "静态覆盖乘以各班次力量在位、能出动的概率",
                "the static share times the probability, by shift, that the crew is there and can turn out",
            ),
            "attainment": (
                "仿真：真实事件中各时段时限全部达到的比重，无人到场、放弃和仍在等待的都算未达标",
                "simulated: the share of genuine incidents that keep every limit; abandoned, unreached and"
                " waiting ones count as failures",
            ),
        },
        "counted": {
            "people": ("按人口", "by people"),
            "points": ("按需求点", "by points"),
            "calls": ("按呼叫", "by calls"),
        },
        "unit": {"people": ("人", "people"), "points": ("个点", "points"), "calls": ("次呼叫", "calls")},
        "zone": ZONE_WORDS,
        "crew": CREW_WORDS,
        "host": {
            "brigade": ("消防救援大队", "fire brigade"),
            "township": ("乡镇街道", "township"),
            "village": ("村社区", "village"),
            "enterprise": ("企业", "enterprise"),
            "neighbour_county": ("邻县", "neighbouring county"),
        },
        "site_kind": {
            "station": ("站点", "site"),
            "depot": ("物资库", "depot"),
            "hub": ("中心储备库", "hub"),
            "shelter": ("避难场所", "shelter"),
        },
        "status": {
            "existing": ("已有", "existing"),
            "required": ("必建", "required"),
            "candidate": ("新增", "new"),
            "closed": ("关闭", "closed"),
        },
        "stage": {
            "answering": ("接警", "answering"),
            "order": ("下达指令", "order"),
            "queueing": ("等待力量", "queueing"),
            "alerting": ("通知队员", "alerting"),
            "turnout": ("出动", "turnout"),
            "travel": ("行车", "travel"),
            "set_up": ("展开", "set-up"),
            "total": ("全程", "total"),
        },
        "reason": {
            "limit": (
                "离所有能达标的站点都太远，行车超过时限",
                "too far from every open site with a crew that could keep the standard",
            ),
            "no_crew": (
                "没有哪支队伍能按此标准到达，须先解决人员配置",
                "no crew can keep the standard here by driving: fix staffing",
            ),
            "no_site": ("没有开设任何站点", "no site is open"),
            "full": ("能到达的站点容量已满", "the open sites that reach it are full"),
            "no_road": ("附近没有道路", "no road in range"),
            "road_closed": ("所在道路中断", "the road it lies on is closed"),
            "no_path": ("道路中断，没有任何站点能到达", "no open road leads here from any site"),
            "not_in_standard": ("标准对此类区域没有规定", "the standard sets no limit in this zone"),
            "site_unusable": ("最近的站点受损停用", "the nearest site is unusable"),
            "beyond_cutoff": ("超出计算的最长行车时间", "beyond the longest drive that was computed"),
            "not_given": ("没有给出行车时间", "no travel time was given"),
            "second_unit": ("没有另一站点的第二支力量及时到达", "no second unit from another site in time"),
        },
        "miss": {
            "answering": ("接警过慢", "answering took too long"),
            "order": ("下达指令过慢", "the order took too long"),
            "queueing": ("没有空闲力量，等待过久", "no unit was free, queued too long"),
            "redispatched": ("出动前道路中断，改派", "the road closed before departure, another unit was sent"),
            "alerting": ("通知队员过慢", "alerting the crew took too long"),
            "turnout": ("出动过慢", "turnout took too long"),
            "travel": ("行车过久", "the drive took too long"),
            "set_up": ("展开过慢", "set-up took too long"),
            "no_message": ("失联，未及时获知或未通知到队伍", "no message: the place or the crew was out of contact"),
            "abandoned": ("无人接听，放弃拨打", "nobody answered, the caller gave up"),
            "no_unit": ("能到的力量都在忙", "every unit that could come was busy"),
            "no_crew": ("没有适任人员在位", "no capable crew was there"),
            "no_road": ("没有可通行的道路", "no open road led there"),
            "too_few": ("到场人数不足，无法启动处置", "those who came were too few to begin"),
            "lost": ("没有可派的力量，呼叫流失", "no unit could be sent and the call was lost"),
            "waiting": ("仿真结束时仍在等待力量", "still waiting for a unit at the end"),
            "under_way": ("仿真结束时仍在途中", "a unit was still under way at the end"),
        },
        "status_of_siting": {
            "optimal": ("已证明最优", "proved optimal"),
            "feasible": ("可行，未证明最优", "feasible, not proved optimal"),
            "infeasible": ("无解", "infeasible"),
            "unknown": ("未找到方案", "no plan found"),
        },
        "plan": {"today": ("现状", "today"), "plan": ("方案", "plan")},
        "condition": {"intact": ("正常", "intact")},
        "roads": {
            "major": ("高速、快速路", "motorway, trunk"),
            "primary": ("国省道", "primary"),
            "secondary": ("县道", "secondary"),
            "tertiary": ("乡道", "tertiary"),
            "local": ("其他道路", "other roads"),
            "closed": ("中断道路", "closed road"),
        },
        "point": {
            "covered": ("已覆盖", "covered"),
            "missed": ("未覆盖", "not covered"),
            "without": ("标准未规定", "no standard"),
        },
        "site": {"existing": ("已有站点", "existing site"), "new": ("新增站点", "new site")},
        "route": {
            "fastest": ("最快路线", "fastest route"),
            "alternative": ("备选路线", "other route"),
            "access": ("离路部分", "off the road"),
            "from": ("起点", "from"),
            "to": ("终点", "to"),
            "closed": ("中断路段", "closed section"),
            "usual": ("转移路线（与正常相同）", "route as on intact roads"),
            "changed": ("转移路线（绕行、改去他处）", "another way or shelter"),
            "reached": ("能到达的村", "village that reaches a shelter"),
            "cut_off": ("不能到达的村", "village that reaches none"),
            "shelter": ("避难场所", "shelter"),
            "over_capacity": ("超员的避难场所", "shelter over capacity"),
            "out_of_use": ("停用或无路可达的避难场所", "shelter that nobody reaches"),
            "people_width": ("线宽：经过人数", "width: people"),
            "intact": ("道路正常", "intact roads"),
        },
    }
)

_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "standard": ("采用的响应标准", "The response standard used"),
        "simulated_how": ("仿真设定", "What was simulated"),
        "headline": ("三项主要指标", "The three headline figures"),
        "headline_note": (
            "三项指标含义不同，不能互相代替或相加。方括号内为 95% 区间；差值为同一批呼叫上的配对差。",
            "The three mean different things and never stand in for each other. Brackets hold 95% intervals;"
            " differences are paired on the same calls.",
        ),
        "condition": ("条件", "condition"),
        "counted": ("口径", "counted"),
        "plan": ("方案", "plan"),
        "difference": ("{plan}减{baseline}，百分点", "{plan} minus {baseline}, percentage points"),
        "replications": ("{n} 次重复", "{n} replications"),
        "of_all": ("{n}/{n} {unit}", "{n} of {n} {unit}"),
        "map": ("地图", "Map"),
        "map_count": (
            "{plan}，{condition}：{covered}/{points} 个需求点已覆盖，未覆盖 {missed} 人，标准未规定 {without} 人",
            "{plan}, {condition}: {covered} of {points} points covered; {missed} people are not,"
            " {without} people have no standard",
        ),
        "route_title": ("{time}，道路里程 {far}", "{time}, {far} by road"),
        "evacuation_title": (
            "{reached} 人能到达避难场所，{points} 个村 {cut} 人不能",
            "{reached} people reach a shelter, {cut} people of {points} villages do not",
        ),
        "map_note": (
            "发生中断时，地图和未覆盖清单表示该方案覆盖人数最少的时刻；表中的覆盖率是全程按时间平均。红线为含断点的整段道路。",
            "Under a disruption the map and the list of uncovered points show the moment at which the plan covers "
            "the fewest people; the coverage figures in the tables are averages over time. Red lines are the whole "
            "roads on which a section is cut.",
        ),
        "no_script": (
            "地图需要浏览器运行本页内的脚本；下面的表格不需要。",
            "The map needs the script inside this page; the tables below do not.",
        ),
        "townships": ("各乡镇（有标准区域的人口）", "By township (people in zones with a standard)"),
        "township": ("乡镇", "township"),
        "people": ("人口", "people"),
        "calls": ("呼叫", "calls"),
        "stages": ("各环节用时：测算与仿真", "Stages: planned and simulated"),
        "stages_note": (
            "单位为秒。P50 为中位数，P90 为九成呼叫不超过的用时；不足 50 次的不给 P90。",
            "Seconds. P50 is the median; P90 is not exceeded by nine calls in ten, and is withheld below 50 calls.",
        ),
        "stage": ("环节", "stage"),
        "planned_p50": ("测算 P50", "planned P50"),
        "planned_p90": ("测算 P90", "planned P90"),
        "simulated_p50": ("仿真 P50", "simulated P50"),
        "simulated_p90": ("仿真 P90", "simulated P90"),
        "planned": ("测算", "planned"),
        "simulated": ("仿真", "simulated"),
        "p50_p90": ("{which}：P50 到 P90", "{which}: P50 to P90"),
        "seconds": ("秒", "seconds"),
        "misses": ("未达标的原因", "Why calls were missed"),
        "no_misses": ("没有未达标的呼叫。", "No call was missed."),
        "reason": ("原因", "reason"),
        "uncovered": ("未覆盖的需求点", "Points that are not covered"),
        "uncovered_count": ("{n} 个点，{people} 人", "{n} points, {people} people"),
        "uncovered_rest": (
            "按人口列出前 {shown} 个；其余 {n} 个点共 {people} 人，见地图。",
            "The {shown} with the most people; the other {n} points with {people} people are on the map.",
        ),
        "none_uncovered": ("没有未覆盖的点。", "No point is left uncovered."),
        "point": ("需求点", "point"),
        "zone": ("区域", "zone"),
        "nearest": ("最近的适任站点", "nearest capable site"),
        "drive": ("行车", "drive"),
        "limit": ("时限", "limit"),
        "available": ("在位概率", "available"),
        "new_sites": ("新增站点", "New sites"),
        "no_new_sites": ("没有新增站点。", "No site is new."),
        "force": ("力量编成（分站点）", "Staff by site"),
        "force_note": (
            "在册人数，不是一次出动人数；横线表示没有编配数据。",
            "People on rosters, not turnouts; a dash: nothing is known of the staffing.",
        ),
        "turn_out": ("一次出动", "turnout"),
        "in_shift": ("{shift}在册", "roster, {shift}"),
        "day": ("白班", "day"),
        "night": ("夜班", "night"),
        "roster": ("编制人数", "whole roster"),
        "same_people": ("各班同一批人", "the same people in all shifts"),
        "together": ("合计", "together"),
        "site": ("站点", "site"),
        "crew": ("力量", "crew"),
        "host": ("依托单位", "host"),
        "status": ("状态", "status"),
        "units": ("车组", "units"),
        "position": ("经度，纬度", "longitude, latitude"),
        "notes": ("说明与默认值", "Notes and defaults"),
        "no_notes": ("没有说明。", "None."),
        "legend_people": ("圆点大小：人口", "size: people"),
        "roads": ("道路", "roads"),
        "sites": ("站点", "sites"),
        "points": ("需求点", "demand points"),
        "no_township": ("未注明", "not given"),
        "always": ("始终", "always"),
        "not_tried": ("此条件下没有仿真这一方案。", "This plan was not tried under this condition."),
        "s": ("秒", "s"),
    }
)


def language(lang: str) -> Lang:
    """Check a language.

    Raises
    ------
    UnknownIdError
        If it is neither ``"zh"`` nor ``"en"``.
    """
    if lang == "zh":
        return "zh"
    if lang == "en":
        return "en"
    raise UnknownIdError(f"language {lang!r}: expected {nearest_name(lang, LANGUAGES)}")


def label(group: str, key: str, lang: Lang) -> str:
    """Return the words for a key of the tables.

    Parameters
    ----------
    group : str
        ``figure``, ``figure_meaning``, ``counted``, ``unit``, ``zone``, ``crew``, ``host``, ``status``,
        ``stage``, ``reason``, ``miss``, ``plan``, ``condition``, ``roads``, ``point``, ``site`` or ``route``.
    key : str
        One that has no words, such as the name of a scenario's own condition, is returned as it is.
    lang : {'zh', 'en'}

    Returns
    -------
    str

    Examples
    --------
    >>> label("figure", "attainment", "zh"), label("condition", "night flood", "en")
    ('达标率', 'night flood')
    """
    words = group_words(group, lang)
    return words.get(key, key)


def group_words(group: str, lang: Lang) -> dict[str, str]:
    """Return all words of a group, by key.

    Raises
    ------
    UnknownIdError
        If there is no such group.
    """
    if group not in _LABELS:
        raise UnknownIdError(f"label group {group!r}: expected {nearest_name(group, _LABELS)}")
    column = LANGUAGES.index(language(lang))
    return {key: words[column] for key, words in _LABELS[group].items()}


def text(key: str, lang: Lang, **values: object) -> str:
    """Return a text of the report, with values filled in; without any, its places stay as they are.

    Examples
    --------
    >>> text("uncovered_count", "en", n=3, people="1,204")
    '3 points, 1,204 people'
    """
    if key not in _TEXTS:
        raise UnknownIdError(f"text {key!r}: expected {nearest_name(key, _TEXTS)}")
    words = _TEXTS[key][LANGUAGES.index(language(lang))]
    return words.format(**values) if values else words


def percent(value: float, *, digits: int = 1) -> str:
    """Write a share as a percentage that is never rounded up to 100 or down to 0.

    Parameters
    ----------
    value : float
        Share; NaN gives a dash.
    digits : int, optional
        Digits behind the point.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.99996), percent(0.4), percent(0.00001), percent(1.0)
    ('99.9%', '40.0%', '<0.1%', '100%')
    """
    if math.isnan(value):
        return NOTHING
    if value >= _ALL:
        return "100%"
    step = 10.0**-digits
    if 0 < value * 100 < step / 2:
        return f"<{step:.{digits}f}%"
    return f"{min(value * 100, 100 - step):.{digits}f}%"


def share(value: float, n: float, counted: str, lang: Lang, *, digits: int = 1) -> str:
    """Write a share, and a full one as the count it stands for.

    Parameters
    ----------
    value : float
        Share of `n`.
    n : float
        People, points or calls counted.
    counted : {'people', 'points', 'calls'}
    lang : {'zh', 'en'}
    digits : int, optional

    Returns
    -------
    str

    Examples
    --------
    >>> share(1.0, 86, "calls", "en"), share(0.99999, 120000, "people", "zh")
    ('86 of 86 calls', '99.9%')
    """
    if value >= _ALL and n > 0:
        return text("of_all", lang, n=count(n), unit=label("unit", counted, lang))
    return percent(value, digits=digits)


def interval(low: float, high: float, *, digits: int = 1) -> str:
    """Write the interval of a share; one that reaches 1 is written by its lower end alone.

    Examples
    --------
    >>> interval(0.912, 0.987), interval(0.957, 1.0), interval(float("nan"), float("nan"))
    ('[91.2%, 98.7%]', '[≥ 95.7%]', '')
    """
    if math.isnan(low) or math.isnan(high):
        return ""
    if high >= _ALL:
        return "" if low >= _ALL else f"[≥ {percent(low, digits=digits)}]"
    return f"[{percent(low, digits=digits)}, {percent(high, digits=digits)}]"


def difference(value: float, low: float = math.nan, high: float = math.nan, *, digits: int = 1) -> str:
    """Write a difference of shares in percentage points with its interval.

    Examples
    --------
    >>> difference(0.0321, 0.011, 0.053), difference(-0.2), difference(float("nan"))
    ('+3.2 [+1.1, +5.3]', '−20.0', '–')
    """

    def signed(part: float) -> str:
        written = f"{part * 100:+.{digits}f}".replace("-", "−")
        return written.lstrip("+−") if float(written.replace("−", "-")) == 0 else written

    if math.isnan(value):
        return NOTHING
    between = "" if math.isnan(low) or math.isnan(high) else f" [{signed(low)}, {signed(high)}]"
    return signed(value) + between


def count(value: float) -> str:
    """Write a count with separators; NaN gives a dash.

    Examples
    --------
    >>> count(31204.2), count(float("nan"))
    ('31,204', '–')
    """
    return f"{value:,.0f}" if math.isfinite(value) else NOTHING


def seconds(value: float, lang: Lang) -> str:
    """Write a time in whole seconds; one that is not finite gives a dash.

    Examples
    --------
    >>> seconds(110.4, "zh"), seconds(float("inf"), "en")
    ('110 秒', '–')
    """
    return f"{value:,.0f} {'秒' if lang == 'zh' else 's'}" if math.isfinite(value) else NOTHING


def reason_words(reason: str, lang: Lang) -> str:
    """Say why a point is not covered; a reason without words is shown with its underscores as spaces.

    Examples
    --------
    >>> reason_words("no_road", "zh"), reason_words("bridge_down", "en")
    ('附近没有道路', 'bridge down')
    """
    return label("reason", reason, lang).replace("_", " ")
