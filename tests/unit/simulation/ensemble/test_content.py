from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
from ensemble_cases import town_study
from scipy import stats

from rescuesim.errors import InputError
from rescuesim.simulation import CallModel, Frozen, NearestAvailable
from rescuesim.simulation.ensemble.content import content_hash, program_hash


class Sparing:
    """A policy with a setting."""

    def __init__(self, spare: int) -> None:
        self.spare = spare


class Slotted:
    __slots__ = ("spare",)

    def __init__(self, spare: int) -> None:
        self.spare = spare


@dataclass(frozen=True)
class Remembers:
    value: int
    worked_out: list[int] = field(default_factory=list, init=False, compare=False)


DIFFER = [
    (1, 1.0),
    (1, True),
    (0.0, -0.0),
    ("1", 1),
    (None, ()),
    ([1, [2]], [[1], 2]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    (np.zeros(2), np.zeros((1, 2))),
    (np.zeros(2), np.zeros(2, dtype=np.float32)),
    (np.array(["a", "b"]), np.array(["ab", ""])),
    (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
    (range(0, 4), range(0, 4, 2)),
    (Sparing(1), Sparing(2)),
    (Slotted(1), Slotted(2)),
    (Sparing(1), Slotted(1)),
    (Remembers(1), Remembers(2)),
    (stats.gamma(2.0, scale=3.0), stats.gamma(2.0, scale=4.0)),
    (stats.gamma(2.0), stats.weibull_min(2.0)),
    (lambda x: x + 1, NearestAvailable()),
]


@pytest.mark.parametrize(("one", "other"), DIFFER, ids=lambda thing: type(thing).__name__)
def test_things_that_differ_have_hashes_that_differ(one, other):
    assert content_hash(one) != content_hash(other)


def test_equal_things_made_anew_have_the_same_hash(tmp_path):
    one, other = (town_study(tmp_path / name) for name in ("one", "other"))
    for name in ("plans", "network", "demand", "standard", "calls", "disruptions"):
        assert content_hash(one[name]) == content_hash(other[name]), name
    assert content_hash({"b", "a", "c"}) == content_hash({"c", "b", "a"})
    assert content_hash(Sparing(1)) == content_hash(Sparing(1))
    assert content_hash(Frozen(distribution=stats.gamma(2.0))) == content_hash(Frozen(distribution=stats.gamma(2.0)))


def test_the_width_of_a_text_array_is_not_its_content():
    assert content_hash(np.array(["a"], dtype="<U1")) == content_hash(np.array(["a"], dtype="<U9"))


def test_what_is_only_worked_out_from_the_rest_does_not_count():
    used = Remembers(1)
    used.worked_out.append(7)
    assert content_hash(used) == content_hash(Remembers(1))


def test_every_number_of_an_artefact_counts(tmp_path):
    study = town_study(tmp_path)
    network, demand = study["network"], study["demand"]
    ticks = network.ticks.copy()
    ticks[-1] += 1
    people = demand.people.copy()
    people[0] += 1e-9
    assert content_hash(replace(network, ticks=ticks)) != content_hash(network)
    assert content_hash(replace(demand, people=people)) != content_hash(demand)
    assert content_hash(CallModel(n_slots=2)) != content_hash(CallModel())


@pytest.mark.parametrize(
    "thing", [np.random.default_rng(1), threading.Lock(), iter([1])], ids=lambda t: type(t).__name__
)
def test_what_cannot_be_told_by_its_content_is_refused(thing):
    with pytest.raises(InputError, match="told by its content"):
        content_hash({"policy": thing})


def test_what_holds_itself_is_refused():
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(InputError, match="holds itself"):
        content_hash(ring)


def test_the_program_is_told_by_one_hash_in_every_call():
    assert program_hash() == program_hash()
    assert len(program_hash()) == 32
