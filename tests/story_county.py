"""A county on one line for stories told by hand: every duration is a round number, ten metres take one second."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from roads_by_hand import roads_by_hand, times_between

from rescuesim.crew import CrewType, Lognormal
from rescuesim.disruption import Disruption
from rescuesim.plan import Plan
from rescuesim.simulation import (
    BelievedTimes,
    CallLog,
    Fleet,
    Journeys,
    ResponsePackage,
    Setting,
    Unit,
    UnitNeed,
    event_log,
    run_replication,
)

HOUR = 3600.0
SHIFTS = ("day", "night")


def exactly(value: float) -> Lognormal:
    return Lognormal(median=value, p90=value)


CHAIN = {"answering": exactly(10), "order": exactly(20), "set_up": exactly(30), "variation": exactly(1)}


def crew(can: str = "assist fire rescue", *, turnout_s: float = 60.0, name: str = "crew", **more) -> CrewType:
    return CrewType(
        name=name,
        turnout=dict.fromkeys(SHIFTS, exactly(turnout_s)),
        availability=dict.fromkeys(SHIFTS, 1.0),
        capabilities=frozenset(can.split()),
        **more,
    )


def package(type_: str, first: str, people_to_start: int = 1, **more: object) -> ResponsePackage:
    """Make a package of needs such as ``fire:3 assist:2``."""
    tiers = {name: tuple(UnitNeed.from_text(text) for text in str(more.pop(name, "")).split()) for name in LATER}
    needs = tuple(UnitNeed.from_text(text) for text in first.split())
    return ResponsePackage(type=type_, first=needs, people_to_start=people_to_start, **tiers, **more)  # type: ignore[arg-type]


LATER = ("reinforcement", "escalation")


def line(sites: list[float], points: list[float], *, ends_m: list[float], round_s: float | None = None) -> Journeys:
    """Place sites and points, in metres, on a road along the given junctions; perhaps with another road round it.

    Roads are numbered from left to right; the way round joins the first junction and the last and comes after them.
    """
    roads = [(k, k + 1, (b - a) / 10, (b - a) / 10) for k, (a, b) in enumerate(pairwise(ends_m))]
    if round_s is not None:
        roads.append((0, len(ends_m) - 1, round_s, round_s))
    network = roads_by_hand([(at, 0.0) for at in ends_m], roads)
    out, back = times_between(network, [(at, 0.0) for at in sites], [(at, 0.0) for at in points])
    return Journeys(out=out, back=back)


def told(
    journeys: Journeys,
    crews: dict[str, CrewType],
    calls: CallLog,
    *,
    disruption: Disruption | None = None,
    drives: bool = False,
    horizon_s: float = 86400.0,
    found=(),
    policy=None,
    move_up=None,
    evacuation=(),
    roads=None,
    **setting,
) -> list[str]:
    """Play a story of units ``site#number`` and return its events, one text each: moment, call, unit, what."""
    fleet = Fleet(units=tuple(Unit(id=id_, site=id_.split("#")[0], crew=one) for id_, one in crews.items()))
    trajectory = run_replication(
        fleet,
        calls,
        roads or journeys.during(disruption),
        Setting(chain=CHAIN, horizon_s=horizon_s, **setting),
        channels=disruption.channels if disruption else (),
        contacts=disruption.contacts if disruption else (),
        found=found,
        policy=policy,
        believed=BelievedTimes.under(journeys, disruption) if drives else None,
        move_up=move_up,
        evacuation=evacuation,
    )
    return lines(event_log(trajectory, fleet, calls))


def lines(log: pd.DataFrame) -> list[str]:
    rows = []
    for at_s, event, call, unit, detail in log.itertuples(index=False):
        who = [f"call {call}" if call >= 0 else "", unit]
        rows.append(" ".join(part for part in [f"{round(at_s, 2):g}", *who, event, detail] if part))
    return rows


def calls_at(*rings_s: float, points: list[int] | None = None, n_points: int = 1, **draws: object) -> CallLog:
    """Make calls for fire, unless types are given, that take 600 s unless on_scene_s says more."""
    types = draws.pop("types", ["fire"])
    given = {"on_scene_s": [600.0] * len(rings_s), "point": points or [0] * len(rings_s), **draws}
    ids = [f"d{k}" for k in range(n_points)]
    return CallLog.from_draws(ids, types, arrived_at_s=list(rings_s), **given)


__all__ = ["CHAIN", "HOUR", "Plan", "calls_at", "crew", "exactly", "line", "lines", "np", "package", "told"]
