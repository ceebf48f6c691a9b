"""What stands in front of the HTTP service: the examples are read by the programs they are for."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "ops/http"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command; one that is missing skips the test."""
    if not shutil.which(str(command[0])):
        pytest.skip(f"there is no {command[0]} on this machine")
    # Some are to fail: who asks looks at the end of it.
    return subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, timeout=60
    )


def nginx(folder: Path, example: str) -> subprocess.CompletedProcess[str]:
    """Have nginx read an example, with a certificate and logs that are there."""
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    files = ("-keyout", folder / "calls.example.com.key", "-out", folder / "calls.example.com.pem")
    run("openssl", "req", "-x509", *new, "-subj", "/CN=calls.example.com", *files)
    for place in ("/etc/ssl", "/var/log/nginx"):
        assert f" {place}/" in example
        example = example.replace(f" {place}/", f" {folder}/")
    whole = f"pid {folder}/pid;\nevents {{}}\nhttp {{\n{example}\n}}\n"
    (folder / "nginx.conf").write_text(whole)
    return run("nginx", "-t", "-e", folder / "error.log", "-c", folder / "nginx.conf")


def test_nginx_reads_its_example(tmp_path: Path) -> None:
    """As it is written, but for the folders; a directive that it does not know is refused."""
    example = (FOLDER / "nginx.conf").read_text()
    read = nginx(tmp_path, example)
    assert read.returncode == 0, read.stderr
    assert nginx(tmp_path, example.replace("proxy_next_upstream", "proxy_next")).returncode != 0


def test_caddy_reads_its_example(tmp_path: Path) -> None:
    """As it is written, but for the folder of the log."""
    example = (FOLDER / "Caddyfile").read_text()
    assert " /var/log/caddy/" in example
    (tmp_path / "Caddyfile").write_text(example.replace("/var/log/caddy", str(tmp_path)))
    command = ("caddy", "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile")
    read = run(*command)
    assert read.returncode == 0, read.stderr
