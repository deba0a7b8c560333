"""Scenarios: one file that names everything of a run, the embedded county, and the main job."""

from __future__ import annotations

from rescuesim.scenario.demo import write_demo_county as write_demo_county
from rescuesim.scenario.model import Scenario as Scenario
from rescuesim.scenario.model import load_scenario as load_scenario
from rescuesim.scenario.model import parse_scenario as parse_scenario
from rescuesim.scenario.prepare import Prepared as Prepared
from rescuesim.scenario.prepare import check_scenario as check_scenario
from rescuesim.scenario.run import Outcome as Outcome
from rescuesim.scenario.run import run as run
from rescuesim.scenario.run import run_prepared as run_prepared
from rescuesim.scenario.siting_run import check_results_folder as check_results_folder
