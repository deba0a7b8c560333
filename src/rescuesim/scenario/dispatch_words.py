"""What a scenario simulates, in words: replications, desk, who is sent, who knows of closed roads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rescuesim._defaults import default
from rescuesim._words import CALL_TYPE_WORDS, CAPABILITY_WORDS, Note
from rescuesim.scenario.sections import SimulationSection
from rescuesim.simulation import UnitNeed

__all__ = ["left_out_notes", "simulated_in_words"]

Words = Mapping[str, tuple[str, str]]
_QUEUE: Words = MappingProxyType(
    {
        "fifo": ("先到先派", "first asked, first served"),
        "priority": ("按紧急程度派，同级先到先派", "the most urgent first, of equal ones the first asked"),
        "preemptive": (
            "按紧急程度派，急情可改派尚在途中、去往较缓警情的力量",
            "the most urgent first, and an urgent call takes a unit that is on its way to a less urgent one",
        ),
        "loss": ("无力量可派即不再等待，计为未受理", "it does not wait: the call is lost"),
    }
)
_PACKAGES: Words = MappingProxyType(
    {
        "single_unit": (
            "每警只派一支能胜任的队伍，不增援",
            "one capable unit a call, without reinforcement",
        ),
        "formation": (
            "按警情类型编成出动，必要时增援、升级，人数够了才启动处置；处置时长每警一次抽取，不因到场队伍多少而增减",
            "a formation by type of call, reinforced and escalated; it starts when enough people are ready; "
            "how long it takes is drawn once a call, whoever comes",
        ),
    }
)
_POLICY: Words = MappingProxyType(
    {
        "nearest": ("预计最先到的空闲队伍", "the free unit that is expected first"),
        "closest_capable": (
            "预计最先到、人数也够的空闲队伍",
            "the free unit that is expected first among those with enough people",
        ),
        "jurisdiction": (
            "辖区优先：先派本乡镇的站点，同时通知乡镇和村的队伍；{limit:.0f} 秒内到不了才派最近的",
            "the township's own station, with township and village crews alerted beside it; the nearest where it is "
            "not expected within {limit:.0f} s",
        ),
        "preparedness": (
            "兼顾剩余力量：非最急警情可派稍远的队伍，以免留下空当",
            "with an eye on what stays behind: a unit farther off may go to a call that is not of the most urgent",
        ),
        "mutual_aid": (
            "联动互助：只派互助组内预计最先到的队伍，专职骨干力量不受组界限制（{groups}）",
            "mutual aid: of the group, and of the brigades everywhere, the unit that is expected first ({groups})",
        ),
        "pooled": (
            "全域统一调派：先派本组，{limit:.0f} 秒内到不了的向全域求援（{groups}）",
            "pooled: one's own group first, anybody where it is not expected within {limit:.0f} s ({groups})",
        ),
    }
)
_INFORMATION: Words = MappingProxyType(
    {
        "complete": (
            "出动时全知路况；途中新断的路不拦车",
            "every unit knows the roads as they are when it leaves; one that closes while it drives does not stop it",
        ),
        "platform": (
            "共享平台：谁遇到断路，随即告知全体",
            "a shared platform: what one unit meets, all are told",
        ),
        "desk": (
            "遇断路的车组报告指挥中心，由指挥中心转告其他车组",
            "a unit that meets a block tells the desk, and the desk tells the others",
        ),
        "unit": ("各车组只知道自己见过的断路", "each unit knows only the blocks that it has met"),
    }
)
_SWITCHES: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {  # on, off
        "divertible": (
            ("返程车组可改派", "units on their way home can take a call"),
            ("返程车组到站后才可再派", "units on their way home cannot take a call"),
        ),
        "muster": (
            (
                "有编制名册的队伍逐人集结，可能人数不足或拒绝",
                "crews with a roster muster person by person, may refuse",
            ),
            ("队伍按班次在位率在位或不在位", "crews are there or absent by shift"),
        ),
    }
)


def simulated_in_words(section: SimulationSection, cases: Sequence[tuple[str, int, float]]) -> tuple[Note, ...]:
    """Say what is simulated: how much, with which desk, by which policy, with what knowledge of the roads.

    Parameters
    ----------
    section : SimulationSection
    cases : sequence of (str, int, float)
        Condition, replications, and seconds of each.

    Returns
    -------
    tuple of Note
        A line each.

    Examples
    --------
    >>> for line in simulated_in_words(SimulationSection(queue="priority"), [("intact", 5, 2592000.0)])[:2]:
    ...     print(line)
    Simulated: intact, 5 replications of 30 days; every plan meets the same calls.
    Desk: 2 call takers. A call for which no unit can go: the most urgent first, of equal ones the first asked.
    """
    zh, en = [], []
    for condition, many, horizon_s in cases:
        hours = horizon_s / 3600
        days = hours / 24 if hours > 120 else 0
        zh.append(
            f"{'正常' if condition == 'intact' else condition} {many} 次 × "
            + (f"{days:g} 天" if days else f"{hours:g} 小时")
        )
        en.append(f"{condition}, {many} replications of " + (f"{days:g} days" if days else f"{hours:g} h"))
    seats = section.seats or int(default("desk.seats").number)
    policy, queue, packages, information = (
        _POLICY[section.policy],
        _QUEUE[section.queue],
        _PACKAGES[section.packages],
        _INFORMATION[section.information],
    )
    limit = section.not_later_than_s
    limit_s = default("dispatch.not_later_than_s").number if limit is None else limit
    groups = [group.name for group in section.groups]
    who = [
        words.format(limit=limit_s, groups=joint.join(groups))
        for words, joint in zip(policy, ("、", ", "), strict=True)
    ]
    switches = [on if getattr(section, name) else off for name, (on, off) in _SWITCHES.items()]
    moves = (
        ("空闲的专职力量移防补位", "free full-time units move up to where cover is missing")
        if section.move_up == "nearest_uncovered"
        else ("不移防补位", "nobody moves up")
    )
    return (
        Note(
            f"Simulated: {'; '.join(en)}; every plan meets the same calls.",
            f"仿真量：{'；'.join(zh)}；各方案面对同一批呼叫。",
        ),
        Note(
            f"Desk: {seats} call takers. A call for which no unit can go: {queue[1]}.",
            f"接警席位 {seats} 个。暂无力量可派的警情：{queue[0]}。",
        ),
        Note(f"Who is sent: {who[1]}. How many: {packages[1]}.", f"派谁：{who[0]}。派多少：{packages[0]}。"),
        Note(f"Closed roads: {information[1]}.", f"断路信息：{information[0]}。"),
        Note(
            "; ".join([switches[0][1], switches[1][1], moves[1]]).capitalize() + ".",
            "；".join([switches[0][0], switches[1][0], moves[0]]) + "。",
        ),
    )  # fmt: skip


def left_out_notes(left_out: Mapping[str, Sequence[UnitNeed]]) -> tuple[Note, ...]:
    """Say which units of the formations are never sent, since no open site has a crew for them.

    Examples
    --------
    >>> str(left_out_notes({"rescue": [UnitNeed.from_text("medical:2")]})[0])
    'formation of rescue: no crew for medical care (2 people) in every plan; left out of every plan'
    """
    notes = []
    for name, needs in left_out.items():
        told = [
            [f"{joint.join(CAPABILITY_WORDS[one][column] for one in sorted(need.capabilities))}" for need in needs]
            for column, joint in ((0, "、"), (1, " and "))
        ]
        people = [need.people for need in needs]
        zh = "、".join(f"{words}（{n} 人）" for words, n in zip(told[0], people, strict=True))
        en = ", ".join(f"{words} ({n} people)" for words, n in zip(told[1], people, strict=True))
        zh_type, en_type = CALL_TYPE_WORDS.get(name, (name, name))
        notes.append(
            Note(
                f"formation of {en_type}: no crew for {en} in every plan; left out of every plan",
                f"{zh_type}的出动编成：并非每个方案都有承担{zh}的队伍，各方案均不派这一支",
            )
        )
    return tuple(notes)
