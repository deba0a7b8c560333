"""Whole disruptions drawn from streams of their own: the same for everybody who asks, and weighted truly."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ways_by_hand import ways_of

from rescuesim.candidates import CandidateSites, load_sites
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints, load_demand
from rescuesim.disruption import (
    BaseStation,
    ChannelOutage,
    CommunicationNetwork,
    ConstantSource,
    ContactSpell,
    Disruption,
    Disruptions,
    Hazard,
    HazardLayer,
    HazardRegion,
    PowerNetwork,
    PowerOutage,
    RareTail,
    RepairCrew,
    RoadOutage,
    SupplyArea,
    Timing,
    Variation,
    default_channels,
    sample_disruptions,
)
from rescuesim.disruption.sampling import joined_outages
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.build import build_network
from rescuesim.network.states import Closure

H = 3600.0
SEVERITY = Lognormal(median=1.0, p90=2.0)


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    places = [(700.0 * (k % 5), 700.0 * (k // 5)) for k in range(20)]
    lines = [[k, k + 1] for k in range(20) if (k + 1) % 5] + [[k, k + 5] for k in range(15)]
    return build_network(ways_of(places, lines, oneway=[False] * len(lines)))


@pytest.fixture(scope="module")
def sites(network: RoadNetwork) -> CandidateSites:
    table = {"id": ["s1"], "lon": network.lon[:1], "lat": network.lat[:1], "status": ["existing"], "host": ["brigade"]}
    return load_sites(pd.DataFrame({**table, "township": ["甲镇"], "crew": ["brigade"]}))


@pytest.fixture(scope="module")
def demand(network: RoadNetwork) -> DemandPoints:
    rows = {"id": ["v1", "v2"], "lon": network.lon[[7, -1]], "lat": network.lat[[7, -1]], "people": [300, 200]}
    return load_demand(pd.DataFrame({**rows, "township": ["甲镇", "乙镇"], "zone": ["suburb", "rural"]}))


def storm(network: RoadNetwork, severity: Lognormal | None = SEVERITY) -> Hazard:
    region = HazardRegion.around(network)
    water = HazardLayer(
        kind="flood_depth_m",
        source=ConstantSource(value=0.25),
        timing=Timing(from_s=H, rise_s=H, peak_s=H, fall_s=4 * H),
        variation=Variation(sigma=0.6, correlation_m=900),
    )
    ice = HazardLayer(
        kind="ice_mm",
        source=ConstantSource(value=15),
        timing=Timing(from_s=H),
        variation=Variation(sigma=0.4, correlation_m=900),
    )
    return Hazard(name="storm", layers=(water, ice), horizon_s=72 * H, region=region, severity=severity)


def power_at(network: RoadNetwork) -> PowerNetwork:
    lon, lat = (float(axis[0]) for axis in (network.lon, network.lat))
    return PowerNetwork(
        areas=(
            SupplyArea(id="f1", lon=lon, lat=lat, townships=("甲镇",)),
            SupplyArea(id="f2", lon=float(network.lon[-1]), lat=float(network.lat[-1]), townships=("乙镇",)),
        )
    )


def phones(network: RoadNetwork) -> CommunicationNetwork:
    rows = default_channels()
    return CommunicationNetwork(
        base_stations=tuple(
            BaseStation(
                id=name, lon=float(network.lon[at]), lat=float(network.lat[at]), townships=(town,), township=town
            )
            for name, at, town in (("b1", 0, "甲镇"), ("b2", -1, "乙镇"))
        ),
        channels=(rows["public_network"], rows["satellite_phone"]),
        holders={"satellite_phone": frozenset({"s1"})},
    )


def drawn(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints, n: int = 6, **more: object) -> Disruptions:
    options: dict[str, object] = {
        "seed": 3,
        "sites": sites,
        "demand": demand,
        "crews": [RepairCrew(id="队", site="s1")],
        "power": power_at(network),
        "communication": phones(network),
    }
    return sample_disruptions(network, storm(network), n, **{**options, **more})  # type: ignore[arg-type]


def test_a_seed_draws_the_same_bytes_with_threads_and_with_processes(
    network: RoadNetwork, sites: CandidateSites, demand: DemandPoints, tmp_path: Path
) -> None:
    alone = drawn(network, sites, demand)
    assert len({replace(one, label="any") for one in alone}) > 3
    alone.save(tmp_path / "alone.parquet")
    with ThreadPoolExecutor(3) as threads:
        drawn(network, sites, demand, executor=threads).save(tmp_path / "threads.parquet")
    assert (tmp_path / "threads.parquet").read_bytes() == (tmp_path / "alone.parquet").read_bytes()


@pytest.mark.slow
def test_processes_draw_the_same_bytes_as_one(
    network: RoadNetwork, sites: CandidateSites, demand: DemandPoints, tmp_path: Path
) -> None:
    drawn(network, sites, demand).save(tmp_path / "alone.parquet")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        drawn(network, sites, demand, executor=processes).save(tmp_path / "processes.parquet")
    assert (tmp_path / "processes.parquet").read_bytes() == (tmp_path / "alone.parquet").read_bytes()


def test_a_sample_does_not_depend_on_how_many_are_drawn(
    network: RoadNetwork, sites: CandidateSites, demand: DemandPoints
) -> None:
    few, many = drawn(network, sites, demand, 2), drawn(network, sites, demand, 5)
    assert [replace(one, probability=1.0) for one in few] == [replace(one, probability=1.0) for one in many[:2]]
    other = drawn(network, sites, demand, 2, seed=4)
    assert [one.roads for one in other] != [one.roads for one in few]


def test_nothing_is_back_before_it_fails(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    hits = drawn(network, sites, demand)
    spells = [one for hit in hits for group in (hit.roads, hit.power, hit.assets, hit.contacts) for one in group]
    assert len(spells) > 20
    assert all(0 <= one.from_s < one.until_s for one in spells)
    water = [one for hit in hits for one in hit.roads if one.cause == "flood"]
    assert water
    assert all(one.from_s >= H for one in water)


def test_weights_of_a_rare_tail_sum_to_one_and_keep_the_mean_severity(network: RoadNetwork) -> None:
    from rescuesim.disruption.sampling import _Sampler

    tail, n = RareTail(probability=0.05, of_samples=0.5), 4000
    plain = sample_disruptions(network, storm(network), 4, seed=1, tail=tail)
    assert math.fsum(plain.probability) == pytest.approx(1.0, abs=1e-12)
    assert plain.probability.tolist() == pytest.approx([0.475, 0.475, 0.025, 0.025])
    assert plain.effective_sample_size < 4
    sampler = _Sampler(
        network=network,
        hazard=storm(network),
        exposed=None,
        given=None,
        sites=None,
        demand=None,
        crews=(),
        order="trunk_first",
        limit_s=None,
        power=None,
        county=None,
        horizon_s=72 * H,
        onset_h=None,
        seed=1,
        n=n,
        tail=tail,
        label="storm",
    )
    weights, severities = np.array([sampler.weight_and_severity(sample) for sample in range(n)]).T
    assert weights.sum() == pytest.approx(1.0)
    sigma = math.log(SEVERITY.p90 / SEVERITY.median) / 1.2815515655446004
    mean, variance = math.exp(sigma**2 / 2), (math.exp(sigma**2) - 1) * math.exp(sigma**2)
    # stratified: the error is below that of plain draws with the same number of usual events
    assert weights @ severities == pytest.approx(mean, abs=3 * math.sqrt(variance / (n / 2)))
    bound = math.exp(sigma * 1.6448536269514722)
    assert (severities[weights == weights.min()] >= bound).all()
    assert (severities[weights == weights.max()] <= bound).all()


def test_everything_that_is_wrong_is_told_at_once(network: RoadNetwork) -> None:
    with pytest.raises(InputError) as told:
        sample_disruptions(
            network,
            storm(network, severity=None),
            0,
            seed=-1,
            horizon_s=math.inf,
            communication=phones(network),
            order="optimised",
            tail=RareTail(),
        )
    assert {fault.column for fault in told.value.faults} == {"n", "seed", "horizon_s", "communication", "order", "tail"}
    with pytest.raises(InputError, match="a hazard, given outages"):
        sample_disruptions(network, None, 1, horizon_s=H)
    with pytest.raises(InputError, match="between 0 and 1"):
        RareTail(probability=1.5)


def test_given_outages_are_joined_with_drawn_ones(
    network: RoadNetwork, sites: CandidateSites, demand: DemandPoints
) -> None:
    given = Disruption(
        label="given",
        roads=(RoadOutage(closure=Closure(road=2), from_s=0.0, until_s=5 * H, label="桥"),),
        power=(PowerOutage(area="f1", from_s=0.0, until_s=2 * H), PowerOutage(area="f2", from_s=0.0, until_s=1.0)),
    )
    hits = drawn(network, sites, demand, given=given, label="雪")
    assert [one.label for one in hits][:2] == ["雪 1", "雪 2"]
    longer = 0
    for hit in hits:
        assert given.roads[0] in hit.roads
        (first,) = [one for one in hit.power if one.area == "f1"]
        assert (first.from_s, first.cause) == (0.0, "given")
        longer += first.until_s > 2 * H
    assert longer > 0
    assert any(one.kind == "township_power" and one.asset == "甲镇" for one in hits[0].assets)


def test_overlapping_outages_become_one_that_ends_last() -> None:
    def out(area: str, from_s: float, until_s: float, cause: str = "given") -> PowerOutage:
        return PowerOutage(area=area, from_s=from_s, until_s=until_s, cause=cause)

    joined = joined_outages([out("b", 0, 9), out("a", 5, 30, "ice"), out("a", 0, 10), out("a", 6, 7), out("a", 31, 40)])
    assert joined == (out("a", 0, 30), out("a", 31, 40), out("b", 0, 9))


def test_what_is_not_modelled_is_said(network: RoadNetwork) -> None:
    told = " ".join(sample_disruptions(network, storm(network), 1).notes)
    for words in ("no road crews", "no power network", "no communication network"):
        assert words in told


def test_progress_is_told_sample_by_sample_and_an_interrupt_ends_it(network: RoadNetwork) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_disruptions(network, storm(network), 5, progress=stop)
    assert told == [(1, 5), (2, 5)]


def test_given_contacts_beside_a_communication_network_are_refused_and_not_lost() -> None:
    from rescuesim.disruption.sampling import _faults

    silent = ContactSpell(place="v", direction="call", channel="", from_s=0, until_s=9)
    given = Disruption(label="cut", contacts=(silent,))
    found = _faults(None, 1, 0, None, None, None, object(), given, 9.0, None, "trunk_first", None)  # type: ignore[arg-type]
    assert any("which works them out" in str(fault) for fault in found)


def test_a_given_channel_outage_of_a_township_that_no_site_or_point_has_is_refused(network: RoadNetwork) -> None:
    cut = ChannelOutage(townships=frozenset({"火星"}), from_s=0, until_s=9)
    given = Disruption(label="cut", channels=(cut,))
    demand = load_demand(pd.DataFrame({"id": ["v"], "lon": [119.3], "lat": [28.7], "township": ["甲镇"]}))
    with pytest.raises(InputError, match="火星"):
        sample_disruptions(network, None, 1, given=given, demand=demand, horizon_s=9.0)
