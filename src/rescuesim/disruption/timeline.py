"""Disruption: the timeline of roads, sites and the public network, with cause and repair (R50).

Times are seconds after the onset, which is also the start of a simulated replication.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rescuesim.disruption.outages import (
    AssetOutage,
    ChannelOutage,
    ContactSpell,
    PowerOutage,
    RoadOutage,
    RoadSlowing,
    SiteOutage,
)
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import NetworkState, NetworkStates

__all__ = ["Disruption", "network_states", "states_over_time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruption:
    """Everything that breaks, when, and when it is repaired.

    Parameters
    ----------
    label : str
    roads : tuple of RoadOutage
    slowings : tuple of RoadSlowing
    sites : tuple of SiteOutage
    channels : tuple of ChannelOutage
    power : tuple of PowerOutage
        Of the grid.
    assets : tuple of AssetOutage
        What follows from it: dark sites and townships, base stations, fibres.
    contacts : tuple of ContactSpell
        Which channel carries calls and orders where the public network does not.
    probability : float
        Weight among several disruptions.

    Examples
    --------
    >>> from rescuesim.network.states import Closure
    >>> slide = RoadOutage(closure=Closure(road=3), from_s=0, until_s=3600, label="slide")
    >>> storm = Disruption(label="storm", roads=(slide,))
    >>> storm.changes_s(), storm.state_at(10).closures[0].road, storm.state_at(3600).closures
    ((0.0, 3600.0), 3, ())
    """

    label: str
    roads: tuple[RoadOutage, ...] = ()
    slowings: tuple[RoadSlowing, ...] = ()
    sites: tuple[SiteOutage, ...] = ()
    channels: tuple[ChannelOutage, ...] = ()
    power: tuple[PowerOutage, ...] = ()
    assets: tuple[AssetOutage, ...] = ()
    contacts: tuple[ContactSpell, ...] = ()
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.label in ("", "intact"):
            raise InputError(f"disruption label {self.label!r}: expected a name of its own; intact means normal days")
        if not 0 <= self.probability < math.inf:
            raise InputError(f"disruption {self.label!r}: probability {self.probability}, expected 0 or more, finite")

    def unknown_townships(self, known: Iterable[str]) -> list[Fault]:
        """Name the townships whose public network is out and that nobody knows: their outage would cut nobody off.

        Parameters
        ----------
        known : iterable of str
            Townships of the sites and points that the disruption meets.
        """
        there = set(known) - {""}
        return [
            Fault(
                file=f"disruption {self.label!r}",
                column=f"township of the channel outage {outage.label!r}",
                value=name,
                expected=nearest_name(name, there) if there else "sites and points with a column township",
            )
            for outage in self.channels
            for name in sorted(outage.townships - there)
        ]

    def changes_s(self) -> tuple[float, ...]:
        """Return the moments at which the roads or usable sites change, the onset first, ascending."""
        moments = {0.0}
        changing: tuple[RoadOutage | RoadSlowing | SiteOutage | ContactSpell, ...] = (
            *self.roads,
            *self.slowings,
            *self.sites,
            *self._unreached,
        )
        for outage in changing:
            moments |= {float(outage.from_s), float(outage.until_s)}
        return tuple(sorted(moment for moment in moments if moment < math.inf))

    @property
    def _unreached(self) -> tuple[ContactSpell, ...]:
        """Spells in which no order reaches a site: its crew stays, whatever the roads are like."""
        return tuple(spell for spell in self.contacts if spell.direction == "order" and not spell.channel)

    def state_at(self, at_s: float) -> NetworkState:
        """Return the state of the network at a moment; an outage holds from its start to before its end.

        A site that no order reaches is unusable, as one is that nobody can leave.
        """
        out = {outage.site for outage in self.sites if outage.from_s <= at_s < outage.until_s}
        out |= {spell.place for spell in self._unreached if spell.from_s <= at_s < spell.until_s}
        slow_downs: dict[int, float] = {}
        for slowing in self.slowings:
            if slowing.from_s <= at_s < slowing.until_s:
                slow_downs[slowing.road] = max(slowing.factor, slow_downs.get(slowing.road, 1.0))
        return NetworkState(
            slow_downs=slow_downs,
            closures=tuple(outage.closure for outage in self.roads if outage.from_s <= at_s < outage.until_s),
            unusable_sites=frozenset(out),
            label=f"{self.label} + {at_s / 3600:g} h",
        )


def network_states(disruptions: Disruption | Sequence[Disruption], *, at_s: Sequence[float]) -> NetworkStates:
    """Take moments of one or several disruptions as states of the network.

    Parameters
    ----------
    disruptions : Disruption or sequence of Disruption
    at_s : sequence of float
        Seconds after the onset.

    Returns
    -------
    NetworkStates
        One state for each disruption and moment; the probability of a disruption is shared equally among
        its moments, and all are scaled to sum to 1.
    """
    some = (disruptions,) if isinstance(disruptions, Disruption) else tuple(disruptions)
    moments = [float(moment) for moment in at_s]
    if not some or not moments or not all(0 <= moment < math.inf for moment in moments):
        raise InputError("network states: expected at least one disruption and moments of 0 s or later, finite")
    total = math.fsum(disruption.probability for disruption in some)
    if total <= 0:
        raise InputError("network states: expected disruptions with a probability above 0")
    made = []
    for disruption in some:
        share = disruption.probability / total / len(moments)
        for moment in moments:
            made.append(replace(disruption.state_at(moment), probability=share))
    return NetworkStates(states=tuple(made))


def states_over_time(disruption: Disruption, *, until_s: float) -> NetworkStates:
    """Take every state that a disruption goes through, weighted by how long it lasts.

    Parameters
    ----------
    disruption : Disruption
    until_s : float
        End of the time looked at, in seconds after the onset.

    Returns
    -------
    NetworkStates
        One state for each stretch between two changes; the probability is its share of the time.
    """
    if not 0 < until_s < math.inf:
        raise InputError(f"until_s {until_s}: expected seconds above 0")
    moments = [moment for moment in disruption.changes_s() if moment < until_s]
    ends = [*moments[1:], until_s]
    shares = [(end - moment) / until_s for moment, end in zip(moments, ends, strict=True)]
    shares[-1] = 1 - math.fsum(shares[:-1])
    return NetworkStates(
        states=tuple(
            replace(disruption.state_at(moment), probability=share)
            for moment, share in zip(moments, shares, strict=True)
        )
    )
