"""Disruption: the timeline of roads, sites and the public network, with cause and repair (R50).

Times are seconds after the onset, which is also the start of a simulated replication.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rescuesim._defaults import defaults_under
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network import NetworkState, NetworkStates
from rescuesim.network.states import Closure

__all__ = ["ChannelOutage", "Disruption", "RoadOutage", "SiteOutage", "network_states", "states_over_time"]


def _check_interval(what: str, from_s: float, until_s: float) -> None:
    if not (0 <= from_s < until_s):
        raise InputError(f"{what}: from {from_s} s to {until_s} s, expected 0 <= from < until")


def fallback_channels() -> frozenset[str]:
    """Return the channels that can carry an order when the public network is out."""
    return frozenset(defaults_under("channel.delay")) - {"public_network"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadOutage:
    """A road, or a part of it, that is not fully open for a time.

    Parameters
    ----------
    closure : Closure
    from_s, until_s : float
        Seconds after the onset; ``until_s`` may be ``inf``.
    label : str
        Cause or place, for reports.
    """

    closure: Closure
    from_s: float
    until_s: float
    label: str = ""

    def __post_init__(self) -> None:
        _check_interval(f"closure {self.label!r}", self.from_s, self.until_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOutage:
    """A site that nobody can leave for a time."""

    site: str
    from_s: float
    until_s: float
    label: str = ""

    def __post_init__(self) -> None:
        _check_interval(f"outage of site {self.site!r}", self.from_s, self.until_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOutage:
    """The public network is out for a time; orders go by a fallback channel.

    Parameters
    ----------
    townships : frozenset of str
        Sites of these townships are cut off.
    sites : frozenset of str
        So are these sites. With neither, all sites are.
    from_s, until_s : float
        Seconds after the onset.
    fallback : str
        Channel that carries orders meanwhile, of ``channel.delay`` in ``defaults.toml``; not the public
        network itself.
    label : str
    """

    townships: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    from_s: float
    until_s: float
    fallback: str = "satellite_phone"
    label: str = ""

    def __post_init__(self) -> None:
        _check_interval(f"channel outage {self.label!r}", self.from_s, self.until_s)
        known = fallback_channels()
        if self.fallback not in known:
            raise UnknownIdError(f"fallback {self.fallback!r}: expected {nearest_name(self.fallback, known)}")

    def cuts(self, site: str, township: str) -> bool:
        """Whether a site is cut off by this outage."""
        everywhere = not self.townships and not self.sites
        return everywhere or site in self.sites or township in self.townships


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruption:
    """Everything that breaks, when, and when it is repaired.

    Parameters
    ----------
    label : str
    roads : tuple of RoadOutage
    sites : tuple of SiteOutage
    channels : tuple of ChannelOutage
    probability : float
        Weight among several disruptions.

    Examples
    --------
    >>> slide = RoadOutage(closure=Closure(road=3), from_s=0, until_s=3600, label="slide")
    >>> storm = Disruption(label="storm", roads=(slide,))
    >>> storm.changes_s(), storm.state_at(10).closures[0].road, storm.state_at(3600).closures
    ((0.0, 3600.0), 3, ())
    """

    label: str
    roads: tuple[RoadOutage, ...] = ()
    sites: tuple[SiteOutage, ...] = ()
    channels: tuple[ChannelOutage, ...] = ()
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.label in ("", "intact"):
            raise InputError(f"disruption label {self.label!r}: expected a name of its own; intact means normal days")
        if not self.probability >= 0:
            raise InputError(f"disruption {self.label!r}: probability {self.probability}, expected 0 or more")

    def changes_s(self) -> tuple[float, ...]:
        """Return the moments at which the roads or usable sites change, the onset first, ascending."""
        moments = {0.0}
        spans = [(road.from_s, road.until_s) for road in self.roads] + [
            (site.from_s, site.until_s) for site in self.sites
        ]
        for span in spans:
            moments |= {float(moment) for moment in span}
        return tuple(sorted(moment for moment in moments if moment < math.inf))

    def state_at(self, at_s: float) -> NetworkState:
        """Return the state of the network at a moment; an outage holds from its start to before its end."""
        return NetworkState(
            closures=tuple(outage.closure for outage in self.roads if outage.from_s <= at_s < outage.until_s),
            unusable_sites=frozenset(outage.site for outage in self.sites if outage.from_s <= at_s < outage.until_s),
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
    if not some or not at_s or not all(moment >= 0 for moment in at_s):
        raise InputError("network states: expected at least one disruption and moments of 0 s or later")
    total = math.fsum(disruption.probability for disruption in some)
    if total <= 0:
        raise InputError("network states: expected disruptions with a probability above 0")
    made = []
    for disruption in some:
        share = disruption.probability / total / len(at_s)
        for moment in at_s:
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
