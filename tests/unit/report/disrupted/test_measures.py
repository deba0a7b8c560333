"""Measures of disruptions on a road that is short enough to work out by hand."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

import rescuesim as rs
from rescuesim.crew import Lognormal
from rescuesim.disruption import channel_outages, reconnaissance
from rescuesim.network.states import Closure
from rescuesim.report.disrupted.villages import STATES

H = 3600.0


@pytest.fixture(scope="module")
def road() -> rs.RoadNetwork:
    """One road of about 1.95 km."""
    line = shapely.LineString([(119.30, 28.70), (119.32, 28.70)])
    roads = geopandas.GeoDataFrame({"highway": ["primary"], "name": ["长路"]}, geometry=[line], crs=4326)
    return rs.load_network(roads, cache=False)


SITES = rs.load_sites(
    pd.DataFrame({"id": ["站"], "lon": [119.302], "lat": [28.70], "status": ["existing"], "crew": ["brigade"]})
)
DEMAND = rs.load_demand(
    pd.DataFrame(
        {
            "id": ["near", "far"],
            "name": ["近村", "远村"],
            "lon": [119.306, 119.316],
            "lat": [28.70, 28.70],
            "people": [100, 300],
            "zone": ["suburb", "suburb"],
            "township": ["甲镇", "乙镇"],
        }
    )
)
SLIDE = Closure(road=0, from_m=900, to_m=950)


def measured(road: rs.RoadNetwork, *some: rs.Disruption, **options: object) -> rs.DisruptionMeasures:
    given = {"network": road, "sites": SITES, "demand": DEMAND, "standard": rs.load_standard(), "until_s": 24 * H}
    return rs.disruption_measures(some, **{**given, **options})  # type: ignore[arg-type]


def storm(**records: object) -> rs.Disruption:
    return rs.Disruption(label="storm", **records)  # type: ignore[arg-type]


def total(measures: rs.DisruptionMeasures, column: str) -> list[float]:
    frame = measures.over_time
    return frame.loc[frame["township"] == "", column].tolist()


def shut(level: str = "closed", cause: str = "landslide", until_s: float = 10 * H) -> rs.RoadOutage:
    closure = Closure(road=0, from_m=900, to_m=950, level=level)
    return rs.RoadOutage(closure=closure, from_s=H, until_s=until_s, cause=cause)


def test_cover_and_isolation_follow_the_road_and_come_back_with_it(road: rs.RoadNetwork) -> None:
    found = measured(road, storm(roads=(shut(),)))
    assert total(found, "people_covered") == [400, 100, 400]
    assert total(found, "people_covered_outer") == [400, 100, 400]
    assert total(found, "villages_isolated") == [0, 1, 0]
    row = found.summary.iloc[0]
    assert row["person_hours_lost"] == pytest.approx(300 * 9)
    assert row["cover_back_min"] == pytest.approx(600)
    assert "覆盖恢复到平时的 95%：灾后 10.0 小时。" in found.in_words("zh")  # in hours, like everything beside it
    by_township = found.by_township.set_index("township")
    assert by_township.loc["乙镇", "person_hours_isolated"] == pytest.approx(300 * 9)
    assert by_township.loc["甲镇", "cover_back_min"] == 0


def test_cover_that_is_not_back_in_time_is_said_to_be_so(road: rs.RoadNetwork) -> None:
    found = measured(road, storm(roads=(shut(until_s=float("inf")),)))
    assert found.summary["cover_back_min"].tolist() == [np.inf]
    assert found.summary["all_reached_h"].tolist() == [np.inf]
    assert "24 小时内未恢复" in found.in_words("zh")
    assert "not within 24 h" in found.in_words("en")


def test_a_site_that_nobody_can_leave_covers_nobody_and_isolates_nobody(road: rs.RoadNetwork) -> None:
    found = measured(road, storm(sites=(rs.SiteOutage(site="站", from_s=H, until_s=2 * H, cause="flood"),)))
    assert total(found, "people_covered") == [400, 0, 400]
    assert total(found, "villages_isolated") == [0] * 3


def test_a_site_that_no_order_reaches_covers_nobody(road: rs.RoadNetwork) -> None:
    spell = rs.ContactSpell(place="站", direction="order", channel="", from_s=H, until_s=2 * H, cause="battery")
    assert total(measured(road, storm(contacts=(spell,))), "people_covered") == [400, 0, 400]


@pytest.mark.parametrize(("median_s", "covered"), [(5.0, 400), (3600.0, 0)])
def test_a_late_order_takes_its_delay_off_the_limit(road: rs.RoadNetwork, median_s: float, covered: float) -> None:
    delay = Lognormal(median=median_s, p90=median_s)
    spell = rs.ContactSpell(
        place="站", direction="order", channel="runner", from_s=H, until_s=2 * H, delay=delay, cause="battery"
    )
    assert total(measured(road, storm(contacts=(spell,))), "people_covered_outer")[0] == 400
    frame = measured(road, storm(contacts=(spell,))).over_time
    at = frame[(frame["township"] == "") & (frame["from_s"] <= H) & (frame["until_s"] > H)]
    assert at["people_covered"].tolist() == [covered]


def test_an_outage_of_the_public_network_delays_orders_by_its_fallback(road: rs.RoadNetwork) -> None:
    cut = rs.ChannelOutage(from_s=H, until_s=2 * H, fallback="runner")
    assert total(measured(road, storm(channels=(cut,))), "people_covered") == [400, 0, 400]


def test_isolated_flooded_silent_and_dark_are_kept_apart_and_every_combination_is_counted(
    road: rs.RoadNetwork,
) -> None:
    door = rs.RoadOutage(closure=Closure(road=0, from_m=1500, to_m=1600), from_s=2 * H, until_s=3 * H, cause="flood")
    silent = rs.ContactSpell(place="far", direction="call", channel="", from_s=2 * H, until_s=4 * H, cause="backhaul")
    dark = rs.AssetOutage(kind="township_power", asset="乙镇", from_s=2 * H, until_s=6 * H, cause="grid")
    found = measured(road, storm(roads=(shut(until_s=5 * H), door), contacts=(silent,), assets=(dark,)))
    frame = found.overlaps[found.overlaps["township"] == ""]
    seen = [
        ((row.from_s / H, row.until_s / H), tuple(name for name in STATES if getattr(row, name)), row.villages)
        for row in frame.itertuples()
    ]
    assert seen == [
        ((1, 2), ("isolated",), 1),
        ((2, 3), STATES, 1),
        ((3, 4), ("isolated", "silent", "dark"), 1),
        ((4, 5), ("isolated", "dark"), 1),
        ((5, 6), ("dark",), 1),
    ]
    village = found.villages.set_index("id").loc["far"]
    assert [village[f"{name}_h"] for name in STATES] == [4, 1, 2, 4]


def test_a_silent_village_is_heard_of_when_a_channel_is_back_or_somebody_comes(road: rs.RoadNetwork) -> None:
    spell = rs.ContactSpell(place="far", direction="call", channel="", from_s=2 * H, until_s=4 * H, cause="backhaul")
    cut_off = measured(road, storm(roads=(shut(),), contacts=(spell,))).villages.set_index("id").loc["far"]
    assert cut_off["first_contact_h"] == 4
    reached = measured(road, storm(contacts=(spell,))).villages.set_index("id").loc["far"]
    assert 2 < reached["first_contact_h"] < 2.1
    assert np.isnan(reached["first_force_h"])


def test_a_village_whose_calls_a_runner_carries_is_silent_as_reconnaissance_has_it(road: rs.RoadNetwork) -> None:
    walk = Lognormal(median=H / 2, p90=H)
    spells = (
        rs.ContactSpell(place="far", direction="call", channel="runner", from_s=2 * H, until_s=4 * H, delay=walk),
        rs.ContactSpell(place="near", direction="call", channel="beidou", from_s=2 * H, until_s=4 * H, delay=walk),
    )
    assert [(one.place, one.silent_from_s) for one in reconnaissance(spells, seed=1, sample=0, horizon_s=24 * H)] == [
        ("far", 2 * H)
    ]
    found = measured(road, storm(roads=(shut(),), contacts=spells))
    assert found.villages.set_index("id")["silent_h"].to_dict() == {"far": 2}
    # the runner leaves as it falls silent; the channel is back two hours later
    assert found.villages.set_index("id").loc["far", "first_contact_h"] == 2.5


def test_the_first_force_walks_in_where_only_people_can_pass(road: rs.RoadNetwork) -> None:
    on_foot = measured(road, storm(roads=(shut(level="on_foot"),))).villages.set_index("id").loc["far"]
    assert on_foot["walks_in"]
    assert on_foot["force_from"] == "站"
    # the road is shut from village to village: it drives to the near one and walks 977 m at 4 km/h
    assert on_foot["first_force_h"] == pytest.approx(1 + 0.977 / 4, abs=0.015)
    shut_off = measured(road, storm(roads=(shut(),))).villages.set_index("id").loc["far"]
    assert not shut_off["walks_in"]
    assert 10 < shut_off["first_force_h"] < 10.1


def test_a_village_with_a_crew_of_its_own_is_cut_off_from_the_seat_alone(road: rs.RoadNetwork) -> None:
    frame = pd.concat([SITES.to_frame(), SITES.to_frame().assign(id="村", name="村", lon=119.315)], ignore_index=True)
    sites = rs.load_sites(frame.drop(columns="capacity"))
    anywhere = measured(road, storm(roads=(shut(),)), sites=sites)
    assert total(anywhere, "villages_isolated") == [0]
    assert total(measured(road, storm(roads=(shut(),)), sites=sites, seat=["站"]), "villages_isolated") == [0, 1, 0]


def test_equal_states_of_many_disruptions_are_computed_once(road: rs.RoadNetwork) -> None:
    some = [rs.Disruption(label=f"storm {k}", roads=(shut(),), probability=0.25) for k in range(4)]
    steps: list[tuple[int, int]] = []
    found = measured(road, *some, progress=lambda *step: steps.append(step), assets_of=0)
    assert steps == [(1, 2), (2, 2)]
    assert found.summary["person_hours_lost"].tolist() == pytest.approx([2700] * 4)
    assert "On average over 4 disruptions 2,700" in found.in_words("en")


def test_two_roads_that_stand_in_for_each_other_cost_most_together() -> None:
    places = [(119.300, 28.70), (119.310, 28.70), (119.320, 28.70), (119.310, 28.71)]
    ways = [[0, 1], [1, 2], [1, 3, 2]]
    lines = [shapely.LineString([places[at] for at in way]) for way in ways]
    last = shapely.LineString([places[2], (119.33, 28.70)])
    frame = {"highway": "primary", "name": ["西路", "南桥", "北桥", "东路"]}
    network = rs.load_network(geopandas.GeoDataFrame(frame, geometry=[*lines, last], crs=4326), cache=False)
    demand = rs.load_demand(
        pd.DataFrame({"id": ["东村"], "lon": [119.326], "lat": [28.70], "people": [300], "zone": ["suburb"]})
    )
    number = {str(name): road for road, name in enumerate(network.road_name)}
    outages = tuple(
        rs.RoadOutage(closure=Closure(road=number[name]), from_s=0, until_s=10 * H, cause="flood")
        for name in ("南桥", "北桥")
    )
    found = measured(network, storm(roads=outages), demand=demand).worst_assets
    pair = found.iloc[0]
    # either bridge would have held the village: each alone is worth all of it, and both together no more
    assert found["kind"].tolist() == ["road", "road"]
    assert pair["person_hours_isolated"] == pytest.approx(3000)
    assert pair["villages"] == "东村"
    in_row = tuple(
        rs.RoadOutage(closure=Closure(road=number[name]), from_s=0, until_s=10 * H, cause="flood")
        for name in ("西路", "东路")
    )
    both = measured(network, storm(roads=in_row), demand=demand).worst_assets
    assert both["kind"].tolist() == ["two_roads"]
    assert set(both["name"].iloc[0].split(" + ")) == {"西路", "东路"}
    assert both["person_hours_isolated"].tolist() == pytest.approx([3000])


def test_what_a_feeder_costs_is_known_where_it_is_said_whom_it_serves(road: rs.RoadNetwork) -> None:
    dark = rs.AssetOutage(kind="township_power", asset="乙镇", from_s=2 * H, until_s=6 * H, cause="grid")
    feeder = rs.PowerOutage(area="F1", from_s=2 * H, until_s=6 * H, cause="trees")
    event = storm(assets=(dark,), power=(feeder,))
    known = measured(road, event, serves={"F1": ["far"]}).worst_assets.set_index("asset")
    assert known.loc["F1", "person_hours_dark"] == pytest.approx(1200)
    unknown = measured(road, event)
    assert np.isnan(unknown.worst_assets.set_index("asset").loc["F1", "person_hours_dark"])
    assert any("their people" in note for note in unknown.notes)


def test_power_of_a_township_without_points_is_said_aloud(road: rs.RoadNetwork) -> None:
    dark = rs.AssetOutage(kind="township_power", asset="丙镇", from_s=H, until_s=2 * H, cause="grid")
    assert any("丙镇" in note for note in measured(road, storm(assets=(dark,))).notes)


def test_bad_input_is_refused_with_all_faults(road: rs.RoadNetwork) -> None:
    twice = [rs.Disruption(label="storm"), rs.Disruption(label="storm")]
    with pytest.raises(rs.InputError, match=r"label 'storm' stands twice.*share 2.*assets_of -1"):
        measured(road, *twice, share=2.0, assets_of=-1)
    with pytest.raises(rs.InputError, match="until_s 0"):
        measured(road, storm(), until_s=0)
    with pytest.raises(rs.UnknownIdError, match="outage, site '火星'"):
        measured(road, storm(sites=(rs.SiteOutage(site="火星", from_s=0, until_s=1),)))
    with pytest.raises(rs.UnknownIdError, match="road 7"):
        measured(road, storm(roads=(rs.RoadOutage(closure=Closure(road=7), from_s=0, until_s=1),)))


def test_tables_are_written_with_a_mark_and_in_the_language_asked_for(road: rs.RoadNetwork, tmp_path: Path) -> None:
    found = measured(road, storm(roads=(shut(),)))
    paths = found.write(tmp_path, lang="zh")
    assert [path.name for path in paths][-1] == "measures.txt"
    assert (tmp_path / "over_time.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(tmp_path / "over_time.csv")
    assert {"灾情", "圈内人口", "孤立村社数"} <= set(table.columns)
    assert "合计" in set(table["乡镇街道"])
    assert "长路" in (tmp_path / "measures.txt").read_text(encoding="utf-8")


def test_maps_name_the_moment_and_what_is_shut(road: rs.RoadNetwork, tmp_path: Path) -> None:
    found = measured(road, storm(roads=(shut(), shut(level="on_foot", cause="flood"))))
    ax = rs.plot_disruption(found, road, at_s=2 * H, lang="en")
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "2 h after the onset" in ax.get_title()
    assert {"road closed (1)", "road on foot only (1)", "isolated village (1)"} <= set(words)
    axes = rs.plot_disruption_over_time(found, road, at_h=(0, 6, 30))
    assert axes.shape == (1, 3)
    assert [one.get_visible() for one in axes.flat] == [True, True, False]
    assert all(path.stat().st_size > 10_000 for path in rs.write_disruption_maps(found, road, tmp_path))


def test_a_quicker_channel_that_is_back_overtakes_a_slow_message(road: rs.RoadNetwork) -> None:
    spells = [("", 0, 2, None), ("runner", 2, 3, Lognormal(median=6 * H, p90=7 * H))]
    contacts = tuple(
        rs.ContactSpell(place="far", direction="call", channel=channel, from_s=a * H, until_s=b * H, delay=delay)
        for channel, a, b, delay in spells
    )
    closed = rs.RoadOutage(closure=SLIDE, from_s=0, until_s=20 * H)
    villages = measured(road, storm(roads=(closed,), contacts=contacts)).villages.set_index("id")
    assert villages.loc["far", "first_contact_h"] == 3


def test_two_outages_of_a_feeder_between_two_changes_add_up(road: rs.RoadNetwork) -> None:
    power = tuple(rs.PowerOutage(area="F", from_s=a * H, until_s=b * H) for a, b in ((0, 1), (2, 5), (4, 6)))
    found = measured(road, storm(power=power), serves={"F": ["far"]}).worst_assets
    assert found["out_h"].tolist() == [5]


def test_an_unknown_site_of_a_channel_outage_is_refused(road: rs.RoadNetwork) -> None:
    out = rs.ChannelOutage(sites=frozenset({"nobody"}), from_s=0, until_s=H)
    with pytest.raises(rs.UnknownIdError, match="channel outage, site 'nobody'"):
        measured(road, storm(channels=(out,)))


def test_an_order_by_runner_takes_the_way_of_the_runner_also_where_the_outage_is_told_twice(
    road: rs.RoadNetwork,
) -> None:
    quick = Lognormal(median=30.0, p90=40.0)  # the usual runner takes an hour
    spell = rs.ContactSpell(place="站", direction="order", channel="runner", from_s=0, until_s=H, delay=quick)
    twice = measured(road, storm(contacts=(spell,), channels=channel_outages([spell])))
    assert total(twice, "people_covered") == total(measured(road, storm(contacts=(spell,))), "people_covered")
    assert total(twice, "people_covered") == [400]


def test_an_unknown_township_of_a_channel_outage_is_refused(road: rs.RoadNetwork) -> None:
    cut = rs.ChannelOutage(townships=frozenset({"乙镇", "丙镇", "火星"}), from_s=0, until_s=9, label="断网")
    with pytest.raises(rs.InputError) as told:
        measured(road, storm(channels=(cut,)))
    assert "丙镇" in str(told.value)
    assert "火星" in str(told.value)
    assert "断网" in str(told.value)
    known = rs.ChannelOutage(townships=frozenset({"乙镇"}), from_s=0, until_s=9)
    assert len(measured(road, storm(channels=(known,))).over_time) > 0


def test_the_course_on_maps_explains_what_it_shows_and_no_more_and_shows_closures_over_sites(
    road: rs.RoadNetwork,
) -> None:
    dark = rs.AssetOutage(kind="township_power", asset="乙镇", from_s=6 * H, until_s=9 * H, cause="grid")
    found = measured(road, storm(roads=(shut(until_s=5 * H),), assets=(dark,)))
    axes = rs.plot_disruption_over_time(found, road, at_h=(0, 2, 7), lang="en")
    [legend] = axes.flat[0].get_figure(root=True).legends
    words = [text.get_text() for text in legend.get_texts()]
    shown = [word for word in words if "village" in word or "road" in word or "power" in word]
    assert sorted(shown) == ["dark village", "isolated village", "road closed", "township without power"]
    marks = [one for one in axes.flat[1].collections if len(one.get_offsets()) == 1]
    assert max(one.get_zorder() for one in marks) == 4.3


def test_the_frame_leaves_out_roads_where_nothing_lies_and_grounds_of_neighbours_are_one() -> None:
    long = shapely.LineString([(119.30, 28.70), (119.90, 28.70)])
    network = rs.load_network(
        geopandas.GeoDataFrame({"highway": ["primary"], "name": ["长路"]}, geometry=[long], crs=4326), cache=False
    )
    off = tuple(
        rs.AssetOutage(kind="township_power", asset=town, from_s=0, until_s=9 * H, cause="grid")
        for town in ("甲镇", "乙镇")
    )
    near = rs.load_demand(DEMAND.to_frame().assign(lon=[119.306, 119.308]))
    found = measured(network, storm(assets=off), demand=near)
    ax = rs.plot_disruption(found, network, at_s=H)
    west, east = ax.get_xlim()
    assert 119.29 < west < 119.302
    assert 119.308 < east < 119.33
    assert len(ax.patches) == 1
