"""Queues: in which order calls wait for a unit, and whether they wait at all."""

from __future__ import annotations

from typing import Literal, Protocol, get_args

from rescuesim.errors import InputError, nearest_name
from rescuesim.simulation.policies.dispatch import OrderedCall

__all__ = ["FirstOrdered", "Loss", "MostUrgent", "Preemptive", "QueueName", "QueuePolicy", "queue_policy"]

QueueName = Literal["fifo", "priority", "preemptive", "loss"]


class QueuePolicy(Protocol):
    """Sorts the calls that wait for a unit.

    Attributes
    ----------
    waits : bool
        Whether a call without a unit waits; else it is lost.
    preempts : bool
        Whether a unit may be taken from a less urgent call.

    Examples
    --------
    A queue that serves schools first, and otherwise by order:

    >>> class SchoolsFirst:
    ...     waits, preempts = True, False
    ...
    ...     def key(self, call: OrderedCall) -> tuple[float, ...]:
    ...         return (float(not call.demand_id.startswith("school")), call.ordered_at_s)
    >>> calls = [OrderedCall("a", "fire", 10.0, 50.0), OrderedCall("school-2", "fire", 20.0, 50.0)]
    >>> [call.demand_id for call in sorted(calls, key=SchoolsFirst().key)]
    ['school-2', 'a']
    """

    @property
    def waits(self) -> bool:
        """Whether a call without a unit waits; else it is lost."""
        ...

    @property
    def preempts(self) -> bool:
        """Whether a unit may be taken from a less urgent call."""
        ...

    def key(self, call: OrderedCall) -> tuple[float, ...]:
        """Return what waiting calls are sorted by, ascending; calls of equal keys stand in the order of the log.

        Parameters
        ----------
        call : OrderedCall
            As it was when it began to wait: `OrderedCall.now_s` must not enter the key.
        """
        ...


class FirstOrdered:
    """First ordered, first served.

    Examples
    --------
    >>> FirstOrdered().key(OrderedCall("a", "fire", ordered_at_s=10.0, now_s=50.0))
    (10.0,)
    """

    waits, preempts = True, False

    def key(self, call: OrderedCall) -> tuple[float, ...]:
        """Return the moment of the order."""
        return (call.ordered_at_s,)


class MostUrgent:
    """The most urgent first, of equally urgent calls the first ordered; nobody under way is called off.

    Examples
    --------
    >>> MostUrgent().key(OrderedCall("a", "social", ordered_at_s=10.0, now_s=50.0, priority=2))
    (2.0, 10.0)
    """

    waits, preempts = True, False

    def key(self, call: OrderedCall) -> tuple[float, ...]:
        """Return priority and moment of the order."""
        return (float(call.priority), call.ordered_at_s)


class Preemptive(MostUrgent):
    """As `MostUrgent`, and a unit may be taken from a less urgent call.

    Examples
    --------
    >>> Preemptive().preempts, MostUrgent().preempts
    (True, False)
    """

    preempts = True


class Loss(FirstOrdered):
    """Nobody waits: a call that finds no unit is lost, as in Erlang's loss system.

    Examples
    --------
    >>> Loss().waits
    False
    """

    waits = False


def queue_policy(queue: str | QueuePolicy) -> QueuePolicy:
    """Return the queue of a name, or the one that is given.

    Parameters
    ----------
    queue : {'fifo', 'priority', 'preemptive', 'loss'} or QueuePolicy

    Raises
    ------
    InputError
        If the name is unknown.

    Examples
    --------
    >>> type(queue_policy("priority")).__name__
    'MostUrgent'
    """
    if not isinstance(queue, str):
        return queue
    known: dict[str, type[FirstOrdered] | type[MostUrgent]] = {
        "fifo": FirstOrdered,
        "priority": MostUrgent,
        "preemptive": Preemptive,
        "loss": Loss,
    }
    assert set(known) == set(get_args(QueueName))
    if queue not in known:
        raise InputError(f"queue {queue!r}: expected {nearest_name(queue, known)}")
    return known[queue]()
