"""Published optima and best values of set covering and maximal covering."""

from __future__ import annotations

import re

import numpy as np
import pytest
from conftest import shared_file
from instances import best_known, read_network, read_places, read_scp, read_swain

from rescuesim.siting import MaxCoverage, MinSites, site
from rescuesim.siting.covering import Cover, maximise, minimise
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.site_rows import no_rows, row_of


@pytest.mark.shared
@pytest.mark.parametrize("name", ["scp41", "scp42", "scp43", "scp44", "scp45"])
def test_weighted_set_covering_is_solved_to_its_optimum(name: str) -> None:
    instance = read_scp(shared_file(f"bench/scp/{name}.txt"))
    table = best_known(shared_file("bench/scp/best_known.csv").parent)
    cover = Cover.of(instance.covers, instance.weight, rows=no_rows(len(instance.cost)))
    found = minimise(cover, instance.cost, Run(clock=Clock(limit_s=60.0)))
    assert found.status == "optimal"
    assert found.objective == found.best_bound == float(table.set_index("instance").loc[name, "value"])
    assert found.opened is not None
    assert (instance.covers @ found.opened.astype(int) > 0).all()


@pytest.mark.shared
def test_stores_of_san_francisco_cover_what_is_published() -> None:
    folder = shared_file("bench/spopt_sf/best_known.csv").parent
    times = read_network(folder)
    value = best_known(folder).set_index("quantity")["value"]
    for limit_m in (5000, 8000):
        found = site(times, MinSites(), limit_s=float(limit_m))
        assert (found.status, found.objective) == ("optimal", value[f"LSCP {limit_m} m: facilities"])
    most = site(times, MaxCoverage(4), limit_s=5000.0)
    assert (most.status, most.objective) == ("optimal", value["MCLP 5000 m p=4: population covered"])
    assert int((~most.points["covered"]).sum()) == value["MCLP 5000 m p=4: uncovered tracts"]


@pytest.mark.shared
def test_swains_nodes_are_covered_as_well_as_can_be_and_all_by_the_fewest() -> None:
    times = read_swain(shared_file("bench/swain55/swain.txt"))
    table = best_known(shared_file("bench/swain55/swain.txt").parent)
    asked = 0
    for quantity, value in zip(table["quantity"], table["value"], strict=True):
        if (lscp := re.fullmatch(r"LSCP S=(\d+)", quantity)) is not None:
            found = site(times, MinSites(), limit_s=float(lscp[1]))
        elif (mclp := re.fullmatch(r"MCLP S=(\d+) p=(\d+)", quantity)) is not None and int(mclp[2]) % 3 == 0:
            found = site(times, MaxCoverage(int(mclp[2])), limit_s=float(mclp[1]))
        else:
            continue
        asked += 1
        assert (found.status, found.objective) == ("optimal", value), quantity
    assert asked >= 15


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("n_sites", [50, 70, 100])
def test_the_bronx_is_covered_nearly_as_well_as_is_known_with_a_proved_gap(n_sites: int) -> None:
    places = read_places(shared_file("bench/mclp_ails/Instancias/Bronx.txt"))
    table = best_known(shared_file("bench/mclp_ails/best_known.csv").parent)
    known = float(table.set_index("quantity").loc[f"MCLP best known, p={n_sites}, radius 600 m", "value"])
    instance = places.covering(600.0)
    number = row_of(np.ones(len(places), dtype=np.int64), "number of sites", upper=n_sites)
    found = maximise(
        Cover.of(instance.covers, instance.weight, rows=number), Run(clock=Clock(limit_s=30.0), relative_gap=0.008)
    )
    assert found.objective >= 0.997 * known
    assert known <= found.best_bound <= 1.02 * found.objective
