"""Calls a year by type, from rates per 10,000 people or from records of incidents (R09: never from weights)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim._words import Note
from rescuesim.demand.incidents import Incidents, read_incidents
from rescuesim.demand.points import CALL_TYPES, DemandPoints
from rescuesim.errors import Fault, InputError, nearest_name

__all__ = ["CallHistory", "calls_from_history", "calls_from_rates"]

_PER = 10_000.0


def calls_from_rates(demand: DemandPoints, rates: Mapping[str, float] | None = None) -> DemandPoints:
    """Write the calls a year by type that rates per 10,000 people give.

    Parameters
    ----------
    demand : DemandPoints
        Points whose calls were given keep their sum, split by the shares of the rates unless it is split already.
    rates : mapping of str to float, optional
        Calls per 10,000 people and year by type of `CALL_TYPES`, types that are absent 0;
        ``calls.per_10k_people_year`` if absent.

    Returns
    -------
    DemandPoints
        With `calls_by_type`, and calls given everywhere. They no longer follow the people.

    Raises
    ------
    InputError
        If a type is not known, or a rate is negative or not finite, or all are 0 and calls must be split by them.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["v"], "lon": [119.3], "lat": [28.7], "people": [5000]})
    >>> made = calls_from_rates(load_demand(frame), {"fire": 6, "rescue": 3})
    >>> made.calls_per_year.tolist(), made.calls_by_type["fire"].tolist()
    ([4.5], [3.0])
    """
    used = _rates(rates)
    total = math.fsum(used.values())
    unsplit = demand.calls_given if demand.calls_by_type is None else np.zeros(len(demand), dtype=np.bool_)
    if unsplit.any() and not total > 0:
        raise InputError("rates: expected one above 0, as calls that were given are split by them")
    by_type = {}
    for name, rate in used.items():
        given = (demand.calls_by_type or {}).get(name, np.zeros(len(demand)))
        split = demand.calls_per_year * (rate / total if total > 0 else 0.0)
        by_type[name] = np.where(demand.calls_given, np.where(unsplit, split, given), rate * demand.people / _PER)
    n, said = int((~demand.calls_given).sum()), ", ".join(f"{name} {rate:g}" for name, rate in used.items())
    en = f"{demand.source}: calls of {n} points from rates per 10,000 people and year: {said}"
    notes: list[str] = [Note(en, f"{demand.source}：{n} 个点的年呼叫量按每万人年率计：{said}")]
    if m := int(unsplit.sum()):
        en = f"{demand.source}: calls given for {m} points were split over the types by the same rates"
        notes.append(Note(en, f"{demand.source}：{m} 个点给出的年呼叫量按相同比例分到各类型"))
    return _with_calls(demand, by_type, notes)


def _rates(rates: Mapping[str, float] | None) -> dict[str, float]:
    if rates is None:
        return {name: entry.number for name, entry in defaults_under("calls.per_10k_people_year").items()}
    faults = [
        Fault(file="rates", column=name, value=name, expected=nearest_name(name, CALL_TYPES))
        for name in rates
        if name not in CALL_TYPES
    ]
    faults += [
        Fault(file="rates", column=name, value=str(rate), expected="calls per 10,000 people and year, 0 or more")
        for name, rate in rates.items()
        if not (math.isfinite(rate) and rate >= 0)
    ]
    if faults:
        raise InputError(faults)
    return {name: float(rates.get(name, 0.0)) for name in CALL_TYPES}


def _with_calls(demand: DemandPoints, by_type: dict[str, NDArray[np.float64]], notes: list[str]) -> DemandPoints:
    return replace(
        demand,
        calls_by_type=by_type,
        calls_per_year=np.sum(list(by_type.values()), axis=0),
        calls_given=np.ones(len(demand), dtype=np.bool_),
        notes=(*demand.notes, *notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """Calls a year estimated from records, with what became of every record.

    Attributes
    ----------
    demand : DemandPoints
        With `calls_by_type`.
    years : float
        Exposure.
    matched : DataFrame
        One row a record that belongs to a point: ``row, id, type, date, distance_m`` (0 where the record names
        the point).
    unmatched : DataFrame
        One row a record that belongs to none: ``row, type, date, place, reason``.
    table : DataFrame
        One row a type: ``type, incidents`` (matched), ``per_10k_people_year``, ``spread`` (variance of the true
        rates between points over the squared mean; 0: they differ by chance only) and ``calls_per_year``.
    """

    demand: DemandPoints
    years: float
    matched: pd.DataFrame
    unmatched: pd.DataFrame
    table: pd.DataFrame


def calls_from_history(
    demand: DemandPoints,
    history: Path | str | pd.DataFrame,
    *,
    crs: str | None = None,
    years: float | None = None,
    match_limit_m: float | None = None,
    type_names: Mapping[str, str] | None = None,
    toward: Literal["history", "rates"] = "history",
    rates: Mapping[str, float] | None = None,
) -> CallHistory:
    """Estimate calls a year by point and type from records of incidents.

    Few incidents per village say little: two fires in three years may be chance. So each count is shrunk
    toward what its people would have at the common rate, by an empirical Bayes estimate. For one type,
    with y the count at a point and E the count that the common rate expects there,

        y ~ Poisson(E θ),  θ ~ Gamma(mean m, variance A),  estimate of θ = m + C (y/E − m),  C = A / (A + m/E),

    which is (y + m²/A) / (E + m/A). A is the moment estimate  Σ E (y/E − m)² / Σ E − m n / Σ E,  0 if that
    is negative: then the points differ by chance only and the common rate holds everywhere.

    Parameters
    ----------
    demand : DemandPoints
    history : path or DataFrame
        ``time`` (the date counts), ``type``, and where: ``point`` (id), or ``lon, lat``, or ``name`` with ``township``
        where several points have the name. Chinese headers are read (报警时间, 警情类型, 经度, 纬度, 村, 乡镇).
    crs : str, optional
        Declared system; if absent the one that a layer states, or ``wgs84`` for a plain table, said aloud.
    years : float, optional
        Exposure; from the first to the last date if absent, which must be ``calls.history.minimum_days`` apart.
    match_limit_m : float, optional
        An incident farther from every point belongs to none; ``calls.history.match_limit_m`` if absent.
    type_names : mapping of str to str, optional
        Words of the records to types of `CALL_TYPES`, beside the usual Chinese ones.
    toward : {'history', 'rates'}, optional
        Whether the common rate is the county's own, from the records; the calls of each type then sum to
        the matched incidents a year. Or the one of `rates`.
    rates : mapping of str to float, optional
        Calls per 10,000 people and year; ``calls.per_10k_people_year`` if absent. For ``toward="rates"``.

    Returns
    -------
    CallHistory
        Points without people keep what was observed, as nothing can be expected of them.

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every record whose date or type is not understood, and exposures that are too short.

    References
    ----------
    Clayton and Kaldor (1987), doi:10.2307/2532003; Marshall (1991), doi:10.2307/2347593.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.7], "people": [1000, 3000]})
    >>> records = pd.DataFrame({"time": ["2022-01-01", "2023-12-31"], "type": "fire", "point": ["b", "a"]})
    >>> made = calls_from_history(load_demand(frame), records)
    >>> round(made.years, 2), made.demand.calls_per_year.round(2).tolist()
    (2.0, [0.25, 0.75])
    """
    if toward not in ("history", "rates"):
        raise InputError(f"toward {toward!r}: expected history or rates")
    limit = default("calls.history.match_limit_m").number if match_limit_m is None else match_limit_m
    if not limit >= 0:
        raise InputError(f"match_limit_m {match_limit_m}: expected metres of 0 or more")
    records = read_incidents(demand, history, crs=crs, match_limit_m=limit, type_names=type_names or {})
    exposure = _exposure(records, years)
    prior = _rates(rates) if toward == "rates" else None
    by_type, rows = {}, []
    for code, name in enumerate(CALL_TYPES):
        own = (records.point >= 0) & (records.type_code == code)
        count = np.bincount(records.point[own], minlength=len(demand)).astype(np.float64)
        by_type[name], rate, spread = _estimate(count, demand.people, exposure, None if prior is None else prior[name])
        rows.append((name, int(count.sum()), rate, spread, float(by_type[name].sum())))
    table = pd.DataFrame(rows, columns=["type", "incidents", "per_10k_people_year", "spread", "calls_per_year"])
    unmatched, matched = records.unmatched(), records.matched(demand)
    notes = [*records.notes, *_said(demand, records, exposure, years is None, toward, table, limit)]
    return CallHistory(
        demand=_with_calls(demand, by_type, notes), years=exposure, matched=matched, unmatched=unmatched, table=table
    )


def _exposure(records: Incidents, years: float | None) -> float:
    """Return the exposure in years: as given, or from the first to the last day, both included."""
    span = (max(records.days) - min(records.days)).days + 1
    if years is not None:
        if not (math.isfinite(years) and years > 0):
            raise InputError(f"years {years}: expected a number above 0")
        if span > math.ceil(years * 365.25) + 1:
            expected = (
                f"at least {span / 365.25:.2f}, as the records go from {min(records.days)} to {max(records.days)}"
            )
            raise InputError([Fault(file=records.label, column="years", value=f"{years:g}", expected=expected)])
        return float(years)
    least = default("calls.history.minimum_days").number
    if span < least:
        expected = f"records of {least:.0f} days or more, or years stated"
        raise InputError([Fault(file=records.label, column="time", value=f"{span} days", expected=expected)])
    return span / 365.25


def _estimate(
    count: NDArray[np.float64], people: NDArray[np.float64], years: float, rate: float | None
) -> tuple[NDArray[np.float64], float, float]:
    """Shrink the counts of one type.

    Returns
    -------
    calls_per_year : ndarray of float64, shape (n_demand,)
    rate : float
        Common rate per 10,000 people and year.
    spread : float
        A over m squared.
    """
    calls = count / years
    lived_in = people > 0
    if not lived_in.any():
        return calls, math.nan, 0.0
    y, own = count[lived_in], people[lived_in]
    common = y.sum() / own.sum() / years * _PER if rate is None else rate
    expected = common * own / _PER * years
    if not common > 0:
        return calls, 0.0, 0.0
    variance = float((expected * (y / expected - 1) ** 2).sum() / expected.sum() - len(y) / expected.sum())
    spread = max(variance, 0.0)
    shrink = spread / (spread + 1 / expected)
    theta = 1 + shrink * (y / expected - 1)
    estimate = expected * theta / years
    if rate is None:  # shrinking moves a little between points of unlike size: the county's sum is known
        estimate *= y.sum() / years / estimate.sum()
    calls[lived_in] = estimate
    return calls, float(common), spread


def _said(
    demand: DemandPoints,
    records: Incidents,
    years: float,
    derived: bool,
    toward: str,
    table: pd.DataFrame,
    limit_m: float,
) -> list[str]:
    n, lost = len(records), int((records.point < 0).sum())
    first, last = min(records.days), max(records.days)
    how = ("from the first to the last record", "首末记录之间") if derived else ("as stated", "按给定值")
    aim = ("the county's own rate", "本县平均率") if toward == "history" else ("the given rates", "给定年率")
    en = (
        f"{records.label}: {n - lost} incidents from {first} to {last} in {years:.2f} years ({how[0]}) give "
        f"{table['calls_per_year'].sum():.1f} calls a year, shrunk toward {aim[0]} (empirical Bayes)"
    )
    zh = (
        f"{records.label}：{first} 至 {last} 共 {n - lost} 起，按 {years:.2f} 年（{how[1]}）计，年呼叫量 "
        f"{table['calls_per_year'].sum():.1f}，向{aim[1]}收缩（经验贝叶斯）"
    )
    notes: list[str] = [Note(en, zh)]
    if lost:
        en = (
            f"{records.label}: {lost} of {n} incidents belong to no demand point (named so, or within {limit_m:.0f} m) "
            f"and are not counted: {lost / years:.1f} calls a year are missing"
        )
        zh = (
            f"{records.label}：{n} 起中 {lost} 起不属于任何需求点（按名称或 {limit_m:.0f} 米内），未计入，"
            f"每年少计 {lost / years:.1f} 起"
        )
        notes.append(Note(en, zh))
    if none := [str(row.type) for row in table.itertuples() if row.incidents == 0 and toward == "history"]:
        en = f"{records.label}: no incident of type {', '.join(none)}: 0 calls of it everywhere"
        notes.append(Note(en, f"{records.label}：记录中没有类型 {'、'.join(none)}：该类呼叫量均为 0"))
    alone = (demand.people == 0) & (np.bincount(records.point[records.point >= 0], minlength=len(demand)) > 0)
    if m := int(alone.sum()):
        en = f"{records.label}: {m} points without people had incidents: taken as observed, not shrunk"
        notes.append(Note(en, f"{records.label}：{m} 个无人口的点有警情：按实际次数计，不收缩"))
    return notes
