"""The optimised order against the simple rules, on presets of the embedded county."""

from __future__ import annotations

from pathlib import Path

import pytest

import rescuesim as rs


@pytest.mark.slow
def test_the_optimised_order_is_never_worse_than_the_rules_and_better_after_an_earthquake(tmp_path: Path) -> None:
    rs.write_demo_county(tmp_path)
    folder = next(tmp_path.rglob("county.osm")).parent
    network = rs.load_network(folder / "county.osm")
    sites, demand = rs.load_sites(folder / "sites.csv"), rs.load_demand(folder / "demand.csv")
    existing = [id_ for id_, there in zip(sites.ids, sites.with_status("existing"), strict=True) if there]
    crews = [rs.RepairCrew(id=f"c{k}", site=site, machines=1 + k % 2) for k, site in enumerate(existing[:4])]
    preset = rs.disruption_preset("earthquake", network)
    assert preset.hazard is not None
    exposed = rs.exposed_roads(network, preset.hazard)
    better = 0
    for sample in range(2):
        damages, slowings = exposed.damages(seed=3, sample=sample)
        best = rs.repair_roads(
            network,
            damages,
            crews,
            order="optimised",
            horizon_s=preset.horizon_s,
            onset_h=preset.onset_h,
            slowings=slowings,
            sites=sites,
            demand=demand,
            limit_s=900.0,
            most_tried=8,
        )
        rules = max(best.simple_area_person_h[name] for name in ("trunk_first", "nearest_first"))
        assert rules <= best.area_person_h <= best.best_bound
        better += best.area_person_h > rules
    assert better
