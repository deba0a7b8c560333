"""Units and choices by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rescuesim.crew import default_crews
from rescuesim.simulation import Choice, Fleet, OrderedCall, RoadTimes, Unit, World


def unit(name, crew="brigade", township=""):
    return Unit(id=f"{name}#1", site=name, crew=default_crews()[crew], township=township)


def choices(*offered):
    """Offer (unit, turnout, travel) in the order of turnout plus travel, as the engine does."""
    return [Choice(*one) for one in sorted(offered, key=lambda one: one[1] + one[2])]


def call(point="a", type_="rescue", **known):
    return OrderedCall(point, type_, ordered_at_s=0.0, now_s=0.0, **known)


def world(units, out_s=None, points=("a",), townships=None, weights=None):
    sites = tuple(dict.fromkeys(unit.site for unit in units))
    matrix = np.full((len(sites), len(points)), 60.0) if out_s is None else out_s
    return World(
        fleet=Fleet(units=tuple(units)),
        roads=RoadTimes.from_matrix(matrix, sites=sites, points=points),
        townships=townships or {},
        weights=weights or {},
    )


@pytest.fixture
def hand():
    return SimpleNamespace(unit=unit, choices=choices, call=call, world=world)
