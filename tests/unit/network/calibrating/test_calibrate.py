"""Calibration: tables of trips and their faults, paths, robustness, what is reported and applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted_trips import HOURS, beside_roads, planted_trips, true_network, with_delays

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError, InvariantError
from rescuesim.network import RoadNetwork
from rescuesim.network.calibrating.calibration import ANY_HOUR, Calibration
from rescuesim.network.calibrating.trip_paths import TripRoads, fastest_paths
from rescuesim.network.calibrating.trips import read_trips
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.network.vehicles.conditions import HOUR_CLASSES
from rescuesim.network.vehicles.in_conditions import moving_times_s
from rescuesim.network.vehicles.speeds import class_group
from rescuesim.travel import travel_times

TRUE = {"primary": 1.4, "secondary": 0.8, "tertiary": 1.2, "residential": 1.6, "unclassified": 1.3}


@pytest.fixture(scope="module")
def network(guixi: RoadNetwork) -> RoadNetwork:
    return with_delays(guixi)


@pytest.fixture(scope="module")
def drawn(network: RoadNetwork) -> tuple[pd.DataFrame, set[str]]:
    factors = {"day": TRUE, "peak": {name: 1.3 * factor for name, factor in TRUE.items()}}
    return planted_trips(network, factors, 300, seed=5)


@pytest.fixture(scope="module")
def calibration(network: RoadNetwork, drawn: tuple[pd.DataFrame, set[str]]) -> Calibration:
    return network.calibrate(drawn[0])


def test_the_time_of_a_trip_is_that_of_travel_times(network: RoadNetwork) -> None:
    """Paths, parts of edges, access legs, waiting and start-up loss, against the engine that plans are made with."""
    rng = np.random.default_rng(2)
    begins, ends = beside_roads(network, 30, rng), beside_roads(network, 200, rng)
    ends.loc[:29, ["lon", "lat"]] = begins[["lon", "lat"]].to_numpy()  # some trips go nowhere, some stay on one edge
    times = travel_times(network, load_sites(begins), load_demand(ends), snap_limit_m=300)
    site = rng.integers(0, 30, 200)
    table = pd.DataFrame({"id": ends["id"], "seconds": 1e4, "to_lon": ends["lon"], "to_lat": ends["lat"]})
    table["from_lon"], table["from_lat"] = begins["lon"].to_numpy()[site], begins["lat"].to_numpy()[site]
    read = read_trips(network, table)
    names, group = np.unique([class_group(str(name)) for name in network.road_class], return_inverse=True)
    roads = TripRoads(network=network, moving_s=moving_times_s(network), group=group, n_groups=len(names))
    paths = fastest_paths(roads, read, np.ones((4, len(names))))
    access_s = (read.begins.access_m + read.ends.access_m) / 12 * 3.6
    free = paths.moving_s.sum(axis=1) + paths.delay_s + access_s
    tau = network.start_up_s
    whole = np.where(free <= tau, 2 * np.sqrt(free * tau), free + tau)
    assert whole == pytest.approx(times.values[site, np.arange(200)], abs=0.03)
    metres = paths.metres.sum(axis=1)
    straight = np.hypot(
        *(np.subtract(*pair) for pair in zip(_xy(network, table, "from"), _xy(network, table, "to"), strict=True))
    )
    assert (metres + read.begins.access_m + read.ends.access_m >= straight * 0.995 - 0.1).all()


def _xy(network: RoadNetwork, table: pd.DataFrame, end: str) -> tuple[np.ndarray, np.ndarray]:
    from rescuesim.network.coordinates.crs import project

    return project(table[f"{end}_lon"], table[f"{end}_lat"], network.crs)


def test_bounded_searches_find_the_same_paths(network: RoadNetwork, drawn: tuple[pd.DataFrame, set[str]]) -> None:
    read = read_trips(network, drawn[0])
    names, group = np.unique([class_group(str(name)) for name in network.road_class], return_inverse=True)
    roads = TripRoads(network=network, moving_s=moving_times_s(network), group=group, n_groups=len(names))
    plain = np.ones((len(HOUR_CLASSES) + 1, len(names)))
    other = plain * np.linspace(0.6, 1.7, len(names))
    before = fastest_paths(roads, read, plain)
    bounded, free = fastest_paths(roads, read, other, before=before), fastest_paths(roads, read, other)
    assert bounded.moving_s == pytest.approx(free.moving_s)
    cost = (free.moving_s * other[-1]).sum(axis=1) + free.delay_s
    assert (cost <= (before.moving_s * other[-1]).sum(axis=1) + before.delay_s + 1e-6).all()


def test_trips_beyond_the_first_guess_of_the_search_are_found_too(network: RoadNetwork) -> None:
    """Forty times slower on one class of all: the paths are those of plain speeds, however far the search must go."""
    rng = np.random.default_rng(12)
    nodes = network.node_id[rng.integers(0, network.n_nodes, (150, 2))]
    read = read_trips(
        network, pd.DataFrame({"id": range(150), "from_node": nodes[:, 0], "to_node": nodes[:, 1], "minutes": 30})
    )
    bare = replace(network, delay_s=np.zeros(network.n_edges))
    roads = TripRoads(
        network=bare, moving_s=moving_times_s(network), group=np.zeros(network.n_edges, dtype=np.int64), n_groups=1
    )
    plain, slow = (fastest_paths(roads, read, np.full((4, 1), factor)) for factor in (1.0, 40.0))
    assert slow.moving_s == pytest.approx(plain.moving_s)
    assert (slow.moving_s[nodes[:, 0] != nodes[:, 1]] > 0).all()


def test_factors_by_class_and_hour_are_found_within_their_errors(calibration: Calibration) -> None:
    table = calibration.to_frame()
    supported = table[~table["road_class"].isin(calibration.unsupported) & (table["hour_class"] != ANY_HOUR)]
    assert set(supported["hour_class"]) == {"day", "peak"}
    for row in supported.itertuples():
        planted = TRUE[row.road_class] * (1.3 if row.hour_class == "peak" else 1.0)
        error = calibration.standard_error[row.Index]
        assert abs(np.log(row.time_factor / planted)) < 4 * error, row
    main = table[(table["road_class"] == "secondary") & (table["hour_class"] == "day")].iloc[0]
    assert main["low"] < 0.8 < main["high"] < 1


def test_errors_after_are_of_trips_that_were_not_fitted(calibration: Calibration) -> None:
    assert calibration.after.median_relative < calibration.before.median_relative
    assert calibration.after.mean_absolute_s < calibration.before.mean_absolute_s
    # the median of |error| of a lognormal of 0.25 is 0.17: better than that on other trips would be cheating
    assert calibration.after.median_relative > 0.14
    assert calibration.after.median_ratio == pytest.approx(1, abs=0.05)
    # the median deviation of 600 trips of which 5 % are slips: 1.064 times 0.25, give or take 3 times 0.012
    assert calibration.noise_sd == pytest.approx(0.266, abs=0.036)


def test_gross_slips_are_named_and_good_trips_are_not(
    calibration: Calibration, drawn: tuple[pd.DataFrame, set[str]]
) -> None:
    named = {trip.id for trip in calibration.outliers}
    slips = drawn[1] & set(drawn[0]["id"])
    assert len(named & slips) > 0.6 * len(slips)  # a factor of 0.3 and a slow trip may look like a fast one
    assert len(named - slips) <= 2
    apart = [abs(np.log(trip.recorded_s / trip.computed_s)) for trip in calibration.outliers]
    assert apart == sorted(apart, reverse=True)


def test_slips_hardly_move_the_factors(network: RoadNetwork) -> None:
    clean, _ = planted_trips(network, {"any": TRUE}, 400, seed=11, slips=0.0)
    spoilt = clean.copy()
    spoilt.loc[::20, "seconds"] *= 8
    a, b = network.calibrate(clean), network.calibrate(spoilt)
    assert np.abs(np.log(a.time_factor / b.time_factor)).max() < 0.5 * a.standard_error.max()


def test_apply_drives_the_moving_time_alone(network: RoadNetwork, calibration: Calibration) -> None:
    for hour, kind in ((None, ANY_HOUR), (12, "day"), (8, "peak")):
        changed = calibration.apply(network, hour=hour)
        factor = np.array([calibration.factor(str(name), kind) for name in network.road_class])
        moving = network.ticks / TICKS_PER_SECOND - network.delay_s
        assert changed.ticks / TICKS_PER_SECOND == pytest.approx(moving * factor + network.delay_s, abs=3e-4)
        assert np.array_equal(changed.delay_s, network.delay_s)
        assert changed.conditions.hour == hour
        assert "calibrated" in changed.summary().notes[-1]


def test_an_hour_without_trips_takes_the_default_on_top_of_its_class(network: RoadNetwork) -> None:
    trips, _ = planted_trips(network, {"day": TRUE}, 300, seed=3)
    made = network.calibrate(trips)
    assert "secondary (peak)" in made.unsupported
    peak, plain = made.apply(network, hour=8), made.apply(network)
    secondary = network.road_class == "secondary"
    moving = [(one.ticks / TICKS_PER_SECOND - one.delay_s)[secondary] for one in (plain, peak)]
    assert moving[1] == pytest.approx(moving[0] / 0.75, abs=1e-3)


def test_classes_without_trips_keep_what_they_had(network: RoadNetwork) -> None:
    trips, _ = planted_trips(network, {"any": dict.fromkeys(TRUE, 1.0)}, 200, seed=4)
    only = network.edges["road_class"].isin(["primary", "secondary"])
    few = replace(network, road_class=np.where(only, network.road_class, "track").astype(str))
    made = few.calibrate(trips.assign(id=[f"t{k}" for k in range(len(trips))]))
    assert not {"primary", "secondary"} & set(made.unsupported)
    odd = replace(
        network, road_class=np.where(np.arange(network.n_edges) == 5, "motorway", network.road_class).astype(str)
    )
    other = odd.calibrate(trips)
    assert "motorway" in other.unsupported
    assert other.factor("motorway") == 1.0
    assert "too few trips, unchanged: " in str(other)


def test_where_trips_are_few_the_factor_is_drawn_toward_one(network: RoadNetwork) -> None:
    """Ridge: on the same kind of trips, fewer of them pull less; errors grow."""
    trips, _ = planted_trips(network, {"any": dict.fromkeys(TRUE, 2.0)}, 600, seed=6, slips=0.0)
    many, few = network.calibrate(trips), network.calibrate(trips.iloc[:40])
    assert (
        few.standard_error[list(few.road_class).index("secondary")]
        > many.standard_error[list(many.road_class).index("secondary")]
    )
    assert few.factor("unclassified") < many.factor("unclassified")
    assert many.factor("secondary") == pytest.approx(2, rel=0.12)


def test_recorded_paths_are_taken_as_they_are(network: RoadNetwork) -> None:
    rng = np.random.default_rng(8)
    rows = []
    for number in range(120):
        edge = int(rng.integers(0, network.n_edges))
        path = [edge]
        for _ in range(12):
            onward = np.flatnonzero(network.tail == network.head[path[-1]])
            path.append(int(rng.choice(onward)))
        moving = sum(
            (network.ticks[e] / TICKS_PER_SECOND - network.delay_s[e]) * 1.5 + network.delay_s[e] for e in path
        )
        rows.append({"id": f"t{number}", "edges": " ".join(map(str, path)), "seconds": moving + network.start_up_s})
    made = network.calibrate(pd.DataFrame(rows))
    for name in set(made.road_class) - set(made.unsupported):
        assert made.factor(name) == pytest.approx(1.5, rel=0.01)
    assert made.after.median_relative < 0.01
    assert made.settled


def test_trips_between_nodes_need_no_positions(network: RoadNetwork) -> None:
    rng = np.random.default_rng(9)
    ends = network.node_id[rng.integers(0, network.n_nodes, (60, 2))]
    table = pd.DataFrame({"id": range(60), "from_node": ends[:, 0], "to_node": ends[:, 1], "minutes": 5})
    read = read_trips(network, table)
    assert np.array_equal(network.node_id[read.begins.node], ends[:, 0])
    assert (read.seconds == 300).all()


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        *((text, kind) for kind, text in HOURS.items()),
        ("2024-05-01T07:59:59", "peak"),
        ("2024/5/1 6:59", "day"),
        ("5月1日 23:10", "night"),
        ("8：30", "peak"),
        ("8时", "peak"),
        ("17.0", "peak"),
        ("", None),
    ],
)
def test_start_times_are_read_as_people_write_them(network: RoadNetwork, cell: str, hour: str | None) -> None:
    table = pd.DataFrame({"id": ["a"], "edges": ["0"], "seconds": [60.0], "started_at": [cell]})
    found = read_trips(network, table).hour[0]
    assert found == (-1 if hour is None else HOUR_CLASSES.index(hour))


def test_every_fault_of_a_table_of_trips_is_named_at_once(network: RoadNetwork, tmp_path: Path) -> None:
    lon, lat = network.lon[0], network.lat[0]
    node, other = network.node_id[0], network.node_id[40]
    path = tmp_path / "trips.csv"
    path.write_text(
        "id,from_lon,from_lat,to_node,minutes,started_at\n"
        f"ok,{lon},{lat},{other},5,8:00\n"
        f"off,{lon + 0.5},{lat},{other},5,8:00\n"
        f"negative,{lon},{lat},{other},-5,8:00\n"
        f"nought,{lon},{lat},{other},0,8:00\n"
        f"days,{lon},{lat},{other},9000,8:00\n"
        f"blank,{lon},{lat},{other},,8:00\n"
        f"nan,{lon},{lat},{other},nan,8:00\n"
        f"nobody,{lon},{lat},17,5,8:00\n"
        f"noon,{lon},{lat},{other},5,noon\n"
        f"late,{lon},{lat},{other},5,25:00\n"
        f"swapped,{lat},{lon},{other},5,8:00\n"
        f"nowhere,,,{other},5,8:00\n"
        f"ok,{lon},{lat},{node},5,8:00\n",
        encoding="gb18030",
    )
    with pytest.raises(InputError) as error:
        network.calibrate(path)
    by_row = {fault.row: (fault.column, fault.expected) for fault in error.value.faults}
    assert set(by_row) == set(range(3, 15))
    assert by_row[3][0] == "from_lon"
    assert "of a road of the network" in by_row[3][1]
    assert {by_row[row][0] for row in (4, 5, 6, 7, 8)} == {"minutes"}
    assert by_row[9][0] == "to_node"
    assert {by_row[row][0] for row in (10, 11)} == {"started_at"}
    assert "check the crs" in by_row[12][1]
    assert by_row[13][0] == "from_lon"
    assert by_row[14][0] == "id"


def test_a_trip_that_would_have_flown_is_refused(network: RoadNetwork) -> None:
    x = network.x_m
    table = pd.DataFrame(
        {
            "id": ["t"],
            "from_node": [network.node_id[x.argmin()]],
            "to_node": [network.node_id[x.argmax()]],
            "seconds": [10.0],
        }
    )
    with pytest.raises(InputError, match="as the crow flies"):
        network.calibrate(table)


def test_edges_that_do_not_join_or_do_not_exist_are_refused(network: RoadNetwork) -> None:
    apart = next(e for e in range(network.n_edges) if network.tail[e] != network.head[0])
    for edges, expected in ((f"0 {apart}", "begins where the one before ends"), (str(10**6), "numbers of edges")):
        with pytest.raises(InputError, match=expected):
            network.calibrate(pd.DataFrame({"id": ["t"], "edges": [edges], "seconds": [60]}))


def test_missing_columns_and_both_times_are_refused(network: RoadNetwork) -> None:
    with pytest.raises(InputError, match="a column minutes or seconds"):
        network.calibrate(pd.DataFrame({"id": ["t"], "edges": ["0"]}))
    with pytest.raises(InputError, match="from_lon and from_lat, or from_node, or edges"):
        network.calibrate(pd.DataFrame({"id": ["t"], "seconds": [60]}))
    with pytest.raises(InputError, match="either minutes or seconds"):
        network.calibrate(pd.DataFrame({"id": ["t"], "edges": ["0"], "seconds": [60], "minutes": [1]}))
    with pytest.raises(InputError, match="did you mean seconds"):
        network.calibrate(pd.DataFrame({"id": ["t"], "edges": ["0"], "second": [60]}))


def test_too_few_trips_and_trips_that_go_nowhere_are_said(network: RoadNetwork) -> None:
    trips, _ = planted_trips(network, {"any": TRUE}, 60, seed=1)
    with pytest.raises(InputError, match="at least 30 trips that move, not 29"):
        network.calibrate(trips.iloc[:29])
    still = trips.iloc[:3].assign(id=["n1", "n2", "n3"])
    still["to_lon"], still["to_lat"] = still["from_lon"], still["from_lat"]
    made = network.calibrate(pd.concat([trips, still], ignore_index=True))
    assert made.n_left_out == 3
    assert any("n1, n2, n3" in note for note in made.notes)


def test_a_trip_without_a_way_to_its_end_is_a_broken_network_not_a_short_trip(town: RoadNetwork) -> None:
    dead_end = int(np.flatnonzero((town.node_id[town.tail] == 6) & (town.node_id[town.head] == 3))[0])
    keep = np.arange(town.n_edges) != dead_end
    per_edge = ("tail", "head", "road", "forward", "length_m", "speed_kph", "ticks", "delay_s", "road_class")
    cut = replace(
        town, **{name: getattr(town, name)[keep] for name in (*per_edge, "bridge", "tunnel", "maxspeed_stated")}
    )
    table = pd.DataFrame({"id": ["t"], "from_node": [6], "to_node": [1], "seconds": [300.0]})
    with pytest.raises(InvariantError, match="trip t: no way"):
        cut.calibrate(table)


def test_a_network_under_other_conditions_is_not_calibrated(
    network: RoadNetwork, drawn: tuple[pd.DataFrame, set[str]], calibration: Calibration
) -> None:
    icy = network.under(weather="ice")
    with pytest.raises(InputError, match="plain speeds"):
        icy.calibrate(drawn[0])
    with pytest.raises(InputError, match="plain speeds"):
        calibration.apply(icy)
    assert calibration.apply(network).under(weather="ice").conditions.weather == "ice"


def test_the_same_trips_in_another_order_or_system_give_the_same(
    network: RoadNetwork, drawn: tuple[pd.DataFrame, set[str]], calibration: Calibration
) -> None:
    from rescuesim.network.coordinates.crs import project

    again = network.calibrate(drawn[0])
    assert np.array_equal(again.time_factor, calibration.time_factor)
    turned = network.calibrate(drawn[0].iloc[::-1])
    assert turned.time_factor == pytest.approx(calibration.time_factor, rel=1e-3)
    metric = drawn[0].copy()
    for end in ("from", "to"):
        metric[f"{end}_lon"], metric[f"{end}_lat"] = project(metric[f"{end}_lon"], metric[f"{end}_lat"], "EPSG:4547")
    assert network.calibrate(metric, crs="EPSG:4547").time_factor == pytest.approx(calibration.time_factor, rel=1e-4)


def test_the_text_says_errors_factors_and_outliers(calibration: Calibration) -> None:
    text = str(calibration)
    assert "before: mean absolute error" in text
    assert "after, on trips that were not fitted" in text
    assert "secondary (peak): time x" in text
    assert f"outlier {calibration.outliers[0].id}" in text


def test_a_calibrated_network_is_nearer_the_truth_than_the_plain_one(
    network: RoadNetwork, calibration: Calibration
) -> None:
    truth = true_network(network, TRUE)
    rng = np.random.default_rng(77)
    sites, demand = load_sites(beside_roads(network, 8, rng)), load_demand(beside_roads(network, 80, rng))
    real, plain, made = (
        travel_times(one, sites, demand).values for one in (truth, network, calibration.apply(network, hour=12))
    )
    assert np.abs(made / real - 1).mean() < 0.4 * np.abs(plain / real - 1).mean()
