"""Who is inside: against travel times, point by point, and against the coverage of siting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from placed_points import places, random_state

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.network import NetworkStates, RoadNetwork
from rescuesim.siting.limits import covered_points, pair_limits, site_mask
from rescuesim.standard import ZONES, load_standard
from rescuesim.travel import travel_times
from rescuesim.travel.service_areas import people_within, service_area, service_areas, standard_service_areas


def villages(network: RoadNetwork, n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return places(network, n, 5, "d").assign(
        people=rng.integers(0, 900, n), zone=rng.choice(ZONES, n), township=rng.choice(["东乡", "西镇", ""], n)
    )


@pytest.mark.parametrize("broken", [False, True])
def test_counts_are_those_of_travel_times_with_the_access_legs_of_both(guixi: RoadNetwork, broken: bool) -> None:
    state = random_state(guixi, 6) if broken else None
    frame, sites = villages(guixi), load_sites(places(guixi, 4, 7, "s"))
    demand = load_demand(frame)
    areas = service_areas(guixi, sites, [93.0, 240.0], state=state)
    states = None if state is None else NetworkStates(states=(state,))
    found = travel_times(guixi, sites, demand, states=states)
    times = found if state is None else found[0]  # type: ignore[index]
    table = people_within(areas, demand)
    assert len(table) == len(areas) * 4
    for k, area in enumerate(areas):
        in_time = times.values[k // 2] <= area.limit_s
        counts = table[(table["area"] == area.label) & (table["limit_s"] == area.limit_s)].set_index("township")
        for name in ("东乡", "西镇", ""):
            here = (frame["township"] == name).to_numpy()
            assert counts.loc[name, "points"] == here.sum()
            assert counts.loc[name, "points_within"] == (here & in_time).sum()
            assert counts.loc[name, "people_within"] == frame["people"][here & in_time].sum()
        assert counts.loc["all", "people"] == frame["people"].sum()
        assert counts.loc["all", "share"] == frame["people"][in_time].sum() / frame["people"].sum()


def test_the_areas_of_a_standard_count_what_siting_covers(guixi: RoadNetwork) -> None:
    frame = places(guixi, 5, 9, "s").assign(status="existing", crew=["brigade", *["micro_station"] * 4])
    sites, demand, standard = load_sites(frame), load_demand(villages(guixi)), load_standard()
    times = travel_times(guixi, sites, demand)
    covered = covered_points(pair_limits(times, standard=standard), site_mask(times, sites.ids))
    areas = standard_service_areas(guixi, sites, standard)
    table = people_within(areas, demand, by="zone")
    for zone in standard.zones:
        here = np.array([z == zone for z in demand.zones])
        row = table[table["zone"] == zone].squeeze()
        assert (row["points"], row["points_within"]) == (here.sum(), (here & covered).sum())
    in_all = table[table["zone"] == "all"]
    assert in_all["people_within"].sum() == demand.people[covered].sum()
    assert set(table["zone"]) == {*standard.zones, "all"}


def test_nobody_is_a_share_of_nothing(guixi: RoadNetwork) -> None:
    demand = load_demand(villages(guixi).assign(people=0))
    table = people_within(service_areas(guixi, load_sites(places(guixi, 1, 1, "s")), 0.0), demand, by="zone")
    assert (table["share"] == 0.0).all()
    assert (table["people"] == 0.0).all()


def test_sites_of_one_id_at_two_places_are_told_apart(guixi: RoadNetwork) -> None:
    demand = load_demand(villages(guixi))
    one, other = (load_sites(places(guixi, 1, seed, "s")) for seed in (2, 3))
    areas = [service_area(guixi, table, 200.0) for table in (one, other)]
    both = people_within(areas, demand)
    apart = pd.concat([people_within(area, demand) for area in areas], ignore_index=True)
    pd.testing.assert_frame_equal(both, apart)


def test_unusable_sites_help_nobody(guixi: RoadNetwork) -> None:
    demand, sites = load_demand(villages(guixi)), load_sites(places(guixi, 1, 2, "s"))
    state = replace(random_state(guixi, 1), unusable_sites=frozenset({"s0", "another"}), probability=0.25)
    table = people_within(service_area(guixi, sites, 900.0, state=state), demand)
    assert table["points_within"].sum() == 0


def test_areas_that_cannot_be_compared_are_refused(guixi: RoadNetwork) -> None:
    demand, sites = load_demand(villages(guixi)), load_sites(places(guixi, 1, 2, "s"))
    area = service_area(guixi, sites, 93.0)
    for odd in (
        service_area(guixi, sites, 93.0, towards="sites"),
        service_area(guixi, sites, 93.0, state=random_state(guixi, 1)),
    ):
        with pytest.raises(InputError, match="one network, state and direction"):
            people_within([area, odd], demand)
    with pytest.raises(InputError, match="township or zone"):
        people_within(area, demand, by="county")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one"):
        people_within([], demand)
