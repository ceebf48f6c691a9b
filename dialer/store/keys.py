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
                                  A lane is account/campaign/calendar/pool; of a direct
                                  call account/-/-/pool
awake:<account>           zset    direct lanes that have work; score: rank of their best job
awake:<account>/<camp>    zset    the same for the lanes of a campaign
camps:<account>           zset    campaigns that may have their turn; score: when it begins in
                                  virtual time (start-time fair queueing)
resting:<account>         zset    campaigns that wait for their own rate or limits; score:
                                  until when
asleep                    zset    lanes that cannot run now; score: when they wake
pool:<account>/<pool>     hash    until_us, misses: agents that did not answer
of:<number>               set     ids of the jobs for a customer's number, E.164
posting:<account>         zset    ids on the wire; score: lease end. The same for a
                                  campaign: posting:<account>/<camp>
live:<account>            zset    <id>.<attempt> of calls that may be going on;
                                  score: when they are surely over. The same for a
                                  campaign: live:<account>/<camp>
busy:<account>/<agent>    zset    the same for one agent, group or number that is rung first:
                                  agent:12, group:5, number:<digest>
sleepers:<account>/<agent> set    lanes that sleep because of that agent
meter:<account>           hash    tat_us of the GCRA meter; interval_us and burst it was
                                  last charged with; turn: virtual time of its campaigns;
                                  direct: direct starts in a row while a campaign waited
account:<account>         hash    stored limits; cut_us, cut_to of the last rate cut
accounts                  set     names of the accounts that ever had a job
started:<account>         hash    ten seconds' number -> calls started in them; the
                                  last few only, for `dialer status`
campaigns                 zset    names of all campaigns; score: when they were made
camp:<camp>               hash    definition (JSON), state, account, what `begin` needs of the
                                  definition (weight, interval_us, max_posting, max_live,
                                  per_agent, starts_us, ends_us, caps, redial); rows, fed,
                                  rows:<n>, fed:<n> and c:<n> (cursor) of each zone group,
                                  n:<state> jobs in it, s:<word> skipped for that reason,
                                  turn (virtual time), tat_us of its own meter, fault and
                                  faults (the same refusal in a row), changed_us,
                                  changed_by, reason; version (counts changes), shape (what
                                  its contacts were read by), q:<n> open jobs of a group,
                                  forgotten_us, forgotten_by; manner (`Campaign.manner`), edited_us
                                  (when that last changed) and edited (what `pulse` had counted
                                  in that hour by then)
zones:<camp>              hash    zones of a group of contacts ("" for the campaign's own)
                                  -> its number <n>, the calendar of its lanes
cal:<camp>/<n>            string  windows "open-close,..." of that group; gone when nobody
                                  has written them for a day, and then it is closed
unknown:<camp>            set     lanes that sleep until somebody has written those windows
blocks:<camp>/<n>         list    contacts of that group, packed: "<first row>:<block>"
list:<camp>/<bucket>      hash    customer's number, digits -> row; see append.lua
open:<camp>               set     ids of its jobs that are scheduled or ready
steps:<camp>              list    its last 100 starts, stops and so on: when, what, who, why
feeding                   zset    campaigns; score: when the feeder looks at them next
pulse:<camp>              hash    <hour>:<word> -> attempts; for the forecast
said:<token>              string  answer to a call of a script that may come twice, for an hour
longest                   string  longest period of any customer rule, us
grant:<token>             string  id that this begin was given, for one lease; "" once it
                                  was taken back
breaker:<account>         hash    row, last while closed; open_us, wait_us, probe_us,
                                  probe (token) while open
hold:<scope>              hash    owner -> JSON {who, reason, at_us};
                                  scope: all, account:<name>, campaign:<name>,
                                  pool:<account>/<pool>
holds                     set     scopes that have a hold
holdings                  list    the last 500 settings and releases of holds, oldest first:
                                  time, set or release, scope, owner, who, why; tabs between
rung:<number>             zset    rings reserved for a customer's number, for gap and
                                  caps; score: the latest moment it could ring
waiting:<number>          set     ids put off by gap or cap, to wake when a ring is
                                  given back
dnc                       hash    E.164 number -> JSON {who, reason, at_us}
dnc:<account>             hash    the same for one account only
released                  list    the last 10,000 numbers that were taken off a do-not-call list:
                                  JSON {number, account, who, reason, at_us}
bell                      string  number of the last doorbell
bells:<account>           zset    unanswered doorbells; score: when given up
wake                      list    at most one element: wakes a sleeping pacer
workers                   hash    worker name -> JSON record of a live worker process
capacity                  zset    <worker name>=<calls at once>; score: when it is gone
fleet                     string  fingerprint of the settings that live workers dial with; one
                                  with another has capacity 0 until all of those are gone
tick                      string  when upkeep last ran
era                       hash    id: drawn anew by `dialer recover`, by it a machine knows
                                  which store its tidemark is of; copy_us: the last moment a
                                  restored copy remembered, until it is recovered
takeover:<life>           string  transition number at which a master began its life, for a day
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
