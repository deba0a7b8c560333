from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from fake_comparison import BROKEN, HOSTILE, comparison

from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import RoadNetwork
from rescuesim.report.labels import NOTHING, Lang
from rescuesim.report.map_page import embedded_json, write_page
from rescuesim.report.page_data import packed_lines


class Page(HTMLParser):
    """What a browser would see: text outside scripts, the scripts, and addresses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.addresses: list[str] = []
        self.headings: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.words.append(data)
            if self._inside == "h2":
                self.headings.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts[0])  # type: ignore[no-any-return]


def page(town: RoadNetwork, path: Path, *, table: Any = None, lang: Lang = "en", title: str = "County") -> Page:
    write_page(
        comparison() if table is None else table,
        town,
        path,
        title=title,
        closed_roads={BROKEN: [1, 3]},
        lang=lang,
        definition="handled within 300 s of the ring\nin the built-up area",
        extra_notes=["a note of the caller"],
    )
    return Page(path.read_text(encoding="utf-8"))


def test_the_definition_of_the_standard_stands_first(town: RoadNetwork, tmp_path: Path) -> None:
    read = page(town, tmp_path / "report.html")
    assert read.headings[0] == "The response standard used"
    assert "handled within 300 s of the ring" in read.text


def test_the_three_figures_have_a_table_each_with_intervals_and_paired_differences(
    town: RoadNetwork, tmp_path: Path
) -> None:
    html = (page(town, tmp_path / "report.html"), (tmp_path / "report.html").read_text(encoding="utf-8"))[1]
    parts = re.findall(r'<div class="figure (\w+)">(.*?)</table>', html, flags=re.S)
    assert [name for name, _ in parts] == ["built_coverage", "available_coverage", "attainment"]
    attainment = parts[2][1]
    assert "[52.0%, 68.0%]" in attainment
    assert "+20.0 [+11.3, +29.0]" in attainment
    assert "40 replications" in attainment
    assert "[" not in re.sub(r"<[^>]*>", "", parts[0][1])  # static figures have no interval


def test_full_shares_are_counts_and_near_ones_stay_below_a_hundred_percent(town: RoadNetwork, tmp_path: Path) -> None:
    read = page(town, tmp_path / "report.html")
    assert "86 of 86 calls" in read.text
    assert "70 of 70 calls" in read.text  # a township
    assert "99.9%" in read.text  # 0.99996 of the people
    assert not re.search(r"100(\.0)?\s?%", read.text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_names_reach_the_page_as_text_only(town: RoadNetwork, tmp_path: Path, lang: Lang) -> None:
    read = page(town, tmp_path / "report.html", lang=lang, title=HOSTILE)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count("<script") == 3
    assert HOSTILE not in html
    assert read.text.count(HOSTILE) >= 3  # the title, the heading, the table of uncovered points
    assert HOSTILE in read.data["points"]["name"]
    assert read.data["plans"][1]["sites"][1]["name"] == "溪口<b>站"
    assert "说明 <i>" in read.text


def test_the_page_asks_for_nothing_from_outside(town: RoadNetwork, tmp_path: Path) -> None:
    read = page(town, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert read.addresses == []
    addresses = set(re.findall(r"(?:src|href)\s*=\s*[\"'\\]*(https?://[^\"'\\ ]+)", html))
    assert addresses == {"https://www.openstreetmap.org/copyright"}
    assert not re.search(r"url\((?!#default)", html)
    assert "default-src 'none'" in html


def test_embedded_json_cannot_end_its_script(town: RoadNetwork) -> None:
    content = {"name": "</script><!-- & \u2028\u2029 村"}
    written = embedded_json(content)
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == content


def test_points_say_why_they_are_missed(town: RoadNetwork, tmp_path: Path) -> None:
    data = page(town, tmp_path / "report.html").data
    broken = data["views"][3]  # the second condition, the second plan
    assert broken["state"] == "cmcw"
    assert data["reasons"][broken["reason"][1]] == "the road it lies on is closed"
    assert broken["seconds"] == [60, None, 90, 300]
    assert broken["limit"] == [110, 650, 638, None]
    assert broken["site"] == ["城区站", "", "溪口<b>站", "城区站"]
    assert broken["attainment"][0] == "60 of 60 calls"


def test_closed_roads_are_drawn_in_their_condition_only(town: RoadNetwork, tmp_path: Path) -> None:
    data = page(town, tmp_path / "report.html").data
    assert [condition["closed"] for condition in data["conditions"]] == [[], [1, 3]]
    assert set(data["closed"]) == {"1", "3"}


def test_views_are_joined_by_id_whatever_their_order(town: RoadNetwork, tmp_path: Path) -> None:
    table = comparison()
    straight = page(town, tmp_path / "a.html", table=table).data
    last = table.points.index[-4:]
    table.points = table.points.loc[[*table.points.index[:-4], *reversed(last)]]
    assert page(town, tmp_path / "b.html", table=table).data == straight


def test_views_of_different_points_are_refused(town: RoadNetwork, tmp_path: Path) -> None:
    table = comparison()
    table.points = table.points.iloc[:-1]
    with pytest.raises(InputError, match="same points"):
        page(town, tmp_path / "report.html", table=table)
    assert not (tmp_path / "report.html").exists()


def test_a_plan_that_was_not_tried_in_a_condition_has_no_view(town: RoadNetwork, tmp_path: Path) -> None:
    table = comparison()
    for name in ("points", "headline", "townships", "stages", "misses", "differences"):
        frame = getattr(table, name)
        setattr(table, name, frame[(frame["condition"] == "intact") | (frame["plan"] == "today")])
    assert page(town, tmp_path / "report.html", table=table).data["views"][3] is None


def test_unknown_conditions_roads_and_languages_are_refused(town: RoadNetwork, tmp_path: Path) -> None:
    for closed, lang, said in (({"storm": [1]}, "zh", "storm"), ({BROKEN: [99]}, "zh", "99"), ({}, "fr", "'fr'")):
        with pytest.raises(UnknownIdError, match=said):
            write_page(
                comparison(),
                town,
                tmp_path / "r.html",
                title="t",
                closed_roads=closed,
                lang=lang,
                definition="d",  # type: ignore[arg-type]
            )


def test_misses_stages_notes_and_new_sites_are_said_in_words(town: RoadNetwork, tmp_path: Path) -> None:
    text = page(town, tmp_path / "report.html").text
    for words in ("the drive took too long", "20 (23.3%)", "flooded gate", "No call was missed", "溪口<b>站"):
        assert words in text
    assert "cost not given for 2 of 2 sites" in text
    assert "a note of the caller" in text


def test_the_villages_with_most_missed_calls_are_told_with_limit_and_reason(town: RoadNetwork, tmp_path: Path) -> None:
    page(town, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    villages = html[html.index('<section id="villages">') : html.index('<section id="uncovered">')]
    for words in ("下村 &lt;b&gt; v1", "no open road led there", "on scene ≤ 900 s", "22.2% [10.0%, 50.0%]", ">7<"):
        assert words in villages
    nobody = comparison()
    nobody.villages = nobody.villages.iloc[:0]
    page(town, tmp_path / "none.html", table=nobody)
    assert '<section id="villages">' not in (tmp_path / "none.html").read_text(encoding="utf-8")


def test_a_percentile_of_a_thin_simulation_is_withheld(town: RoadNetwork, tmp_path: Path) -> None:
    page(town, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    stages = html[html.index('<section id="stages">') : html.index('<section id="misses">')]
    intact, broken = stages.split("<h3>")[1:]
    assert ">71<" in intact
    assert ">71<" not in broken


def test_many_uncovered_points_are_cut_to_the_hundred_with_the_most_people(town: RoadNetwork, tmp_path: Path) -> None:
    import pandas as pd

    table = comparison()
    parts = []
    for number in range(150):
        part = table.points[table.points["id"] == "d2"].copy()
        parts.append(part.assign(id=f"x{number}", name=f"village {number}", people=1000.0 + number))
    table.points = pd.concat([table.points, *parts], ignore_index=True)
    text = page(town, tmp_path / "report.html", table=table).text
    assert "village 149" in text
    assert "village 3 " not in text
    assert "are on the map" in text


def test_lines_are_packed_as_steps_and_simplified_to_fifteen_metres() -> None:
    bent = shapely.LineString([(119.3, 28.7), (119.301, 28.70005), (119.302, 28.7), (119.302, 28.71)])
    packed = packed_lines(np.array([bent, shapely.LineString([(119.31, 28.7), (119.3, 28.69)])]))
    assert packed == [[11930000, 2870000, 200, 0, 0, 1000], [11931000, 2870000, -1000, -1000]]
    assert packed_lines(np.array([], dtype=object)) == []


def test_the_packed_line_stays_within_the_tolerance_of_the_road() -> None:
    angle = np.linspace(0, math.pi, 200)
    road = shapely.LineString(np.column_stack([119.3 + 0.01 * np.cos(angle), 28.7 + 0.01 * np.sin(angle)]))
    steps = np.array(packed_lines(np.array([road]))[0]).reshape(-1, 2)
    back = shapely.LineString(np.cumsum(steps, axis=0) / 1e5)
    assert len(steps) < 40
    assert road.hausdorff_distance(back) * 111_320 < 15 + 1.5


def test_the_page_is_the_same_every_time(town: RoadNetwork, tmp_path: Path) -> None:
    page(town, tmp_path / "a.html")
    page(town, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ("力量编成（分站点）", "白班在册", "夜班在册", "编制人数")),
        ("en", ("Staff by site", "roster, day", "whole roster")),
    ],
)
def test_the_people_of_every_open_site_stand_by_shift_with_their_sum(
    town: RoadNetwork, tmp_path: Path, lang: Lang, words: tuple[str, ...]
) -> None:
    columns = ["id", "name", "kind", "status", "crew", "units", "turn_out", "people_day", "people_night"]
    force = pd.DataFrame(
        [
            ["s1", "城区站", "station", "existing", "brigade", 3, 15, 17, 18, False, 36],
            ["s2", HOSTILE, "station", "candidate", "mounted", 1, pd.NA, pd.NA, pd.NA, False, pd.NA],
        ],
        columns=[*columns, "same_people", "roster"],
    )
    path = tmp_path / "report.html"
    write_page(comparison(), town, path, title="t", closed_roads={}, lang=lang, definition="d", force={"plan": force})
    html = path.read_text(encoding="utf-8")
    section = html[html.index('<section id="force">') : html.index('<section id="notes">')]
    assert all(one in section for one in words)
    assert HOSTILE not in section
    cells = [re.findall(r'<td class="number">([^<]*)</td>', row) for row in section.split("<tr")]
    assert ["3", "15", "17", "18", "36"] in cells
    assert ["1", NOTHING, NOTHING, NOTHING, NOTHING] in cells
    assert ["4", "15", "17", "18", "36"] in cells
