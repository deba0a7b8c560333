"""Oracles of the tests: closed formulas and brute force, as plain as can be."""

from __future__ import annotations


def erlang_b(servers: int, offered: float) -> float:
    """Share of calls lost in M/M/c/c, by Erlang's recursion (Erlang 1917).

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
