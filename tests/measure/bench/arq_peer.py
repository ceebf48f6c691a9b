"""arq with aiohttp, everything in one event loop."""

import asyncio
import ssl
from typing import Any, ClassVar

import aiohttp
import request
from arq import create_pool
from arq.connections import RedisSettings

_TOGETHER = 50


async def post(ctx: dict[str, Any], nth: int) -> str:
    """Send a call through the one session."""
    async with ctx["session"].post(request.URL, data=request.form(nth)) as answer:
        return str((await answer.json())["callid"])


async def _open(ctx: dict[str, Any]) -> None:
    secure = ssl.create_default_context(cafile=request.CA) if request.CA else True
    connector = aiohttp.TCPConnector(ssl=secure, limit=request.AT_ONCE)
    ctx["session"] = aiohttp.ClientSession(connector=connector)


class Worker:
    """What arq's program reads."""

    functions: ClassVar = [post]
    on_startup = _open
    max_jobs = request.AT_ONCE
    keep_result = 0
    poll_delay = 0.02
    redis_settings = RedisSettings.from_dsn(request.REDIS)


async def _enqueue(count: int) -> None:
    pool = await create_pool(Worker.redis_settings)
    for start in range(0, count, _TOGETHER):
        part = range(start, min(count, start + _TOGETHER))
        await asyncio.gather(*(pool.enqueue_job("post", nth) for nth in part))
    await pool.aclose()


def enqueue(count: int) -> None:
    """Fill the queue."""
    asyncio.run(_enqueue(count))
