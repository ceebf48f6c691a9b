"""
The arrows around a POST: begin before it, settle or take back after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dialer.customer import CustomerRules
from dialer.limits import Limits
from dialer.settle import Settlement
from dialer.store.bells import Bells
from dialer.store.server import Server, micros, one_line, translated

#: The most a caller's wall clock may differ from the server's.
CLOCK_TOLERANCE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """
    When an account's breaker opens, and how it probes.

    Attributes:
        faults_in_row: It opens after so many faults in a row, >= 1.
        share: Or when so large a share of the last calls were faults, 0 to 1.
        of_last: How many last calls those are, >= 1.
        first_probe: How long after opening the first probe may go.
        factor: How the wait grows after each failed probe, >= 1.
        cap: The longest wait between probes.
    """

    faults_in_row: int
    share: float
    of_last: int
    first_probe: timedelta
    factor: float
    cap: timedelta

    def as_words(self) -> str:
        """
        Write the rules as `breaker.lua` reads them.
        """
        return (
            f"{self.faults_in_row} {self.share} {self.of_last} "
            f"{micros(self.first_probe)} {self.factor} {micros(self.cap)}"
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """
    What a worker says when it asks for a job.

    Attributes:
        account: The account the doorbell was rung for.
        token: New for every ask; a repeat of the same ask is answered alike.
        bell: The doorbell that is answered, "" for none.
        wall: The worker's wall clock, us since 1970.
        limits: The account's limits in the worker's settings.
        windows: When the account may dial, as `dialer.hours` writes it.
        lease: How long the job is the worker's.
        lookahead: How far ahead a start may be granted.
        customer: How often one customer may be called.
        start_by: How long after its slot the request may leave.
        settings: The fingerprint of the worker's settings; "" is not compared.
        mode: The account's mode in the worker's settings; a job that is live
            where that is "developer" stops the account (hold of owner `mode`).
    """

    account: str
    token: str
    bell: str
    wall: int
    limits: Limits
    windows: str
    lease: timedelta
    lookahead: timedelta
    customer: CustomerRules
    start_by: timedelta
    mode: str
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Go:
    """
    The job is the worker's: it is dialing, durably, and may be sent once.

    Attributes:
        job_id: The job.
        token: The token of this attempt.
        attempt: Its number, from 1.
        ahead: How long after the answer was made the call may start, >= 0.
        tries: Tries the job had used before.
        misses: Deferrals of the job in a row before.
        pool_misses: The same for its pool.
        mode: The job's mode.
        pool: The job's pool, "" for a plain number.
        content: The call as JSON.
        redial: The redial rules of its campaign as JSON, "" for a direct call.
    """

    job_id: str
    token: str
    attempt: int
    ahead: timedelta
    tries: int
    misses: int
    pool_misses: int
    mode: str
    pool: str
    content: str
    redial: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """
    The meter allows the next call only after this time; ask again then.
    """

    time: timedelta


@dataclass(frozen=True, slots=True)
class No:
    """
    Nothing may be dialled now, and this is why.

    Attributes:
        reason: One word: empty, posting, live, closed, held:<scope>, breaker,
            clock, rollback, settings, sorting, settled.
    """

    reason: str


class Dialling:
    """
    Moves jobs into and out of dialing.

    Args:
        server: Where they are kept.
        breaker: When faults stop an account.
    """

    def __init__(self, server: Server, breaker: BreakerRules) -> None:
        self._server = server
        self._breaker = breaker.as_words()

    def begin(self, ask: Ask) -> Go | Wait | No:
        """
        Ask for the best job that may be dialled now.

        Raises:
            StoreUnavailable: No answer came; a job may have been granted to
                this token. Do not send; `take_back` the token.
            StoreRefused: The server is full or not usable; nothing was granted.
        """
        limits = ask.limits
        reply = self._server.run(
            "begin",
            ask.account,
            ask.token,
            ask.bell,
            ask.wall,
            micros(CLOCK_TOLERANCE),
            self._server.witnessed,
            limits.calls_per_second,
            limits.burst,
            limits.max_posting,
            limits.max_live_calls,
            ask.windows,
            micros(ask.lease),
            micros(ask.lookahead),
            micros(limits.assumed_call),
            ask.customer.as_words(),
            micros(ask.start_by),
            ask.settings,
            ask.mode,
        )
        word, now, seq = reply[0], int(reply[1]), reply[2]
        if word == "no":
            # A rolled back server shows a lower number; the witness keeps the higher.
            return No(reply[3])
        self._server.witness(seq)
        if word == "wait":
            return Wait(timedelta(microseconds=int(reply[3])))
        return Go(
            job_id=reply[3],
            token=ask.token,
            attempt=int(reply[5]),
            ahead=timedelta(microseconds=max(0, int(reply[4]) - now)),
            tries=int(reply[6]),
            misses=int(reply[7]),
            pool_misses=int(reply[8]),
            mode=reply[10],
            pool=reply[11],
            content=reply[12],
            redial=reply[13],
        )

    def decline(self, account: str, bell: str) -> None:
        """
        Give a doorbell back that the caller cannot answer; another takes its place at once.

        Raises:
            StoreUnavailable: It counts as unanswered until its patience is over.
        """
        with translated():
            self._server.client.zrem(self._server.keys.bells(account), bell)
        Bells(self._server).wake()

    def settle(
        self,
        job_id: str,
        token: str,
        settlement: Settlement,
        *,
        hold: Sequence[str] = (),
        suppress: str = "",
        fault: str = "",
    ) -> bool:
        """
        Record how an attempt ended; done once however often it is repeated.

        Args:
            job_id: The job.
            token: The token of the attempt.
            settlement: What `dialer.settle.decide` made of its outcome.
            hold: Accounts to hold, with the settlement's reason.
            suppress: A number to put on the do-not-call list, E.164, or "".
            fault: What was refused and how, alike for alike; three in a row
                hold the job's campaign. "" for nothing.

        Returns:
            False when the job is no longer this attempt's: somebody resolved it.

        Raises:
            StoreUnavailable: No answer came; repeat it.
        """
        row = settlement.row
        reply = self._server.run(
            "settle",
            job_id,
            token,
            settlement.target,
            micros(settlement.delay),
            int(row.try_used),
            int(row.rang),
            row.breaker,
            self._breaker,
            micros(settlement.pool_delay) if settlement.pool_delay else 0,
            int(settlement.cut_rate),
            settlement.code,
            one_line(settlement.reason),
            settlement.call_id,
            suppress,
            fault,
            *hold,
        )
        self._server.witness(reply[1])
        return reply[0] == "settled"

    def take_back(self, token: str, why: str, *, fault: bool = False) -> bool:
        """
        Undo a begin whose request surely was not sent; the job is ready again.

        Args:
            token: The token of the attempt, whether or not it was granted a job.
            why: One clause for the record.
            fault: Whether the breaker counts it: starts that are always late
                must not go round for ever unseen.

        Returns:
            False when there is nothing to undo any more.

        Raises:
            StoreUnavailable: No answer came; repeat it.
        """
        reply = self._server.run(
            "take_back", token, one_line(why), "fault" if fault else "-", self._breaker
        )
        self._server.witness(reply[1])
        return reply[0] == "taken_back"
