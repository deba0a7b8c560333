"""What each broken thing costs: roads, two roads together, feeders, base stations (最要命的桥、线路和基站).

A road costs what would not be lost if that road alone, or those two alone, had held: the disruption is worked out once
more without it. Losses that two roads share show only in the pair. What a feeder or a base station costs is read off
the timeline: the points that it supplies are dark or silent while it is out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.disruption import Disruption
from rescuesim.disruption.intervals import union
from rescuesim.network import RoadNetwork
from rescuesim.report.disrupted.tables import Places
from rescuesim.report.disrupted.villages import Course

__all__ = ["asset_costs"]

_COLUMNS = (
    "disruption",
    "rank",
    "kind",
    "asset",
    "name",
    "bridge",
    "cause",
    "out_h",
    "person_hours_uncovered",
    "person_hours_isolated",
    "person_hours_dark",
    "person_hours_silent",
    "people_cut_off",
    "cut_off_h",
    "villages",
    "who_walks_in",
)
CoursesOf = Callable[[Sequence[Disruption]], list[Course]]


def asset_costs(
    courses: Sequence[Course],
    places: Places,
    network: RoadNetwork,
    serves: Mapping[str, Iterable[str]] | None,
    courses_of: CoursesOf,
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Rank the roads, pairs of roads, feeders and base stations of some disruptions.

    Parameters
    ----------
    courses : sequence of Course
    places : Places
    network : RoadNetwork
    serves : mapping of str to iterable of str, or None
        Points by feeder and base station.
    courses_of : callable
        Works out other disruptions in the same way.

    Returns
    -------
    frame : DataFrame
        NaN where people cannot be known.
    notes : tuple of Note
    """
    rows: list[dict[str, object]] = []
    notes: list[Note] = []
    for course in courses:
        roads, said = _roads(course, places, network, courses_of)
        found = roads + _supplies(course, places, serves)
        found.sort(key=_order)
        rows += [{**one, "rank": rank} for rank, one in enumerate(found, 1)]
        notes += said
    unknown = sorted(
        {str(row["asset"]) for row in rows if row["kind"] in ("feeder", "base_station", "fibre")} - set(serves or {})
    )
    if unknown:
        notes.append(
            Note(
                f"whom {len(unknown)} feeders, base stations and fibres supply is not given; their people: unknown",
                f"{len(unknown)} 条馈线、基站或光缆的供给对象未给出，影响人口不详",
            )
        )
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame, tuple(dict.fromkeys(notes))


def _order(row: Mapping[str, object]) -> tuple[float, str, str]:
    """Most person-hours first, of whatever kind; then by kind and id."""
    hours = [row[f"person_hours_{name}"] for name in ("uncovered", "isolated", "dark", "silent")]
    total = float(np.nansum(np.array(hours, dtype=np.float64)))
    return -total, str(row["kind"]), str(row["asset"])


def _roads(
    course: Course, places: Places, network: RoadNetwork, courses_of: CoursesOf
) -> tuple[list[dict[str, object]], list[Note]]:
    disruption, until_s = course.stretches.disruption, float(course.stretches.end_s[-1])
    shut = {outage.closure.road for outage in disruption.roads if outage.closure.shuts and outage.from_s < until_s}
    if not shut:
        return [], []
    most_roads, most_paired = (int(default(f"measures.roads_{name}").number) for name in ("spared", "paired"))
    out_h = {road: _out_h(disruption, road, until_s) for road in shut}
    candidates = sorted(shut, key=lambda road: (-out_h[road], road))[:most_roads]
    spared = courses_of([_without(disruption, {road}) for road in candidates])
    rows = [_road_row(course, one, (road,), places, network) for road, one in zip(candidates, spared, strict=True)]
    best = [candidates[row] for row in sorted(range(len(rows)), key=lambda row: _order(rows[row]))[:most_paired]]
    pairs = list(itertools.combinations(sorted(best), 2))
    together = courses_of([_without(disruption, set(pair)) for pair in pairs]) if pairs else []
    both = [_road_row(course, one, pair, places, network) for pair, one in zip(pairs, together, strict=True)]
    alone = dict(zip(candidates, rows, strict=True))
    # a pair is worth a line where it says more than its two roads do
    telling = [row for pair, row in zip(pairs, both, strict=True) if _says_more(row, [alone[road] for road in pair])]
    notes = []
    if len(shut) > len(candidates):
        notes.append(
            Note(
                f"{disruption.label}: of {len(shut)} closed roads, the {len(candidates)} that are out longest were "
                "spared one by one",
                f"{disruption.label}：{len(shut)} 条断路中，只逐条核算了中断最久的 {len(candidates)} 条",
            )
        )
    if len(candidates) > most_paired:
        notes.append(
            Note(
                f"{disruption.label}: pairs were looked for among the {most_paired} roads that cost most alone",
                f"{disruption.label}：成对核算只在单独代价最大的 {most_paired} 条道路之间进行",
            )
        )
    return [row for row in rows if _order(row)[0] < 0] + telling, notes


def _says_more(pair: Mapping[str, object], singles: Sequence[Mapping[str, object]]) -> bool:
    return -_order(pair)[0] > -sum(_order(one)[0] for one in singles) + 1e-6


def _without(disruption: Disruption, roads: set[int]) -> Disruption:
    """Return the disruption as if some roads had held."""
    return replace(
        disruption,
        label=f"{disruption.label} without {sorted(roads)}",
        roads=tuple(outage for outage in disruption.roads if outage.closure.road not in roads),
        slowings=tuple(one for one in disruption.slowings if one.road not in roads),
    )


def _out_h(disruption: Disruption, road: int, until_s: float) -> float:
    """Hours in which some part of the road is shut."""
    spells = sorted(
        (one.from_s, min(one.until_s, until_s))
        for one in disruption.roads
        if one.closure.road == road and one.closure.shuts and one.from_s < until_s
    )
    total, last = 0.0, 0.0
    for begin, end in spells:
        total += max(end - max(begin, last), 0.0)
        last = max(last, end)
    return total / 3600


def _person_hours(course: Course, held: NDArray[np.bool_], places: Places) -> float:
    return float(course.hours @ (held @ places.demand.people))


def _road_row(
    course: Course, spared: Course, roads: tuple[int, ...], places: Places, network: RoadNetwork
) -> dict[str, object]:
    """Compare a disruption with what it would have been."""
    normal = places.normal
    lost = [_person_hours(one, normal & ~one.covered, places) for one in (course, spared)]
    cut = [_person_hours(one, one.states[0], places) for one in (course, spared)]
    cut_h = course.hours @ course.states[0] - spared.hours @ spared.states[0]
    chosen = np.flatnonzero((cut_h > 1e-9) & places.village)
    disruption, until_s = course.stretches.disruption, float(course.stretches.end_s[-1])
    causes = dict.fromkeys(one.cause for one in disruption.roads if one.closure.road in roads)
    on_bridge = np.isin(network.road[network.bridge], roads)
    return {
        "disruption": disruption.label,
        "kind": "road" if len(roads) == 1 else "two_roads",
        "asset": " + ".join(str(road) for road in roads),
        "name": " + ".join(_road_name(disruption, network, road) for road in roads),
        "bridge": bool(on_bridge.any()),
        "cause": ", ".join(causes),
        "out_h": max(_out_h(disruption, road, until_s) for road in roads),
        "person_hours_uncovered": round(lost[0] - lost[1], 6),  # sums of many parts differ by a rounding
        "person_hours_isolated": round(cut[0] - cut[1], 6),
        "person_hours_dark": np.nan,
        "person_hours_silent": np.nan,
        "people_cut_off": float(places.demand.people[chosen].sum()),
        "cut_off_h": float(cut_h[chosen].max(initial=0.0)),
        "villages": _names(chosen, places),
        "who_walks_in": _walkers(course, chosen, places),
    }


def _road_name(disruption: Disruption, network: RoadNetwork, road: int) -> str:
    """Name a road by its own name, or by what its outage is called."""
    own = str(network.road_name[road])
    labels = dict.fromkeys(one.label for one in disruption.roads if one.closure.road == road and one.label)
    return own or next(iter(labels), f"road {road}")


def _names(chosen: NDArray[np.int64], places: Places) -> str:
    order = chosen[np.argsort(-places.demand.people[chosen], kind="stable")]
    most = int(default("measures.villages_named").number)
    named = "、".join(places.demand.names[row] for row in order[:most].tolist())
    return named + (f" +{len(order) - most}" if len(order) > most else "")


def _walkers(course: Course, chosen: NDArray[np.int64], places: Places) -> str:
    """Name the sites whose crews are first at the villages, on foot."""
    sites = course.force_site[chosen[course.on_foot[chosen] & np.isfinite(course.force_s[chosen])]]
    return "、".join(places.sites.names[row] for row in dict.fromkeys(sites.tolist()))


def _supplies(course: Course, places: Places, serves: Mapping[str, Iterable[str]] | None) -> list[dict[str, object]]:
    """Rank feeders, base stations, fibres, and the power of townships, by who is dark or silent while they are out."""
    stretches = course.stretches
    disruption, rows = stretches.disruption, {id_: row for row, id_ in enumerate(places.demand.ids)}
    spells: dict[tuple[str, str], list[tuple[float, float, str]]] = {}
    for power in disruption.power:
        spells.setdefault(("feeder", power.area), []).append((power.from_s, power.until_s, power.cause))
    for asset in disruption.assets:
        if asset.kind != "site_power":
            spells.setdefault((asset.kind, asset.asset), []).append((asset.from_s, asset.until_s, asset.cause))
    found = []
    for (kind, name), times in spells.items():
        out = np.zeros(len(stretches), dtype=np.float64)
        for begin, end in union((begin, end) for begin, end, _ in times):
            inside = np.minimum(stretches.end_s, end) - np.maximum(stretches.begin_s, begin)
            out += np.clip(inside, 0, None) / 3600
        if not out.any():
            continue
        points = [rows[id_] for id_ in (serves or {}).get(name, ()) if id_ in rows]
        if kind == "township_power":
            points = [row for row, township in enumerate(places.demand.townships) if township == name]
        known = kind == "township_power" or name in (serves or {})
        people = places.demand.people[points]
        dark, silent = (float(out @ (course.states[k][:, points] @ people)) for k in (3, 2))
        chosen = np.array([row for row in points if places.village[row]], dtype=np.int64)
        hit = chosen[(course.states[2] | course.states[3])[:, chosen].any(axis=0)] if len(chosen) else chosen
        found.append(
            {
                "disruption": disruption.label,
                "kind": kind,
                "asset": name,
                "name": name,
                "bridge": False,
                "cause": ", ".join(dict.fromkeys(cause for _, _, cause in times)),
                "out_h": float(out.sum()),
                "person_hours_uncovered": np.nan,
                "person_hours_isolated": np.nan,
                "person_hours_dark": dark if known else np.nan,
                "person_hours_silent": silent if known else np.nan,
                "people_cut_off": float(places.demand.people[hit].sum()) if known else np.nan,
                "cut_off_h": float(out.sum()) if known else np.nan,
                "villages": _names(hit, places),
                "who_walks_in": _walkers(course, hit, places),
            }
        )
    return found
