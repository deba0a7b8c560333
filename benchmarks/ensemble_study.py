"""What a bureau asks of an ensemble: today, nominal and robust plan × intact, flood, all three cut × 100 × 30 days.

On the embedded county (20 calls a day) the events are the presets that its demo writes, and the robust plan is made
on other draws of the flood than those it is judged on. Wuhan has no maps: 20 of its 200 candidate sites, drawn by
lot, are taken as today's, its floods are drawn as in `robust_siting` and stay at their height for 72 hours, and where
all three are cut the public network is out for 24 hours and a fifth of the sites for 12. Attainment is of the
standard's readings; differences are paired on the same calls, and intervals are clustered by replication on normal
days, by drawn event in a disaster.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from robust_siting import flood_of, wuhan
from runner import write_section
from travel_cases import WUHAN

import rescuesim as rs
from rescuesim.report.attainment.marks import attained, counted_calls
from rescuesim.report.statistics import clustered_interval, paired_difference
from rescuesim.scenario.model import load_scenario
from rescuesim.scenario.prepare import Prepared, prepare

DAY_S = 86_400.0
PHASE_S = 3 * DAY_S  # the disaster, for the column of its first days
TAIL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the study is."""

    replications: int
    days: float
    events: int
    planned_on: int
    solve_limit_s: float


FULL = Size(replications=100, days=30, events=10, planned_on=6, solve_limit_s=15)
SMALL = Size(replications=6, days=5, events=2, planned_on=2, solve_limit_s=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A region with plans and events."""

    name: str
    network: rs.RoadNetwork
    demand: rs.DemandPoints
    calls: rs.CallModel
    plans: Mapping[str, rs.Plan]
    events: Mapping[str, rs.Disruptions | None]


def plans_of(times: rs.TravelTimes, states: rs.NetworkStates, n_sites: int, limit_s: float) -> dict[str, rs.Plan]:
    """Return today's plan, the best one for intact roads and the best one for the worst tenth of the states."""
    standard = rs.load_standard()
    broken = rs.TravelTimesEnsemble(intact=times, states=states)
    nominal = rs.site(times, rs.MaxCoverage(n_sites), standard=standard, solve_limit_s=limit_s)
    robust = rs.site(
        broken, rs.MaxCoverage(n_sites, risk="cvar", tail=TAIL), standard=standard, solve_limit_s=2 * limit_s
    )
    return {
        "today": rs.Plan.today(times.sites),
        "nominal": replace(nominal.plan, name="nominal"),
        "robust": replace(robust.plan, name="robust"),
    }


def prepared_for(folder: Path, preset: str, samples: int, seed: int) -> Prepared:
    """Load the county with an event and draw it."""
    scenario = load_scenario(folder / f"{preset}.toml")
    assert scenario.disruption is not None
    section = scenario.disruption.model_copy(update={"samples": samples, "seed": seed})
    checked = prepare(scenario.model_copy(update={"disruption": section}))
    assert checked.prepared is not None, checked.faults
    return checked.prepared.drawn()


def county(folder: Path, size: Size) -> Case:
    """Make the case of the embedded county."""
    home = rs.write_demo_county(folder).parent
    seen = prepared_for(home, "typhoon_flood", size.planned_on, seed=1)
    times = rs.travel_times(seen.network, seen.sites, seen.demand)
    drawn = {name: prepared_for(home, name, size.events, seed=2) for name in ("typhoon_flood", "all_three_cut")}
    flood, cut = (rs.Disruptions(disruptions=one.disruptions) for one in drawn.values())
    people = float(seen.demand.people.sum())
    return Case(
        name="county",
        network=seen.network,
        demand=seen.demand,
        calls=rs.CallModel(per_10k_people_year=20 * 365.25 / (people / 1e4)),
        plans=plans_of(times, seen.broken_states(), 38, size.solve_limit_s),
        events={"intact": None, "flood": flood, "all three cut": cut},
    )


def flooded(network: rs.RoadNetwork, zones: Path | None, n: int, *, seed: int) -> rs.NetworkStates:
    """Draw floods, each at its height."""
    flood = flood_of(network, zones)
    drawn = rs.sample_disruptions(network, flood, n, seed=seed)
    return rs.network_states(drawn, at_s=[flood.timing_of("flood_depth_m").peak_from_s])


def metropolis(size: Size) -> Case:
    """Make the case of Wuhan."""
    network, sites, demand, zones = wuhan()
    lots = np.random.default_rng(7)
    standing = set(lots.choice(len(sites), 20, replace=False).tolist())
    sites = replace(sites, statuses=tuple("existing" if k in standing else "candidate" for k in range(len(sites))))
    times = rs.travel_times(network, sites, demand)
    plans = plans_of(times, flooded(network, zones, 20 * size.planned_on, seed=1), 40, size.solve_limit_s)
    floods, cuts = [], []
    everywhere = frozenset(sites.ids)
    for number, state in enumerate(flooded(network, zones, size.events, seed=2).states):
        shut = tuple(rs.RoadOutage(closure=one, from_s=0, until_s=PHASE_S) for one in state.closures)
        dark = lots.choice(sites.ids, len(sites) // 5, replace=False).tolist()
        floods.append(rs.Disruption(label=f"flood {number}", roads=shut, probability=1 / size.events))
        silent = rs.ChannelOutage(sites=everywhere, townships=frozenset(), from_s=0, until_s=DAY_S)
        unlit = tuple(rs.SiteOutage(site=site, from_s=0, until_s=DAY_S / 2) for site in dark)
        cuts.append(replace(floods[-1], label=f"cut {number}", channels=(silent,), sites=unlit))
    return Case(
        name="Wuhan",
        network=network,
        demand=demand,
        calls=rs.CallModel(),
        plans=plans,
        events={
            "intact": None,
            "flood": rs.Disruptions(disruptions=tuple(floods)),
            "all three cut": rs.Disruptions(disruptions=tuple(cuts)),
        },
    )


def counts(result: rs.SimulationResult, until_s: float, n_clusters: int) -> NDArray[np.float64]:
    """Count attained and counted calls of each cluster of replications; shape (n_clusters, 2)."""
    records = counted_calls(result)
    records = records[records["arrived_at_s"].to_numpy() <= until_s]
    cluster = records["replication"].to_numpy(np.int64) % n_clusters
    kept = attained(records, result.standard)
    found = [np.bincount(cluster[some], minlength=n_clusters) for some in (kept, kept | True)]
    return np.column_stack(found).astype(np.float64)


def share(sums: NDArray[np.float64]) -> float:
    """Return the attained share of summed counts."""
    return float(sums[0] / sums[1]) if sums[1] else float("nan")


def rows_of(case: Case, ensemble: rs.Ensemble) -> list[str]:
    """Return the rows of the table, a plan under an event each."""
    lines = []
    horizon_s, replications = ensemble.manifest.horizon_s, ensemble.manifest.replications
    for event, drawn in case.events.items():
        clusters = replications if drawn is None else len(drawn)
        base: dict[float, NDArray[np.float64]] = {}
        for plan in case.plans:
            result = ensemble.result(plan=plan, disruption=event)
            cells = []
            for until_s in (horizon_s, PHASE_S):
                found = counts(result, until_s, clusters)
                first = base.setdefault(until_s, found)
                held = clustered_interval(share, found)
                cells.append(f"{held.value:.1%} ({max(held.low, 0):.1%}–{min(held.high, 1):.1%})")
                gain = paired_difference(share, found, first).paired
                points = f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
                cells.append("–" if first is found else points)
            took = result.records["handling_at_s"] - result.records["arrived_at_s"]
            n = len(result.records)
            lines.append(
                f"| {case.name} | {event} | {plan} | {n:,} | {' | '.join(cells)} | {took.quantile(0.9):,.0f} |"
            )
    return lines


def in_words(case: Case, ensemble: rs.Ensemble) -> list[str]:
    """Say what the figures of the first days tell a bureau; differences are paired."""

    def found(plan: str, event: str, clusters: int) -> NDArray[np.float64]:
        return counts(ensemble.result(plan=plan, disruption=event), PHASE_S, clusters)

    said = []
    for event, drawn in case.events.items():
        clusters = ensemble.manifest.replications if drawn is None else len(drawn)
        today, nominal, robust = (found(plan, event, clusters) for plan in ("today", "nominal", "robust"))
        sited = paired_difference(share, nominal, today).paired
        gain = paired_difference(share, robust, nominal).paired
        verdict = "better" if gain.low > 0 else "worse" if gain.high < 0 else "no different"
        lost = share(found("nominal", "intact", clusters).sum(axis=0)) - share(nominal.sum(axis=0))
        span = f"{100 * gain.value:+.1f}, {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
        said.append(
            f"{event}: new sites bring {100 * sited.value:+.1f} points, the event takes {100 * lost:.1f} from the "
            f"nominal plan, the robust plan is {verdict} ({span})"
        )
    return [f"{case.name}, first 3 days, {one}" for one in said]


HEAD = (
    "| region | event | plan | calls | attained, 30 days | to today, points | attained, first 3 days "
    "| to today, points | ring to action, P90, s |\n|---|---|---|---|---|---|---|---|---|"
)


def cpu_s() -> float:
    """Return the CPU time of this process and of the workers that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + spent.ru_utime + spent.ru_stime


def main() -> None:
    """Run the study and write the table."""
    parser = argparse.ArgumentParser(description="today, nominal and robust plan through what breaks")
    parser.add_argument("--quick", action="store_true", help="6 replications of 5 days")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, help="folder that keeps the ensembles; taken up again from there")
    chosen = parser.parse_args()
    size = SMALL if chosen.quick else FULL
    lines, said = [HEAD], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.out or Path(scratch)
        for name in ("county", "Wuhan") if WUHAN.exists() else ("county",):
            began, cpu = time.perf_counter(), cpu_s()
            case = county(folder / "county", size) if name == "county" else metropolis(size)
            made, made_cpu = time.perf_counter() - began, cpu_s() - cpu
            began, cpu = time.perf_counter(), cpu_s()
            found = rs.simulate_ensemble(
                case.plans,
                network=case.network,
                demand=case.demand,
                standard=rs.load_standard(),
                out=folder / f"{name} {size.replications}",
                calls=case.calls,
                disruptions=case.events,
                replications=size.replications,
                horizon_s=size.days * DAY_S,
                seed=1,
                workers=chosen.workers,
            )
            ran, ran_cpu = time.perf_counter() - began, cpu_s() - cpu
            lines += rows_of(case, found)
            said += in_words(case, found)
            said.append(
                f"{name}: plans and events {made_cpu:.0f} s of CPU ({made:.0f} s of wall time), simulation "
                f"{ran_cpu:.0f} s of CPU ({ran:.0f} s of wall time, {chosen.workers} workers); hash {found.hash}"
            )
            print("\n".join([*lines, *said]), flush=True)
    if not chosen.quick:
        write_section("ensemble study", "\n".join([*lines, "", *(f"{one}." for one in said)]))


if __name__ == "__main__":
    main()
