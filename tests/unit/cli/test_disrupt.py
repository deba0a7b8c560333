"""rescuesim disrupt: the answer, the files, the exit codes, and every fault of an event in one message."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pandas as pd
import pytest
import shapely
from conftest import TOWN

from rescuesim.cli import main
from rescuesim.disruption import load_disruptions
from rescuesim.scenario.disrupt_run import DISRUPT_FILES

SITES = """id,name,lon,lat,kind,status,township,host,crew
s1,城区站,119.3001,28.7001,station,existing,城关镇,brigade,brigade
"""
DEMAND = """id,name,lon,lat,zone,people,township,kind
d1,人民社区,119.3051,28.7002,built_up,4000,城关镇,residential
d2,溪滨村,119.3250,28.7101,dense_rural,700,河东乡,residential
"""
SCENARIO = """name = "小城"
[network]
file = "town.osm"
[sites]
file = "sites.csv"
[demand]
file = "demand.csv"
[siting]
n_sites = 1
[simulation]
replications = 2
horizon_days = 1
[disruption]
label = "暴雨"
preset = "typhoon_flood"
zones = "zones.geojson"
samples = 3
horizon_h = 48
"""


def zones(path: Path, *, away: float = 0.0, susceptibility: float = 0.8) -> None:
    shape = shapely.box(119.29 + away, 28.68, 119.34 + away, 28.73)
    rows = {"kind": ["flood_depth_m", "landslide_susceptibility"], "value": [3.0, susceptibility]}
    geopandas.GeoDataFrame(rows, geometry=[shape, shape], crs=4326).to_file(path, driver="GeoJSON")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    for name, text in (("town.osm", TOWN), ("sites.csv", SITES), ("demand.csv", DEMAND), ("s.toml", SCENARIO)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    zones(tmp_path / "zones.geojson")
    return tmp_path / "s.toml"


def left_with(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def test_it_prints_the_answer_and_writes_disruptions_tables_and_maps(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert left_with(["disrupt", str(scenario), "--out", str(out), "--lang", "zh", "--samples", "2"]) == 0
    said = capsys.readouterr().out
    for words in ("全县", "河东乡", "孤立村社", "失联村清零", "未给出抢通队伍", "灾害始于 8 时"):
        assert words in said
    assert {path.name for path in out.iterdir()} == set(DISRUPT_FILES)
    assert [one.label for one in load_disruptions(out / "disruptions.parquet")] == ["暴雨 1", "暴雨 2"]
    townships = pd.read_csv(out / "townships.csv", encoding="utf-8-sig")
    assert townships["乡镇街道"].tolist() == ["全县", "城关镇", "河东乡"]
    assert townships["人口"].tolist() == [4700, 4000, 700]


def test_the_same_seed_gives_the_same_summary_and_another_event_can_be_asked_for(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for seed in ("5", "5", "6"):
        assert left_with(["disrupt", str(scenario), "--preset", "ice_storm", "--seed", seed, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
        assert found[-1].pop("timings")["measures_s"] >= 0
    assert found[0] == found[1] != found[2]
    assert (found[0]["preset"], found[0]["disruption"], found[0]["samples"]) == ("ice_storm", "ice storm", 3)
    assert found[0]["townships"][0]["people"] == 4700
    assert found[0]["files"] == {}


def test_faults_of_the_event_are_told_at_once_with_their_lines_and_nothing_is_written(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crews = """order = "trunk"
supply_areas = "areas.csv"
power_outages = "power.csv"
closures = "closures.csv"
[[disruption.crews]]
id = "一队"
site = "s9"
[[disruption.crews]]
id = "二队"
lon = 119.3
"""
    scenario.write_text(SCENARIO + crews, encoding="utf-8")
    (tmp_path / "areas.csv").write_text("id,lon,lat,townships\nf1,119.3,28.7,城关镇\n", encoding="utf-8")
    rows = "area,out_at_h,back_at_h\nf1,5,3\nf2,0,9\nf1,0,20\nf1,10,30\n"
    (tmp_path / "power.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "closures.csv").write_text("road,closed_at_h,reopened_at_h\n999,0,5\n1,8,2\n", encoding="utf-8")
    assert left_with(["check", str(scenario)]) == 2
    said = capsys.readouterr().err
    assert "s.toml, row 19, column disruption.order" in said
    for words in ("s9", "a site, or both lon and lat", "trunk_first"):
        assert words in said
    for words in ("999", "reopened_at_h", "a time after closed_at_h"):  # unknown road, repair before failure
        assert words in said
    for words in ("'f2'", "back_at_h", "a time after out_at_h"):  # unknown feeder, repair before failure, overlap
        assert words in said
    assert "overlap" in said
    fixed = crews.replace('"trunk"', '"trunk_first"').replace("lon = 119.3\n", 'site = "s1"\n')
    scenario.write_text(SCENARIO + fixed, encoding="utf-8")
    assert left_with(["disrupt", str(scenario), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    for words in ("s9", "999", "'f2'", "overlap"):
        assert words in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: zones(path, susceptibility=1.5), "1.5"),
        (lambda path: zones(path, away=5.0), "do not overlap"),
        (lambda path: path.unlink(), "zones.geojson"),
    ],
)
def test_a_map_that_cannot_be_is_refused(
    scenario: Path, capsys: pytest.CaptureFixture[str], make: object, words: str
) -> None:
    assert callable(make)
    make(scenario.parent / "zones.geojson")
    assert left_with(["disrupt", str(scenario)]) == 2
    assert words in capsys.readouterr().err


def test_a_preset_that_does_not_exist_is_refused_with_the_nearest_name(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_with(["disrupt", str(scenario), "--preset", "typhon_flood"]) == 2
    assert "typhoon_flood" in capsys.readouterr().err
    without = SCENARIO[: SCENARIO.index("[disruption]")]
    scenario.write_text(without, encoding="utf-8")
    assert left_with(["disrupt", str(scenario)]) == 2
    assert "--preset" in capsys.readouterr().err


def test_keys_of_an_event_do_nothing_without_one_and_are_refused(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario.write_text(SCENARIO.replace('preset = "typhoon_flood"\n', ""), encoding="utf-8")
    assert left_with(["check", str(scenario)]) == 2
    said = capsys.readouterr().err
    for key in ("disruption.zones", "disruption.samples"):
        assert key in said


def test_a_run_goes_through_the_drawn_disruptions(scenario: Path, tmp_path: Path) -> None:
    from rescuesim.scenario import load_scenario, run

    outcome = run(load_scenario(scenario), out=tmp_path / "out")
    assert outcome.prepared.drawing is not None
    assert len(outcome.prepared.disruptions) == 3
    assert outcome.comparison is not None
    assert outcome.comparison.conditions == ("intact", "暴雨")
    states = outcome.prepared.broken_states()
    assert sum(state.probability for state in states.states) == pytest.approx(1.0)


def test_interrupted_it_leaves_nothing_half_written(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rescuesim.scenario import disrupt_run

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(disrupt_run, "plot_disruption_over_time", stop)
    out = tmp_path / "out"
    assert left_with(["disrupt", str(scenario), "--preset", "grid_failure", "--out", str(out)]) == 130
    assert list(out.iterdir()) == []
