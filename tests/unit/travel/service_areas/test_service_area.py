"""Service areas on roads whose answers are known: how far, over which roads, in which words."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from placed_points import moving_only, on_road, places

import rescuesim as rs
from rescuesim.candidates import load_sites
from rescuesim.errors import DataFileError, InputError, UnknownIdError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.network.states import Closure
from rescuesim.network.vehicles.start_up import free_ticks_within
from rescuesim.plan import Plan, PlanSite
from rescuesim.quality import snap_points
from rescuesim.standard import load_standard
from rescuesim.travel.service_areas import ServiceArea, service_area, service_areas, standard_service_areas

DEAD_END_M_S = 35 / 3.6  # the road from the town out to node 6 is tertiary


@pytest.fixture(scope="module")
def town(town: RoadNetwork) -> RoadNetwork:
    """Return the town without waiting and start-up loss: here it is the driving that is looked at."""
    return moving_only(town)


@pytest.fixture(scope="module")
def dead_end(town: RoadNetwork) -> int:
    """Return the road from the town out to node 6."""
    return int(town.edges.query("tail == 3 and head == 6")["road"].item())


def at(network: RoadNetwork, road: int, metres: float) -> tuple[float, float]:
    """Longitude and latitude of a position on a road."""
    frame = on_road(network, road, [metres], "p")
    return float(frame["lon"][0]), float(frame["lat"][0])


def stretch(area: ServiceArea, road: int) -> list[tuple[float, float]]:
    """What is reached of a road."""
    found = area.stretches
    here = found.road == road
    return list(zip(found.from_m[here].tolist(), found.to_m[here].tolist(), strict=True))


# --- how far ---------------------------------------------------------------------------------------------


def test_a_crew_gets_as_far_as_speed_and_limit_say_in_both_directions(town: RoadNetwork, dead_end: int) -> None:
    area = service_area(town, at(town, dead_end, 900.0), 40.0)
    ((low, high),) = stretch(area, dead_end)
    assert low == pytest.approx(900 - 40 * DEAD_END_M_S, abs=2e-3)
    assert high == pytest.approx(900 + 40 * DEAD_END_M_S, abs=2e-3)
    assert area.farthest_road_m == pytest.approx(40 * DEAD_END_M_S, abs=2e-3)
    assert area.farthest_straight_m == pytest.approx(40 * DEAD_END_M_S, rel=2e-3)  # a straight road
    assert area.length_m == pytest.approx(80 * DEAD_END_M_S, abs=4e-3)
    assert area.length_m_by_class == {"tertiary": area.length_m}
    assert len(area.node) == 0


def test_the_start_up_loss_shortens_a_trip_as_kolesar_and_walker_say(town: RoadNetwork, dead_end: int) -> None:
    """T = 2 sqrt(D / a) up to tau = v / a of free time and v / a + D / v beyond; solved for D."""
    tau = 18.0
    slow = replace(town, start_up_s=tau)
    for limit_s in (10.0, 36.0, 60.0):
        free_s = limit_s**2 / (4 * tau) if limit_s <= 2 * tau else limit_s - tau
        area = service_area(slow, at(town, dead_end, 900.0), limit_s)
        assert area.farthest_road_m == pytest.approx(free_s * DEAD_END_M_S, abs=5e-3)


def test_the_inverse_of_the_start_up_loss_is_the_last_tick_that_keeps_the_limit() -> None:
    from rescuesim.network.vehicles.start_up import with_start_up_ticks

    for limit in (0, 1, 77_777, 370_000, 900 * 10_000):
        for tau, launch in ((0.0, 0.0), (18.5, 0.0), (18.5, 7.5), (0.0, 1200.0)):
            free = free_ticks_within(limit, tau, launch_s=launch)
            assert with_start_up_ticks(free, tau, launch_s=launch) <= limit
            assert with_start_up_ticks(free + 1, tau, launch_s=launch) > limit


def test_the_access_leg_of_the_site_takes_its_time_first(town: RoadNetwork, dead_end: int) -> None:
    lon, lat = at(town, dead_end, 900.0)
    off = service_area(town, (lon, lat + 60 / 111_000), 40.0)
    leg_s = off.site_snap.access_ticks[0] / TICKS_PER_SECOND
    assert leg_s == pytest.approx(60 / 12 * 3.6, rel=0.02)
    assert off.farthest_road_m == pytest.approx((40 - leg_s) * DEAD_END_M_S, abs=5e-3)


def test_a_junction_is_where_a_crew_may_turn_into_every_road_that_it_may_enter(town: RoadNetwork) -> None:
    area = service_area(town, (119.30, 28.70), 10.0)  # node 1: the main street begins, the one-way street ends
    edges = town.edges
    entered = set(edges[edges["tail"] == 1]["road"])
    assert set(area.stretches.road.tolist()) == entered
    back = service_area(town, (119.30, 28.70), 10.0, towards="sites")
    assert set(back.stretches.road.tolist()) == set(edges[edges["head"] == 1]["road"]) > entered
    assert area.node.tolist() == back.node.tolist() == [int(np.flatnonzero(town.node_id == 1)[0])]


def test_a_one_way_street_is_reached_ahead_of_the_station_and_served_from_behind_it(town: RoadNetwork) -> None:
    one_way = int(town.edges.query("tail == 4 and head == 1")["road"].item())
    spot = at(town, one_way, 500.0)
    ((begin, end),) = stretch(service_area(town, spot, 30.0), one_way)
    assert (begin, end) == (pytest.approx(500, abs=1e-3), pytest.approx(500 + 30 * 22 / 3.6, abs=5e-3))
    ((begin, end),) = stretch(service_area(town, spot, 30.0, towards="sites"), one_way)
    assert (begin, end) == (pytest.approx(500 - 30 * 22 / 3.6, abs=5e-3), pytest.approx(500, abs=1e-3))


def test_a_road_reached_from_both_ends_has_its_gap_in_the_middle(guixi: RoadNetwork) -> None:
    found = 0
    for area in service_areas(guixi, load_sites(places(guixi, 6, 3, "s")), 180.0):
        made = area.stretches
        pairs = np.flatnonzero(made.road[1:] == made.road[:-1])
        found += len(pairs)
        gap = (made.to_m[pairs] + made.from_m[pairs + 1]) / 2
        assert not area.holds(made.road[pairs], gap).any()
        assert area.holds(made.road[pairs], made.to_m[pairs]).all()
    assert found


def test_the_farthest_way_by_road_is_no_longer_than_the_limit_at_full_speed_nor_shorter_than_straight(
    guixi: RoadNetwork,
) -> None:
    fastest = guixi.speed_kph.max() / 3.6
    for area in service_areas(guixi, load_sites(places(guixi, 8, 1, "s")), [60.0, 240.0]):
        if any(area.reasons):
            continue
        legs = area.site_snap.access_m[0]
        assert area.farthest_road_m <= area.limit_s * fastest
        assert area.farthest_road_m + legs >= area.farthest_straight_m * 0.998  # the earth is round


def test_several_limits_are_those_of_one_at_a_time_and_grow(guixi: RoadNetwork) -> None:
    sites, limits = load_sites(places(guixi, 5, 8, "s")), [300.0, 0.0, 93.0]
    areas = service_areas(guixi, sites, limits)
    assert [(area.sites.ids, area.limit_s) for area in areas] == [((id_,), s) for id_ in sites.ids for s in limits]
    for k, area in enumerate(areas):
        alone = service_areas(guixi, sites, limits[k % 3])[k // 3]
        assert area.stretches.to_m.tolist() == alone.stretches.to_m.tolist()
        assert area.farthest_road_m == alone.farthest_road_m
    for large, none, small in zip(areas[::3], areas[1::3], areas[2::3], strict=True):
        assert large.stretches.hold(small.stretches.road, small.stretches.from_m, small.stretches.to_m).all()
        assert large.length_m >= small.length_m >= none.length_m


# --- what is broken --------------------------------------------------------------------------------------


def test_the_road_before_a_slide_stays_inside_up_to_the_slide(town: RoadNetwork, dead_end: int) -> None:
    slide = NetworkState(closures=(Closure(road=dead_end, from_m=1000.0, to_m=1040.0),))
    area = service_area(town, at(town, dead_end, 900.0), 40.0, state=slide)
    ((_, high),) = stretch(area, dead_end)
    assert high == np.nextafter(1000.0, 0.0)
    assert not area.holds(dead_end, [1000.0, 1020.0, 1040.0, 1050.0]).any()
    beyond = service_area(town, at(town, dead_end, 1100.0), 40.0, state=slide)
    ((low, _),) = stretch(beyond, dead_end)
    assert low == np.nextafter(1040.0, 2000.0)


def test_a_slowed_part_takes_its_time_and_no_more(town: RoadNetwork, dead_end: int) -> None:
    """100 m on one lane take twice as long: the crew ends 100 m short."""
    narrow = NetworkState(closures=(Closure(road=dead_end, from_m=950.0, to_m=1050.0, level="one_lane"),))
    area = service_area(town, at(town, dead_end, 900.0), 40.0, state=narrow)
    ((low, high),) = stretch(area, dead_end)
    assert high == pytest.approx(900 + 40 * DEAD_END_M_S - 100, abs=4e-3)
    assert low == pytest.approx(900 - 40 * DEAD_END_M_S, abs=4e-3)
    half = NetworkState(slow_downs={dead_end: 2.0})
    ((low, high),) = stretch(service_area(town, at(town, dead_end, 900.0), 40.0, state=half), dead_end)
    assert high - low == pytest.approx(40 * DEAD_END_M_S, abs=4e-3)


def test_a_site_that_reaches_nothing_says_why(town: RoadNetwork, dead_end: int) -> None:
    spot = at(town, dead_end, 900.0)
    closed = NetworkState(closures=(Closure(road=dead_end),))
    site = PlanSite(id="s1", name="溪口站", crew="brigade", status="existing", units=1, lon=spot[0], lat=spot[1])
    unusable = NetworkState(unusable_sites=frozenset({"s1", "elsewhere"}))
    asked = {
        "road_closed": service_area(town, spot, 40.0, state=closed),
        "site_unusable": service_area(town, site, 40.0, state=unusable),
        "no_road": service_area(town, (spot[0], spot[1] + 0.3), 40.0),
        "access_leg": service_area(town, (spot[0], spot[1] + 0.005), 40.0),
    }
    for reason, area in asked.items():
        assert area.reasons == (reason,)
        assert area.length_m == area.area_km2 == area.farthest_road_m == area.farthest_straight_m == 0.0
        assert area.polygon.is_empty
        assert not len(area.lines)
        assert not area.holds(np.arange(town.n_roads), np.zeros(town.n_roads)).any()
        assert "nothing is reached in 40 s" in area.in_language("en").splitlines()[0]
        assert "40 秒内到不了任何道路" in area.in_language("zh").splitlines()[0]
        assert area.to_frame()["reason"][0] == reason


# --- what is asked for wrongly ----------------------------------------------------------------------------


def test_wrong_questions_are_refused(town: RoadNetwork, dead_end: int) -> None:
    spot = at(town, dead_end, 900.0)
    for limit in (-1.0, math.nan, math.inf, -math.inf):
        with pytest.raises(InputError, match="expected seconds of 0 or more"):
            service_area(town, spot, limit)
    with pytest.raises(InputError, match="expected seconds"):
        service_areas(town, load_sites(places(town, 2, 0, "s")), [])
    with pytest.raises(InputError, match="expected seconds"):
        service_area(town, spot, "soon")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="service_areas takes many"):
        service_area(town, load_sites(places(town, 2, 0, "s")), 93.0)
    for odd in ((1.0,), ("a", "b"), (1.0, 2.0, 3.0)):
        with pytest.raises(InputError, match="expected longitude and latitude"):
            service_area(town, odd, 93.0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="finite degrees"):
        service_area(town, (math.nan, 28.7), 93.0)
    with pytest.raises(InputError, match="expected lon and lat"):
        service_area(town, PlanSite(id="s", name="s", crew="", status="existing", units=1), 93.0)
    with pytest.raises(InputError, match="towards"):
        service_area(town, spot, 93.0, towards="site")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="width_m"):
        service_area(town, spot, 93.0, width_m=-1.0)
    with pytest.raises(UnknownIdError, match="road 99"):
        service_area(town, spot, 93.0, state=NetworkState(closures=(Closure(road=99),)))
    with pytest.raises(UnknownIdError, match="road 99"):
        service_area(town, spot, 93.0).holds([99], [0.0])


# --- words and files --------------------------------------------------------------------------------------


def test_the_plain_answer_comes_first(town: RoadNetwork, dead_end: int) -> None:
    lon, lat = at(town, dead_end, 900.0)
    site = PlanSite(id="s1", name="溪口站", crew="brigade", status="existing", units=1, lon=lon, lat=lat)
    area = service_area(town, site, 40.0)
    first = str(area).splitlines()[0]
    assert first.startswith(
        "From 溪口站: in 40 s a crew gets 389 m by road (389 m as the crow flies), over 778 m of roads"
    )
    assert area.in_language("zh").startswith(
        "从溪口站出发：40 秒内沿道路最远可行 389 米（直线 389 米），可达道路 778 米"
    )
    assert "service_area.width_m" in str(area)
    there = service_area(town, site, 40.0, towards="sites").in_language("zh")
    assert there.startswith("到溪口站：40 秒内最远可从 389 米 外沿道路赶到")


def test_the_layers_hold_the_polygon_and_the_cut_roads(guixi: RoadNetwork, tmp_path: Path) -> None:
    import geopandas

    areas = rs.service_areas(guixi, load_sites(places(guixi, 3, 4, "s")), [60.0, 200.0])
    path = rs.write_service_areas(areas, tmp_path / "areas.gpkg")
    polygons, lines = (geopandas.read_file(path, layer=name) for name in ("service_areas", "reached_roads"))
    assert list(polygons["area"]) == [area.label for area in areas]
    assert polygons.crs == lines.crs == "EPSG:4326"
    assert polygons["area_km2"].tolist() == [area.area_km2 for area in areas]
    assert len(lines) == sum(len(area.lines) for area in areas)
    assert areas[0].write_layer(tmp_path / "one.gpkg").exists()
    with pytest.raises(InputError, match=r"ends in \.gpkg or \.geojson"):
        rs.write_service_areas(areas, tmp_path / "areas.shp")
    with pytest.raises(InputError, match="at least one"):
        rs.write_service_areas([], tmp_path / "areas.gpkg")
    with pytest.raises(DataFileError):
        rs.write_service_areas(areas, tmp_path / "nowhere" / "areas.gpkg")


def test_lines_are_cut_where_a_point_there_would_snap(guixi: RoadNetwork) -> None:
    for area in service_areas(guixi, load_sites(places(guixi, 6, 5, "s")), 150.0):
        lines = area.lines
        drawn = np.array([line.length for line in lines.to_crs(guixi.crs).geometry])
        whole = guixi.road_length_m[lines["road"]]
        share = lines["length_m"] / whole
        assert drawn == pytest.approx(share * shapely.length(guixi.projected_lines()[lines["road"]]), abs=1e-5)
        for end, column in ((0, "from_m"), (-1, "to_m")):
            place = np.array([line.coords[end] for line in lines.geometry]).reshape(-1, 2)
            snapped = snap_points(guixi, place[:, 0], place[:, 1], any_road=True)
            assert (snapped.access_m < 1e-3).all()
            same = snapped.road == lines["road"].to_numpy()  # else it is the junction with another road
            at_end = (lines[column] < 0.01) | (lines[column] > whole - 0.01)
            assert (same | at_end).mean() > 0.95  # where roads cross without a junction, another may be as near
            assert snapped.position_m[same] == pytest.approx(lines[column].to_numpy()[same], abs=2e-3)


def test_wholly_reached_roads_keep_their_vertices(guixi: RoadNetwork) -> None:
    area = service_area(guixi, (float(guixi.lon.mean()), float(guixi.lat.mean())), 3600.0)
    lines = area.lines
    assert len(lines) == guixi.n_roads
    for road, line in zip(lines["road"], lines.geometry, strict=True):
        assert line.equals_exact(guixi.road_line[road], 0.0)


# --- standards --------------------------------------------------------------------------------------------


def test_both_limits_of_a_standard_make_an_inner_and_an_outer_area(guixi: RoadNetwork) -> None:
    frame = places(guixi, 6, 2, "s").assign(
        status=["existing", "required", "candidate", "existing", "existing", "closed"],
        kind=["station", "station", "station", "depot", "station", "station"],
        crew=["brigade", "micro_station", "brigade", "brigade", "micro_station", "brigade"],
    )
    sites, standard = load_sites(frame), load_standard()
    inner, outer = standard_service_areas(guixi, sites, standard)
    assert inner.sites.ids == outer.sites.ids == ("s0", "s1", "s4")
    assert inner.zones == ("built_up", "industrial_park")
    assert outer.zones == ("suburb", "dense_rural")
    assert inner.limits_s == tuple(standard.worst_shift_limit_s(crew, "built_up") for crew in inner.sites.crews)
    assert outer.stretches.hold(inner.stretches.road, inner.stretches.from_m, inner.stretches.to_m).all()
    assert outer.area_km2 > inner.area_km2 > 0
    words = inner.in_language("zh")
    assert words.startswith("用于建成区、工业园区，标准 quick_rescue_135 + circle_15min；从 3 个站点出发：93")
    assert "消防救援站 110" in words
    some = standard_service_areas(guixi, sites, standard, opened=["s2"])
    assert some[0].sites.ids == ("s2",)
    plan = Plan(
        name="p",
        sites=tuple(
            PlanSite(id=i, name=i, crew=c, status="candidate", units=1, lon=x, lat=y)
            for i, c, x, y in zip(frame["id"][:2], frame["crew"][:2], frame["lon"][:2], frame["lat"][:2], strict=True)
        ),
    )
    planned, _ = standard_service_areas(guixi, plan, standard)
    assert planned.sites.ids == ("s0", "s1")


def test_a_crew_that_cannot_keep_the_standard_reaches_nothing_and_says_so(guixi: RoadNetwork) -> None:
    sites = load_sites(places(guixi, 2, 2, "s").assign(status="existing", crew="village_on_call"))
    inner, outer = standard_service_areas(guixi, sites, load_standard())
    assert inner.reasons == ("no_crew", "no_crew")
    assert inner.length_m == 0.0
    assert inner.to_frame()["limit_s"][0] is None
    assert "no crew can keep the standard" in str(inner)
    assert "没有队伍能按标准到达" in inner.in_language("zh")
    assert outer.limit_s >= 0


def test_a_second_unit_that_is_asked_for_is_said_aloud(guixi: RoadNetwork) -> None:
    sites = load_sites(places(guixi, 2, 2, "s").assign(status="existing"))
    areas = standard_service_areas(guixi, sites, load_standard(inner="micro_station_135"))
    assert "second unit" in str(areas[0])
    assert "second unit" not in str(areas[-1])


def test_a_standard_needs_open_stations(guixi: RoadNetwork) -> None:
    sites = load_sites(places(guixi, 2, 2, "s"))
    with pytest.raises(InputError, match="at least one open station"):
        standard_service_areas(guixi, sites, load_standard())
    with pytest.raises(UnknownIdError, match="site 'x'"):
        standard_service_areas(guixi, sites, load_standard(), opened=["x"])
    nowhere = replace(sites, lon=None, lat=None)
    with pytest.raises(InputError, match="expected lon and lat"):
        standard_service_areas(guixi, nowhere, load_standard(), opened=["s0"])


def test_no_sites_have_no_areas(guixi: RoadNetwork) -> None:
    nobody = replace(
        load_sites(places(guixi, 1, 0, "s")),
        **dict.fromkeys(("ids", "names", "kinds", "statuses", "townships", "hosts", "crews", "rows"), ()),
        **{name: np.zeros(0) for name in ("lon", "lat", "cost", "units")},
    )
    assert service_areas(guixi, nobody, 93.0) == ()


def test_a_frame_of_parts_has_positions_and_ticks_of_both_ends(town: RoadNetwork, dead_end: int) -> None:
    frame = service_area(town, at(town, dead_end, 900.0), 40.0).parts_frame()
    assert list(frame) == ["edge", "road", "near_m", "far_m", "near_ticks", "far_ticks"]
    assert (frame["near_ticks"] <= 5).all()  # the point was placed to a hair's breadth
    assert (frame["far_ticks"] == 400_000).all()
    assert sorted(frame["far_m"] > frame["near_m"]) == [False, True]
    assert isinstance(frame, pd.DataFrame)
