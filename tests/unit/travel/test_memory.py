"""Memory: a county's full matrix is computed within a gibibyte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, shared_file

GIBIBYTE = 2**30
MEASURE = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import numpy as np
import rescuesim as rs
from placed_points import places

def memory(which):
    status = dict(line.partition(":")[::2] for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[which].split()[0]) * 1024

network = rs.load_network({roads!r})
sites, demand = rs.load_sites(places(network, 2000, 1, "s")), rs.load_demand(places(network, 20_000, 2, "d"))
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
baseline = memory("VmRSS")
times = rs.travel_times(network, sites, demand, engine={engine!r})
dense = memory("VmHWM") - baseline
bits = rs.CoverageBits.from_times(times, 900.0)
bits.weighted_coverage(np.ones((50, 2000), dtype=bool), np.ones(20_000))
packed = memory("VmHWM") - baseline
assert times.ticks.shape == (2000, 20_000) and times.engine == {engine!r}
times.within(np.full((1, 20_000), 900.0))
within = memory("VmHWM") - baseline
reached = int((times.ticks < 2**30 - 1).sum())
del times, bits
Path("/proc/self/clear_refs").write_text("5")
baseline = memory("VmRSS")
pairs = rs.travel_time_pairs(network, sites, demand, cutoff_s=60.0, engine={engine!r})
print(json.dumps([dense, packed, within, reached, memory("VmHWM") - baseline, len(pairs)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system does not tell the peak")
@pytest.mark.parametrize("engine", ["bucket", "scipy"])
def test_2000_sites_and_20000_points_fit_a_gibibyte(engine: str) -> None:
    roads = str(shared_file("data/guixi_jiangxi_town/guixi.osm"))
    code = MEASURE.format(tests=str(ROOT / "tests"), roads=roads, engine=engine)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    dense, packed, within, reached, sparse, n_pairs = json.loads(done.stdout)
    assert reached > 30_000_000
    assert dense < GIBIBYTE
    assert packed < GIBIBYTE
    assert within < GIBIBYTE
    assert 0 < n_pairs < 4_000_000
    assert sparse < 160 * 2**20  # less than the matrix would take
