"""Drawn worlds for the simulation: a fleet, calls, roads, outages and a queue, which can be told in another way."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from rescuesim.crew import CrewType, Lognormal
from rescuesim.disruption import ChannelOutage
from rescuesim.simulation import CallLog, Fleet, RoadTimes, Setting, Unit, run_replication

SITES, POINTS, TYPES = ("s0", "s1", "s2"), ("a", "b", "c", "d"), ("fire", "social", "rescue")
HORIZON_S = 2 * 86400.0
QUEUES = ("fifo", "priority", "preemptive", "loss")
DRAWN = ("answering_z", "order_z", "alerting_z", "turnout_z", "travel_z", "set_up_z")
ABLE = {"s0": {"fire", "assist", "rescue", "medical"}, "s1": {"assist"}, "s2": {"fire", "assist"}}
EXAMPLES = settings(max_examples=60)


class World:
    """A fleet, calls, roads, a setting and outages, which can be told in another way."""

    def __init__(self, rng, present, by_shift, queue, n_states):
        self.rng, self.present, self.by_shift = rng, present, by_shift
        size = int(rng.integers(0, 50))
        self.draws = {name: rng.standard_normal(size) for name in DRAWN}
        self.draws |= {
            "arrived_at_s": np.sort(rng.random(size)) * HORIZON_S,
            "on_scene_s": rng.exponential(rng.choice([600.0, 20_000.0]), size),
            "patience_s": rng.exponential(60.0, size),
            "again_after_s": rng.exponential(300.0, size),
            "priority": rng.integers(0, 3, size),
        }
        self.point, self.code = rng.integers(0, 4, size), rng.integers(0, 3, size)
        self.starts_s = np.unique(np.r_[0.0, rng.random(n_states) * HORIZON_S])[:n_states]
        self.out_s, self.back_s = ([self.matrix() for _ in range(n_states)] for _ in range(2))
        self.counts = rng.integers(1, 3, 3)
        self.queue, self.seats = queue, int(rng.integers(1, 3))

    def matrix(self):
        return np.where(self.rng.random((3, 4)) < 0.25, np.inf, self.rng.uniform(0, 3000, (3, 4)))

    def units(self, names=SITES):
        """Return the units; two of a site are alike, and no two sites are equally far from a point."""
        night = 90 if self.by_shift else 60
        crews = {
            site: CrewType(
                name=f"crew of {site}",
                turnout={"day": Lognormal(median=60, p90=100), "night": Lognormal(median=night, p90=night * 5 / 3)},
                availability={"day": self.present, "night": self.present},
                capabilities=frozenset(ABLE[site]),
            )
            for site in SITES
        }
        return [
            Unit(id=f"{name}#{number}", site=name, crew=crews[site])
            for name, site, count in zip(names, SITES, self.counts, strict=True)
            for number in range(1, count + 1)
        ]

    def calls(self, points=POINTS, types=TYPES, point=None, code=None, **changed):
        point, code = (self.point if point is None else point), (self.code if code is None else code)
        return CallLog.from_draws(points, types, point=point, type_code=code, **{**self.draws, **changed})

    def roads(self, sites=SITES, points=POINTS, rows=(0, 1, 2), columns=(0, 1, 2, 3), scale=1.0):
        pick = np.ix_(rows, columns)
        return RoadTimes(
            sites=tuple(sites),
            points=tuple(points),
            starts_s=tuple((self.starts_s * scale).tolist()),
            states=tuple(range(len(self.starts_s))),
            out_s=tuple(matrix[pick] * scale for matrix in self.out_s[: len(self.starts_s)]),
            back_s=tuple(matrix[pick] * scale for matrix in self.back_s[: len(self.starts_s)]),
        )

    def play(
        self, *, units=None, calls=None, roads=None, cut="s1", horizon_s=HORIZON_S, scale=1.0, policy=None, **changed
    ):
        plain = {"seed": 3, "seats": self.seats, "queue": self.queue}
        setting = Setting(chain=chain(scale), horizon_s=horizon_s, **{**plain, **changed})
        outage = ChannelOutage(sites=frozenset({cut}), from_s=20_000.0, until_s=90_000.0)
        return run_replication(
            Fleet(units=tuple(units or self.units())),
            self.calls() if calls is None else calls,
            roads or self.roads(),
            setting,
            channels=(outage,) if cut else (),
            policy=policy,
        )


def chain(scale=1.0):
    medians = {"answering": (40, 90), "order": (35, 60), "set_up": (30, 60)}
    scaled = {name: Lognormal(median=one * scale, p90=nine * scale) for name, (one, nine) in medians.items()}
    return scaled | {"variation": Lognormal(median=1, p90=1.4)}


@st.composite
def worlds(draw, present=(1.0, 0.6), by_shift=True, queues=QUEUES):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    present, queue = draw(st.sampled_from(present)), draw(st.sampled_from(queues))
    return World(rng, present, by_shift, queue, draw(st.integers(1, 4)))


def assert_same(one, other):
    np.testing.assert_array_equal(one.stamps, other.stamps)
    np.testing.assert_array_equal(one.unit, other.unit)
    np.testing.assert_array_equal(one.outcome, other.outcome)
    assert one.channel == other.channel
    np.testing.assert_array_equal(one.redispatched, other.redispatched)
    np.testing.assert_array_equal(one.missions.stamps, other.missions.stamps)
    np.testing.assert_array_equal(one.missions.ended, other.missions.ended)


def sites_sent(trajectory, units):
    return [units[row].site if row >= 0 else "" for row in trajectory.unit]
