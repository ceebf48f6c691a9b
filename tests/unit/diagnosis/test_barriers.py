"""What `begin` refuses and what `explain` says of it: the same barriers, in the same order."""

import ast
import inspect

import pytest
from luakit import function, passed_over, refusals

from dialer.diagnosis.explain import barriers, campaign, turns
from dialer.diagnosis.explain.barriers import CHECKS

#: What `begin` refuses an account's next call for -> the check that says it.
ACCOUNT = {
    "clock": "_clocks",
    "held:all": "_everything_held",
    "settings": "_settings_apart",
    "held:account": "_account_held",
    "breaker": "_breaker_open",
    "wait": "_limits",
    "posting": "_limits",
    "live": "_limits",
}
#: The hours of the account, which `begin` asks for before it looks at a campaign, are said with
#: those of the campaign; and of a job that is not ready it says that there is none.
BETWEEN = {"closed": "_closed", "empty": "_scheduled"}
#: What it refuses for a moment, or sets a hold for that is explained, and why nobody is told more.
PASSES = {
    "damaged": "a hold of owner damaged, which `_account_held` says",
    "rollback": "the hold of owner witness, which `_everything_held` says",
    "enough": "no refusal: all that was asked for was granted",
    "more": "the same, and the meter allows another",
    "settled": "the answer to a worker that asked before, not to a job",
    "slow": "the caller asks again at once",
    "share": "over with the next answer of the API to any account",
    "sorting": "the next doorbell goes on where this one stopped",
}
#: Why it passes over a campaign, as often as it does, and a lane.
CAMPAIGN = ["campaign_stopped", "campaign_limits"]
LANE = ["_pool_asleep", "_pool_held", "campaign_agents", "hours_unwritten"]
#: What it has against one job -> the check that says it.
JOB = {
    "needs_live": "_rings_nobody",
    "BEHIND": "made_anew",
    "its deadline has passed": "_deadline",
    "the customer is on the do-not-call list": "_do_not_call",
    "when its customer was rung cannot be read: dialer doctor": "_customer",
    "one call rings more often than a customer may be rung": "_customer",
    "CUSTOMER": "_customer",
}
#: Also against one job, said with the same barrier of its agents and of its hours.
TWICE = {
    "an agent whom it rings is held": "_pool_held",
    "calling hours would end before the last ring": "_closed",
}
#: What keeps anybody from asking `begin`, or comes behind it.
BESIDE = {
    "_store_full": "the server refuses the script",
    "_account_unknown": "no worker with these settings asks for the account",
    "others_first": "another job is the best one",
    "_call_refused": "the worker finds it, once the job is its own",
    "_no_worker": "nobody asks",
}


def test_each_refusal_of_begin_is_explained():
    """Who adds a refusal says here which check tells people of it, or why none does."""
    assert set(refusals()) == ACCOUNT.keys() | BETWEEN.keys() | PASSES.keys()
    assert passed_over() == [*JOB, *TWICE]
    # Its state or a hold, its rate (twice), start, end, requests on the wire, calls going on.
    assert function("campaign_terms", "begin").count("return leave(") == 7
    assert function("lane_sleeps", "begin").count("until_us = ") == 3


def test_each_check_explains_a_refusal_of_begin():
    """Who adds a check says here what it is that `begin` refuses."""
    said = {*ACCOUNT.values(), *CAMPAIGN, *BETWEEN.values(), *LANE, *JOB.values(), *BESIDE}
    assert {check.__name__ for check in CHECKS} == said
    assert len(CHECKS) == len(said)


def test_checks_come_in_the_order_in_which_begin_refuses():
    """The first reason that is said is what a worker is told first."""
    places = {check.__name__: nth for nth, check in enumerate(CHECKS)}
    refused = [ACCOUNT[one] for one in refusals() if one in ACCOUNT]
    then = [*CAMPAIGN, *BETWEEN.values(), *LANE, *JOB.values()]
    order = [places[name] for name in [*refused, *then]]
    assert order == sorted(order)


@pytest.mark.parametrize("module", [barriers, campaign, turns], ids=lambda one: one.__name__)
def test_checks_alone_give_reasons(module):
    """A function that yields reasons is a check, or is called by one."""
    tree = ast.parse(inspect.getsource(module))
    gives = {
        one.name
        for one in tree.body
        if isinstance(one, ast.FunctionDef)
        and "Reason]" in ast.unparse(one.returns or ast.Constant(0))
    }
    assert gives <= {check.__name__ for check in CHECKS}
