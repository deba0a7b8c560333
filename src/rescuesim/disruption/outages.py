"""What is out of order and from when until when: roads, sites, grid, base stations, channels.

Times are seconds after the onset, which is also the start of a simulated replication. Each record says why it broke
(`cause`) and, where somebody mended it, who (`repaired_by`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn, get_args

from rescuesim._defaults import defaults_under
from rescuesim.crew import Lognormal
from rescuesim.errors import Fault, InputError, UnknownIdError, nearest_name
from rescuesim.network.states import Closure

__all__ = [
    "CAUSES",
    "RUNNER",
    "AssetKind",
    "AssetOutage",
    "ChannelOutage",
    "ContactSpell",
    "PowerOutage",
    "RoadDamage",
    "RoadOutage",
    "RoadSlowing",
    "SiteOutage",
    "fallback_channels",
]

CAUSES = (
    "given",  # a table, a record, a user
    "flood",
    "washout",
    "landslide",
    "debris_flow",
    "shaking",
    "ground_displacement",
    "debris",  # of buildings
    "trees",
    "ice",
    "grid",  # no supply
    "generator",  # did not start, or failed
    "fuel",  # a generator whose tank is empty
    "battery",
    "backhaul",
    "congestion",
    "equipment",  # absent, not charged, not paid, nobody trained
)
RUNNER = "runner"  # the channel of somebody who walks
AssetKind = Literal["site_power", "township_power", "base_station", "fibre"]


def _refuse_interval(what: str, from_s: float, until_s: float) -> NoReturn:
    """Refuse what does not end after it began; told apart, for millions of records are put to the question."""
    raise InputError(f"{what}: from {from_s} s to {until_s} s, expected 0 <= from < until")


def _check_cause(cause: str) -> None:
    if cause not in CAUSES:
        raise InputError([Fault(column="cause", value=cause, expected=f"one of {', '.join(CAUSES)}")])


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
        Place or event, for reports.
    cause : str
        One of `CAUSES`.
    repaired_by : str
        Crew that reopened it; empty if it passed by itself or nobody is known.
    """

    closure: Closure
    from_s: float
    until_s: float
    label: str = ""
    cause: str = "given"
    repaired_by: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"closure {self.label!r}", self.from_s, self.until_s)
        _check_cause(self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOutage:
    """A site that nobody can leave for a time."""

    site: str
    from_s: float
    until_s: float
    label: str = ""
    cause: str = "given"

    def __post_init__(self) -> None:
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"outage of site {self.site!r}", self.from_s, self.until_s)
        _check_cause(self.cause)


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
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"channel outage {self.label!r}", self.from_s, self.until_s)
        known = fallback_channels()
        if self.fallback not in known:
            raise UnknownIdError(f"fallback {self.fallback!r}: expected {nearest_name(self.fallback, known)}")

    def cuts(self, site: str, township: str) -> bool:
        """Whether a site is cut off by this outage."""
        everywhere = not self.townships and not self.sites
        return everywhere or site in self.sites or township in self.townships


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadDamage:
    """What a hazard does to a road, before anybody mends it.

    Parameters
    ----------
    closure : Closure
        Road, part and level.
    at_s : float
        Seconds after the onset.
    cause : str
        One of `CAUSES`.
    work_h : float
        Hours that one machine pair works to open it fully once it may begin.
    one_lane_h : float
        Hours of these after which one lane is open; `work_h`, or 0, if there is no such stage.
    hold_s : float
        Seconds after the damage before work may begin: water, instability, rain.
    passes_s : float
        Seconds after the onset at which it passes by itself, as water does; ``inf`` if it never does.
    label : str
        Place or event, for reports.
    bridge : bool
        Whether it is a bridge that is down: a temporary one, of one lane, is put up in days, and `work_h` is not
        looked at.
    """

    closure: Closure
    at_s: float
    cause: str
    work_h: float = 0.0
    one_lane_h: float = 0.0
    hold_s: float = 0.0
    passes_s: float = float("inf")
    label: str = ""
    bridge: bool = False

    def __post_init__(self) -> None:
        _check_cause(self.cause)
        if not 0 <= self.at_s < self.passes_s:
            _refuse_interval(f"damage {self.label!r} of road {self.closure.road}", self.at_s, self.passes_s)
        if not (0 <= self.one_lane_h <= self.work_h < float("inf")) or not 0 <= self.hold_s < float("inf"):
            raise InputError(
                f"damage {self.label!r} of road {self.closure.road}: one lane after {self.one_lane_h} h, work of "
                f"{self.work_h} h, held {self.hold_s} s; expected 0 <= one lane <= work, and a hold of 0 s or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadSlowing:
    """A whole road that is slower for a time, for instance under shallow water.

    Parameters
    ----------
    road : int
    factor : float
        On the travel time, 1 or more.
    from_s, until_s : float
        Seconds after the onset.
    cause : str
        One of `CAUSES`.
    """

    road: int
    factor: float
    from_s: float
    until_s: float
    cause: str = "given"

    def __post_init__(self) -> None:
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"slowing of road {self.road}", self.from_s, self.until_s)
        _check_cause(self.cause)
        if not 1 <= self.factor < float("inf"):
            raise InputError(
                f"slowing of road {self.road}: factor {self.factor}, expected 1 or more on the travel time"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOutage:
    """The grid of a supply area is out for a time.

    Parameters
    ----------
    area : str
        Supply area (feeder).
    from_s, until_s : float
        Seconds after the onset.
    cause : str
        One of `CAUSES`.
    repaired_by : str
    """

    area: str
    from_s: float
    until_s: float
    cause: str = "given"
    repaired_by: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"power outage of {self.area!r}", self.from_s, self.until_s)
        _check_cause(self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOutage:
    """Something that follows from the outages of grid and roads: a dark site or township, a base station, a fibre.

    Parameters
    ----------
    kind : {'site_power', 'township_power', 'base_station', 'fibre'}
        Power means that neither grid nor generator supplies.
    asset : str
        Id.
    from_s, until_s : float
        Seconds after the onset.
    cause : str
        One of `CAUSES`.
    repaired_by : str
    """

    kind: AssetKind
    asset: str
    from_s: float
    until_s: float
    cause: str = "given"
    repaired_by: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(AssetKind):
            raise InputError(
                [Fault(column="kind", value=self.kind, expected=f"one of {', '.join(get_args(AssetKind))}")]
            )
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"{self.kind} outage of {self.asset!r}", self.from_s, self.until_s)
        _check_cause(self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSpell:
    """Which channel carries the calls of a place, or the orders to a site, for a time.

    Outside all spells the public network carries them.

    Parameters
    ----------
    place : str
        Id of a demand point (calls) or of a site (orders).
    direction : {'call', 'order'}
    channel : str
        Name of the channel; empty if none carries anything.
    from_s, until_s : float
        Seconds after the onset.
    delay : Lognormal or None
        Seconds that a message takes; None without a channel.
    cause : str
        Why the public network does not carry it; one of `CAUSES`.
    """

    place: str
    direction: Literal["call", "order"]
    channel: str
    from_s: float
    until_s: float
    delay: Lognormal | None = None
    cause: str = "given"

    def __post_init__(self) -> None:
        if not 0 <= self.from_s < self.until_s:
            _refuse_interval(f"contact of {self.place!r}", self.from_s, self.until_s)
        _check_cause(self.cause)
        if self.direction not in ("call", "order"):
            raise InputError([Fault(column="direction", value=self.direction, expected="call or order")])
        if bool(self.channel) != (self.delay is not None):
            raise InputError(f"contact of {self.place!r}: expected a delay with a channel, and none without")

    @property
    def is_silence(self) -> bool:
        """Whether the place is silent (失联) meanwhile: nothing but a runner carries its calls, or nothing at all.

        Only calls fall silent: an order that a runner carries to a site is late, and it is obeyed.

        Examples
        --------
        >>> hour = Lognormal(median=3600, p90=5000)
        >>> some = [ContactSpell(place="v", direction="call", channel=by, from_s=0, until_s=9, delay=hour)
        ...         for by in (RUNNER, "satellite_phone")]
        >>> [spell.is_silence for spell in some]
        [True, False]
        """
        return self.direction == "call" and self.channel in ("", RUNNER)
