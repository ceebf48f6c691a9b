"""
The names of the keys, as `dialer.store.layout` describes them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """
    Names of the keys that Python touches without a script.

    Attributes:
        prefix: What every key starts with; one hash tag.
    """

    prefix: str = "{dialer}:"

    @property
    def layout(self) -> str:
        """The layout version."""
        return f"{self.prefix}layout"

    @property
    def seq(self) -> str:
        """The number of the last transition."""
        return f"{self.prefix}seq"

    @property
    def wake(self) -> str:
        """The list that wakes a pacer."""
        return f"{self.prefix}wake"

    @property
    def fleet(self) -> str:
        """The fingerprint of the settings that live workers dial with."""
        return f"{self.prefix}fleet"

    @property
    def workers(self) -> str:
        """The live workers."""
        return f"{self.prefix}workers"

    @property
    def capacity(self) -> str:
        """The calls that live workers can carry at once."""
        return f"{self.prefix}capacity"

    @property
    def holds(self) -> str:
        """The scopes that have a hold."""
        return f"{self.prefix}holds"

    @property
    def holdings(self) -> str:
        """What was held and released lately."""
        return f"{self.prefix}holdings"

    def job(self, job_id: str) -> str:
        """The record of a job."""
        return f"{self.prefix}job:{job_id}"

    def index(self, state: str) -> str:
        """The ids in a state."""
        return f"{self.prefix}in:{state}"

    def lane(self, lane: str) -> str:
        """The ready ids of a lane."""
        return f"{self.prefix}lane:{lane}"

    def of(self, number: str) -> str:
        """The ids of the jobs for a customer's number."""
        return f"{self.prefix}of:{number}"

    def posting(self, account: str) -> str:
        """The ids of an account that are on the wire."""
        return f"{self.prefix}posting:{account}"

    def live(self, account: str) -> str:
        """The calls of an account that may be going on."""
        return f"{self.prefix}live:{account}"

    def busy(self, account: str, agent: str) -> str:
        """The calls of one agent that may be going on."""
        return f"{self.prefix}busy:{account}/{agent}"

    def bells(self, account: str) -> str:
        """The doorbells of an account that nobody has answered yet."""
        return f"{self.prefix}bells:{account}"

    def awake(self, account: str) -> str:
        """The lanes of an account that have work."""
        return f"{self.prefix}awake:{account}"

    def account(self, account: str) -> str:
        """The stored limits of an account."""
        return f"{self.prefix}account:{account}"

    def started(self, account: str) -> str:
        """How many calls of an account started lately."""
        return f"{self.prefix}started:{account}"

    def meter(self, account: str) -> str:
        """The meter of an account."""
        return f"{self.prefix}meter:{account}"

    def breaker(self, account: str) -> str:
        """The breaker of an account."""
        return f"{self.prefix}breaker:{account}"

    def pool(self, account: str, pool: str) -> str:
        """The agents' clock of a pool."""
        return f"{self.prefix}pool:{account}/{pool}"

    @property
    def campaigns(self) -> str:
        """The names of all campaigns."""
        return f"{self.prefix}campaigns"

    @property
    def feeding(self) -> str:
        """When the feeder looks at each campaign."""
        return f"{self.prefix}feeding"

    def camp(self, campaign: str) -> str:
        """The record of a campaign."""
        return f"{self.prefix}camp:{campaign}"

    def zones(self, campaign: str) -> str:
        """The zone groups of a campaign's contacts."""
        return f"{self.prefix}zones:{campaign}"

    def steps(self, campaign: str) -> str:
        """What was decided about a campaign, oldest first."""
        return f"{self.prefix}steps:{campaign}"

    def open(self, campaign: str) -> str:
        """The jobs of a campaign that are scheduled or ready."""
        return f"{self.prefix}open:{campaign}"

    def calendar(self, campaign: str, group: str) -> str:
        """The windows of a zone group."""
        return f"{self.prefix}cal:{campaign}/{group}"

    def blocks(self, campaign: str, group: str) -> str:
        """The contacts of a zone group."""
        return f"{self.prefix}blocks:{campaign}/{group}"

    def listed(self, campaign: str, bucket: int) -> str:
        """Which contact of a campaign a customer is."""
        return f"{self.prefix}list:{campaign}/{bucket}"

    def pulse(self, campaign: str) -> str:
        """What became of a campaign's attempts, hour by hour."""
        return f"{self.prefix}pulse:{campaign}"

    def campaign_awake(self, account: str, campaign: str) -> str:
        """The lanes of a campaign that have work."""
        return f"{self.prefix}awake:{account}/{campaign}"

    @property
    def released(self) -> str:
        """The numbers that were taken off a do-not-call list."""
        return f"{self.prefix}released"

    def hold(self, scope: str) -> str:
        """The owners that hold a scope."""
        return f"{self.prefix}hold:{scope}"

    def do_not_call(self, account: str | None) -> str:
        """The do-not-call list of everybody, or of one account."""
        return f"{self.prefix}dnc:{account}" if account else f"{self.prefix}dnc"

    @property
    def accounts(self) -> str:
        """The accounts that ever had a job."""
        return f"{self.prefix}accounts"

    @property
    def asleep(self) -> str:
        """The lanes that cannot run now."""
        return f"{self.prefix}asleep"

    @property
    def tick(self) -> str:
        """When upkeep last ran."""
        return f"{self.prefix}tick"

    @property
    def era(self) -> str:
        """Which life of the data this is."""
        return f"{self.prefix}era"

    def camps(self, account: str) -> str:
        """The campaigns of an account that may have their turn."""
        return f"{self.prefix}camps:{account}"

    def resting(self, account: str) -> str:
        """The campaigns of an account that wait for their own limits."""
        return f"{self.prefix}resting:{account}"
