"""The map of service areas: what is on it, in the words and fonts at hand."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from rescuesim.candidates import load_sites
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.states import Closure
from rescuesim.network.ways import great_circle_m
from rescuesim.report import fonts
from rescuesim.report.service_area_map import plot_service_areas
from rescuesim.standard import load_standard
from rescuesim.travel.service_areas import service_area, service_areas, standard_service_areas

NEAR, CLOSED = "#a63603", "#d7191c"


def stations(**more: object) -> pd.DataFrame:
    frame = {"id": ["s1", "s2"], "name": ["城东站", "$城西站"], "lon": [119.310, 119.302], "lat": [28.7101, 28.7001]}
    return pd.DataFrame({**frame, "status": "existing", **more})


def words(axes: object) -> str:
    """Draw the figure, which fails on a missing glyph as warnings are errors, and return its texts."""
    figure = axes.get_figure(root=True)  # type: ignore[attr-defined]
    figure.canvas.draw()
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def test_both_limits_sites_scale_and_source_are_on_the_map(town: RoadNetwork) -> None:
    areas = standard_service_areas(town, load_sites(stations()), load_standard())
    ax = plot_service_areas(areas)
    text = words(ax)
    assert "© OpenStreetMap contributors" in text
    assert " m" in text or " km" in text
    if fonts.chinese_font():
        for part in ("93 秒内可达的道路（建成区、工业园区）", "637.7 秒内", "城东站", "微型应急救援站", "其他道路"):
            assert part in text
    assert "quick_rescue_135 + circle_15min" in text
    drawn = [part for part in ax.collections if isinstance(part, LineCollection)]
    near = [part for part in drawn if to_hex(part.get_colors()[0]) == NEAR]
    assert [len(part.get_segments()) for part in near] == [len(areas[0].lines)]
    assert max(part.get_zorder() for part in drawn) == near[0].get_zorder()


def test_the_extent_is_that_of_what_is_reached(town: RoadNetwork) -> None:
    small = plot_service_areas(service_areas(town, load_sites(stations()), 20.0), lang="en")
    large = plot_service_areas(service_areas(town, load_sites(stations()), 900.0), lang="en")
    wide, narrow = (ax.get_xlim()[1] - ax.get_xlim()[0] for ax in (large, small))
    assert narrow < wide / 1.5
    assert small.get_aspect() == pytest.approx(1 / 0.877, rel=0.01)  # 1 / cos(28.7 degrees)
    assert "roads reached in 20 s" in words(small)


def test_closed_roads_are_red_and_a_site_that_reaches_nothing_is_drawn(town: RoadNetwork) -> None:
    state = NetworkState(closures=tuple(Closure(road=road) for road in range(town.n_roads)))
    ax = plot_service_areas(service_area(town, (119.3091, 28.7001), 60.0, state=state), lang="en")
    assert "closed road" in words(ax)
    assert "0 m of roads" in words(ax)


def test_only_the_closed_part_of_a_road_is_red(town: RoadNetwork) -> None:
    slides = (
        Closure(road=1, from_m=50.0, to_m=80.0),
        Closure(road=0, from_m=10.0, to_m=10.0),
        Closure(road=2, level="one_lane"),
    )
    ax = plot_service_areas(service_area(town, (119.3091, 28.7001), 60.0, state=NetworkState(closures=slides)))
    red = [
        part for part in ax.collections if isinstance(part, LineCollection) and to_hex(part.get_colors()[0]) == CLOSED
    ]
    (segments,) = [part.get_segments() for part in red]
    metres = [great_circle_m(*(s[:-1].T), *(s[1:].T)).sum() for s in segments]
    assert metres == pytest.approx([10.0, 30.0], abs=0.1)


def test_it_draws_on_the_axes_it_is_given(town: RoadNetwork) -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    assert plot_service_areas(service_area(town, (119.31, 28.7101), 60.0), ax=axes) is axes
    words(axes)


def test_areas_that_do_not_belong_together_are_refused(town: RoadNetwork, guixi: RoadNetwork) -> None:
    area = service_area(town, (119.31, 28.7101), 60.0)
    other = service_area(guixi, (float(guixi.lon[0]), float(guixi.lat[0])), 60.0)
    with pytest.raises(InputError, match="one network and state"):
        plot_service_areas([area, other])
    with pytest.raises(InputError, match="at least one"):
        plot_service_areas([])
