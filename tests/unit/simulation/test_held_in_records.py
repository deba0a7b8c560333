"""What simulated records say of why a call waited, and of places that were silent."""

from __future__ import annotations

from rescuesim.disruption import ContactSpell, Disruption, RoadOutage, SiteOutage
from rescuesim.network.states import Closure
from rescuesim.report.attainment import miss_reasons
from rescuesim.simulation import simulate

DAY = 10 * 3600.0  # 10 h, in the day shift


def play(valley, calls, **options):
    given = {name: getattr(valley, name) for name in ("network", "demand", "standard")}
    return simulate(valley.plan("s1"), calls=calls, replications=1, horizon_s=86400.0, **given, **options)


def through(valley, *moments, **broken):
    return play(valley, valley.calls(*moments), disruptions=Disruption(label="storm", **broken))


def test_calls_behind_one_unit_are_held_by_its_being_busy(valley):
    result = play(valley, valley.calls(DAY, DAY + 1, DAY + 2, DAY + 3))
    assert result.records["held_by"].tolist() == ["", "busy", "busy", "busy"]
    # the third and fourth wait for more than the 900 s of their reading
    assert miss_reasons(result).to_dict() == {"no_unit": 3}


def test_a_call_behind_a_slide_was_held_by_the_road(valley):
    roads = tuple(
        RoadOutage(closure=Closure(road=road), from_s=0.0, until_s=86400.0) for road in range(valley.network.n_roads)
    )
    result = through(valley, DAY, roads=roads)
    assert result.records["held_by"].tolist() == ["no_way"]
    assert miss_reasons(result).to_dict() == {"no_road": 1}


def test_a_site_that_cannot_be_left_has_no_way_and_one_that_is_not_told_had_no_message(valley):
    shut = through(valley, DAY, sites=(SiteOutage(site="s1", from_s=0.0, until_s=86400.0),))
    assert miss_reasons(shut).to_dict() == {"no_road": 1}
    dead = ContactSpell(place="s1", direction="order", channel="", from_s=0.0, until_s=86400.0)
    assert miss_reasons(through(valley, DAY, contacts=(dead,))).to_dict() == {"no_message": 1}


def test_records_mark_silent_places_and_when_the_incident_began(valley):
    place = valley.demand.ids[0]
    calls = valley.calls(DAY, detected_s=[120.0])
    dead = ContactSpell(place=place, direction="call", channel="", from_s=0.0, until_s=86400.0)
    result = play(valley, calls, disruptions=Disruption(label="storm", contacts=(dead,)))
    called_from = result.records["demand_id"].astype(str) == place
    assert result.records["silent"].tolist() == called_from.tolist()
    assert result.records["onset_at_s"].tolist() == [DAY - 120.0]
    assert not play(valley, calls).records["silent"].any()
