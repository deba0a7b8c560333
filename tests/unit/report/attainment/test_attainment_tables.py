"""The attainment tables and lines of the report, on a comparison made by hand, in both languages."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from fake_comparison import BROKEN, comparison

from rescuesim.errors import UnknownIdError
from rescuesim.report.attainment.words import say
from rescuesim.report.page_attainment import attainment_lines, kept_table, phases_table, zones_table


def rows_of(block: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: row["cells"] for row in block["rows"]}


def test_the_binding_limit_is_marked_and_no_other() -> None:
    intact, broken = kept_table(comparison(), "en")
    assert broken["plans"] == ["today", "plan"]
    cells = rows_of(intact)
    assert list(cells)[-1] == "all limits"
    assert cells["handling started within 300 s of the first attempt"][1] == {
        "value": "69.8% [60.0%, 79.0%]",
        "binding": "binding; 20 missed by this alone",
    }
    assert [cell["binding"] for cell in cells["rolling within 180 s of the first attempt"]] == ["", ""]
    assert "首次拨打后 300 秒内启动处置" in rows_of(kept_table(comparison(), "zh")[0])


def test_only_disasters_have_phases_and_thin_or_endless_times_are_not_numbers() -> None:
    (block,) = phases_table(comparison(), "en")
    assert block["condition"] == BROKEN
    cells = rows_of(block)  # type: ignore[arg-type]
    assert list(cells) == ["0–6 h", "6–24 h"]  # nothing rang before the impact
    assert cells["0–6 h"][:5] == ["20.0% [10.0%, 30.0%]", "400", "never", "60", "no open road led there"]
    assert cells["6–24 h"][2] == "–"
    none = comparison()
    none.phases = pd.DataFrame()
    assert phases_table(none, "zh") == []


def test_zones_show_the_three_figures_side_by_side() -> None:
    block = zones_table(comparison(), "zh")[0]
    assert rows_of(block)["建成区"][:4] == ["50.0%", "40.0%", "60.0% [50.0%, 70.0%]", "43"]  # type: ignore[arg-type]


def test_lines_say_what_binds_and_why_calls_were_missed() -> None:
    lines = attainment_lines(comparison(), "en")
    assert lines[0] == (
        "intact, today, quick_rescue_135: the binding limit is handling started within 300 s of the first attempt; "
        "20 calls missed it alone, 26 in all."
    )
    assert lines[-1] == (
        f"{BROKEN}, plan, why calls were missed: the drive took too long 20; no unit could be sent and the call was "
        "lost 3; flooded gate 1."
    )
    assert attainment_lines(comparison(), "zh")[-1].startswith(f"{BROKEN}，方案，未达标原因：行车过久 20、")
    single = comparison()
    single.kept = single.kept[single.kept["stage"].isin(["handling", "all"])]
    assert not any("binding" in line for line in attainment_lines(single, "en"))  # one limit alone always binds


def test_a_text_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownIdError, match="did you mean binding"):
        say("bindin", "en")
