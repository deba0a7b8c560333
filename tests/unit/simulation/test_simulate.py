from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rescuesim.crew import Lognormal
from rescuesim.disruption import ChannelOutage, ContactSpell, Disruption, RoadOutage, SiteOutage
from rescuesim.errors import InputError
from rescuesim.network.states import Closure
from rescuesim.simulation import CallModel, simulate
from rescuesim.simulation.trajectory import STAMPS
from rescuesim.standard import load_standard

DAY = 10 * 3600.0  # 10 h, in the day shift
STAMP_COLUMNS = [f"{name}_at_s" for name in STAMPS]
NEVER = np.nan


def play(valley, plan, calls, **options):
    given = {name: getattr(valley, name) for name in ("network", "demand", "standard")}
    return simulate(plan, calls=calls, **{"replications": 1, "horizon_s": 86400.0, **given, **options})


def stamps(result, call=0):
    return result.records.loc[call, STAMP_COLUMNS].tolist()


def closed(road, from_s, until_s):
    outage = RoadOutage(closure=Closure(road=road), from_s=from_s, until_s=until_s)
    return Disruption(label=f"road {road}", roads=(outage,))


def test_every_milestone_is_the_sum_of_the_stages_before_it(valley):
    result = play(valley, valley.plan("s1"), valley.calls(DAY))
    expected = np.cumsum([DAY, 10, 20, 0, 0, 60, 100, 30, 600, 100])
    assert stamps(result) == expected.tolist()
    row = result.records.loc[0]
    assert row[["unit", "site", "crew", "channel"]].tolist() == ["s1#1", "s1", "brigade", "public_network"]
    assert row[["outcome", "redispatched", "zone", "genuine"]].tolist() == ["handled", 0, "dense_rural", True]
    unit = result.unit_records.loc[0]
    assert (unit["calls"], unit["busy_s"]) == (1, 890.0)


def test_milestones_follow_from_the_draws_of_the_call_to_the_bit(valley):
    chain = {
        "answering": Lognormal(median=6, p90=12),
        "order": Lognormal(median=35, p90=60),
        "set_up": Lognormal(median=30, p90=60),
        "variation": Lognormal(median=1, p90=1.4),
    }
    z = {"answering_z": [0.3], "order_z": [-1.1], "travel_z": [0.7], "set_up_z": [1.9]}
    calls = valley.calls(DAY + 0.1, on_scene_s=600.7, **z)
    result = play(valley, valley.plan("s1"), calls, standard=replace(valley.standard, chain=chain))
    answered = calls.arrived_at_s[0] + chain["answering"].from_normal(z["answering_z"])[0]
    ordered = answered + chain["order"].from_normal(z["order_z"])[0]
    factor = chain["variation"].from_normal(z["travel_z"])[0]
    on_scene = ordered + 60.0 + 100.0 * factor
    handling = on_scene + chain["set_up"].from_normal(z["set_up_z"])[0]
    cleared = handling + 600.7
    expected = [DAY + 0.1, answered, ordered, ordered, ordered, ordered + 60.0, on_scene, handling, cleared]
    assert stamps(result) == [*expected, cleared + 100.0 * factor]


def test_a_second_call_waits_for_the_unit_to_come_back(valley):
    result = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 60))
    assert stamps(result, 1)[2:6] == [DAY + 90, DAY + 920, DAY + 920, DAY + 980]
    assert (result.unit_records["busy_s"] == 890.0 * 2).all()


def test_calls_that_wait_are_served_in_the_order_in_which_they_were_ordered(valley):
    result = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 1, DAY + 2, DAY + 3))
    assert result.records["dispatched_at_s"].diff().dropna().tolist() == [890.0] * 3


def test_waiting_for_a_seat_counts_towards_answering(valley):
    result = play(valley, valley.plan("s1", units=3), valley.calls(DAY, DAY + 1, DAY + 2), seats=2)
    assert result.records["answered_at_s"].tolist() == [DAY + 10, DAY + 11, DAY + 20]


def test_without_a_queue_a_call_that_finds_no_unit_is_lost(valley):
    result = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 60), queue="loss")
    assert result.records["outcome"].tolist() == ["handled", "lost"]
    assert stamps(result, 1)[:3] == [DAY + 60, DAY + 70, DAY + 90]
    assert np.isnan(stamps(result, 1)[3:]).all()
    assert result.records.loc[1, ["unit", "site", "crew", "channel"]].tolist() == ["", "", "", ""]


def test_what_lies_beyond_the_horizon_is_not_stamped(valley):
    result = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 60, DAY + 100), horizon_s=DAY + 95 + 830)
    assert stamps(result)[-1] == DAY + 920
    assert result.records["outcome"].tolist() == ["handled", "under_way", "waiting"]
    assert stamps(result, 1)[4] == DAY + 920
    assert np.isnan(stamps(result, 1)[5:]).all()
    assert np.isnan(stamps(result, 2)[3:]).all()
    assert result.unit_records.loc[0, "busy_s"] == 890.0 + 5.0


def test_the_nearest_in_time_to_arrival_is_sent_even_from_farther_away(valley):
    brigade = valley.standard.crews["brigade"]
    slow = replace(brigade, name="slow", turnout=dict.fromkeys(("day", "night"), valley.exactly(400)))
    crews = {"brigade": brigade, "slow": slow}
    both = valley.plan("s1", "s2")
    plan = replace(both, sites=(replace(both.sites[0], crew="slow"), both.sites[1]))
    result = play(valley, plan, valley.calls(DAY), standard=replace(valley.standard, crews=crews))
    assert result.records.loc[0, "unit"] == "s2#1"


def test_a_crew_that_is_not_capable_is_not_sent(valley):
    both = valley.plan("s1", "s2")
    plan = replace(both, sites=(replace(both.sites[0], crew="township_duty"), both.sites[1]))
    assert play(valley, plan, valley.calls(DAY)).records.loc[0, "unit"] == "s2#1"
    assert play(valley, plan, valley.calls(DAY, type_="social")).records.loc[0, "unit"] == "s1#1"


def test_the_turnout_is_that_of_the_shift_in_which_the_crew_is_alerted(valley):
    result = play(valley, valley.plan("s1"), valley.calls(3600.0))
    assert result.records.loc[0, "rolling_at_s"] - result.records.loc[0, "alerted_at_s"] == 120.0


def test_an_absent_crew_leaves_the_call_waiting_until_a_shift_in_which_it_is_there(valley):
    never = play(valley, valley.plan("s1", crew="never_there"), valley.calls(DAY))
    assert never.records["outcome"].tolist() == ["waiting"]
    plan = valley.plan("s1", crew="half_there")
    result = play(valley, plan, valley.calls(100.0), replications=40, horizon_s=7 * 86400.0)
    at_once = result.records["dispatched_at_s"] == 130.0
    assert 8 <= at_once.sum() <= 32
    later = result.records.loc[~at_once, "dispatched_at_s"] / 3600.0
    assert later.isin([8.0 + 12.0 * k for k in range(14)]).all()


def test_two_plans_share_the_absences_of_a_site_that_both_have(valley):
    calls = valley.calls(*(np.arange(100.0, 86400.0 * 20, 43200.0)))
    alone, both = (
        play(valley, valley.plan(*sites, crew="half_there"), calls, horizon_s=20 * 86400.0, queue="loss")
        for sites in (("s1",), ("s1", "s2"))
    )
    assert 5 < (alone.records["unit"] == "s1#1").sum() < 35
    assert ((alone.records["unit"] == "s1#1") == (both.records["unit"] == "s1#1")).all()


def test_an_outage_of_the_public_network_lengthens_alerting(valley):
    outage = ChannelOutage(townships=frozenset({"T"}), from_s=DAY, until_s=DAY + 3600, fallback="radio_370")
    calls = valley.calls(DAY - 3600, DAY, DAY + 3600, alerting_z=[0.5, 0.5, 0.5])
    cut = Disruption(label="cut", channels=(outage,))
    records = play(valley, valley.plan("s1"), calls, disruptions=cut).records
    assert records["channel"].tolist() == ["public_network", "radio_370", "public_network"]
    delay = float(Lognormal(median=60, p90=180).from_normal(0.5))
    assert (records["alerted_at_s"] - records["dispatched_at_s"]).tolist() == pytest.approx([0.0, delay, 0.0])


def test_an_outage_elsewhere_does_not_lengthen_alerting(valley):
    outage = ChannelOutage(sites=frozenset({"s2"}), from_s=0, until_s=86400, fallback="runner")
    cut = Disruption(label="cut", channels=(outage,))
    assert stamps(play(valley, valley.plan("s1", "s2"), valley.calls(DAY), disruptions=cut))[4] == DAY + 30


def test_a_road_that_closes_between_order_and_departure_makes_the_unit_stand_down(valley):
    slide = closed(0, DAY + 50, DAY + 10_000)
    result = play(valley, valley.plan("s1", "s2"), valley.calls(DAY), disruptions=slide)
    row = result.records.loc[0]
    assert (row["unit"], row["redispatched"]) == ("s2#1", 1)
    assert stamps(result) == np.cumsum([DAY, 10, 20, 60, 0, 60, 300, 30, 600, 300]).tolist()
    busy = result.unit_records.set_index("unit")["busy_s"]
    assert (busy["s1#1"], busy["s2#1"]) == (60.0, 1290.0)


def test_without_a_queue_a_call_whose_unit_stands_down_is_lost(valley):
    slide = closed(0, DAY + 50, DAY + 10_000)
    result = play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=slide, queue="loss")
    assert result.records.loc[0, ["outcome", "redispatched", "unit"]].tolist() == ["lost", 1, ""]


def test_a_call_behind_a_closed_road_is_served_when_the_road_opens(valley):
    slide = closed(0, 0.0, DAY + 5_000)
    result = play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=slide)
    assert stamps(result)[3:7] == [DAY + 5000, DAY + 5000, DAY + 5060, DAY + 5160]


def test_a_unit_without_a_way_back_waits_for_the_road_to_open(valley):
    slide = closed(0, DAY + 500, DAY + 5_000)
    result = play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=slide)
    assert stamps(result)[-2:] == [DAY + 820, DAY + 5100]


def test_a_unit_without_a_way_back_ever_stays_out(valley):
    slide = closed(0, DAY + 500, np.inf)
    result = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 600), disruptions=slide)
    assert stamps(result)[-2] == DAY + 820
    assert np.isnan(stamps(result)[-1])
    assert result.records["outcome"].tolist() == ["handled", "waiting"]
    assert result.unit_records.loc[0, "busy_s"] == 86400.0 - DAY - 30


def test_a_site_that_cannot_be_left_sends_nobody_but_takes_its_unit_back(valley):
    shut = Disruption(label="gate", sites=(SiteOutage(site="s1", from_s=DAY + 500, until_s=DAY + 5_000),))
    result = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 1000), disruptions=shut)
    assert stamps(result)[-1] == DAY + 920
    assert stamps(result, 1)[3] == DAY + 5000


def test_an_outage_of_a_site_that_the_plan_does_not_open_changes_nothing(valley):
    shut = Disruption(label="gate", sites=(SiteOutage(site="elsewhere", from_s=0, until_s=5_000),))
    broken = play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=shut)
    intact = play(valley, valley.plan("s1"), valley.calls(DAY))
    pd.testing.assert_frame_equal(broken.records, intact.records)


def test_replications_go_through_the_disruptions_in_turn(valley):
    hits = [closed(0, 0.0, 86400.0), closed(1, 0.0, 86400.0)]
    result = play(valley, valley.plan("s1", "s2"), valley.calls(DAY), disruptions=hits, replications=5)
    assert result.records["site"].tolist() == ["s2", "s1", "s2", "s1", "s2"]
    assert result.records["replication"].tolist() == [0, 1, 2, 3, 4]
    assert result.condition == "road 0 | road 1"
    assert play(valley, valley.plan("s1"), valley.calls(DAY)).condition == "intact"


def test_the_same_seed_gives_the_same_records_and_another_seed_others(valley):
    standard = replace(load_standard(), crews=valley.standard.crews)

    def draw(seed):
        plan = valley.plan("s1", "s2", crew="half_there")
        return play(valley, plan, CallModel(), standard=standard, seed=seed, replications=3).records

    pd.testing.assert_frame_equal(draw(1), draw(1))
    assert not draw(1)["arrived_at_s"].equals(draw(2)["arrived_at_s"])


def test_another_plan_sees_the_same_calls_and_answers(valley):
    plans = valley.plan("s1"), valley.plan("s1", "s2")
    one, two = (play(valley, plan, CallModel(), replications=3).records for plan in plans)
    shared = ["replication", "call", "demand_id", "type", "arrived_at_s", "answered_at_s"]
    pd.testing.assert_frame_equal(one[shared], two[shared])
    assert set(two["site"]) > set(one["site"]) or len(one) < 3


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_records_do_not_depend_on_the_executor(valley, pool, monkeypatch):
    hits = [closed(0, 3600.0, 50_000.0), closed(1, 3600.0, 50_000.0)]
    options = {"disruptions": hits, "replications": 6, "seed": 5, "horizon_s": 5 * 86400.0}
    plan, model = valley.plan("s1", "s2", crew="half_there"), CallModel(per_10k_people_year=200.0)
    serial = play(valley, plan, model, **options)
    monkeypatch.setattr("rescuesim.simulation.run._CALLS_A_CHUNK", 1)
    said = []
    options["progress"] = lambda done, total: said.append((done, total))
    with pool(max_workers=2) as executor:
        parallel = play(valley, plan, model, executor=executor, **options)
    pd.testing.assert_frame_equal(parallel.records, serial.records)
    pd.testing.assert_frame_equal(parallel.unit_records, serial.unit_records)
    assert said == [(done, 6) for done in range(1, 7)]


def test_a_policy_does_not_carry_memories_from_one_replication_to_the_next(valley):
    class Alternate:
        def __init__(self):
            self.count = 0

        def choose(self, call, choices):
            free = list(choices)
            self.count += 1
            return free[self.count % len(free)].unit if free else None

    result = play(valley, valley.plan("s1", "s2"), valley.calls(DAY), policy=Alternate(), replications=3)
    assert result.records["site"].tolist() == ["s2", "s2", "s2"]


def test_a_false_call_is_served_but_not_genuine(valley):
    result = play(valley, valley.plan("s1"), valley.calls(DAY, type_="false"))
    assert result.records.loc[0, ["genuine", "outcome"]].tolist() == [False, "handled"]


def test_a_log_without_calls_gives_empty_records_of_the_same_columns(valley):
    none = play(valley, valley.plan("s1"), valley.calls())
    some = play(valley, valley.plan("s1"), valley.calls(DAY))
    assert len(none.records) == 0
    assert list(none.records.columns) == list(some.records.columns)
    assert none.unit_records["busy_s"].tolist() == [0.0]


def test_the_result_says_in_one_line_what_it_holds(valley):
    text = str(play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 60), queue="loss"))
    assert text == "plan plan, intact: 1 replications of 1 days, 2 calls (1 handled, 1 lost)"


def test_where_outages_of_the_public_network_overlap_the_first_given_holds(valley):
    first = ChannelOutage(from_s=DAY, until_s=DAY + 3600, fallback="radio_370")
    second = ChannelOutage(from_s=0, until_s=86400, fallback="runner")
    cut = Disruption(label="cut", channels=(first, second))
    records = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 3600), disruptions=cut).records
    assert records["channel"].tolist() == ["radio_370", "runner"]
    assert (records["alerted_at_s"] - records["dispatched_at_s"]).tolist() == [60.0, 3600.0]


def test_a_unit_that_stands_down_serves_first_the_call_that_has_waited_longer(valley):
    slide = Disruption(label="slide", sites=(SiteOutage(site="s1", from_s=DAY + 50, until_s=DAY + 200),))
    records = play(valley, valley.plan("s1"), valley.calls(DAY, DAY + 30), disruptions=slide).records
    # the first call loses its unit at DAY + 90, when the second has waited since DAY + 60
    assert records["ordered_at_s"].tolist() == [DAY + 30, DAY + 60]
    assert records["dispatched_at_s"].tolist() == [DAY + 200 + 890, DAY + 200]


def test_a_point_farther_from_any_road_than_the_snap_limit_is_never_reached(valley):
    aside = replace(valley.demand, lat=valley.demand.lat + 0.005)  # about 550 m
    near, far = (
        play(valley, valley.plan("s1"), valley.calls(DAY), demand=aside, snap_limit_m=limit).records["outcome"][0]
        for limit in (600.0, 500.0)
    )
    assert (near, far) == ("handled", "waiting")


def test_calls_wait_for_a_seat_at_the_desk(valley):
    both = valley.calls(DAY, DAY)
    answered = {
        seats: play(valley, valley.plan("s1", "s2"), both, seats=seats).records["answered_at_s"].tolist()
        for seats in (1, 2)
    }
    assert answered == {1: [DAY + 10, DAY + 20], 2: [DAY + 10, DAY + 10]}


def test_orders_go_by_the_channels_of_the_contacts_and_a_site_that_none_reaches_sends_nobody(valley):
    """Phones that are dead alert nobody, although no outage of the public network is given."""
    phone = Lognormal(median=180.0, p90=480.0)
    by_phone = ContactSpell(
        place="s1", direction="order", channel="satellite_phone", from_s=0, until_s=DAY + 7200, delay=phone
    )
    usual = stamps(play(valley, valley.plan("s1"), valley.calls(DAY)))
    late = play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=Disruption(label="d", contacts=(by_phone,)))
    assert late.records.loc[0, "channel"] == "satellite_phone"
    assert late.records.loc[0, "rolling_at_s"] > usual[STAMP_COLUMNS.index("rolling_at_s")]
    silent = ContactSpell(place="s1", direction="order", channel="", from_s=0, until_s=DAY + 7200)
    mute = Disruption(label="d", contacts=(silent,))
    waited = play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=mute)
    assert waited.records.loc[0, "dispatched_at_s"] == DAY + 7200
    # told twice, as outages and as contacts, it is the same
    told = replace(mute, sites=(SiteOutage(site="s1", from_s=0, until_s=DAY + 7200),))
    assert stamps(play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=told)) == stamps(waited)


def test_a_channel_outage_of_a_township_that_nobody_knows_is_refused(valley):
    cut = ChannelOutage(townships=frozenset({"火星"}), from_s=0, until_s=9, label="cut")
    with pytest.raises(InputError, match="火星"):
        play(valley, valley.plan("s1"), valley.calls(DAY), disruptions=Disruption(label="d", channels=(cut,)))
