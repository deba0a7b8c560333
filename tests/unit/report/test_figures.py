from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_comparison import BROKEN, comparison
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from rescuesim.errors import UnknownIdError
from rescuesim.network import RoadNetwork
from rescuesim.report import figures, fonts
from rescuesim.report.county_map import road_groups


@pytest.fixture
def no_chinese_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "_FAMILIES", ("No Such Font",))
    monkeypatch.setattr(fonts, "_add_new_fonts", lambda: None)
    fonts.chinese_font.cache_clear()
    yield
    fonts.chinese_font.cache_clear()


def written(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def drawn(axes: object) -> Figure:
    """Draw the figure that holds the axes; warnings are errors, so a missing glyph fails the test."""
    figure = axes.get_figure(root=True)  # type: ignore[attr-defined]
    figure.canvas.draw()
    return figure


def test_the_county_shows_closed_roads_attribution_and_scale(town: RoadNetwork) -> None:
    ax = figures.plot_county(comparison(), town, plan="plan", condition=BROKEN, closed_roads=[1], lang="en")
    words = written(drawn(ax))
    assert "© OpenStreetMap contributors" in words
    assert "500 m" in words
    assert "closed road" in words
    lines = [part for part in ax.collections if isinstance(part, LineCollection)]
    red = [part for part in lines if part.get_colors()[0][0] > 0.8 and part.get_colors()[0][1] < 0.2]
    assert [len(part.get_segments()) for part in red] == [1]


def test_the_county_is_drawn_true_to_shape(town: RoadNetwork) -> None:
    ax = figures.plot_county(comparison(), town, plan="today", condition="intact")
    assert ax.get_aspect() == pytest.approx(1 / 0.877, rel=0.01)  # 1 / cos(28.7 degrees)


def test_the_county_names_new_sites_and_townships_in_the_fonts_at_hand(town: RoadNetwork) -> None:
    words = written(drawn(figures.plot_county(comparison(), town, plan="plan", condition="intact")))
    for name in ("溪口<b>站", "城关镇") if fonts.chinese_font() else ():
        assert name in words


def test_figures_draw_on_the_axes_they_are_given(town: RoadNetwork) -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    first, second, third = figure.subplots(1, 3)
    table = comparison()
    assert figures.plot_county(table, town, plan="plan", condition="intact", ax=first) is first
    assert figures.plot_headline(table, ax=second) is second
    assert figures.plot_stages(table, plan="plan", condition="intact", ax=third) is third
    drawn(first)


def test_the_headline_keeps_the_three_figures_apart_and_never_says_a_hundred_percent() -> None:
    ax = figures.plot_headline(comparison(), counted="calls", lang="en")
    words = written(drawn(ax))
    assert "86/86" in words
    assert "99.9%" in words  # a built coverage of 0.99996
    ticks = [label.get_text().split("\n")[0] for label in ax.get_xticklabels()]
    assert ticks == ["built", "available", "attainment"] * 2
    bars = "\n".join(text.get_text() for text in ax.texts)
    assert "100%" not in bars


def test_a_headline_figure_that_is_not_counted_so_says_how_it_is_counted() -> None:
    ax = figures.plot_headline(comparison(), counted="points", lang="en")
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks[0].endswith("by points")
    assert ticks[2].endswith("by calls")


def test_the_headline_refuses_what_nothing_is_counted_by() -> None:
    with pytest.raises(UnknownIdError, match="peoples"):
        figures.plot_headline(comparison(), counted="peoples")


def test_a_percentile_of_fewer_than_fifty_calls_is_withheld() -> None:
    enough = figures.plot_stages(comparison(), plan="plan", condition="intact")
    thin = figures.plot_stages(comparison(), plan="plan", condition=BROKEN)
    assert "33–71" in written(drawn(enough))
    assert "33–71" not in written(drawn(thin))
    assert "33" in written(drawn(thin))


def test_stages_stand_in_the_order_of_the_call() -> None:
    ax = figures.plot_stages(comparison(), plan="today", condition="intact", lang="en")
    ticks = [label.get_text() for label in ax.get_yticklabels()]
    assert ticks == ["answering", "order", "queueing", "alerting", "turnout", "travel", "set-up", "total"]
    assert ax.yaxis_inverted()


def test_unknown_plans_conditions_and_roads_are_refused(town: RoadNetwork, tmp_path: Path) -> None:
    table = comparison()
    with pytest.raises(UnknownIdError, match="did you mean plan"):
        figures.plot_county(table, town, plan="plam", condition="intact")
    with pytest.raises(UnknownIdError, match="condition 'storm'"):
        figures.plot_stages(table, plan="plan", condition="storm")
    with pytest.raises(UnknownIdError, match="closed road 99"):
        figures.plot_county(table, town, plan="plan", condition="intact", closed_roads=[99])
    with pytest.raises(UnknownIdError, match="condition 'storm'"):
        figures.write_map_png(table, town, tmp_path / "map.png", closed_roads={"storm": [1]})
    assert not (tmp_path / "map.png").exists()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_file_is_wide_enough_for_print_and_small(town: RoadNetwork, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "map.png"
    figures.write_map_png(comparison(), town, path, closed_roads={BROKEN: [0, 2]}, lang=lang)  # type: ignore[arg-type]
    height, width = imread(path).shape[:2]
    assert 1600 <= width <= 2400
    assert height >= 600
    assert path.stat().st_size < 3_000_000


def test_the_map_file_leaves_out_a_plan_that_was_not_tried(town: RoadNetwork, tmp_path: Path) -> None:
    table = comparison()
    for name in ("points", "headline"):
        frame = getattr(table, name)
        setattr(table, name, frame[(frame["condition"] == "intact") | (frame["plan"] == "today")])
    figures.write_map_png(table, town, tmp_path / "map.png", closed_roads={})
    assert (tmp_path / "map.png").exists()


def test_points_and_sites_without_positions_are_left_out(town: RoadNetwork) -> None:
    table = comparison()
    table.points[["lon", "lat"]] = float("nan")
    table.plans = {
        name: replace(plan, sites=tuple(replace(site, lon=None, lat=None) for site in plan.sites))
        for name, plan in table.plans.items()
    }
    words = written(drawn(figures.plot_county(table, town, plan="plan", condition="intact")))
    assert "© OpenStreetMap contributors" in words
    assert "溪口" not in words


def test_names_that_fonts_cannot_draw_or_that_look_like_formulas_do_no_harm(town: RoadNetwork) -> None:
    table = comparison()
    table.points["township"] = ["$x_{$村", "\ue123\ue124", "a\nb\x00", "_hidden"] * 4
    table.conditions = ("intact", "$\\frac$")
    for name in ("points", "headline", "stages"):
        frame = getattr(table, name)
        frame["condition"] = frame["condition"].replace(BROKEN, "$\\frac$")
    county = written(drawn(figures.plot_county(table, town, plan="plan", condition="$\\frac$")))
    assert "村" in county
    assert "frac" in written(drawn(figures.plot_headline(table)))


def test_characters_without_a_glyph_become_question_marks() -> None:
    assert fonts.drawable("abc \ue123 def") == "abc ? def"
    assert fonts.drawable("\ue123\ue124", otherwise="village 7") == "village 7"
    assert fonts.drawable("5 $ and 6 $") == r"5 \$ and 6 \$"


@pytest.mark.usefixtures("no_chinese_font")
def test_without_a_chinese_font_figures_speak_english_and_say_so_once(
    town: RoadNetwork, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        figures.write_map_png(comparison(), town, tmp_path / "map.png", closed_roads={}, lang="zh")
        ax = figures.plot_headline(comparison(), lang="zh")
        drawn(figures.plot_stages(comparison(), plan="plan", condition=BROKEN, lang="zh"))
    words = written(drawn(ax))
    assert "coverage" in words
    assert "condition 2" in words
    assert len([record for record in caplog.records if "Chinese" in record.getMessage()]) == 1


def test_every_road_is_in_the_class_of_its_edges(town: RoadNetwork) -> None:
    groups = road_groups(town)
    assert set(groups) == {"secondary", "tertiary", "local"}
    for road, name in zip(town.road, town.road_class, strict=True):
        assert groups[road] == (name if name in ("secondary", "tertiary") else "local")


def test_importing_the_figures_does_not_load_matplotlib() -> None:
    code = "import rescuesim.report.figures, rescuesim.report.map_page, sys; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
