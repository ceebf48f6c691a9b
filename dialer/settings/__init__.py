"""
What can be set, and the only reader of `dialer.toml` and of the environment.

    section.py    the base of every part, and rules across several settings
    account.py    one account
    addresses.py  Redis, the broker and the endpoint, as URLs
    sections.py   everything else that has a [section]
    settings.py   all of it: load, check, find an account
    sources.py    the file and the variables, as values with their origin
    names.py      which names exist, and which one was meant
    problems.py   what is wrong, in sentences without values
"""

from dialer.settings.account import Account
from dialer.settings.addresses import next_database, without_login
from dialer.settings.sections import Breaker, Flower, Jobs, Log, Pacer, Retry, Wire, Worker
from dialer.settings.settings import Settings

__all__ = [
    "Account",
    "Breaker",
    "Flower",
    "Jobs",
    "Log",
    "Pacer",
    "Retry",
    "Settings",
    "Wire",
    "Worker",
    "next_database",
    "without_login",
]
