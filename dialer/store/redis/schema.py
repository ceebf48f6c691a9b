"""
The data dictionary: every key of the store, what type it is and what it holds.

All keys start with one hash tag, `{dialer}:`, so that they live together on one server or
one cluster slot.
Times are microseconds since 1970 by the server's clock; ids are job ids.

Every layout keeps `layout`, `seq`, `hold:<scope>` for everything and for accounts, `holds`
and `holdings` as they are here: an old command line can stop what a new version runs.

A key that is built in Lua only (`dialer/store/lua`) is listed here all the
same: a test looks for keys in the scripts that this page does not name.

========================  ======  =====================================================
key                       type    holds
========================  ======  =====================================================
layout                    string  version of this page; another one refuses to start
seq                       string  number of the last transition; never goes back
job:<id>                  hash    the record of a job, without what is usual (`record.py`): s state,
                                  l lane, m mode, c content (of its call), p protected (where
                                  it is not all that its leg rings), r rank,
                                  t created_us, d digest (where the id does not stand for it), k
                                  key; customer, rings, also, lead_us, ring_us, talk_us, version of
                                  the definition; entered_us, due_us, not_after_us, start_us,
                                  quiet_us; tries, misses, attempt, token, settled, code, call_id;
                                  e0 its creation, e1 to e31 its last moves, n how many. What is
                                  longer than 64 bytes goes on in <field>.1, <field>.2, ... After it
                                  was pruned a tombstone: d, was (its last state), gone_us (when
                                  it is forgotten too)
metadata:<id>             string  what its producer wrote beside it, JSON; gone with the record
in:<state>                zset    ids in that state, but not the ready ones; score: due time
                                  (scheduled), lease end (dialing), else the time of entry
ready                     hash    account -> how many of its jobs are in lanes; only shown
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
pool:<account>/<pool>     hash    until_us, misses, since_us: agents that did not answer
of:<bucket>               hash    job id -> its customers' numbers in that bucket, without the "+":
                                  the last nine digits modulo 16,384
posting:<account>         zset    ids on the wire; score: lease end. The same for a
                                  campaign: posting:<account>/<camp>
live:<account>            zset    <id>.<attempt> of calls that may be going on;
                                  score: when they are surely over. The same for a
                                  campaign: live:<account>/<camp>
busy:<account>/<agent>    zset    the same for one agent, group or number that is rung first:
                                  agent:12, group:5, number:<digest>
sleepers:<account>/<agent> set    lanes that sleep because of that agent
meter:<account>           hash    tat_us of the GCRA meter; interval_us, burst and steps of
                                  the clock it was last charged with; turn: virtual time of
                                  its campaigns; direct: direct starts in a row while a
                                  campaign waited
account:<account>         hash    stored limits; cut_us, cut_to of the last rate cut
accounts                  set     names of the accounts that ever had a job
started:<account>         hash    ten seconds' number -> calls started in them; the
                                  last few only, for `dialer status`
campaigns                 zset    names of all campaigns; score: when they were made
camp:<camp>               hash    definition (JSON), state, account, what `begin` needs of the
                                  definition (weight, interval_us, max_posting, max_live,
                                  per_agent, starts_us, ends_us, caps, redial); rows, fed,
                                  rows:<n>, fed:<n> and c:<n> (cursor) of each zone group,
                                  early and early:<n> (not fed, and jobs all the same: contact.lua),
                                  n:<state> jobs in it, s:<word> skipped for that reason,
                                  turn (virtual time), tat_us of its own meter, fault and
                                  faults (the same refusal in a row), changed_us,
                                  changed_by, reason; version (counts definitions; a job carries
                                  that of its own), called (counts what waits for the feeder:
                                  made by an older definition, or of a campaign that is over),
                                  renewed (version/called up to which all open jobs were made
                                  anew), shape (what
                                  its contacts were read by), q:<n> open jobs of a group,
                                  forgotten_us, forgotten_by; manner (`Campaign.manner`), edited_us
                                  (when that last changed) and edited (what `pulse` had counted
                                  in that hour by then); mode (of all its contacts); waking,
                                  forgetting: how far a change, or forgetting its list, has come
zones:<camp>              hash    zones of a group of contacts ("" for the campaign's own)
                                  -> its number <n>, the calendar of its lanes
cal:<camp>/<n>            string  windows "open-close,..." of that group; gone when they
                                  were not written for a day, and then it is closed
unknown:<camp>            set     lanes that sleep until those windows are written
blocks:<camp>/<n>         list    contacts of that group, packed: "<first row>:<block>"
list:<camp>/<bucket>      hash    customer's number, digits -> row; see append.lua
moved:<camp>              hash    row -> agent or "": contacts that were moved to a time, or taken
                                  out; the feeder passes over them
open:<camp>               set     ids of its jobs that are scheduled or ready
steps:<camp>              list    its last 100 starts, stops and so on: when, what, who, why
feeding                   zset    campaigns; score: when the feeder looks at them next
pulse:<camp>              hash    <hour>:<word> -> attempts; for the forecast
said:<token>              string  reply to a call that may be sent twice (JSON), for an hour
longest                   string  longest period of any customer rule, us
leaving                   string  until when a call that was granted may leave: the latest slot
                                  and `wire.start_by`
rings_since               string  when that was last made longer: rings before may be missing, us
grant:<token>             string  id that this begin was given, for one lease; "" once it
                                  was taken back
breaker:<account>         hash    row, last while closed; open_us, wait_us, probe_us,
                                  probe (token) while open
hold:<scope>              hash    owner -> JSON {who, reason, at_us};
                                  scope: all, account:<name>, campaign:<name>,
                                  pool:<account>/<agent> as in busy
holds                     set     scopes that have a hold
holdings                  list    the last 500 settings and releases of holds, oldest first:
                                  time, set or release, scope, owner, who, why; tabs between
rung:<number>             zset    rings reserved for a customer's number, for gap and
                                  caps; score: the latest moment it could ring
waiting:<number>          set     the job put off by gap or cap that has its turn next, to wake
                                  when a ring is given back. Likewise waiting:<account>/<agent>:
                                  all that a hold on whom they ring second puts off
behind:<number>           zset    further ones, until that one is done with; score: rank
dnc                       hash    E.164 number -> JSON {who, reason, at_us} and, where they were
                                  given, source and expires_us
dnc:<account>             hash    the same for one account only
suppressed                hash    how many numbers were put on each of these lists, by its key
released                  list    the last 10,000 numbers that were taken off a do-not-call list:
                                  JSON {number, account, who, reason, at_us}
bell                      string  number of the last doorbell
bells:<account>           zset    unanswered doorbells; score: when given up
wake                      list    at most one element: wakes a sleeping pacer
workers                   hash    worker name -> JSON record of a live worker process
wanting                   zset    accounts that want places of workers; score: until when
capacity                  zset    <worker name>=<calls at once>; score: when it is gone
fleet                     string  fingerprint of the settings that live workers dial with; one
                                  with another has capacity 0 until all of those are gone
successor                 string  since when one with others is heard and none of the fleet;
                                  0: the last one took its leave, so it may be next at once
tick                      string  when upkeep last ran
apikeys                   hash    prefix of a key of the HTTP service -> JSON {name, digest, scopes,
                                  accounts, reveal, created_us, expires_us, revoked_us}
apikeys_used              hash    prefix -> when it was last used, to the minute
apikeys_signing           string  secret that signs the cursors of lists
import:<import>           hash    what became of a list that was uploaded: campaign, who, began (s),
                                  state, rows, accepted, duplicate, rejected, last_line, why,
                                  heard_us; for 7 days
import_rows:<import>/<kind> list  rows of it that were not taken, JSON; the first 10,000
damaged                   hash    what was found damaged -> when, and what is wrong with it
damaged:<key>             any     what was put aside, as it was found
era                       hash    id: drawn anew by `dialer recover`, by it a process knows
                                  which life of the data this is; was: the lives it took the
                                  place of; missed: those that are remembered;
                                  lost_us, copy_us: the last moment that a restored copy
                                  remembered, before and after it was recovered; of the
                                  clock: most_us, the greatest time that was believed; steps,
                                  gained_us, step_us, step_by: how many steps there were, what
                                  those forward gained, the last one; heal_us: the step that
                                  is being healed; ahead_us, ahead_by: where a step forward
                                  led that is held, and what is left of it; woke_us: when a silence
                                  among live workers was over
takeover:<life>           string  transition number at which a master began its life, for a day
redrive:<account>         string  due time of its next redriven job
========================  ======  =====================================================
"""

import re

#: The version of the layout above.
LAYOUT = "2"
#: The one before, from which `dialer migrate` carries the data over, and the version meanwhile.
BEFORE, HALFWAY = "1", "1-2"

_ROW = re.compile(r"^(\S+?)(?:<\S*)? +(string|hash|set|zset|list) ", re.MULTILINE)


def types() -> dict[str, str]:
    """Type of every key above, by the part before its first "<" or its whole name."""
    return {
        name.partition(":")[0] + (":" if ":" in name else ""): kind
        for name, kind in _ROW.findall(__doc__ or "")
    }
