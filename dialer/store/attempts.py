"""Moves around a POST: begin before it, settle or take back after it."""

from datetime import timedelta

from dialer.domain.account.breaker import BreakerRules
from dialer.domain.job.attempt import Ask, Go, No, Wait
from dialer.domain.job.settle import Settlement
from dialer.store.accounts import limits_asked
from dialer.store.customers import rules_asked
from dialer.store.redis.notation import as_words, micros, one_line
from dialer.store.redis.server import Noun, Server


def breaker_asked(rules: BreakerRules) -> dict[str, float]:
    """Rules of the breaker as `breaker.lua` reads them."""
    return {
        "in_row": rules.faults_in_row,
        "share": rules.share,
        "of_last": rules.of_last,
        "first_us": micros(rules.first_probe),
        "factor": rules.factor,
        "cap_us": micros(rules.cap),
    }


class Attempts(Noun):
    """Moves of jobs into and out of dialing; *breaker* says when faults stop an account."""

    def __init__(self, server: Server, breaker: BreakerRules) -> None:
        super().__init__(server)
        self._breaker = breaker_asked(breaker)

    def begin(self, ask: Ask) -> Go | Wait | No:
        """
        Claim the best job that may be dialled now.

        Raises:
            StoreUnavailable: No answer came; a job may have been granted to
                this token. Do not send; `take_back` the token.
            StoreRefused: The server is full or not usable; nothing was granted.
        """
        word, *reply = self._server.run(
            "begin",
            {
                "account": ask.account,
                "token": ask.token,
                "bell": ask.bell,
                "limits": limits_asked(ask.limits),
                "windows": as_words(ask.windows),
                "lease_us": micros(ask.lease),
                "lookahead_us": micros(ask.lookahead),
                "assumed_us": micros(ask.limits.assumed_call),
                "customer": rules_asked(ask.customer),
                "late_us": micros(ask.start_by),
                "settings": ask.settings,
                "mode": ask.mode,
                "peers": list(ask.peers) or [ask.account],
            },
        )
        if word == "no":
            return No(reply[0])
        if word == "wait":
            return Wait(timedelta(microseconds=int(reply[0])))
        job_id, ahead, attempt, tries, misses, pool_misses, mode, pool, content, redial = reply
        return Go(
            job_id=job_id,
            token=ask.token,
            attempt=int(attempt),
            ahead=timedelta(microseconds=int(ahead)),
            tries=int(tries),
            misses=int(misses),
            pool_misses=int(pool_misses),
            mode=mode,
            pool=pool,
            content=content,
            redial=redial,
        )

    def decline(self, account: str, bell: str) -> None:
        """
        Give a doorbell back that the caller cannot answer; another takes its place at once.

        Raises:
            StoreUnavailable: It counts as unanswered until its patience is over.
        """
        self._client.zrem(self._keys.bells(account), bell)
        self._server.wake_pacer()

    def settle(self, job_id: str, token: str, settlement: Settlement) -> bool:
        """
        Record how the attempt with *token* ended; done once, however often it is repeated.

        Returns:
            False when the job is no longer this attempt's: a person resolved it.

        Raises:
            StoreUnavailable: No answer came; repeat it.
        """
        row = settlement.row
        reply = self._server.run(
            "settle",
            {
                "job": job_id,
                "token": token,
                "target": settlement.target,
                "delay_us": micros(settlement.delay),
                "try_used": row.try_used,
                "rang": row.rang,
                "result": row.breaker,
                "breaker": self._breaker,
                "pool_sleep_us": micros(settlement.pool_delay) if settlement.pool_delay else 0,
                "cut_rate": settlement.cut_rate,
                "code": settlement.code,
                "reason": one_line(settlement.reason),
                "call_id": settlement.call_id,
                "suppress": settlement.suppress,
                "fault": settlement.fault,
                "hold": list(settlement.hold),
            },
        )
        return reply[0] == "settled"

    def take_back(self, token: str, why: str, *, fault: bool = False) -> bool:
        """
        Release the lease of a begin whose request surely was not sent; the job is ready again.

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
            "take_back",
            {
                "token": token,
                "reason": one_line(why),
                "result": "fault" if fault else "-",
                "breaker": self._breaker,
            },
        )
        return reply[0] == "taken_back"
