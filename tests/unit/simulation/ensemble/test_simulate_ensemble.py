from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pytest
from ensemble_cases import bytes_of, closed, town_study

from rescuesim.disruption import Disruption, RoadOutage, SiteOutage
from rescuesim.errors import DataFileError, InputError, UnknownIdError
from rescuesim.network.states import Closure
from rescuesim.simulation import NearestAvailable, simulate
from rescuesim.simulation.ensemble import open_ensemble, simulate_ensemble

OF_SIMULATE = ("network", "demand", "standard", "calls", "replications", "horizon_s", "seed")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return town_study(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def finished(study, tmp_path_factory):
    return simulate_ensemble(out=tmp_path_factory.mktemp("finished"), **study)


def small(study, **options):
    """A plan on two kinds of days, 4 replications."""
    plans = {"today": study["plans"]["today"]}
    kinds = {name: study["disruptions"][name] for name in ("intact", "bridge")}
    return {**study, "plans": plans, "disruptions": kinds, "replications": 4, **options}


def test_every_plan_and_disruption_has_the_records_that_simulate_gives(study, finished):
    given = {name: study[name] for name in OF_SIMULATE}
    for plan in study["plans"]:
        for name, disruption in study["disruptions"].items():
            alone = simulate(study["plans"][plan], disruptions=disruption, **given)
            result = finished.result(plan=plan, disruption=name)
            pd.testing.assert_frame_equal(result.records, alone.records)
            pd.testing.assert_frame_equal(result.unit_records, alone.unit_records)
            assert result.condition == ("intact" if disruption is None else name)


def test_all_plans_and_disruptions_meet_the_same_calls(finished):
    columns = ["replication", "call", "demand_id", "type", "arrived_at_s"]
    first = finished.records(plan="today", disruption="intact")[columns]
    assert len(first) > 30
    for plan in finished.plans:
        for disruption in finished.disruptions:
            pd.testing.assert_frame_equal(finished.records(plan=plan, disruption=disruption)[columns], first)


def test_threads_give_the_same_bytes_as_one_after_the_other(study, finished, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        found = simulate_ensemble(out=tmp_path, executor=threads, **study)
    assert found.hash == finished.hash
    assert bytes_of(tmp_path) == bytes_of(finished.out)


def test_the_summary_counts_what_the_records_hold(finished):
    summary = finished.summary().set_index(["plan", "disruption"])
    assert len(summary) == 6
    records = finished.records(plan="plan", disruption="bridge")
    genuine = records[records["genuine"]]
    row = summary.loc[("plan", "bridge")]
    assert (row["calls"], row["genuine"]) == (len(records), len(genuine))
    took = (genuine["handling_at_s"] - genuine["arrived_at_s"])[genuine["outcome"] == "handled"]
    assert row["mean_s"] == pytest.approx(took.mean())
    assert row["p50_s"] == pytest.approx(took.median())
    assert row["handled"] + row["waiting"] + row["lost"] <= 1


def test_a_finished_study_is_taken_over_and_more_replications_are_added_to_it(study, tmp_path):
    seen = []
    simulate_ensemble(out=tmp_path, **small(study))
    again = simulate_ensemble(out=tmp_path, progress=seen.append, **small(study))
    assert [(at.done, at.taken_over, at.remaining_s) for at in seen] == [(8, 8, 0.0)]
    before = bytes_of(tmp_path)
    more = simulate_ensemble(out=tmp_path, progress=seen.append, **small(study, replications=6))
    assert [at.done for at in seen[1:]] == [8, 10, 12]
    assert seen[1].taken_over == 8
    assert seen[1].remaining_s is None
    after = bytes_of(tmp_path)
    assert {name for name in before if before[name] != after[name]} == {"study.json"}
    assert more.hash != again.hash
    with pytest.raises(InputError, match="the replications: 6, 4 now"):
        simulate_ensemble(out=tmp_path, **small(study))


def test_the_order_of_the_parts_and_a_disruption_of_each_replication_leave_no_trace(study, tmp_path, finished):
    only = {
        **study,
        "plans": {"plan": study["plans"]["plan"]},
        "disruptions": {"floods": study["disruptions"]["floods"]},
    }
    alone = simulate_ensemble(out=tmp_path, **only)
    pd.testing.assert_frame_equal(
        alone.records(plan="plan", disruption="floods"), finished.records(plan="plan", disruption="floods")
    )
    shared = {path.name for path in tmp_path.glob("*.parquet")}
    assert shared <= {path.name for path in finished.out.glob("*.parquet")}


def test_damaged_and_foreign_parts_are_simulated_anew(study, tmp_path, caplog):
    small_study = small(study)
    found = simulate_ensemble(out=tmp_path, **small_study)
    before = bytes_of(tmp_path)
    records, units = (sorted(tmp_path.glob(f"{table}-*")) for table in ("records", "unit_records"))
    records[0].write_bytes(records[0].read_bytes()[:-9])
    records[1].write_bytes(records[2].read_bytes())
    units[3].write_bytes(b"")
    (tmp_path / ".records-x.parquet.77.part").write_bytes(b"half")
    with pytest.raises(DataFileError):
        found.verify()
    again = simulate_ensemble(out=tmp_path, **small_study)
    again.verify()
    assert caplog.text.count("simulated anew") == 3
    assert bytes_of(tmp_path) == before
    assert again.hash == found.hash


def test_another_study_is_refused_with_all_that_differs(study, tmp_path):
    simulate_ensemble(out=tmp_path, **small(study))
    before = bytes_of(tmp_path)
    other = small(study, seed=4, horizon_s=43200.0, disruptions={"intact": None, "bridge": closed("bridge", 2)})
    message = "another study.* the calls; disruptions bridge; the horizon; the seed; option seats"
    with pytest.raises(InputError, match=message):
        simulate_ensemble(out=tmp_path, seats=1, **{**other, "calls": study["calls"].__class__()})
    with pytest.raises(InputError, match="siting"):
        simulate_ensemble(out=tmp_path, about={"siting": "x"}, **small(study))
    manifest = (tmp_path / "study.json").read_text(encoding="utf-8")
    (tmp_path / "study.json").write_text(manifest.replace('"program": "', '"program": "0'), encoding="utf-8")
    with pytest.raises(InputError, match="the version of rescuesim, its libraries"):
        simulate_ensemble(out=tmp_path, **small(study))
    (tmp_path / "study.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataFileError, match="manifest of an ensemble"):
        simulate_ensemble(out=tmp_path, **small(study))
    assert {name: before[name] for name in before if name != "study.json"} == {
        name: digest for name, digest in bytes_of(tmp_path).items() if name != "study.json"
    }


def test_an_interrupted_study_keeps_its_parts_and_says_what_is_missing(study, tmp_path):
    def stop(at):
        if at.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_ensemble(out=tmp_path, progress=stop, **small(study))
    part = open_ensemble(tmp_path)
    assert part.missing == 4
    assert "4 of 8 replications done" in str(part)
    with pytest.raises(InputError, match="1 of 2 parts are not simulated yet"):
        part.records(plan="today", disruption="intact")
    with pytest.raises(DataFileError):
        _ = part.hash
    seen = []
    whole = simulate_ensemble(out=tmp_path, progress=seen.append, **small(study))
    assert seen[0].taken_over == 4
    assert whole.missing == 0


def test_a_replication_of_an_opened_folder_is_read_and_told(finished, study):
    opened = open_ensemble(finished.out)
    one = opened.records(plan="plan", disruption="floods", replication=5)
    every = finished.records(plan="plan", disruption="floods")
    pd.testing.assert_frame_equal(one, every[every["replication"] == 5].reset_index(drop=True))
    read, made = (some.result(plan="plan", disruption="floods") for some in (opened, finished))
    assert read.standard == made.standard
    pd.testing.assert_frame_equal(read.demand.to_frame(), made.demand.to_frame())
    pd.testing.assert_frame_equal(read.records, made.records)
    assert opened.county.lasts_s == {"intact": (), "bridge": (7 * 3600.0,), "floods": (7 * 3600.0,) * 4}
    for given, message in (
        ({"plan": "plam", "disruption": "floods"}, "did you mean plan"),
        ({"plan": "plan", "disruption": "flood"}, "did you mean floods"),
        ({"plan": "plan", "disruption": "floods", "replication": 6}, "from 0 to 5"),
        ({"plan": "plan", "disruption": "floods", "table": "units"}, "unit_records"),
    ):
        with pytest.raises(UnknownIdError, match=message):
            opened.records(**given)
    with pytest.raises(DataFileError, match=r"study\.json"):
        open_ensemble(finished.out / "none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon_s": float("nan")}, "horizon_s nan: expected finite seconds above 0"),
        ({"plans": {}}, "plans: expected at least one"),
        ({"plans": {"a": "today"}}, "expected a Plan"),
        ({"plans": {"a\nb": None}}, "a name: text"),
        ({"disruptions": {}}, "disruptions: expected at least one"),
        ({"disruptions": {"none": ()}}, "or None for normal days"),
        ({"disruptions": {"none": "storm"}}, "a Disruption, several of them"),
        ({"replications": 0}, "replications: '0'"),
        ({"block": True}, "block: 'True'"),
        ({"seed": -1}, "seed: '-1'"),
        ({"workers": 0}, "workers: '0'"),
        ({"seat": 2}, "option: 'seat', expected .*seats"),
        ({"journeys": None}, "option: 'journeys'"),
        ({"seats": 0}, "seats: '0'"),
        ({"calls": []}, "one CallLog for each of 6"),
        ({"disruptions": {"far": closed("far", 999)}}, "road 999"),
    ],
    ids=lambda given: str(given)[:30],
)
def test_wrong_input_is_refused_before_anything_is_kept(study, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        simulate_ensemble(out=tmp_path / "out", **{**study, **options})
    assert [path.name for path in (tmp_path / "out").glob("*") if path.name != ".lock"] == []


def test_an_executor_and_workers_are_not_taken_together(study, tmp_path):
    with ThreadPoolExecutor(1) as threads, pytest.raises(InputError, match="not both"):
        simulate_ensemble(out=tmp_path, executor=threads, workers=2, **study)


class TheLast:
    """Sends the farthest unit."""

    def choose(self, call, choices):
        free = list(choices)
        return free[-1].unit if free else None


def test_a_policy_is_an_option_whose_content_counts(study, tmp_path):
    few = {**small(study), "plans": {"plan": study["plans"]["plan"]}, "replications": 2}
    nearest, last = (
        simulate_ensemble(out=tmp_path / str(number), policy=policy, **few)
        for number, policy in enumerate((NearestAvailable(), TheLast()))
    )
    assert nearest.hash != last.hash
    assert not {path.name for path in nearest.out.glob("*.parquet")} & {
        path.name for path in last.out.glob("*.parquet")
    }
    with pytest.raises(InputError, match="option policy"):
        simulate_ensemble(out=nearest.out, policy=TheLast(), **few)


def test_every_plan_is_checked_before_anything_is_played_and_the_plan_at_fault_is_named(study, tmp_path):
    today = study["plans"]["today"]
    helpers = replace(today, name="helpers", sites=tuple(replace(one, crew="township_duty") for one in today.sites))
    asked = small(study, plans={"today": today, "helpers": helpers})
    with pytest.raises(InputError) as caught:
        simulate_ensemble(out=tmp_path / "refused", **asked)
    said = str(caught.value)
    assert "plan 'helpers': package fire, column slot 0: 'fire:1', expected a crew with fire" in said
    assert "plan 'today'" not in said
    assert not list((tmp_path / "refused").glob("*"))
    simulate_ensemble(out=tmp_path / "waits", **asked, nobody_capable="wait")


def test_faults_that_all_plans_share_are_told_once(study, tmp_path):
    odd = Disruption(label="odd", roads=(RoadOutage(closure=Closure(road=99), from_s=0.0, until_s=1.0),))
    with pytest.raises(InputError) as caught:
        simulate_ensemble(out=tmp_path, **{**study, "disruptions": {"odd": odd}, "queue": "lifo"})
    assert [str(fault)[:24] for fault in caught.value.faults] == [
        "queue 'lifo': expected f",
        "disruption 'odd', road 9",
    ]


def test_a_site_of_one_plan_is_no_slip_for_another_and_one_of_none_is_said(study, tmp_path, caplog):
    dark = [Disruption(label="dark", sites=(SiteOutage(site=site, from_s=0.0, until_s=1.0),)) for site in "bc"]
    simulate_ensemble(out=tmp_path / "b", **{**study, "disruptions": {"dark": dark[0]}})
    assert caplog.text == ""
    simulate_ensemble(out=tmp_path / "c", **{**study, "disruptions": {"dark": dark[1]}})
    assert "outages or contacts of c, which plan" in caplog.text
    with pytest.raises(InputError, match="column site: 'c', expected a site of the plan or a known one"):
        simulate_ensemble(out=tmp_path / "d", **{**study, "disruptions": {"dark": dark[1]}, "known_sites": ["a", "b"]})
