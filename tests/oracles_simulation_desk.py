"""Oracles of the desk: Erlang A as a birth-death chain, and the same desk told as SimPy processes."""

from __future__ import annotations

import simpy


def erlang_a_abandoned(seats: int, arrivals: float, service: float, leaving: float) -> float:
    """Share of callers who give up in M/M/c+M (Palm 1957), rates per unit of time."""
    weights, weight, present = [], 1.0, 0
    while weight > 1e-18 or present <= seats:
        weights.append(weight)
        present += 1
        weight *= arrivals / (min(present, seats) * service + max(present - seats, 0) * leaving)
    waiting = sum(weight * max(at - seats, 0) for at, weight in enumerate(weights)) / sum(weights)
    return leaving * waiting / arrivals


def simpy_desk(arrived, takes, patience, again, most_rings, seats):
    """Answered moment (None if given up), rings and last wait of each caller."""
    env = simpy.Environment()
    desk = simpy.Resource(env, capacity=seats)
    found = [None] * len(arrived)

    def caller(me):
        yield env.timeout(arrived[me])
        for ring in range(1, most_rings + 1):
            since = env.now
            with desk.request() as seat:
                if patience[me] == float("inf"):
                    yield seat
                else:
                    yield seat | env.timeout(patience[me])
                if seat.triggered:
                    waited = env.now - since
                    yield env.timeout(takes[me])
                    found[me] = (env.now, ring, waited)
                    return
            found[me] = (None, ring, patience[me])
            if again[me] == float("inf") or ring == most_rings:
                return
            yield env.timeout(again[me])

    for me in range(len(arrived)):
        env.process(caller(me))
    env.run()
    return found
