"""The one documented table of the travel profiles: parameter by parameter, with unit, basis and confidence."""

from __future__ import annotations

import dataclasses

import pandas as pd

from rescuesim._defaults import Default, default, defaults_under
from rescuesim._words import Lang
from rescuesim.network.vehicles.profiles import (
    PROFILE_WORDS,
    PROFILES,
    TravelProfile,
    profile_parameter,
    travel_profile,
)
from rescuesim.network.vehicles.speeds import class_speed_kph

__all__ = ["profile_table"]

_COLUMNS = {
    "en": ["profile", "parameter", "value", "unit", "basis", "confidence", "default", "note"],
    "zh": ["通行类型", "参数", "取值", "单位", "依据", "可信度", "默认项", "说明"],
}
# parameter: Chinese, English
_PARAMETERS = {
    "roads": ("道路筛选", "roads"),
    "barred_classes": ("禁行等级", "barred classes"),
    "path_classes": ("小路等级", "classes taken at path speed"),
    "path_kph": ("小路速度", "path speed"),
    "constant_kph": ("固定速度", "constant speed"),
    "speed_factor": ("速度系数", "factor on speeds"),
    "top_kph": ("最高速度", "top speed"),
    "obeys_oneway": ("遵守单行", "obeys one-way"),
    "obeys_maxspeed": ("遵守限速", "obeys maxspeed"),
    "surface_counts": ("计路面类型", "surface counts"),
    "min_width_m": ("最小路宽", "least width"),
    "weight_t": ("车重", "weight"),
    "peak_factor": ("高峰系数", "peak hour"),
    "night_factor": ("夜间系数", "night"),
    "heavy_rain_factor": ("暴雨系数", "heavy rain"),
    "ice_factor": ("结冰系数", "ice"),
    "grade_rule": ("坡度规则", "grade rule"),
    "steep_grade": ("陡坡界限", "steep from"),
    "steep_factor": ("陡坡系数", "factor where steep"),
    "climb_m_per_h": ("爬升速度", "climb"),
    "signal_without_s": ("信号延误（不优先）", "signal without priority"),
    "signal_with_s": ("信号延误（优先）", "signal with priority"),
    "may_have_priority": ("可否信号优先", "may have priority"),
    "junction_delay_s": ("路口延误", "junction"),
    "acceleration_m_s2": ("加速度", "acceleration"),
    "cruise_kph": ("巡航速度", "cruise speed"),
    "launch_s": ("下水时间", "launch"),
    "access_kph": ("点到道路的速度", "speed to the road"),
}
_MADE_OF = {"start_up_s": ("起步损失上限", "start-up loss at most")}
_ONLY_FOR = {"steep_grade": "steep", "steep_factor": "steep", "climb_m_per_h": "climb"}
_CONFIDENCE_ZH = {"high": "高", "med": "中", "low": "低"}


def profile_table(lang: Lang = "en") -> pd.DataFrame:
    """Return every parameter of every travel profile, with what it rests on.

    Parameters
    ----------
    lang : {'en', 'zh'}, optional
        Of the headers and the names of parameters; remarks stand as in ``defaults.toml``.

    Returns
    -------
    DataFrame
        A row for each profile and parameter that it has, the speeds by class and the factors by surface
        included: profile, parameter, value, unit, basis (S a source was read, U a known document unread,
        J judgement), confidence, the name of the default to change, remark.

    Examples
    --------
    >>> table = profile_table()
    >>> table[(table.profile == "boat") & (table.parameter == "launch")][["value", "unit"]].values.tolist()
    [['1200', 's']]
    """
    rows: list[list[str]] = []
    for name in PROFILES:
        profile = travel_profile(name)
        for parameter in _PARAMETERS:
            found = profile_parameter(name, parameter)
            if found is not None and _says_something(profile, parameter):
                rows.append(_row(name, _PARAMETERS[parameter], _value(profile, parameter), *found, lang))
        rows.append(
            _row(
                name,
                _MADE_OF["start_up_s"],
                f"{profile.start_up_s:.1f}",
                *_entry(name, "cruise_kph"),
                lang,
                unit="s",
                note="cruise speed over acceleration; 2 sqrt(t tau) on trips shorter than that",
            )
        )
        if profile.constant_kph is None:
            rows += _class_rows(profile, lang)
        if profile.surface_counts:
            rows += _surface_rows(name, lang)
    return pd.DataFrame(rows, columns=_COLUMNS[lang])


def _entry(name: str, parameter: str) -> tuple[str, Default]:
    found = profile_parameter(name, parameter)
    assert found is not None
    return found


def _says_something(profile: TravelProfile, parameter: str) -> bool:
    """Whether a parameter has any bearing on the times of a profile."""
    if parameter in _ONLY_FOR:
        return profile.grade_rule == _ONLY_FOR[parameter]
    if parameter in ("path_classes", "path_kph"):
        return bool(profile.path_classes)
    return parameter != "signal_with_s" or profile.may_have_priority


def _value(profile: TravelProfile, parameter: str) -> str:
    value = dataclasses.asdict(profile)[parameter]
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else f"{value:g}"


def _row(
    profile: str,
    words: tuple[str, str],
    value: str,
    name: str,
    entry: Default,
    lang: Lang,
    *,
    unit: str | None = None,
    note: str | None = None,
) -> list[str]:
    """Make a row; the unit is that of the profile, so minutes of a default are seconds here."""
    shown = {"min": "s"}.get(entry.unit, entry.unit) if unit is None else unit
    remark = "; ".join(part for part in (entry.note if note is None else note, entry.source) if part)
    zh = lang == "zh"
    return [
        PROFILE_WORDS[profile][0] if zh else profile,
        words[0] if zh else words[1],
        value,
        shown,
        entry.basis,
        _CONFIDENCE_ZH[entry.confidence] if zh else entry.confidence,
        name,
        remark,
    ]


def _class_rows(profile: TravelProfile, lang: Lang) -> list[list[str]]:
    rows = []
    for road_class, entry in defaults_under("speed_kph").items():
        if road_class not in profile.barred_classes:
            value = f"{min(class_speed_kph(road_class) * profile.speed_factor, profile.top_kph):g}"
            words = (f"车速：{road_class}", f"speed: {road_class}")
            rows.append(_row(profile.name, words, value, f"speed_kph.{road_class}", entry, lang))
    return rows


def _surface_rows(profile: str, lang: Lang) -> list[list[str]]:
    rows = []
    for kind, entry in defaults_under("surface_factor").items():
        words = ", ".join(default(f"surface_words.{kind}").words)
        name = (f"路面：{kind}", f"surface: {kind}")
        rows.append(_row(profile, name, f"{entry.number:g}", f"surface_factor.{kind}", entry, lang, note=words))
    return rows
