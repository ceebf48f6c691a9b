"""Records: jobs that are named by an id, a key or a number."""

from dataclasses import dataclass

from dialer.domain.job.job import Job
from dialer.domain.job.order import DEFAULT_ACCOUNT, id_of_key
from dialer.errors import JobNotFound
from dialer.services.calls.intake import Intake


@dataclass(frozen=True, slots=True, repr=False)
class Records(Intake):
    """The use cases of reading jobs."""

    def get(self, job_id: str) -> Job:
        """
        Read a job by its id.

        Raises:
            JobNotFound: There is none, or it was pruned.
        """
        return self.store.jobs.get(job_id)

    def metadata(self, job_id: str) -> str:
        """Read what a producer wrote beside a job, JSON; "" for nothing."""
        return self.store.jobs.metadata(job_id)

    def find(self, key: str, account: str = DEFAULT_ACCOUNT) -> Job:
        """
        Read the job that a producer's key names.

        Raises:
            JobNotFound: The account has none with this key, in either mode.
        """
        key = str(key)
        for mode in ("live", "developer"):
            try:
                return self.get(id_of_key(account, mode, key))
            except JobNotFound:
                continue
        raise JobNotFound(f'no job of account {account} has the key "{key}"')

    def jobs_of(self, number: str) -> list[Job]:
        """Read the jobs of a number, E.164, oldest first."""
        return self.store.jobs.of_number(number)
