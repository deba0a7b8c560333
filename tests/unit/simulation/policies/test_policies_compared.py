"""All dispatch policies on the same calls of a small county, one unit a call."""

from __future__ import annotations

import numpy as np
import pytest

from rescuesim.crew import Lognormal, default_crews
from rescuesim.simulation import (
    CallLog,
    ClosestCapable,
    Fleet,
    JurisdictionFirst,
    MutualAid,
    NearestAvailable,
    Pooled,
    PreparednessAware,
    RoadTimes,
    Setting,
    Unit,
    World,
    run_replication,
)
from rescuesim.simulation.policies import for_replication

TOWNSHIPS = ("甲乡", "乙乡", "丙乡")
GROUPS = {"north": ["甲乡", "乙乡"], "south": ["丙乡"]}
EXACTLY, NOTHING = Lognormal(median=1.0, p90=1.0), Lognormal(median=0.0, p90=0.0)


@pytest.fixture(scope="module")
def played():
    """Play 400 calls of twelve villages, of which four lie nearer to the station of another township."""
    rng = np.random.default_rng(20261122)
    brigade = default_crews()["brigade"]
    always = type(brigade)(
        name="brigade",
        turnout=dict.fromkeys(("day", "night"), Lognormal(median=50.0, p90=50.0)),
        availability=dict.fromkeys(("day", "night"), 1.0),
        capabilities=brigade.capabilities,
    )
    units = tuple(
        Unit(id=f"{site}#{number}", site=site, crew=always, township=township)
        for site, township in zip(("s甲", "s乙", "s丙"), TOWNSHIPS, strict=True)
        for number in (1, 2)
    )
    villages = tuple(f"v{i}" for i in range(12))
    township = {village: TOWNSHIPS[i % 3] for i, village in enumerate(villages)}
    out_s = rng.uniform(300, 900, (3, 12))
    for i in range(12):  # v0-v7 are nearest to their own station, v8-v11 to the next one
        near = i % 3 if i < 8 else (i + 1) % 3
        out_s[near, i] = rng.uniform(60, 250)
    world = World(
        fleet=Fleet(units=units),
        roads=RoadTimes.from_matrix(out_s, sites=["s甲", "s乙", "s丙"], points=villages),
        townships=township,
        weights=dict.fromkeys(villages, 1.0),
    )
    horizon_s = 20 * 86400.0
    calls = CallLog.from_draws(
        villages,
        ["rescue"],
        arrived_at_s=np.sort(rng.uniform(0, horizon_s * 0.9, 400)),
        point=rng.integers(0, 12, 400),
        on_scene_s=rng.exponential(3600.0, 400),
    )
    chain = {"answering": NOTHING, "order": NOTHING, "set_up": NOTHING, "variation": EXACTLY}
    setting = Setting(chain=chain, horizon_s=horizon_s)
    policies = {
        "nearest": NearestAvailable(),
        "capable": ClosestCapable(),
        "jurisdiction": JurisdictionFirst(parallel_crews=()),
        "prepared": PreparednessAware(urgent=-1),
        "aid": MutualAid(GROUPS, shared_crews=()),
        "pooled": Pooled(GROUPS, shared_crews=(), not_later_than_s=np.inf),
    }
    found = {
        name: run_replication(world.fleet, calls, world.roads, setting, policy=for_replication(policy, world))
        for name, policy in policies.items()
    }
    of_call = np.array([township[villages[point]] for point in calls.point])
    of_unit = np.array([unit.township for unit in units])
    return found, of_call, of_unit


def response_s(trajectory):
    return trajectory.at_s("on_scene") - trajectory.at_s("ordered")


def test_every_policy_serves_every_call(played):
    for name, trajectory in played[0].items():
        assert set(trajectory.outcomes()) == {"handled"}, name


def test_crews_of_equal_size_make_closest_capable_the_nearest(played):
    found = played[0]
    assert (found["capable"].unit == found["nearest"].unit).all()


def test_the_own_station_serves_more_of_its_township_and_takes_longer(played):
    found, of_call, of_unit = played
    own = {name: (of_unit[found[name].unit] == of_call).mean() for name in ("nearest", "jurisdiction")}
    assert own["jurisdiction"] > 0.9 > own["nearest"]
    assert response_s(found["jurisdiction"]).mean() > response_s(found["nearest"]).mean()


def test_walls_are_never_crossed_and_pooling_crosses_them_only_in_need(played):
    found, of_call, of_unit = played
    group = {"甲乡": "north", "乙乡": "north", "丙乡": "south"}

    def crossed(name):
        return np.array([group[a] != group[b] for a, b in zip(of_unit[found[name].unit], of_call, strict=True)])

    assert not crossed("aid").any()
    assert crossed("nearest").mean() > crossed("pooled").mean() > 0
    # behind the wall a call waits that pooling serves at once
    waits = {name: (found[name].at_s("dispatched") - found[name].at_s("ordered")).sum() for name in ("aid", "pooled")}
    assert waits["aid"] > waits["pooled"]


def test_preparedness_sends_another_than_the_nearest_at_times(played):
    found = played[0]
    share = (found["prepared"].unit != found["nearest"].unit).mean()
    assert 0 < share < 1
