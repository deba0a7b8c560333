"""The plan of a window against every way to give jobs to crews and slots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_disruption_repair import best_window

from rescuesim.disruption.repair.ways_back import PeopleBehind
from rescuesim.disruption.repair.window_plan import Approach, plan_window


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_no_way_to_give_jobs_to_crews_is_worth_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_jobs, n_crews, n_slots = int(rng.integers(1, 5)), int(rng.integers(1, 3)), int(rng.integers(1, 4))
    takes: dict[tuple[int, int], tuple[float, int, frozenset[int]]] = {}
    for job in range(n_jobs):
        for crew in range(n_crews):
            if rng.uniform() < 0.8:
                before = frozenset({job - 1}) if job and rng.uniform() < 0.3 else frozenset[int]()
                takes[crew, job] = float(rng.integers(1, 9)) / 2, int(rng.integers(0, n_slots)), before
    behind = []
    for _ in range(int(rng.integers(1, 5))):
        ways = {
            frozenset(rng.choice(n_jobs, int(rng.integers(1, n_jobs + 1)), replace=False).tolist()) for _ in range(2)
        }
        behind.append((float(rng.integers(1, 1000)), sorted(ways, key=sorted)))
    hours_by = np.cumsum(rng.integers(0, 7, (n_crews, n_slots)), axis=1) / 2
    slot_h = (rng.integers(1, 9, n_slots) / 2).tolist()
    approaches = [
        Approach(crew=crew, job=job, hours=hours, from_slot=slot, before=before)
        for (crew, job), (hours, slot, before) in takes.items()
    ]
    some = [PeopleBehind(people=people, ways=tuple(ways)) for people, ways in behind]
    found = plan_window(approaches, some, hours_by, slot_h, effort=10.0, limit_s=60.0, seed=0)
    assert found.proved
    assert found.person_h == pytest.approx(best_window(takes, behind, hours_by.tolist(), slot_h), rel=1e-4)
    assert len(set(found.jobs)) == len(found.jobs)
