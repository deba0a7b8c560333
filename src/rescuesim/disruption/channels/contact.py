"""Who can be told what, when: questions to the contacts of a disruption, and what follows from silence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtri

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption.channels.channel import PUBLIC_NETWORK
from rescuesim.disruption.intervals import union
from rescuesim.disruption.keyed_uniforms import id_keys, keyed_uniforms
from rescuesim.disruption.outages import ChannelOutage, ContactSpell, SiteOutage, fallback_channels
from rescuesim.disruption.streams import Draw
from rescuesim.disruption.timeline import Disruption
from rescuesim.errors import InputError

__all__ = ["Contact", "FirstContact", "channel_outages", "contact", "reconnaissance", "silent_sites"]

Direction = Literal["call", "order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What carries a call of a place or an order to a site at a moment.

    Attributes
    ----------
    channel : str
        Empty: nothing does.
    delay : Lognormal or None
        Seconds that the message takes; None without a channel.
    cause : str
        Why it is not the public network as on any day; empty if it is.
    until_s : float
        When this changes, in seconds after the onset; ``inf`` if it does not.
    """

    channel: str
    delay: Lognormal | None
    cause: str
    until_s: float


def contact(disruption: Disruption, place: str, at_s: float, direction: Direction) -> Contact:
    """Say which channel carries a call or an order at a moment, and how long it takes.

    Parameters
    ----------
    disruption : Disruption
        With its contacts, as `cascade` gives.
    place : str
        Demand point (call) or site (order).
    at_s : float
        Seconds after the onset.
    direction : {'call', 'order'}

    Returns
    -------
    Contact

    Examples
    --------
    >>> hour = Lognormal(median=3600, p90=5000)
    >>> spell = ContactSpell(place="v", direction="call", channel="runner", from_s=60, until_s=90, delay=hour)
    >>> cut = Disruption(label="cut", contacts=(spell,))
    >>> [contact(cut, "v", at_s, "call").channel for at_s in (0, 60, 90)]
    ['public_network', 'runner', 'public_network']
    """
    if direction not in ("call", "order") or not at_s >= 0:
        raise InputError(f"contact: {direction!r} at {at_s} s; expected call or order, 0 s or later")
    until_s = math.inf
    for spell in disruption.contacts:
        if spell.place != place or spell.direction != direction:
            continue
        if spell.from_s <= at_s < spell.until_s:
            return Contact(channel=spell.channel, delay=spell.delay, cause=spell.cause, until_s=spell.until_s)
        if spell.from_s > at_s:
            until_s = min(until_s, spell.from_s)
    usual = Lognormal.from_default(default(f"channel.delay.{PUBLIC_NETWORK}"))
    return Contact(channel=PUBLIC_NETWORK, delay=usual, cause="", until_s=until_s)


def channel_outages(contacts: Iterable[ContactSpell]) -> tuple[ChannelOutage, ...]:
    """Turn orders that go by another channel into outages of the public network, as the simulation takes them.

    Parameters
    ----------
    contacts : iterable of ContactSpell

    Returns
    -------
    tuple of ChannelOutage
        One for each time and fallback, with all its sites. They carry the default delay of their fallback, not the
        delay of the spell. Congestion is left out, and so are sites that nothing reaches: see `silent_sites`.
    """
    together: dict[tuple[float, float, str], set[str]] = {}
    known = fallback_channels()
    for spell in contacts:
        if spell.direction == "order" and spell.channel in known:
            together.setdefault((spell.from_s, spell.until_s, spell.channel), set()).add(spell.place)
    return tuple(
        ChannelOutage(sites=frozenset(sites), from_s=from_s, until_s=until_s, fallback=channel, label=f"by {channel}")
        for (from_s, until_s, channel), sites in sorted(together.items())
    )


def silent_sites(contacts: Iterable[ContactSpell]) -> tuple[SiteOutage, ...]:
    """Turn silence of sites into outages: a crew that is alerted by phone does not turn out when the phone is dead.

    Parameters
    ----------
    contacts : iterable of ContactSpell

    Returns
    -------
    tuple of SiteOutage
        By site and time.
    """
    silent = [spell for spell in contacts if spell.direction == "order" and not spell.channel]
    return tuple(
        SiteOutage(site=spell.place, from_s=spell.from_s, until_s=spell.until_s, label="no order", cause=spell.cause)
        for spell in sorted(silent, key=lambda spell: (spell.place, spell.from_s))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstContact:
    """How a silent village is found.

    Attributes
    ----------
    place : str
    silent_from_s : float
        Seconds after the onset from which nothing but a runner carries its calls, or nothing at all.
    sent_s : float
        When somebody is sent to look; ``inf`` if its silence ends before.
    contact_s : float
        When the county first hears of it: somebody looks, its own runner comes, or a channel is back; ``inf``: not
        within the horizon.
    by : str
        ``uav``, ``runner``, ``own_runner``, ``channel``; empty if nobody.
    """

    place: str
    silent_from_s: float
    sent_s: float
    contact_s: float
    by: str


def reconnaissance(
    contacts: Sequence[ContactSpell], *, seed: int, sample: int, horizon_s: float, silence_s: float | None = None
) -> tuple[FirstContact, ...]:
    """Say when somebody first hears of each village that has fallen silent.

    Parameters
    ----------
    contacts : sequence of ContactSpell
    seed, sample : int
        Key of whether a drone can fly, how long it takes, how fast the runner is.
    horizon_s : float
    silence_s : float, optional
        Silence after which somebody is sent; default ``reconnaissance.silence_h``.

    Returns
    -------
    tuple of FirstContact
        One for each silence, by place and time.

    Notes
    -----
    A drone flies with probability ``reconnaissance.uav_ready``. Else a runner is sent: as long as the place's own would
    need at that moment, and none where nobody can walk. The place's own runner leaves when the silence begins.
    """
    wait_s = default("reconnaissance.silence_h").number * 3600 if silence_s is None else silence_s
    if not (0 <= wait_s < math.inf and 0 < horizon_s < math.inf):
        raise InputError(
            f"reconnaissance: silence of {wait_s} s, horizon {horizon_s} s; expected 0 or more, and above 0"
        )
    mute: dict[str, list[ContactSpell]] = {}
    for spell in contacts:
        if spell.is_silence:
            mute.setdefault(spell.place, []).append(spell)
    places = sorted(mute)
    keys = id_keys(places)
    flies = keyed_uniforms(Draw.READY, keys, seed=seed, sample=sample, of="reconnaissance")
    z = ndtri(keyed_uniforms(Draw.READY, keys, seed=seed, sample=sample, of="reconnaissance time").clip(1e-12))
    uav = Lognormal.from_default(default("reconnaissance.uav"))
    ready = default("reconnaissance.uav_ready").number
    found = []
    for place, flying, pace in zip(places, (flies < ready).tolist(), z.tolist(), strict=True):
        for from_s, until_s in union((spell.from_s, spell.until_s) for spell in mute[place]):
            sent_s = from_s + wait_s
            heard = [(until_s, "channel")]
            heard += [(at_s, "own_runner") for at_s in _runner(mute[place], from_s, until_s, pace)]
            if sent_s >= until_s:
                sent_s = math.inf
            elif flying:
                heard.append((sent_s + float(uav.from_normal(pace)), "uav"))
            else:
                heard += [(at_s, "runner") for at_s in _runner(mute[place], sent_s, until_s, pace)]
            contact_s, by = min(heard)
            if contact_s >= horizon_s:
                contact_s, by = math.inf, ""
            found.append(FirstContact(place=place, silent_from_s=from_s, sent_s=sent_s, contact_s=contact_s, by=by))
    return tuple(found)


def _runner(spells: Sequence[ContactSpell], from_s: float, until_s: float, pace: float) -> list[float]:
    """Arrivals of runners who leave as soon as somebody can walk, from a moment on."""
    return [
        max(from_s, spell.from_s) + float(spell.delay.from_normal(pace))
        for spell in spells
        if spell.delay is not None and spell.until_s > from_s and spell.from_s < until_s
    ]
