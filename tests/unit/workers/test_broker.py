"""One notation of addresses, in the three places where kombu wants it."""

import ssl

import pytest
from kombu import Connection

from workers.broker import broker


def test_a_single_server_keeps_its_address():
    """Nothing is added for TLS or Sentinel."""
    conf = broker("redis://:p%2Fw@h:7/3")

    assert conf["broker_url"] == "redis://:p%2Fw@h:7/3"
    assert conf["broker_use_ssl"] is None
    assert "master_name" not in conf["broker_transport_options"]


def test_sentinels_become_alternatives_with_the_whole_login():
    """Kombu goes from one to the next, and reads login and database from whichever it is at."""
    conf = broker("sentinel://u:p%3B@a:1,b:2/4?service=calls&sentinel_password=s")
    connection = Connection(conf["broker_url"])

    assert connection.alt == ["sentinel://u:p%3B@a:1/4", "sentinel://u:p%3B@b:2/4"]
    assert (connection.userid, connection.password) == ("u", "p;")
    assert connection.virtual_host == "4"
    # What Celery writes into its log.
    assert "p;" not in connection.as_uri()
    assert "p%3B" not in connection.as_uri()
    options = conf["broker_transport_options"]
    assert options["master_name"] == "calls"
    assert options["sentinel_kwargs"]["password"] == "s"
    assert "ssl" not in options["sentinel_kwargs"]


@pytest.mark.parametrize("url", ["rediss://h/0", "rediss+sentinel://h:1/0?service=calls"])
def test_tls_always_asks_for_a_certificate(url):
    """By itself kombu takes any; the Sentinels are no exception."""
    conf = broker(f"{url}{'&' if '?' in url else '?'}ssl_ca_certs=/ca")

    expected = {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
        "ssl_ca_certs": "/ca",
    }
    assert conf["broker_use_ssl"] == expected
    to_sentinels = conf["broker_transport_options"].get("sentinel_kwargs")
    assert to_sentinels is None or to_sentinels.items() >= {**expected, "ssl": True}.items()
