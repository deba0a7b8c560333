"""The engine: one replication as stories on a SimPy clock.

`hearing` says before the clock starts who is heard and answered when; `incident` is what the units of a call share;
`unit_story` is what one of them does, from the order to its return; `choosing` asks the policy; `line` holds those
that wait; `alerting` says by which channel an order goes; `replication` puts them together. What happens at the same
moment happens in this order: roads and shifts change, then everything else in the order in which it was scheduled.
"""

from __future__ import annotations

from rescuesim.simulation.engine.alerting import PUBLIC_NETWORK as PUBLIC_NETWORK
from rescuesim.simulation.engine.replication import run_replication as run_replication

__all__ = ["PUBLIC_NETWORK", "run_replication"]
