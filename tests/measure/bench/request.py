"""What a call sends, the same for every system, and how the peers that use requests send it."""

import os
import threading

#: Where the provider, the server and the certificate of the provider are.
URL, REDIS = os.environ.get("BENCH_URL", ""), os.environ.get("BENCH_REDIS", "")
CA = os.environ.get("BENCH_CA", "")
#: Calls at once in one worker process.
AT_ONCE = 32

_LOCAL = threading.local()


def form(nth: int) -> dict[str, str]:
    """Make the parameters of a call."""
    return {
        "userId": "00000001",
        "token": "sandbox-token-not-secret",
        "from": "9000000001",
        "to": f"90{nth:08d}",
        "fromType": "Number",
        "toType": "Number",
        "mode": "live",
        "reqId": str(nth),
    }


def post(nth: int) -> str:
    """Send a call through the session of this thread, which keeps its connection."""
    import requests  # noqa: PLC0415 - arq's environment has none

    if not hasattr(_LOCAL, "session"):
        _LOCAL.session = requests.Session()
        _LOCAL.session.trust_env = False
        _LOCAL.session.verify = CA or True
    answer = _LOCAL.session.post(URL, data=form(nth), timeout=30)
    return str(answer.json()["callid"])
