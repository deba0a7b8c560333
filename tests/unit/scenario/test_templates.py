"""Templates of an empty scenario: what they hold, that they can be filled in, that they overwrite nothing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pydantic import BaseModel

from rescuesim._tables import check_table, header_word, read_text_table
from rescuesim._words import Lang
from rescuesim.candidates import load_sites, site_columns
from rescuesim.crew import default_crews
from rescuesim.demand import load_demand
from rescuesim.demand.points import CALL_TYPES, DEMAND_COLUMNS
from rescuesim.disruption.tables import CLOSURE_COLUMNS
from rescuesim.errors import DataFileError, InputError
from rescuesim.scenario.model import Scenario, load_scenario
from rescuesim.scenario.templates import _model_of, _words, write_templates
from rescuesim.simulation.replay.closures import RECORDED_CLOSURE_COLUMNS
from rescuesim.simulation.replay.recorded import INCIDENT_COLUMNS

LEFT_OUT = {"zone_basis", *(f"calls_{name}" for name in CALL_TYPES)}  # are made by the package, or in few hands
TABLES = {
    "sites": site_columns(default_crews()),
    "demand": tuple(column for column in DEMAND_COLUMNS if column.name not in LEFT_OUT),
    "closures": CLOSURE_COLUMNS,
    "incidents": INCIDENT_COLUMNS,
    "recorded_closures": RECORDED_CLOSURE_COLUMNS,
}
FILES = ("closures.xlsx", "scenario.toml", "sites.xlsx", "villages.xlsx", "incidents.xlsx", "recorded_closures.xlsx")
BOOKS = (
    ("sites", FILES[2]),
    ("demand", FILES[3]),
    ("closures", FILES[0]),
    ("incidents", FILES[4]),
    ("recorded_closures", FILES[5]),
)


def keys_of(model: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for key, field in model.model_fields.items():
        if not field.exclude:
            found.append(f"{prefix}{key}")
            if (inner := _model_of(field.annotation)) is not None:
                found += keys_of(inner, f"{prefix}{key}.")
    return found


def fill(path: Path, rows: list[list[object]]) -> Path:
    """Put rows in place of the example row, as somebody with Excel does."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    sheet.delete_rows(2)
    for at, row in enumerate(rows, 2):
        for column, cell in enumerate(row, 1):
            sheet.cell(at, column).value = cell  # type: ignore[assignment]
    book.save(path)
    return path


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_scenario_file_loads_and_holds_every_key_with_its_default(tmp_path: Path, lang: Lang) -> None:
    path = write_templates(tmp_path / "county", lang=lang)
    assert sorted(file.name for file in path.parent.iterdir()) == sorted(FILES)
    scenario = load_scenario(path)
    wanted = Scenario.model_validate(
        {
            "name": scenario.name,
            "network": {"file": "county.osm.pbf"},
            "sites": {"file": "sites.xlsx", "crs": "wgs84"},
            "demand": {"file": "villages.xlsx", "crs": "wgs84"},
            "siting": {"n_sites": 12},
        }
    )
    assert scenario.model_dump() == wanted.model_dump()
    text = path.read_text(encoding="utf-8")
    switched_on = re.sub(r"(?m)^#(?=[\w\[])", "", text)
    # a sequence of objectives that takes every option there is
    every = ["max_coverage", "max_expected_coverage", "max_reliable_coverage", "min_max_time", "max_backup_coverage"]
    switched_on = switched_on.replace('objective = "max_coverage"', f"objective = {every}")
    switched_on = switched_on.replace('policy = "nearest"', 'policy = "pooled"')  # which takes groups and patience
    (tmp_path / "county" / "all.toml").write_text(switched_on, encoding="utf-8")
    load_scenario(tmp_path / "county" / "all.toml")
    written, nested, known = set(), tomllib.loads(switched_on), keys_of(Scenario)
    stack = [("", nested)]
    while stack:
        prefix, table = stack.pop()
        for key, value in table.items():
            written.add(f"{prefix}{key}")
            inner = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
            if isinstance(inner, dict) and f"{prefix}{key}." in {name[: len(prefix) + len(key) + 1] for name in known}:
                stack.append((f"{prefix}{key}.", inner))
    assert written == set(keys_of(Scenario))


def test_every_key_and_every_column_is_explained_in_both_languages() -> None:
    assert not LEFT_OUT & set(_words()["tables"]["demand"]["columns"])
    assert set(keys_of(Scenario)) <= set(_words()["scenario"]["keys"])
    for table, columns in TABLES.items():
        known = _words()["tables"][table]["columns"]
        for column in columns:
            assert all(known[column.name]["means"]), (table, column.name)
            assert all(known[column.name]["unit"]), (table, column.name)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("table", "file"), BOOKS)
def test_a_workbook_has_instructions_headers_lists_and_text_columns(
    tmp_path: Path, lang: Lang, table: str, file: str
) -> None:
    write_templates(tmp_path, lang=lang)
    columns = TABLES[table]
    about, data = openpyxl.load_workbook(tmp_path / file).worksheets
    assert about.title == ("说明" if lang == "zh" else "instructions")
    assert [cell.value for cell in data[1]] == [header_word(column.name, lang) for column in columns]
    assert all(cell.comment is not None and cell.comment.text for cell in data[1])
    assert data.freeze_panes == "A2"
    lists = {str(rule.sqref).split(":")[0]: rule for rule in data.data_validations.dataValidation}
    for at, column in enumerate(columns, 1):
        letter = openpyxl.utils.get_column_letter(at)
        if column.choices:
            rule = lists[f"{letter}2"]
            words = rule.formula1.strip('"').split(",")
            assert rule.type == "list"
            assert len(words) == len(column.choices)
            frame = pd.DataFrame({column.name: words})
            meant, faults = check_table(read_text_table(frame, label="t", columns=[column]), [column])
            assert (meant[column.name].to_list(), faults) == (list(column.choices), [])
        elif column.number:
            assert lists[f"{letter}2"].type in ("decimal", "whole")
        else:
            groups = [group for group in data.column_dimensions.values() if group.min <= at <= group.max]
            assert [group.number_format for group in groups] == ["@"]
    listed = {cell.value for row in about.iter_rows() for cell in row}
    assert {header_word(column.name, lang) for column in columns} <= listed


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_example_row_that_is_left_is_the_only_fault(tmp_path: Path, lang: Lang) -> None:
    write_templates(tmp_path, lang=lang)
    for table, file in BOOKS:
        columns = TABLES[table]
        frame, faults = check_table(read_text_table(tmp_path / file, label="", columns=columns), columns)
        assert frame.empty
        assert [fault.row for fault in faults] == [2]
        assert faults[0].expected == "no example row; delete it: it only shows how to fill in the template"


def test_the_example_row_is_right_in_every_cell(tmp_path: Path) -> None:
    write_templates(tmp_path)
    for file, load in ((FILES[2], load_sites), (FILES[3], load_demand)):
        path = tmp_path / file
        book = openpyxl.load_workbook(path)
        book.worksheets[1]["A2"] = "S1"
        book.save(path)
        assert len(load(path)) == 1


def test_templates_filled_in_give_what_a_table_in_memory_gives(tmp_path: Path) -> None:
    write_templates(tmp_path)
    sites = fill(
        tmp_path / "sites.xlsx",
        [
            ["330382001", "东山站", 119.3, 28.7, "站点", "已有", 0, "东山镇", "消防救援大队", "消防救援站", 2],
            ["330382002", "西溪站", 119.31, 28.71, "物资库", "候选", 35.5, "西溪乡", "村", "村应急突击队", 1],
        ],
    )
    wanted = pd.DataFrame(
        {
            "id": ["330382001", "330382002"],
            "name": ["东山站", "西溪站"],
            "lon": [119.3, 119.31],
            "lat": [28.7, 28.71],
            "kind": ["station", "depot"],
            "status": ["existing", "candidate"],
            "cost": [0, 35.5],
            "township": ["东山镇", "西溪乡"],
            "host": ["brigade", "village"],
            "crew": ["brigade", "village_on_call"],
            "units": [2, 1],
        }
    )
    pd.testing.assert_frame_equal(load_sites(sites).to_frame(), load_sites(wanted).to_frame())
    villages = fill(
        tmp_path / "villages.xlsx",
        [
            ["007", "上村", 119.3, 28.7, "建成区", 820, 3, 900, "东山镇", "居民点", "一网格", "张三"],
            ["008", "中学", 119.31, 28.71, "城郊", 400, None, None, "西溪乡", "学校", "二网格", "李四"],
        ],
    )
    wanted = pd.DataFrame(
        {
            "id": ["007", "008"],
            "name": ["上村", "中学"],
            "lon": [119.3, 119.31],
            "lat": [28.7, 28.71],
            "zone": ["built_up", "suburb"],
            "people": [820, 400],
            "calls_per_year": [3, None],
            "weight": [900, None],
            "township": ["东山镇", "西溪乡"],
            "kind": ["residential", "school"],
            "grid": ["一网格", "二网格"],
            "grid_person": ["张三", "李四"],
        }
    )
    pd.testing.assert_frame_equal(load_demand(villages).to_frame(), load_demand(wanted).to_frame())


def test_files_that_are_there_are_listed_and_nothing_is_written(tmp_path: Path) -> None:
    for name in ("villages.xlsx", "scenario.toml"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(InputError) as caught:
        write_templates(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: scenario.toml, villages.xlsx there would be overwritten; expected a folder without them"
    )
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "villages.xlsx": "mine",
        "scenario.toml": "mine",
    }


def test_a_file_is_no_folder_for_templates(tmp_path: Path) -> None:
    (tmp_path / "county").write_text("x")
    with pytest.raises(DataFileError, match="expected a folder that can be written to"):
        write_templates(tmp_path / "county")


def test_the_same_templates_have_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_templates(tmp_path / name)
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
