"""Feeders: what they accept, how they fail under a hazard, and when they are back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from cascade_cases import exactly, power_of
from numpy.typing import NDArray

from rescuesim.crew import Lognormal
from rescuesim.disruption import (
    FuelDepot,
    Generator,
    PowerCurve,
    PowerNetwork,
    SupplyArea,
    load_base_stations,
    load_power_outages,
    load_supply_areas,
    power_outages,
)
from rescuesim.errors import InputError


@dataclass(frozen=True)
class Region:
    crs: str = "EPSG:32650"


@dataclass(frozen=True)
class Everywhere:
    """A hazard of the same intensity everywhere, times its severity."""

    intensity: Mapping[str, float]
    region: Region | None = Region()

    def intensity_at(
        self,
        x_m: NDArray[np.float64],
        y_m: NDArray[np.float64],
        *,
        seed: int,
        sample: int,
        severity: float | None = None,
    ) -> Mapping[str, NDArray[np.float64]]:
        return {kind: np.full(len(x_m), value * (severity or 1.0)) for kind, value in self.intensity.items()}


@dataclass(frozen=True)
class Peak:
    peak_from_s: float


@dataclass(frozen=True)
class Timed(Everywhere):
    """The same, with its peak after an hour."""

    def timing_of(self, kind: str) -> Peak:
        return Peak(peak_from_s=3600.0)


def test_feeders_fail_as_often_as_their_curve_says() -> None:
    curve = PowerCurve(kind="ice_mm", median=20.0, beta=0.4, cause="ice")
    areas = tuple(SupplyArea(id=f"f{k}", lon=119.3, lat=28.7) for k in range(50))
    power = PowerNetwork(areas=areas, curves=(curve,))
    for ice in (10.0, 20.0, 30.0):
        n, p = 50 * 100, float(curve.probability(np.array([ice]))[0])
        failed = sum(len(power_outages(power, Everywhere({"ice_mm": ice}), seed=4, sample=s)) for s in range(100))
        assert abs(failed - n * p) < 4 * math.sqrt(n * p * (1 - p))


def test_a_kind_without_a_curve_harms_no_feeder() -> None:
    assert power_outages(power_of(), Everywhere({"landslide_susceptibility": 1.0}), seed=0, sample=0) == ()
    assert power_outages(power_of(), Everywhere({"ice_mm": 0.0}), seed=0, sample=0) == ()


def test_the_kind_that_strikes_first_is_the_cause() -> None:
    hazard = Everywhere({"ice_mm": 1e6, "wind_force": 1e6})
    both = power_outages(power_of(), hazard, seed=0, sample=0, at_s={"ice_mm": 7200.0, "wind_force": 3600.0})
    assert [(one.area, one.from_s, one.cause) for one in both] == [("f1", 3600.0, "trees"), ("f2", 3600.0, "trees")]


def test_power_is_back_in_12_hours_for_half_and_in_48_for_nine_in_ten_and_takes_twice_as_long_in_the_mountains() -> (
    None
):
    lasted = []
    for mountain in (False, True):
        areas = tuple(SupplyArea(id=f"f{k}", lon=119.3, lat=28.7, mountain=mountain) for k in range(2000))
        made = power_outages(PowerNetwork(areas=areas), Everywhere({"ice_mm": 1e6}), seed=5, sample=0)
        lasted.append(np.array([one.until_s - one.from_s for one in made]) / 3600)
    assert (lasted[0] < 12).mean() == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 2000))
    assert (lasted[0] < 48).mean() == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 2000))
    np.testing.assert_allclose(lasted[1], 2 * lasted[0])


def test_feeders_fail_at_the_peak_of_the_hazard_where_no_time_is_given() -> None:
    ice = Timed({"ice_mm": 1e6})
    for given, expected in ((None, 3600.0), (60.0, 60.0), ({"ice_mm": 7.0}, 7.0), ({"wind_force": 7.0}, 3600.0)):
        made = power_outages(power_of(), ice, seed=0, sample=0, at_s=given)
        assert {one.from_s for one in made} == {expected}


def test_a_severe_event_strikes_feeders_that_a_mild_one_spares() -> None:
    mild = Everywhere({"ice_mm": 0.01})
    assert power_outages(power_of(), mild, seed=0, sample=0) == ()
    assert len(power_outages(power_of(), mild, seed=0, sample=0, severity=1e8)) == 2


def test_a_hazard_whose_metres_are_not_known_is_refused() -> None:
    nowhere = Everywhere({"ice_mm": 20.0}, region=None)
    with pytest.raises(InputError, match="expected crs, the system of its metres"):
        power_outages(power_of(), nowhere, seed=0, sample=0)
    assert power_outages(power_of(), nowhere, seed=0, sample=0, crs="EPSG:32650") == power_outages(
        power_of(), Everywhere({"ice_mm": 20.0}), seed=0, sample=0
    )


def test_a_power_crew_decides_when_an_area_is_back() -> None:
    made = power_outages(
        power_of(back=exactly(600)), Everywhere({"ice_mm": 1e6}), seed=0, sample=0, back_s={"f2": 99.0}
    )
    assert [(one.area, one.until_s, one.repaired_by) for one in made] == [("f1", 600.0, ""), ("f2", 99.0, "power crew")]


def test_areas_that_are_unknown_or_back_before_they_fail_are_all_named() -> None:
    with pytest.raises(InputError) as raised:
        power_outages(
            power_of(), Everywhere({"ice_mm": 1e6}), seed=0, sample=0, at_s=100.0, back_s={"f2": 50.0, "f9": 3.0}
        )
    said = str(raised.value)
    assert "2 faults" in said
    assert "'f9'" in said
    assert "'f2: 50', expected a time after it fails at 100 s" in said


def test_a_draw_of_one_feeder_does_not_depend_on_the_others() -> None:
    hazard, everybody = Everywhere({"ice_mm": 20.0}), power_of()
    alone = power_of(areas=everybody.areas[1:])
    for sample in range(20):
        some = [one for one in power_outages(everybody, hazard, seed=1, sample=sample) if one.area == "f2"]
        assert some == list(power_outages(alone, hazard, seed=1, sample=sample))


def test_one_message_lists_all_faults_of_a_power_network() -> None:
    with pytest.raises(InputError) as raised:
        PowerNetwork(
            areas=(
                SupplyArea(id="f1", lon=119.3, lat=28.7, townships=("a",)),
                SupplyArea(id="f1", lon=119.3, lat=128.7),
                SupplyArea(id="f2", lon=119.3, lat=28.7, townships=("a",)),
            ),
            generators=(Generator(kind="site", asset="s", tank_h=-1, start=1.5),),
            fuel_depots=(FuelDepot(id="", lon=0, lat=0),),
        )
    said = str(raised.value)
    assert "6 faults" in said
    for word in ("'f1', expected an id", "WGS84", "'a', expected one feeder", "'-1'", "'1.5'", "column fuel depot"):
        assert word in said


def test_a_site_that_a_feeder_names_is_not_its_townships() -> None:
    power = PowerNetwork(
        areas=(
            SupplyArea(id="town", lon=119.3, lat=28.7, townships=("a",)),
            SupplyArea(id="own", lon=119.3, lat=28.7, sites=("s1",)),
        )
    )
    assert [power.area_of("site", id_, town) for id_, town in (("s1", "a"), ("s2", "a"), ("s3", "b"))] == [
        "own",
        "town",
        "",
    ]


@pytest.mark.parametrize(("median", "beta", "cause"), [(0.0, 1.0, "ice"), (1.0, 0.0, "ice"), (1.0, 1.0, "luck")])
def test_a_curve_has_a_median_a_spread_and_a_cause(median: float, beta: float, cause: str) -> None:
    with pytest.raises(InputError, match="power curve of 'ice_mm'"):
        PowerCurve(kind="ice_mm", median=median, beta=beta, cause=cause)


def test_a_table_of_outages_in_chinese_is_read() -> None:
    table = pd.DataFrame(
        {"供电区": ["f1", "f1", "f2"], "停电小时": [0, 5, 1], "复电小时": [5, 6.5, ""], "原因": ["ice", "", ""]}
    )
    found = [(one.area, one.from_s, one.until_s, one.cause) for one in load_power_outages(table, power_of())]
    assert found == [
        ("f1", 0.0, 18000.0, "ice"),
        ("f1", 18000.0, 23400.0, "given"),
        ("f2", 3600.0, math.inf, "given"),
    ]


def test_all_faults_of_a_table_of_outages_are_named() -> None:
    table = pd.DataFrame(
        {
            "area": ["f1", "f1", "f7", "f2"],
            "out_at_h": [0, 3, 0, 5],
            "back_at_h": [4, 6, 1, 2],
            "cause": ["", "", "", ""],
        }
    )
    with pytest.raises(InputError) as raised:
        load_power_outages(table, power_of())
    said = str(raised.value)
    assert "3 faults" in said
    for word in ("'f7'", "a time after out_at_h", "'f1, from 10800 to 21600 s'"):
        assert word in said


def test_supply_areas_and_base_stations_are_read_from_tables() -> None:
    areas = load_supply_areas(
        pd.DataFrame({"id": ["f1"], "lon": [119.3], "lat": [28.7], "供电乡镇": ["a；b"], "sites": ["s1"], "山区": [1]}),
        crs="wgs84",
    )
    assert areas == (SupplyArea(id="f1", lon=119.3, lat=28.7, townships=("a", "b"), sites=("s1",), mountain=True),)
    stations = load_base_stations(
        pd.DataFrame({"id": ["b1", "b2"], "lon": [119.3] * 2, "lat": [28.7] * 2, "radius_m": [3000, ""],
                      "覆盖乡镇": ["", "a"], "battery_h": ["", 2]}),
        crs="wgs84",
    )  # fmt: skip
    assert [(one.radius_m, one.townships, one.battery) for one in stations] == [
        (3000.0, (), Lognormal(median=9000, p90=18000)),
        (0.0, ("a",), exactly(7200)),
    ]
    with pytest.raises(InputError, match="a radius above 0 m, or townships"):
        load_base_stations(pd.DataFrame({"id": ["b1"], "lon": [119.3], "lat": [28.7]}), crs="wgs84")
