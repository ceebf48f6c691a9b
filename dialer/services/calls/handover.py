"""Hand-over: calls that a service hands in, and all that it is told about each at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dialer.diagnosis.prospects import NO_PROSPECT, Prospect, Prospects
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import Job, State
from dialer.domain.job.order import Order
from dialer.domain.job.receipt import Receipt, Verdict
from dialer.errors import InvalidCall
from dialer.services.calls.intake import Intake

_KNOWN: Final = (Verdict.DUPLICATE, Verdict.CONFLICT)
_OPEN: Final = (State.SCHEDULED, State.READY, State.DIALING, State.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """
    One call that was handed over.

    Attributes:
        job: As it is now; None where it was rejected, or is pruned.
        differs: Of a conflict, the fields in which the job differs, by wire name; empty where
            that cannot be told.
        ignored: Of a duplicate, the fields that differ and change nothing.
        pruned: Last state of a job whose record is gone; "" for any other.
        known_until: Until when its key names this job, at least.
    """

    receipt: Receipt
    job: Job | None = None
    prospect: Prospect = NO_PROSPECT
    differs: Sequence[str] = ()
    ignored: Sequence[str] = ()
    pruned: str = ""
    known_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Takes calls of one producer; *prospects* are the process's own."""

    intake: Intake
    prospects: Prospects

    def take(self, rows: Sequence[Mapping[str, Any]], account: str) -> list[HandedOver]:
        """
        Hand rows over, as `Intake.enqueue_rows` does, and look ahead for each.

        Raises:
            StoreRefused, StoreUnavailable: Some may have been taken: do it again.
        """
        receipts = list(self.intake.enqueue_rows(rows, account=account))
        jobs = self.intake.store.jobs.several([one.job_id for one in receipts if one.job_id])
        now = self.intake.store.now()
        told = dict(zip(jobs, self.prospects.of(list(jobs.values())), strict=True))
        return [
            self._answer(one, row, jobs.get(one.job_id), told.get(one.job_id, NO_PROSPECT), now)
            for one, row in zip(receipts, rows, strict=True)
        ]

    def check(self, row: Mapping[str, Any], account: str) -> Receipt:
        """
        Apply every rule to a row and store nothing.

        The receipt is that of a job that would be created, or is known by its key.
        """
        read = self.intake.read(row, account)
        if isinstance(read, InvalidCall):
            return Receipt(Verdict.REJECTED, problems=tuple(read.problems))
        jobs, now = self.intake.store.jobs, self.intake.store.now()
        if read.not_after and read.not_after <= now:
            return Receipt(Verdict.REJECTED, problems=(("not_after", "has passed"),))
        if read.id not in jobs.several([read.id]) and not jobs.tombstone(read.id):
            return Receipt(Verdict.CREATED, read.id, mode=read.mode)
        digests = {read.digest, *(digest for _, digest in read.twins)}
        same = jobs.is_of(read.id, digests)
        return Receipt(Verdict.DUPLICATE if same else Verdict.CONFLICT, read.id, mode=read.mode)

    def _answer(
        self,
        receipt: Receipt,
        row: Mapping[str, Any],
        job: Job | None,
        prospect: Prospect,
        now: datetime,
    ) -> HandedOver:
        keeps = self.intake.settings.jobs.key_retention
        if receipt.verdict not in _KNOWN:
            return HandedOver(receipt, job, prospect, known_until=known_until(job, now, keeps))
        if job is None:
            pruned = self.intake.store.jobs.tombstone(receipt.job_id)
            return HandedOver(receipt, pruned=pruned)
        order = Order.parse(row, allowed_extra=self.intake.allowed_extra)
        return HandedOver(
            receipt,
            job,
            prospect,
            differs=_differs(job, order) if receipt.verdict is Verdict.CONFLICT else (),
            ignored=self._ignored(job, row, order, now),
            known_until=known_until(job, now, keeps),
        )

    def _ignored(
        self, job: Job, row: Mapping[str, Any], order: Order, now: datetime
    ) -> Sequence[str]:
        """Name what differs and is not compared; what is left out asks for nothing."""
        due = job.due if job.due and not job.attempts else None
        before = order.not_before
        differ = {
            "priority": order.priority != job.priority,
            "not_before": before is not None and before != due and (due or before > now),
            "not_after": order.not_after != job.not_after,
            "metadata": order.metadata != _metadata(self.intake.store.jobs.metadata(job.id)),
        }
        return [name for name, other in differ.items() if other and row.get(name) is not None]


def known_until(job: Job | None, now: datetime, keeps: timedelta) -> datetime | None:
    """Until when the key of a job is known, at least: *keeps* counts from its end."""
    if job is None:
        return None
    return (now if job.state in _OPEN else job.entered) + keeps


def _metadata(text: str) -> Mapping[str, str]:
    return json.loads(text) if text else {}


def _differs(job: Job, order: Order) -> Sequence[str]:
    """Name the parameters in which two calls of one key differ."""
    try:
        there = ClickToCall.from_content(job.content).wire()
    except InvalidCall:
        return []
    asked = order.call.wire()
    names = [name for name in {**asked, **there} if asked.get(name) != there.get(name)]
    if order.customer and order.customer != job.customer:
        names.append("customer")
    return names
