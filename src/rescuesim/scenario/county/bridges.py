"""Bridges: where roads cross rivers. Small lanes do not cross; small streams pass under roads in culverts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rescuesim.scenario.county.drafting import Board, Draft
from rescuesim.scenario.county.geometry import Floats, crossings, near_pairs
from rescuesim.scenario.county.rivers import RIVER_KM2, River, river_segments

BRIDGES = 62  # streams get bridges, the largest first, until there are so many


def _meetings(board: Board, rivers: tuple[River, ...]) -> list[tuple[int, int, float, float, int]]:
    """Crossings of road and river: draft, position, share along the segment, drained area (km2), river."""
    xy = board.xy()
    tail, head, owner, place = board.segments()
    start, end, area, number = river_segments(rivers)
    pairs = near_pairs(xy[tail], xy[head], start, end)
    i, j = pairs.T
    t, _ = crossings(xy[tail[i]], xy[head[i]], start[j], end[j])
    out = [
        (int(owner[i[k]]), int(place[i[k]]), float(t[k]), float(area[j[k]]), int(number[j[k]]))
        for k in np.flatnonzero(~np.isnan(t))
    ]
    return sorted(out)


def cut_lanes_at_water(board: Board, rivers: tuple[River, ...]) -> None:
    """Remove the pieces of lanes and minor streets that would cross a river.

    Parameters
    ----------
    board : Board
        Changed in place.
    rivers : tuple of River
        The rivers.
    """
    wet: dict[int, set[int]] = {}
    for number, place, _, _, _ in _meetings(board, rivers):
        draft = board.drafts[number]
        minor = draft.highway == "residential" or (draft.part == "park" and draft.highway == "unclassified")
        if minor or (draft.part == "seat" and draft.highway == "tertiary" and "oneway" not in draft.tags):
            wet.setdefault(number, set()).add(place)
    out: list[Draft] = []
    for number, draft in enumerate(board.drafts):
        run: list[int] = [draft.nodes[0]]
        for place, node in enumerate(draft.nodes[1:]):
            if place in wet.get(number, ()):
                if len(run) > 1:
                    out.append(Draft(run, dict(draft.tags), draft.part))
                run = []
            run.append(node)
        if len(run) > 1:
            out.append(Draft(run, dict(draft.tags), draft.part))
    board.drafts = out


def build_bridges(board: Board, rivers: tuple[River, ...], place_xy: Floats, place_names: Sequence[str]) -> None:
    """Cut a bridge out of every road where it crosses a river.

    Parameters
    ----------
    board : Board
        Changed in place; the drawing is planar already.
    rivers : tuple of River
        The rivers.
    place_xy : float array, shape (n, 2)
        Villages and towns, metres; a country bridge takes the name of the nearest.
    place_names : sequence of str
        Their names.
    """
    found = [m for m in _meetings(board, rivers) if "tunnel" not in board.drafts[m[0]].tags]
    spans: dict[tuple[int, int], list[tuple[float, float, int]]] = {}
    for number, place, t, area, river in found:
        spans.setdefault((number, place), []).append((t, area, river))
    rank = sorted(spans, key=lambda key: (-max(a for _, a, _ in spans[key]), key))
    chosen = {key for n, key in enumerate(rank) if n < BRIDGES or max(a for _, a, _ in spans[key]) >= RIVER_KM2}
    by_draft: dict[int, list[int]] = {}
    for number, place in sorted(chosen):
        by_draft.setdefault(number, []).append(place)
    counts: dict[str, int] = {}
    drafts: list[Draft] = []
    for number, draft in enumerate(board.drafts):
        run = [draft.nodes[0]]
        for place in range(len(draft.nodes) - 1):
            head = draft.nodes[place + 1]
            if place in by_draft.get(number, ()):
                a, b = _abutments(board, draft.nodes[place], head, spans[number, place])
                run += [a] if a != run[-1] else []
                if len(run) > 1:
                    drafts.append(Draft(run, dict(draft.tags), draft.part))
                near = int(np.hypot(*(place_xy - np.array(board.points[a])).T).argmin())
                name = _bridge_name(draft, place_names[near], counts)
                tags = draft.tags | {"bridge": "yes", "layer": "1", "bridge:name": name}
                drafts.append(Draft([a, b], tags, draft.part))
                run = [b]
            run += [head] if head != run[-1] else []
        if len(run) > 1:
            drafts.append(Draft(run, dict(draft.tags), draft.part))
    board.drafts = drafts


def _abutments(board: Board, tail: int, head: int, hits: list[tuple[float, float, int]]) -> tuple[int, int]:
    """Nodes at both ends of a bridge; near a node of the road that node serves."""
    p, q = np.array(board.points[tail]), np.array(board.points[head])
    length = float(np.hypot(*(q - p)))
    half = float(np.clip(9.0 + 1.5 * np.sqrt(max(a for _, a, _ in hits)), 12.0, 48.0)) / length
    first, last = min(t for t, _, _ in hits) - half, max(t for t, _, _ in hits) + half
    a = tail if first * length < 10.0 else board.node(p + first * (q - p))
    b = head if (1 - last) * length < 10.0 else board.node(p + last * (q - p))
    return a, b


def _bridge_name(draft: Draft, place: str, counts: dict[str, int]) -> str:
    """Name of a bridge, each once: after its street in the seat, after the nearest place elsewhere."""
    stem = draft.tags["name"].rstrip("路街道") if draft.part == "seat" and "name" in draft.tags else place
    big = draft.highway in ("trunk", "primary", "secondary")
    counts[stem] = counts.get(stem, 0) + 1
    ordinal = "" if counts[stem] == 1 else "二三四五六七八九十"[min(counts[stem] - 2, 8)] + "号"
    return stem + ordinal + ("大桥" if big else "桥")
