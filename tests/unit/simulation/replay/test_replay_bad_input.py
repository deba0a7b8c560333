"""What is wrong with a table of incidents is said at once."""

from __future__ import annotations

import pandas as pd
import pytest

from rescuesim.errors import InputError


def test_one_message_has_every_fault_of_both_tables(replayed):
    rows = pd.DataFrame(
        {
            "报警时间": ["2025-03-01", "2025-03-01 08:00", "2025-03-01 09:00", "2025-03-01 10:00"],
            "地点": ["下村", "无此村", "上村", "下村"],
            "警情类型": ["火灾", "火宅", "火灾", "火灾"],
            "出动站点": ["城区站", "城区站", "成区站", "s1"],
            "到场时间": ["", "八点", "", ""],
            "行车用时": ["", "", "十分钟", ""],
            "车组": ["", "", "", "s2#1"],
        }
    )
    shut = pd.DataFrame({"road": [99999], "closed_at": ["昨天"]})
    with pytest.raises(InputError) as raised:
        replayed(rows, closures=shut)
    said = str(raised.value)
    for words in (
        "'2025-03-01', expected a day and a time of day",
        "'无此村', expected the name of one village",
        "'火宅', expected a type of call",
        "(--type 火宅=rescue, say)",
        "'上村', expected the name of one village of demand table, or an address with it; 2 points have this name",
        "'成区站', expected id or name of a station of plan today",
        "'八点', expected a moment",
        "'十分钟', expected a number",
        "'s2#1', expected a unit of s1",
        "'昨天', expected a day and a time of day",
    ):
        assert words in said


def test_a_table_without_rings_is_refused(replayed):
    with pytest.raises(InputError, match="time"):
        replayed(pd.DataFrame({"地点": ["下村"], "出动站点": ["s1"]}))


def test_a_table_of_which_no_row_can_be_true_is_refused_with_the_reasons(replayed):
    rows = pd.DataFrame({"报警时间": ["2025-03-01 08:00:00"], "需求点编号": ["v1"], "到场时间": ["07:59:00"]})
    with pytest.raises(InputError, match="no row is left; row 1: on_scene_at 2025-03-01 07:59:00 is before time"):
        replayed(rows)


def test_half_a_position_is_a_fault(replayed):
    rows = pd.DataFrame({"报警时间": ["2025-03-01 08:00"], "lon": ["119.3"], "lat": [""], "出动站点": ["s1"]})
    with pytest.raises(InputError, match="both lon and lat, or neither"):
        replayed(rows)


def test_a_file_in_gb18030_and_a_workbook_give_the_same(replayed, tmp_path):
    rows = pd.DataFrame(
        {
            "警情编号": ["a", "b"],
            "报警时间": ["2025-03-01 08:00:10", "2025-03-01 21:00:00"],
            "地点": ["下村", "下村"],
            "出动站点": ["城区站", "东站"],
            "派警时间": ["08:01:00", ""],
            "出动时间": ["08:02:00", ""],
            "行车用时(分钟)": ["", "3.5"],
        }
    )
    text, book = tmp_path / "警情.csv", tmp_path / "警情.xlsx"
    text.write_bytes(rows.to_csv(index=False).encode("gb18030"))
    rows.to_excel(book, index=False)
    stages = [replayed(path).stages for path in (text, book)]
    assert stages[0].equals(stages[1])
    assert stages[0]["stage"].tolist() == ["answering + order", "turnout", "travel"]
