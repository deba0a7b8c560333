"""The code in the guides runs, line by line, on the county that they name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.mark.slow
def test_the_examples_of_the_travel_guide_run_as_written(county: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/travel.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 6
    for name in ("county.osm", "sites.csv", "demand.csv", "closures.csv"):
        (tmp_path / name).write_bytes((county.parent / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "这条路一断" in done.stdout
    for made in ("evacuation.xlsx", "critical.png", "area.gpkg", "circles.png"):
        assert (tmp_path / made).stat().st_size > 0


@pytest.mark.slow
def test_the_examples_of_the_siting_guide_run_as_written(county: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/siting.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 6
    for name in ("county.osm", "sites.csv", "demand.csv"):
        (tmp_path / name).write_bytes((county.parent / name).read_bytes())
    code = "\n".join([*blocks, "print(impossible.status, kept.status, sequence.status, len(plan.sites))"])
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "先看人员" in done.stdout
    assert done.stdout.splitlines()[-1] == "infeasible optimal optimal 40"


def test_the_siting_guide_names_every_objective_of_the_command_line() -> None:
    from rescuesim.scenario.asked import objective_names

    text = (ROOT / "docs/siting.md").read_text(encoding="utf-8")
    assert [name for name in objective_names() if f"`{name}`" not in text and "capacitated" not in name] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guide", "said"),
    [
        ("dispatch", ["blocks met", "replications for ±10 points", "启动处置，距来电"]),
        ("disruption", ["water closes no bridge"]),
        ("messages", ["people warned in time", "no list of the grid company"]),
        ("repair", ["person-hours without cover"]),
        ("replay", ["您的", "0 differences left"]),
        ("robustness", ["失联村清零"]),
    ],
)
def test_the_examples_of_the_guides_to_dispatch_and_disruption_run_as_written(
    county: Path, tmp_path: Path, guide: str, said: list[str]
) -> None:
    text = (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 2
    for path in county.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for words in said:
        assert words in done.stdout
    for figure in re.findall(r'savefig\("(.*?)"', text):
        assert (tmp_path / figure).stat().st_size > 0


def test_the_dispatch_guide_names_every_word_that_a_scenario_can_ask_for() -> None:
    from typing import get_args

    from rescuesim.scenario.sections import SimulationSection

    text = (ROOT / "docs/dispatch.md").read_text(encoding="utf-8")
    asked = [
        word
        for field in SimulationSection.model_fields.values()
        for word in get_args(field.annotation)
        if isinstance(word, str)
    ]
    assert len(asked) >= 18
    assert [word for word in asked if not re.search(rf"\b{word}\b", text)] == []


def test_the_disruption_guide_names_every_kind_of_hazard() -> None:
    from rescuesim.disruption.hazards import INTENSITY_KINDS

    text = (ROOT / "docs/disruption.md").read_text(encoding="utf-8")
    assert [kind for kind in INTENSITY_KINDS if f"`{kind}`" not in text] == []
