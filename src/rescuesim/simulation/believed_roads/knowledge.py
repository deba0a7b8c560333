"""What units, stations and the desk know of the roads, and how it travels between them (R53)."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Literal, get_args

from rescuesim.errors import InputError

__all__ = ["DESK", "INFORMATION_LEVELS", "InformationLevel", "KnowledgeBoard", "News", "RoadKnowledge"]

DESK = "desk"
InformationLevel = Literal["unit", "desk", "platform", "complete"]
INFORMATION_LEVELS: tuple[InformationLevel, ...] = get_args(InformationLevel)


@dataclass(frozen=True, slots=True, order=True)
class News:
    """That a condition of the roads was seen to hold, or seen to be over.

    Parameters
    ----------
    at_s : float
        When it was seen.
    condition : int
        Place in `RoadTruth.conditions`.
    holds : bool
    """

    at_s: float
    condition: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoadKnowledge:
    """What somebody has learned of the roads up to now; never changed, only followed by another.

    Every condition holds once and ends once, so what was seen to be over stays so and what two know can be put
    together in any order. A closure that has ended unseen is still believed.

    Parameters
    ----------
    seen_s, over_s : mapping of int to float
        The moment at which each condition was learned to hold, and to be over.

    Examples
    --------
    >>> told = RoadKnowledge().with_news([News(60.0, 4, True), News(90.0, 7, True), News(300.0, 4, False)])
    >>> sorted(told.believed), told.seen_s[4]
    ([7], 60.0)
    """

    seen_s: Mapping[int, float] = field(default_factory=dict)
    over_s: Mapping[int, float] = field(default_factory=dict)
    believed: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        wrong = [moment for moments in (self.seen_s, self.over_s) for moment in moments.values() if math.isnan(moment)]
        if wrong:
            raise InputError("road knowledge: a moment is NaN, expected seconds")
        object.__setattr__(self, "seen_s", MappingProxyType(dict(self.seen_s)))
        object.__setattr__(self, "over_s", MappingProxyType(dict(self.over_s)))
        object.__setattr__(self, "believed", frozenset(self.seen_s).difference(self.over_s))

    def __reduce__(self) -> tuple[Callable[[dict[int, float], dict[int, float]], RoadKnowledge], tuple[object, object]]:
        return _knowledge, (dict(self.seen_s), dict(self.over_s))

    def with_news(self, news: Iterable[News]) -> RoadKnowledge:
        """Add news; of a thing learned twice the earlier moment stays. Returns itself if nothing is new."""
        seen, over, changed = dict(self.seen_s), dict(self.over_s), False
        for one in news:
            moments = seen if one.holds else over
            if one.at_s < moments.get(one.condition, math.inf):
                moments[one.condition] = one.at_s
                changed = True
        return RoadKnowledge(seen_s=seen, over_s=over) if changed else self

    def with_message(self, message: RoadKnowledge, at_s: float) -> RoadKnowledge:
        """Add all that another knew, learned here at a moment. Returns itself if nothing is new."""
        if message.seen_s.keys() <= self.seen_s.keys() and message.over_s.keys() <= self.over_s.keys():
            return self
        news = [News(at_s, one, True) for one in message.seen_s if one not in self.seen_s]
        news += [News(at_s, one, False) for one in message.over_s if one not in self.over_s]
        return self.with_news(news)


def _knowledge(seen_s: dict[int, float], over_s: dict[int, float]) -> RoadKnowledge:
    return RoadKnowledge(seen_s=seen_s, over_s=over_s)


class KnowledgeBoard:
    """Who knows what of the roads: own sight, and messages that a channel carries.

    Holders are any hashable names: units, stations, and `DESK`. Learning and sharing are told to it in the order of
    time.

    Parameters
    ----------
    level : {'unit', 'desk', 'platform', 'complete'}
        Information quality. ``unit``: no message about roads is passed; everybody knows what it met itself. ``desk``:
        what passes is what a unit reports to the desk and the desk tells a unit or station. ``platform``: anybody
        shares with anybody. ``complete``: everybody knows the roads as they are, at once.
    at_onset : RoadKnowledge, optional
        What everybody knows at first; nothing if absent.
    truth : callable, optional
        From a moment to the full knowledge of it (`RoadTruth.knowledge_at`); for ``complete`` alone.

    Raises
    ------
    InputError
        If the level does not exist, or is complete without a truth.

    Examples
    --------
    >>> board = KnowledgeBoard()
    >>> board.learn("s1#1", [News(600.0, 3, True)])
    >>> board.share("s1#1", DESK, 700.0, delay_s=120.0)
    >>> board.of(DESK, 819.0).believed, board.of(DESK, 820.0).believed
    (frozenset(), frozenset({3}))
    """

    def __init__(
        self,
        *,
        level: InformationLevel = "desk",
        at_onset: RoadKnowledge | None = None,
        truth: Callable[[float], RoadKnowledge] | None = None,
    ) -> None:
        if level not in INFORMATION_LEVELS:
            raise InputError(f"information level {level!r}: expected one of {', '.join(INFORMATION_LEVELS)}")
        if level == "complete" and truth is None:
            raise InputError("information level 'complete': expected truth, as RoadTruth.knowledge_at")
        self.level = level
        self._at_onset = RoadKnowledge() if at_onset is None else at_onset
        self._truth = truth
        self._knows: dict[Hashable, RoadKnowledge] = {}
        self._coming: dict[Hashable, list[tuple[float, int, RoadKnowledge]]] = {}
        self._told: dict[Hashable, tuple[RoadKnowledge, float]] = {}  # the last message to each, and when it comes
        self._number = 0

    def learn(self, holder: Hashable, news: Iterable[News]) -> None:
        """Let somebody see things, each at its moment, which may still lie ahead."""
        for one in news:
            moments = {one.condition: one.at_s}
            self._send(holder, one.at_s, RoadKnowledge(**{"seen_s" if one.holds else "over_s": moments}))

    def share(self, sender: Hashable, receiver: Hashable, at_s: float, *, delay_s: float) -> None:
        """Send all that somebody knows at a moment to another, if the level lets it pass.

        Parameters
        ----------
        sender, receiver : hashable
        at_s : float
        delay_s : float
            Of the channel; ``inf`` where none carries it.

        Raises
        ------
        InputError
            If the delay is negative or NaN.
        """
        if not delay_s >= 0:
            raise InputError(f"delay_s {delay_s}: expected seconds of 0 or more, or inf where no channel carries it")
        passes = self.level == "platform" or (self.level == "desk" and DESK in (sender, receiver))
        if passes and delay_s < math.inf:
            message, reaches_s = self.of(sender, at_s), at_s + delay_s
            told = self._told.get(receiver)
            if told is None or told[0] is not message or told[1] > reaches_s:  # else it is known by then
                self._told[receiver] = message, reaches_s
                self._send(receiver, reaches_s, message)

    def of(self, holder: Hashable, at_s: float) -> RoadKnowledge:
        """Return what somebody knows at a moment."""
        if self._truth is not None and self.level == "complete":
            return self._truth(at_s)
        knows, coming = self._knows.get(holder, self._at_onset), self._coming.get(holder)
        if coming and coming[0][0] <= at_s:
            while coming and coming[0][0] <= at_s:
                moment, _, message = heappop(coming)
                knows = knows.with_message(message, moment)
            self._knows[holder] = knows
        return knows

    def _send(self, holder: Hashable, at_s: float, message: RoadKnowledge) -> None:
        self._number += 1  # messages of one moment are read in the order in which they were sent
        heappush(self._coming.setdefault(holder, []), (at_s, self._number, message))
