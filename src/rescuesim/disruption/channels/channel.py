"""The ladder of channels, one row each: what carries a message, who must be ready, how long it takes (R51)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption.outages import RUNNER
from rescuesim.errors import Fault, InputError

__all__ = ["PUBLIC_NETWORK", "Channel", "Need", "default_channels"]

PUBLIC_NETWORK = "public_network"
Need = Literal["base_station", "power", "walk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to get a message through.

    Parameters
    ----------
    name : str
    delay : Lognormal
        Seconds that a message takes once the channel is set up.
    needs : frozenset of {'base_station', 'power', 'walk'}
        ``base_station``: one of this channel that covers the place, and is supplied and connected (`BaseStation`).
        ``power``: of the place or site, after `endurance_h` without. ``walk``: a way on foot to a post.
    ready : float
        Probability that the equipment of a holder is charged, paid for and can be used by somebody who is there.
        Drawn for each holder and sample.
    inbound : float
        Probability that a ready holder can be called: a satellite phone in a drawer calls out, nobody calls it.
    set_up_s : float
        Seconds that each message takes before, for instance to go outdoors and unfold the antenna.
    users : float
        How many can use one base station of it at once; places nearest to it come first, sites always have a line.
    endurance_h : float
        Hours that the equipment of a holder lasts without power, where it needs power.
    congested : Lognormal or None
        Delay instead of `delay` while the channel is congested; None if it never is.

    Raises
    ------
    InputError
        With all faults: probabilities outside 0 to 1, an unknown need, negative times.

    Examples
    --------
    >>> phone = default_channels()["satellite_phone"]
    >>> phone.ready, phone.inbound, phone.message.median
    (0.7, 0.2, 180)
    """

    name: str
    delay: Lognormal
    needs: frozenset[Need] = frozenset()
    ready: float = 1.0
    inbound: float = 1.0
    set_up_s: float = 0.0
    users: float = math.inf
    endurance_h: float = math.inf
    congested: Lognormal | None = None

    def __post_init__(self) -> None:
        place = f"channel {self.name!r}"
        faults = [
            Fault(file=place, column=name, value=str(value), expected="a probability from 0 to 1")
            for name, value in (("ready", self.ready), ("inbound", self.inbound))
            if not 0 <= value <= 1
        ]
        faults += [
            Fault(file=place, column=name, value=str(value), expected="0 or more")
            for name, value in (("users", self.users), ("endurance_h", self.endurance_h))
            if not value >= 0
        ]
        if not 0 <= self.set_up_s < math.inf:
            faults.append(Fault(file=place, column="set_up_s", value=str(self.set_up_s), expected="seconds, 0 or more"))
        if unknown := sorted(self.needs - set(get_args(Need))):
            expected = f"of {', '.join(get_args(Need))}"
            faults.append(Fault(file=place, column="needs", value=", ".join(unknown), expected=expected))
        if not self.name:
            faults.append(Fault(column="name", value=self.name, expected="a name"))
        if faults:
            raise InputError(faults)

    @property
    def message(self) -> Lognormal:
        """Set-up and message delay together, in seconds."""
        return _later(self.delay, self.set_up_s)

    @property
    def congested_message(self) -> Lognormal:
        """Set-up and message delay while the channel is congested."""
        return _later(self.congested or self.delay, self.set_up_s)


def _later(delay: Lognormal, by_s: float) -> Lognormal:
    return Lognormal(median=delay.median + by_s, p90=delay.p90 + by_s) if by_s else delay


def _seconds(name: str) -> Lognormal:
    return Lognormal.from_default(default(f"channel.delay.{name}"))


def default_channels() -> Mapping[str, Channel]:
    """Return the channels of ``defaults.toml`` in the order of the ladder, by name.

    The order is that of their delays, so that nobody gains by losing a channel. ``uav_relay`` and ``radio_370`` carry
    something only where a relay or repeater of theirs covers the place.

    Examples
    --------
    >>> list(default_channels())
    ['public_network', 'uav_relay', 'radio_370', 'beidou', 'satellite_phone', 'runner']
    """
    base_station: frozenset[Need] = frozenset({"base_station"})
    rows = (
        Channel(
            name=PUBLIC_NETWORK,
            delay=_seconds(PUBLIC_NETWORK),
            needs=base_station,
            congested=Lognormal.from_default(default("channel.congested")),
        ),
        Channel(
            name="uav_relay",
            delay=_seconds("uav_relay"),
            needs=base_station,
            users=default("uav.national_users").number,
        ),
        Channel(
            name="radio_370",
            delay=_seconds("radio_370"),
            needs=base_station | {"power"},
            ready=default("channel.radio_370_ready").number,
            endurance_h=default("channel.radio_370_battery_h").number,
        ),
        Channel(
            name="beidou",
            delay=_seconds("beidou"),
            needs=frozenset({"power"}),
            ready=default("channel.beidou_ready").number * default("channel.beidou_success").number,
            endurance_h=default("channel.beidou_endurance_h").number,
        ),
        Channel(
            name="satellite_phone",
            delay=_seconds("satellite_phone"),
            needs=frozenset({"power"}),
            ready=default("channel.satellite_phone_ready").number,
            inbound=default("channel.satellite_phone_inbound").number,
            endurance_h=default("channel.satellite_phone_endurance_h").number,
        ),
        Channel(name=RUNNER, delay=_seconds(RUNNER), needs=frozenset({"walk"})),
    )
    return MappingProxyType({row.name: row for row in rows})
