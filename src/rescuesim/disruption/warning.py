"""Warning before the impact: lead times by level, five channels, who is told in time (R56, R57, R58, R61)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from rescuesim._defaults import default, defaults_under
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.disruption.channels.channel import PUBLIC_NETWORK
from rescuesim.disruption.keyed_uniforms import id_keys, keyed_uniforms
from rescuesim.disruption.outages import AssetOutage, ContactSpell
from rescuesim.disruption.streams import Draw
from rescuesim.errors import Fault, InputError, nearest_name

__all__ = ["LEVELS", "VillageWarning", "WarningChannel", "default_warning_channels", "lead_s", "warning"]

LEVELS = ("province", "prefecture", "county")
WarningNeed = Literal["power", "public_network"]
_NEEDS: Mapping[str, frozenset[WarningNeed]] = {
    "broadcast": frozenset({"power"}),
    "sms": frozenset({"public_network"}),
    "outbound_call": frozenset({"public_network"}),
    "gong": frozenset(),
    "door_knocking": frozenset(),
}
_FROM_VILLAGE = ("gong", "door_knocking")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningChannel:
    """One way to warn a village.

    Parameters
    ----------
    name : str
    works : float
        Probability that the equipment works, or that somebody does it; drawn for each place and sample.
    reach : float
        Share of the people who get the warning if it works.
    acknowledge : float
        Share of those who answer, so that nobody needs to go and look.
    delay : Lognormal
        Seconds from the start until the first are reached.
    spread_s : float
        Seconds from the first to the last who are reached, evenly; 0: all at once.
    needs : frozenset of {'power', 'public_network'}
        At the place, at the moment when it starts.
    from_village : bool
        Whether it starts only when the warning has reached the village.
    """

    name: str
    works: float
    reach: float
    acknowledge: float
    delay: Lognormal
    spread_s: float = 0.0
    needs: frozenset[WarningNeed] = frozenset()
    from_village: bool = False

    def __post_init__(self) -> None:
        place = f"warning channel {self.name!r}"
        faults = [
            Fault(file=place, column=name, value=str(value), expected="a probability or share from 0 to 1")
            for name, value in (("works", self.works), ("reach", self.reach), ("acknowledge", self.acknowledge))
            if not 0 <= value <= 1
        ]
        if not 0 <= self.spread_s < math.inf:
            faults.append(Fault(file=place, column="spread_s", value=str(self.spread_s), expected="seconds, 0 or more"))
        if unknown := sorted(self.needs - set(get_args(WarningNeed))):
            expected = f"of {', '.join(get_args(WarningNeed))}"
            faults.append(Fault(file=place, column="needs", value=", ".join(unknown), expected=expected))
        if faults:
            raise InputError(faults)


def default_warning_channels() -> tuple[WarningChannel, ...]:
    """Return the five channels of R57 with the values of ``defaults.toml``, of low confidence all.

    Examples
    --------
    >>> [channel.name for channel in default_warning_channels()]
    ['broadcast', 'sms', 'outbound_call', 'gong', 'door_knocking']
    """
    works, answers, delay = (defaults_under(f"warning.{name}") for name in ("works", "acknowledge", "delay"))
    door_s = default("warning.door_to_door_min").number * 60
    return tuple(
        WarningChannel(
            name=name,
            works=works[name].number,
            reach=reach.number,
            acknowledge=answers[name].number,
            delay=Lognormal.from_default(delay[name]),
            spread_s=door_s if name == "door_knocking" else 0.0,
            needs=_NEEDS[name],
            from_village=name in _FROM_VILLAGE,
        )
        for name, reach in defaults_under("warning.reach").items()
    )


def lead_s(level: str) -> float:
    """Seconds before the impact at which a level warns: 6, 3 and 1 h ("631", R56).

    Examples
    --------
    >>> lead_s("prefecture")
    10800.0
    """
    if level not in LEVELS:
        raise InputError([Fault(column="level", value=level, expected=nearest_name(level, LEVELS))])
    return default(f"warning.{level}_h").number * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageWarning:
    """What a warning does for one place.

    Attributes
    ----------
    place : str
    prepositioning_from_s : float
        When units and stock can begin to move towards it: the first level has warned. Seconds after the onset, below 0
        if before it.
    evacuation_from_s : float
        When its people can begin to leave: the first channel has reached somebody; ``inf`` if none does in time.
    warned_share, acknowledged_share : float
        Of its people, before the impact.
    by : tuple of str
        Channels that reached somebody in time, in the order in which they did.
    """

    place: str
    prepositioning_from_s: float
    evacuation_from_s: float
    warned_share: float
    acknowledged_share: float
    by: tuple[str, ...]


def warning(
    demand: DemandPoints,
    *,
    impact_s: float | Mapping[str, float],
    level: str = "county",
    prepositioning_level: str = "province",
    channels: Sequence[WarningChannel] | None = None,
    assets: Iterable[AssetOutage] = (),
    contacts: Iterable[ContactSpell] = (),
    seed: int,
    sample: int,
) -> tuple[VillageWarning, ...]:
    """Draw who is warned before the impact, and from when people and forces can move.

    Parameters
    ----------
    demand : DemandPoints
    impact_s : float or mapping of str to float
        Seconds after the onset at which the hazard strikes, for all places or by place; those that are absent from the
        mapping are not struck, and left out.
    level : {'province', 'prefecture', 'county'}, optional
        Whose warning is passed on to the people; the county's, which gives about an hour.
    prepositioning_level : {'province', 'prefecture', 'county'}, optional
        Whose warning lets forces and stock move.
    channels : sequence of WarningChannel, optional
        The five of ``defaults.toml`` if absent.
    assets, contacts : iterable of AssetOutage and of ContactSpell, optional
        Townships without power have no broadcast, places without the public network neither message nor call.
    seed, sample : int

    Returns
    -------
    tuple of VillageWarning
        In the order of the places.

    Raises
    ------
    InputError
        With all faults: unknown places and levels, times that are not finite.

    Notes
    -----
    The warning is issued `lead_s` before the impact and reaches the village ``warning.to_village_min`` later; gong and
    doors begin then. People are reached by each channel independently of the others, so that the share who is warned
    is one less the product of the shares who are not.
    """
    struck = _impacts(demand, impact_s)
    used = tuple(channels) if channels is not None else default_warning_channels()
    issue, before = lead_s(level), lead_s(prepositioning_level)
    to_village = default("warning.to_village_min").number * 60
    places = [(at, id_) for at, id_ in enumerate(demand.ids) if id_ in struck]
    rows, impact = np.array([at for at, _ in places], dtype=np.int64), np.array([struck[id_] for _, id_ in places])
    lost = _lost(demand, assets, contacts)
    keys = id_keys([id_ for _, id_ in places])
    unwarned, unanswered = np.ones(len(places)), np.ones(len(places))
    first, reached = np.full(len(places), np.inf), np.full((len(places), len(used)), np.inf)
    for column, channel in enumerate(used):
        start = impact - issue + (to_village if channel.from_village else 0.0)
        works = keyed_uniforms(Draw.WARNING, keys, seed=seed, sample=sample, of=channel.name) < channel.works
        for need in channel.needs:
            works &= ~_out_at(lost[need], rows, start)
        z = ndtri(keyed_uniforms(Draw.WARNING, keys, seed=seed, sample=sample, of=f"{channel.name} delay").clip(1e-12))
        begin = start + channel.delay.from_normal(z)
        told = np.where(works, channel.reach * _share_by(begin, impact, channel.spread_s), 0.0)
        unwarned *= 1 - told
        unanswered *= 1 - told * channel.acknowledge
        in_time = told > 0
        reached[in_time, column] = begin[in_time]
        first = np.minimum(first, reached[:, column])
    return tuple(
        VillageWarning(
            place=id_,
            prepositioning_from_s=float(impact[row]) - before,
            evacuation_from_s=float(first[row]),
            warned_share=float(1 - unwarned[row]),
            acknowledged_share=float(1 - unanswered[row]),
            by=tuple(used[at].name for at in np.argsort(reached[row], kind="stable") if np.isfinite(reached[row, at])),
        )
        for row, (_, id_) in enumerate(places)
    )


def _impacts(demand: DemandPoints, impact_s: float | Mapping[str, float]) -> dict[str, float]:
    struck = dict(impact_s) if isinstance(impact_s, Mapping) else dict.fromkeys(demand.ids, float(impact_s))
    known = set(demand.ids)
    faults = [
        Fault(column="impact_s", value=id_, expected=nearest_name(id_, known)) for id_ in sorted(set(struck) - known)
    ]
    faults += [
        Fault(column="impact_s", value=f"{id_}: {at_s}", expected="finite seconds after the onset, 0 or more")
        for id_, at_s in struck.items()
        if not 0 <= at_s < math.inf
    ]
    if faults:
        raise InputError(faults)
    return struck


def _share_by(begin: NDArray[np.float64], end: NDArray[np.float64], spread_s: float) -> NDArray[np.float64]:
    if spread_s == 0:
        return (begin < end).astype(np.float64)
    return np.clip((end - begin) / spread_s, 0.0, 1.0)


Lost = dict[int, list[tuple[float, float]]]  # by row of the demand points


def _lost(
    demand: DemandPoints, assets: Iterable[AssetOutage], contacts: Iterable[ContactSpell]
) -> dict[WarningNeed, Lost]:
    rows_of: dict[str, list[int]] = {}
    for row, town in enumerate(demand.townships):
        rows_of.setdefault(town, []).append(row)
    dark: Lost = {}
    for one in assets:
        if one.kind == "township_power":
            for row in rows_of.get(one.asset, ()):
                dark.setdefault(row, []).append((one.from_s, one.until_s))
    row_of = {id_: row for row, id_ in enumerate(demand.ids)}
    deaf: Lost = {}
    for spell in contacts:
        if spell.direction == "call" and spell.channel != PUBLIC_NETWORK and spell.place in row_of:
            deaf.setdefault(row_of[spell.place], []).append((spell.from_s, spell.until_s))
    return {"power": dark, "public_network": deaf}


def _out_at(lost: Lost, rows: NDArray[np.int64], at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.array(
        [
            any(from_s <= moment < until_s for from_s, until_s in lost.get(row, ()))
            for row, moment in zip(rows.tolist(), at_s.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )
