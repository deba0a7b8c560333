"""The scenario files of the presets: those of the repository are those that the demo writes, and all are right."""

from __future__ import annotations

from pathlib import Path

from conftest import ROOT

from rescuesim.disruption import disruption_presets
from rescuesim.scenario import load_scenario


def test_the_files_in_scenarios_are_those_that_the_demo_writes(county: Path) -> None:
    names = {f"{preset}.toml" for preset in disruption_presets()}
    assert {path.name for path in (ROOT / "scenarios").iterdir()} == names
    for name in names:
        assert (county.parent / name).read_bytes() == (ROOT / "scenarios" / name).read_bytes()
        scenario = load_scenario(county.parent / name)
        assert scenario.disruption is not None
        assert f"{scenario.disruption.preset}.toml" == name
