"""What a Python program does with campaigns: what the README does on the command line."""

import os
import subprocess
import sys

from clikit import AGENTS, create, fill

from dialer.domain.campaign.campaign import CampaignState

PROGRAM = """
from pathlib import Path

from dialer import Dialer

dialer = Dialer.from_settings(who="asha")
campaigns = dialer.campaigns
seen = campaigns.define(
    "diwali",
    {
        "call": {"fromType": "Group", "from": "21"},
        "columns": {"to": "phone"},
        "calls_per_second": 0.2,
    },
)
print(seen.standing, seen.campaign.time_zone)
Path("contacts.csv").write_text("phone\\n9000001001\\n9000001002\\n")
taken, refused = campaigns.add("diwali", Path("contacts.csv")), []
rows = ({"phone": number} for number in (9000001002, "9000001003", "90000x1004"))
more = campaigns.add("diwali", rows, report=refused.append)
print(taken.accepted, more.accepted, more.duplicates, more.rejected)
print(sorted((one.line, one.rule) for one in refused))
ahead = campaigns.preflight(campaigns.look("diwali"))
print(f"of {ahead.rows} contacts {ahead.will_ring} will be rung")
campaigns.steer("start", "diwali")
seen = campaigns.look("diwali")
print(seen.standing, {where: count for where, count in seen.counts.items() if count})
campaigns.steer("pause", "diwali", reason="9000001001 complained")
print(campaigns.look("diwali").progress.reason)
seen = campaigns.edit("diwali", {"call": {"timeLimit": 60}, "weight": 2})
print(seen.campaign.call, seen.campaign.weight)
campaigns.steer("resume", "diwali")
moved, _ = dialer.cancel_number("9000001003", reason="asked not to be called")
print(moved.done, campaigns.look("diwali").counts["cancelled"])
print(campaigns.forecast(campaigns.look("diwali")).p50 is not None)
print(campaigns.steer("cancel", "diwali"), campaigns.steer("cancel", "diwali"))
print(campaigns.look("diwali").standing, campaigns.forget("diwali"))
"""
PRINTED = """\
draft Asia/Kolkata
2 1 1 1
[(1, 'is in the list of the campaign already'), (3, '"90000x1004" holds letters; write ten digits')]
of 3 contacts 3 will be rung
running {'ready': 3}
******1001 complained
{'fromType': 'Group', 'from': '21', 'timeLimit': 60} 2
['diwali:3:1'] 1
True
True False
cancelled 3
"""


def test_a_program_does_what_the_readme_does(cli):
    """Define, bring in, start, look, pause, edit, resume, cancel and forget, by `Dialer` alone."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=os.environ, check=False
    )

    assert (ran.stderr, ran.stdout) == ("", PRINTED)
    progress = cli.store.campaigns.progress("diwali")
    assert (progress.state, progress.changed_by) == (CampaignState.CANCELLED, "asha")


def test_an_edit_feeds_nobody_where_the_server_may_forget(cli):
    """Contacts that might be rung by the new definition wait in their list until it is mended."""
    create(cli, "diwali", *AGENTS, "--starts", "2h")
    fill(cli)
    assert cli("campaign", "start", "diwali").status == 0
    client = cli.store.server.client
    client.config_set("appendfsync", "everysec")
    try:
        assert cli("campaign", "set", "diwali", "--starts", "").status == 0
        assert cli.store.campaigns.progress("diwali").fed == 0
    finally:
        client.config_set("appendfsync", "always")
    assert cli("campaign", "set", "diwali", "--weight", "2").status == 0
    assert cli.store.campaigns.progress("diwali").fed == 3
