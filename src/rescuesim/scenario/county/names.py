"""Chinese names: two-character stems as they are made in the hills of the south-east.

All places are fictional.
"""

from __future__ import annotations

import numpy as np


def _words(*lines: str) -> tuple[str, ...]:
    """Words of some lines of text."""
    return tuple(word for line in lines for word in line.split())


COUNTY = "岚溪县"
NEIGHBOUR = "青麓县"
SEAT = "岚城街道"
PARK = "岚溪经济开发区"

# Market towns (镇) first, then rural townships (乡); given to centres by the size of their valley.
TOWNSHIPS = _words(
    "枫桥埠镇 石门潭镇 白鹤渡镇 上坪源镇 云栖镇 金竹镇 双潭镇 龙坞乡 鹿鸣岭乡 茶坪乡 响石乡",
    "雾源乡 杉坑乡 高岙乡 竹湾乡 松岗头乡",
)

_FIRST = _words(
    "上 下 大 小 东 西 南 北 前 后 内 外 石 金 白 黄 红 青 黑 双 叶 吴 陈 林 周 梅 杨 朱 夏 潘",
    "何 蔡 柳 松 竹 杉 枫 樟 茶 桐 龙 凤 虎 鹤 狮 马 牛 羊 麻 麦 稻 古 新 长 横 高 深 清 冷 温",
    "云 雾 月 仙 铁 银 砂 盘 半 三 五 九 溪 坑",
)
_SECOND = _words(
    "坑 源 坪 岙 岭 塘 坞 垟 湾 潭 坦 滩 畈 岱 垄 岗 渡 桥 宅 店 田 圩 洋 浦 岩 寮 坳 墩 口 头",
    "山 村头 家庄 家坑 溪口 坑口 岭脚 岩头 源头 塘下 岙底 山背 坪头",
)
_SURNAMES = frozenset("叶吴陈林周梅杨朱夏潘何蔡柳")

STREETS = _words(
    "人民路 解放街 中山路 建设路 环城南路 环城东路 环城西路 新华街 文昌路 胜利街 东风路 和平路",
    "府前街 学院路 龙泉巷 凤凰路 青年路 迎宾大道 鼓楼街 南门街 北门街 东门街 西门街 体育场路",
    "公园路 兴岚路 望江路 丽阳路 松涛路 紫金路 白云路 育才路 健康路 工农路 前进路 振兴路 丰收路",
    "翠竹路 香樟路 桂花路 梅园路 莲花路 荷塘路 枫树巷 石板巷 水井巷 塔下街 庙前街 仓前路 站前路",
    "商城路 富民路 惠民路 安居路 康宁路 锦绣路 岩下路 后街 五一路 六一路 八一路 大桥路 江滨巷",
    "书院路 朝阳路 光明路 长寿路 仁和路 礼贤路 明德路 崇文路 尚武路 清风路 明月路 山前路 水南路",
    "水北路 古城路 新城路 学士路 状元路 云溪路 银杏路 玉兰路 海棠路 芙蓉路 红星路 跃进路 团结路",
    "友谊路",
)
PARK_STREETS = _words(
    "开发大道 创业路 创新路 工业一路 工业二路 工业三路 科技路 兴业路 腾飞路 诚信路 纬一路",
    "纬二路 纬三路 经一路 经二路 经三路 万盛路 隆昌路 宏业路 仙都路 天工路 百匠路",
)
COMMUNITIES = _words(
    "城中 城东 城西 城南 城北 水南 水北 东门 西门 南门 北门 鼓楼 府前 文昌 学前 塔下 溪滨 江滨",
    "望江 桥头 龙潭 凤山 白塔 青莲 紫竹 梅园 桂苑 樟树 松泉 柳岸 兰亭 云岭 迎宾 新城 站前 仓前",
    "庙前 古井 石板街 上街 下街 中街 后街 锦绣 康宁 安居 丽景 朝阳 光明 和平 胜利 建设 兴岚",
    "金塘",
)
RIVERS = _words(
    "岚溪 枫溪 石门溪 白鹤溪 雾溪 金竹溪 双龙坑 龙坞溪 茶溪 松溪源 响水坑 鹿溪 云溪 杉溪 黄沙溪",
    "冷水坑 高岙溪 麻溪 桐溪 石柱坑 大源溪 小源溪 梅溪 深渡溪 北溪 南溪 瓯坑 樟溪 虎溪 清潭溪",
)
FIRMS = _words(
    "恒岚竹业 宏达阀门 青山木业 永盛机械 金源铸造 岚峰食品 兴泰电器 华隆化工 天竹家居 瑞丰纺织",
    "东岭钢构 云雾茶业 远航汽配 三合塑胶 明泰铜业 正阳玩具 大坪矿业 绿谷水电 鑫源纸业 康达药业",
    "百川水泥 顺昌石材",
)


def village_names(rng: np.random.Generator, n: int) -> list[str]:
    """Draw different village names (without 村).

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream.
    n : int
        How many.

    Returns
    -------
    list of str
        Names of two or three characters.
    """
    taken = {name.rstrip("镇乡") for name in TOWNSHIPS} | set(COMMUNITIES)
    pool = [
        first + second
        for first in _FIRST
        for second in _SECOND
        if first != second and first != second[0] and (second[0] != "家" or first in _SURNAMES)
        if first + second not in taken
    ]
    weight = np.array([1.0 if len(name) == 2 else 0.45 for name in pool])
    picked = rng.choice(len(pool), size=n, replace=False, p=weight / weight.sum())
    return [pool[int(k)] for k in picked]
