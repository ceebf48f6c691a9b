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
                                  in that hour by then); mode (of all its contacts)
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
successor                 string  since when one with others is heard and none of the fleet;
                                  0: the last one took its leave, so it may be next at once
tick                      string  when upkeep last ran
era                       hash    id: drawn anew by `dialer recover`, by it a machine knows
                                  which store its tidemark is of; copy_us: the last moment a
                                  restored copy remembered, until it is recovered
takeover:<life>           string  transition number at which a master began its life, for a day
redrive:<account>         string  due time of its next redriven job
========================  ======  =====================================================
"""

#: The version of the layout above.
LAYOUT = "1"
