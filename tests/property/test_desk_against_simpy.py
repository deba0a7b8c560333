"""The recursion of the desk against the same desk as SimPy processes, to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_simulation_desk import simpy_desk

from rescuesim.simulation.desk import Callers, answer


@settings(deadline=None, max_examples=120)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 60),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.0, 0.6, 1.0]),
)
def test_every_caller_is_answered_when_simpy_says(seed, seats, most_rings, size, hasty, stubborn):
    rng = np.random.default_rng(seed)
    arrived = rng.random(size) * 40.0 * size / seats  # of 60 s each: too much for the seats
    takes = rng.exponential(60.0, size)
    patience = np.where(rng.random(size) < hasty, rng.exponential(40.0, size), np.inf)
    again = np.where(rng.random(size) < stubborn, rng.exponential(90.0, size), np.inf)
    callers = Callers(
        arrived_s=arrived, answering_s=takes, patience_s=patience, again_after_s=again, most_rings=most_rings
    )
    found = answer(callers, seats)
    expected = simpy_desk(arrived.tolist(), takes.tolist(), patience.tolist(), again.tolist(), most_rings, seats)
    for call, (at, rings, waited) in enumerate(expected):
        assert found.rings[call] == rings
        assert found.waited_s[call] == waited
        assert found.abandoned[call] if at is None else found.at_s[call] == at
