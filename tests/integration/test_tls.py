"""Store and broker over TLS, against a real server with certificates of our own."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError
from serverkit import KEEPING, RawServer, wait_until
from storekit import BREAKER, Clockwork

from dialer.errors import StoreRefused, StoreUnavailable
from dialer.machine.clock import Clock
from dialer.store import Store, open_store
from dialer.store.redis.connection import through_master
from dialer.store.redis.server_health import reach
from workers.broker import broker

PASSWORD = "made-up-password"


@dataclass
class Certificates:
    """One authority, and what it has signed; `stranger` is an authority nobody knows."""

    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / name

    def make(self) -> None:
        for authority in ("ca", "stranger"):
            self._openssl(
                "req", "-x509", *self._new(authority), "-days", "2", "-subj", f"/CN={authority}"
            )
        self.file("names").write_text("subjectAltName=IP:127.0.0.1")
        for name in ("server", "client"):
            self._openssl("req", *self._new(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
            self._openssl(
                *("x509", "-req", "-in", f"{name}.csr", "-days", "2", "-out", f"{name}.pem"),
                *("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"),
            )

    def _new(self, name: str) -> tuple[str, ...]:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        return (*curve, "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=30
        )


@dataclass
class Secure:
    """A server that speaks TLS only and asks for a certificate."""

    certificates: Certificates
    port: int
    files: list[str]

    def url(self, database: int = 0, *, host: str = "127.0.0.1", **changes: str) -> str:
        given = {
            "ssl_ca_certs": "ca.pem",
            "ssl_certfile": "client.pem",
            "ssl_keyfile": "client.key",
        }
        files = {
            name: str(self.certificates.file(value))
            for name, value in (given | changes).items()
            if value
        }
        query = "&".join(f"{name}={value}" for name, value in files.items())
        return f"rediss://:{PASSWORD}@{host}:{self.port}/{database}{'?' if query else ''}{query}"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl on this machine to make certificates with")
    folder = tmp_path_factory.mktemp("tls")
    certificates = Certificates(folder)
    certificates.make()
    files = [
        f"tls-cert-file {folder}/server.pem",
        f"tls-key-file {folder}/server.key",
        f"tls-ca-cert-file {folder}/ca.pem",
    ]
    server = RawServer(folder / "server", [*KEEPING, f"requirepass {PASSWORD}", *files], tls=True)
    server.start()
    running = Secure(certificates, server.port, files)
    try:
        wait_until(
            lambda: server.ended() or answers(running.url()),
            within=20,
            why="the server answers over TLS",
        )
        # Redis does not know the settings then, Valkey has no such connections.
        if server.ended() and re.search("Bad directive|Failed finding TLS", server.log()):
            pytest.skip("this server program was built without TLS")
        assert not server.ended(), server.log()
        yield running
    finally:
        server.kill()


def answers(url: str) -> bool:
    try:
        reach(url)
    except StoreUnavailable:
        return False
    return True


def store_of(url: str) -> Store:
    return open_store(url, durability="checked", breaker=BREAKER, full_at=0.8)


def test_the_store_works_over_tls(secure: Secure):
    """With the authority's file and a certificate of its own it opens, writes and reads."""
    store = store_of(secure.url())

    job_id = Clockwork(store, clock=Clock()).enqueue()

    assert store.jobs.get(job_id).id == job_id
    store.server.close()


@pytest.mark.parametrize("files", [{"ssl_ca_certs": ""}, {"ssl_ca_certs": "stranger.pem"}])
def test_a_server_that_cannot_prove_itself_is_given_no_password(secure: Secure, files):
    """Whoever answers with another certificate is not used, and the step is told."""
    with pytest.raises(StoreUnavailable, match="certificate is not trusted: correct ssl_ca_certs"):
        reach(secure.url(**files))


def test_a_certificate_of_another_host_is_refused(secure: Secure):
    """It was made for an address, not for a name."""
    with pytest.raises(StoreUnavailable, match=r"certificate is not trusted.* host's name"):
        reach(secure.url(host="localhost"))
    reach(secure.url(host="localhost") + "&ssl_check_hostname=false")


def test_without_a_certificate_of_our_own_nobody_gets_in(secure: Secure):
    """The server asks for one."""
    with pytest.raises(StoreUnavailable):
        reach(secure.url(ssl_certfile="", ssl_keyfile=""))


def test_a_file_that_is_not_there_is_named(secure: Secure):
    """The sentence says which setting, and which file."""
    with pytest.raises(StoreRefused, match=r"ssl_ca_certs in the address.*/nowhere cannot be read"):
        reach(secure.url(ssl_ca_certs="nowhere"))


def broker_answers(url: str) -> bool:
    """Whether Celery, configured as workers are, gets an answer."""
    with Celery(set_as_current=False) as app:
        app.conf.update(broker(url))
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
            return bool(connection.default_channel.client.ping())


def test_the_broker_works_over_tls(secure: Secure):
    """The same notation is enough."""
    assert broker_answers(secure.url(database=1))


def test_the_broker_is_not_believed_without_proof(secure: Secure):
    """By itself kombu takes any certificate for rediss://."""
    with pytest.raises(
        (OperationalError, redis.ConnectionError), match="CERTIFICATE_VERIFY_FAILED"
    ):
        broker_answers(secure.url(database=1, ssl_ca_certs="stranger.pem"))


@pytest.fixture
def sentinel(secure: Secure, tmp_path: Path) -> Iterator[str]:
    """A Sentinel over TLS for the secure server; yields an address without database."""
    watch = [
        *secure.files,
        "tls-replication yes",
        "requirepass of-the-sentinel",
        f"sentinel monitor calls 127.0.0.1 {secure.port} 1",
        f"sentinel auth-pass calls {PASSWORD}",
    ]
    server = RawServer(tmp_path, watch, mode=("--sentinel",), tls=True)
    server.start()
    files = secure.url().partition("?")[2]
    try:
        yield (
            f"rediss+sentinel://:{PASSWORD}@127.0.0.1:{server.port}/DATABASE?service=calls"
            f"&sentinel_password=of-the-sentinel&{files}"
        )
    finally:
        server.kill()


def test_sentinels_are_asked_over_tls_too(secure: Secure, sentinel: str):
    """Store and broker find the master by the one address."""
    store_url, broker_url = (sentinel.replace("DATABASE", number) for number in "01")
    wait_until(lambda: answers(store_url), within=20, why="the Sentinel knows its master")
    store = store_of(store_url)

    job_id = Clockwork(store, clock=Clock()).enqueue("by-sentinel")

    assert store.jobs.get(job_id).id == job_id
    assert through_master(store_url) == f" through its master 127.0.0.1:{secure.port}"
    assert broker_answers(broker_url)
    store.server.close()
