"""
What can go wrong, and what it leaves behind.

    DialerError
    ├ SettingsError       the configuration breaks a rule; nothing was started
    ├ InvalidCall         a call breaks a rule of the API or ours; nothing was enqueued
    ├ InvalidCampaign     its definition breaks a rule; nothing was defined
    │ └ CampaignFixed     … that of its list: contacts were read by what was to change
    ├ InvalidRequest      what is asked for breaks a rule; nothing was done
    ├ CampaignNotFound    no campaign has this name
    ├ CampaignRefused     it is not in a state for that; nothing was changed
    │ └ TooManyGroups     … because its list has as many zone groups as it may have
    ├ HoldRefused         a hold must not end like that; nothing was changed
    ├ JobNotFound         no job has this id or key
    ├ ContactNotFound     the list of a campaign has no such row
    ├ ImportNotFound      no import has this id
    ├ KeyNotFound         no key of the HTTP service has this name
    ├ KeyRefused          a valid one has this name already
    ├ StateConflict       the job is not where the caller believed; nothing moved
    ├ StoreUnavailable    Redis did not answer; what it acknowledged still holds
    ├ StoreRefused        Redis answered, and must not be used: full, another layout
    │ ├ StoreFull         … because new work must leave room for outcomes
    │ ├ StoreUnsafe       … because it may forget what it acknowledges
    │ └ StoreDamaged      … as far as one thing goes, which cannot be read
    ├ ServerFailed        the embedded server did not start (dialer.local.embedded_server)
    └ SandboxRefused      the sandbox was asked to leave loopback

Refusals by the API, silence and "not sent" are values (`dialer.domain.job.outcome`),
because every one of them must be settled; exceptions are for news.
"""

import errno
import os
from collections.abc import Mapping

#: What is said where a file or a socket cannot be opened for that reason.
TOO_MANY_FILES = "too many open files; raise the limit (ulimit -n), or see what holds them open"
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)


def out_of_files(error: BaseException | None) -> bool:
    """
    Say whether an error of the system came of that, also where it does not say so itself.

    A name that cannot be looked up then is just not found.
    """
    while error is not None:
        if isinstance(error, OSError) and (error.errno in _OUT_OF_FILES or _none_left()):
            return True
        error = error.__cause__ or error.__context__
    return False


def _none_left() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _OUT_OF_FILES
    return False


class DialerError(Exception):
    """Base of every error this package raises on purpose; its text is one sentence for a person."""


#: The way to one setting: ("accounts", "default", "token").
Path = tuple[str, ...]


class MisfitError(ValueError):
    """
    Settings that are well-formed one by one and do not fit together.

    Attributes:
        rules: For each setting at fault, its path below the section that
            found it, and the broken rule as the end of a sentence.
    """

    def __init__(self, rules: Mapping[Path, str]) -> None:
        self.rules = dict(rules)
        super().__init__("; ".join(self.rules.values()))


class SettingsError(DialerError):
    """The configuration breaks a rule. The text names the setting, the rule and the next step."""


class InvalidCall(DialerError):
    """
    A call, or a line describing one, breaks one or more rules; nothing was enqueued.

    Attributes:
        problems: One `(field, rule)` pair for each rule that is broken, in
            the order of the fields. The field is named as the user wrote it.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{field}: {rule}" for field, rule in problems))


class InvalidCampaign(DialerError):
    """
    The definition of a campaign breaks one or more rules; nothing was defined or changed.

    Attributes:
        problems: One `(field, rule)` pair for each rule that is broken.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{field}: {rule}" for field, rule in problems))


class CampaignFixed(InvalidCampaign):
    """What the contacts of a campaign were read by cannot change any more; nothing was changed."""


class InvalidRequest(DialerError):
    """
    What is asked of the system breaks a rule; nothing was done.

    Attributes:
        field: What of it, as whoever asked wrote it.
        rule: The rule, and the next step.
    """

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        self.rule = rule
        super().__init__(f"{field}: {rule}")


class HoldRefused(DialerError):
    """A hold would be back at once, or must not end like that; the text says how it ends."""


class CampaignNotFound(DialerError):
    """No campaign has this name."""


class CampaignRefused(DialerError):
    """A campaign is not in a state for what was asked; the text says which. Nothing was changed."""


class TooManyGroups(CampaignRefused):
    """A list has as many groups of zones as it may have; contacts of its own groups are taken."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"its list has {most} different sets of zones already, each with hours of its own:"
            " take another campaign for these rows"
        )


class CampaignChanged(CampaignRefused):
    """Somebody changed the campaign after it was read; nothing was changed. Read it again."""


class JobNotFound(DialerError):
    """No job has this id or key; it may have been pruned after its retention."""


class ContactNotFound(DialerError):
    """The list of the campaign has no such row."""


class ImportNotFound(DialerError):
    """No import has this id; it may have been forgotten after its retention."""


class KeyNotFound(DialerError):
    """No key of the HTTP service has this name or id."""


class KeyRefused(DialerError):
    """A valid key of the HTTP service has this name; nothing was created."""


class StateConflict(DialerError):
    """
    Somebody else moved the job first; nothing was changed.

    Attributes:
        job_id: The job that was to be moved.
        expected: The states from which the move would have been legal.
        actual: The state the job is in.
    """

    def __init__(self, job_id: str, *, expected: str, actual: str, verb: str) -> None:
        self.job_id = job_id
        self.expected = expected
        self.actual = actual
        super().__init__(f"cannot {verb} job {job_id}: it is {actual}, not {expected}")


class StoreUnavailable(DialerError):
    """Redis did not answer. A write may have been done: repeat it, every script is idempotent."""


class StoreRefused(DialerError):
    """Redis answered and must not be used as it is: full, another layout, or unsafe settings."""


class StoreFull(StoreRefused):
    """Redis is full: nothing new is taken, so that what happens can be written down."""


class StoreUnsafe(StoreRefused):
    """
    Redis may forget what it acknowledges, or hides whether it does; nothing was changed.

    Attributes:
        reason: What is wrong, short enough for a hold; the text adds what to do.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


class StoreDamaged(StoreRefused):
    """One thing in the store cannot be read; nothing was changed. `dialer doctor` names it."""


class SandboxRefused(DialerError):
    """The sandbox was asked to bind to, or call, something that is not loopback."""
