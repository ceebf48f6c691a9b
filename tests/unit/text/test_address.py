"""Addresses of Redis: one notation, and a sentence for each mistake in it."""

import pytest

from dialer.errors import SettingsError
from dialer.settings import Settings, without_login
from dialer.settings.addresses import next_database
from dialer.text.address import Address

SENTINEL = "sentinel://user:p%40ss@one:26379,[::1]:26380/2?service=calls"


def test_an_address_with_sentinels_is_taken_apart():
    """The login is the servers'; the Sentinels have their own."""
    address = Address.parse(f"{SENTINEL}&sentinel_user=s&sentinel_password=t%26u")

    assert address.hosts == (("one", 26379), ("::1", 26380))
    assert (address.database, address.service, address.secure) == (2, "calls", False)
    assert (address.user, address.password) == ("user", "p@ss")
    assert (address.sentinel_user, address.sentinel_password) == ("s", "t&u")


def test_an_address_with_tls_is_taken_apart():
    """The files keep redis-py's names."""
    address = Address.parse("rediss://:p@h/1?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=false")

    assert address.hosts == (("h", 6379),)
    assert address.secure
    assert address.tls == {"ssl_ca_certs": "/etc/ca.pem", "ssl_check_hostname": "false"}


@pytest.mark.parametrize("scheme", ["sentinel", "rediss+sentinel"])
def test_nothing_secret_is_shown(scheme):
    """Neither in the address without login nor in what a debugger prints."""
    url = f"{scheme}://user:hidden@h:1/0?service=calls&sentinel_password=hidden"

    assert without_login(url) == f"{scheme}://h:1/0?service=calls"
    assert "hidden" not in repr(Address.parse(url))
    assert "hidden" not in repr(Settings.parse({"redis_url": url}))


def test_the_order_of_sentinels_means_nothing():
    """Machines that list them otherwise have the same settings."""
    one, other = (
        Settings.parse({"redis_url": f"sentinel://{hosts}/0?service=calls"}).fingerprint()
        for hosts in ("a:1,b:2", "b:2,a:1")
    )

    assert one == other


def test_the_service_is_part_of_the_place():
    """Another service of the same Sentinels is another server."""
    one, other = (f"sentinel://h:1/0?service={name}" for name in ("store", "broker"))

    Settings.parse({"redis_url": one, "broker_url": other})
    with pytest.raises(SettingsError, match="broker_url: names the database of redis_url"):
        Settings.parse({"redis_url": one, "broker_url": one})


def test_the_next_database_keeps_everything_else():
    """Where the broker lives until it has its own."""
    assert next_database(SENTINEL) == SENTINEL.replace("/2?", "/3?")
    assert next_database("rediss://h?ssl_ca_certs=/ca") == "rediss://h/1?ssl_ca_certs=/ca"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("sentinel://h:1/0", "must name the master that the Sentinels watch, with ?service=NAME"),
        ("sentinel://h:1/0?service=", "service is empty"),
        ("sentinel://h/0?service=s", "must give each Sentinel its port"),
        ("sentinel://h:1,i/0?service=s", "must give each Sentinel its port"),
        ("sentinel://h:1,h:1/0?service=s", "names the same Sentinel twice"),
        ("sentinel://h:1,/0?service=s", "must be an address like"),
        ("sentinel://h:70000/0?service=s", "must be an address like"),
        ("sentinel://h:0/0?service=s", "must be an address like"),
        ("sentinel://h:1/x?service=s", "must end with the number of the database"),
        ("sentinel://h:1/0?service=s&service=t", "says the same thing twice"),
        ("sentinel://h:1/0?service=s&timeout=3", "may say only service, sentinel_user"),
        ("sentinel://h:1/0?service=s&ssl_ca_certs=x", "write rediss+sentinel:// in front"),
        ("redis://h:1,i:2/0", "must be an address like"),
        ("redis://h/0?service=s", "names a service of Sentinel; write sentinel:// in front"),
        ("redis://h/0?ssl_ca_certs=x", "has TLS settings; write rediss:// in front"),
        ("rediss://h/0?ssl_cert_reqs=none", "may say only ssl_ca_certs"),
        ("rediss://h/0?ssl_certfile=x", "needs ssl_certfile and ssl_keyfile together"),
        ("rediss://h/0?ssl_check_hostname=no", "ssl_check_hostname must be true or false"),
        ("redis:///0", "must be an address like"),
        ("unix:///run/redis.sock", "must be an address like"),
    ],
)
@pytest.mark.parametrize("setting", ["redis_url", "broker_url"])
def test_each_mistake_has_its_sentence(setting, url, rule):
    """It names the setting and the rule, and never quotes what may be a password."""
    url = url.replace("://", "://user:hidden@", 1)
    with pytest.raises(SettingsError) as caught:
        Settings.parse({setting: url})

    assert str(caught.value).startswith(f"{setting}: ")
    assert rule in str(caught.value)
    assert "hidden" not in str(caught.value)
