"""Moves around a POST: begin before it, settle or release after it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dialer.domain.account.breaker import BreakerRules
from dialer.domain.job.attempt import Ask, Ended, Go, Grant, No, Wait
from dialer.store.accounts import limits_asked
from dialer.store.customers import rules_asked
from dialer.store.redis.notation import as_words, micros, one_line
from dialer.store.redis.server import Noun, Server

#: Outcomes recorded in one step, so that none holds the server up.
_MOST = 32


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

    def begin(self, ask: Ask) -> Grant:
        """
        Claim the best jobs that may be dialled now, at most as many as are asked for.

        Raises:
            StoreUnavailable: No answer came; jobs may have been granted to
                this ask. Send none; `disown` it.
            StoreRefused: The server is full or not usable; nothing was granted.
        """
        reply: list[Any] = self._server.run("begin", _asked(ask))
        word, value, *jobs = reply
        rest = Wait(timedelta(microseconds=int(value))) if word == "wait" else No(value)
        return Grant(tuple(map(_go, jobs)), rest)

    def decline(self, account: str, bell: str) -> None:
        """
        Give a doorbell back that the caller cannot answer; another takes its place at once.

        Raises:
            StoreUnavailable: It counts as unanswered until its patience is over.
        """
        self._client.zrem(self._keys.bells(account), bell)
        self._server.wake_pacer()

    def settle(self, ended: Sequence[Ended]) -> list[bool]:
        """
        Record how attempts ended, each once, however often it is repeated.

        Returns:
            For each whether it was recorded: not when its job is no longer this attempt's,
            because a person resolved it, or when its record is damaged.

        Raises:
            StoreUnavailable: No answer came; repeat all of them.
        """
        answers: list[str] = []
        for first in range(0, len(ended), _MOST):
            rows = [_ended(one) for one in ended[first : first + _MOST]]
            answers += self._server.run("settle", {"ended": rows, "breaker": self._breaker})
        return [answer == "settled" for answer in answers]

    def release(self, jobs: Sequence[Go], why: str, *, fault: bool = False) -> list[bool]:
        """
        Release the leases of jobs whose requests surely were not sent; they are ready again.

        Args:
            jobs: As they were granted.
            why: One clause for their records.
            fault: Whether the breaker counts it, once an ask: starts that are always
                late must not go round for ever unseen.

        Returns:
            For each whether there was a lease to release.

        Raises:
            StoreUnavailable: No answer came; repeat it.
        """
        named = [{"job": go.job_id, "token": go.token} for go in jobs]
        asked = {"jobs": named, "reason": one_line(why), "breaker": self._breaker}
        reply = self._server.run("release", {**asked, "result": "fault" if fault else "-"})
        return [word == "released" for word in reply]

    def disown(self, ask: str, why: str) -> int:
        """
        Release all that was granted to an ask whose answer never came; a repeat of it gets nothing.

        Returns:
            How many jobs are ready again.

        Raises:
            StoreUnavailable: No answer came; repeat it.
        """
        return int(self._server.run("disown", {"ask": ask, "reason": one_line(why)})[0])


def _asked(ask: Ask) -> dict[str, object]:
    return {
        "account": ask.account,
        "ask": ask.ask,
        "count": ask.count,
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
    }


def _go(reply: Sequence[str]) -> Go:
    token, job_id, ahead, attempt, tries, misses, pool_misses, mode, pool, content, redial = reply
    return Go(
        job_id=job_id,
        token=token,
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


def _ended(one: Ended) -> dict[str, object]:
    settlement, row = one.settlement, one.settlement.row
    return {
        "job": one.job_id,
        "token": one.token,
        "target": settlement.target,
        "delay_us": micros(settlement.delay),
        "try_used": row.try_used,
        "rang": row.rang,
        "result": row.breaker,
        "pool_sleep_us": micros(settlement.pool_delay) if settlement.pool_delay else 0,
        "cut_rate": settlement.cut_rate,
        "code": settlement.code,
        "reason": one_line(settlement.reason),
        "call_id": settlement.call_id,
        "suppress": settlement.suppress,
        "fault": settlement.fault,
        "hold": list(settlement.hold),
    }
