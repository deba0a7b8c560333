"""Random streams keyed by what they are for, so that plans are compared on the same draws.

A stream's key is (purpose, replication, ...) under one root seed. The plan and the disruption never enter
a key: another plan sees the same calls, the same durations and, at sites both have, the same absences
(common random numbers).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from rescuesim._streams import keyed_generator, text_key

__all__ = ["Stream", "site_key", "stream"]


class Stream(IntEnum):
    """What a stream of random numbers is for; the numbers are part of every key and never change."""

    CALL_COUNT = 0
    ARRIVAL = 1
    PLACE = 2
    TYPE = 3
    ANSWERING = 4
    ORDER = 5
    ALERTING = 6
    TURNOUT = 7
    TRAVEL = 8
    SET_UP = 9
    ON_SCENE = 10
    ABSENCE = 11
    MUSTER = 12
    ACCEPTANCE = 13
    DETECTION = 14
    ALARM = 15
    PATIENCE = 16
    AGAIN = 17
    HAND_OVER = 18
    DESK = 19
    GUIDANCE = 20
    DUPLICATES = 21
    DUPLICATE_LAG = 22
    MESSAGE = 23
    COMMAND_POST = 24


def stream(
    purpose: Stream, *, seed: int, replication: int, key: int | tuple[int, ...] | None = None
) -> np.random.Generator:
    """Return the generator of one purpose in one replication.

    Parameters
    ----------
    purpose : Stream
    seed : int
        Root seed, 0 or more.
    replication : int
    key : int or tuple of int, optional
        Further parts of the key, for instance `site_key`, or which calls and which unit slot.

    Returns
    -------
    numpy.random.Generator
        Always at its beginning.

    Examples
    --------
    >>> first = stream(Stream.TRAVEL, seed=1, replication=0).random()
    >>> first == stream(Stream.TRAVEL, seed=1, replication=0).random()
    True
    >>> first == stream(Stream.TRAVEL, seed=1, replication=1).random()
    False
    """
    further = () if key is None else key if isinstance(key, tuple) else (key,)
    return keyed_generator(seed, int(purpose), replication, *further)


def site_key(site: str) -> int:
    """Turn a site id into a number for a key, the same on every machine and in every plan.

    Examples
    --------
    >>> site_key("s1")
    336935152
    """
    return text_key(site)
