"""What print() says of the artefacts fits into a few lines."""

from __future__ import annotations

import pandas as pd

import rescuesim as rs
from rescuesim.network import RoadNetwork


def test_artefacts_print_as_a_few_lines_with_their_numbers(town: RoadNetwork) -> None:
    sites = rs.load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = rs.load_demand(pd.DataFrame({"id": ["a", "b"], "lon": [119.30, 119.305], "lat": [28.70, 28.70]}))
    states = rs.NetworkStates.from_closures([set(range(town.n_roads)), set()])
    ensemble = rs.travel_times(town, sites, demand, states=states, cutoff_s=900)
    assert str(sites) == "1 sites: 1 candidate"
    assert str(demand).startswith("2 points with ")
    assert str(town) == str(town.summary())
    assert "2 of 2 pairs reached within 900 s" in str(ensemble.intact)
    assert str(ensemble).startswith("2 states of: seconds from 1 sites to 2 points")
    assert "0 of 2 pairs reached within 900 s in state 'state 0'" in str(ensemble[0])
    covered = ensemble.coverage({"all": ["s"]}, 900, weights=[10, 5])
    assert str(covered).splitlines()[1].startswith("all: ")
    for made in (sites, demand, town, ensemble.intact, ensemble, covered):
        assert len(str(made).splitlines()) < 12
