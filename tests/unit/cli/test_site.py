"""rescuesim site: what it prints and writes, and the exit codes that scripts rely on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from rescuesim.cli.app import main
from rescuesim.plan import Plan
from rescuesim.scenario.siting_run import SITING_FILES


@pytest.fixture
def files(tmp_path: Path, town_file: Path) -> list[str]:
    """Return the options that name the roads, three sites and four points of the hand-made town."""
    pd.DataFrame(
        {
            "id": ["s1", "s2", "s3"],
            "name": ["东站", "西站", "远站"],
            "lon": [119.31, 119.30, 119.33],
            "lat": [28.70, 28.71, 28.71],
            "status": ["existing", "candidate", "candidate"],
            "crew": ["brigade", "micro_station", "micro_station"],
            "cost": [0, 3, 9],
            "township": ["甲镇", "甲镇", "乙镇"],
        }
    ).to_csv(tmp_path / "sites.csv", index=False)
    pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "lon": [119.305, 119.303, 119.329, 119.30],
            "lat": [28.70, 28.71, 28.71, 28.702],
            "people": [50, 40, 30, 20],
            "zone": ["built_up", "built_up", "built_up", "suburb"],
        }
    ).to_csv(tmp_path / "demand.csv", index=False)
    found = {"--network": town_file, "--sites": tmp_path / "sites.csv", "--demand": tmp_path / "demand.csv"}
    return [text for name, path in found.items() for text in (name, str(path))]


def left_with(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["site", *arguments])
    return int(caught.value.code or 0)


def test_it_writes_plan_tables_words_and_map_in_chinese(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert left_with([*files, "--number", "2", "--out", str(out), "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "建成覆盖率" in said
    assert "不是对每次呼叫的承诺" in said
    assert {path.name for path in out.iterdir()} == set(SITING_FILES)
    assert (out / "uncovered.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "措施" in (out / "uncovered.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert openpyxl.load_workbook(out / "siting.xlsx").sheetnames[:2] == ["结论", "布点方案"]
    plan = Plan.load(out / "plan.json")
    assert list(plan.opened) == json.loads((out / "siting.json").read_text(encoding="utf-8"))["opened"]
    assert (out / "map.png").stat().st_size > 10_000


def test_json_holds_status_bound_and_the_sites(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert left_with([*files, "--objective", "max_coverage", "--budget", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["opened"], found["gap"]) == ("optimal", ["s1", "s2"], 0.0)
    assert found["best_bound"] == found["objective"] == 110


def test_objectives_in_sequence_are_told_one_by_one(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--objective", "max_coverage", "--objective", "min_sites", "--number", "3", "--json"]
    assert left_with([*files, *options]) == 0
    stages = json.loads(capsys.readouterr().out)["stages"]
    assert [(stage["objective"], stage["final"]) for stage in stages] == [("max_coverage", 140.0), ("min_sites", 3.0)]


def test_a_file_of_side_conditions_is_kept_and_its_faults_are_told_together(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conditions = tmp_path / "conditions.toml"
    conditions.write_text(
        'n_new_sites = 1\n[[groups]]\nper = "township"\nof = ["乙镇"]\nat_least = 1\n', encoding="utf-8"
    )
    assert left_with([*files, "--constraints", str(conditions), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["opened"] == ["s1", "s3"]
    conditions.write_text('n_new_sites = -1\nrequire = ["s1"]\n[[groups]]\nat_least = "x"\n', encoding="utf-8")
    assert left_with([*files, "--constraints", str(conditions)]) == 2
    said = capsys.readouterr().err
    assert "3 faults" in said
    assert "conditions.toml, row 1, column n_new_sites" in said
    assert "did you mean required?" in said
    conditions.write_text('required = ["s9"]\nclosed = ["s8"]\n', encoding="utf-8")
    assert left_with([*files, "--number", "2", "--constraints", str(conditions)]) == 2
    said = capsys.readouterr().err
    assert "'s9'" in said
    assert "'s8'" in said


def test_what_cannot_be_is_told_with_exit_code_3(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_with([*files, "--number", "9"]) == 3
    assert "from 1 (existing and required sites stay open and count) to 3" in capsys.readouterr().err
    conditions = tmp_path / "conditions.toml"
    conditions.write_text('budget = 2.0\n[[groups]]\nper = "township"\nof = ["乙镇"]\nat_least = 1\n', encoding="utf-8")
    out = tmp_path / "out"
    assert left_with([*files, "--constraints", str(conditions), "--out", str(out)]) == 3
    assert "infeasible" in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_without_a_scenario_the_files_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert left_with(["--number", "3"]) == 2
    assert "--network, --sites, --demand" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--number", "2", "--kind", "depot", "--limit-s", "600"], "none among the 3"),
        (["--objective", "max_cover", "--number", "2"], "did you mean max_coverage"),
        ([], "a number of sites for max_coverage"),
        (["--objective", "min_sites", "--number", "2"], "opens as many as it takes"),
    ],
)
def test_what_is_wrong_is_named(
    files: list[str], options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_with([*files, *options]) == 2
    assert words in capsys.readouterr().err


def test_a_solve_stopped_without_a_plan_and_an_interrupt_have_codes_of_their_own(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rescuesim.scenario import siting_run

    usual = siting_run.run_siting

    def stopped(*arguments: object, **options: object) -> siting_run.SitingOutcome:
        outcome = usual(*arguments, **options)  # type: ignore[arg-type]
        return replace(outcome, solution=replace(outcome.solution, status="unknown"))

    def interrupted(*arguments: object, **options: object) -> siting_run.SitingOutcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(siting_run, "run_siting", stopped)
    assert left_with([*files, "--number", "2"]) == 4
    monkeypatch.setattr(siting_run, "run_siting", interrupted)
    assert left_with([*files, "--number", "2"]) == 130


def test_units_of_expected_and_reliable_coverage_are_asked_on_the_command_line(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    units = ["--units", "3", "--units-per-site", "2", "--busy", "0.5"]
    assert left_with([*files, "--objective", "max_expected_coverage", *units, "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    assert expected["status"] == "optimal"
    # two units where 110 of 140 people are in time of one another's site, and the third where the rest is
    reliable = ["--objective", "max_reliable_coverage", *units, "--reliability", "0.7", "--json"]
    assert left_with([*files, *reliable]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["objective"] <= expected["objective"] / 0.7
    assert left_with([*files, "--objective", "max_expected_coverage", "--units", "3"]) == 2
    assert "busy_fraction" in capsys.readouterr().err
    assert left_with([*files, "--number", "2", "--units", "3"]) == 2
    assert "no n_units with max_coverage" in capsys.readouterr().err


def test_backup_is_weighed_against_first_cover_on_the_command_line(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    backup = [*files, "--objective", "max_backup_coverage", "--number", "2"]
    assert left_with(backup) == 3
    assert "n_sites of 3 or more, or cover_all=False" in capsys.readouterr().err
    assert left_with([*backup, "--weigh-backup", "--json"]) == 0
    half = json.loads(capsys.readouterr().out)["objective"]
    assert left_with([*backup, "--weigh-backup", "--backup-share", "0", "--json"]) == 0
    assert half < json.loads(capsys.readouterr().out)["objective"] == 110
    assert left_with([*backup, "--backup-share", "0.2"]) == 2
    assert "cover_all = false" in capsys.readouterr().err


def test_coverage_over_the_states_of_closed_roads_is_asked_on_the_command_line(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*files, "--number", "2", "--json"]
    assert left_with([*asked, "--risk", "worst"]) == 2
    assert "closed roads to rate it over" in capsys.readouterr().err
    closures = tmp_path / "closures.csv"
    columns = {"label": ["桥"], "lon": [119.305], "lat": [28.70], "closed_at_h": [0], "reopened_at_h": [36]}
    pd.DataFrame(columns).to_csv(closures, index=False)
    found = {}
    for name, risk in (("mean", ["mean"]), ("worst", ["worst"]), ("cvar", ["cvar", "--tail", "0.5"])):
        assert left_with([*asked, "--closures", str(closures), "--risk", *risk]) == 0
        found[name] = json.loads(capsys.readouterr().out)["objective"]
    assert left_with(asked) == 0
    intact = json.loads(capsys.readouterr().out)["objective"]
    # closed for 36 of 72 hours
    assert found["mean"] == pytest.approx((intact + found["worst"]) / 2)
    assert found["cvar"] == found["worst"] < intact
    assert left_with([*asked, "--closures", str(closures), "--risk", "cvar"]) == 2
    assert "probability of the worst states" in capsys.readouterr().err
