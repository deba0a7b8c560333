"""Maps of routes: what is drawn for each state, in the fonts at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

import rescuesim as rs
from rescuesim.errors import UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.states import Closure
from rescuesim.report.fonts import chinese_font
from rescuesim.report.route_map import plot_routes

SLIDE = NetworkState(closures=(Closure(road=2, from_m=980, to_m=1040),), label="滑坡$\n{x}", probability=0.5)
STATES = NetworkStates(states=(NetworkState(label="", probability=0.5), SLIDE))


def drawn(axes: object) -> Figure:
    """Draw the figure that holds the axes; warnings are errors, so a missing glyph fails the test."""
    figure = axes.get_figure(root=True)  # type: ignore[attr-defined]
    figure.canvas.draw()
    return figure


def written(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def lines_of(axes: object, colour: tuple[float, float, float]) -> list[np.ndarray]:
    parts = [part for part in axes.collections if isinstance(part, LineCollection)]  # type: ignore[attr-defined]
    alike = [part for part in parts if np.allclose(part.get_colors()[0][:3], colour, atol=0.01)]
    return [np.asarray(line) for part in alike for line in part.get_segments()]


BLUE, RED = (0x21 / 255, 0x66 / 255, 0xAC / 255), (0xD7 / 255, 0x19 / 255, 0x1C / 255)


@pytest.fixture(scope="module")
def routes(town: RoadNetwork) -> rs.Routes:
    return rs.route(town, (119.30, 28.7003), (119.328, 28.7103), states=STATES, alternatives=2)


@pytest.fixture(scope="module")
def evacuation(town: RoadNetwork) -> rs.EvacuationRoutes:
    villages = pd.DataFrame(
        {
            "id": ["a", "b"],
            "name": ["石村", "山村\x07$"],
            "lon": [119.302, 119.328],
            "lat": [28.7, 28.71],
            "people": [300, 40],
        }
    )
    shelters = pd.DataFrame({"id": ["s"], "name": ["一中"], "lon": [119.31], "lat": [28.71], "kind": "shelter"})
    return rs.evacuation_routes(
        town, rs.load_demand(villages), rs.load_sites(shelters), states=STATES, capacity={"s": 320}
    )


def test_the_way_is_drawn_as_its_geometry_and_closed_sections_as_far_as_they_reach(routes: rs.Routes) -> None:
    ax = plot_routes(routes, state=0, lang="en")
    (line,) = lines_of(ax, BLUE)
    assert np.allclose(line, np.asarray(routes[0].geometry.coords))
    assert not lines_of(ax, RED)
    words = written(drawn(ax))
    assert "by road" in words
    assert "© OpenStreetMap contributors" in words
    cut = plot_routes(routes, state=1, lang="en")
    assert not lines_of(cut, BLUE)
    (closed,) = lines_of(cut, RED)
    assert 50 < np.hypot(*(np.diff(closed[[0, -1]], axis=0)[0] * [97_600, 111_300])) < 65
    assert "no open road leads here" in written(drawn(cut))


def test_evacuation_says_who_is_cut_off_and_who_overflows(evacuation: rs.EvacuationRoutes) -> None:
    intact, cut = (written(drawn(plot_routes(evacuation, state=k, lang="en"))) for k in (0, 2))
    assert "340 people reach a shelter, 0 people of 0 villages do not" in intact
    assert "shelter over capacity" in intact
    assert "300 people reach a shelter, 40 people of 1 villages do not" in cut
    assert "closed section" in cut
    assert "shelter over capacity" not in cut
    if chinese_font():
        assert "一中" in cut
        assert "不能到达的村" in written(drawn(plot_routes(evacuation, state=2)))


def test_stretches_are_as_wide_as_there_are_people(evacuation: rs.EvacuationRoutes) -> None:
    ax = plot_routes(evacuation, state=0)
    parts = [part for part in ax.collections if isinstance(part, LineCollection)]
    blue = next(part for part in parts if np.allclose(part.get_colors()[0][:3], BLUE, atol=0.01))
    widths = sorted(set(np.round(blue.get_linewidths(), 6).tolist()))
    assert widths == pytest.approx([1 + 4.5 * (40 / 300) ** 0.5, 5.5], abs=1e-5)


def test_routes_are_drawn_on_the_axes_given_and_saved(
    routes: rs.Routes, evacuation: rs.EvacuationRoutes, tmp_path: Path
) -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    first, second = figure.subplots(1, 2)
    assert plot_routes(routes, ax=first) is first
    assert plot_routes(evacuation, ax=second) is second
    drawn(first).savefig(tmp_path / "routes.png")
    assert imread(tmp_path / "routes.png").std() > 0


def test_a_way_of_nothing_and_a_state_that_is_none_are_handled(town: RoadNetwork, routes: rs.Routes) -> None:
    here = rs.route(town, (119.31, 28.71), (119.31, 28.71))
    drawn(plot_routes(here))
    for wrong in (-1, 2):
        with pytest.raises(UnknownIdError, match="expected 0 to 1"):
            plot_routes(routes, state=wrong)


def test_nobody_at_all_can_be_drawn(town: RoadNetwork, evacuation: rs.EvacuationRoutes) -> None:
    nobody = replace(evacuation, villages=replace(evacuation.villages, people=np.zeros(2)))
    ax = plot_routes(nobody, state=1)
    drawn(ax)
    assert ax.collections  # the roads
