"""Oracles of the tests: closed formulas and brute force, as plain as can be. Each topic has a file of its own."""

from __future__ import annotations

from oracles_queueing import erlang_b, erlang_c, hypercube

__all__ = ["erlang_b", "erlang_c", "hypercube"]
