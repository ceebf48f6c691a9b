"""Lanes: queues of ready jobs, and a job's position in them."""

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

#: In the place of a campaign and its group where a call is of none.
_DIRECT: Final = "-"


class Lane(NamedTuple):
    """
    A queue of jobs that begin one after the other, written "account/campaign/group/pool".

    Attributes:
        campaign: "" for direct calls.
        group: The number of the contacts' zone group; "" for direct calls.
        pool: Agents rung first (`ClickToCall.pool`); plain numbers under a digest.
    """

    account: str
    campaign: str = ""
    group: str = ""
    pool: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a lane's name.

        Raises:
            ValueError: It is none.
        """
        parts = text.split("/", 3)
        if len(parts) != len(cls._fields):
            raise ValueError(f'"{text}" names no lane')
        account, campaign, group, pool = parts
        return cls(account, campaign.removeprefix(_DIRECT), group.removeprefix(_DIRECT), pool)

    def __str__(self) -> str:
        return f"{self.account}/{self.campaign or _DIRECT}/{self.group or _DIRECT}/{self.pool}"


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    Counts of ready jobs ahead of a ready job, or of a contact that is no job yet.

    Attributes:
        first: All that come first.
        crew: Of these, those that ring only agents whom the job rings first.
        asleep: Beside them, those in lanes that sleep longer than its own: they
            come first as well if they wake in time.
    """

    first: int = 0
    crew: int = 0
    asleep: int = 0
