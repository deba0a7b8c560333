"""p-median, p-center and capacitated location on published instances, to the published optima.

Whole numbers are compared exactly; published decimals to half of their last digit, or 1e-9 of the value.
"""

from __future__ import annotations

import pytest
from conftest import shared_file
from instances import best_known, read_cap, read_network, read_pmed, read_swain

from rescuesim.siting import CapacitatedLocation, CapacitatedMedian, MinMaxTime, MinMeanTime, site

pytestmark = pytest.mark.shared


def known(folder: str, instance: str, quantity: str) -> float:
    table = best_known(shared_file(folder))
    value = table.loc[(table["instance"] == instance) & (table["quantity"] == quantity), "value"]
    assert len(value) == 1
    return float(value.iloc[0])


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 13])
def test_a_p_median_of_the_or_library_is_proved(number: int) -> None:
    instance = read_pmed(shared_file(f"bench/pmed/pmed{number}.txt"))
    solution = site(instance.times, MinMeanTime(instance.n_sites))
    assert solution.status == "optimal"
    assert solution.best_bound == solution.objective
    total = round(solution.objective * len(instance.times.demand), 6)
    assert total == known("bench/pmed", f"pmed{number}", "p-median optimum")


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 13])
def test_a_p_center_of_the_or_library_is_proved(number: int) -> None:
    instance = read_pmed(shared_file(f"bench/pmed/pmed{number}.txt"))
    solution = site(instance.times, MinMaxTime(instance.n_sites))
    assert solution.status == "optimal"
    assert solution.objective == known("bench/pmed", f"pmed{number}", "vertex p-center optimum") == solution.best_bound


@pytest.mark.parametrize("name", ["cap41", "cap71", "cap72", "cap73", "cap74", "cap81"])
def test_a_capacitated_location_of_the_or_library_is_proved(name: str) -> None:
    solution = site(read_cap(shared_file(f"bench/cap/{name}.txt")), CapacitatedLocation())
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(
        known("bench/cap", name, "capacitated (splittable demand) optimum"), abs=5e-4
    )
    assert solution.points["covered"].all()


@pytest.mark.parametrize("name", ["cap71", "cap74"])
def test_one_source_a_customer_costs_no_less_than_split_demand(name: str) -> None:
    times = read_cap(shared_file(f"bench/cap/{name}.txt"))
    single = site(times, CapacitatedLocation(single_source=True))
    assert single.status == "optimal"
    assert single.objective >= site(times, CapacitatedLocation()).objective * (1 - 1e-9)
    assert single.allocation is not None
    assert single.allocation["share"].eq(1).all()


def test_the_median_and_the_center_of_san_francisco() -> None:
    times = read_network(shared_file("bench/spopt_sf"))
    median, center = site(times, MinMeanTime(4)), site(times, MinMaxTime(4))
    assert (median.status, center.status) == ("optimal", "optimal")
    weight = times.demand.weights.sum()
    total = known("bench/spopt_sf", "SF 205x16", "p-median p=4: weighted distance")
    assert median.objective * weight == pytest.approx(total, rel=1e-9)
    assert median.objective == pytest.approx(
        known("bench/spopt_sf", "SF 205x16", "p-median p=4: mean distance"), rel=1e-9
    )
    assert center.objective == pytest.approx(7403.063810849859, rel=1e-12)  # the table says it among words


def test_a_median_without_limits_of_capacity_is_the_median() -> None:
    times = read_network(shared_file("bench/spopt_sf"))
    assert site(times, CapacitatedMedian(4)).objective == pytest.approx(site(times, MinMeanTime(4)).objective, rel=1e-9)


@pytest.mark.parametrize("p", [1, 3, 5, 8, 12, 15])
def test_medians_and_centers_of_swain_are_those_of_the_table(p: int) -> None:
    times = read_swain(shared_file("bench/swain55/swain.txt"))
    median, center = site(times, MinMeanTime(p)), site(times, MinMaxTime(p))
    assert (median.status, center.status) == ("optimal", "optimal")
    total = median.objective * times.demand.weights.sum()
    assert total == pytest.approx(known("bench/swain55", "swain55", f"p-median weighted p={p}"), abs=1e-6)
    assert center.objective == pytest.approx(known("bench/swain55", "swain55", f"p-center p={p}"), abs=1e-6)
