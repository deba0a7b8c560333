"""rescuesim ensemble: what it prints and keeps, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from rescuesim.cli.app import main
from rescuesim.cli.ensemble import _left_words
from rescuesim.cli.options import Language
from rescuesim.disruption import Disruption, Disruptions, RoadOutage
from rescuesim.network.states import Closure
from rescuesim.scenario.ensemble_run import _horizon_notes
from rescuesim.scenario.sections import DisruptionSection
from rescuesim.simulation.ensemble import EnsembleProgress

SCENARIO = """
name = "镇"
seed = 1
[network]
file = "town.osm"
[sites]
file = "sites.csv"
crs = "wgs84"
[demand]
file = "demand.csv"
crs = "wgs84"
[siting]
objective = "max_coverage"
n_sites = 2
[simulation]
replications = 3
horizon_days = 2
per_10k_people_year = 2000
"""


@pytest.fixture
def scenario(tmp_path: Path, town_file: Path) -> Path:
    """Return the scenario of a town with a station today, and a file of a bridge that is out."""
    (tmp_path / "town.osm").write_text(town_file.read_text(encoding="utf-8"), encoding="utf-8")
    lon, lat = [119.301, 119.309], [28.70, 28.709]
    places = {"id": ["s1", "s2"], "lon": lon, "lat": lat, "status": ["existing", "candidate"], "crew": "brigade"}
    pd.DataFrame(places).to_csv(tmp_path / "sites.csv", index=False)
    people = {"id": ["a", "b"], "lon": lon, "lat": lat, "people": 5000, "zone": "built_up"}
    pd.DataFrame(people).to_csv(tmp_path / "demand.csv", index=False)
    outage = RoadOutage(closure=Closure(road=1), from_s=0.0, until_s=86400.0)
    Disruptions(disruptions=(Disruption(label="bridge", roads=(outage,)),)).save(tmp_path / "bridge.parquet")
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def left_with(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["ensemble", *map(str, arguments)])
    return int(caught.value.code or 0)


def test_a_study_is_run_taken_up_summed_up_and_told(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    asked = ("run", scenario, "--out", out, "--disruptions", f"桥断={tmp_path / 'bridge.parquet'}")
    assert left_with(*asked, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [(row["plan"], row["disruption"]) for row in said["rows"]] == [
        ("today", "intact"),
        ("today", "桥断"),
        ("plan", "intact"),
        ("plan", "桥断"),
    ]
    assert len({row["calls"] for row in said["rows"]}) == 1
    assert said["rows"][0]["calls"] > 10
    assert left_with(*asked, "--replications", 4, "--lang", "zh") == 0
    table = capsys.readouterr().out
    assert "桥断" in table
    assert "全部记录的校验值" in table
    assert "现状" in table
    assert "today" not in table
    assert "100.00%" not in table
    assert "派谁：预计最先到的空闲队伍" in table
    assert left_with("log", out, "--plan", "现状", "--disruption", "正常", "--replication", 1, "--lang", "zh") == 0
    told = capsys.readouterr().out
    assert "经公网下达" in told
    assert "public_network" not in told
    assert left_with("summary", out, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["replications"] == 4
    assert again["hash"] != said["hash"]
    assert again["words"] == [line for line in again["words"] if "100%" not in line]
    assert {row["disruption"] for row in again["attainment"]} == {"intact", "桥断"}
    assert left_with("summary", out, "--by", "village", "--plan", "方案", "--lang", "zh") == 0
    places = capsys.readouterr().out
    assert places.count("处有警情") == 2
    assert "桥断，方案" in places
    assert left_with("summary", out, "--by", "zone", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["id"] for row in rows] == ["built_up"] * 4
    assert all(row["calls"] == row["attained"] + row["missed"] for row in rows)
    assert left_with("summary", out, "--plan", "plan") == 2
    assert "expected --by" in capsys.readouterr().err
    assert left_with("log", out, "--plan", "plan", "--replication", 3, "--lang", "zh") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("来电" in line for line in lines)
    assert lines == sorted(lines, key=lambda line: line.split("  ")[0])
    assert left_with("log", out, "--plan", "plan", "--disruption", "桥断", "--replication", 0, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {"at_s", "call", "text"} == set(told[0])
    assert any("rolls" in line["text"] for line in told)


def test_another_siting_or_a_name_that_stands_twice_is_refused(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert left_with("run", scenario, "--out", out) == 0
    scenario.write_text(SCENARIO.replace("n_sites = 2", "n_sites = 1"), encoding="utf-8")
    capsys.readouterr()
    assert left_with("run", scenario, "--out", out) == 2
    assert "holds another study" in capsys.readouterr().err
    bridge = tmp_path / "bridge.parquet"
    assert left_with("run", scenario, "--out", tmp_path / "new", "--disruptions", f"intact={bridge}") == 2
    assert "a name of its own" in capsys.readouterr().err
    assert left_with("run", scenario, "--out", out, "--disruptions", str(bridge)) == 2
    assert "expected NAME=FILE" in capsys.readouterr().err
    assert left_with("run", scenario, "--out", out, "--workers", 2, "--scheduler", "tcp://127.0.0.1:1") == 2
    assert left_with("run", scenario, "--out", out, "--days", -2) == 2
    assert "--days -2: expected a number of days above 0" in capsys.readouterr().err
    assert left_with("log", out, "--plan", "plam", "--replication", 0) == 2
    assert "did you mean plan" in capsys.readouterr().err
    assert left_with("summary", tmp_path / "none") == 2


def test_only_what_the_scenario_says_of_its_disruption_is_told_as_its_own() -> None:
    event = {"label": "洪水", "preset": "typhoon_flood", "horizon_h": 72}
    for own, en, zh in (
        (None, "own horizon_h (72 h) is for", "horizon_h（72 小时）"),
        (5, "(5 of 72 h)", "（5 次、每次"),
    ):
        (note,) = _horizon_notes(DisruptionSection(**event, replications=own), 5 * 86_400, 10)
        assert en in str(note)
        assert zh in note.zh
        assert ("10 次、每次 72" in note.zh) is False
    assert not _horizon_notes(None, 86_400, 1)


def test_the_time_that_is_left_is_said_in_both_languages() -> None:
    at = EnsembleProgress(done=50, total=100, taken_over=40, elapsed_s=30.0)
    assert _left_words(at, Language.en) == "40 taken over, 0:02:30 left"
    assert _left_words(at, Language.zh) == "沿用 40，还需 0:02:30"
    begun = EnsembleProgress(done=0, total=100, taken_over=0, elapsed_s=0.0)
    assert _left_words(begun, Language.en) == ""
