"""Oracles of queueing theory: closed formulas, and Larson's hypercube solved state by state."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def erlang_b(servers: int, offered: float) -> float:
    """Share of calls lost in M/G/c/c, by Erlang's recursion (Erlang 1917).

    Parameters
    ----------
    servers : int
    offered : float
        Arrival rate times mean handling time.
    """
    share = 1.0
    for busy in range(1, servers + 1):
        share = offered * share / (busy + offered * share)
    return share


def erlang_c(servers: int, offered: float) -> float:
    """Share of calls that wait in M/M/c, for ``offered < servers`` (Erlang 1917)."""
    lost = erlang_b(servers, offered)
    return lost / (1 - offered / servers * (1 - lost))


def mean_wait(servers: int, offered: float) -> float:
    """Mean wait of all calls in M/M/c, first come first served, in mean handling times."""
    return erlang_c(servers, offered) / (servers - offered)


def poisson(number: int, mean: float) -> float:
    """Probability of a number under Poisson's law: of busy servers in M/G/∞ (Takács 1962)."""
    return math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))


def cobham_waits(servers: int, offered: Sequence[float]) -> list[float]:
    """Mean wait by class, the most urgent first, in mean handling times: M/M/c where nobody is interrupted.

    All classes have the same exponential handling time (Cobham 1954, doi:10.1287/opre.2.1.70).
    """
    at_arrival = erlang_c(servers, sum(offered)) / servers
    waits, more_urgent = [], 0.0
    for load in offered:
        upto = more_urgent + load / servers
        waits.append(at_arrival / ((1 - more_urgent) * (1 - upto)))
        more_urgent = upto
    return waits


def resumed_sojourns(rates: Sequence[float], means: Sequence[float]) -> list[float]:
    """Mean time in an M/M/1 by class, the most urgent first, where who is interrupted goes on where he stopped.

    White and Christie 1958, doi:10.1287/opre.6.1.79; every class has its own exponential handling time.
    """
    sojourns, more_urgent, residual = [], 0.0, 0.0
    for rate, mean in zip(rates, means, strict=True):
        residual += rate * mean**2
        upto = more_urgent + rate * mean
        sojourns.append(mean / (1 - more_urgent) + residual / ((1 - more_urgent) * (1 - upto)))
        more_urgent = upto
    return sojourns


def starts_in_turn(ordered: Sequence[float], durations: Sequence[float], servers: int) -> list[float]:
    """When each of a line of calls begins, first come first served, by the recursion of Kiefer and Wolfowitz (1955)."""
    free_from = [0.0] * servers
    starts = []
    for moment, takes in zip(ordered, durations, strict=True):
        starts.append(max(moment, heapq.heappop(free_from)))
        heapq.heappush(free_from, starts[-1] + takes)
    return starts


@dataclass(frozen=True)
class Hypercube:
    """What Larson's model says in the long run.

    Parameters
    ----------
    states : ndarray, shape (2**n_units,)
        Probability of each set of busy units while nobody waits; bit n is unit n.
    utilisation : ndarray, shape (n_units,)
        Share of time in which each unit is busy.
    dispatched : ndarray, shape (n_units, n_atoms)
        Share of all calls that are of the atom and get the unit.
    delayed : float
        Share of calls that find all units busy; they are lost or wait.
    wait : float
        Mean wait of all calls, 0 without a queue.
    """

    states: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    dispatched: NDArray[np.float64]
    delayed: float
    wait: float

    def mean_travel(self, travel: NDArray[np.float64]) -> float:
        """Mean travel of the calls that get a unit, from travel by unit and atom."""
        return float((self.dispatched * travel).sum() / self.dispatched.sum())


def hypercube(
    rates: Sequence[float], preferences: Sequence[Sequence[int]], means: Sequence[float], *, queue: bool
) -> Hypercube:
    """Solve Larson's hypercube exactly, all ``2**n`` sets of busy units.

    Larson 1974, doi:10.1016/0305-0548(74)90076-8. With a queue the sets keep their proportions: between "all busy,
    q wait" and "all busy, q + 1 wait" as many calls pass up (rate of arrivals) as down (rate of all units), so that the
    tail is geometric and the rest is balanced as if what came up were lost.

    Parameters
    ----------
    rates : sequence of float
        Calls of each atom per unit of time.
    preferences : sequence of sequences of int
        For each atom the units, the most wanted first.
    means : sequence of float
        Mean exponential time for which a call holds each unit, whatever the atom.
    queue : bool
        Whether who finds all units busy waits, first come first served, or is lost.
    """
    n_units, full, total = len(means), 2 ** len(means) - 1, sum(rates)
    flow = np.zeros((full + 1, full + 1))  # from, to
    taker = np.full((full, len(rates)), -1)
    for state in range(full):
        for atom, rate in enumerate(rates):
            unit = next(unit for unit in preferences[atom] if not state >> unit & 1)
            taker[state, atom] = unit
            flow[state, state | 1 << unit] += rate
    for state in range(1, full + 1):
        for unit in range(n_units):
            if state >> unit & 1:
                flow[state, state & ~(1 << unit)] += 1 / means[unit]
    balance = flow.T - np.diag(flow.sum(axis=1))
    balance[-1] = 1.0  # one equation follows from the others: the sum takes its place
    states = np.linalg.solve(balance, np.r_[np.zeros(full), 1.0])
    cleared = sum(1 / mean for mean in means)
    tail = total / cleared if queue else 0.0
    states /= 1 + states[full] * tail / (1 - tail)
    waiting = float(states[full]) * tail / (1 - tail)  # that at least one waits

    dispatched = np.zeros((n_units, len(rates)))
    for state in range(full):
        for atom, rate in enumerate(rates):
            dispatched[taker[state, atom], atom] += states[state] * rate / total
    delayed = float(states[full]) + waiting
    if queue:  # the next unit to come free takes the first in line, wherever he is
        for unit, mean in enumerate(means):
            dispatched[unit] += delayed / mean / cleared * np.asarray(rates) / total
    busy = [sum(states[state] for state in range(full + 1) if state >> unit & 1) for unit in range(n_units)]
    return Hypercube(
        states=states,
        utilisation=np.array(busy) + waiting,
        dispatched=dispatched,
        delayed=delayed,
        wait=waiting / (1 - tail) / total,
    )
