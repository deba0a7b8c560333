"""Building a network from a PBF file, against pyosmium-to-XML and ``osmnx.graph_from_xml``.

The rival writes the roads of the PBF file, by the same tag filter, to an OSM XML file with pyosmium and
reads that with OSMnx, simplified and cut to the largest strongly connected component. Both must give the
same nodes, the same edges by their ends, and the same lengths to 0.01 mm.

The second table is of ``rescuesim network build --no-cache`` on every kind of file, each in a process of
its own, and of a second load from the cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from runner import Row, against, main

from rescuesim.network import load_network
from rescuesim.network.reading.osm_filter import is_road
from rescuesim.network.vehicles.profiles import travel_profile

SHARED = Path(os.environ.get("RESCUESIM_SHARED", "../shared")) / "data"
BUILDS = (
    "porto_metro/porto.osm.pbf",
    "porto_metro/porto_drive.osm.gz",
    "wuhan_fua/wuhan_8989.parquet",
    "wuhan_fua/wuhan_drive.graphml.gz",
    "mountain_small/liechtenstein.osm.pbf",
    "mountain_small/andorra.osm.pbf",
    "guixi_jiangxi_town/guixi.osm",
    "kahramanmaras_quake/graph_turkoglu.graphml",
    "broken_scc/shanghai_center.osm",
)
Found = tuple[NDArray[np.int64], NDArray[np.float64]]


def by_rescuesim(path: Path) -> Found:
    """Return nodes, and edges as rows of tail, head and length."""
    # OSMnx knows no vehicle, so this one fits everywhere
    anywhere = replace(travel_profile("rescue_car"), min_width_m=0, weight_t=0, barred_classes=())
    network = load_network(path, profile=anywhere, cache=False)
    ends = np.column_stack([network.node_id[network.tail], network.node_id[network.head]])
    return network.node_id, _sorted(np.column_stack([ends, network.length_m]))


def by_osmnx(path: Path) -> Found:
    """Return the same from pyosmium and OSMnx."""
    import osmium
    import osmnx

    def read(kinds: osmium.osm.osm_entity_bits) -> osmium.FileProcessor:
        return osmium.FileProcessor(str(path), kinds)

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "roads.osm"
        refs: set[int] = set()
        ways: set[int] = set()
        for way in read(osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway")):
            assert isinstance(way, osmium.osm.Way)
            if is_road(dict(way.tags)):
                ways.add(way.id)
                refs.update(node.ref for node in way.nodes)
        with osmium.SimpleWriter(str(target)) as writer:
            for element in read(osmium.osm.NODE).with_filter(osmium.filter.IdFilter(refs)):
                writer.add_node(element)
            for element in read(osmium.osm.WAY).with_filter(osmium.filter.IdFilter(ways)):
                writer.add_way(element)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = osmnx.graph_from_xml(target)
    graph = osmnx.truncate.largest_component(graph, strongly=True)
    edges = np.array([(u, v, data["length"]) for u, v, data in graph.edges(data=True)])
    return np.array(sorted(graph)), _sorted(edges)


def _sorted(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sort edges by their ends and their length to the micrometre."""
    return np.asarray(edges[np.lexsort((edges[:, 2].round(6), edges[:, 1], edges[:, 0]))])


def same(one: Found, other: Found) -> bool:
    """Whether nodes and ends are equal and lengths within 0.01 mm."""
    if not np.array_equal(one[0], other[0]) or one[1].shape != other[1].shape:
        return False
    return np.array_equal(one[1][:, :2], other[1][:, :2]) and bool(np.abs(one[1][:, 2] - other[1][:, 2]).max() < 1e-5)


def bench(quick: bool) -> list[Row]:
    """Compare on the embedded county, and on Porto unless quick."""
    import osmium

    from rescuesim.scenario import write_demo_county

    with tempfile.TemporaryDirectory() as folder:
        write_demo_county(Path(folder))
        county = Path(folder) / "county.osm.pbf"
        with osmium.SimpleWriter(str(county)) as writer:
            for element in osmium.FileProcessor(str(Path(folder) / "county.osm")):
                writer.add(element)
        porto = SHARED / "porto_metro/porto.osm.pbf"
        return [
            against(
                f"{path.name} to strongly connected network",
                "pyosmium to XML + osmnx.graph_from_xml",
                partial(by_rescuesim, path),
                partial(by_osmnx, path),
                same=same,
                repeats=1 if quick else 3,
            )
            for path in ([county] if quick or not porto.exists() else [county, porto])
        ]


def figures() -> str:
    """Build every file in a process of its own; the time has the interpreter's start in it, the memory is its peak."""
    lines = ["| file | nodes | edges | km | dropped nodes | build, s | again, s | MiB |", "|---|" + "---|" * 7]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RESCUESIM_CACHE": folder}
        for name in BUILDS:
            first, again = (_build(SHARED / name, environment) for _ in range(2))
            cells = [name.split("/")[1], first["nodes"], first["edges"], f"{first['length_km']:.0f}"]
            cells += [first["dropped_nodes"], f"{first['seconds']:.1f}", f"{again['seconds']:.2f}"]
            lines.append(f"| {' | '.join(map(str, cells))} | {first['peak_mib']:.0f} |")
    return "\n".join(lines)


def _build(path: Path, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "rescuesim", "network", "build", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main("network", ["numpy", "scipy", "osmium", "osmnx"], bench, figures=figures)
