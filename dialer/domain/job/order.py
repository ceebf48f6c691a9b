"""
Orders: one call as it was handed in, with how it is to be made.

An `Order` becomes a job. `dialer.lists.orders` reads a file of them.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from datetime import UTC, datetime
from functools import cache, partial
from json.encoder import encode_basestring_ascii as as_json
from types import MappingProxyType
from typing import Any, Final, Literal, Self, get_args

from dialer.domain.call.call import ClickToCall, Customer
from dialer.domain.call.parameters import CREDENTIALS, WIRE, Problem
from dialer.domain.job.metadata import read_metadata
from dialer.errors import InvalidCall
from dialer.text.reading import did_you_mean, matching, one_of, quoted, read_text, within

Mode = Literal["live", "developer"]

#: Account name -> the undocumented parameters it may send.
AllowedExtra = Mapping[str, Collection[str]]

NO_EXTRA: Final[AllowedExtra] = MappingProxyType({})

#: The account that is meant where none is named.
DEFAULT_ACCOUNT: Final = "default"

_DOCUMENTED: Final = frozenset({*WIRE, *WIRE.values(), "extra_params"})
_USUAL_PRIORITY: Final = 5
_LONGEST_KEY: Final = 200
_MOST_NAMES: Final = 100
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_TWO_LETTERS: Final = [one + other for one in _LETTERS for other in _LETTERS]
#: Where in 256 bits the thirteen pairs of letters of an id stand.
_SHIFTS: Final = range(246, 116, -10)
_YEARS: Final = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Order:
    """
    A call, and how it is to be made; valid once it exists.

    Attributes:
        key: The caller's own name for this call, 1 to 200 printable
            characters: the same key never makes a second call. None stands
            for the content itself.
        account: Its credentials, rate and calling hours apply; ``[a-z0-9_]{1,40}``.
        priority: 0 to 9, 9 first.
        not_before: Aware; the call waits until then. None: at once.
        not_after: Aware, later than `not_before`; no attempt starts after it
            (the last ring of one that has started may be later). None: the
            deadline its account gives every call.
        customer: The protected leg; None for the one with phone numbers,
            or, where both have some, for the account's setting.
        metadata: The producer's own words beside the call, `read_metadata`; no part of it.

    Raises:
        InvalidCall: One or more rules are broken; all of them are named.
    """

    call: ClickToCall
    _: KW_ONLY
    key: str | None = None
    account: str = DEFAULT_ACCOUNT
    priority: int = _USUAL_PRIORITY
    not_before: datetime | None = None
    not_after: datetime | None = None
    customer: Customer | None = None
    metadata: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in _READERS}
        read, problems = _read_fields(given)
        problems += _between(read, self.call)
        if problems:
            raise InvalidCall(problems)
        # None means absent here too.
        usual = {"account": DEFAULT_ACCOUNT, "priority": _USUAL_PRIORITY}
        for name, value in (usual | read).items():
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, raw: Mapping[str, object], *, allowed_extra: AllowedExtra = NO_EXTRA) -> Self:
        """
        Return the order of *raw*: a call's parameters and an order's fields, mixed.

        Args:
            raw: As JSON gives it. Parameters go by wire or Python name; times
                are ISO 8601 text with an offset; null means absent.
            allowed_extra: For each account the undocumented names that may
                stand among the parameters.

        Raises:
            InvalidCall: One or more rules are broken; all that could be
                checked are named, the call's first.
        """
        if len(raw) > _MOST_NAMES:
            raise InvalidCall([("line", f"has {len(raw)} names; a call has no more than 40")])
        read, problems = _read_fields({name: raw[name] for name in _READERS if name in raw})
        allowed = allowed_extra.get(str(read.get("account", DEFAULT_ACCOUNT)), ())
        rest = {name: value for name, value in raw.items() if name not in _READERS}
        call, found = _read_call(rest, allowed)
        problems = found + problems + _between(read, call)
        if problems or call is None:
            raise InvalidCall(problems)
        return cls._of({**read, "call": call})

    def alike(self, raw: Mapping[str, object], *, from_: str, to: str) -> Self | None:
        """
        Return an order like this one of two plain numbers, E.164, with key and times of *raw*.

        None where those break a rule: `parse` names all that are broken.
        """
        own, problems = _read_fields({name: raw[name] for name in _OWN if name in raw})
        if problems or _between(own, None):
            return None
        call = self.call.with_numbers(from_=from_, to=to)
        of_all = {"call": call, "account": self.account, "priority": self.priority}
        return self._of({**of_all, "customer": self.customer, **own})

    def mode(self, account_mode: Mode) -> Mode:
        """Return the mode the job runs in: a call that says "developer" rings nobody anywhere."""
        return self.call.mode or account_mode

    def with_key(self, key: str) -> Self:
        """Return the order under another key, which is valid."""
        return self._with(key=key)

    def with_customer(self, usual: Customer) -> Self:
        """Return the order with its protected leg filled in; *usual* where both have numbers."""
        return self._with(customer=self.customer or self.call.protected_leg(usual))

    def identities(self, mode: Mode) -> list[tuple[str, str]]:
        """
        Return every `identity` of this order under any default customer of its account.

        A default is no part of what was asked for: an order that names no leg is the same job
        under another default. One that names a leg has this identity alone.
        """
        return self._identities(mode, [self.customer] if self.customer else get_args(Customer))

    def identity(self, mode: Mode) -> tuple[str, str]:
        """
        Return the job's id and the digest of its call and customer.

        The id comes from account, mode and key, or, without a key, from all
        but the priority; so handing the same thing in twice is one job. With a
        key, another digest under the same id is a conflict.

        Both are 26 characters of lower-case base32: 130 bits of a SHA-256. Among
        10^12 jobs two share an id with a chance of less than 10^-15.

        Args:
            mode: The account's; the job's own (`Order.mode`) goes into the id.
        """
        return self._identities(mode, [self.customer])[0]

    def _identities(
        self, mode: Mode, customers: Sequence[Customer | None]
    ) -> list[tuple[str, str]]:
        content = self.call.content()
        digests = [_fingerprint(content, str(one)) for one in customers]
        of_job = (self.account, self.mode(mode))
        if self.key is not None:
            job_id = _fingerprint(*of_job, "key", self.key)
            return [(job_id, digest) for digest in digests]
        times = [t and t.astimezone(UTC).isoformat() for t in (self.not_before, self.not_after)]
        names = [("content", content, str(one), *map(str, times)) for one in customers]
        ids = [_fingerprint(*of_job, *name) for name in names]
        return list(zip(ids, digests, strict=True))

    def _with(self, **changes: Any) -> Self:
        return self._of({one.name: getattr(self, one.name) for one in fields(self)} | changes)

    @classmethod
    def _of(cls, read: Mapping[str, Any]) -> Self:
        """Make an order of fields that were read already."""
        order = object.__new__(cls)
        for name, default in _defaults():
            object.__setattr__(order, name, read.get(name, default))
        return order


@cache
def _defaults() -> tuple[tuple[str, Any], ...]:
    return tuple((one.name, one.default) for one in fields(Order))


def id_of_key(account: str, mode: Mode, key: str) -> str:
    """Return the id of the job that *key* names, whether or not there is one."""
    return _fingerprint(account, mode, "key", key)


def _fingerprint(*parts: str) -> str:
    # As json.dumps writes a list of texts; then as base64.b32encode does, but only what is used.
    digest = hashlib.sha256(f"[{', '.join(map(as_json, parts))}]".encode()).digest()
    bits = int.from_bytes(digest, "big")
    return "".join([_TWO_LETTERS[bits >> shift & 1023] for shift in _SHIFTS])


def _read_time(value: object) -> datetime:
    """Return an aware datetime from itself or from ISO 8601 text with an offset."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        time = None
    if not isinstance(time, datetime):
        raise ValueError(  # noqa: TRY004 - readers promise ValueError
            f'must be a time such as "2030-01-31T10:00:00+05:30", not {quoted(value)}'
        )
    if time.utcoffset() is None:
        raise ValueError("needs an offset from UTC, such as +05:30")
    if time.year not in _YEARS:
        raise ValueError(f"must be in the years {_YEARS[0]} to {_YEARS[-1]}")
    return time


_READERS: Final[Mapping[str, Callable[[object], Any]]] = MappingProxyType(
    {
        "key": partial(read_text, longest=_LONGEST_KEY),
        "account": matching(r"[a-z0-9_]{1,40}", "must be 1 to 40 of a-z, 0-9 and _"),
        "priority": within(0, 9, "(9 first)"),
        "not_before": _read_time,
        "not_after": _read_time,
        "customer": one_of("to", "from", "both"),
        "metadata": read_metadata,
    }
)

#: Those that differ between orders that are alike.
_OWN: Final = ("key", "not_before", "not_after", "metadata")
#: The fields of an order that are no parameters of its call.
ORDER_FIELDS: Final = tuple(_READERS)


def _read_fields(given: Mapping[str, object]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fields that can be read, without absent ones, and the problems of others."""
    read: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        try:
            if value is not None:
                read[name] = _READERS[name](value)
        except ValueError as error:
            problems.append((name, str(error)))
    return read, problems


def _read_call(
    rest: Mapping[str, object], allowed: Collection[str]
) -> tuple[ClickToCall | None, list[Problem]]:
    """Return the call, or None where it breaks a rule, and its problems."""
    undocumented = {
        name: rest[name] for name in rest if name in allowed and name not in _DOCUMENTED
    }
    parameters = {name: value for name, value in rest.items() if name not in undocumented}
    misspelt = _misspelt(parameters)
    parameters = {name: value for name, value in parameters.items() if name not in misspelt}
    inner = parameters.get("extra_params")
    if undocumented and isinstance(inner, Mapping | None):
        parameters["extra_params"] = undocumented | dict(inner or {})
    problems = [(name, f"is unknown; did you mean {field}?") for name, field in misspelt.items()]
    try:
        call = ClickToCall.model_validate(parameters)
        call.check_extra(allowed)
    except InvalidCall as error:
        return None, error.problems + problems
    return call, problems


def _misspelt(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the names that look like a slip in an order's field, with that field."""
    unknown = [name for name in parameters if name not in _DOCUMENTED | CREDENTIALS]
    close = {name: did_you_mean(name, ORDER_FIELDS, cutoff=0.75) for name in unknown}
    return {name: found for name, found in close.items() if found}


def _between(read: Mapping[str, Any], call: ClickToCall | None) -> list[Problem]:
    """Return the problems between the fields that were *read*, and with the *call*."""
    problems: list[Problem] = []
    not_before, not_after = read.get("not_before"), read.get("not_after")
    if not_before and not_after and not_after <= not_before:
        problems.append(("not_after", "must be later than not_before"))
    customer = read.get("customer")
    if customer and call and (other := call.protected_leg(customer)) != customer:
        # The rules would protect an agent, and a person's phone would ring at any hour.
        problems.append(("customer", f"{customer} is no phone number here; say {other}"))
    return problems
