"""Names of the keys that Python touches without a script; `schema.py` describes each."""

_PREFIX = "{dialer}:"


def _each(head: str) -> "staticmethod[..., str]":
    """Name of a key for each of something: *head*, a colon, and its parts between slashes."""
    return staticmethod(lambda *parts: f"{_PREFIX}{head}:{'/'.join(map(str, parts))}")


class Keys:
    """Names of keys; `prefix`, one hash tag, is the first part of each."""

    prefix = _PREFIX

    layout = f"{_PREFIX}layout"
    seq = f"{_PREFIX}seq"
    era = f"{_PREFIX}era"
    tick = f"{_PREFIX}tick"
    wake = f"{_PREFIX}wake"
    damaged = f"{_PREFIX}damaged"
    api_keys = f"{_PREFIX}apikeys"
    api_keys_used = f"{_PREFIX}apikeys_used"
    api_signing = f"{_PREFIX}apikeys_signing"
    metadata = _each("metadata")  # id
    imported = _each("import")  # import
    imported_rows = _each("import_rows")  # import, kind
    # Workers.
    fleet = f"{_PREFIX}fleet"
    workers = f"{_PREFIX}workers"
    capacity = f"{_PREFIX}capacity"
    bells = _each("bells")  # account
    # Jobs and lanes.
    job = _each("job")  # id
    index = _each("in")  # state
    of = _each("of")  # bucket of a number
    ready = f"{_PREFIX}ready"
    lane = _each("lane")  # lane
    asleep = f"{_PREFIX}asleep"
    awake = _each("awake")  # account, and for one of its campaigns that
    # Accounts.
    accounts = f"{_PREFIX}accounts"
    account = _each("account")  # account
    started = _each("started")  # account
    pool = _each("pool")  # account, pool
    posting = _each("posting")  # account, and for one of its campaigns that
    live = _each("live")  # account, and for one of its campaigns that
    camps = _each("camps")  # account
    resting = _each("resting")  # account
    # Campaigns.
    campaigns = f"{_PREFIX}campaigns"
    feeding = f"{_PREFIX}feeding"
    camp = _each("camp")  # campaign
    zones = _each("zones")  # campaign
    steps = _each("steps")  # campaign
    open = _each("open")  # campaign
    pulse = _each("pulse")  # campaign
    calendar = _each("cal")  # campaign, group
    blocks = _each("blocks")  # campaign, group
    listed = _each("list")  # campaign, bucket
    moved = _each("moved")  # campaign
    # Customers.
    longest = f"{_PREFIX}longest"
    rings_since = f"{_PREFIX}rings_since"
    released = f"{_PREFIX}released"
    # Holds.
    holds = f"{_PREFIX}holds"
    holdings = f"{_PREFIX}holdings"
    hold = _each("hold")  # scope

    @staticmethod
    def do_not_call(account: str | None) -> str:
        """The do-not-call list of all accounts, or of one."""
        return f"{_PREFIX}dnc:{account}" if account else f"{_PREFIX}dnc"
