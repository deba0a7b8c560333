"""Random streams of disruptions: one for each purpose and sample, so that one change leaves all other draws alone."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from rescuesim._streams import keyed_generator, text_key
from rescuesim.errors import InputError

__all__ = ["Draw", "draws"]


class Draw(IntEnum):
    """What is drawn; the numbers are part of every key, apart from those of the simulation, and never change."""

    FIELD = 100
    SEVERITY = 101
    DEBRIS = 102
    HOLD = 103
    RESTORATION = 104
    GENERATOR = 105
    BATTERY = 106
    READY = 107
    WARNING = 108
    GRID = 109
    ROAD_DAMAGE = 120


def draws(purpose: Draw, *, seed: int, sample: int, of: str = "") -> np.random.Generator:
    """Return the generator of one purpose in one sample.

    Parameters
    ----------
    purpose : Draw
    seed : int
        Root seed, 0 or more.
    sample : int
    of : str, optional
        Id of the asset or layer that is drawn for: what another has drawn does not change it.

    Returns
    -------
    numpy.random.Generator
        Always at its beginning.

    Raises
    ------
    InputError
        If seed or sample is no whole number of 0 or more.

    Examples
    --------
    >>> first = draws(Draw.BATTERY, seed=1, sample=0, of="tower 3").random()
    >>> first == draws(Draw.BATTERY, seed=1, sample=0, of="tower 3").random()
    True
    >>> first == draws(Draw.BATTERY, seed=1, sample=0, of="tower 4").random()
    False
    """
    for name, value in (("seed", seed), ("sample", sample)):
        if not isinstance(value, int | np.integer) or value < 0:
            raise InputError(f"{name} {value!r}: expected a whole number of 0 or more")
    return keyed_generator(seed, int(purpose), sample, *((text_key(of),) if of else ()))
