"""The map of critical roads and the worst of them in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import geopandas
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from placed_points import on_road

import rescuesim as rs
from rescuesim.errors import InputError
from rescuesim.report import fonts
from rescuesim.report.critical_roads import _LOSSES, critical_roads_in_words, plot_critical_roads
from rescuesim.report.labels import ATTRIBUTION


@pytest.fixture(scope="module")
def guixi_case(guixi: rs.RoadNetwork) -> tuple[geopandas.GeoDataFrame, tuple[rs.PlanSite, ...]]:
    """Return the losses of a county seat with three stations and forty villages, and the stations."""
    rng = np.random.default_rng(1)
    roads = rng.choice(guixi.n_roads, 43, replace=False).tolist()
    spots = pd.concat([on_road(guixi, road, [guixi.road_length_m[road] / 2], f"p{road}-") for road in roads])
    spots = spots.reset_index(drop=True)
    sites = rs.load_sites(spots.iloc[:3].assign(status="existing", crew="brigade"))
    villages = spots.iloc[3:].assign(zone="suburb", people=rng.integers(10, 4000, 40), name=spots["id"] + "村")
    frame = rs.critical_roads(guixi, sites, rs.load_demand(villages), rs.load_standard())
    return frame, rs.Plan.today(sites).sites


@pytest.fixture
def frame(guixi_case: tuple[geopandas.GeoDataFrame, tuple[rs.PlanSite, ...]]) -> geopandas.GeoDataFrame:
    """Return the losses alone."""
    return guixi_case[0].copy()


@pytest.fixture
def no_chinese_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "_FAMILIES", ("No Such Font",))
    monkeypatch.setattr(fonts, "_add_new_fonts", lambda: None)
    fonts.chinese_font.cache_clear()
    yield
    fonts.chinese_font.cache_clear()


def drawn(axes: object) -> Figure:
    """Draw the figure that holds the axes; warnings are errors, so a missing glyph fails the test."""
    figure = axes.get_figure(root=True)  # type: ignore[attr-defined]
    figure.canvas.draw()
    return figure


def written(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def segments_by_colour(axes: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in axes.collections:  # type: ignore[attr-defined]
        if isinstance(part, LineCollection) and len(part.get_segments()):
            colour = to_hex(part.get_colors()[0])
            found[colour] = found.get(colour, 0) + len(part.get_segments())
    return found


# --- the map -------------------------------------------------------------------------------------


def test_every_road_is_drawn_once_and_the_darker_the_more_it_loses(frame: geopandas.GeoDataFrame) -> None:
    ax = plot_critical_roads(frame)
    drawn(ax)
    counted = segments_by_colour(ax)
    assert sum(counted.values()) == len(frame)
    harmful = frame[frame["points_lost"] > 0]
    assert sum(counted.get(colour, 0) for colour, _ in _LOSSES) == len(harmful)
    most = float(frame["people_lost"].max())
    top = max(step * 10.0**k for k in range(-1, 7) for step in (1, 2, 5) if step * 10.0**k <= most)
    assert counted[_LOSSES[-1][0]] == (frame["people_lost"] >= top).sum()


def test_the_map_names_the_worst_roads_without_overlaps(
    guixi_case: tuple[geopandas.GeoDataFrame, tuple[rs.PlanSite, ...]],
) -> None:
    frame, sites = guixi_case
    ax = plot_critical_roads(frame, sites=sites, n_named=10)
    figure = drawn(ax)
    names = [text for text in ax.texts if isinstance(text, Annotation)]
    assert len(names) >= 5
    assert names[0].get_text().startswith("1. ")
    assert f"{frame['people_lost'].max():,.0f} 人" in names[0].get_text()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [Text.get_window_extent(text, renderer) for text in names]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(ax.bbox.x0 <= box.x0 and box.x1 <= ax.bbox.x1 for box in boxes)


def test_the_map_says_what_it_shows_in_both_languages(
    guixi_case: tuple[geopandas.GeoDataFrame, tuple[rs.PlanSite, ...]],
) -> None:
    frame, sites = guixi_case
    chinese = written(drawn(plot_critical_roads(frame, sites=sites)))
    english = written(drawn(plot_critical_roads(frame, sites=sites, lang="en")))
    covered = f"{frame['people_covered'].iloc[0]:,.0f}"
    for words, wanted in ((chinese, "这条路一断，多少人失去覆盖"), (english, "People who lose cover")):
        assert wanted in words
        assert covered in words
        assert ATTRIBUTION in words
    assert "消防救援站（已有）" in chinese
    assert "nobody" in english


@pytest.mark.usefixtures("no_chinese_font")
def test_without_a_chinese_font_the_map_speaks_english(frame: geopandas.GeoDataFrame) -> None:
    assert "People who lose cover" in written(drawn(plot_critical_roads(frame)))


def test_the_map_draws_on_given_axes_and_in_degrees_whatever_the_system(frame: geopandas.GeoDataFrame) -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert plot_critical_roads(frame.to_crs("EPSG:3857"), ax=ax) is ax
    drawn(ax)
    west, south, east, north = frame.total_bounds
    assert ax.get_xlim()[0] < west < east < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < south < north < ax.get_ylim()[1]


@pytest.mark.parametrize("people", [0.0, 0.4, 3.0])
def test_a_county_that_loses_little_is_drawn_too(frame: geopandas.GeoDataFrame, people: float) -> None:
    few = frame.assign(people_lost=people, points_lost=int(people > 0))
    figure = drawn(plot_critical_roads(few))
    assert ("2 人及以上" in written(figure)) == (people == 3.0)
    drawn(plot_critical_roads(few.iloc[:1]))


# --- in words ------------------------------------------------------------------------------------


def test_the_words_name_the_worst_roads_and_what_was_not_counted(frame: geopandas.GeoDataFrame) -> None:
    said = critical_roads_in_words(frame, n=3)
    lines = said.split("\n")
    worst = frame.iloc[0]
    assert f"{(frame['points_lost'] > 0).sum()} 条一断就有人失去覆盖" in lines[0]
    assert lines[1].startswith("1. ")
    assert f"这条路一断，{worst['people_lost']:,.0f} 人失去覆盖" in lines[1]
    assert len(lines) == 1 + 3 + len(frame.attrs["notes"])
    assert "单条损失不能相加" in said
    english = critical_roads_in_words(frame, lang="en", n=3)
    assert f"it costs {worst['people_lost']:,.0f} people cover" in english
    assert "single closures do not add up" in english


def test_stretches_that_lose_the_same_points_are_told_once(frame: geopandas.GeoDataFrame) -> None:
    twice = frame.copy()
    same = ["name", "people_lost", "points_lost", "most_people_lost", "sites_on_road", "share_lost"]
    for column in same:
        twice.loc[1, column] = twice.loc[0, column]
    lines = critical_roads_in_words(twice, n=2).split("\n")
    assert "其中 2 段，断任何一段都是如此" in lines[1]
    assert lines[2].startswith("3. ")


def test_a_frame_read_from_a_file_still_speaks(frame: geopandas.GeoDataFrame) -> None:
    bare = frame.copy()
    bare.attrs.clear()
    assert len(critical_roads_in_words(bare, n=2).split("\n")) == 3
    # rows that were filtered know what was covered before
    assert f"{frame['people_covered'].iloc[0]:,.0f} 人" in critical_roads_in_words(bare.iloc[4:], n=1)


def test_another_frame_is_refused(frame: geopandas.GeoDataFrame) -> None:
    for show in (plot_critical_roads, critical_roads_in_words):
        with pytest.raises(InputError, match="'people_lost' is missing"):
            show(frame.drop(columns="people_lost"))
        with pytest.raises(InputError, match="without roads"):
            show(frame.iloc[:0])
