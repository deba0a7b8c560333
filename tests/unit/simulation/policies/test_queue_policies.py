from __future__ import annotations

import pytest

from rescuesim.errors import InputError
from rescuesim.simulation.policies import FirstOrdered, OrderedCall, queue_policy

CALLS = [
    OrderedCall(name, "fire", ordered_at_s=at_s, now_s=100.0, priority=priority)
    for name, at_s, priority in [("a", 30.0, 2), ("b", 10.0, 1), ("c", 20.0, 0), ("d", 5.0, 2), ("e", 20.0, 0)]
]


@pytest.mark.parametrize(
    ("name", "order"), [("fifo", "dbcea"), ("loss", "dbcea"), ("priority", "cebda"), ("preemptive", "cebda")]
)
def test_calls_wait_in_the_order_of_the_queue_and_equal_ones_as_they_came(name, order):
    assert "".join(call.demand_id for call in sorted(CALLS, key=queue_policy(name).key)) == order


@pytest.mark.parametrize(
    ("name", "waits", "preempts"),
    [("fifo", True, False), ("priority", True, False), ("preemptive", True, True), ("loss", False, False)],
)
def test_each_queue_says_whether_it_waits_and_whether_it_takes_units_away(name, waits, preempts):
    queue = queue_policy(name)
    assert (queue.waits, queue.preempts) == (waits, preempts)


def test_a_queue_that_is_given_is_kept_and_an_unknown_name_is_refused():
    queue = FirstOrdered()
    assert queue_policy(queue) is queue
    with pytest.raises(InputError, match="queue 'lifo': expected"):
        queue_policy("lifo")
