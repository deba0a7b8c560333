"""Order of road repair: the optimised one against trunk-first and nearest-first, on every preset that closes roads.

What counts is the area under the curve of covered people up to the horizon, in person-hours. The optimised order starts
from the schedules of all simple rules, so it can only be as good or better; how much better is what is shown, and
whether it came from a rule, from the plan with a rolling horizon, or from the local search. With six closures it is
also compared with every order, one after the other.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from runner import RESULTS
from travel_cases import county

import rescuesim as rs
from rescuesim.disruption.default_networks import default_communication, default_power
from rescuesim.disruption.repair.damaged_roads import OPEN, level_of

PRESETS = ("typhoon_flood", "flash_flood_landslides", "earthquake", "ice_storm", "bridge_out", "all_three_cut")
LIMIT_S = 900.0
HEADER = (
    "| preset | sample | damages | of these work | trunk first, lost | nearest first, lost | optimised, lost | "
    "came from | CPU, s |\n|---|---|---|---|---|---|---|---|---|"
)
_TITLE = "## repair_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """Person-hours without cover that each order leaves, on the same damages."""

    preset: str
    sample: int
    damages: int
    jobs: int
    trunk_first: float
    nearest_first: float
    optimised: float
    came_from: str
    cpu_s: float

    @property
    def never_worse(self) -> bool:
        """Whether the optimised order leaves no more people uncovered than both rules."""
        return self.optimised <= min(self.trunk_first, self.nearest_first) + 1e-6

    @property
    def better(self) -> bool:
        """Whether it leaves fewer than both."""
        return self.optimised < min(self.trunk_first, self.nearest_first) - 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetCounty:
    """The embedded county, its crews at four existing sites."""

    network: rs.RoadNetwork
    sites: rs.CandidateSites
    demand: rs.DemandPoints
    zones: Path

    @classmethod
    def load(cls, folder: Path) -> PresetCounty:
        """Write and load it."""
        network, sites, demand = county(folder)
        return cls(network=network, sites=sites, demand=demand, zones=folder / "hazards.geojson")

    @property
    def crews(self) -> list[rs.RepairCrew]:
        """Four crews with one or two machine pairs."""
        existing = [
            id_ for id_, is_one in zip(self.sites.ids, self.sites.with_status("existing"), strict=True) if is_one
        ]
        return [rs.RepairCrew(id=f"c{k}", site=site, machines=1 + k % 2) for k, site in enumerate(existing[:4])]

    def drawn(
        self, name: str, sample: int
    ) -> tuple[tuple[rs.RoadDamage, ...], tuple[rs.RoadSlowing, ...], rs.DisruptionPreset]:
        """Draw the damage of one sample of a preset."""
        communication = default_communication(self.sites, self.demand, self.network)
        power = default_power(self.sites, self.demand, self.network, communication=communication)
        preset = rs.disruption_preset(
            name, self.network, demand=self.demand, power=power, communication=communication, zones=self.zones
        )
        if preset.hazard is None:
            assert preset.given is not None
            given = [
                rs.RoadDamage(closure=one.closure, at_s=one.from_s, cause=one.cause, label=one.label, bridge=True)
                for one in preset.given.roads
            ]
            return tuple(given), preset.given.slowings, preset
        seed = 1 + PRESETS.index(name)  # all three cut shares its hazard with the flash flood: other draws
        return *rs.road_damages(self.network, preset.hazard, seed=seed, sample=sample), preset


def compared(place: PresetCounty, name: str, sample: int, most_tried: int) -> OrderRow:
    """Mend one sample in three orders."""
    damages, slowings, preset = place.drawn(name, sample)
    began = time.process_time()
    best = rs.repair_roads(
        place.network,
        damages,
        place.crews,
        order="optimised",
        horizon_s=preset.horizon_s,
        onset_h=preset.onset_h,
        slowings=slowings,
        sites=place.sites,
        demand=place.demand,
        limit_s=LIMIT_S,
        most_tried=most_tried,
    )
    cpu_s = time.process_time() - began
    assert best.curve is not None
    whole = best.curve.intact_people * preset.horizon_s / 3600
    return OrderRow(
        preset=name,
        sample=sample,
        damages=len(damages),
        jobs=sum(1 for one in damages if (one.work_h > 0 or one.bridge) and level_of(one.closure) != OPEN),
        trunk_first=whole - best.simple_area_person_h["trunk_first"],
        nearest_first=whole - best.simple_area_person_h["nearest_first"],
        optimised=best.curve.lost_person_h,
        came_from=best.came_from,
        cpu_s=cpu_s,
    )


def with_every_order(place: PresetCounty, name: str, sample: int, n_jobs: int) -> tuple[float, float]:
    """Mend the first few closures of a sample in every order and in the optimised one; areas in person-hours."""
    damages, _, preset = place.drawn(name, sample)
    some = [one for one in damages if (one.work_h > 0 or one.bridge) and level_of(one.closure) != OPEN][:n_jobs]

    def area(**order: object) -> float:
        return rs.repair_roads(
            place.network,
            some,
            place.crews[:1],
            horizon_s=preset.horizon_s,
            onset_h=preset.onset_h,
            sites=place.sites,
            demand=place.demand,
            limit_s=LIMIT_S,
            **order,  # type: ignore[arg-type]
        ).area_person_h

    every = [area(order="given", given=list(order)) for order in itertools.permutations(range(len(some)))]
    return area(order="optimised"), max(every)


def table(rows: list[OrderRow], equal: list[tuple[str, bool]]) -> str:
    """Write the rows as text."""
    lines = [
        f"| {row.preset} | {row.sample} | {row.damages} | {row.jobs} | {row.trunk_first:,.0f} "
        f"| {row.nearest_first:,.0f} | {row.optimised:,.0f} | {row.came_from} | {row.cpu_s:.1f} |"
        for row in rows
    ]
    better = sorted({row.preset for row in rows if row.better})
    said = [
        f"Never worse than both rules: {'yes' if all(row.never_worse for row in rows) else 'no'}; "
        f"{sum(row.better for row in rows)} of {len(rows)} samples are strictly better, by "
        f"{sum(min(row.trunk_first, row.nearest_first) - row.optimised for row in rows):,.0f} person-hours in all. "
        f"Strictly better on {len(better)} presets: {', '.join(better) or 'none'}.",
        *(
            f"Equal to every order tried, first six closures of {name}: {'yes' if same else 'no'}."
            for name, same in equal
        ),
    ]
    return "\n".join([HEADER, *lines, "", *said])


def main() -> None:
    """Run all, print the table, and keep it in RESULTS.md unless quick."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="two presets, one sample each; under 50 s")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--samples", type=int, default=4)
    asked.add_argument("--most-tried", type=int, default=40)
    options = asked.parse_args()
    presets = ("flash_flood_landslides", "bridge_out") if options.quick else PRESETS
    with tempfile.TemporaryDirectory() as folder:
        place = PresetCounty.load(Path(folder))
        rows = []
        for name in presets:
            for sample in range(1 if options.quick or name == "bridge_out" else options.samples):
                rows.append(compared(place, name, sample, 5 if options.quick else options.most_tried))
                if not options.json:
                    print(rows[-1], flush=True)
        equal = []
        for name in presets[:1] if options.quick else ("ice_storm", "earthquake"):
            found, best = with_every_order(place, name, 0, 3 if options.quick else 6)
            equal.append((name, abs(found - best) <= 1e-6 * best))
    if options.json:
        print(json.dumps({"rows": [{**asdict(row), "better": row.better} for row in rows], "equal": dict(equal)}))
        return
    made = table(rows, equal)
    print(made)
    if not options.quick:
        note = (
            "Embedded county, crews with 1 and 2 machine pairs at four existing sites, people within 15 minutes of "
            "an open site.\nPerson-hours without cover up to 72 h; the local search looks at "
            f"{options.most_tried} lists at most.\n\n"
        )
        before = RESULTS.read_text(encoding="utf-8")
        head, _, rest = before.partition(f"\n{_TITLE}\n")
        after = rest.partition("\n## ")
        tail = f"\n## {after[2]}" if after[1] else ""
        RESULTS.write_text(f"{head.rstrip()}\n\n{_TITLE}\n\n{note}{made}\n{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
