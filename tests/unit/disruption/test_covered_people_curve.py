"""Covered people over time: the curve, and the same numbers from the reduced roads that the search asks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import rescuesim as rs
from rescuesim.network.states import Closure

HOUR = 3600.0


@dataclass(frozen=True)
class Demo:
    """The embedded county, as it is loaded."""

    network: rs.RoadNetwork
    sites: rs.CandidateSites
    demand: rs.DemandPoints
    closures: tuple[rs.RoadOutage, ...]


@pytest.fixture(scope="module")
def demo(county: Path) -> Demo:
    folder = county.parent
    network = rs.load_network(folder / "county.osm")
    return Demo(
        network=network,
        sites=rs.load_sites(folder / "sites.csv"),
        demand=rs.load_demand(folder / "demand.csv"),
        closures=rs.load_closures(folder / "closures.csv", network),
    )


def drawn_damages(demo: Demo, seed: int, n: int) -> list[rs.RoadDamage]:
    """Draw damages, parts and whole roads, beside points and on them, some on one road."""
    rng = np.random.default_rng(seed)
    classes = dict(zip(demo.network.road.tolist(), demo.network.road_class.tolist(), strict=True))
    larger = [road for road, name in classes.items() if name in ("primary", "secondary", "tertiary")]
    roads = rng.choice(larger, n - n // 4, replace=False)
    roads = np.r_[roads, roads[: n // 4]]
    length = demo.network.road_length_m[roads]
    made = []
    for road, long in zip(roads.tolist(), length.tolist(), strict=True):
        from_m, to_m = np.sort(rng.uniform(0, long, 2)) if rng.uniform() < 0.7 else (0.0, math.inf)
        work_h = float(rng.uniform(1, 12))
        made.append(
            rs.RoadDamage(
                closure=Closure(
                    road=road,
                    from_m=float(from_m),
                    to_m=float(to_m),
                    level=str(rng.choice(["closed", "closed", "on_foot", "one_lane"])),
                ),
                at_s=float(rng.uniform(0, 8) * HOUR),
                cause="landslide",
                work_h=work_h,
                one_lane_h=float(rng.uniform(0, work_h)),
                hold_s=float(rng.choice([0.0, 5 * HOUR])),
                passes_s=float(rng.choice([math.inf, math.inf, 30 * HOUR])),
                label=f"damage {len(made)}",
            )
        )
    return made


def crews() -> list[rs.RepairCrew]:
    return [rs.RepairCrew(id="A", site="S001", machines=2), rs.RepairCrew(id="B", site="S005")]


@pytest.mark.slow
def test_the_search_counts_the_same_people_as_the_travel_engine_on_the_county(demo: Demo) -> None:
    slowings = [
        rs.RoadSlowing(road=int(road), factor=2.5, from_s=3 * HOUR, until_s=40 * HOUR)
        for road in np.random.default_rng(1).choice(demo.network.n_roads, 300, replace=False)
    ]
    rng = np.random.default_rng(2)
    by_point = rng.choice([300.0, 600.0, 900.0], len(demo.demand))
    by_pair = np.where(rng.uniform(size=(len(demo.sites), 1)) < 0.5, 900.0, 600.0) + np.zeros((1, len(demo.demand)))
    for seed, (limit, slow) in enumerate([(900.0, ()), (by_point, slowings), (by_pair, ())]):
        repairs = rs.repair_roads(
            demo.network,
            drawn_damages(demo, seed, 16),
            crews(),
            horizon_s=48 * HOUR,
            order="nearest_first",
            demand=demo.demand,
            sites=demo.sites,
            limit_s=limit,
            slowings=slow,
        )
        curve = rs.covered_people_curve(
            demo.network, repairs.outages, demo.sites, demo.demand, limit, 48 * HOUR, slowings=slow
        )
        assert repairs.curve is not None
        assert curve.area_person_h == pytest.approx(repairs.area_person_h, rel=1e-12)
        assert curve.intact_people == pytest.approx(repairs.curve.intact_people, rel=1e-12)
        for moment in np.linspace(0, 48 * HOUR, 50):
            assert curve.at(moment) == pytest.approx(repairs.curve.at(moment), rel=1e-12)
        assert curve.people.min() < curve.intact_people


def drawn_bridges(demo: Demo, seed: int, n: int) -> list[rs.RoadDamage]:
    """Draw roads with bridges, which the county has few ways around, shut within the first hours."""
    rng = np.random.default_rng(seed)
    roads = rng.choice(np.unique(demo.network.road[demo.network.bridge]), n, replace=False)
    made = []
    for road in roads.tolist():
        at_s, work_h = float(rng.uniform(0, 4) * HOUR), float(rng.uniform(1, 10))
        made.append(
            rs.RoadDamage(
                closure=Closure(road=road), at_s=at_s, cause="landslide", work_h=work_h, one_lane_h=0.4 * work_h
            )
        )
    return made


@pytest.mark.slow
def test_the_optimised_order_is_never_worse_than_a_simple_one_and_often_better(demo: Demo) -> None:
    on_file = [
        rs.RoadDamage(
            closure=one.closure,
            at_s=one.from_s,
            cause="landslide",
            work_h=4.0 + number % 7,
            one_lane_h=1.5,
            hold_s=2 * HOUR,
            label=one.label,
        )
        for number, one in enumerate(demo.closures)
    ]
    drawn = [drawn_bridges(demo, seed, n) for seed, n in ((1, 5), (2, 5), (3, 10))]
    options = {"horizon_s": 72 * HOUR, "demand": demo.demand, "sites": demo.sites, "limit_s": 900.0, "onset_h": 6.0}
    better = 0
    for damages in [on_file, *drawn, drawn_damages(demo, 11, 8)]:
        best = rs.repair_roads(
            demo.network, damages, crews(), order="optimised", try_all_up_to=5, most_tried=60, **options
        )
        assert best.status == ("optimal" if len(damages) <= 5 else "feasible")
        area = best.simple_area_person_h
        assert set(area) == {"trunk_first", "nearest_first", "most_people", "isolated_first"}
        assert best.area_person_h >= max(area.values())
        nearest = rs.repair_roads(demo.network, damages, crews(), order="nearest_first", **options)
        assert nearest.area_person_h == area["nearest_first"]
        assert best.best_bound >= best.area_person_h
        better += best.area_person_h > max(area["trunk_first"], area["nearest_first"])
        # what is claimed is what the travel engine finds in the closures that come out
        curve = rs.covered_people_curve(demo.network, best.outages, demo.sites, demo.demand, 900.0, 72 * HOUR)
        assert curve.area_person_h == pytest.approx(best.area_person_h, rel=1e-12)
    assert better >= 3


def test_the_same_repairs_come_out_every_time(demo: Demo) -> None:
    damages = [replace(one, bridge=number % 3 == 0) for number, one in enumerate(drawn_damages(demo, 5, 8))]
    made = [
        rs.repair_roads(demo.network, damages, crews(), horizon_s=96 * HOUR, sites=demo.sites, seed=4, sample=2)
        for _ in range(2)
    ]
    assert made[0].outages == made[1].outages
    assert made[0].work.equals(made[1].work)
    other = rs.repair_roads(demo.network, damages, crews(), horizon_s=96 * HOUR, sites=demo.sites, seed=4, sample=3)
    assert other.outages != made[0].outages


def test_a_curve_has_a_step_where_roads_break_and_open(demo: Demo) -> None:
    curve = rs.covered_people_curve(demo.network, demo.closures, demo.sites, demo.demand, 900.0, 72 * HOUR)
    assert curve.times_s[0] == 0.0
    assert curve.people[0] == curve.intact_people
    assert curve.at(20 * HOUR) < curve.intact_people
    assert curve.at(72 * HOUR) == curve.intact_people
    assert curve.lost_person_h == pytest.approx(curve.intact_people * 72 - curve.area_person_h)
    assert list(curve.to_frame().columns) == ["from_h", "people"]
    none_left = rs.covered_people_curve(
        demo.network,
        (),
        demo.sites,
        demo.demand,
        900.0,
        10.0,
        opened=["S001"],
        site_outages=[rs.SiteOutage(site="S001", from_s=0.0, until_s=5.0)],
    )
    assert none_left.people.tolist() == [0.0, none_left.intact_people]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"limit_s": math.nan}, "limit_s"),
        ({"limit_s": np.zeros(3)}, "expected \\(174, 431\\)"),
        ({"horizon_s": math.inf}, "horizon_s"),
        ({"opened": ["S999"]}, "S999"),
        ({"opened": []}, "expected the ids"),
        ({"outages": [rs.RoadOutage(closure=Closure(road=10**6), from_s=0.0, until_s=1.0)]}, "road 1000000"),
    ],
)
def test_what_a_curve_cannot_be_of_is_refused(demo: Demo, change: dict, said: str) -> None:
    options = {"outages": (), "limit_s": 900.0, "horizon_s": HOUR} | change
    with pytest.raises(rs.RescueSimError, match=said):
        rs.covered_people_curve(demo.network, sites=demo.sites, demand=demo.demand, **options)
