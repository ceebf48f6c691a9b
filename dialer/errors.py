"""
What can go wrong, and what it leaves behind.

    DialerError
    ├ SettingsError       the configuration breaks a rule; nothing was started
    ├ InvalidCall         a call breaks a rule of the API or ours; nothing was enqueued
    ├ InvalidCampaign     its definition breaks a rule; nothing was defined
    ├ CampaignNotFound    no campaign has this name
    ├ CampaignRefused     it is not in a state for that; nothing was changed
    ├ JobNotFound         no job has this id or key
    ├ StateConflict       the job is not where the caller believed; nothing moved
    ├ StoreUnavailable    Redis did not answer; what it acknowledged still holds
    ├ StoreRefused        Redis answered, and must not be used: full, another layout
    │ └ StoreUnsafe       … because it may forget what it acknowledges
    ├ ServerFailed        the embedded server did not start (dialer.embedded)
    └ SandboxRefused      the sandbox was asked to leave loopback

Refusals by the API, silence and "not sent" are values (`dialer.outcome`),
because every one of them must be settled; exceptions are for news.
"""


class DialerError(Exception):
    """Base of every error this package raises on purpose; its text is one sentence for a person."""


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


class CampaignNotFound(DialerError):
    """No campaign has this name."""


class CampaignRefused(DialerError):
    """A campaign is not in a state for what was asked; the text says which. Nothing was changed."""


class CampaignChanged(CampaignRefused):
    """Somebody changed the campaign after it was read; nothing was changed. Read it again."""


class JobNotFound(DialerError):
    """No job has this id or key; it may have been pruned after its retention."""


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


class StoreUnsafe(StoreRefused):
    """
    Redis may forget what it acknowledges, or hides whether it does; nothing was changed.

    Attributes:
        reason: What is wrong, short enough for a hold; the text adds what to do.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


class SandboxRefused(DialerError):
    """The sandbox was asked to bind to, or call, something that is not loopback."""
