"""What a call model adds: slots, seasons, types by point, surge, duplicates, detection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rescuesim.crew import Lognormal
from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.simulation import CallModel, CallPattern, HazardGrowth, Surge
from rescuesim.simulation.calls import SLOT_DRAWS, default_growth

DAY = 86400.0
FLAT = CallPattern(share_08_to_20_h=0.5)


def points(**columns):
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(size)], "lon": 119.3, "lat": 28.7, **columns})
    return load_demand(frame)


def draw(model, demand=None, *, days=10.0, seed=1, replication=0):
    demand = points(calls_per_year=[365.25 * 100, 365.25 * 50]) if demand is None else demand
    return model.generate(demand, horizon_s=days * DAY, seed=seed, replication=replication)


def near(found, expected, variance=None):
    """Within four standard errors of a Poisson number."""
    return abs(found - expected) < 4 * np.sqrt(expected if variance is None else variance)


def test_further_unit_slots_change_nothing_for_the_first():
    one, two, three = (draw(CallModel(n_slots=slots)) for slots in (1, 2, 3))
    for name in SLOT_DRAWS:
        assert getattr(one, name).ndim == 1
        assert (one.by_slot(name)[:, 0] == two.by_slot(name)[:, 0]).all()
        assert (two.by_slot(name) == three.by_slot(name)[:, :2]).all()
        assert abs(np.corrcoef(three.by_slot(name).T)[0, 1]) < 0.1 or name == "on_scene_s"
    rest = ["arrived_at_s", "type", "demand_id", "order_z", "priority", "severity", "detected_s"]
    assert one.to_frame()[rest].equals(three.to_frame()[rest])


def test_june_to_august_have_their_share_of_the_year():
    log = draw(CallModel(starts="2026-01-01T00:00"), days=365, seed=2)
    months = (np.datetime64("2026-01-01") + (log.arrived_at_s * 1e6).astype("timedelta64[us]")).astype("M8[M]")
    share = np.isin(months.astype(int) % 12, (5, 6, 7)).mean()
    assert abs(share - 0.28) < 4 * np.sqrt(0.28 * 0.72 / len(log))
    assert near(len(log), 365 * 150, 365 * 150)


def test_months_weekdays_and_hours_are_followed_from_the_start_that_is_stated():
    weekdays, hours = (1, 1, 1, 1, 1, 0, 0), (*[0] * 6, *[1] * 18)
    pattern = CallPattern(weekdays=weekdays, hours=hours, months=(*[1] * 11, 0))
    log = draw(CallModel(pattern=pattern, starts="2026-11-06T21:30"), days=50, seed=3)  # a Friday
    moments = pd.Timestamp("2026-11-06T21:30") + pd.to_timedelta(log.arrived_at_s, unit="s")
    assert set(moments.month) == {11}
    assert set(moments.day_of_week) == {0, 1, 2, 3, 4}
    assert set(moments.hour) == set(range(6, 24))
    mondays = (moments.day_of_week == 0).sum()  # the 9th, 16th, 23rd and 30th
    assert near(mondays, 4 * 150 * 7 / 5 * 365.25 / 11 / 30)


def test_an_average_year_of_days_has_an_average_factor_of_one():
    days = pd.date_range("2023-01-01", periods=4 * 365 + 1)
    for pattern in (CallPattern(), CallPattern(weekdays=(3, 1, 1, 1, 1, 1, 2)), CallPattern(months=tuple(range(12)))):
        assert np.mean([pattern.day_factor(day.date()) for day in days]) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("start_h", [0.0, 6.5, 8.0, 18.25])
@pytest.mark.parametrize("pattern", [CallPattern(), CallPattern(hours=tuple(range(24)))])
def test_every_day_has_one_day_of_calls_whenever_the_replication_begins(pattern, start_h):
    edges_s, per_s = pattern.rates(None, 3 * DAY, start_h=start_h)
    assert np.diff(edges_s) @ per_s == pytest.approx(3.0, rel=1e-12)
    assert (edges_s[0], edges_s[-1]) == (0.0, 3 * DAY)
    assert (np.diff(edges_s) > 0).all()


def test_types_follow_the_calls_by_type_of_a_point_and_the_shares_elsewhere():
    split = {f"calls_{name}": [0.0, np.nan] for name in ("social", "security", "false")}
    demand = points(people=[0, 2_000_000], calls_fire=[3000.0, np.nan], calls_rescue=[1000.0, np.nan], **split)
    log = draw(CallModel(), demand, days=365.25, seed=4)
    names = log.to_frame()
    own, other = names[names["demand_id"] == "p0"], names[names["demand_id"] == "p1"]
    assert set(own["type"]) == {"fire", "rescue"}
    assert abs((own["type"] == "fire").mean() - 0.75) < 4 * np.sqrt(0.1875 / len(own))
    assert abs((other["type"] == "social").mean() - 6.1 / 17.4) < 4 * np.sqrt(0.25 / len(other))


def test_rates_by_type_give_number_and_shares():
    model = CallModel.from_rates({"fire": 6.0, "social": 2.0}, n_slots=2)
    assert (model.rate, model.shares["fire"], model.n_slots) == (8.0, 0.75, 2)


def test_a_surge_leaves_the_usual_calls_as_they_are():
    usual, struck = draw(CallModel(n_slots=2)), draw(CallModel(n_slots=2, surge=Surge(onset_s=2 * DAY)))
    ours, theirs = usual.to_frame().drop(columns="call"), struck.to_frame().drop(columns="call")
    both = ours.merge(theirs, how="left", on=[name for name in ours if name != "duplicate_of"], indicator=True)
    assert (both["_merge"] == "both").all()
    outside = (struck.arrived_at_s < 2 * DAY).sum()
    assert outside == (usual.arrived_at_s < 2 * DAY).sum()


def test_a_surge_has_its_factors_and_its_share_of_duplicates():
    lag = Lognormal(median=0.0, p90=0.0)  # duplicates at once, so that they fall into their phase
    model = CallModel(pattern=FLAT, surge=Surge(onset_s=DAY, duplicate_lag=lag))
    calls = np.zeros((25, 2))
    doubles = 0
    for replication in range(25):
        log = draw(model, days=3, seed=5, replication=replication)
        since = log.arrived_at_s - DAY
        calls[replication] = ((since >= 0) & (since < 6 * 3600)).sum(), ((since >= 21600) & (since < DAY)).sum()
        doubles += (log.duplicate_of >= 0).sum()
    expected = np.array([10 * 0.25, 4 * 0.75]) * 150  # calls a day in the mean
    error = calls.std(axis=0, ddof=1) / np.sqrt(25)
    assert (np.abs(calls.mean(axis=0) - expected) < 4 * error).all()
    share = doubles / calls.sum()
    assert abs(share - 0.4) < 4 * np.sqrt(0.4 * 0.6 / calls.sum()) * 1.5  # duplicates come in clumps


def test_a_duplicate_is_of_the_place_type_and_severity_of_its_incident_and_rings_later():
    log = draw(CallModel(surge=Surge(), n_slots=2))
    double = np.flatnonzero(log.duplicate_of >= 0)
    of = log.duplicate_of[double]
    assert len(double) > 100
    for name in ("point", "type_code", "severity", "detected_s", "priority"):
        assert (getattr(log, name)[double] == getattr(log, name)[of]).all()
    assert (log.arrived_at_s[double] >= log.arrived_at_s[of]).all()
    assert (log.answering_z[double] != log.answering_z[of]).all()
    assert (log.duplicate_of[of] == -1).all()


def test_a_surge_strikes_where_and_as_falsely_as_it_says():
    surge = Surge(weights={"p0": 0.0}, false_share=0.5, duplicates=0.0, phases=((24.0, 20.0),))
    usual, struck = (draw(CallModel(pattern=FLAT, surge=one), days=1, seed=6).to_frame() for one in (None, surge))
    added = struck[~struck["arrived_at_s"].isin(usual["arrived_at_s"])]
    assert near(len(added), 19 * 150)
    assert set(added["demand_id"]) == {"p1"}
    assert abs((added["type"] == "false").mean() - 0.5) < 4 * np.sqrt(0.25 / len(added))


def test_after_a_disaster_callers_give_up_and_some_never_ring_again():
    log = draw(CallModel.after_disaster())
    assert np.median(log.patience_s) == pytest.approx(60.0, rel=0.1)
    assert np.isinf(log.again_after_s).mean() == pytest.approx(0.15, abs=0.03)
    rung = log.again_after_s[np.isfinite(log.again_after_s)]
    assert np.median(rung) == pytest.approx(60.0, rel=0.15)
    assert np.isinf(draw(CallModel()).patience_s).all()


def test_alarms_find_fires_earlier_and_make_them_less_severe():
    plain, alarmed = draw(CallModel()), draw(CallModel(alarmed_share={"p0": 1.0}))
    fire, at_p0 = plain.type_code == plain.types.index("fire"), plain.point == 0
    assert (alarmed.arrived_at_s == plain.arrived_at_s).all()
    assert np.allclose(alarmed.detected_s[fire & at_p0], 0.25 * plain.detected_s[fire & at_p0])
    assert (alarmed.detected_s[~(fire & at_p0)] == plain.detected_s[~(fire & at_p0)]).all()
    assert (alarmed.severity[fire & at_p0] < plain.severity[fire & at_p0]).mean() > 0.95
    assert np.median(plain.severity[fire]) == pytest.approx(1.0, abs=0.05)


def test_severity_is_the_stated_power_of_the_time_between_its_bounds():
    growth = HazardGrowth(exponent=2, usual_detected_s=100, usual_response_s=300, least=0.5, most=9)
    assert growth.severity([100, 100, 300], [300, 700, 900]).tolist() == [1.0, 4.0, 9.0]
    assert growth.severity(0.0, 40.0) == 0.5
    assert default_growth()["social"].severity([0, 1e5]).tolist() == [1.0, 1.0]


def test_a_severe_call_is_one_step_more_urgent():
    slow = {"fire": Lognormal(median=2000.0, p90=2000.0), "rescue": Lognormal(median=120.0, p90=120.0)}
    law = {"security": HazardGrowth(exponent=2, usual_detected_s=0, usual_response_s=10)}
    late = {"security": Lognormal(median=90.0, p90=90.0)}
    log = draw(CallModel(detection=slow | late, growth=law)).to_frame()
    assert set(log.loc[log["type"] == "security", "priority"]) == {0}
    assert set(log.loc[log["type"] == "social", "priority"]) == {2}
    assert set(log.loc[log["type"] == "fire", "priority"]) == {0}


def test_a_scipy_distribution_serves_on_the_scene_with_the_same_draws():
    usual = Lognormal(median=4500.0, p90=10800.0)
    frozen = {"fire": stats.lognorm(usual.sigma, scale=usual.median)}
    one, two = draw(CallModel()), draw(CallModel(on_scene=frozen))
    assert two.on_scene_s == pytest.approx(one.on_scene_s, rel=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"starts": "tomorrow"}, "starts: 'tomorrow'"),
        ({"n_slots": 0}, "n_slots: '0'"),
        ({"on_scene": {"fire": stats.norm(60, 10)}}, r"on_scene\['fire'\].*0 or more"),
        ({"detection": {"fires": Lognormal(median=1.0, p90=2.0)}}, "did you mean fire"),
        ({"alarmed_share": {"v": 2.0}}, "alarmed_share: 'v: 2.0'"),
        ({"pattern": FLAT, "share_08_to_20_h": 0.5}, "not both"),
        ({"ring_again": -0.1}, "ring_again"),
    ],
)
def test_a_model_out_of_bounds_is_refused_by_field(wrong, message):
    with pytest.raises(InputError, match=message):
        CallModel(**wrong)


def test_all_faults_of_a_model_are_told_at_once():
    with pytest.raises(InputError) as caught:
        CallModel(per_10k_people_year=-1.0, starts="soon", n_slots=0, share_08_to_20_h=2.0)
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"phases": ((6.0, 1.2),)}, "a finite factor of 1.67 or more"),
        ({"phases": ((6.0, 4.0), (2.0, 8.0))}, "ascending"),
        ({"duplicates": 1.0}, "below 1"),
        ({"onset_s": -1.0}, "onset_s"),
        ({"weights": {"v": -1.0}}, "v: -1.0"),
    ],
)
def test_a_surge_out_of_bounds_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        Surge(**wrong)


def test_places_that_there_are_not_are_refused():
    with pytest.raises(InputError, match=r"surge\.weights: 'atlantis'"):
        draw(CallModel(surge=Surge(weights={"atlantis": 1.0})))
    with pytest.raises(InputError, match="alarmed_share: 'atlantis'"):
        draw(CallModel(alarmed_share={"atlantis": 1.0}))
    with pytest.raises(InputError, match="above 0 at some point"):
        draw(CallModel(surge=Surge(weights={"p0": 0.0, "p1": 0.0})))


def test_a_surge_after_the_horizon_adds_nothing():
    usual, late = draw(CallModel()), draw(CallModel(surge=replace(Surge(), onset_s=11 * DAY)))
    assert usual.to_frame().equals(late.to_frame())


def test_a_surge_is_simulated_the_same_in_threads_as_in_one(valley):
    from concurrent.futures import ThreadPoolExecutor

    from rescuesim.simulation import simulate

    model = CallModel.after_disaster(n_slots=2)
    options = {"network": valley.network, "demand": valley.demand, "standard": valley.standard, "seats": 1}
    options |= {"calls": model, "replications": 4, "horizon_s": 5 * DAY, "seed": 3}
    one = simulate(valley.plan("s1"), **options).records
    with ThreadPoolExecutor(2) as pool:
        two = simulate(valley.plan("s1"), executor=pool, **options).records
    pd.testing.assert_frame_equal(one, two)
    assert (~one["genuine"]).any()
