"""A store that the last version of layout 1 wrote, for tests of what is carried over."""

import json
from datetime import timedelta
from pathlib import Path

from storekit import Clockwork

from dialer.store.redis.notation import stamp
from dialer.store.redis.schema import BEFORE

#: Key -> [type, value], as the last version that wrote layout 1 left it.
WRITTEN = Path(__file__).parent / "data" / "store-layout-1.json"


def load(clockwork: Clockwork) -> None:
    """Fill a store with what was written."""
    server = clockwork.store.server
    server.client.flushdb()
    server.client.set(server.keys.layout, BEFORE)
    for name, (kind, value) in json.loads(WRITTEN.read_text()).items():
        key = server.keys.prefix + name
        if kind == "string":
            server.client.set(key, value)
        elif kind == "hash":
            server.client.hset(key, mapping=value)
        elif kind == "set":
            server.client.sadd(key, *value)
        elif kind == "zset":
            server.client.zadd(key, dict(value))
        else:
            server.client.rpush(key, *value)
        if name == "test-clock":
            clockwork.forward(timedelta(microseconds=int(value) - stamp(clockwork.now)))


def old_records() -> dict[str, dict[str, str]]:
    """Records of jobs as layout 1 has them, by id."""
    written = json.loads(WRITTEN.read_text())
    return {name[4:]: value for name, (_, value) in written.items() if name.startswith("job:")}
