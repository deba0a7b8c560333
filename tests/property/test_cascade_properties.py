"""Cascades over random cases: stores against minutes, nothing back before its cause, more harm never helps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from cascade_cases import HOUR, communication_of, demand_of, ladder, power_of, sites_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_disruption_cascade import empty_minutes, held, truck_minutes

from rescuesim.disruption import (
    AssetOutage,
    CascadeCounty,
    ContactSpell,
    Generator,
    PowerOutage,
    RoadOutage,
    cascade_in,
    prepare_cascade,
)
from rescuesim.disruption.channels.supply import Refuelling
from rescuesim.disruption.intervals import complement, empty_while, intersection, union
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

HORIZON_S = 48 * HOUR
MINUTES = 600


@st.composite
def spans(draw: st.DrawFn, most: int = 4, minutes: int = MINUTES) -> tuple[tuple[float, float], ...]:
    edges = st.integers(0, minutes - 1)
    pairs = draw(st.lists(st.tuples(edges, st.integers(1, minutes)), max_size=most))
    return union((60.0 * begin, 60.0 * (begin + length)) for begin, length in pairs)


@given(drained=spans(), filled=spans(), steps=st.integers(0, 20), recharges=st.booleans())
def test_a_store_is_empty_in_the_minutes_in_which_counting_finds_it_empty(
    drained: tuple[tuple[float, float], ...], filled: tuple[tuple[float, float], ...], steps: int, recharges: bool
) -> None:
    store_s = 600 * steps
    rate = steps / 60 if recharges else 0.0  # full within ten hours
    found = empty_while(drained, store_s, filled=filled, recharge=rate)
    expected = empty_minutes(drained, filled, store_s, steps if recharges else 0, MINUTES)
    assert [held(found, 60.0 * minute + 29.5) for minute in range(MINUTES)] == expected


@given(one=spans(), other=spans())
def test_sets_of_time_are_sets(one: tuple[tuple[float, float], ...], other: tuple[tuple[float, float], ...]) -> None:
    both, rest, any_ = intersection(one, other), complement(one), union([*one, *other])
    for minute in range(0, 2 * MINUTES, 7):
        at = 60.0 * minute + 30
        assert held(both, at) == (held(one, at) and held(other, at))
        assert held(rest, at) == (not held(one, at))
        assert held(any_, at) == (held(one, at) or held(other, at))


@given(
    starts=st.lists(st.integers(1, MINUTES - 1), max_size=6, unique=True),
    seconds=st.lists(st.sampled_from([300.0, 900.0, 2400.0, math.inf]), min_size=7, max_size=7),
    ready=st.integers(0, 100),
)
def test_a_truck_is_there_when_it_could_have_left_in_time(starts: list[int], seconds: list[float], ready: int) -> None:
    moments = [0.0, *(60.0 * start for start in sorted(starts))]
    times = seconds[: len(moments)]
    there = Refuelling.arrivals(moments, times, from_s=60.0 * ready)
    expected = truck_minutes(times, moments, 60.0 * ready, MINUTES)
    assert [held(there, 60.0 * minute + 30) for minute in range(MINUTES)] == expected


# -- whole cascades on the small town ---------------------------------------------------------------

_COUNTIES: list[CascadeCounty] = []


def county_of(town: RoadNetwork) -> CascadeCounty:
    if not _COUNTIES:
        generators = (
            Generator(kind="site", asset="north", tank_h=4, start=0.6),
            Generator(kind="base_station", asset="b1", tank_h=6, start=0.6),
        )
        communication = communication_of(
            channels=ladder(
                "public_network", "satellite_phone", "runner",
                satellite_phone={"ready": 0.6, "inbound": 0.5, "endurance_h": 6.0},
            ),
            fibre_road=1,
        )  # fmt: skip
        _COUNTIES.append(prepare_cascade(power_of(generators=generators), communication, sites_of(), demand_of(), town))
    return _COUNTIES[0]


@st.composite
def grid(draw: st.DrawFn) -> tuple[PowerOutage, ...]:
    found = []
    for area in ("f1", "f2"):
        for from_s, until_s in draw(spans(most=2, minutes=40 * 60)):
            found.append(PowerOutage(area=area, from_s=from_s, until_s=until_s))
    return tuple(found)


@st.composite
def slides(draw: st.DrawFn, most: int = 4) -> tuple[RoadOutage, ...]:
    found = []
    for _ in range(draw(st.integers(0, most))):
        closure = Closure(road=draw(st.integers(0, 3)), level=draw(st.sampled_from(["closed", "on_foot", "one_lane"])))
        from_s = 60.0 * draw(st.integers(0, 40 * 60))
        length = 60.0 * draw(st.integers(1, 20 * 60))
        cause = draw(st.sampled_from(["landslide", "flood"]))
        found.append(RoadOutage(closure=closure, from_s=from_s, until_s=from_s + length, cause=cause))
    return tuple(found)


def rank_at(
    contacts: Sequence[ContactSpell], place: str, direction: str, at: float, names: Sequence[str]
) -> tuple[float, float]:
    """How far down the ladder, and the median delay: the lower the better."""
    for spell in contacts:
        if (spell.place, spell.direction) == (place, direction) and spell.from_s <= at < spell.until_s:
            if not spell.channel:
                return math.inf, math.inf
            assert spell.delay is not None
            return float(names.index(spell.channel)), spell.delay.median
    return 0.0, 0.0


MOMENTS = np.arange(30.0, HORIZON_S, 1999.0).tolist()


@settings(max_examples=30)
@given(
    outages=grid(), roads=slides(), more=slides(most=1), dark=spans(most=1, minutes=30 * 60), sample=st.integers(0, 50)
)
def test_one_more_outage_never_improves_a_contact_or_a_supply(
    town: RoadNetwork,
    outages: tuple[PowerOutage, ...],
    roads: tuple[RoadOutage, ...],
    more: tuple[RoadOutage, ...],
    dark: tuple[tuple[float, float], ...],
    sample: int,
) -> None:
    county = county_of(town)
    names = [channel.name for channel in county.communication.channels]
    areas = {area: [(one.from_s, one.until_s) for one in outages if one.area == area] for area in ("f1", "f2")}
    worse = tuple(
        PowerOutage(area=area, from_s=from_s, until_s=until_s)
        for area, some in areas.items()
        for from_s, until_s in union([*some, *(dark if area == "f2" else ())])
    )
    before = cascade_in(county, outages=outages, roads=roads, seed=2, sample=sample, horizon_s=HORIZON_S)
    after = cascade_in(county, outages=worse, roads=(*roads, *more), seed=2, sample=sample, horizon_s=HORIZON_S)
    for place, direction in [*((id_, "call") for id_ in ("v1", "v2", "v3")), ("north", "order"), ("east", "order")]:
        for at in MOMENTS:
            was, is_now = (rank_at(made[1], place, direction, at, names) for made in (before, after))
            assert is_now >= was, (place, at)
    for one in before[0]:
        again = union((two.from_s, two.until_s) for two in after[0] if (two.kind, two.asset) == (one.kind, one.asset))
        assert any(begin <= one.from_s and one.until_s <= end for begin, end in again), one


def spans_of(assets: Sequence[AssetOutage], kind: str, asset: str) -> list[tuple[float, float]]:
    return [(one.from_s, one.until_s) for one in assets if (one.kind, one.asset) == (kind, asset)]


@settings(max_examples=30)
@given(outages=grid(), roads=slides(), sample=st.integers(0, 50))
def test_nothing_recovers_before_its_cause(
    town: RoadNetwork, outages: tuple[PowerOutage, ...], roads: tuple[RoadOutage, ...], sample: int
) -> None:
    assets, contacts = cascade_in(
        county_of(town), outages=outages, roads=roads, seed=2, sample=sample, horizon_s=HORIZON_S
    )
    cutting = [
        (one.from_s, one.until_s)
        for one in roads
        if one.closure.road == 1 and one.closure.shuts and one.cause != "flood"
    ]
    grid_of = {area: [(one.from_s, one.until_s) for one in outages if one.area == area] for area in ("f1", "f2")}
    cable, b2 = spans_of(assets, "fibre", "cable"), spans_of(assets, "base_station", "b2")
    for at in MOMENTS:
        assert held(spans_of(assets, "township_power", "hills"), at) == held(grid_of["f2"], at)
        # a cut fibre is mended an hour after the last road that cut it is open, and not before
        assert held(cable, at) == held([(begin, end + HOUR) for begin, end in cutting], at)
        if held(cable, at):
            assert held(b2, at)
        if held(b2, at):
            assert held(cable, at) or held(grid_of["f2"], at)
        for kind, asset, area in (("site_power", "north", "f2"), ("site_power", "desk", "f1")):
            if held(spans_of(assets, kind, asset), at):
                assert held(grid_of[area], at)
        others = [one for one in contacts if one.place == "v2" and one.from_s <= at < one.until_s]
        assert bool(others) == held(b2, at)
    for one in assets:
        assert one.until_s > one.from_s
        assert all(two.until_s <= one.from_s or two.from_s >= one.until_s for two in assets
                   if two is not one and (two.kind, two.asset) == (one.kind, one.asset))  # fmt: skip
