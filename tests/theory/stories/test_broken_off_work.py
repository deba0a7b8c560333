"""Stories of work that is broken off for a more urgent call, and of who finishes it."""

from __future__ import annotations

import pytest
from story_county import calls_at, crew, line, package, told

ROAD = line([0], [1000, 2000, 3000], ends_m=[0, 1000, 2000, 3000])


@pytest.mark.parametrize(
    ("third_s", "resumes_s", "while_it"),
    [(1450, 2460, "turns out"), (1520, 2500, "drives"), (1595, 2645, "sets up")],
)
def test_a_unit_taken_again_before_it_resumes_leaves_the_work_that_was_left(third_s, resumes_s, while_it):
    # it works from 220 to 830 of 2000 s, and sets out again at 1520; that it did not get there does no work
    calls = calls_at(
        0, 800, third_s, points=[0, 1, 2], n_points=3, on_scene_s=[2000, 100, 100], priority=[2, 0, 0]
    )  # fmt: skip
    story = told(ROAD, {"s0#1": crew()}, calls, queue="preemptive", preempt_on_scene=True)
    assert f"{resumes_s} call 0 s0#1 ready" in story, while_it
    assert f"{resumes_s + 2000 - 610} call 0 s0#1 cleared" in story, while_it
