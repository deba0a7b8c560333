"""Records with a known bias, from the command line to the calibration and back."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from rescuesim.cli import app
from rescuesim.plan import Plan
from rescuesim.scenario import Prepared, check_scenario
from rescuesim.scenario.replay_run import EXAMPLE_NIGHT_TURNOUT, replay_prepared, write_example_incidents
from rescuesim.simulation.replay import example_incidents

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(county: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the county with the example of incidents."""
    made = tmp_path_factory.mktemp("replayed")
    for name in ("county.osm", "sites.csv", "demand.csv", "closures.csv", "scenario.toml"):
        (made / name).write_bytes((county.parent / name).read_bytes())
    found = check_scenario(made / "scenario.toml").prepared
    assert found is not None
    assert write_example_incidents(found, made / "incidents.csv")
    return made


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Prepared:
    found = check_scenario(folder / "scenario.toml").prepared
    assert found is not None
    return found


def test_a_planted_bias_is_found_within_its_interval_and_nothing_else_is(folder: Path) -> None:
    options = ["--scenario", str(folder / "scenario.toml"), "--out", str(folder / "out"), "--lang", "zh"]
    done = CliRunner().invoke(app, ["replay", str(folder / "incidents.csv"), *options, "--json"])
    assert done.exit_code == 0, done.output
    told = {one["name"]: one for one in json.loads(done.stdout)["suggestions"] if one["differs"]}
    assert set(told) == {f"turnout.{crew}.night" for crew in ("brigade", "micro_station", "township_duty")}
    for one in told.values():
        assert one["low"] <= EXAMPLE_NIGHT_TURNOUT <= one["high"]
    page = (folder / "out/replay.html").read_text(encoding="utf-8")
    assert "您的记录与模型" in page
    assert "http" not in re.sub(r"<meta http-equiv[^>]*>", "", page)
    errors = pd.read_csv(folder / "out/errors.csv")
    assert "落入80%区间的比重" in errors.columns
    # with the suggestion in force the same records tell nothing any more
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    calibrated = folder / "calibrated.toml"
    calibrated.write_text(text.replace("seed = 0", 'seed = 0\noverrides = "out/calibration.toml"', 1), encoding="utf-8")
    checked = check_scenario(calibrated)
    assert checked.prepared is not None, checked.faults
    again = replay_prepared(checked.prepared, folder / "incidents.csv")
    assert not [one.name for one in again.suggestions if one.differs]
    assert again.overrides == checked.prepared.overrides
    assert any("out/calibration.toml" in note for note in checked.prepared.notes)


def test_where_nothing_is_planted_nothing_is_found(folder: Path, prepared: Prepared) -> None:
    plan = Plan.today(prepared.sites)
    network, demand, standard = prepared.network, prepared.demand, prepared.standard
    frame = example_incidents(plan, network=network, demand=demand, standard=standard, seed=11)
    frame.to_csv(folder / "fair.csv", index=False, encoding="gb18030")
    found = replay_prepared(prepared, folder / "fair.csv")
    assert not [one.name for one in found.suggestions if one.differs]
    assert tomllib.loads(found.overrides_toml()) == {}
    whole = found.errors[(found.errors[["crew", "shift", "hours"]] == "").all(axis=1)]
    assert (whole["inside_80_low"] <= 0.83).all()
    assert (whole["inside_80_high"] >= 0.77).all()


def test_slow_roads_are_found_by_their_class_and_the_drives_are_not_mended_twice(
    folder: Path, prepared: Prepared
) -> None:
    from rescuesim.network.calibrating.class_factors import with_time_factors

    planted = {"secondary": 1.5, "tertiary": 1.5, "unclassified": 1.5, "primary": 1.5, "residential": 1.5, "trunk": 1.5}
    slow = with_time_factors(prepared.network, planted)
    plan = Plan.today(prepared.sites)
    frame = example_incidents(plan, network=slow, demand=prepared.demand, standard=prepared.standard, seed=12)
    frame.to_csv(folder / "slow.csv", index=False)
    found = replay_prepared(prepared, folder / "slow.csv").overrides
    assert set(found.time_factor) <= set(planted)
    assert {"secondary", "tertiary", "unclassified"} <= set(found.time_factor)
    assert all(found.time_factor[name] == pytest.approx(1.5, rel=0.15) for name in ("secondary", "tertiary"))
    assert "variation" not in found.chain


def test_faults_of_the_table_end_with_code_2_and_nothing_written(folder: Path) -> None:
    (folder / "wrong.csv").write_text("报警时间,地点,出动站点\n昨天,没有此地,没有此站\n", encoding="utf-8")
    from rescuesim.cli import main

    options = ["--scenario", str(folder / "scenario.toml"), "--out", str(folder / "nothing")]
    with pytest.raises(SystemExit) as left:
        main(["replay", str(folder / "wrong.csv"), *options])
    assert left.value.code == 2
    assert not list((folder / "nothing").glob("*"))
