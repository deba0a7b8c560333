"""What location models say in English, in Chinese: messages, side conditions, notes, and who proved a bound.

Models name conditions and say what happened in plain English, for logs and exceptions. Whatever of it reaches a reader
passes through here, whole sentences and closed words alike; tests go through every sentence that a model can say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from rescuesim._words import CREW_WORDS, in_language
from rescuesim.report.labels import Lang, label

__all__ = [
    "bound_source_words",
    "cell_words",
    "condition_words",
    "has_words",
    "kind_word",
    "message_words",
    "note_words",
]

_SOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CP-SAT": ("整数规划求解器 CP-SAT", "the solver CP-SAT"),
        "HiGHS": ("整数规划求解器 HiGHS", "the solver HiGHS"),
        "SCIP": ("整数规划求解器 SCIP", "the solver SCIP"),
        "sum of weights": ("全部权重之和", "the sum of all weights"),
        "all that can be covered": ("所有能覆盖的点", "all that can be covered"),
        "all covered": ("已全部覆盖", "all covered"),
        "no site": ("没有可开设的站点", "no site"),
        "set covering": ("集合覆盖", "set covering"),
        "Lagrangian relaxation": ("拉格朗日松弛", "Lagrangian relaxation"),
        "Lagrangian relaxation of the coverage": ("覆盖约束的拉格朗日松弛", "Lagrangian relaxation of the coverage"),
        "primal-dual": ("对偶界", "a dual bound"),
    }
)
_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(  # closed words of tables, by column
    {
        "measure": {
            "steady": "各班次按最好的班次值守",
            "equip": "补齐能力",
            "staff": "更换力量",
            "open": "增设",
            "open_and_staff": "增设并更换力量",
            "none": "无单项措施",
        },
        "sense": {"max": "越大越好", "min": "越小越好", "at least": "至少", "at most": "至多", "open": "须开设"},
        "state_cause": {"always": "道路完好时就不能覆盖", "cut": "主要因道路中断", "detour": "主要因绕行超时"},
    }
)
_COLUMN_OF = {"fix": "measure", "just_fix": "measure"}
_PER: Mapping[str, str] = MappingProxyType({"township": "", "host": "依托单位", "crew": "力量", "group": "组"})


def kind_word(kind: str, lang: Lang, *, many: bool = False) -> str:
    """Name the sites of a kind: depots are not stations.

    Examples
    --------
    >>> kind_word("depot", "zh"), kind_word("depot", "en", many=True), kind_word("station", "en")
    ('物资库', 'depots', 'site')
    """
    return label("site_kind", kind, lang) + ("s" if many and lang == "en" else "")


def cell_words(column: str, value: str, lang: Lang) -> str:
    """Say a word of a table's closed vocabulary; one that has no Chinese is returned as it is.

    Examples
    --------
    >>> cell_words("fix", "staff", "zh"), cell_words("sense", "at most", "en")
    ('更换力量', 'at most')
    """
    if lang == "en":
        return value
    return _COLUMNS.get(_COLUMN_OF.get(column, column), {}).get(value, value)


def bound_source_words(source: str, lang: Lang) -> str:
    """Say who proved a bound; of several, joined by a plus or a comma, each."""
    found = _SOURCES.get(source)
    return source if found is None else found[0 if lang == "zh" else 1]


def _group(name: str) -> str:
    """Say the name of a group, such as ``township 东乡``."""
    per, _, value = name.partition(" ")
    if per == "crew":
        value = CREW_WORDS[value][0] if value in CREW_WORDS else value
    if per == "host":
        value = label("host", value, "zh")
    return f"{_PER.get(per, per)}{value}" if per in _PER else name


_STATUS = {"existing": "已有", "required": "必建"}
_Words = tuple[str, Callable[[re.Match[str]], str]]
_CONDITIONS: tuple[_Words, ...] = (
    (r"at least (\d+) in (.+)", lambda m: f"{_group(m[2])}至少 {m[1]} 处"),
    (r"at most (\d+) in (.+)", lambda m: f"{_group(m[2])}至多 {m[1]} 处"),
    (r"at most one of (.+)", lambda m: f"{m[1].replace(', ', '、')} 至多开一处"),
    (r"at most (\d+) existing sites moved", lambda m: f"至多迁移 {m[1]} 处已有站点"),
    (r"at most (\d+) new sites", lambda m: f"至多新增 {m[1]} 处"),
    (r"(\S+) only with (.+)", lambda m: f"开设 {m[1]} 须同时开设 {m[2].replace(' or ', ' 或 ')}"),
    (
        r"at least (\S+) (s|m) between (.+)",
        lambda m: f"{m[3].replace(', ', '、')} 之间至少相距 {m[1]} {'秒' if m[2] == 's' else '米'}",
    ),
    (r"people (\S+)", lambda m: f"编制人数上限 {m[1]}"),
    (r"budget (\S+), with all of (.+) spent", lambda m: f"经费上限 {m[1]}（{m[2].replace(' and ', '、')}用完时）"),
    (r"budget (\S+)", lambda m: f"经费上限 {m[1]}"),
    (r"n_sites (\S+)", lambda m: f"布点数 {m[1]}"),
    (r"site (\S+), (existing|required)", lambda m: f"{_STATUS[m[2]]}站点 {m[1]}"),
)
_CHANGES: tuple[_Words, ...] = (
    (r"(.+): let it close", lambda m: f"{_condition(m[1])}：允许关闭"),
    (r"(.+): give it up", lambda m: f"{_condition(m[1])}：放弃"),
    (r"(.+): raise from (\S+) to (\S+)", lambda m: f"{_condition(m[1])}：由 {m[2]} 提高到 {m[3]}"),
    (r"(.+): lower from (\S+) to (\S+)", lambda m: f"{_condition(m[1])}：由 {m[2]} 降低到 {m[3]}"),
)
_MESSAGES: tuple[_Words, ...] = (
    ("stopped at the gap that was asked for", lambda _: "已达到要求的差距，停止求解"),
    (
        "stopped at the limit: the plan is feasible and the gap says how far it may be from the best",
        lambda _: "求解到时停止：方案可行，差距即离最好方案的最大距离",
    ),
    (
        "costs of more digits than one sum holds: the gap says how far the plan may be from the cheapest",
        lambda _: "费用的位数过多，无法精确求和：差距一栏说明方案离最低费用至多多远",
    ),
    ("stopped at the limit before any plan was found", lambda _: "求解到时停止，尚未找到方案"),
    (
        "stopped at the limit before the fewest sites that cover all were known; expected more time, or n_sites",
        lambda _: "求解到时停止，尚未求出全覆盖的最少站点数；请延长时间或给定站点数",
    ),
    ("no choice of sites keeps all side conditions", lambda _: "没有哪种选址能同时满足全部条件"),
    (
        "no choice of sites that keeps all side conditions covers every coverable point",
        lambda _: "满足全部条件的选址都不能覆盖所有能覆盖的点",
    ),
    (r"no choice of 1 to (\d+) sites keeps all side conditions", lambda m: f"开设 1 至 {m[1]} 处都不能满足全部条件"),
    (
        r"no (\d+) sites that keep all side conditions cover every coverable point",
        lambda m: f"满足全部条件的 {m[1]} 处站点不能覆盖所有能覆盖的点",
    ),
    ("no openable site reaches any point", lambda _: "可开设的站点到不了任何点"),
    (
        "no plan within the side conditions reaches every point that can be reached",
        lambda _: "满足条件的方案都到不了所有能到达的点",
    ),
    (
        r"n_sites (\d+) is less than the (\d+) existing and required sites, which stay open",
        lambda m: f"布点数 {m[1]} 少于须保留的 {m[2]} 处已有和必建站点",
    ),
    (
        r"budget (\S+) is less than the cost of existing and required sites, (\S+)",
        lambda m: f"经费 {m[1]} 少于已有和必建站点的费用 {m[2]}",
    ),
    (
        r"objective (\d+), (\S+), cannot be met by any plan that keeps the objectives before it",
        lambda m: f"保持前面各目标时，没有方案能满足第 {m[1]} 目标（{m[2]}）",
    ),
    (
        r"proved: capacity and side conditions let at most (\S+) of the weight of (\S+) that can be reached be served; "
        r"(\S+) is not",
        lambda m: f"已证明：受容量和条件限制，能到达的权重 {m[2]} 中至多能服务 {m[1]}，其余 {m[3]} 服务不了",
    ),
    (
        r"stopped at the limit: the plan serves (\S+) of the weight of (\S+) that can be reached; whether (\S+) more "
        r"could be served is not proved",
        lambda m: f"求解到时停止：方案服务了能到达的权重 {m[2]} 中的 {m[1]}；能否再多服务 {m[3]} 尚未证明",
    ),
    (
        r"No plan keeps all conditions; the smallest change that allows one: (.+)",
        lambda m: (
            f"没有方案能满足全部条件；最小的放宽：{'；'.join(_first(_CHANGES, one) or one for one in m[1].split('; '))}"
        ),
    ),
)
_NOTES: tuple[_Words, ...] = (
    (
        r"(\d+) sites without a township are in none of the groups per township",
        lambda m: f"{m[1]} 处站点未注明乡镇，不计入按乡镇的条件",
    ),
    (
        r"(\d+) pairs of sites that stay open are nearer to each other than asked",
        lambda m: f"{m[1]} 对须保留的站点相距小于要求",
    ),
    (
        r"site (\S+): (\d+) people on the roster, (\d+) needed to muster with confidence (\S+); \d+ are counted",
        lambda m: f"站点 {m[1]}：名册 {m[2]} 人，按 {m[4]} 的把握须 {m[3]} 人才能成队，按 {m[3]} 人计",
    ),
    (r"(.+): amounts rounded to (\S+)", lambda m: f"{_condition(m[1])}：金额取到 {m[2]}"),
    (
        r"(.+): amounts rounded up to whole (\S+), the bound down",
        lambda m: f"{_condition(m[1])}：金额向上取到 {m[2]} 的整数倍，上限向下取",
    ),
)


def _first(words: tuple[_Words, ...], text: str) -> str:
    """Return the words of the first pattern that fits all of a text; empty if none does."""
    for pattern, say in words:
        if found := re.fullmatch(pattern, text):
            return say(found)
    return ""


def _change(text: str) -> str:
    return _first(_CHANGES, text) or text


def _condition(text: str) -> str:
    return _first(_CONDITIONS, text) or text


def condition_words(text: str, lang: Lang) -> str:
    """Say side conditions, joined by semicolons, as a plan's rows are labelled.

    Examples
    --------
    >>> condition_words("at least 1 in township 东乡; budget 30", "zh")
    '东乡至少 1 处；经费上限 30'
    """
    return text if lang == "en" else "；".join(_condition(one) for one in text.split("; "))


def message_words(message: str, lang: Lang) -> str:
    """Say what a model says of its solving; a sentence without Chinese words stays in English.

    Examples
    --------
    >>> message_words("No plan keeps all conditions; the smallest change that allows one: budget 4: raise from 4 to 5.",
    ...     "zh")
    '没有方案能满足全部条件；最小的放宽：经费上限 4：由 4 提高到 5'
    """
    if lang == "en":
        return message
    parts = [part.removesuffix(".") for part in re.split(r"(?<=\D)\. ", message) if part]
    return "。".join(_first(_MESSAGES, part) or part for part in parts)


def note_words(note: str, lang: Lang) -> str:
    """Say a note: one that knows its Chinese, or one that a side condition made."""
    said = in_language(note, lang)
    return said if lang == "en" or said != note else _first(_NOTES, note) or said


def has_words(text: str) -> bool:
    """Whether a message, a condition or a note has Chinese words here."""
    return bool(_first(_MESSAGES, text.removesuffix(".")) or _first(_CONDITIONS, text) or _first(_NOTES, text))
