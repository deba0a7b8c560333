"""``rescuesim warmup``: compile what is compiled, before anybody waits for it."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from rescuesim.cli.options import Json, Lang, Language, watching

__all__ = ["warmup"]


def warmup(as_json: Json = False, lang: Lang = Language.en) -> None:
    """Compile the kernels of travel times, siting and driving, and say how long it took and where the code is kept."""
    from rescuesim.simulation.warm_up import warm_up

    with watching(as_json) as tell:
        tell("compile", 0, 1)
        done = warm_up()
        tell("compile", 1, 1)
    if as_json:
        found = {
            "seconds": done.seconds,
            "compiled": done.n_compiled,
            "from_cache": done.n_from_cache,
            "folder": None if done.folder is None else str(done.folder),
            "kernels": [asdict(kernel) for kernel in done.kernels],
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    zh = lang is Language.zh
    typer.echo(
        f"计算内核已就绪，用时 {done.seconds:.1f} 秒：新编译 {done.n_compiled} 个，从缓存读取 {done.n_from_cache} 个"
        if zh
        else f"kernels ready in {done.seconds:.1f} s: {done.n_compiled} compiled, {done.n_from_cache} from the cache"
    )
    if done.folder is not None:
        typer.echo(f"编译结果存放在 {done.folder}" if zh else f"compiled code is kept in {done.folder}")
        return
    typer.echo(
        "没有可写的文件夹，每次运行都要重新编译：请用环境变量 NUMBA_CACHE_DIR 指定一个可写的文件夹"
        if zh
        else "no folder can be written, so that every run compiles anew: name one in NUMBA_CACHE_DIR"
    )
