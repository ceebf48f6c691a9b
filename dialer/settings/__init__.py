"""
Every setting, and the only reader of `dialer.toml` and of the environment.

    section.py    the base of every part, and rules across several settings
    account.py    one account
    addresses.py  Redis, the broker and the endpoint, as URLs
    sections.py   everything else that has a [section]
    settings.py   all of it: load, check, find an account
    sources.py    the file and the variables, as values with their origin
    names.py      the names that exist, and the closest to a misspelt one
    problems.py   broken rules, in sentences without values
"""

from dialer.settings.account import Account
from dialer.settings.addresses import without_login
from dialer.settings.settings import Settings

__all__ = ["Account", "Settings", "without_login"]
