"""Hearing: which calls reach the desk, when they are answered, and which of them begin an incident.

Units play no part in it, so all of it is known before the clock starts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.disruption import ContactSpell
from rescuesim.disruption.channels import FirstContact
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.engine.alerting import RUNNER
from rescuesim.simulation.setting import Setting
from rescuesim.simulation.streams import Stream, stream

__all__ = ["Heard", "hear"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What the desk hears, and what it orders.

    Parameters
    ----------
    answered_s : ndarray of float64, shape (n_calls,)
        NaN if nobody answers. In the row of an incident's first call, the first answer of any call about it.
    ordered_s : ndarray of float64, shape (n_calls,)
        NaN where no incident stands in the row, or nobody answers.
    rings : ndarray of int32, shape (n_calls,)
        How often the caller rang; 0 if it was never heard of.
    guided : ndarray of bool, shape (n_calls,)
        Whether the desk guides the caller by telephone.
    duplicate : ndarray of bool, shape (n_calls,)
        Answered, about an incident that stands in an earlier row.
    unheard : ndarray of bool, shape (n_calls,)
        No message of it, nor of another call about it, reaches the desk before the horizon.
    """

    answered_s: NDArray[np.float64]
    ordered_s: NDArray[np.float64]
    rings: NDArray[np.int32]
    guided: NDArray[np.bool_]
    duplicate: NDArray[np.bool_]
    unheard: NDArray[np.bool_]


def hear(
    calls: CallLog,
    setting: Setting,
    *,
    contacts: Sequence[ContactSpell] = (),
    found: Sequence[FirstContact] = (),
    replication: int = 0,
) -> Heard:
    """Let calls reach the desk, be answered, and begin incidents.

    Parameters
    ----------
    calls : CallLog
    setting : Setting
    contacts : sequence of ContactSpell, optional
        Those of calls say by what a place can be heard.
    found : sequence of FirstContact, optional
        When somebody comes to look at a silent place.
    replication : int, optional

    Returns
    -------
    Heard

    Notes
    -----
    - A call from a place with another channel reaches the desk after the delay of that channel, or by the next one if
      that is sooner: callers try again whenever a channel ends. From a silent place too, and there it is heard earlier
      if somebody comes to look after the first attempt. A messenger, a runner or who came to look, stays until
      answered.
    - A further call about an incident holds a seat as any. It is known as one when another call about the incident has
      been answered before; the first that is answered, whichever it is, begins the incident. That stands in the row of
      the first call: its clock runs from the first attempt, its units take their draws from there.
    """
    heard_s, stays = _reaches_desk(calls, setting, contacts, found, replication)
    answered = setting.answering_desk.answer(calls, setting.chain["answering"], heard_s=heard_s, stays=stays)
    answered_s, guided = answered.at_s, answered.guided
    ordered_s = answered_s + setting.chain["order"].from_normal(calls.order_z)
    unheard = np.zeros(len(calls), dtype=np.bool_) if heard_s is None else heard_s >= setting.horizon_s
    duplicate = np.zeros(len(calls), dtype=np.bool_)
    of = calls.duplicate_of
    if (of >= 0).any():
        answered_s, ordered_s = answered_s.copy(), ordered_s.copy()
        guided, unheard = guided.copy(), unheard.copy()
        for row in np.flatnonzero(of >= 0).tolist():
            first, own_answer = int(of[row]), answered.at_s[row]
            if not own_answer >= answered_s[first] and not math.isnan(own_answer):
                answered_s[first], ordered_s[first] = own_answer, ordered_s[row]
                guided[first] = answered.guided[row]
            unheard[first] &= unheard[row]
        ordered_s[of >= 0] = np.nan
        duplicate = (of >= 0) & ~np.isnan(answered.at_s)
        answered_s = np.where(of >= 0, answered.at_s, answered_s)
    return Heard(
        answered_s=answered_s,
        ordered_s=ordered_s,
        rings=answered.rings,
        guided=guided,
        duplicate=duplicate,
        unheard=unheard & np.isnan(np.where(answered_s < setting.horizon_s, answered_s, np.nan)),
    )


def _reaches_desk(
    calls: CallLog,
    setting: Setting,
    contacts: Sequence[ContactSpell],
    found: Sequence[FirstContact],
    replication: int,
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None]:
    """Return when each call first rings at the desk and who never gives up; None where nothing is special."""
    spells: dict[str, list[ContactSpell]] = {}
    for spell in contacts:
        if spell.direction == "call":
            spells.setdefault(spell.place, []).append(spell)
    looked: dict[str, list[FirstContact]] = {}
    for one in found:
        looked.setdefault(one.place, []).append(one)
    told = [number for number, id_ in enumerate(calls.demand_ids) if id_ in spells]
    rows = np.flatnonzero(np.isin(calls.point, told))
    if not rows.size:
        return None, None
    heard_s, stays = calls.arrived_at_s.copy(), np.zeros(len(calls), dtype=np.bool_)
    # one draw a call, whatever the disruption, so that plans and disruptions meet the same messengers
    z = stream(Stream.MESSAGE, seed=setting.seed, replication=replication).standard_normal(len(calls))
    for row in rows.tolist():
        place, first = calls.demand_ids[calls.point[row]], float(calls.arrived_at_s[row])
        heard_s[row], stays[row] = _message(spells[place], first, float(z[row]))
        for one in looked.get(place, ()):
            if one.silent_from_s <= first <= one.contact_s < heard_s[row]:
                heard_s[row], stays[row] = one.contact_s, True
    return heard_s, stays


def _message(spells: Sequence[ContactSpell], first_s: float, z: float) -> tuple[float, bool]:
    """Return when a call of a place is heard of, and whether by a messenger.

    The caller tries again whenever another channel holds, also while a message of his is under way.
    """
    heard_s, stays, now = math.inf, True, first_s
    while now < heard_s:
        spell = next((spell for spell in spells if spell.from_s <= now < spell.until_s), None)
        if spell is None:
            return now, False
        if spell.delay is not None and (comes_s := now + float(spell.delay.from_normal(z))) < heard_s:
            heard_s, stays = comes_s, spell.channel == RUNNER
        now = spell.until_s
    return heard_s, stays
