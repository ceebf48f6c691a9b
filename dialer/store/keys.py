"""
The data dictionary: every key of the store, what type it is and what it holds.

All keys start with one prefix that is one hash tag, `{dialer}:` unless a test
says otherwise, so that they live together on one server or one cluster slot.
Times are microseconds since 1970 by the server's clock; ids are job ids.

A key that is built in Lua only (`dialer/store/lua`) is listed here all the
same: a test looks for keys in the scripts that this page does not name.

========================  ======  =====================================================
key                       type    holds
========================  ======  =====================================================
layout                    string  version of this page; another one refuses to start
seq                       string  number of the last transition; never goes back
job:<id>                  hash    the record of a job (`dialer.job.Job`); after it was pruned
                                  a tombstone: digest, was (its last state)
in:<state>                zset    ids in that state; score: due time (scheduled), lease
                                  end (dialing), else the time of entry
lane:<lane>               zset    ready ids of a lane; score: rank, best first.
                                  A lane is account/campaign/calendar/pool
awake:<account>           zset    lanes that have work; score: rank of their best job
asleep                    zset    lanes that cannot run now; score: when they wake
pool:<account>/<pool>     hash    until_us, misses: agents that did not answer
of:<number>               set     ids of the jobs for a customer's number, E.164
posting:<account>         zset    ids on the wire; score: lease end
live:<account>            zset    <id>.<attempt> of calls that may be going on;
                                  score: when they are surely over
meter:<account>           hash    tat_us of the GCRA meter; interval_us and burst it was
                                  last charged with
account:<account>         hash    stored limits; cut_us, cut_to of the last rate cut
started:<account>         hash    ten seconds' number -> calls started in them; the
                                  last few only, for `dialer status`
grant:<token>             string  id that this begin was given, for one lease; "" once it
                                  was taken back
breaker:<account>         hash    row, last while closed; open_us, wait_us, probe_us,
                                  probe (token) while open
hold:<scope>              hash    owner -> JSON {who, reason, at_us};
                                  scope: all, account:<name>
holds                     set     scopes that have a hold
rung:<number>             zset    rings reserved for a customer's number, for gap and
                                  caps; score: the latest moment it could ring
waiting:<number>          set     ids put off by gap or cap, to wake when a ring is
                                  given back
dnc                       hash    E.164 number -> JSON {who, reason, at_us}
dnc:<account>             hash    the same for one account only
bell                      string  number of the last doorbell
bells:<account>           zset    unanswered doorbells; score: when given up
wake                      list    at most one element: wakes a sleeping pacer
workers                   hash    worker name -> JSON record of a live worker process
capacity                  zset    <worker name>=<calls at once>; score: when it is gone
tick                      string  when upkeep last ran
redrive:<account>         string  due time of its next redriven job
========================  ======  =====================================================
"""

from dataclasses import dataclass

#: The version of the layout above.
LAYOUT = "1"


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

    def hold(self, scope: str) -> str:
        """The owners that hold a scope."""
        return f"{self.prefix}hold:{scope}"

    def do_not_call(self, account: str | None) -> str:
        """The do-not-call list of everybody, or of one account."""
        return f"{self.prefix}dnc:{account}" if account else f"{self.prefix}dnc"
