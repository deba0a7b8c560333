"""Which channel is the first that carries a message, for every user and moment: the second half of a cascade.

Users stand in rows, the stretches of time between two changes of anything in columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption.channels.channel import Channel
from rescuesim.disruption.channels.prepared import CascadeCounty
from rescuesim.disruption.channels.supply import CausedIntervals, Supply, plain
from rescuesim.disruption.intervals import Intervals, beyond_horizon, empty_while
from rescuesim.disruption.keyed_uniforms import keyed_uniforms
from rescuesim.disruption.outages import CAUSES, ContactSpell, RoadOutage
from rescuesim.disruption.routes_over_time import Spans, closure_spans
from rescuesim.disruption.streams import Draw

__all__ = ["contact_spells"]

_NOTHING, _NORMAL = -1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Time:
    """Stretches of time; the last has no end."""

    starts: NDArray[np.float64]

    def marks(self, spans: Sequence[Intervals]) -> NDArray[np.bool_]:
        """Mark the stretches that each set of intervals holds in; bool, shape (n_sets, n_stretches)."""
        marked = np.zeros((len(spans), len(self.starts)), dtype=np.bool_)
        for row, some in enumerate(spans):
            for from_s, until_s in some:
                begin, end = np.searchsorted(self.starts, (from_s, until_s))
                marked[row, begin:end] = True
        return marked

    def causes(self, spans: Sequence[CausedIntervals]) -> NDArray[np.int8]:
        """Write the place in `CAUSES` where intervals hold, else 0; int8, shape (n_sets, n_stretches)."""
        written = np.zeros((len(spans), len(self.starts)), dtype=np.int8)
        for row, some in enumerate(spans):
            for from_s, until_s, cause in some:
                begin, end = np.searchsorted(self.starts, (from_s, until_s))
                written[row, begin:end] = CAUSES.index(cause)
        return written


def contact_spells(
    county: CascadeCounty,
    supply: Supply,
    *,
    roads: Sequence[RoadOutage],
    congested_s: float,
    seed: int,
    sample: int,
    horizon_s: float,
) -> tuple[ContactSpell, ...]:
    """Find the channel of every user and moment, and join the stretches in which it stays the same.

    Parameters
    ----------
    county : CascadeCounty
    supply : Supply
        Dark users, stations that are down.
    roads : sequence of RoadOutage
        Runners walk on what is left.
    congested_s : float
        Seconds after the onset in which channels are congested.
    seed, sample : int
    horizon_s : float

    Returns
    -------
    tuple of ContactSpell
        By user, calls first, then by time.
    """
    network, walking = county.communication, county.walking
    spans = closure_spans(roads, walking, horizon_s=horizon_s) if walking is not None else ()
    dark = _dark_users(county, supply)
    spent = {
        hours: _by_area(dark, hours * 3600, horizon_s)
        for hours in {channel.endurance_h for channel in network.channels if "power" in channel.needs}
    }
    carried = [beyond_horizon(plain(down), horizon_s) for down in supply.down]
    time = _stretches(
        [*carried, *supply.off_air, *(some for spans_of in spent.values() for some in spans_of), ((0.0, congested_s),)],
        [at for at, _ in spans],
        horizon_s,
    )
    on_air = ~(time.marks(carried) | time.marks(supply.off_air))
    choice = np.full((len(county.users), len(time.starts)), _NOTHING, dtype=np.int16)
    choice[county.at_post] = _NORMAL
    walk_s = np.zeros(choice.shape)
    for place, channel in enumerate(network.channels):
        if "walk" in channel.needs and walking is not None:
            walk_s = _walks(county, spans, time, choice == _NOTHING)
            usable = np.isfinite(walk_s)
        else:
            usable = np.ones(choice.shape, dtype=np.bool_)
        if "base_station" in channel.needs:
            covered = county.covered[channel.name].astype(np.float32)
            usable &= covered @ on_air[network.stations_of(channel.name)].astype(np.float32) > 0
        if "power" in channel.needs:
            usable &= ~time.marks(spent[channel.endurance_h])
        usable &= _ready(county, channel, seed=seed, sample=sample)[:, None]
        choice[usable & (choice == _NOTHING)] = place
    congested = time.starts < congested_s
    return _spells(county, supply, time, choice, walk_s, congested)


def _dark_users(county: CascadeCounty, supply: Supply) -> list[Intervals]:
    """Return when each user is without power: places with their township, sites for themselves."""
    towns = {town: plain(spans) for town, spans in supply.dark_townships.items()}
    dark = [towns.get(town, ()) for town in county.demand.townships]
    return dark + [plain(supply.dark_sites.get(site, ())) for site in county.sites.ids]


def _by_area(dark: Sequence[Intervals], store_s: float, horizon_s: float) -> list[Intervals]:
    """Return when equipment that lasts so long without power is empty; equal darkness is looked at once."""
    empty = {spans: beyond_horizon(empty_while(spans, store_s), horizon_s) if spans else () for spans in set(dark)}
    return [empty[spans] for spans in dark]


def _stretches(spans: Iterable[Intervals], moments: Iterable[float], horizon_s: float) -> _Time:
    edges = {edge for some in spans for span in some for edge in span}
    starts = sorted({0.0, *(edge for edge in (*edges, *moments) if 0 <= edge < horizon_s)})
    return _Time(starts=np.array(starts))


def _ready(county: CascadeCounty, channel: Channel, *, seed: int, sample: int) -> NDArray[np.bool_]:
    """Draw who has the equipment of a channel ready, and can be called if need be; bool, shape (n_users,)."""
    ready: NDArray[np.bool_] = county.holds[channel.name].copy()
    if channel.ready < 1:
        ready &= keyed_uniforms(Draw.READY, county.keys, seed=seed, sample=sample, of=channel.name) < channel.ready
    if channel.inbound < 1:
        drawn = keyed_uniforms(Draw.READY, county.keys, seed=seed, sample=sample, of=f"{channel.name} inbound")
        called = drawn < channel.inbound
        called[: county.n_places] = True  # places call, nobody calls them
        called |= _scheduled(county)
        ready &= called
    return ready


def _scheduled(county: CascadeCounty) -> NDArray[np.bool_]:
    listens = county.communication.scheduled
    return np.array([at >= county.n_places and id_ in listens for at, id_ in enumerate(county.users)])


def _walks(
    county: CascadeCounty,
    spans: Spans,
    time: _Time,
    wanted: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Seconds that a runner who leaves in a stretch needs; states in which nobody needs one are not searched."""
    assert county.walking is not None
    state = np.searchsorted([at for at, _ in spans], time.starts, side="right") - 1
    asked = np.unique(state[wanted.any(axis=0)]).tolist()
    # whole seconds, so that a way that changes by nothing stays one spell
    return np.ceil(county.walking.seconds(spans, asked)).T[:, state]


def _spells(
    county: CascadeCounty,
    supply: Supply,
    time: _Time,
    choice: NDArray[np.int16],
    walk_s: NDArray[np.float64],
    congested: NDArray[np.bool_],
) -> tuple[ContactSpell, ...]:
    channels = county.communication.channels
    may_congest = np.array([channel.congested is not None for channel in channels] + [False])
    walked = np.array(["walk" in channel.needs and county.walking is not None for channel in channels] + [False])
    # what a message goes by, in one number: channel, congestion, length of the walk
    key = (choice.astype(np.int64) + 1) * 2 + (may_congest[choice] & congested[None, :])
    key = key * 2**32 + np.where(walked[choice], np.where(np.isfinite(walk_s), walk_s, 0), 0).astype(np.int64)
    key[county.at_post] = 2 * (_NORMAL + 1) * 2**32
    begins = np.ones(key.shape, dtype=np.bool_)
    begins[:, 1:] = key[:, 1:] != key[:, :-1]
    begins_other = begins & (key != 2 * (_NORMAL + 1) * 2**32)
    users, columns = np.nonzero(begins_other)
    flat = np.flatnonzero(begins.ravel())
    cause = time.causes(supply.down)
    ends = np.append(time.starts, np.inf)
    n_columns = key.shape[1]
    next_begin = np.append(flat, key.size)
    after = next_begin[np.searchsorted(next_begin, users * n_columns + columns, side="right")]
    until_column = np.minimum(after - users * n_columns, n_columns)
    delays: dict[int, Lognormal | None] = {}
    factor = default("channel.runner_p90_factor").number
    scheduled = _scheduled(county)
    made = []
    for user, column, until in zip(users.tolist(), columns.tolist(), until_column.tolist(), strict=True):
        place, number = int(choice[user, column]), int(key[user, column])
        station = int(county.nearest[user])
        if number not in delays:
            delays[number] = _delay(
                channels,
                place,
                bool(congested[column]),
                float(walk_s[user, column]),
                factor,
                walked=bool(walked[place]),
            )
        delay = delays[number]
        if delay is not None and scheduled[user] and channels[place].inbound < 1:
            delay = _at_set_times(delay)
        why = "congestion" if place == _NORMAL else "equipment" if station < 0 else CAUSES[cause[station, column]]
        made.append(
            ContactSpell(
                place=county.users[user],
                direction="call" if user < county.n_places else "order",
                channel=channels[place].name if place >= 0 else "",
                from_s=float(time.starts[column]),
                until_s=float(ends[until]),
                delay=delay,
                cause=why,
            )
        )
    return tuple(made)


def _delay(
    channels: Sequence[Channel], place: int, congested: bool, walk_s: float, factor: float, *, walked: bool
) -> Lognormal | None:
    if place < 0:
        return None
    channel = channels[place]
    if walked:
        return Lognormal(median=walk_s + channel.set_up_s, p90=walk_s * factor + channel.set_up_s)
    return channel.congested_message if congested and channel.congested is not None else channel.message


def _at_set_times(delay: Lognormal) -> Lognormal:
    """Add the wait until a holder listens next: evenly spread over the time between."""
    every_s = default("channel.scheduled_every_h").number * 3600
    return Lognormal(median=delay.median + every_s / 2, p90=delay.p90 + 0.9 * every_s)
