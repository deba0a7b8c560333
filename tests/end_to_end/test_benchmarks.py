"""Each benchmark runs, quickly and as JSON, and agrees with its rival."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
SCRIPTS = [path for path in BENCHMARKS if "from runner import Row" in path.read_text(encoding="utf-8")]


def test_there_is_a_benchmark_for_each_engine() -> None:
    assert {"travel", "travel_states", "travel_growth", "critical_roads", "siting", "simulation"} <= {
        path.stem for path in SCRIPTS
    }


@pytest.mark.slow
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_agrees_with_its_rival(path: Path) -> None:
    command = [sys.executable, str(path), "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)["rows"]
    assert rows
    for row in rows:
        assert {"case", "rival", "ratio", "equal"} <= set(row)
        assert row["equal"] is True
        assert row["ratio"] > 0
