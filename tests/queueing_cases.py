"""Simulations whose long run is known exactly: each returns what the engine gave beside the theory, with errors.

Errors come from independent replications. Control variates make them smaller: from what a replication found, its
regression on figures of the same draws whose means are known is taken away. The figures are the number of calls, their
mean handling, and how many calls would find so many others under way if units were endless (Poisson, exactly).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from oracles_queueing import (
    Hypercube,
    cobham_waits,
    erlang_b,
    erlang_c,
    hypercube,
    mean_wait,
    poisson,
    resumed_sojourns,
    starts_in_turn,
)
from scipy import stats

from rescuesim.crew import CrewType, Lognormal
from rescuesim.simulation import CallLog, Fleet, Frozen, RoadTimes, Setting, Unit, run_replication
from rescuesim.simulation.trajectory import Trajectory

HANDLING_S = 1800.0
WARM_UP_S = 40 * HANDLING_S  # calls that ring before are not counted: all units start free
NOTHING, ONE = Lognormal(median=0.0, p90=0.0), Lognormal(median=1.0, p90=1.0)
CHAIN = {"answering": NOTHING, "order": NOTHING, "set_up": NOTHING, "variation": ONE}
SHIFTS = ("day", "night")
SEATS = 10_000  # more than calls at once: the desk holds nobody up
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


class Agreement(NamedTuple):
    """A figure of the simulation beside that of the theory."""

    figure: str
    theory: float
    found: float
    error: float

    @property
    def relative_error(self) -> float:
        """Standard error as a share of the theory."""
        return self.error / self.theory

    @property
    def deviation(self) -> float:
        """Distance from the theory in standard errors."""
        return abs(self.found - self.theory) / self.error


class Played(NamedTuple):
    """One replication: its calls, what happened, and which calls count."""

    calls: CallLog
    trajectory: Trajectory
    counted: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Study:
    """How much is simulated: the seed, how many replications, and the calls of each after the warm-up."""

    seed: int
    replications: int = 30
    calls: int = 3_000


def crew(turnout: Lognormal = NOTHING) -> CrewType:
    """Return a crew that is always there."""
    return CrewType(
        name="crew",
        turnout=dict.fromkeys(SHIFTS, turnout),
        availability=dict.fromkeys(SHIFTS, 1.0),
        capabilities=frozenset({"fire"}),
    )


def at_one_station(servers: int, turnout: Lognormal = NOTHING) -> Fleet:
    """Return so many equal units."""
    return Fleet(units=tuple(Unit(id=f"s#{number}", site="s", crew=crew(turnout)) for number in range(servers)))


def exponential(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw exponential handling times."""
    return rng.exponential(HANDLING_S, size)


def lognormal(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw lognormal handling times with a coefficient of variation of 1.3."""
    return rng.lognormal(math.log(HANDLING_S) - 0.5, 1.0, size)


def deterministic(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Take the same handling time for all."""
    return np.full(size, HANDLING_S)


def hyperexponential(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw handling times of two kinds, of which the rare one is long; coefficient of variation 1.7."""
    rare = rng.random(size) < 0.2
    return np.where(rare, rng.exponential(3 * HANDLING_S, size), rng.exponential(0.5 * HANDLING_S, size))


def arrivals(offered: float, study: Study, rng: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """Draw a Poisson process at a load in handling times, and give its horizon."""
    horizon_s = WARM_UP_S + study.calls * HANDLING_S / offered
    return np.sort(rng.random(rng.poisson(horizon_s * offered / HANDLING_S))) * horizon_s, horizon_s


def play(
    fleet: Fleet,
    calls: CallLog,
    horizon_s: float,
    *,
    queue: Literal["fifo", "priority", "preemptive", "loss"],
    roads: RoadTimes | None = None,
    preempt_on_scene: bool = False,
    **chain: Any,
) -> Played:
    """Run one replication; the desk takes no time, and the units stand where the calls are if no roads are given."""
    at_once = RoadTimes.from_matrix(np.zeros((1, 1)), sites=["s"], points=["p"])
    setting = Setting(
        chain={**CHAIN, **chain},
        horizon_s=horizon_s,
        seats=SEATS,
        queue=queue,
        preempt_on_scene=preempt_on_scene,
    )
    trajectory = run_replication(fleet, calls, roads or at_once, setting)
    return Played(calls, trajectory, calls.arrived_at_s >= WARM_UP_S)


def others_under_way(arrived_s: NDArray[np.float64], handling_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many earlier calls each call would find under way if units were endless."""
    ended = np.sort(arrived_s + handling_s)
    return np.arange(len(arrived_s)) - np.searchsorted(ended, arrived_s)


def controlled(
    found: Sequence[float], controls: Sequence[Sequence[float]], expected: Sequence[float]
) -> tuple[float, float]:
    """Return mean and standard error of what replications found, with control variates.

    The intercept of the regression on the controls minus their expectations (Lavenberg and Welch 1981,
    doi:10.1287/mnsc.27.3.322); its standard error is that of least squares.
    """
    values, design = np.asarray(found), np.asarray(controls) - np.asarray(expected)
    design = np.column_stack([np.ones(len(values)), design])
    solution, *_ = np.linalg.lstsq(design, values, rcond=None)
    free = len(values) - design.shape[1]
    spread = float(((values - design @ solution) ** 2).sum()) / free
    return float(solution[0]), math.sqrt(spread * float(np.linalg.inv(design.T @ design)[0, 0]))


def endless_controls(played: Played, handling_s: NDArray[np.float64], levels: Sequence[int]) -> list[float]:
    """Number of calls, their mean handling, and the shares of calls that would find at least so many under way."""
    found = others_under_way(played.calls.arrived_at_s, handling_s)[played.counted]
    return [float(played.counted.sum()), handling_s[played.counted].mean() / HANDLING_S] + [
        float((found >= level).mean()) for level in levels
    ]


def endless_expected(study: Study, offered: float, levels: Sequence[int]) -> list[float]:
    """Expectations of `endless_controls`."""
    tails = [1 - sum(poisson(number, offered) for number in range(level)) for level in levels]
    return [float(study.calls), 1.0, *tails]


def rng_of(study: Study, replication: int) -> np.random.Generator:
    """Return the generator of a replication; the same for all cases of a seed."""
    return np.random.default_rng([study.seed, replication])


def agreements(
    names: Sequence[str],
    theory: Sequence[float],
    found: Sequence[Sequence[float]],
    controls: Sequence[Sequence[float]],
    expected: Sequence[float],
) -> list[Agreement]:
    """Compare each figure of the replications (rows of `found`) with the theory."""
    columns = np.asarray(found).T
    return [
        Agreement(name, value, *controlled(column, controls, expected))
        for name, value, column in zip(names, theory, columns, strict=True)
    ]


def line(study: Study, servers: int, offered: float) -> list[Agreement]:
    """M/M/c, first come first served: the share of calls that wait, and their mean wait."""
    levels, found, controls = (servers, servers + 2, servers + 4), [], []
    for replication in range(study.replications):
        rng = rng_of(study, replication)
        arrived_s, horizon_s = arrivals(offered, study, rng)
        handling_s = exponential(rng, len(arrived_s))
        calls = CallLog.from_draws(["p"], ["fire"], arrived_at_s=arrived_s, on_scene_s=handling_s)
        # the last calls get their unit after the horizon of the calls
        played = play(at_one_station(servers), calls, horizon_s + 500 * HANDLING_S, queue="fifo")
        wait_s = (played.trajectory.at_s("dispatched") - arrived_s)[played.counted]
        found.append([(wait_s > 0).mean(), wait_s.mean() / HANDLING_S])
        controls.append(endless_controls(played, handling_s, levels))
    theory = [erlang_c(servers, offered), mean_wait(servers, offered)]
    expected = endless_expected(study, offered, levels)
    return agreements(["share that waits", "mean wait"], theory, found, controls, expected)


def in_turn_wait(arrived_s: NDArray[np.float64], handling_s: NDArray[np.float64], servers: int) -> NDArray[np.float64]:
    """Wait of each call on the same draws if all were served in turn, in mean handling times."""
    starts_s = starts_in_turn(arrived_s.tolist(), handling_s.tolist(), servers)
    return (np.array(starts_s) - arrived_s) / HANDLING_S


def urgent_first(study: Study, servers: int, offered: Sequence[float]) -> list[Agreement]:
    """M/M/c where the more urgent are served first and nobody is interrupted: the mean wait of each class.

    The controls know the mean wait of all if they were served in turn, which is that of Erlang.
    """
    load, levels, found, controls = sum(offered), (servers, servers + 3), [], []
    for replication in range(study.replications):
        rng = rng_of(study, replication)
        arrived_s, horizon_s = arrivals(load, study, rng)
        handling_s = exponential(rng, len(arrived_s))
        urgency = rng.choice(len(offered), len(arrived_s), p=np.array(offered) / load)
        calls = CallLog.from_draws(["p"], ["fire"], arrived_at_s=arrived_s, on_scene_s=handling_s, priority=urgency)
        played = play(at_one_station(servers), calls, horizon_s + 500 * HANDLING_S, queue="priority")
        wait = (played.trajectory.at_s("dispatched") - arrived_s) / HANDLING_S
        found.append([wait[played.counted & (urgency == code)].mean() for code in range(len(offered))])
        in_turn = in_turn_wait(arrived_s, handling_s, servers)[played.counted].mean()
        controls.append([*endless_controls(played, handling_s, levels), in_turn])
    names = [f"mean wait, class {code}" for code in range(len(offered))]
    expected = [*endless_expected(study, load, levels), mean_wait(servers, load)]
    return agreements(names, cobham_waits(servers, offered), found, controls, expected)


def interrupted(study: Study, offered: Sequence[float], means: Sequence[float]) -> list[Agreement]:
    """M/M/1 where an urgent call takes the unit from a less urgent one, which goes on later: mean time by class.

    `means` are in mean handling times. The controls know the mean wait of all if they were served in turn
    (Pollaczek and Khinchine) and the times of the most urgent if they were alone.
    """
    rates = [load / mean for load, mean in zip(offered, means, strict=True)]
    total, found, controls = sum(rates), [], []
    for replication in range(study.replications):
        rng = rng_of(study, replication)
        arrived_s, horizon_s = arrivals(total, study, rng)
        urgency = rng.choice(len(rates), len(arrived_s), p=np.array(rates) / total)
        handling_s = exponential(rng, len(arrived_s)) * np.array(means)[urgency]
        calls = CallLog.from_draws(["p"], ["fire"], arrived_at_s=arrived_s, on_scene_s=handling_s, priority=urgency)
        played = play(at_one_station(1), calls, horizon_s + 500 * HANDLING_S, queue="preemptive", preempt_on_scene=True)
        took = (played.trajectory.at_s("cleared") - arrived_s) / HANDLING_S
        found.append([took[played.counted & (urgency == code)].mean() for code in range(len(rates))])
        counted, work = played.counted, handling_s[played.counted] / HANDLING_S
        in_turn = in_turn_wait(arrived_s, handling_s, 1)[counted].mean()
        controls.append([float(counted.sum()), work.mean(), (work**2).mean(), in_turn])
    mean_work = sum(offered) / total
    squares = sum(2 * load * mean for load, mean in zip(offered, means, strict=True)) / total
    waits = total * squares / 2 / (1 - sum(offered))
    names = [f"mean time, class {code}" for code in range(len(rates))]
    known = [float(study.calls), mean_work, squares, waits]
    return agreements(names, resumed_sojourns(rates, means), found, controls, known)


def losses(study: Study, servers: int, offered: float, law: Draw = exponential) -> list[Agreement]:
    """M/G/c/c: the share of calls that are lost, which depends on the law of handling by its mean alone."""
    levels, found, controls = (servers - 1, servers, servers + 1, servers + 2), [], []
    for replication in range(study.replications):
        rng = rng_of(study, replication)
        arrived_s, horizon_s = arrivals(offered, study, rng)
        handling_s = law(rng, len(arrived_s))
        calls = CallLog.from_draws(["p"], ["fire"], arrived_at_s=arrived_s, on_scene_s=handling_s)
        played = play(at_one_station(servers), calls, horizon_s, queue="loss")
        found.append([np.isnan(played.trajectory.at_s("dispatched"))[played.counted].mean()])
        controls.append(endless_controls(played, handling_s, levels))
    fixed = law is deterministic  # the mean handling is no control then
    expected = endless_expected(study, offered, levels)
    keep = [index for index in range(len(expected)) if not (fixed and index == 1)]
    controls = [[row[index] for index in keep] for row in controls]
    return agreements(
        ["share lost"], [erlang_b(servers, offered)], found, controls, [expected[index] for index in keep]
    )


def endless_units(study: Study, offered: float) -> list[Agreement]:
    """M/G/∞ through the whole chain: the number of busy units is Poisson, with the mean of all the stages.

    Turnout, drive out and back, set-up and handling are all random. What is counted is what each call finds
    (Poisson arrivals see time averages: Wolff 1982).
    """
    turnout, set_up = Lognormal(median=60.0, p90=100.0), Lognormal(median=30.0, p90=60.0)
    variation, out_s, back_s = Lognormal(median=1.0, p90=1.4), 400.0, 500.0
    on_scene_s = HANDLING_S - turnout.mean - set_up.mean - (out_s + back_s) * variation.mean
    units = math.ceil(offered + 10 * math.sqrt(offered)) + 5
    roads = RoadTimes.from_matrix([[out_s]], [[back_s]], sites=["s"], points=["p"])
    near = range(max(0, math.floor(offered) - 1), math.floor(offered) + 2)
    names = [*(f"{number} busy" for number in near), "mean busy", "mean square busy"]
    theory = [*(poisson(number, offered) for number in near), offered, offered + offered**2]
    found, controls = [], []
    for replication in range(study.replications):
        rng = rng_of(study, replication)
        arrived_s, horizon_s = arrivals(offered, study, rng)
        size = len(arrived_s)
        draws = {name: rng.standard_normal(size) for name in ("turnout_z", "travel_z", "set_up_z")}
        calls = CallLog.from_draws(
            ["p"], ["fire"], arrived_at_s=arrived_s, on_scene_s=rng.gamma(0.5, on_scene_s / 0.5, size), **draws
        )
        played = play(
            at_one_station(units, turnout),
            calls,
            horizon_s,
            queue="loss",
            roads=roads,
            set_up=set_up,
            variation=variation,
        )
        assert not (played.trajectory.unit < 0).any()  # units were endless
        busy = busy_units(played.trajectory, units).sum(axis=1)[played.counted]
        found.append([*((busy == number).mean() for number in near), busy.mean(), (busy**2).mean()])
        controls.append([float(played.counted.sum())])
    return agreements(names, theory, found, controls, [float(study.calls)])


def busy_units(trajectory: Trajectory, n_units: int) -> NDArray[np.bool_]:
    """Which units each call finds busy when it is ordered; bool, shape (n_calls, n_units)."""
    ordered_s, unit = trajectory.at_s("ordered"), trajectory.unit
    from_s, until_s = trajectory.at_s("dispatched"), trajectory.at_s("available")
    busy = np.zeros((len(ordered_s), n_units), dtype=np.bool_)
    for row in range(n_units):
        mine = unit == row
        started = np.searchsorted(np.sort(from_s[mine]), ordered_s, side="left")  # its own start is not before it
        ended = np.searchsorted(np.sort(np.nan_to_num(until_s[mine], nan=np.inf)), ordered_s, side="right")
        busy[:, row] = started > ended
    return busy


@dataclass(frozen=True, kw_only=True)
class Town:
    """Units with their own mean busy times, atoms with their own rates, and travel that makes the preferences.

    Parameters
    ----------
    shares : ndarray, shape (n_atoms,)
        Of the calls.
    out_s : ndarray, shape (n_units, n_atoms)
        Mean travel.
    busy_s : ndarray, shape (n_units,)
        Mean time for which a call holds each unit, whatever the atom.
    load : float
        Calls per mean busy time (of the units' average) and unit.
    """

    shares: NDArray[np.float64]
    out_s: NDArray[np.float64]
    busy_s: NDArray[np.float64]
    load: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.load * len(self.busy_s) / float(self.busy_s.mean())

    @property
    def roads(self) -> RoadTimes:
        """Roads on which out and back together take the same time from every atom."""
        n_units, n_atoms = self.out_s.shape
        return RoadTimes.from_matrix(
            self.out_s,
            self.busy_s[:, None] - self.out_s,
            sites=[f"s{row}" for row in range(n_units)],
            points=[f"p{atom}" for atom in range(n_atoms)],
        )

    @property
    def fleet(self) -> Fleet:
        """One unit at each site."""
        return Fleet(units=tuple(Unit(id=f"s{row}#1", site=f"s{row}", crew=crew()) for row in range(len(self.busy_s))))

    @property
    def preferences(self) -> list[list[int]]:
        """For each atom the units, the nearest first."""
        return [sorted(range(len(self.busy_s)), key=lambda unit: self.out_s[unit, a]) for a in range(len(self.shares))]

    def theory(self, *, queue: bool) -> Hypercube:
        """Solve it."""
        return hypercube((self.shares * self.rate).tolist(), self.preferences, self.busy_s.tolist(), queue=queue)


def town(n_units: int, n_atoms: int, load: float) -> Town:
    """Return a town along a valley: all of it follows from the three numbers."""
    sites, atoms = np.linspace(0, 1, n_units), np.linspace(-0.05, 1.1, n_atoms)
    out_s = 60.0 + 900.0 * np.abs(sites[:, None] - atoms) + 7.0 * np.arange(n_units)[:, None]
    shares = 1.0 + np.arange(n_atoms) % 3
    busy_s = np.asarray(2400.0 + 400.0 * (np.arange(n_units) % 3), dtype=np.float64)
    return Town(shares=shares / shares.sum(), out_s=out_s, busy_s=busy_s, load=load)


def play_town(given: Town, study: Study, replication: int, *, queue: bool) -> Played:
    """Run one replication of a town: a call holds a unit for an exponential time, which is its drive out and back."""
    rng = rng_of(study, replication)
    horizon_s = WARM_UP_S + study.calls / given.rate
    arrived_s = np.sort(rng.random(rng.poisson(horizon_s * given.rate))) * horizon_s
    size, n_atoms = len(arrived_s), len(given.shares)
    calls = CallLog.from_draws(
        [f"p{atom}" for atom in range(n_atoms)],
        ["fire"],
        arrived_at_s=arrived_s,
        point=rng.choice(n_atoms, size, p=given.shares),
        travel_z=rng.standard_normal(size),
    )
    until_s = horizon_s + (500 * HANDLING_S if queue else 0.0)
    variation = Frozen(distribution=stats.expon())
    return play(given.fleet, calls, until_s, queue="fifo" if queue else "loss", roads=given.roads, variation=variation)


def larson(given: Town, study: Study, *, queue: bool) -> dict[str, list[Agreement]]:
    """Compare utilisations, dispatch fractions, mean travel and delayed calls with the hypercube, solved exactly.

    ``counted`` are dispatch fractions as counted. ``dispatched`` are the same by conditional expectation: each call
    stands for calls from all atoms, since where it comes from has nothing to do with who is busy.
    """
    theory = given.theory(queue=queue)
    n_units, n_atoms = given.out_s.shape
    levels = (1, n_units - 1, n_units, n_units + 2)
    found: dict[str, list[list[float]]] = {name: [] for name in ("utilisation", "dispatched", "counted", "whole")}
    controls = []
    for replication in range(study.replications):
        played = play_town(given, study, replication, queue=queue)
        counted, unit, point = played.counted, played.trajectory.unit, played.calls.point
        busy = busy_units(played.trajectory, n_units)
        taken = np.zeros((n_units, n_atoms))
        np.add.at(taken, (unit[counted & (unit >= 0)], point[counted & (unit >= 0)]), 1.0 / counted.sum())
        found["counted"].append(taken.ravel().tolist())
        expected = conditional_dispatch(given, busy[counted], unit[counted])
        found["dispatched"].append(expected.ravel().tolist())
        found["utilisation"].append(busy[counted].mean(axis=0).tolist())
        delayed = float(busy[counted].all(axis=1).mean())
        travel_s = float((expected * given.out_s).sum() / expected.sum())
        wait_s = np.nan_to_num(played.trajectory.at_s("dispatched") - played.calls.arrived_at_s)[counted].mean()
        found["whole"].append([travel_s, delayed, *([float(wait_s)] if queue else [])])
        drawn_s = Frozen(distribution=stats.expon()).from_normal(played.calls.travel_z) * given.busy_s.mean()
        endless = others_under_way(played.calls.arrived_at_s, drawn_s)[counted]
        controls.append(
            [float(counted.sum()), drawn_s[counted].mean(), *(float((endless >= level).mean()) for level in levels)]
        )
    offered = given.rate * float(given.busy_s.mean())
    known = endless_expected(study, offered, levels)
    known[1] = float(given.busy_s.mean())
    pairs = [f"unit {n} at atom {a}" for n in range(n_units) for a in range(n_atoms)]
    fractions = theory.dispatched.ravel().tolist()
    travel = ["mean travel", "share delayed" if queue else "share lost", *(["mean wait"] if queue else [])]
    values = [theory.mean_travel(given.out_s), theory.delayed, *([theory.wait] if queue else [])]
    return {
        "utilisation": agreements(
            [f"unit {n} busy" for n in range(n_units)],
            theory.utilisation.tolist(),
            found["utilisation"],
            controls,
            known,
        ),
        "dispatched": agreements(pairs, fractions, found["dispatched"], controls, known),
        "counted": agreements(pairs, fractions, found["counted"], controls, known),
        "whole": agreements(travel, values, found["whole"], controls, known),
    }


def conditional_dispatch(given: Town, busy: NDArray[np.bool_], unit: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the share of calls by unit and atom if each call came from all atoms in proportion to their rates.

    A call that finds a unit free gets the atom's nearest; one that waits keeps the unit that it got in the end.
    """
    n_units, n_atoms = given.out_s.shape
    found, some_free = np.zeros((n_units, n_atoms)), ~busy.all(axis=1)
    waited = np.bincount(unit[~some_free & (unit >= 0)], minlength=n_units) / len(unit)
    for atom, order in enumerate(given.preferences):
        first = np.asarray(order)[np.argmin(busy[some_free][:, order], axis=1)]
        taken = np.bincount(first, minlength=n_units) / len(unit)
        found[:, atom] = (taken + waited) * given.shares[atom]
    return found
