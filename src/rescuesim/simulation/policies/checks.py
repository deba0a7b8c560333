"""Checks of policies before the first event: their methods, what they ask of the world, whom they choose on paper."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any, cast

from rescuesim.errors import Fault, InputError, RescueSimError
from rescuesim.simulation.policies.asking import failed
from rescuesim.simulation.policies.dispatch import DispatchPolicy, most_parallel
from rescuesim.simulation.policies.move_up import MoveUpPolicy
from rescuesim.simulation.policies.queueing import QueuePolicy
from rescuesim.simulation.policies.trial import trial_faults, trial_of_keys, trial_of_moves
from rescuesim.simulation.policies.world import World

__all__ = ["check_policies", "shape_faults"]

_METHODS = {"policy": {"choose": 2, "also": 2}, "queue": {"key": 1}, "move_up": {"moves": 1}}
_REQUIRED = {"policy": "choose", "queue": "key", "move_up": "moves"}


def check_policies(
    world: World,
    *,
    policy: object = None,
    queue: object = None,
    move_up: object = None,
    n_slots: Mapping[str, int] | None = None,
    drawn_slots: int | None = None,
) -> None:
    """Check policies before the first event.

    Parameters
    ----------
    world : World
    policy, queue, move_up : object, optional
        Those absent are not checked.
    n_slots : mapping of str to int, optional
        Unit slots of the package of each type of call; with `drawn_slots`.
    drawn_slots : int, optional
        Unit slots that the calls have draws for: units alerted in parallel need some after the package's.

    Raises
    ------
    InputError
        With everything that is wrong: a policy without its method, what its own ``check(world)`` finds, and a unit
        that a policy chose in a trial though it was not on offer, an error that it raised there, a move or a key that
        cannot be (see `trial`).

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation import Fleet, RoadTimes, Unit
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"]),))
    >>> roads = RoadTimes.from_matrix([[60.0]], sites=["s"], points=["a"])
    >>> check_policies(World(fleet=fleet, roads=roads), policy="nearest")
    Traceback (most recent call last):
    rescuesim.errors.InputError: column policy: 'nearest', expected an object with a method choose(call, choices)
    """
    faults = shape_faults(policy=policy, queue=queue, move_up=move_up)
    for role, given in (("policy", policy), ("queue", queue), ("move_up", move_up)):
        if given is not None and hasattr(given, "check") and not _shape_faults(role, given):
            faults += _own_check(role, given, world)
    if queue is not None and not faults:
        faults += trial_of_keys(cast(QueuePolicy, queue), world)
    if move_up is not None and not faults:
        faults += trial_of_moves(cast(MoveUpPolicy, move_up), world)
    if policy is not None and not faults:
        asked = cast(DispatchPolicy, policy)
        faults += trial_faults(asked, world)
        most = max((n_slots or {}).values(), default=0) + most_parallel(asked)
        if most_parallel(asked) and drawn_slots is not None and most > drawn_slots:
            expected = (
                f"calls drawn for {most} unit slots or more, with those alerted in parallel; CallModel(n_slots={most})"
            )
            faults.append(Fault(column="policy", value=str(drawn_slots), expected=expected))
    if faults:
        raise InputError(faults)


def shape_faults(*, policy: object = None, queue: object = None, move_up: object = None) -> list[Fault]:
    """Say which methods policies lack, or cannot be called as they are; this takes no world."""
    roles = {"policy": policy, "queue": queue, "move_up": move_up}
    return [fault for role, given in roles.items() if given is not None for fault in _shape_faults(role, given)]


def _own_check(role: str, given: Any, world: World) -> list[Fault]:
    """Return what a policy finds itself, or that its check fails."""
    try:
        return list(given.check(world))
    except RescueSimError:
        raise
    except Exception as error:
        if type(given).__module__.startswith("rescuesim."):
            raise
        expected = f"a check(world) that returns a list of Fault; it {failed(error)}"
        return [Fault(column=role, value=type(given).__name__, expected=expected)]


def _shape_faults(role: str, given: object) -> list[Fault]:
    """Say which method is missing, or cannot take what it is called with."""
    named = {"choose": "(call, choices)", "also": "(call, choices)", "key": "(call)", "moves": "(view)"}
    faults, is_class = [], isinstance(given, type)
    for name, n_arguments in _METHODS[role].items():
        method = None if is_class else getattr(given, name, None)
        if method is None and name != _REQUIRED[role]:
            continue
        if not callable(method) or not _takes(method, n_arguments):
            value = f"class {given.__name__}" if isinstance(given, type) else _named(given)
            faults.append(Fault(column=role, value=value, expected=f"an object with a method {name}{named[name]}"))
    return faults


def _named(given: object) -> str:
    return repr(given).strip("'\"") if isinstance(given, str | int | float | Collection) else type(given).__name__


def _takes(method: object, n_arguments: int) -> bool:
    try:
        inspect.signature(method).bind(*(None,) * n_arguments)  # type: ignore[arg-type]
    except TypeError:
        return False
    except ValueError:  # a method of C code tells nothing of its arguments
        return True
    return True
