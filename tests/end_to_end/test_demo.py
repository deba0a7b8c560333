"""The demo as a user runs it: exit code, table, files, and the same summary again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from rescuesim.errors import InputError
from rescuesim.scenario import write_demo_county

pytestmark = pytest.mark.slow


def demo(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rescuesim", "demo", "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"})


def summary_of(out: Path) -> dict[str, object]:
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary.pop("timings")["simulation_s"] > 0
    return dict(summary)


def test_the_demo_ends_with_its_table_and_report_and_repeats_to_the_letter(tmp_path: Path) -> None:
    first = demo(tmp_path / "a")
    assert first.returncode == 0, first.stderr
    for words in ("built coverage", "available coverage", "attainment", "quick_rescue_135", "report.html"):
        assert words in first.stdout
    out = tmp_path / "a"
    for name in (
        "summary.json",
        "plan.json",
        "sites.csv",
        "records.parquet",
        "comparison.csv",
        "map.png",
        "report.html",
    ):
        assert (out / name).stat().st_size > 0
    summary = summary_of(out)
    siting = summary["siting"]
    assert isinstance(siting, dict)
    assert (siting["status"], siting["gap"], siting["ties_broken"]) == ("optimal", 0, True)
    records = pd.read_parquet(out / "records.parquet")
    assert set(records["plan"]) == {"today", "plan"}
    assert set(records["condition"]) == {"intact", "暴雨断路断网"}
    again = demo(tmp_path / "b", "--lang", "zh", "--json")
    assert again.returncode == 0, again.stderr
    assert summary_of(tmp_path / "b") == summary
    printed = json.loads(again.stdout)
    assert printed["headline"] == summary["headline"]


def test_an_interrupted_run_leaves_with_130_and_no_half_written_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "rescuesim", "demo", "--out", str(out)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (out / "county" / "scenario.toml").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert not (out / "summary.json").exists()


def test_a_county_that_was_changed_is_never_overwritten(tmp_path: Path) -> None:
    scenario = write_demo_county(tmp_path)
    changed = scenario.read_text(encoding="utf-8").replace("replications = 100", "replications = 7")
    scenario.write_text(changed, encoding="utf-8")
    with pytest.raises(InputError, match=r"scenario\.toml there would be overwritten"):
        write_demo_county(tmp_path)
    assert scenario.read_text(encoding="utf-8") == changed
    assert not list(tmp_path.glob(".partial-*"))
