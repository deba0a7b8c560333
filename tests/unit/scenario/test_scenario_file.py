"""The scenario file: unknown keys, all faults at once, nothing written when anything is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TOWN

from rescuesim.cli import main
from rescuesim.errors import DataFileError, InputError
from rescuesim.scenario import check_scenario, load_scenario, run
from rescuesim.scenario.model import parse_scenario

SITES = """id,name,lon,lat,kind,status,cost,township,host,crew,units
s1,城区站,119.3001,28.7001,station,existing,0,城关镇,brigade,brigade,2
s2,河东微型站,119.3101,28.7051,station,candidate,12,城关镇,village,micro_station,1
s3,北门微型站,119.3005,28.7099,station,candidate,9,城关镇,enterprise,micro_station,1
"""
DEMAND = """id,name,lon,lat,zone,people,calls_per_year,weight,township,kind
d1,人民社区,119.3051,28.7002,built_up,4000,200,,城关镇,residential
d2,河东村,119.3102,28.7060,suburb,900,100,,城关镇,residential
d3,溪滨村,119.3250,28.7101,dense_rural,700,100,,城关镇,residential
d4,北山,119.3040,28.7101,rural,60,10,,城关镇,residential
"""
CLOSURES = """label,lon,lat,length_m,level,closed_at_h,reopened_at_h
溪滨路塌方,119.3200,28.7100,60,closed,2,30
"""
SCENARIO = """name = "小城"
seed = 1
[network]
file = "town.osm"
[sites]
file = "sites.csv"
[demand]
file = "demand.csv"
[siting]
n_sites = 2
[simulation]
replications = 4
horizon_days = 20
[disruption]
label = "塌方断网"
closures = "closures.csv"
horizon_h = 48
[[disruption.outages]]
townships = ["城关镇"]
from_h = 1
until_h = 20
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a small scenario that is right."""
    files = {
        "town.osm": TOWN,
        "sites.csv": SITES,
        "demand.csv": DEMAND,
        "closures.csv": CLOSURES,
        "scenario.toml": SCENARIO,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def edit(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")


def exit_code(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def test_a_right_scenario_is_checked_without_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["check", str(folder / "scenario.toml")]) == 0
    said = capsys.readouterr().out
    assert "no faults" in said
    assert "weight not given" in said
    assert "quick_rescue_135" in said


def test_ten_planted_faults_are_reported_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(
        folder,
        "scenario.toml",
        ("seed = 1", "sede = 1"),
        ("n_sites = 2", "n_sites = 99"),
        ('townships = ["城关镇"]', 'townships = ["城关"]'),
    )
    edit(folder, "scenario.toml", ('file = "demand.csv"', 'file = "demand.csv"\n[standard]\ninner = "quick_rescu_135"'))
    edit(folder, "sites.csv", ("brigade,2", "brigadee,2"), ("s3,北门微型站,119.3005", "s2,北门微型站,119.3005"))
    edit(
        folder,
        "demand.csv",
        ("built_up,4000", "bilt_up,-4000"),
        ("d2,河东村,119.3102,28.7060", "d2,河东村,28.7060,119.3102"),
        ("d4,北山,119.3040,28.7101", "d4,北山,119.3250,28.7003"),
    )
    edit(folder, "closures.csv", ("119.3200,28.7100", "119.3200,28.7300"))
    before = sorted(folder.rglob("*"))
    assert exit_code(["check", str(folder / "scenario.toml")]) == 2
    said = capsys.readouterr().err
    expected = [
        "scenario.toml, row 2, column sede: 'sede', expected a known key, one of",
        "did you mean seed?",
        "'quick_rescu_135', expected one of",
        "siting.n_sites: '99'",
        "disruption.outages.0.townships: '城关', expected one of 城关镇",
        "sites.csv, row 2, column crew: 'brigadee'",
        "sites.csv, row 4, column id: 's2', expected each id once",
        "demand.csv, row 2, column zone: 'bilt_up'",
        "demand.csv, row 2, column people: '-4000'",
        "demand.csv, row 3, column lat: '119.3102', expected a place on Earth; lon and lat look exchanged",
        "demand.csv, row 5, column lon, lat: 'd4 at 119.325000 28.700300', expected a road within 1000 m",
        "closures.csv, row 2, column lon: '119.3200', expected a point within 50 m of a road",
    ]
    for words in expected:
        assert words in said
    assert "11 faults" in said
    assert "Traceback" not in said
    assert sorted(folder.rglob("*")) == before


def test_check_lists_the_faults_as_json_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "demand.csv", ("built_up,4000", "built_up,-4000"))
    assert exit_code(["check", str(folder / "scenario.toml"), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert found["faults"][0] == {
        "file": "demand.csv",
        "row": 2,
        "column": "people",
        "value": "-4000",
        "expected": "a number of 0 or more, at most 1e+09",
        "problem": "",
        "infeasible": False,
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "words"),
    [
        ("scenario.toml", "n_sites = 2", "n_sites = 99", 3, "expected from 1"),
        ("scenario.toml", "n_sites = 2", "n_sites = 0", 2, "greater than or equal to 1"),
        ("scenario.toml", "n_sites = 2", 'objective = "max_coverage"', 2, "a number of sites for max_coverage"),
        ("scenario.toml", '"town.osm"', '"absent.osm"', 2, "no such file"),
        ("scenario.toml", '"sites.csv"', '"absent.csv"', 2, "no such file"),
        ("scenario.toml", '"sites.csv"', '"../sites.csv"', 2, "row 6, column sites.file: '../sites.csv'"),
        ("scenario.toml", '"demand.csv"', '"demand.csv#2024/村庄"', 2, "demand.csv"),
        ("scenario.toml", '"demand.csv"', f'"{"村" * 120}.csv"', 2, "a name that a file can have"),
        (
            "scenario.toml",
            '"demand.csv"',
            '"demand.csv"\nweight = "a' + ".a" * 300 + '"',
            2,
            "numbers, names of columns",
        ),
        ("scenario.toml", '"town.osm"', '"town.osm"\nbuffer_m = 5.0', 2, "network.clip too, or not this key"),
        ("scenario.toml", '"town.osm"', '"town.osm"\nprofile = "boat"\nroads = "drive"', 2, "expected a boat on water"),
        ("scenario.toml", '"town.osm"', '"/etc/passwd"', 2, "a file in the scenario's folder, or in one that"),
        ("scenario.toml", 'file = "demand.csv"', 'file = "demand.csv"\ncrs = "wgs48"', 2, "wgs84 or an EPSG code"),
        ("scenario.toml", "[network]", "[network", 2, "expected a TOML file"),
        ("scenario.toml", "until_h = 20", "until_h = 1", 2, "more than from_h"),
        ("scenario.toml", "until_h = 20", 'until_h = 20\nfallback = "pigeon"', 2, "one of beidou"),
        (
            "scenario.toml",
            'file = "demand.csv"',
            'file = "demand.csv"\n[standard]\ninner = "micro_station_135"',
            2,
            "one unit",
        ),
        ("demand.csv", DEMAND, "id,lon,lat\n", 2, "at least one row"),
        ("town.osm", "<osm", "<oms", 2, "OSM XML"),
        ("scenario.toml", "n_sites = 2", "n_sites = true", 2, "'True', expected a whole number"),
        ("scenario.toml", "n_sites = 2", 'n_sites = 2\nobjective = "min_sites"', 2, "no n_sites with min_sites"),
        ("scenario.toml", '"塌方断网"', '"intact"', 2, "a name of its own"),
        ("sites.csv", ",crew,", ",creww,", 2, "did you mean crew?"),
    ],
)
def test_each_fault_has_its_message_and_exit_code_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, old: str, new: str, code: int, words: str
) -> None:
    edit(folder, name, (old, new))
    out = folder / "out"
    for command in (["check"], ["run", "--out", str(out)]):
        assert exit_code([*command, str(folder / "scenario.toml")]) == code
        said = capsys.readouterr().err
        assert words in said
        assert "Traceback" not in said
    assert not out.exists()


def test_a_folder_that_the_scenario_names_may_be_read(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "town.osm").rename(elsewhere / "town.osm")
    (folder / "town.osm").symlink_to(elsewhere / "town.osm")
    assert exit_code(["check", str(folder / "scenario.toml")]) == 2  # a link leads out as well as a path
    edit(folder, "scenario.toml", ("seed = 1", f'seed = 1\ndata_folders = ["{elsewhere.as_posix()}"]'))
    assert exit_code(["check", str(folder / "scenario.toml")]) == 0


def test_fixed_sites_above_n_sites_are_infeasible(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "scenario.toml", ("n_sites = 2", "n_sites = 1"))
    edit(folder, "sites.csv", ("station,candidate,12", "station,required,12"))
    assert exit_code(["run", str(folder / "scenario.toml"), "--out", str(folder / "out")]) == 3
    assert "expected from 2" in capsys.readouterr().err


def test_a_run_writes_its_files_and_repeats_to_the_letter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summaries = []
    for out in (folder / "a", folder / "b"):
        assert exit_code(["run", str(folder / "scenario.toml"), "--out", str(out)]) == 0
        names = {path.name for path in out.iterdir()}
        assert names == {
            "summary.json",
            "plan.json",
            "sites.csv",
            "records.parquet",
            "comparison.csv",
            "map.png",
            "report.html",
        }
        summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        assert summary.pop("timings")
        summaries.append(summary)
    assert summaries[0] == summaries[1]
    said = capsys.readouterr().out
    assert "built coverage" in said
    assert "quick_rescue_135" in said


def test_the_json_of_a_run_is_its_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    assert exit_code(["run", str(folder / "scenario.toml"), "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert {key: value for key, value in printed.items() if key != "files"} == written
    assert Path(printed["files"]["report.html"]).is_file()


def test_a_plan_without_disruption_and_by_fewest_sites_runs_too(folder: Path) -> None:
    edit(folder, "scenario.toml", ("n_sites = 2", 'objective = "min_sites"'))
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    (folder / "scenario.toml").write_text(text[: text.index("[disruption]")], encoding="utf-8")
    outcome = run(load_scenario(folder / "scenario.toml"))
    assert outcome.solution.status == "optimal"
    assert outcome.comparison is not None
    assert outcome.comparison.conditions == ("intact",)
    assert outcome.files == {}


def test_a_county_without_any_station_today_gets_a_plan_and_no_difference(folder: Path) -> None:
    edit(folder, "sites.csv", ("station,existing,0", "station,candidate,5"))
    outcome = run(load_scenario(folder / "scenario.toml"), out=folder / "out")
    assert outcome.comparison is not None
    assert list(outcome.comparison.plans) == ["plan"]
    assert outcome.comparison.differences.empty
    assert (folder / "out" / "report.html").is_file()


def test_inputs_are_never_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert exit_code(["run", str(folder / "scenario.toml"), "--out", str(folder)]) == 2
    assert "sites.csv there is an input" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_cannot_be_written_to_is_found_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").write_text("x", encoding="utf-8")
    for out in (folder / "file", folder / "file" / "deeper"):
        assert exit_code(["run", str(folder / "scenario.toml"), "--out", str(out)]) == 2
        assert "expected a folder that can be written to" in capsys.readouterr().err


def test_a_console_without_chinese_does_not_lose_the_result(folder: Path) -> None:
    command = [sys.executable, "-m", "rescuesim", "run", str(folder / "scenario.toml"), "--out", str(folder / "o")]
    for encoding in ("ascii", "gbk"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "40"}
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert b"built coverage" in done.stdout


def test_points_off_the_road_may_be_reported_instead(folder: Path) -> None:
    edit(folder, "demand.csv", ("d4,北山,119.3040,28.7101,rural", "d4,北山,119.3040,28.7301,suburb"))
    scenario = folder / "scenario.toml"
    assert check_scenario(scenario).prepared is None
    edit(folder, "scenario.toml", ('file = "town.osm"', 'file = "town.osm"\noff_road = "report"'))
    checked = check_scenario(scenario)
    assert checked.prepared is not None
    assert checked.faults == []
    outcome = run(load_scenario(scenario))
    assert outcome.solution.points.set_index("id")["reason"]["d4"] == "no_road"


def test_faults_in_the_file_do_not_hide_those_in_the_tables(folder: Path) -> None:
    edit(folder, "scenario.toml", ("replications = 4", 'replications = "many"\nqueue = "lifo"'))
    edit(folder, "demand.csv", ("built_up,4000", "built_up,x"))
    faults = check_scenario(folder / "scenario.toml").faults
    assert [(fault.file, fault.column, fault.row) for fault in faults] == [
        ("scenario.toml", "simulation.replications", 12),
        ("scenario.toml", "simulation.queue", 13),
        ("demand.csv", "people", 2),
    ]


def test_files_are_looked_for_beside_the_scenario(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    moved = tmp_path_factory.mktemp("moved") / "deep"
    shutil.copytree(folder, moved)
    assert check_scenario(moved / "scenario.toml").faults == []


def test_an_absent_scenario_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataFileError, match="no such file"):
        parse_scenario(tmp_path / "absent.toml")
    assert exit_code(["run", str(tmp_path / "absent.toml")]) == 2
    assert exit_code(["run"]) == 2
    assert exit_code(["rnu"]) == 2
    capsys.readouterr()
    empty = tmp_path / "empty.toml"
    empty.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="this key, which has no default"):
        load_scenario(empty)


def test_quality_files_are_named_after_their_table_and_never_overwrite_an_input(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder, "scenario.toml", ('"sites.csv"', '"absent.csv"'))
    assert exit_code(["check", str(folder / "scenario.toml"), "--out", str(folder / "q")]) == 2
    assert sorted(path.name for path in (folder / "q").iterdir()) == ["demand_quality.csv", "demand_quality.gpkg"]
    edit(folder, "scenario.toml", ('"demand.csv"', '"q/demand_quality.csv"'))
    shutil.copy(folder / "demand.csv", folder / "q" / "demand_quality.csv")
    assert exit_code(["check", str(folder / "scenario.toml"), "--out", str(folder / "q")]) == 2
    assert "demand_quality.csv there is an input" in capsys.readouterr().err
    assert (folder / "q" / "demand_quality.csv").read_bytes() == (folder / "demand.csv").read_bytes()
    assert exit_code(["check", str(folder / "scenario.toml"), "--out", str(folder / "town.osm")]) == 2


def test_a_result_that_would_replace_a_folder_is_refused_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out" / "summary.json").mkdir(parents=True)
    assert exit_code(["run", str(folder / "scenario.toml"), "--out", str(folder / "out")]) == 2
    assert "summary.json there is a folder" in capsys.readouterr().err


def test_the_weight_formula_reads_the_table_as_the_demand_is_read(folder: Path) -> None:
    table = "某县需求点\n村庄编号,名称,经度,纬度,区域类型,人口,风险\n"
    rows = "v1,人民社区,119.3051,28.7002,建成区,4000,2\nv2,河东村,119.3102,28.7060,郊区,900,1\n"
    (folder / "demand.csv").write_text(table + rows, encoding="utf-8")
    edit(folder, "scenario.toml", ('"demand.csv"', '"demand.csv"\nweight = "people * 风险"'), ("[disruption]", "[x]"))
    text = (folder / "scenario.toml").read_text(encoding="utf-8").partition("[x]")[0]
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    checked = check_scenario(folder / "scenario.toml")
    assert checked.faults == []
    assert checked.prepared is not None
    assert checked.prepared.demand.weights.tolist() == [8000.0, 900.0]
