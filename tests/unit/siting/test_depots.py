"""Depots and hubs: which sites take part, what limits hold, and how their plan joins that of the stations."""

from __future__ import annotations

import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.siting import SitingConstraints, depots_near_hubs, sites_as_points


def county() -> rs.TravelTimes:
    """Return two stations, two hubs and three depots with four villages."""
    sites = pd.DataFrame(
        {
            "id": ["s1", "s2", "h1", "h2", "k1", "k2", "k3"],
            "kind": ["station", "station", "hub", "hub", "depot", "depot", "depot"],
            "status": ["existing", *["candidate"] * 6],
            "township": ["东乡", "西乡", "东乡", "西乡", "东乡", "西乡", "西乡"],
        }
    )
    minutes = [
        [1, 9, 9, 9],
        [9, 1, 9, 9],
        [5, 5, 40, 40],
        [40, 40, 5, 5],
        [10, 12, 90, 90],
        [90, 90, 8, 30],
        [90, 90, 30, 8],
    ]
    demand = pd.DataFrame({"id": ["a", "b", "c", "d"], "people": [10, 20, 30, 40]})
    return rs.TravelTimes.from_matrix([[60 * m for m in row] for row in minutes], sites=sites, demand=demand)


def test_only_sites_of_the_kind_take_part() -> None:
    times = county()
    depots = rs.site(times, rs.MaxCoverage(2), limit_s=1200, kind="depot")
    assert depots.opened == ("k1", "k3")
    assert rs.site(times, rs.MaxCoverage(1), limit_s=1200, kind="hub").opened == ("h2",)
    assert rs.site(times, rs.MaxCoverage(1), limit_s=1200).opened == ("s1",)


def test_a_standard_is_for_stations_alone() -> None:
    with pytest.raises(InputError, match="expected limit_s and no standard"):
        rs.site(county(), rs.MaxCoverage(1), standard=rs.load_standard(), kind="depot")
    with pytest.raises(InputError, match="kind 'depott': expected one of depot"):
        rs.site(county(), rs.MaxCoverage(1), limit_s=60, kind="depott")
    with pytest.raises(InputError, match="there is none among the 7"):
        rs.site(county(), rs.MaxCoverage(1), limit_s=60, kind="shelter")


def test_depots_join_the_plan_of_the_stations_and_survive_json() -> None:
    times = county()
    stations = rs.site(times, rs.MaxCoverage(2), limit_s=300).plan
    depots = rs.site(times, rs.MaxCoverage(2), limit_s=1200, kind="depot").plan
    both = stations.with_depots(depots)
    assert both.opened == ("s1", "s2", "k1", "k3")
    assert [site.id for site in both.stations] == ["s1", "s2"]
    assert rs.Plan.from_json(both.to_json()) == both
    assert both.with_depots(depots) == both


def test_stations_and_other_sites_of_the_same_id_are_refused_together() -> None:
    plan = rs.Plan(name="plan", sites=(rs.PlanSite(id="k1", name="甲", crew="", status="candidate", units=1),))
    other = rs.Plan(
        name="depots",
        sites=(
            rs.PlanSite(id="k1", name="乙", crew="", status="candidate", units=1, kind="depot"),
            rs.PlanSite(id="s9", name="丙", crew="", status="candidate", units=1),
        ),
    )
    with pytest.raises(InputError, match="2 faults") as caught:
        plan.with_depots(other)
    assert "another id" in str(caught.value)
    assert "s9: station" in str(caught.value)


def test_depots_too_far_from_every_hub_are_left_out() -> None:
    times = county()
    hubs = rs.site(times, rs.MaxCoverage(1), limit_s=1200, kind="hub").plan
    points = sites_as_points(times.sites)
    assert points.ids == ("k1", "k2", "k3")
    drives = [[9e3] * 3, [9e3] * 3, [600, 9e3, 9e3], [9e3, 600, 1200], [9e3] * 3, [9e3] * 3, [9e3] * 3]
    supply = depots_near_hubs(rs.TravelTimes.from_matrix(drives, sites=times.sites, demand=points), hubs, limit_s=1200)
    assert (supply.near, supply.far) == (("k2", "k3"), ("k1",))
    depots = rs.site(
        times, rs.MaxCoverage(2), limit_s=1200, kind="depot", constraints=SitingConstraints(closed=supply.far)
    )
    assert depots.opened == ("k2", "k3")
    assert depots.points["covered"].tolist() == [False, False, True, True]


def test_hubs_that_are_not_there_are_named() -> None:
    times = county()
    none = rs.Plan(name="none", sites=())
    with pytest.raises(InputError, match="at least one hub"):
        depots_near_hubs(times, none, limit_s=60)
    odd = rs.Plan(name="odd", sites=(rs.PlanSite(id="h9", name="", crew="", status="candidate", units=1, kind="hub"),))
    with pytest.raises(UnknownIdError, match="hub 'h9'"):
        depots_near_hubs(times, odd, limit_s=60)
    with pytest.raises(InputError, match="limit_s"):
        depots_near_hubs(times, rs.site(times, rs.MaxCoverage(1), limit_s=1200, kind="hub").plan, limit_s=-1)
