"""What `import dialer` gives, and what it costs."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import dialer


def test_public_names_are_few_sorted_and_there():
    """At most thirteen names, sorted, each of them real."""
    assert list(dialer.__all__) == sorted(dialer.__all__)
    assert len(dialer.__all__) <= 13
    assert all(getattr(dialer, name) for name in dialer.__all__)
    assert set(dialer.__all__) <= set(dir(dialer))


def test_version_is_that_of_the_installation():
    """The version is written down once, in pyproject.toml."""
    assert dialer.__version__ == version("outbound-dialer")


def test_unknown_name_is_an_attribute_error():
    """A misspelt name fails as it does in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Dailer'"):
        dialer.Dailer  # noqa: B018 - looking it up is the point


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import dialer", ["pydantic", "redis", "requests", "dialer.bootstrap.dialer"]),
        ("from dialer import Dialer, ClickToCall", ["celery", "typer", "rich", "dialer.sandbox"]),
        (
            "import dialer.sandbox.server",
            ["requests", "redis", "dialer.domain.call.call", "dialer.client"],
        ),
    ],
)
def test_import_brings_only_what_is_used(code, absent):
    """A producer loads neither Celery nor the command line; the sandbox none of our client."""
    look = f"{code}; import sys; print([m for m in {absent!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
