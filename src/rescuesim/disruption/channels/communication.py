"""CommunicationNetwork: base stations, fibres along roads, who holds what, where runners go (R51)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption.channels.channel import PUBLIC_NETWORK, Channel, default_channels
from rescuesim.errors import Fault, InputError, nearest_name

__all__ = ["BaseStation", "CommunicationNetwork", "Fibre", "FibreRoad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FibreRoad:
    """A part of a road that a fibre runs along, in metres of the road's positions."""

    road: int
    from_m: float = 0.0
    to_m: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.from_m <= self.to_m:
            raise InputError(f"fibre along road {self.road}: {self.from_m} to {self.to_m} m, expected 0 <= from <= to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fibre:
    """A cable along roads: what shuts one of them by force cuts it.

    Parameters
    ----------
    id : str
    roads : tuple of FibreRoad
        None: only an outage that is given cuts it, as of an exchange.
    """

    id: str
    roads: tuple[FibreRoad, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseStation:
    """A base station of the public network, a repeater of 370 MHz, or a relay in the air.

    Parameters
    ----------
    id : str
    lon, lat : float
        WGS84 degrees.
    channel : str
        What it carries.
    radius_m : float
        It covers what lies within; 0 if only what it names.
    townships, places : tuple of str
        Townships, and ids of demand points and sites, that it covers wherever they lie.
    township : str
        Whose feeder supplies it, unless a supply area names it.
    battery : Lognormal or None
        Seconds that it lasts without grid and generator, drawn for each sample; None: it needs no supply.
    backhaul : tuple of tuple of str
        Ways to the core network, each a chain of fibres that are all needed; one whole way is enough. Empty: by
        radio, nothing cuts it.
    from_s, until_s : float
        Seconds after the onset in which it is on the air, for relays that come and go.
    """

    id: str
    lon: float
    lat: float
    channel: str = PUBLIC_NETWORK
    radius_m: float = 0.0
    townships: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    township: str = ""
    battery: Lognormal | None = field(
        default_factory=lambda: Lognormal.from_default(default("power.base_station_battery"))
    )
    backhaul: tuple[tuple[str, ...], ...] = ()
    from_s: float = 0.0
    until_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationNetwork:
    """What carries messages, and who can use it.

    Parameters
    ----------
    base_stations : tuple of BaseStation
    fibres : tuple of Fibre
    channels : tuple of Channel
        The ladder, the public network first: a message goes by the first that carries it.
    holders : mapping of str to frozenset of str
        By channel, the demand points and sites that have its equipment. A channel that is absent needs none:
        everybody has it.
    scheduled : frozenset of str
        Sites that listen at set times (``channel.scheduled_every_h``): they are called then whatever `Channel.inbound`.
    posts : tuple of str
        Sites where the dispatchers sit: always in contact, and where runners go to and come from.
    hubs : tuple of str
        Base stations at the exchanges: while all of them are down, no station with a backhaul carries anything.
    congestion_s : float
        Seconds after the onset in which a channel that can be congested is.
    splice : Lognormal
        Seconds from the reopening of the roads along a fibre until it is mended.
    fibre_cut_by : frozenset of str
        Causes of a shut road that cut the fibre along it.
    notes : tuple of str
        Defaults that were taken, to be said aloud.

    Raises
    ------
    InputError
        With every fault: a channel nobody has, unknown fibres, repeated ids, batteries, times and radii below 0.
    """

    base_stations: tuple[BaseStation, ...]
    fibres: tuple[Fibre, ...] = ()
    channels: tuple[Channel, ...] = field(default_factory=lambda: tuple(default_channels().values()))
    holders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scheduled: frozenset[str] = frozenset()
    posts: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()
    congestion_s: float = field(default_factory=lambda: default("channel.congestion_h").number * 3600)
    splice: Lognormal = field(default_factory=lambda: Lognormal.from_default(default("channel.fibre_splice")))
    fibre_cut_by: frozenset[str] = field(default_factory=lambda: frozenset(default("channel.fibre_cut_by").words))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if faults := [*_ladder_faults(self), *_station_faults(self)]:
            raise InputError(faults)

    def stations_of(self, channel: str) -> list[int]:
        """Return the places of a channel's stations in `base_stations`."""
        return [at for at, station in enumerate(self.base_stations) if station.channel == channel]


def _repeated(what: str, ids: Sequence[str]) -> list[Fault]:
    return [
        Fault(column=what, value=id_, expected="an id of its own, not empty, each once")
        for id_, times in Counter(ids).items()
        if times > 1 or not id_
    ]


def _ladder_faults(network: CommunicationNetwork) -> list[Fault]:
    names = [channel.name for channel in network.channels]
    faults = _repeated("channel", names)
    if not names or names[0] != PUBLIC_NETWORK:
        first = names[0] if names else ""
        faults.append(Fault(column="channels", value=first, expected=f"{PUBLIC_NETWORK} first"))
    for name in sorted(set(network.holders) - set(names)):
        faults.append(Fault(column="holders", value=name, expected=nearest_name(name, names)))
    carried = {station.channel for station in network.base_stations}
    for channel in network.channels:
        place = f"channel {channel.name!r}"
        if "base_station" in channel.needs and channel.name not in carried:
            expected = "at least one base station, repeater or relay that carries it; else leave the channel out"
            faults.append(Fault(file=place, column="base_stations", value="none", expected=expected))
        if channel.name in network.holders and not network.holders[channel.name]:
            expected = "at least one holder: nobody has this channel; else leave it out"
            faults.append(Fault(file=place, column="holders", value="nobody", expected=expected))
        if "walk" in channel.needs and not network.posts:
            expected = "at least one site where runners go to and come from; else leave the channel out"
            faults.append(Fault(file=place, column="posts", value="none", expected=expected))
    if not 0 <= network.congestion_s < math.inf:
        value = str(network.congestion_s)
        faults.append(Fault(column="congestion_s", value=value, expected="seconds, 0 or more"))
    return faults


def _station_faults(network: CommunicationNetwork) -> list[Fault]:
    faults = _repeated("base station", [station.id for station in network.base_stations])
    faults += _repeated("fibre", [fibre.id for fibre in network.fibres])
    stations = [station.id for station in network.base_stations]
    for hub in sorted(set(network.hubs) - set(stations)):
        faults.append(Fault(column="hubs", value=hub, expected=nearest_name(hub, stations)))
    names, fibres = [channel.name for channel in network.channels], {fibre.id for fibre in network.fibres}
    for station in network.base_stations:
        place = f"base station {station.id!r}"
        if station.channel not in names:
            expected = nearest_name(station.channel, names)
            faults.append(Fault(file=place, column="channel", value=station.channel, expected=expected))
        for fibre in sorted({fibre for way in station.backhaul for fibre in way} - fibres):
            faults.append(Fault(file=place, column="backhaul", value=fibre, expected=nearest_name(fibre, fibres)))
        if not (station.radius_m >= 0 and abs(station.lon) <= 180 and abs(station.lat) <= 90):
            value = f"{station.lon}, {station.lat}, {station.radius_m} m"
            expected = "WGS84 degrees and a radius of 0 m or more"
            faults.append(Fault(file=place, column="lon, lat, radius_m", value=value, expected=expected))
        if not 0 <= station.from_s < station.until_s:
            value = f"{station.from_s} to {station.until_s}"
            faults.append(Fault(file=place, column="from_s, until_s", value=value, expected="0 <= from < until"))
    for cable in network.fibres:
        for road in sorted({part.road for part in cable.roads if part.road < 0}):
            expected = "the number of a road"
            faults.append(Fault(file=f"fibre {cable.id!r}", column="roads", value=str(road), expected=expected))
    return faults
