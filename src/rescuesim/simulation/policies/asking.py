"""Asking: a policy's answer, or what went wrong with it in words that name the moment and the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rescuesim.errors import InputError, RescueSimError
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.policies.dispatch import Choice, DispatchPolicy, OrderedCall, parallel_units
from rescuesim.simulation.policies.fleet_view import FleetView
from rescuesim.simulation.policies.move_up import Move, MoveUpPolicy
from rescuesim.simulation.policies.queueing import QueuePolicy

__all__ = ["ask_also", "ask_key", "ask_moves", "ask_unit", "failed", "where"]


def where(call: OrderedCall) -> str:
    """Say which call a policy was asked about, and when.

    Examples
    --------
    >>> where(OrderedCall("a", "fire", ordered_at_s=10.0, now_s=50.0))
    'at 50 s for the call of type fire at a, ordered at 10 s, slot 0'
    """
    return (
        f"at {call.now_s:.6g} s for the call of type {call.type} at {call.demand_id}, ordered at "
        f"{call.ordered_at_s:.6g} s, slot {call.slot}"
    )


def failed(error: Exception) -> str:
    """Say what a method raised.

    Examples
    --------
    >>> failed(KeyError("seat"))
    "raised KeyError: 'seat'"
    """
    said = str(error)
    return f"raised {type(error).__name__}: {said}" if said else f"raised {type(error).__name__}"


def _raise_own(error: Exception) -> None:
    """Raise an error of the engine as it is: units are offered by a generator, so its faults come through a policy."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if step is not None and str(step.tb_frame.f_globals.get("__name__")).startswith("rescuesim.simulation.engine"):
        raise error


def ask_unit(policy: DispatchPolicy, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
    """Return the unit that a policy chooses.

    Raises
    ------
    InputError
        If the policy raises an error, or returns something that is no unit.

    Examples
    --------
    >>> class Odd:
    ...     def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
    ...         return "s1"
    >>> ask_unit(Odd(), OrderedCall("a", "fire", 10.0, 50.0), iter([]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    rescuesim.errors.InputError: policy Odd chose 's1'; expected a unit on offer or None; asked at 50 s ...
    """
    try:
        chosen = policy.choose(call, choices)
    except RescueSimError:
        raise
    except Exception as error:
        _raise_own(error)
        raise InputError(f"policy {type(policy).__name__} {failed(error)}; asked {where(call)}") from error
    if chosen is not None and not isinstance(chosen, Unit):
        what = "the choice, not choice.unit" if isinstance(chosen, Choice) else f"{chosen!r}"
        raise InputError(
            f"policy {type(policy).__name__} chose {what}; expected a unit on offer or None; asked {where(call)}"
        )
    return chosen


def ask_also(policy: DispatchPolicy, call: OrderedCall, choices: Iterator[Choice]) -> tuple[Unit, ...]:
    """Return the units that a policy alerts in parallel; InputError if it raises an error or returns no units."""
    name = type(policy).__name__
    try:
        units = tuple(parallel_units(policy, call, choices))
    except RescueSimError:
        raise
    except Exception as error:
        _raise_own(error)
        raise InputError(f"policy {name}, also: {failed(error)}; asked {where(call)}") from error
    if wrong := [unit for unit in units if not isinstance(unit, Unit)]:
        raise InputError(f"policy {name}, also: alerts {wrong[0]!r}; expected units on offer; asked {where(call)}")
    return units


def ask_key(queue: QueuePolicy, call: OrderedCall) -> Any:
    """Return the key of a waiting call; InputError if the queue raises an error."""
    try:
        return queue.key(call)
    except RescueSimError:
        raise
    except Exception as error:
        raise InputError(f"queue {type(queue).__name__} {failed(error)}; asked {where(call)}") from error


def ask_moves(policy: MoveUpPolicy, view: FleetView) -> Iterator[Move]:
    """Yield the moves of a policy.

    Raises
    ------
    InputError
        If the policy raises an error, or returns something else than moves.

    Examples
    --------
    >>> from rescuesim.simulation.policies.fleet_view import view_of_line
    >>> class Forgetful:
    ...     def moves(self, view: FleetView) -> Iterable[Move]:
    ...         return None
    >>> list(ask_moves(Forgetful(), view_of_line({"s": 0}, ["s"])))
    Traceback (most recent call last):
    rescuesim.errors.InputError: move_up Forgetful returned None at 0 s; expected moves, an empty list for none
    """
    name, at = type(policy).__name__, f"at {view.now_s:.6g} s"
    try:
        made: Any = policy.moves(view)
        if isinstance(made, str) or not isinstance(made, Iterable):
            raise InputError(f"move_up {name} returned {made!r} {at}; expected moves, an empty list for none")
        for move in made:
            if not isinstance(getattr(move, "unit", None), Unit) or not isinstance(getattr(move, "site", None), str):
                raise InputError(f"move_up {name} returned {move!r} {at}; expected Move(unit, site id)")
            yield move
    except RescueSimError:
        raise
    except Exception as error:
        raise InputError(f"move_up {name} {failed(error)}; asked {at}") from error
