"""Alerting: by which channel an order reaches a unit, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption import ChannelOutage, ContactSpell
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.fleet import Fleet

__all__ = ["PUBLIC_NETWORK", "RUNNER", "Alerting"]

PUBLIC_NETWORK, RUNNER = "public_network", "runner"


class Alerting:
    """The channels that carry orders, spell by spell.

    Parameters
    ----------
    fleet : Fleet
    calls : CallLog
        Their ``alerting_z`` sets how long a message takes.
    channels : sequence of ChannelOutage
        Where several cut a site off at once, the first given holds.
    contacts : sequence of ContactSpell
        Those of orders. A spell of a site holds rather than an outage.

    Notes
    -----
    The desk knows at once that nothing reaches a site: nobody answers. So it does not order its units, and they stand
    as those of a site that cannot be left. What it cannot know is that a channel will break while a message is under
    way: such an order is not told, unless a runner has it, and is given anew.
    """

    def __init__(
        self, fleet: Fleet, calls: CallLog, channels: Sequence[ChannelOutage], contacts: Sequence[ContactSpell]
    ) -> None:
        self._z = calls.alerting_z
        self._delays: dict[Lognormal, list[float]] = {}
        self._outages = [
            (outage, {row for row, unit in enumerate(fleet.units) if outage.cuts(unit.site, unit.township)})
            for outage in channels
        ]
        self._usual = {
            outage.fallback: Lognormal.from_default(default(f"channel.delay.{outage.fallback}")) for outage in channels
        }
        by_site: dict[str, list[ContactSpell]] = {}
        for spell in contacts:
            if spell.direction == "order":
                by_site.setdefault(spell.place, []).append(spell)
        self._spells = [by_site.get(unit.site, []) for unit in fleet.units]
        self.channels = [PUBLIC_NETWORK]
        self.always_public = not self._outages and not any(self._spells)

    def _delay_s(self, delay: Lognormal, call: int) -> float:
        if delay not in self._delays:
            self._delays[delay] = delay.from_normal(self._z).tolist()
        return self._delays[delay][call]

    def spell(self, unit: int, at_s: float) -> ContactSpell | None:
        """Return the spell of a unit's site that holds at a moment."""
        for spell in self._spells[unit]:
            if spell.from_s <= at_s < spell.until_s:
                return spell
        return None

    def _number(self, channel: str) -> int:
        if channel not in self.channels:
            self.channels.append(channel)
        return self.channels.index(channel)

    def message(self, unit: int, call: int, now_s: float) -> tuple[int, float]:
        """Return the number of the channel of an order given now, and the moment at which it is through.

        The desk tries again whenever another channel holds: the telephone that is back overtakes the runner.
        """
        channel, through_s, until_s = self._tried(unit, call, now_s)
        while until_s < through_s:
            if (spell := self.spell(unit, until_s)) is not None and spell.delay is None:  # nothing reaches the site
                until_s = spell.until_s
                continue
            other, other_s, until_s = self._tried(unit, call, until_s)
            if other_s < through_s:
                channel, through_s = other, other_s
        return self._number(channel), through_s

    def _tried(self, unit: int, call: int, now_s: float) -> tuple[str, float, float]:
        """Return the channel that holds at a moment, when an order given then is through, and how long it holds."""
        spell = self.spell(unit, now_s)
        if spell is not None and spell.delay is not None:
            return spell.channel, now_s + self._delay_s(spell.delay, call), spell.until_s
        for outage, units in self._outages:
            if unit in units and outage.from_s <= now_s < outage.until_s:
                through_s = now_s + self._delay_s(self._usual[outage.fallback], call)
                return outage.fallback, through_s, outage.until_s
        return PUBLIC_NETWORK, now_s, math.inf

    def is_lost(self, unit: int, channel: int, through_s: float) -> bool:
        """Whether nothing reaches the unit's site any more when a message should be through."""
        if self.channels[channel] == RUNNER:
            return False
        spell = self.spell(unit, through_s)
        return spell is not None and not spell.channel

    def report_s(self, unit: int, call: int, now_s: float) -> float:
        """Return when a report from a unit on the scene is through: at once, or after the silence of its station.

        It takes as long as an order on the same channel does, a runner's way too.
        """
        while (spell := self.spell(unit, now_s)) is not None and not spell.channel:
            now_s = spell.until_s
        return self.message(unit, call, now_s)[1]

    def carries_s(self, unit: int, at_s: float) -> float:
        """Return how long a message from or to a unit on the road takes; ``inf`` if nothing but a runner goes."""
        spell = self.spell(unit, at_s)
        if spell is not None:
            return float("inf") if spell.delay is None or spell.channel == RUNNER else spell.delay.median
        for outage, units in self._outages:
            if unit in units and outage.from_s <= at_s < outage.until_s:
                return float("inf") if outage.fallback == RUNNER else self._usual[outage.fallback].median
        return 0.0
